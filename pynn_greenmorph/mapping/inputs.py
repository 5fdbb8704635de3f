"""How many distinct sources neighbouring cells have together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .wiring import Wiring

__all__ = ["Inputs"]

Integers = NDArray[np.int64]


class Inputs:
    """Counts the distinct sources of neighbouring cells.

    A cell adds all of its sources to those of the cells before it, but for those that one of
    them has already. So what must be known of a connection is the cell before that the source
    reaches, and only where it is near: that is seldom so, and only those are kept.

    Parameters
    ----------
    wiring : Wiring
    most : int
        How many sources a core can take; from it follows how near "near" is at first.
    """

    def __init__(self, wiring: Wiring, most: int) -> None:
        self._wiring = wiring
        self._bits = (wiring.n_cells + 1).bit_length()
        self._look(8 + 2 * most * wiring.n_cells // max(1, wiring.synapses))

    def distinct(self, first: int, width: int, starts: int = 1) -> Integers:
        """Count the distinct sources of cells ``first + i`` to ``first + i + j``.

        Parameters
        ----------
        first, width, starts : int
            ``i < starts`` and ``j < width``. What is beyond the last cell has no sources.

        Returns
        -------
        (starts, width) int64
        """
        if width > self._near:
            self._look(max(width, 2 * self._near))
        n_cells = self._wiring.n_cells
        since = np.arange(first, first + starts)[:, None]
        cells = np.minimum(since + np.arange(width), n_cells)
        # Only the keys of these cells are searched: they stay in the cache.
        low, high = self._start[first], self._start[min(first + starts + width, n_cells)]
        new = np.searchsorted(self._keys[low:high], (cells << self._bits) + since)
        new += self._others[cells]
        total: Integers = np.cumsum(new + low, axis=1)
        return total

    def _look(self, near: int) -> None:
        """Keep, as sorted keys of cell and cell before, what is at most ``near`` apart."""
        every, self._near, found = self._wiring.connections, near, [np.zeros(0, np.int64)]
        for low, high in every.chunks():
            target = every.target[every.start[low] : every.start[high]]
            close = target[1:] - target[:-1] <= near
            # What comes first for its source has no cell before it.
            first = every.start[low + 1 : high] - every.start[low]
            close[first[(first > 0) & (first < len(target))] - 1] = False
            pairs = np.flatnonzero(close)
            found.append((target[pairs + 1].astype(np.int64) << self._bits) + target[pairs])
        self._keys = np.concatenate(found)
        self._keys.sort()
        cells = np.arange(self._wiring.n_cells + 2, dtype=np.int64)
        self._start = np.searchsorted(self._keys, cells << self._bits)
        # Sources of each cell without any cell near before it, less the keys up to its own.
        self._others = np.pad(self._wiring.inputs, (0, 1)) - self._start[1:]
