"""Cores that are filled one after the other, by cells and by distinct inputs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .inputs import Inputs

__all__ = ["NO_CORE", "Cores"]

#: Core of a cell that sits outside of the board.
NO_CORE = -1


class Cores:
    """Fills cores in order of cells.

    Parameters
    ----------
    core : (n_cells,) int32
        Core of every cell, written by :meth:`take`.
    fan_in : (Inputs, int), optional
        The inputs of every cell, and how many distinct ones a core can take.

    Attributes
    ----------
    count : int
        Cores in use.
    """

    def __init__(self, core: NDArray[np.int32], fan_in: tuple[Inputs, int] | None) -> None:
        self.core, self.count = core, 0
        self._fan_in = fan_in
        self._used = self._distinct = 0
        self._open = False
        self._seen = np.full(len(core), NO_CORE, np.int32)  # last core that took this source
        self._place = np.zeros(len(core), np.int64)

    def close(self) -> None:
        """Leave the last core as it is: the next cell begins a new one."""
        self._open = False

    def take(self, first: int, size: int, slots: int) -> None:
        """Place cells ``first`` to ``first + size - 1``, at most ``slots`` on a core."""
        if size == 0:
            return
        if self._fan_in is not None:
            self._take_by_inputs(first, size, slots, *self._fan_in)
            return
        used = min(self._used, slots) if self._open else slots
        index = used + np.arange(size)
        self.core[first : first + size] = self.count - 1 + index // slots
        self.count += int(index[-1]) // slots
        self._used, self._open = int(index[-1]) % slots + 1, True

    def _take_by_inputs(self, first: int, size: int, slots: int, inputs: Inputs, most: int) -> None:
        """Place cells so that no core has more than ``most`` distinct sources, if it can be."""
        start, source = inputs.of_cells(first, size)
        at, window = 0, slots
        while at < size:
            if not self._open or self._used >= slots:
                self.count, self._open = self.count + 1, True
                self._used = self._distinct = 0
            # A window of cells at once: one by one in Python takes ten times as long.
            end = min(size, at + window, at + slots - self._used)
            mine, ends = source[start[at] : start[end]], start[at + 1 : end + 1] - start[at]
            fresh = np.concatenate([[0], np.cumsum(self._is_fresh(mine))])
            distinct = self._distinct + fresh[ends]
            fits = int(np.searchsorted(distinct, most, side="right"))
            if fits == 0 and self._used:
                self.close()
                continue
            fits = max(fits, 1)  # a cell that alone has too many
            self.core[first + at : first + at + fits] = self.count - 1
            self._seen[mine[: ends[fits - 1]]] = self.count - 1
            self._distinct, self._used = int(distinct[fits - 1]), self._used + fits
            window = 2 * window if fits == end - at else fits
            at += fits

    def _is_fresh(self, sources: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Return which entries name a source for the first time on the last core."""
        order = np.arange(len(sources))
        self._place[sources[::-1]] = order[::-1]  # the first of equal sources is written last
        fresh: NDArray[np.bool_] = self._place[sources] == order
        fresh &= self._seen[sources] != self.count - 1
        return fresh
