"""Checks of single numbers of a profile: value, unit, spread, range, source, confidence."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from difflib import SequenceMatcher, get_close_matches
from typing import Any, TypeGuard

from .plausible import BOUNDS, MOST_REL_STD, NUMBERS, READ_LIMITS
from .vocabulary import CONFIDENCES, COUNT_UNITS, ENERGY_UNITS, UNITS, UNPUBLISHED

__all__ = ["Fault", "Table", "entry_faults", "label", "number", "one_of", "text", "unknown"]

Fault = tuple[str, str]
Table = Mapping[str, Any]

_ENTRY = ("value", "unit", "rel_std", "range", "source", "confidence", "note", "per")
_PER = ("board", "frame", "chip")
_TYPO = 2  # so few letters changed, added or left out are a slip, not another name


def one_of(path: str, given: object, allowed: Collection[str]) -> Iterator[Fault]:
    """Yield a fault if a word is not one of those that are allowed."""
    if not isinstance(given, str) or given not in allowed:
        words = ", ".join(repr(name) for name in allowed)
        yield path, f"{given!r} is not allowed; allowed: {words}"


def unknown(path: str, table: Table, allowed: Collection[str]) -> Iterator[Fault]:
    """Yield a fault for every key that is not known, with the nearest one that is."""
    for key in table:
        if key not in allowed:
            near = get_close_matches(key, allowed, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"allowed: {', '.join(allowed)}"
            yield f"{path}{key}", f"unknown key; {hint}"


def text(path: str, table: Table, key: str) -> Iterator[Fault]:
    """Yield a fault if a key has no text."""
    if key not in table:
        yield path + key, "missing; a text is needed"
    elif not isinstance(table[key], str) or not table[key].strip():
        yield path + key, f"must be a text, but is {table[key]!r}"


def label(path: str, table: Table, key: str) -> Iterator[Fault]:
    """Yield a fault if a key has no text that every format of a report can show in a line."""
    yield from text(path, table, key)
    given = table.get(key)
    if isinstance(given, str) and ("`" in given or not given.isprintable()):
        rule = "must be one line without control characters and backticks"
        yield path + key, f"{rule}, as reports show it; but is {given!r}"


def number(path: str, given: object, *, positive: bool = False) -> Iterator[Fault]:
    """Yield a fault if a value is not a finite number, from 0 on or above 0."""
    rule = "a finite number > 0" if positive else "a finite number >= 0"
    if not _is_number(given):
        yield path, f"must be {rule}, but is {given!r}"
    elif not math.isfinite(given) or given < 0 or (positive and given == 0):
        yield path, f"must be {rule}, but is {given}"


def entry_faults(kind: str, path: str, entries: Table, sources: Table) -> Iterator[Fault]:
    """Yield the faults of all numbers of a section.

    Parameters
    ----------
    kind : str
        The section: "static", "dynamic", "latency", "limits", "variants", "measured".
    path : str
        Where the entries stand in the file.
    entries, sources : mapping
    """
    for name, entry in entries.items():
        yield from _name(kind, f"{path}.{name}", name)
        if isinstance(entry, dict):
            yield from _entry(kind, f"{path}.{name}", name, entry, sources)
        else:
            yield f"{path}.{name}", f"must be a table with value, unit and source, but is {entry!r}"


def _name(kind: str, path: str, name: str) -> Iterator[Fault]:
    """Yield a fault for a number that nothing reads, where its name looks like one that is read.

    Nothing prices an unknown energy or latency, so it can only be a slip. An
    unknown limit may be meant for readers.
    """
    known = NUMBERS.get(kind, {})
    if kind in ("dynamic", "latency"):
        yield from unknown(path.removesuffix(name), {name: None}, known)
    elif kind == "limits" and name not in known:
        near = [read for read in READ_LIMITS if _edits(name, read) <= _TYPO]
        if near:
            yield path, f"nothing reads it; did you mean {near[0]!r}?"


def _edits(one: str, other: str) -> int:
    """Return about how many letters differ between two words."""
    steps = SequenceMatcher(None, one, other, autojunk=False).get_opcodes()
    return sum(max(b - a, d - c) for tag, a, b, c, d in steps if tag != "equal")


def _is_number(given: object) -> TypeGuard[int | float]:
    return isinstance(given, int | float) and not isinstance(given, bool)


def _entry(kind: str, path: str, name: str, entry: Table, sources: Table) -> Iterator[Fault]:
    yield from unknown(f"{path}.", entry, _ENTRY)
    unpublished = entry.get("value") == UNPUBLISHED and kind in ("static", "dynamic")
    yield from _value(kind, path, entry, unpublished)
    yield from _unit(kind, path, name, entry)
    if "confidence" not in entry:
        yield f"{path}.confidence", "missing"
    else:
        yield from one_of(f"{path}.confidence", entry["confidence"], CONFIDENCES)
    if "source" in entry:
        yield from one_of(f"{path}.source", entry["source"], sources)
    elif not unpublished:
        yield f"{path}.source", "missing; every number has a source key"
    if "note" in entry:
        yield from text(f"{path}.", entry, "note")
    if kind == "static":
        yield from one_of(f"{path}.per", entry.get("per"), _PER)
    elif "per" in entry:
        yield f"{path}.per", "only a static power has one"


def _value(kind: str, path: str, entry: Table, unpublished: bool) -> Iterator[Fault]:
    if "value" not in entry:
        yield (
            f"{path}.value",
            f"missing; write {UNPUBLISHED!r} for a power or energy nobody has published",
        )
    elif not unpublished:
        yield from number(f"{path}.value", entry["value"], positive=kind in ("limits", "latency"))
        if entry.get("unit") in COUNT_UNITS and isinstance(entry["value"], float):
            yield f"{path}.value", f"must be a whole number, but is {entry['value']}"
        yield from _bounds(kind, f"{path}.value", entry)
    if "rel_std" in entry:
        yield from _rel_std(f"{path}.rel_std", entry["rel_std"])
    elif kind in ("static", "dynamic") and not unpublished:
        yield f"{path}.rel_std", "missing; every power and energy has a relative standard deviation"
    if "range" in entry:
        yield from _range(f"{path}.range", entry["range"], entry.get("value"))


def _rel_std(path: str, given: object) -> Iterator[Fault]:
    yield from number(path, given)
    if _is_number(given) and MOST_REL_STD < given < math.inf:
        rule = f"must be at most {MOST_REL_STD:g}, but is {given}"
        yield path, f"{rule}; it is a fraction of the value: write 0.15 for 15 %"


def _bounds(kind: str, path: str, entry: Table) -> Iterator[Fault]:
    """Yield a fault for a value that is out of all proportion: a slip of the unit."""
    value, unit = entry["value"], entry.get("unit")
    measure = "J" if unit in ENERGY_UNITS else unit
    bounds = BOUNDS.get(kind, {}).get(measure) if isinstance(measure, str) else None
    if bounds is None or not _is_number(value) or not 0 < value < math.inf:
        return
    low, high = bounds
    if not low <= value <= high:
        yield path, f"must be from {low:g} to {high:g} {unit}, but is {value}; is the unit right?"


def _range(path: str, given: object, value: object) -> Iterator[Fault]:
    if not (isinstance(given, list) and len(given) == 2 and all(map(_is_number, given))):
        yield path, f"must be a list of the lowest and the highest value, but is {given!r}"
    elif not (_is_number(value) and given[0] <= value <= given[1]):
        yield path, f"must hold the value {value!r}, but is {given!r}"


def _unit(kind: str, path: str, name: str, entry: Table) -> Iterator[Fault]:
    unit, expected = entry.get("unit"), NUMBERS.get(kind, {}).get(name)
    if unit is None:
        yield f"{path}.unit", "missing; every number has a unit"
        return
    if unit not in UNITS:
        yield from one_of(f"{path}.unit", unit, expected or UNITS)
        return
    if expected and unit not in expected:
        yield f"{path}.unit", f"{unit!r} does not fit: {name} is in {' or '.join(expected)}"
        return
    power = name.endswith("_W")
    if kind == "static" and not power:
        yield path, "the name of a static power must end in _W"
    if kind in ("static", "dynamic", "measured") and power != (unit == "W"):
        yield (
            f"{path}.unit",
            f"{unit!r} does not fit the name: names in _W, and only they, are in W",
        )
    energy = kind in ("dynamic", "measured") and name.startswith("e_")
    if energy and unit not in ENERGY_UNITS:
        yield f"{path}.unit", f"{unit!r} does not fit the name: e_... is an energy per event"
