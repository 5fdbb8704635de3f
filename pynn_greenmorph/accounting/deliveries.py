"""Deliveries: how many spikes arrive at how many distinct target cores, and from where.

A spike travels once to each core that holds at least one of its targets,
however many synapses and projections of the source end there. A core that
several projections of a source reach is billed to the earliest of them, in
order of creation. That projection has seen every spike which the later ones
have seen, so no spike is missed and none is counted twice.

A spike counts as delivered when it is emitted: the packet leaves at once, and
the target core keeps it until its delay is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .ledger import ProjectionLedger

__all__ = ["Routes", "count_deliveries"]

#: Bytes of the table "this source already reaches this core". One block holds
#: about 260 000 cells at 255 a core; the sources of larger networks take turns.
BLOCK_BYTES = 1 << 28

#: Entries of that table for each synapse above which sorting the synapses takes less time.
SPARSE = 64


@dataclass(frozen=True)
class Routes:
    """The deliveries of one projection by core of the source and of the target.

    Attributes
    ----------
    source, target : (n,) int64
        Cores; -1 is outside of the board. A pair may occur more than once.
    count : (n,) int64
        Deliveries; positive.
    """

    source: NDArray[np.int64]
    target: NDArray[np.int64]
    count: NDArray[np.int64]

    def per_core(self, cores: int, weight: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
        """Return the deliveries, each times its weight, by target core: (cores,) int64."""
        total = np.zeros(cores, np.int64)
        # Integers, not bincount's float64 weights: counts stay exact beyond 2**53.
        np.add.at(total, self.target, self.count if weight is None else self.count * weight)
        return total


def count_deliveries(
    projections: Sequence[ProjectionLedger],
    core: NDArray[np.int32],
    cores: int,
    *,
    block_bytes: int = BLOCK_BYTES,
) -> list[Routes]:
    """Count the deliveries of every projection between every two cores.

    Parameters
    ----------
    projections : sequence of ProjectionLedger
        In order of creation.
    core : (n_cells,) int32
        Core of every cell; -1 for sources outside of the board.
    cores : int
        Number of cores.
    block_bytes : int, optional
        Memory for the table of sources and cores; does not change the result.

    Returns
    -------
    list of Routes
        For each projection.
    """
    n_cells = len(core)
    if sum(len(row.pre) for row in projections) * SPARSE < cores * n_cells:
        return _by_sorting(projections, core)
    found: list[list[NDArray[np.int64]]] = [[] for _ in projections]
    block = max(1, block_bytes // max(cores, 1))
    for low in range(0, n_cells, block):
        high = min(low + block, n_cells)
        seen = np.zeros((cores, high - low), np.bool_)
        for projection, rows in zip(projections, found, strict=True):
            pre, post = projection.pre, projection.post
            if high - low < n_cells:
                inside = (pre >= low) & (pre < high)
                pre, post = pre[inside], post[inside]
            # A "synapse" onto a source outside of the board cannot occur: sources take no input.
            if len(pre):
                rows.extend(_bill(pre, core[post], projection.emitted, seen, low, core))
    return [_joined(rows) for rows in found]


def _by_sorting(projections: Sequence[ProjectionLedger], core: NDArray[np.int32]) -> list[Routes]:
    """Return the same as the table would, one entry for each source and target core."""
    none, n_cells = np.zeros(0, np.int64), len(core)
    keys = [core[row.post].astype(np.int64) * n_cells + row.pre for row in projections]
    owner = [np.full(len(row.pre), number) for number, row in enumerate(projections)]
    key, biller = np.concatenate([none, *keys]), np.concatenate([none, *owner])
    order = np.argsort(key, kind="stable")  # of equal keys, the earliest projection is first
    order = order[np.diff(key[order], prepend=-1) != 0]
    target, source, biller = key[order] // n_cells, key[order] % n_cells, biller[order]
    routes = []
    for number, row in enumerate(projections):
        mine = (biller == number) & (row.emitted[source] > 0)
        cells = source[mine]
        routes.append(Routes(core[cells].astype(np.int64), target[mine], row.emitted[cells]))
    return routes


def _joined(rows: list[NDArray[np.int64]]) -> Routes:
    table = np.concatenate(rows, axis=1) if rows else np.zeros((3, 0), np.int64)
    return Routes(table[0], table[1], table[2])


def _bill(
    pre: NDArray[np.int32],
    target: NDArray[np.int32],
    emitted: NDArray[np.int64],
    seen: NDArray[np.bool_],
    low: int,
    core: NDArray[np.int32],
) -> list[NDArray[np.int64]]:
    """Return one projection's deliveries to pairs of source and core that are not seen yet.

    Each row of the result is (3, n): source core, target core, count. The pairs are marked.
    """
    first, end = int(pre.min()), int(pre.max()) + 1
    bottom, top = int(target.min()), int(target.max()) + 1
    # Only the window of sources and cores that this projection touches is looked at: a
    # projection reaches the cores of one population, and those are neighbours.
    fresh = np.zeros((top - bottom, end - first), np.bool_)
    index = target.astype(np.int64)
    index -= bottom
    index *= end - first
    index += pre
    index -= first
    fresh.reshape(-1)[index] = True
    window = seen[bottom:top, first - low : end - low]
    fresh &= ~window
    window |= fresh
    spikes, homes = emitted[first:end], core[first:end]
    # Neighbours in the table of cells sit on one core: sums over such runs are sums by core.
    starts = np.concatenate([[0], np.flatnonzero(np.diff(homes)) + 1])
    rows = []
    for offset in np.flatnonzero(fresh.any(axis=1)):
        sums = np.add.reduceat(np.where(fresh[offset], spikes, 0), starts)
        used = np.flatnonzero(sums)
        targets = np.full(len(used), bottom + offset, np.int64)
        rows.append(np.stack([homes[starts[used]].astype(np.int64), targets, sums[used]]))
    return rows
