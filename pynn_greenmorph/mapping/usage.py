"""How much of a board's limits a placement uses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..boards.profile import Board
from .cores import Cores
from .population import Placeable
from .wiring import Wiring

__all__ = ["Usage", "usage"]


@dataclass(frozen=True)
class Usage:
    """How much of a limit is used: ``used`` of ``limit`` of ``what``, in ``unit``."""

    what: str
    used: int
    limit: int
    unit: str

    @property
    def exceeded(self) -> bool:
        """Whether more is used than there is."""
        return self.used > self.limit


def usage(
    board: Board,
    boards: int,
    cores: Cores,
    populations: Sequence[Placeable],
    wiring: Wiring | None,
) -> Iterator[Usage]:
    """Yield what is used of each limit that a profile has.

    Parameters
    ----------
    board : Board
    boards : int
        How many of them.
    cores : Cores
    populations : sequence of Placeable
    wiring : Wiring or None
        ``None`` where the connections are not known; limits of inputs are then left out.
    """
    held = board.limit("neurons_per_core")
    if held is not None:
        fullest = _fullest(cores.core, populations)
        yield Usage("neurons on the fullest core", fullest, int(held), "neurons")
    most = board.limit("fan_in_per_core")
    if wiring is not None and most is not None:
        yield Usage("inputs of the fullest core", cores.most_inputs, int(most), "inputs")
    most = board.limit("fanout_cores")
    if wiring is not None and most is not None:
        used = _widest(cores.core, wiring)
        yield Usage("cores that one neuron reaches", used, int(most), "cores")
    most = board.limit("fan_in_per_neuron")
    if wiring is not None and most is not None:
        used = int(wiring.inputs.max(initial=0))
        yield Usage("synapses of the fullest neuron", used, int(most), "inputs")
    neurons = board.limit("neurons")
    if neurons is not None:
        used = sum(row.size for row in populations if row.kind == "neuron")
        yield Usage("neurons", used, boards * int(neurons), "neurons")
    synapses = board.limit("synapses")
    if wiring is not None and synapses is not None:
        yield Usage("synapses", wiring.synapses, boards * int(synapses), "synapses")


def _widest(core: NDArray[np.int32], wiring: Wiring) -> int:
    """Return how many cores the neuron reaches that reaches most of them."""
    most = 0
    for reached in wiring.reached(core):
        low = int(reached.source[0])
        each = np.bincount(reached.source - low)
        # A source outside of the board sends a packet of its own to every core.
        inside = core[low : low + len(each)] >= 0
        most = max(most, int(each[inside].max(initial=0)))
    return most


def _fullest(core: NDArray[np.int32], populations: Iterable[Placeable]) -> int:
    """Return how many neurons sit on the core that has most of them."""
    held = np.zeros(int(core.max(initial=0)) + 1, np.int64)
    for row in populations:
        if row.kind == "neuron":
            held += np.bincount(core[row.first : row.first + row.size], minlength=len(held))
    return int(held.max())
