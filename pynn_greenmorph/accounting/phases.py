"""The phases of an experiment: what is modelled, what the user gives, what is left out by name.

What the board does while the model runs is modelled: "learn" is the dynamic energy
of plastic events, "run" all the rest. No profile has a published duration of building,
mapping, loading or reading out: a phase whose duration the user gives is charged at
the static power of the board, or at a power of the user.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import InvalidValueError, UnknownNameError, explain, unknown_name
from .numbers import is_amount

__all__ = ["MODELLED", "PHASES", "Duration", "PhaseValues", "check_phases", "left_out_phases"]

#: What a user gives: by phase, its ``duration_s`` and, optionally, ``power_w``.
PhaseValues = Mapping[str, Mapping[str, Any]]

#: All phases, in order.
PHASES = ("build", "map", "load", "run", "learn", "readout")

#: Those that the counts of the run price.
MODELLED = ("run", "learn")


@dataclass(frozen=True)
class Duration:
    """A phase as the user gives it.

    Attributes
    ----------
    phase : str
    duration_s : float, s
    power_w : float or None, W
        ``None`` for the static power of the board.
    """

    phase: str
    duration_s: float
    power_w: float | None


def check_phases(phases: PhaseValues) -> tuple[Duration, ...]:
    """Check the phases that a user gives and return them in order.

    Parameters
    ----------
    phases : mapping of str to mapping
        By phase ("build", "map", "load", "readout"): ``duration_s`` and,
        optionally, ``power_w``.

    Raises
    ------
    UnknownNameError
        If a phase or one of its keys is not known.
    InvalidValueError
        If a modelled phase is given, or a number is missing, negative or not finite.
    """
    found = {name: _duration(name, given) for name, given in phases.items()}
    return tuple(found[name] for name in PHASES if name in found)


def left_out_phases(known: Container[str]) -> tuple[str, ...]:
    """Return words for the phases that are in no total, in order."""
    words = {"build": "building", "map": "mapping", "load": "loading", "readout": "read-out"}
    return tuple(word for name, word in words.items() if name not in known)


def _duration(name: str, given: Any) -> Duration:
    where = f"phases[{name!r}]"
    if name not in PHASES:
        raise UnknownNameError(unknown_name("phase", name, PHASES))
    if name in MODELLED:
        allowed = ", ".join(phase for phase in PHASES if phase not in MODELLED)
        what = "this phase is modelled, its duration cannot be given"
        raise InvalidValueError(explain(what, where=where, allowed=allowed))
    if not isinstance(given, Mapping):
        allowed = '{"duration_s": seconds, "power_w": watts or None}'
        raise InvalidValueError(explain("not a phase", where=where, allowed=allowed, given=given))
    for key in given:
        if key not in ("duration_s", "power_w"):
            kind = f"key of {where}"
            raise UnknownNameError(unknown_name(kind, key, ["duration_s", "power_w"]))
    power = given.get("power_w")
    return Duration(
        name,
        _number(f"{where}['duration_s']", given.get("duration_s"), "s"),
        None if power is None else _number(f"{where}['power_w']", power, "W"),
    )


def _number(where: str, value: Any, unit: str) -> float:
    if not is_amount(value):
        allowed = f"a finite number >= 0 ({unit})"
        raise InvalidValueError(
            explain("not a number", where=where, allowed=allowed, given=repr(value))
        )
    return float(value)
