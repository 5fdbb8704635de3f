"""How many steps go together: between two barriers, and in one call of the run loop.

No bit of a result depends on either.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..network import CellGroup, Network, SynapseGroup
from .rows import Delivery

__all__ = ["LONGEST_WINDOW", "ChunkLength", "longest_stretch", "longest_window"]

Int64Array = NDArray[np.int64]

#: Longest window between two barriers, steps: a bound of the log's memory.
LONGEST_WINDOW = 16

#: Longest stretch that a block makes at once, steps; a power of two. Each step has a row
#: of inputs for all cells, and these compete with the rows of synapses for the caches.
LONGEST_STRETCH = 4

#: How long one call of the compiled loop should last, s. Between calls
#: Ctrl-C is answered and progress is shown.
CHUNK_S = 0.1

#: Steps of a chunk at least, unless the loop alone takes longer than ``CHUNK_S`` for them.
LEAST_CHUNK = 64.0

#: Most steps of a chunk.
LONGEST_CHUNK = 1 << 20

#: Largest sample buffer of one chunk, values (64 MiB).
CHUNK_SAMPLES = 1 << 23


class ChunkLength:
    """Steps of the next call of the run loop, from how long the last one took."""

    def __init__(self) -> None:
        self._steps = 64

    def steps(self, width: int) -> int:
        """Steps of the next call, when each takes ``width`` values of buffers."""
        return max(1, min(self._steps, CHUNK_SAMPLES // max(width, 1)))

    def learn(self, steps: int, elapsed_s: float, loop_s: float) -> None:
        """Take in how long a call lasted.

        Parameters
        ----------
        steps : int
            Its steps.
        elapsed_s, loop_s : float, s
            Altogether, and in the loop alone: laying out currents costs much even for
            one step, and a chunk is not cut for that.
        """
        wanted = steps * CHUNK_S / max(elapsed_s, 1e-6)
        within = steps * CHUNK_S / max(loop_s, 1e-6)
        wanted = max(wanted, min(within, LEAST_CHUNK))
        self._steps = int(min(max(wanted, 1.0), self._steps * 4, LONGEST_CHUNK))


def longest_stretch(delivery: Delivery, learns: bool) -> int:
    """Return how many steps a block may make at once; a power of two.

    No spike of a stretch arrives within it. Where delays are delivered in groups, a
    ring of inputs for the steps of a stretch as well would leave the cache; what learns
    looks at the spikes of its target step by step.

    Parameters
    ----------
    delivery : Delivery
    learns : bool
        Whether there are synapses with a rule.

    Returns
    -------
    int
    """
    if learns or delivery.ring_steps > 1:
        return 1
    shortest = [int(rows.group_base.min(initial=LONGEST_STRETCH)) for rows in delivery.parts]
    longest = min([LONGEST_STRETCH, *shortest])
    return 1 << (longest.bit_length() - 1) if longest > 0 else 1


def longest_window(network: Network, local: Sequence[CellGroup], bases: Int64Array) -> int:
    """Return the steps between barriers: what comes from another part was logged before one.

    Parameters
    ----------
    network : Network
    local : sequence of CellGroup
        Sources whose targets are all in the same part.
    bases : (g,) int64, steps
        Bases of delay groups: a delay is delivered with its group, at its base.

    Returns
    -------
    int
    """
    waits = [LONGEST_WINDOW]
    for group in network.synapses:
        if group.size and not any(_comes_from(group, one) for one in local):
            delay = int(group.delay_steps.min())
            known = bases[bases <= delay] if group.model.static else bases[:0]
            waits.append(int(known.max(initial=0)) or delay)
    return min(waits)


def _comes_from(synapses: SynapseGroup, cells: CellGroup) -> bool:
    """Whether all sources of a projection are cells of a group."""
    if not cells.first <= synapses.pre[0] < cells.first + cells.size:
        return False  # most projections: the others need not be looked at
    return bool(synapses.pre.min() >= cells.first and synapses.pre.max() < cells.first + cells.size)
