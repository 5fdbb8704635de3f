"""Published cases as a file says them: reading ``published_cases.toml`` or a file of the user."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import InvalidValueError, explain
from .components import MODELS

__all__ = ["Case", "Cases", "published_speeds", "read_cases"]

ROLES = ("calibration", "validation", "arithmetic")
ACCEPTED = ("dynamic_15", "context")

#: What a measurement may be: its fields.
MEASURED = ("power_w", "sd_w", "energy_j", "value", "unit")


@dataclass(frozen=True)
class Case:
    """One published case; fields as in ``published_cases.toml``.

    Attributes
    ----------
    id, board, comparator, boundary, role, accept, quantity, note, source : str
    measured : mapping of str to float or str
    rates : mapping of str to int
        Events per second of wall-clock time, by component.
    cores, target_cores, boards : int
        Cores that work, how many of them take all deliveries (0: all of them), boards.
    voltage_v : float or None, V
    duration_s : float or None, s
    times, over : tuple of float or str
        Factors and divisors of a formula: numbers, or names in the profile.
    """

    id: str
    role: str
    measured: Mapping[str, Any]
    source: str
    board: str = ""
    comparator: str = ""
    boundary: str | None = None
    accept: str = ""
    quantity: str = ""
    note: str = ""
    rates: Mapping[str, int] | None = None
    cores: int = 1
    target_cores: int = 0
    boards: int = 1
    voltage_v: float | None = None
    duration_s: float | None = None
    times: tuple[float | str, ...] = ()
    over: tuple[float | str, ...] = ()


@dataclass(frozen=True)
class Cases:
    """The cases of a file, in order, and the references of their sources, by key."""

    cases: tuple[Case, ...]
    sources: Mapping[str, str]


def read_cases(path: Path | None = None) -> Cases:
    """Read a file of cases, by default the one of the package.

    Parameters
    ----------
    path : Path, optional

    Raises
    ------
    InvalidValueError
        If the file cannot be read or is malformed; the message lists all faults.
    """
    file = Path(__file__).parent / "published_cases.toml" if path is None else path
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidValueError(explain(f"cannot be read: {error}", where=str(file))) from error
    entries, sources = table.get("case"), table.get("sources", {})
    if not isinstance(entries, list) or not entries or not isinstance(sources, dict):
        todo = "Look at published_cases.toml of the package"
        what = "must have a table [sources] and at least one [[case]]"
        raise InvalidValueError(explain(what, where=str(file), todo=todo))
    found = [
        f"  case {entry.get('id', number + 1)}: {fault}"
        for number, entry in enumerate(entries)
        for fault in _faults(entry, sources)
    ]
    if found:
        lines = "\n".join(found)
        raise InvalidValueError(f"{file}: {len(found)} faults\n{lines}")
    return Cases(tuple(_case(entry) for entry in entries), sources)


@cache
def published_speeds(board: str) -> tuple[int, ...]:
    """Return the time steps per second of wall-clock time of a board's cases, ascending."""
    rates = (case.rates or {} for case in read_cases().cases if case.board == board)
    return tuple(sorted(found["timesteps"] for found in rates if "timesteps" in found))


def _case(entry: Mapping[str, Any]) -> Case:
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()
    }
    return Case(**values)


def _faults(entry: Mapping[str, Any], sources: Mapping[str, str]) -> Iterator[str]:
    known = [one.name for one in fields(Case)]
    for key in entry:
        if key not in known:
            yield f"unknown key {key!r}; allowed: {', '.join(known)}"
    for key in ("id", "role", "measured", "source"):
        if key not in entry:
            yield f"{key} is missing"
    if entry.get("role", ROLES[0]) not in ROLES:
        yield f"role {entry['role']!r} is not allowed; allowed: {', '.join(ROLES)}"
    if entry.get("accept", "") not in ("", *ACCEPTED):
        yield f"accept {entry['accept']!r} is not allowed; allowed: {', '.join(ACCEPTED)}"
    if entry.get("source", "") not in ("", *sources):
        yield f"source {entry['source']!r} is not in [sources]"
    yield from _measurement(entry)
    yield from _amounts(entry)


def _measurement(entry: Mapping[str, Any]) -> Iterator[str]:
    measured, rates = entry.get("measured", {}), entry.get("rates", {})
    if not isinstance(measured, dict) or not isinstance(rates, dict):
        yield "measured and rates must be tables"
        return
    for key in _needed(entry):
        if key not in measured:
            yield f"measured.{key} is missing"
    for name in measured:
        if name not in MEASURED:
            yield f"unknown key measured.{name}; allowed: {', '.join(MEASURED)}"
    components = {component.name for table in MODELS.values() for component in table}
    for name in rates:
        if name not in components:
            yield f"no board has a component {name!r}; allowed: {', '.join(sorted(components))}"


def _amounts(entry: Mapping[str, Any]) -> Iterator[str]:
    tables = [entry.get(name, {}) for name in ("measured", "rates")]
    found = {
        name: value for table in tables if isinstance(table, dict) for name, value in table.items()
    }
    found |= {name: entry[name] for name in ("voltage_v", "duration_s") if name in entry}
    for name, value in found.items():
        good = isinstance(value, int | float) and not isinstance(value, bool)
        if name != "unit" and (not good or not math.isfinite(value) or value < 0):
            yield f"{name} must be a finite number >= 0, but is {value!r}"
    cores = [entry.get(name, 1) for name in ("boards", "cores", "target_cores")]
    if not all(isinstance(one, int) and not isinstance(one, bool) and one > 0 for one in cores):
        yield f"boards, cores and target_cores must be integers >= 1, but are {cores}"
    elif cores[2] > cores[1]:
        yield "target_cores is more than cores"


def _needed(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what the measurement must have: a formula a value, a run a power, or an energy."""
    if "rates" not in entry and "duration_s" not in entry:
        return "value", "unit"
    return ("energy_j",) if "duration_s" in entry else ("power_w",)
