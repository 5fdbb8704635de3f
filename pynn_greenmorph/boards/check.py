"""The checker of board profiles: it gathers all faults, so that a file is mended in one go.

Every fault is a pair of the key's path in the file and a sentence that says
what is wrong and what is allowed.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

__all__ = ["CONFIDENCES", "MODELS", "NEEDS", "SCHEMA_VERSION", "UNITS", "UNPUBLISHED", "faults"]

SCHEMA_VERSION = 1

#: What stands in a profile as ``value`` where nothing is published.
UNPUBLISHED = "unpublished"

CONFIDENCES = ("high", "medium", "low", "none")

#: Formulas that a board's energy can follow.
MODELS = (
    "ideal",
    "software_cores",
    "event",
    "loihi",
    "truenorth",
    "constant_power",
    "power_time",
)

ENERGY_UNITS = (
    "J/update",
    "J/(source*tick)",
    "J/spike",
    "J/(spike*target core)",
    "J/event",
    "J/plastic event",
    "J/packet/router",
    "J/hop",
    "J/timestep",
    "J/tick",
    "J/conversion",
    "J/write pulse",
)

#: The whole vocabulary of units.
UNITS = (
    *ENERGY_UNITS,
    *("W", "V", "s", "ms", "step", "1", "bit", "kB", "MB", "MHz", "entry"),
    *("chip", "core", "neuron", "synapse", "input", "level"),
    *("chip/board", "board/frame", "core/chip", "neuron/core", "input/core", "input/neuron"),
)

#: What the pricing of a model cannot do without: section -> keys.
NEEDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "software_cores": {
        "dynamic": (
            "e_neuron_update",
            "e_source_tick",
            "e_spike",
            "e_delivery",
            "e_syn_event",
            "e_plastic_event",
            "core_busy_W",
        ),
        "limits": ("chips", "app_cores_per_chip", "neurons_per_core", "timestep_ms_min_realtime"),
    }
}

Fault = tuple[str, str]
Table = Mapping[str, Any]

_TEXTS = ("name", "label", "subject", "model")
_SECTIONS = ("time", "boundaries", "static", "dynamic", "limits", "variants", "sources")
_PRICED = ("time", "boundaries", "static", "sources")  # what every board with prices has
_ENTRY = ("value", "unit", "rel_std", "source", "confidence", "note", "per")
_MODES = ("realtime", "accelerated", "as_fast_as_possible")
_PER = ("board", "frame", "chip")


def faults(table: Table) -> list[Fault]:
    """Return everything that is wrong with a parsed profile.

    Parameters
    ----------
    table : mapping
        The parsed file.

    Returns
    -------
    list of (str, str)
        Path of the key and what is wrong with it; empty for a sound profile.
    """
    found = list(_top(table))
    sections = {name: table.get(name, {}) for name in _SECTIONS}
    for name, section in sections.items():
        if not isinstance(section, dict):
            found.append((name, f"must be a table, but is {section!r}"))
            sections[name] = {}
    sources = sections["sources"]
    for kind in ("static", "dynamic", "limits"):
        found += _entries(kind, kind, sections[kind], sources)
    for group, entries in sections["variants"].items():
        path = f"variants.{group}"
        if isinstance(entries, dict):
            found += _entries("variants", path, entries, sources)
        else:
            found.append((path, "must be a table of tables"))
    found += _sources(sources)
    found += _boundaries(table, sections["boundaries"], sections["static"])
    if "time" in table:
        found += _time(sections["time"])
    for section, keys in NEEDS.get(str(table.get("model")), {}).items():
        missing = [key for key in keys if key not in sections[section]]
        found += [
            (f"{section}.{key}", f"missing; model {table['model']!r} needs it") for key in missing
        ]
    return found


def _one_of(path: str, given: object, allowed: Collection[str]) -> Iterator[Fault]:
    if not isinstance(given, str) or given not in allowed:
        words = ", ".join(repr(name) for name in allowed)
        yield path, f"{given!r} is not allowed; allowed: {words}"


def _unknown(path: str, table: Table, allowed: Collection[str]) -> Iterator[Fault]:
    for key in table:
        if key not in allowed:
            near = get_close_matches(key, allowed, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"allowed: {', '.join(allowed)}"
            yield f"{path}{key}", f"unknown key; {hint}"


def _text(path: str, table: Table, key: str) -> Iterator[Fault]:
    if key not in table:
        yield path + key, "missing; a text is needed"
    elif not isinstance(table[key], str) or not table[key].strip():
        yield path + key, f"must be a text, but is {table[key]!r}"


def _number(path: str, given: object, *, positive: bool = False) -> Iterator[Fault]:
    rule = "a finite number > 0" if positive else "a finite number >= 0"
    if isinstance(given, bool) or not isinstance(given, int | float):
        yield path, f"must be {rule}, but is {given!r}"
    elif not math.isfinite(given) or given < 0 or (positive and given == 0):
        yield path, f"must be {rule}, but is {given}"


def _top(table: Table) -> Iterator[Fault]:
    allowed = ("schema_version", *_TEXTS, "priced_as", "default_boundary", *_SECTIONS)
    yield from _unknown("", table, allowed)
    version = table.get("schema_version")
    if version != SCHEMA_VERSION or isinstance(version, bool):
        yield "schema_version", f"must be {SCHEMA_VERSION}, but is {version!r}"
    for key in _TEXTS:
        yield from _text("", table, key)
    if isinstance(table.get("model"), str):
        yield from _one_of("model", table["model"], MODELS)
    if table.get("model") == "ideal":
        yield from _text("", table, "priced_as")
        return
    for section in _PRICED:
        if section not in table:
            yield section, "missing section"
    yield from _text("", table, "default_boundary")


def _entries(kind: str, path: str, entries: Table, sources: Table) -> Iterator[Fault]:
    for name, entry in entries.items():
        if isinstance(entry, dict):
            yield from _entry(kind, f"{path}.{name}", name, entry, sources)
        else:
            yield f"{path}.{name}", f"must be a table with value, unit and source, but is {entry!r}"


def _entry(kind: str, path: str, name: str, entry: Table, sources: Table) -> Iterator[Fault]:
    yield from _unknown(f"{path}.", entry, _ENTRY)
    unpublished = entry.get("value") == UNPUBLISHED and kind in ("static", "dynamic")
    if "value" not in entry:
        yield (
            f"{path}.value",
            f"missing; write {UNPUBLISHED!r} for a power or energy nobody has published",
        )
    elif not unpublished:
        yield from _number(f"{path}.value", entry["value"])
    yield from _unit(kind, path, name, entry)
    if "rel_std" in entry:
        yield from _number(f"{path}.rel_std", entry["rel_std"])
    elif kind in ("static", "dynamic") and not unpublished:
        yield f"{path}.rel_std", "missing; every power and energy has a relative standard deviation"
    if "confidence" not in entry:
        yield f"{path}.confidence", "missing"
    else:
        yield from _one_of(f"{path}.confidence", entry["confidence"], CONFIDENCES)
    if "source" in entry:
        yield from _one_of(f"{path}.source", entry["source"], sources)
    elif not unpublished:
        yield f"{path}.source", "missing; every number has a source key"
    if "note" in entry:
        yield from _text(f"{path}.", entry, "note")
    if kind == "static":
        yield from _one_of(f"{path}.per", entry.get("per"), _PER)


def _unit(kind: str, path: str, name: str, entry: Table) -> Iterator[Fault]:
    unit = entry.get("unit")
    if unit is None:
        yield f"{path}.unit", "missing; every number has a unit"
        return
    if unit not in UNITS:
        yield from _one_of(f"{path}.unit", unit, UNITS)
        return
    power = name.endswith("_W")
    if kind == "static" and not power:
        yield path, "the name of a static power must end in _W"
    if kind in ("static", "dynamic") and power != (unit == "W"):
        yield (
            f"{path}.unit",
            f"{unit!r} does not fit the name: names in _W, and only they, are in W",
        )
    if kind == "dynamic" and name.startswith("e_") and unit not in ENERGY_UNITS:
        yield f"{path}.unit", f"{unit!r} does not fit the name: e_... is an energy per event"


def _sources(sources: Table) -> Iterator[Fault]:
    for key, entry in sources.items():
        path = f"sources.{key}"
        if not isinstance(entry, dict):
            yield path, f"must be a table with ref, but is {entry!r}"
            continue
        yield from _unknown(f"{path}.", entry, ("ref", "found"))
        yield from _text(f"{path}.", entry, "ref")
        if "found" in entry:
            yield from _text(f"{path}.", entry, "found")


def _boundaries(table: Table, boundaries: Table, static: Table) -> Iterator[Fault]:
    for name, entry in boundaries.items():
        path = f"boundaries.{name}"
        if not isinstance(entry, dict):
            yield path, f"must be a table with subject and parts, but is {entry!r}"
            continue
        yield from _unknown(f"{path}.", entry, ("subject", "parts", "at_the_wall"))
        yield from _text(f"{path}.", entry, "subject")
        if not isinstance(entry.get("at_the_wall", False), bool):
            yield f"{path}.at_the_wall", f"must be true or false, but is {entry['at_the_wall']!r}"
        parts = entry.get("parts")
        if not isinstance(parts, list) or not parts:
            yield f"{path}.parts", "must be a list of names of static powers"
            continue
        for part in parts:
            yield from _one_of(f"{path}.parts", part, static)
    default = table.get("default_boundary")
    if default is not None and boundaries:
        yield from _one_of("default_boundary", default, boundaries)


def _time(time: Table) -> Iterator[Fault]:
    yield from _unknown("time.", time, ("mode", "default_timestep_ms", "allow_slowdown", "speedup"))
    yield from _one_of("time.mode", time.get("mode"), _MODES)
    for key in ("default_timestep_ms", "speedup"):
        if key in time:
            yield from _number(f"time.{key}", time[key], positive=True)
    if time.get("mode") == "accelerated" and "speedup" not in time:
        yield "time.speedup", "missing; an accelerated board needs it"
    if not isinstance(time.get("allow_slowdown", False), bool):
        yield "time.allow_slowdown", f"must be true or false, but is {time['allow_slowdown']!r}"
