"""Board profiles: what a board is, loading one by name or file, and listing all.

A profile is a ``.toml`` file. Its numbers keep their unit, relative standard
deviation, source key and confidence until they are printed. Static powers are
summed to *boundaries* ("board_dc", "boxed_board"): a power without its
boundary is worth 30 % either way, so a report always names one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import UnknownNameError, unknown_name
from .files import board_files
from .names import ALIASES
from .read import Coefficient, Source, coefficients, read_profile, sources
from .vocabulary import UNPUBLISHED

__all__ = [
    "ALIASES",
    "Board",
    "Boundary",
    "Coefficient",
    "Source",
    "Timing",
    "board_name",
    "hidden_boards",
    "list_boards",
    "load_board",
    "priced_on",
    "resolve_board",
]


@dataclass(frozen=True)
class Boundary:
    """What a static power includes: its name, words for users, names of the summed powers.

    ``at_the_wall`` is true where the loss of the power supply is included.
    """

    name: str
    subject: str
    parts: tuple[str, ...]
    at_the_wall: bool = False


@dataclass(frozen=True)
class Timing:
    """How a board's time runs.

    Attributes
    ----------
    mode : {"realtime", "accelerated", "as_fast_as_possible"}
    default_timestep_ms : float or None, ms
        The board's usual time step.
    allow_slowdown : bool
        Whether a time-scale factor above 1 is possible.
    speedup : float or None
        Biological seconds per second; 1 unless accelerated, None if not published.
    source, confidence, note : str
        Of these numbers; source and confidence are empty where there is none.
    """

    mode: str
    default_timestep_ms: float | None = None
    allow_slowdown: bool = False
    speedup: float | None = 1.0
    source: str = ""
    confidence: str = ""
    note: str = ""


@dataclass(frozen=True)
class Board:
    """A board profile; mappings are keyed by the names in the file.

    Attributes
    ----------
    name, label, subject : str
        Key of the profile, one line for lists, short words for reports ("SpiNN-5 board").
    model : str
        The formula that its energy follows, one of ``vocabulary.FORMULAS``.
    priced_as : str
        For a board without prices: the board on which its counts are priced.
    default_boundary : str
    time : Timing or None
    boundaries : mapping of str to Boundary
    static : mapping of str to Coefficient, W
    dynamic : mapping of str to Coefficient
    latency : mapping of str to Coefficient, s
        How long one event takes, where time steps last as long as their events.
    limits : mapping of str to Coefficient
    variants : mapping of str to mapping of str to Coefficient
    sources : mapping of str to Source
    path : Path
        The file it was loaded from.
    """

    name: str
    label: str
    subject: str
    model: str
    path: Path
    priced_as: str = ""
    default_boundary: str = ""
    time: Timing | None = None
    boundaries: Mapping[str, Boundary] = field(default_factory=dict)
    static: Mapping[str, Coefficient] = field(default_factory=dict)
    dynamic: Mapping[str, Coefficient] = field(default_factory=dict)
    latency: Mapping[str, Coefficient] = field(default_factory=dict)
    limits: Mapping[str, Coefficient] = field(default_factory=dict)
    variants: Mapping[str, Mapping[str, Coefficient]] = field(default_factory=dict)
    sources: Mapping[str, Source] = field(default_factory=dict)

    def boundary(self, name: str | None = None) -> Boundary:
        """Return a boundary, the default one for ``None``; raises ``UnknownNameError``."""
        wanted = self.default_boundary if name is None else name
        if wanted not in self.boundaries:
            message = unknown_name(f"boundary of board {self.name}", wanted, self.boundaries)
            raise UnknownNameError(message)
        return self.boundaries[wanted]

    def limit(self, name: str) -> float | None:
        """Return a limit in its unit, or ``None`` if the profile states none."""
        found = self.limits.get(name)
        return None if found is None else found.value


def hidden_boards() -> tuple[str, ...]:
    """Return the third parties' boards that cannot be used, because their name is taken."""
    files = board_files()
    aliased = tuple(f"{name}, which is an alias" for name in files if name in ALIASES)
    return (*files.hidden, *aliased)


def list_boards() -> tuple[str, ...]:
    """Return the names of all installed boards, sorted; aliases are in ``names.ALIASES``."""
    return tuple(name for name in board_files() if name not in ALIASES)


def board_name(name: str) -> str:
    """Return the full name of an installed board; raises ``UnknownNameError``."""
    return _full_name(name, board_files())


def _full_name(name: str, known: Mapping[str, Path]) -> str:
    full = ALIASES.get(name, name)
    if full not in known:
        aliases = [alias for alias, target in ALIASES.items() if target in known]
        raise UnknownNameError(unknown_name("board", name, [*known, *aliases]))
    return full


def _is_path(name_or_path: str | os.PathLike[str]) -> bool:
    text = os.fspath(name_or_path)
    return not isinstance(name_or_path, str) or text.endswith(".toml") or os.sep in text


def resolve_board(name_or_path: str | os.PathLike[str]) -> str:
    """Return what :func:`load_board` takes for a board, after checking its profile.

    Parameters
    ----------
    name_or_path : str or path
        As for :func:`load_board`.

    Returns
    -------
    str
        The full name of an installed board, or the absolute path of a profile.

    Raises
    ------
    UnknownNameError, BoardError
        As :func:`load_board`.
    """
    board = load_board(name_or_path)
    return str(board.path.resolve()) if _is_path(name_or_path) else board.name


def load_board(name_or_path: str | os.PathLike[str]) -> Board:
    """Load and check a board profile.

    Parameters
    ----------
    name_or_path : str or path
        Name or alias of an installed board, or the path of a profile: a path
        object, or a string that ends in ``.toml`` or contains a separator.

    Returns
    -------
    Board

    Raises
    ------
    UnknownNameError
        If no board has this name.
    BoardError
        If the file cannot be read or is malformed; the message lists all faults.
    """
    if _is_path(name_or_path):
        path = Path(name_or_path)
        return _build(read_profile(path, "board"), path)
    files = board_files()
    name = _full_name(os.fspath(name_or_path), files)
    path = files[name]
    return _build(read_profile(path, "board", name), path)


def priced_on(board: Board) -> Board:
    """Return the board that prices a board's counts: itself, if it has prices of its own."""
    return load_board(board.priced_as) if board.priced_as else board


def _build(table: Mapping[str, Any], path: Path) -> Board:
    boundaries = {
        name: Boundary(
            name, entry["subject"], tuple(entry["parts"]), bool(entry.get("at_the_wall", False))
        )
        for name, entry in table.get("boundaries", {}).items()
    }
    return Board(
        name=table["name"],
        label=table["label"],
        subject=table["subject"],
        model=table["model"],
        path=path,
        priced_as=table.get("priced_as", ""),
        default_boundary=table.get("default_boundary", ""),
        time=_timing(table["time"]) if "time" in table else None,
        boundaries=boundaries,
        static=coefficients(table.get("static", {})),
        dynamic=coefficients(table.get("dynamic", {})),
        latency=coefficients(table.get("latency", {})),
        limits=coefficients(table.get("limits", {})),
        variants={k: coefficients(group) for k, group in table.get("variants", {}).items()},
        sources=sources(table),
    )


def _timing(entries: Mapping[str, Any]) -> Timing:
    speedup = entries.get("speedup", 1.0)
    given = {**entries, "speedup": None if speedup == UNPUBLISHED else float(speedup)}
    return Timing(**given)
