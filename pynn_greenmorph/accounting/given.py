"""What the user adds to a profile: values nobody has published, and a supply voltage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..boards.profile import Board, Coefficient, Source
from ..errors import InvalidValueError, UnknownNameError, explain, unknown_name
from .costs import usable
from .numbers import is_amount

__all__ = ["USER", "Given", "check_used", "with_given", "with_voltage"]

#: Supply voltages at which a square law still says something, as parts of the reference.
_LOWEST, _HIGHEST = 0.5, 1.5

#: Source key and confidence of a value that the user gave.
USER = "user"

Given = Mapping[str, float | tuple[float, float]]


def with_given(board: Board, given: Given) -> Board:
    """Return a board with values of the user in place of those of the profile.

    Parameters
    ----------
    board : Board
    given : mapping of str to float or (float, float)
        Values of static powers and energies per event by name, in the profile's
        unit; a pair adds the relative standard deviation.

    Raises
    ------
    UnknownNameError
        If the profile has no static power or energy per event of that name.
    InvalidValueError
        If a number is not finite or is negative, or is 0 where nothing could then be drawn
        at all.
    """
    static, dynamic = dict(board.static), dict(board.dynamic)
    for name, value in given.items():
        section = static if name in static else dynamic
        if name not in section:
            kind = f"static power or energy per event of board {board.name}"
            raise UnknownNameError(unknown_name(kind, name, [*static, *dynamic]))
        section[name] = _replaced(section[name], value)
    if not given:
        return board
    sources = {**board.sources, USER: Source(USER, "given by the user for this report")}
    return replace(board, static=static, dynamic=dynamic, sources=sources)


def _replaced(old: Coefficient, value: Any) -> Coefficient:
    pair = value if isinstance(value, tuple) else (value, 0.0)
    where = f"given[{old.name!r}]"
    if len(pair) != 2 or not all(map(is_amount, pair)):
        allowed = (
            f"a finite number >= 0 ({old.unit}), or a pair (number, relative standard deviation)"
        )
        raise InvalidValueError(explain("not a value", where=where, allowed=allowed, given=value))
    if old.name == "core_busy_W" and pair[0] == 0:
        what = "a core that can draw no power does nothing"
        allowed = "a finite number > 0 (W)"
        raise InvalidValueError(explain(what, where=where, allowed=allowed, given=value))
    note = "given by the user"
    if old.value is not None:
        note += f" in place of {old.value:g} {old.unit} [{old.source}]"
    return replace(
        old,
        value=float(pair[0]),
        rel_std=float(pair[1]),
        source=USER,
        confidence=USER,
        note=note,
    )


def check_used(board: Board, boundary: str | None, given: Given) -> None:
    """Refuse values that the price at a boundary does not depend on.

    Raises
    ------
    InvalidValueError
        The message names the values that the price depends on.
    """
    limits = board.boundary(boundary)
    used = [*limits.parts, *usable(board)]
    idle = [name for name in given if name not in used]
    if idle:
        what = f"{', '.join(idle)} changes nothing at boundary {limits.name!r}"
        where, allowed = f"given, board {board.name}", ", ".join(used)
        todo = "Leave it out, or choose the boundary that includes it"
        raise InvalidValueError(explain(what, where=where, allowed=allowed, todo=todo))


def with_voltage(board: Board, voltage_v: float) -> Board:
    """Return a board at another supply voltage: power goes with the square of it.

    Parameters
    ----------
    board : Board
    voltage_v : float, V

    Raises
    ------
    InvalidValueError
        If the profile has no reference voltage, or the voltage is not a number from 0.5 to
        1.5 times that one.
    """
    where, reference = "voltage_v", board.limit("reference_voltage")
    if reference is None:
        what = f"the prices of board {board.name} are not known at other voltages"
        todo = "Leave voltage_v out; only boards with limits.reference_voltage take it"
        raise InvalidValueError(explain(what, where=where, given=voltage_v, todo=todo))
    low, high = _LOWEST * reference, _HIGHEST * reference
    if not is_amount(voltage_v) or not low <= voltage_v <= high:
        allowed = f"{low:g} to {high:g} (V), the reference is {reference:g} V"
        what, todo = "not a supply voltage of this board", "The unit is volts: 750 mV are 0.75"
        raise InvalidValueError(
            explain(what, where=where, allowed=allowed, given=voltage_v, todo=todo)
        )
    scale = (float(voltage_v) / reference) ** 2
    words = f"at {voltage_v:g} V: times ({voltage_v:g} V / {reference:g} V)^2"

    def scaled(old: Coefficient) -> Coefficient:
        if old.value is None:
            return old
        note = f"{old.note}; {words}" if old.note else words
        return replace(old, value=old.value * scale, note=note)

    return replace(
        board,
        static={name: scaled(old) for name, old in board.static.items()},
        dynamic={name: scaled(old) for name, old in board.dynamic.items()},
    )
