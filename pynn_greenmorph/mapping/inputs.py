"""Inputs of cells and cores: how many sources feed them, and which.

A core takes a source once, however many synapses it has there; a neuron needs a
place for each of its synapses.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Inputs"]

#: Bytes of the table "this source feeds this core"; the sources of large networks take turns.
BLOCK_BYTES = 1 << 28

#: Entries of that table for each synapse above which sorting the synapses takes less time.
SPARSE = 64

Ids = NDArray[np.int32]


@dataclass(frozen=True)
class Inputs:
    """The connections of a network, as inputs of its cells.

    Attributes
    ----------
    wires : tuple of ((n,) int32, (n,) int32)
        Global ids of source and target of each connection, by projection.
    n_cells : int
    """

    wires: tuple[tuple[Ids, Ids], ...]
    n_cells: int

    def most_per_cell(self) -> int:
        """Return the largest number of synapses of one cell."""
        synapses = np.zeros(self.n_cells, np.int64)
        for _, post in self.wires:
            synapses += np.bincount(post, minlength=self.n_cells)
        return int(synapses.max(initial=0))

    def most_per_core(self, core: Ids, cores: int, *, block_bytes: int = BLOCK_BYTES) -> int:
        """Return the largest number of distinct sources of one core.

        Parameters
        ----------
        core : (n_cells,) int32
            Core of every cell.
        cores : int
        block_bytes : int, optional
            Memory for the table; does not change the result.
        """
        if sum(len(pre) for pre, _ in self.wires) * SPARSE < cores * self.n_cells:
            keys = [core[post].astype(np.int64) * self.n_cells + pre for pre, post in self.wires]
            pairs = _distinct(np.concatenate([np.zeros(0, np.int64), *keys]))
            return int(np.bincount(pairs // self.n_cells).max(initial=0)) if len(pairs) else 0
        distinct = np.zeros(cores, np.int64)
        block = max(1, block_bytes // max(cores, 1))
        for low in range(0, self.n_cells, block):
            feeds = np.zeros((cores, min(block, self.n_cells - low)), np.bool_)
            for pre, post in self.wires:
                sources, targets = pre, post
                if block < self.n_cells:
                    inside = (pre >= low) & (pre < low + block)
                    sources, targets = pre[inside], post[inside]
                feeds[core[targets], sources - low] = True
            distinct += np.count_nonzero(feeds, axis=1)
        return int(distinct.max(initial=0))

    def of_cells(self, first: int, size: int) -> tuple[NDArray[np.int64], Ids]:
        """Return the distinct sources of neighbouring cells.

        Returns
        -------
        start : (size + 1,) int64
        source : (n,) int32
            Cell ``first + i`` has the sources ``source[start[i] : start[i + 1]]``.
        """
        keys = [np.zeros(0, np.int64)]
        for pre, post in self.wires:
            mine = (post >= first) & (post < first + size)
            if mine.any():
                keys.append((post[mine] - first).astype(np.int64) * self.n_cells + pre[mine])
        pairs = _distinct(np.concatenate(keys))
        target = pairs // max(self.n_cells, 1)
        degree = np.bincount(target, minlength=size)
        start = np.concatenate([[0], np.cumsum(degree)]).astype(np.int64)
        return start, (pairs - target * self.n_cells).astype(np.int32)


def _distinct(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the sorted distinct keys; sorting takes a tenth of the time of ``np.unique``."""
    ordered = np.sort(keys)
    found: NDArray[np.int64] = ordered[np.diff(ordered, prepend=-1) != 0]
    return found
