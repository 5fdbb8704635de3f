"""The checker of profiles: it gathers all faults, so that a file is mended in one go.

Every fault is a pair of the key's path in the file and a sentence that says
what is wrong and what is allowed. Numbers are checked in :mod:`.check_entries`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .check_entries import Fault, Table, entry_faults, label, number, one_of, text, unknown
from .vocabulary import (
    CONFIDENCES,
    DEVICES,
    FORMULAS,
    KINDS,
    NEEDS,
    SCHEMA_VERSION,
    TIME_MODES,
    UNPUBLISHED,
)

__all__ = ["faults"]

_TEXTS = ("name", "label", "subject", "model")
_NUMBERS: Mapping[str, tuple[str, ...]] = {
    "board": ("static", "dynamic", "latency", "limits"),
    "comparator": ("measured",),
}
_SECTIONS: Mapping[str, tuple[str, ...]] = {
    "board": ("time", "boundaries", *_NUMBERS["board"], "variants", "sources"),
    "comparator": (*_NUMBERS["comparator"], "sources"),
}
_KEYS: Mapping[str, tuple[str, ...]] = {
    "board": ("priced_as", "default_boundary"),
    "comparator": ("device", "network"),
}
_TIME_NUMBERS = ("default_timestep_ms", "speedup")
_NEEDED: Mapping[str, tuple[str, ...]] = {  # sections
    "board": ("time", "boundaries", "static", "sources"),
    "comparator": ("measured", "sources"),
}


def faults(table: Table, name: str | None = None) -> list[Fault]:
    """Return everything that is wrong with a parsed profile.

    Parameters
    ----------
    table : mapping
        The parsed file.
    name : str, optional
        The name under which the profile is installed, which it must have too.

    Returns
    -------
    list of (str, str)
        Path of the key and what is wrong with it; empty for a sound profile.
    """
    given = table.get("kind", "board")
    kind = given if isinstance(given, str) and given in _SECTIONS else "board"
    found = list(_top(table, kind))
    if name is not None and table.get("name") != name:
        found.append(
            ("name", f"must be {name!r}, as it is installed, but is {table.get('name')!r}")
        )
    sections = {key: table.get(key, {}) for key in _SECTIONS[kind]}
    for key, section in sections.items():
        if not isinstance(section, dict):
            found.append((key, f"must be a table, but is {section!r}"))
            sections[key] = {}
    sources = sections["sources"]
    for key in _NUMBERS[kind]:
        found += entry_faults(key, key, sections[key], sources)
    found += _sources(sources)
    if kind == "board":
        found += _variants(sections["variants"], sources)
        found += _boundaries(table, sections["boundaries"], sections["static"])
        if "time" in table:
            found += _time(sections["time"], sources)
    found += _needs(str(table.get("model")), sections)
    return found


def _top(table: Table, kind: str) -> Iterator[Fault]:
    yield from unknown(
        "", table, ("schema_version", "kind", *_TEXTS, *_KEYS[kind], *_SECTIONS[kind])
    )
    version = table.get("schema_version")
    if version != SCHEMA_VERSION or isinstance(version, bool):
        yield "schema_version", f"must be {SCHEMA_VERSION}, but is {version!r}"
    if "kind" in table:
        yield from one_of("kind", table["kind"], KINDS)
    yield from _words(table)
    if isinstance(table.get("model"), str):
        yield from one_of("model", table["model"], FORMULAS[kind])
    if table.get("model") == "ideal":
        yield from text("", table, "priced_as")
        return
    for section in _NEEDED[kind]:
        if section not in table:
            yield section, "missing section"
    if kind == "board":
        yield from text("", table, "default_boundary")
    else:
        yield from one_of("device", table.get("device"), DEVICES)
        yield from label("", table, "network")


def _words(table: Table) -> Iterator[Fault]:
    for key in ("name", "model"):
        yield from text("", table, key)
    for key in ("label", "subject"):
        yield from label("", table, key)
    name = table.get("name")
    if isinstance(name, str) and name.strip() and not re.fullmatch("[a-z0-9_]+", name):
        yield "name", f"must be of lower case letters, digits and underscores, but is {name!r}"


def _needs(model: str, sections: Mapping[str, Any]) -> Iterator[Fault]:
    for section, keys in NEEDS.get(model, {}).items():
        for key in keys:
            choices = key.split("|")
            if not any(choice in sections.get(section, {}) for choice in choices):
                yield (
                    f"{section}.{choices[0]}",
                    f"missing; model {model!r} needs {'it' if len(choices) == 1 else _or(choices)}",
                )


def _or(choices: list[str]) -> str:
    return f"one of {', '.join(choices)}"


def _variants(variants: Table, sources: Table) -> Iterator[Fault]:
    for group, entries in variants.items():
        path = f"variants.{group}"
        if isinstance(entries, dict):
            yield from entry_faults("variants", path, entries, sources)
        else:
            yield path, "must be a table of tables"


def _sources(sources: Table) -> Iterator[Fault]:
    for key, entry in sources.items():
        path = f"sources.{key}"
        if not isinstance(entry, dict):
            yield path, f"must be a table with ref, but is {entry!r}"
            continue
        yield from unknown(f"{path}.", entry, ("ref", "found"))
        yield from text(f"{path}.", entry, "ref")
        if "found" in entry:
            yield from text(f"{path}.", entry, "found")


def _boundaries(table: Table, boundaries: Table, static: Table) -> Iterator[Fault]:
    for name, entry in boundaries.items():
        path = f"boundaries.{name}"
        if not isinstance(entry, dict):
            yield path, f"must be a table with subject and parts, but is {entry!r}"
            continue
        yield from unknown(f"{path}.", entry, ("subject", "parts", "at_the_wall"))
        yield from label(f"{path}.", entry, "subject")
        if not isinstance(entry.get("at_the_wall", False), bool):
            yield f"{path}.at_the_wall", f"must be true or false, but is {entry['at_the_wall']!r}"
        parts = entry.get("parts")
        if not isinstance(parts, list) or not parts:
            yield f"{path}.parts", "must be a list of names of static powers"
            continue
        for part in parts:
            yield from one_of(f"{path}.parts", part, static)
        twice = sorted({part for part in parts if isinstance(part, str) and parts.count(part) > 1})
        if twice:
            yield f"{path}.parts", f"must name each power once, but names {', '.join(twice)} again"
    default = table.get("default_boundary")
    if default is not None and boundaries:
        yield from one_of("default_boundary", default, boundaries)


def _time(time: Table, sources: Table) -> Iterator[Fault]:
    allowed = ("mode", *_TIME_NUMBERS, "allow_slowdown", "source", "confidence", "note")
    yield from unknown("time.", time, allowed)
    yield from one_of("time.mode", time.get("mode"), TIME_MODES)
    no_speedup = time.get("speedup") == UNPUBLISHED
    stated = [key for key in _TIME_NUMBERS if key in time and not (no_speedup and key == "speedup")]
    for key in stated:
        yield from number(f"time.{key}", time[key], positive=True)
    if stated or "source" in time:
        yield from one_of("time.source", time.get("source"), sources)
        yield from one_of("time.confidence", time.get("confidence"), CONFIDENCES)
    if "note" in time:
        yield from text("time.", time, "note")
    if time.get("mode") == "accelerated" and "speedup" not in time:
        yield "time.speedup", f"missing; an accelerated board needs it, or {UNPUBLISHED!r}"
    if time.get("mode") != "accelerated" and "speedup" in time:
        yield "time.speedup", "only an accelerated board has one"
    if not isinstance(time.get("allow_slowdown", False), bool):
        yield "time.allow_slowdown", f"must be true or false, but is {time['allow_slowdown']!r}"
