"""Placement by neurons per core and fan-in: on which core of which board each cell would sit.

Populations are taken in order of creation and cut into slices of at most
``neurons_per_core`` cells. Slices are **filled fully**: 600 cells at 255 a core
are 255, 255 and 90, not three of 200.

Where cores run software (model "software_cores"), a core holds cells of one
population only, because it runs one program; elsewhere populations share cores.
Sources take cores as neurons do where the profile prices their ticks; elsewhere
their spikes come from outside, and they sit on no core.

Where a core can take only so many inputs, counted as distinct sources, a slice
ends before the neuron that would need one more. A neuron that alone has more
gets a core of its own, and the row of that limit says so.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, SupportsIndex

import numpy as np
from numpy.typing import NDArray

from ..boards.profile import Board
from ..errors import BoardError, InvalidValueError, UnknownNameError, explain, unknown_name
from ..registry import cell_models
from .cores import NO_CORE, Cores
from .inputs import Inputs

__all__ = ["HasPopulations", "Placeable", "Placement", "Usage", "place"]

NeuronsPerCore = int | Mapping[str, int] | None


class Placeable(Protocol):
    """What a population must have to be placed; a row of a ledger has it."""

    @property
    def label(self) -> str:
        """Label of the population."""

    @property
    def model(self) -> str:
        """Name of the cell type."""

    @property
    def kind(self) -> str:
        """One of "neuron" and "source"."""

    @property
    def first(self) -> int:
        """Global id of the first cell."""

    @property
    def size(self) -> int:
        """Number of cells."""


class Wired(Protocol):
    """What a projection must have for its inputs to be counted; a row of a ledger has it."""

    @property
    def pre(self) -> NDArray[np.int32]:
        """Global id of the source of each connection."""

    @property
    def post(self) -> NDArray[np.int32]:
        """Global id of the target of each connection."""


class HasPopulations(Protocol):
    """A ledger, as far as placement needs it."""

    @property
    def populations(self) -> Sequence[Placeable]:
        """The populations, in order of creation."""

    @property
    def projections(self) -> Sequence[Wired]:
        """The projections."""


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


@dataclass(frozen=True)
class Placement:
    """Where the cells sit.

    Attributes
    ----------
    board : str
        Name of the board's profile.
    core : (n_cells,) int32
        Core of every cell; -1 for a source outside of the board. Cores count from 0
        through all boards.
    cores : int
        Number of cores in use.
    boards, frames : int
        Boards that this takes, at least 1, and frames that hold so many boards.
    cores_per_board : int
    chips : int
        Chips with at least one core in use.
    usage : tuple of Usage
        What is used of each limit.
    """

    board: str
    core: NDArray[np.int32]
    cores: int
    boards: int
    frames: int
    cores_per_board: int
    chips: int
    usage: tuple[Usage, ...]


def place(
    network: HasPopulations | Sequence[Placeable],
    board: Board,
    neurons_per_core: NeuronsPerCore = None,
) -> Placement:
    """Place populations on the cores of a board.

    Parameters
    ----------
    network : Ledger or sequence
        Something with ``populations`` and ``projections``, or the populations
        themselves, whose fan-in is then not known: rows with ``label``,
        ``model``, ``kind``, ``first`` and ``size``, in order of creation, whose
        cells are 0, 1, 2, ... without a gap.
    board : Board
        A profile. Without a number of cores a chip is one core; without chips
        a board is one chip.
    neurons_per_core : int or mapping of str to int, optional
        Cells per core for all populations, or by label, or by cell type (a
        label goes before a cell type). The board's limit where nothing is
        given. The limit binds neurons only: a source has no state to hold.
        A population with a number of its own shares no core.

    Raises
    ------
    InvalidValueError
        If a number is not a positive integer or exceeds the board's limit.
    UnknownNameError
        If a key is neither a label nor a cell type.
    BoardError
        If a profile of model "software_cores" does not say how many neurons a core holds.
    """
    populations = network if isinstance(network, Sequence) else network.populations
    if isinstance(neurons_per_core, Mapping):
        _check_keys(neurons_per_core, populations)
    elif neurons_per_core is not None:
        _whole(neurons_per_core, "neurons_per_core")
    _check_gaps(populations)
    inputs = None if isinstance(network, Sequence) else _inputs(network, board)
    cores = _fill(populations, board, neurons_per_core, None)
    fan_in = board.limit("fan_in_per_core")
    if (
        inputs is not None
        and fan_in is not None
        and inputs.most_per_core(cores.core, cores.count) > fan_in
    ):
        cores = _fill(populations, board, neurons_per_core, (inputs, int(fan_in)))
    wired = None if isinstance(network, Sequence) else network.projections
    return _placement(board, cores, populations, inputs, wired)


def _fill(
    populations: Sequence[Placeable],
    board: Board,
    given: NeuronsPerCore,
    fan_in: tuple[Inputs, int] | None,
) -> Cores:
    limit, n_cells = _limit(board), sum(row.size for row in populations)
    cores = Cores(np.full(n_cells, NO_CORE, np.int32), fan_in)
    alone = board.model == "software_cores"
    for row in populations:
        if row.kind == "source" and "e_source_tick" not in board.dynamic:
            continue
        slots, own = _slots(row, given, limit, board)
        if alone or own:
            cores.close()
        cores.take(row.first, row.size, max(1, n_cells) if slots is None else slots)
        if own:
            cores.close()
    return cores


def _placement(
    board: Board,
    cores: Cores,
    populations: Sequence[Placeable],
    inputs: Inputs | None,
    wired: Sequence[Wired] | None,
) -> Placement:
    per_chip = int(board.limit("app_cores_per_chip") or board.limit("cores_per_chip") or 1)
    per_board = per_chip * int(board.limit("chips") or 1)
    boards = max(1, -(-cores.count // per_board))
    in_frame = board.limit("boards_per_frame")
    frames = -(-boards // int(in_frame)) if in_frame else 1
    usage = [Usage("cores", cores.count, boards * per_board, "cores")]
    limit = _limit(board)
    if limit is not None:
        fullest = _fullest(cores.core, populations)
        usage.append(Usage("neurons on the fullest core", fullest, limit, "neurons"))
    most = board.limit("fan_in_per_core")
    if inputs is not None and most is not None:
        used = inputs.most_per_core(cores.core, cores.count)
        usage.append(Usage("inputs of the fullest core", used, int(most), "inputs"))
    most = board.limit("fan_in_per_neuron")
    if inputs is not None and most is not None:
        used = inputs.most_per_cell()
        usage.append(Usage("synapses of the fullest neuron", used, int(most), "inputs"))
    usage += _capacity(board, boards, populations, wired)
    chips = -(-cores.count // per_chip)
    return Placement(
        board.name, cores.core, cores.count, boards, frames, per_board, chips, tuple(usage)
    )


def _capacity(
    board: Board, boards: int, populations: Iterable[Placeable], wired: Sequence[Wired] | None
) -> Iterator[Usage]:
    """Yield what is used of the neurons and synapses that the boards have in all."""
    most = board.limit("neurons")
    if most is not None:
        used = sum(row.size for row in populations if row.kind == "neuron")
        yield Usage("neurons", used, boards * int(most), "neurons")
    most = board.limit("synapses")
    if most is not None and wired is not None:
        used = sum(len(row.pre) for row in wired)
        yield Usage("synapses", used, boards * int(most), "synapses")


def _fullest(core: NDArray[np.int32], populations: Iterable[Placeable]) -> int:
    """Return how many neurons sit on the core that has most of them."""
    held = np.zeros(int(core.max(initial=0)) + 1, np.int64)
    for row in populations:
        if row.kind == "neuron":
            held += np.bincount(core[row.first : row.first + row.size], minlength=len(held))
    return int(held.max())


def _inputs(network: HasPopulations, board: Board) -> Inputs | None:
    """Return the inputs of the cells, if a limit of the board asks for them."""
    names = ("fan_in_per_core", "fan_in_per_neuron")
    if all(board.limit(name) is None for name in names):
        return None
    n_cells = sum(row.size for row in network.populations)
    return Inputs(tuple((row.pre, row.post) for row in network.projections), n_cells)


def _check_gaps(populations: Iterable[Placeable]) -> None:
    done = 0
    for row in populations:
        if row.first != done:
            what = f"its cells start at {row.first}, but the cells before end at {done}"
            raise InvalidValueError(explain(what, where=f"population {row.label!r}"))
        done += row.size


def _limit(board: Board) -> int | None:
    """Return how many neurons a core holds, ``None`` if that is not known."""
    value = board.limit("neurons_per_core")
    if value is None and board.model == "software_cores":
        what = "the profile has no limits.neurons_per_core, which placement needs"
        raise BoardError(explain(what, where=f"board {board.name}"))
    return None if value is None else int(value)


def _whole(value: object, where: str) -> None:
    good = isinstance(value, SupportsIndex) and not isinstance(value, bool)
    if not good or operator.index(value) < 1:  # type: ignore[arg-type]
        what, allowed = "not a number of cells per core", "an integer >= 1"
        raise InvalidValueError(explain(what, where=where, allowed=allowed, given=value))


def _slots(
    row: Placeable, given: NeuronsPerCore, limit: int | None, board: Board
) -> tuple[int | None, bool]:
    """Return how many cells of a population a core takes, and whether that is its own number."""
    by_name = isinstance(given, Mapping)
    wanted = given.get(row.label, given.get(row.model)) if isinstance(given, Mapping) else given
    if wanted is None:
        return limit, False
    slots = operator.index(wanted)
    if row.kind == "neuron" and limit is not None and slots > limit:
        raise InvalidValueError(
            explain(
                "more neurons per core than the board holds",
                where=f"population {row.label!r}",
                allowed=f"1 to {limit} on board {board.name}",
                given=slots,
                todo="" if by_name else "Use {name: number} to set it for sources alone",
            )
        )
    return slots, by_name


def _check_keys(given: Mapping[str, int], populations: Iterable[Placeable]) -> None:
    names = {row.label for row in populations} | {row.model for row in populations}
    for key, value in given.items():
        _whole(value, f"neurons_per_core[{key!r}]")
        # A cell type that this network does not use is fine: scripts set limits for all types.
        if key not in names and key not in cell_models():
            raise UnknownNameError(unknown_name("population label or cell type", key, names))
