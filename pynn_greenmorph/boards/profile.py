"""Board profiles: what a board is, loading one by name or file, and listing all.

A profile is a ``.toml`` file. Its numbers keep their unit, relative standard
deviation, source key and confidence until they are printed. Static powers are
summed to *boundaries* ("board_dc", "boxed_board"): a power without its
boundary is worth 30 % either way, so a report always names one.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import BoardError, UnknownNameError, explain, unknown_name
from ..registry import board_files
from .check import UNPUBLISHED, faults

__all__ = [
    "ALIASES",
    "Board",
    "Boundary",
    "Coefficient",
    "Source",
    "Timing",
    "board_name",
    "list_boards",
    "load_board",
    "resolve_board",
]

#: Short names that scripts use, and the profile that each one means.
ALIASES = {
    "spinnaker": "spinnaker1_spinn5",
    "loihi": "loihi1",
    "brainscales": "brainscales2",
}


@dataclass(frozen=True)
class Source:
    """Where numbers come from: key, reference, and what of it was read."""

    key: str
    ref: str
    found: str = ""


@dataclass(frozen=True)
class Coefficient:
    """One number of a profile.

    Attributes
    ----------
    name : str
        Its name in the profile, for example ``"e_delivery"``.
    value : float or None
        The value in ``unit``; ``None`` where nothing is published.
    unit : str
        One of the units in ``check.UNITS``.
    rel_std : float
        Relative standard deviation (one sigma); 0 for exact numbers.
    source : str
        Key of one of ``Board.sources``.
    confidence : {"high", "medium", "low", "none"}
    note : str
    per : {"", "board", "frame", "chip"}
        What a static power is multiplied with.
    """

    name: str
    value: float | None
    unit: str
    rel_std: float
    source: str
    confidence: str
    note: str = ""
    per: str = ""


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
    speedup : float
        Biological seconds per second; 1 unless accelerated.
    """

    mode: str
    default_timestep_ms: float | None = None
    allow_slowdown: bool = False
    speedup: float = 1.0


@dataclass(frozen=True)
class Board:
    """A board profile; mappings are keyed by the names in the file.

    Attributes
    ----------
    name, label, subject : str
        Key of the profile, one line for lists, short words for reports ("SpiNN-5 board").
    model : str
        The formula that its energy follows, one of ``check.MODELS``.
    priced_as : str
        For a board without prices: the board on which its counts are priced.
    default_boundary : str
    time : Timing or None
    boundaries : mapping of str to Boundary
    static : mapping of str to Coefficient, W
    dynamic : mapping of str to Coefficient
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


def list_boards() -> tuple[str, ...]:
    """Return the names of all installed boards, sorted; aliases are in :data:`ALIASES`."""
    return tuple(board_files())


def board_name(name: str) -> str:
    """Return the full name of an installed board; raises ``UnknownNameError``."""
    known = board_files()
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
    text = os.fspath(name_or_path)
    path = Path(text) if _is_path(name_or_path) else board_files()[board_name(text)]
    table = _read(path)
    found = faults(table)
    if found:
        lines = "\n".join(f"  {key}: {what}" for key, what in found)
        plural = "fault" if len(found) == 1 else "faults"
        raise BoardError(f"board profile {path}: {len(found)} {plural}\n{lines}")
    return _build(table, path)


def _read(path: Path) -> dict[str, Any]:
    where = f"board profile {path}"
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except tomllib.TOMLDecodeError as error:  # its text ends in "(at line 3, column 7)"
        raise BoardError(explain(f"not valid TOML: {error}", where=where)) from error
    except UnicodeDecodeError as error:
        raise BoardError(explain("not UTF-8 text", where=where)) from error
    except OSError as error:
        raise BoardError(explain(f"cannot be read: {error.strerror}", where=where)) from error


def _coefficient(name: str, entry: Mapping[str, Any]) -> Coefficient:
    value = None if entry["value"] == UNPUBLISHED else float(entry["value"])
    return Coefficient(
        name=name,
        value=value,
        unit=entry["unit"],
        rel_std=float(entry.get("rel_std", 0.0)),
        source=entry.get("source", ""),
        confidence=entry["confidence"],
        note=entry.get("note", ""),
        per=entry.get("per", ""),
    )


def _coefficients(entries: Mapping[str, Any]) -> dict[str, Coefficient]:
    return {name: _coefficient(name, entry) for name, entry in entries.items()}


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
        time=Timing(**table["time"]) if "time" in table else None,
        boundaries=boundaries,
        static=_coefficients(table.get("static", {})),
        dynamic=_coefficients(table.get("dynamic", {})),
        limits=_coefficients(table.get("limits", {})),
        variants={k: _coefficients(group) for k, group in table.get("variants", {}).items()},
        sources={key: Source(key, **entry) for key, entry in table.get("sources", {}).items()},
    )
