"""Reading of profiles: a checked table from a file, and its numbers and sources."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import BoardError, explain
from .check import faults
from .names import taken
from .vocabulary import UNPUBLISHED

__all__ = ["Coefficient", "Source", "coefficients", "kind_of", "read_profile", "sources"]


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
        One of the units in ``vocabulary.UNITS``.
    rel_std : float
        Relative standard deviation (one sigma); 0 for exact numbers and where none is stated.
    source : str
        Key of one of the profile's sources.
    confidence : {"high", "medium", "low", "none"}
    note : str
    per : {"", "board", "frame", "chip"}
        What a static power is multiplied with.
    range : (float, float) or None
        Lowest and highest value that was measured, in ``unit``.
    """

    name: str
    value: float | None
    unit: str
    rel_std: float
    source: str
    confidence: str
    note: str = ""
    per: str = ""
    range: tuple[float, float] | None = None


def kind_of(path: Path) -> str:
    """Return which kind of profile a file says it is; raises ``BoardError`` if it is no TOML."""
    return str(_parsed(path).get("kind", "board"))


def read_profile(path: Path, kind: str, name: str | None = None) -> dict[str, Any]:
    """Read and check a profile.

    Parameters
    ----------
    path : Path
    kind : {"board", "comparator"}
        What it must be.
    name : str, optional
        The name under which it is installed, which it must have. The name of
        another file must not be that of an installed profile.

    Returns
    -------
    dict
        The parsed file, without faults.

    Raises
    ------
    BoardError
        If the file cannot be read or is malformed; the message lists all faults.
    """
    table = _parsed(path)
    found = faults(table, name)
    if not found and table.get("kind", "board") != kind:
        found = [("kind", f"must be {kind!r}, but is {table.get('kind', 'board')!r}")]
    elif name is None:
        found += taken(table.get("name"), path)
    if found:
        lines = "\n".join(f"  {key}: {what}" for key, what in found)
        plural = "fault" if len(found) == 1 else "faults"
        raise BoardError(f"{kind} profile {path}: {len(found)} {plural}\n{lines}")
    return table


def _parsed(path: Path) -> dict[str, Any]:
    where = f"profile {path}"
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except tomllib.TOMLDecodeError as error:  # its text ends in "(at line 3, column 7)"
        raise BoardError(explain(f"not valid TOML: {error}", where=where)) from error
    except UnicodeDecodeError as error:
        raise BoardError(explain("not UTF-8 text", where=where)) from error
    except OSError as error:
        raise BoardError(explain(f"cannot be read: {error.strerror}", where=where)) from error


def coefficients(entries: Mapping[str, Any]) -> dict[str, Coefficient]:
    """Return the numbers of a section, by name."""
    return {name: _coefficient(name, entry) for name, entry in entries.items()}


def sources(table: Mapping[str, Any]) -> dict[str, Source]:
    """Return the sources of a parsed profile, by key."""
    return {key: Source(key, **entry) for key, entry in table.get("sources", {}).items()}


def _coefficient(name: str, entry: Mapping[str, Any]) -> Coefficient:
    value = None if entry["value"] == UNPUBLISHED else float(entry["value"])
    low_high = entry.get("range")
    return Coefficient(
        name=name,
        value=value,
        unit=entry["unit"],
        rel_std=float(entry.get("rel_std", 0.0)),
        source=entry.get("source", ""),
        confidence=entry["confidence"],
        note=entry.get("note", ""),
        per=entry.get("per", ""),
        range=None if low_high is None else (float(low_high[0]), float(low_high[1])),
    )
