"""How long a board takes for its steps that runs as fast as it can.

The slowest core decides a step: the time for its neurons, for the synaptic
events and for the messages that arrive there. All cores then wait for the
longest route that a message took, and for each other. The ledger has totals and
no single steps, so the slowest core is that of the whole run; where other cores
are slowest in other steps, the board takes longer than this.
"""

from __future__ import annotations

import numpy as np

from ..boards.profile import Board
from .counting import Counting

__all__ = ["LATENCIES", "steps_take_s"]

#: Latency of the profile, by the component whose count it multiplies on each core.
LATENCIES = {
    "active_updates": "neuron_active",
    "inactive_updates": "neuron_inactive",
    "synaptic_events": "syn_event",
    "plastic_events": "plastic",
    "deliveries": "spike_local",
}


def steps_take_s(board: Board, counting: Counting) -> float | None:
    """Return the wall-clock time of all steps of a run, s.

    Parameters
    ----------
    board : Board
    counting : Counting

    Returns
    -------
    float or None
        ``None`` if the profile has no latencies.
    """
    if not board.latency:
        return None
    placement, steps = counting.placement, int(counting.ledger.steps)
    if not placement.cores:
        return 0.0
    busy = np.zeros(placement.cores)
    for component, latency in LATENCIES.items():
        for _, first, count in counting.rows(component):
            busy[first : first + len(count)] += count * _seconds(board, latency)
    return float(busy.max()) + steps * (_route_s(board, counting) + _barrier_s(board, counting))


def _seconds(board: Board, name: str) -> float:
    return float(board.latency[name].value or 0.0)


def _route_s(board: Board, counting: Counting) -> float:
    """Return the time of the longest route that a message takes, s."""
    if counting.mesh is None:
        return 0.0
    longest = 0.0
    for across, along in counting.hops:
        taken = across * _seconds(board, "hop_ew") + along * _seconds(board, "hop_ns")
        longest = max(longest, float(taken.max(initial=0.0)))
    return longest


def _barrier_s(board: Board, counting: Counting) -> float:
    """Return the time of one barrier, s: the least for one tile, the most for all of a chip."""
    least, most = _seconds(board, "barrier_min"), _seconds(board, "barrier_max")
    per_chip = board.limit("cores_per_chip")
    if counting.mesh is None or per_chip is None:
        return most
    tiles = counting.mesh.tiles(counting.placement.cores)
    whole = counting.mesh.tiles(int(per_chip))
    return least + (most - least) * min(1.0, (tiles - 1) / max(1, whole - 1))
