"""Sources whose targets look at their counts in every step, without the spike log.

So it is with noise for each cell, of which there is more than of all other spikes:
writing it to the log, looking up rows of one synapse and counting it again would
take longer than to draw it. The counts of every step stay in a ring, one column for
each source; targets that lie side by side, as their sources do, are *runs*, which
are added without jumps. The order of additions is that of the log: a run has one
synapse for each of its sources, and adding nothing changes no bit of a sum.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Direct", "no_direct"]

Int64Array = NDArray[np.int64]


class Direct(NamedTuple):
    """What one part has of such sources, and the synapses from them onto its cells.

    Attributes
    ----------
    column : (b,) int64
        Where the counts of each block of the part begin in a row; -1 for the log.
    logged : (b,) int64
        Whether they go to the log as well, because some of them are recorded.
    bucket_run : (k + 1,) int64
        Runs of each bucket of ``Rows``.
    source, slot, at : (r,) int64
        Columns, input slots of one step, and weights of each run begin here.
    length : (r,) int64
    offset : (r,) int64, steps
        Delay less the base of the delay group.
    weight : (n,) float64, or float32 in fast precision
        Weights in the unit of the target's step.
    ring : (rows, width) int32
        Counts of the last steps, all parts'; the number of rows is a power of two.
    tally : (width,) int64
        Spikes of sources that are not logged, in this call of the loop.
    """

    column: Int64Array
    logged: Int64Array
    bucket_run: Int64Array
    source: Int64Array
    slot: Int64Array
    at: Int64Array
    length: Int64Array
    offset: Int64Array
    weight: NDArray[Any]
    ring: NDArray[np.int32]
    tally: Int64Array


def no_direct(n_blocks: int, real: Any) -> Direct:
    """What a part without such sources has; ``real`` is the type of the inputs."""
    none = np.zeros(0, dtype=np.int64)
    return Direct(
        column=np.full(n_blocks, -1, dtype=np.int64),
        logged=np.zeros(n_blocks, dtype=np.int64),
        bucket_run=np.zeros(1, dtype=np.int64),
        source=none,
        slot=none,
        at=none,
        length=none,
        offset=none,
        weight=np.zeros(0, dtype=real),
        ring=np.zeros((1, 0), dtype=np.int32),
        tally=none,
    )
