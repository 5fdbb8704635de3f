"""Deliveries: how many spikes arrive at how many distinct target cores.

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

import numpy as np
from numpy.typing import NDArray

from .ledger import ProjectionLedger

__all__ = ["count_deliveries"]

#: Bytes of the table "this source already reaches this core". One block holds
#: about 260 000 cells at 255 a core; the sources of larger networks take turns.
BLOCK_BYTES = 1 << 28


def count_deliveries(
    projections: Sequence[ProjectionLedger],
    core: NDArray[np.int32],
    cores: int,
    *,
    block_bytes: int = BLOCK_BYTES,
) -> list[NDArray[np.int64]]:
    """Count the deliveries of every projection at every core.

    Parameters
    ----------
    projections : sequence of ProjectionLedger
        In order of creation.
    core : (n_cells,) int32
        Core of every cell.
    cores : int
        Number of cores.
    block_bytes : int, optional
        Memory for the table of sources and cores; does not change the result.

    Returns
    -------
    list of (cores,) int64
        Deliveries of each projection that arrive at each core.
    """
    counts = [np.zeros(cores, np.int64) for _ in projections]
    n_cells = len(core)
    block = max(1, block_bytes // max(cores, 1))
    for low in range(0, n_cells, block):
        high = min(low + block, n_cells)
        seen = np.zeros((cores, high - low), np.bool_)
        for projection, count in zip(projections, counts, strict=True):
            pre, post = projection.pre, projection.post
            if high - low < n_cells:
                inside = (pre >= low) & (pre < high)
                pre, post = pre[inside], post[inside]
            if len(pre):
                _bill(pre, core[post], projection.emitted, seen, low, count)
    return counts


def _bill(
    pre: NDArray[np.int32],
    target: NDArray[np.int32],
    emitted: NDArray[np.int64],
    seen: NDArray[np.bool_],
    low: int,
    count: NDArray[np.int64],
) -> None:
    """Add one projection's new pairs of source and core to ``count``, and mark them as seen."""
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
    spikes = emitted[first:end]
    for offset in np.flatnonzero(fresh.any(axis=1)):
        count[bottom + offset] += spikes[fresh[offset]].sum()
