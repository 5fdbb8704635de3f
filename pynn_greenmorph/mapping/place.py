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

Where neither the profile nor the user says how many cells a core holds, and so
how many cores and chips a network takes, all cells are put on one core, and the
placement says that this is not known. The memory of a core does not tell: how
many bytes a cell and a synapse take is a matter of software, and not published.

How many cores a
neuron's spikes can be sent to is a limit that no order of filling can keep; it
is compared with what the placement needs.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, SupportsIndex

import numpy as np
from numpy.typing import NDArray

from ..boards.profile import Board
from ..errors import BoardError, InvalidValueError, UnknownNameError, explain, unknown_name
from ..registry import cell_models
from .cores import NO_CORE, Cores
from .inputs import Inputs
from .population import Placeable
from .usage import Usage, usage
from .wiring import Wiring

__all__ = ["HasPopulations", "Placeable", "Placement", "Usage", "place"]

NeuronsPerCore = int | Mapping[str, int] | None


class HasPopulations(Protocol):
    """A ledger, as far as placement needs it."""

    @property
    def populations(self) -> Sequence[Placeable]:
        """The populations, in order of creation."""

    @property
    def wiring(self) -> Wiring:
        """The connections of all projections."""


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
    known : bool
        Whether it is known how many cells a core holds; else cells share one core, which is
        the least that there can be, and so are the chips and boards.
    """

    board: str
    core: NDArray[np.int32]
    cores: int
    boards: int
    frames: int
    cores_per_board: int
    chips: int
    usage: tuple[Usage, ...]
    known: bool = True


def place(
    network: HasPopulations | Sequence[Placeable],
    board: Board,
    neurons_per_core: NeuronsPerCore = None,
) -> Placement:
    """Place populations on the cores of a board.

    Parameters
    ----------
    network : Ledger or sequence
        Something with ``populations`` and ``wiring``, or the populations
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
    wiring = None if isinstance(network, Sequence) else network.wiring
    if isinstance(neurons_per_core, Mapping):
        _check_keys(neurons_per_core, populations)
    elif neurons_per_core is not None:
        _whole(neurons_per_core, "neurons_per_core")
    _check_gaps(populations)
    fan_in, binds = board.limit("fan_in_per_core"), None
    if wiring is not None and fan_in is not None:
        binds = Inputs(wiring, int(fan_in)), int(fan_in)
    cores, known = _fill(populations, board, neurons_per_core, binds)
    per_chip = int(board.limit("app_cores_per_chip") or board.limit("cores_per_chip") or 1)
    per_board = per_chip * int(board.limit("chips") or 1)
    boards = max(1, -(-cores.count // per_board))
    in_frame = board.limit("boards_per_frame")
    return Placement(
        board=board.name,
        core=cores.core,
        cores=cores.count,
        boards=boards,
        frames=-(-boards // int(in_frame)) if in_frame else 1,
        cores_per_board=per_board,
        chips=-(-cores.count // per_chip),
        usage=(
            *([Usage("cores", cores.count, boards * per_board, "cores")] if known else []),
            *usage(board, boards, cores, populations, wiring),
        ),
        known=known,
    )


def _fill(
    populations: Sequence[Placeable],
    board: Board,
    given: NeuronsPerCore,
    fan_in: tuple[Inputs, int] | None,
) -> tuple[Cores, bool]:
    """Return the filled cores, and whether it is known how many cells they hold."""
    limit, n_cells = _limit(board), sum(row.size for row in populations)
    cores = Cores(np.full(n_cells, NO_CORE, np.int32), fan_in)
    alone, known = board.model == "software_cores", True
    for row in populations:
        if row.kind == "source" and "e_source_tick" not in board.dynamic:
            continue
        slots, own = _slots(row, given, limit, board)
        known = known and (slots is not None or row.size == 0)
        if alone or own:
            cores.close()
        cores.take(row.first, row.size, max(1, n_cells) if slots is None else slots)
        if own:
            cores.close()
    return cores, known


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
