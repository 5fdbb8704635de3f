"""Placement by neurons per core: which core of which board each cell would sit on.

Populations are taken in order of creation and cut into slices of at most
``neurons_per_core`` cells. Slices are **filled fully**: 600 cells at 255 a core
are 255, 255 and 90, not three of 200. A core holds cells of one population
only, because it runs one program. Sources take cores as neurons do.

The rule needs no wiring, so the placement of a network that grows is the
placement of the old network with cores added at the end.
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

__all__ = ["Placeable", "Placement", "Usage", "place"]

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


class HasPopulations(Protocol):
    """A ledger, as far as placement needs it."""

    @property
    def populations(self) -> Sequence[Placeable]:
        """The populations, in order of creation."""


@dataclass(frozen=True)
class Usage:
    """How much of a limit is used: ``used`` of ``limit`` of ``what``, in ``unit``."""

    what: str
    used: int
    limit: int
    unit: str


@dataclass(frozen=True)
class Placement:
    """Where the cells sit.

    Attributes
    ----------
    board : str
        Name of the board's profile.
    core : (n_cells,) int32
        Core of every cell. Cores count from 0 through all boards.
    cores : int
        Number of cores in use.
    boards, frames : int
        Boards that this takes, at least 1, and frames that hold so many boards.
    cores_per_board : int
    usage : tuple of Usage
        What is used of each limit.
    """

    board: str
    core: NDArray[np.int32]
    cores: int
    boards: int
    frames: int
    cores_per_board: int
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
        Something with ``populations``, or the populations themselves: rows with
        ``label``, ``model``, ``kind``, ``first`` and ``size``, in order of
        creation, whose cells are 0, 1, 2, ... without a gap.
    board : Board
        A profile whose limits name chips, application cores and neurons per core.
    neurons_per_core : int or mapping of str to int, optional
        Cells per core for all populations, or by label, or by cell type (a
        label goes before a cell type). The board's limit where nothing is
        given. The limit binds neurons only: a source has no state to hold.

    Raises
    ------
    InvalidValueError
        If a number is not a positive integer or exceeds the board's limit.
    UnknownNameError
        If a key is neither a label nor a cell type.
    BoardError
        If the profile lacks a limit that placement needs.
    """
    populations = network if isinstance(network, Sequence) else network.populations
    limit = _limit(board, "neurons_per_core")
    per_board = _limit(board, "chips") * _limit(board, "app_cores_per_chip")
    if isinstance(neurons_per_core, Mapping):
        _check_keys(neurons_per_core, populations)
    elif neurons_per_core is not None:
        _whole(neurons_per_core, "neurons_per_core")
    core = np.empty(sum(row.size for row in populations), np.int32)
    done = cores = fullest = 0
    for row in populations:
        if row.first != done:
            what = f"its cells start at {row.first}, but the cells before end at {done}"
            raise InvalidValueError(explain(what, where=f"population {row.label!r}"))
        slots = _slots(row, neurons_per_core, limit, board)
        core[done : done + row.size] = cores + np.arange(row.size) // slots
        done += row.size
        cores += -(-row.size // slots)
        if row.kind == "neuron":
            fullest = max(fullest, min(slots, row.size))
    boards = max(1, -(-cores // per_board))
    in_frame = board.limit("boards_per_frame")
    usage = (
        Usage("cores", cores, boards * per_board, "cores"),
        Usage("neurons on the fullest core", fullest, limit, "neurons"),
    )
    frames = -(-boards // int(in_frame)) if in_frame else 1
    return Placement(board.name, core, cores, boards, frames, per_board, usage)


def _limit(board: Board, name: str) -> int:
    value = board.limit(name)
    if value is None:
        what = f"the profile has no limits.{name}, which placement needs"
        raise BoardError(explain(what, where=f"board {board.name}"))
    return int(value)


def _whole(value: object, where: str) -> None:
    good = isinstance(value, SupportsIndex) and not isinstance(value, bool)
    if not good or operator.index(value) < 1:  # type: ignore[arg-type]
        what, allowed = "not a number of cells per core", "an integer >= 1"
        raise InvalidValueError(explain(what, where=where, allowed=allowed, given=value))


def _slots(row: Placeable, given: NeuronsPerCore, limit: int, board: Board) -> int:
    """Return how many cells of a population a core takes."""
    wanted = given.get(row.label, given.get(row.model)) if isinstance(given, Mapping) else given
    if wanted is None:
        return limit
    slots = operator.index(wanted)
    if row.kind == "neuron" and slots > limit:
        by_name = isinstance(given, Mapping)
        raise InvalidValueError(
            explain(
                "more neurons per core than the board holds",
                where=f"population {row.label!r}",
                allowed=f"1 to {limit} on board {board.name}",
                given=slots,
                todo="" if by_name else "Use {name: number} to set it for sources alone",
            )
        )
    return slots


def _check_keys(given: Mapping[str, int], populations: Iterable[Placeable]) -> None:
    names = {row.label for row in populations} | {row.model for row in populations}
    for key, value in given.items():
        _whole(value, f"neurons_per_core[{key!r}]")
        # A cell type that this network does not use is fine: scripts set limits for all types.
        if key not in names and key not in cell_models():
            raise UnknownNameError(unknown_name("population label or cell type", key, names))
