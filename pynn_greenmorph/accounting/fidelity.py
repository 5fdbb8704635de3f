"""Rows of the fidelity report: what was rounded, clamped, left out or not honoured."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import ReportError, explain
from .cases import published_speeds
from .numbers import count, quantity, round_up
from .priced import Priced

__all__ = ["FIELDS", "check_rows", "pricing_rows", "quiet_rows"]

#: Fields of a row: kind of deviation, place, how often, largest deviation (or ``None``), its
#: unit, and one sentence for users.
FIELDS = ("kind", "where", "count", "largest", "unit", "message")


def check_rows(rows: Iterable[Mapping[str, Any]]) -> tuple[dict[str, Any], ...]:
    """Check rows and return them with plain Python values.

    Raises
    ------
    ReportError
        If a row has other fields, or a number is not finite.
    """
    return tuple(_row(row) for row in rows)


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    where = "fidelity report"
    if set(row) != set(FIELDS):
        given = ", ".join(map(str, row))
        message = explain("wrong fields", where=where, allowed=", ".join(FIELDS), given=given)
        raise ReportError(message)
    clean: dict[str, Any] = {key: str(row[key]) for key in ("kind", "where", "unit", "message")}
    try:
        clean["count"] = operator.index(row["count"])
        clean["largest"] = None if row["largest"] is None else float(row["largest"])
    except (TypeError, ValueError) as error:
        raise ReportError(explain(f"not a number: {error}", where=where)) from error
    if clean["count"] < 0 or not math.isfinite(clean["largest"] or 0.0):
        what = f"a number of row {clean['kind']!r} is negative or not finite"
        raise ReportError(explain(what, where=where, given=dict(row)))
    return {key: clean[key] for key in FIELDS}


def pricing_rows(priced: Priced) -> list[dict[str, Any]]:
    """Return the rows that pricing itself causes: overrun, exceeded limits, factors not used."""
    rows: list[dict[str, Any]] = []
    board, wall, overrun = priced.board.name, priced.wall, priced.overrun
    if overrun.cores:
        message = (
            f"{overrun.cores} of {priced.placement.cores} cores need up to "
            f"{overrun.factor:.3g} times the power that a core can draw; they are clamped. "
            f"time_scale_factor={round_up(overrun.fitting_factor):g} would fit"
        )
        rows.append(_make("overrun", board, overrun.cores, overrun.factor, message))
    for use in priced.placement.usage:
        if use.exceeded:
            message = (
                f"{use.what}: {use.used}, but the board holds {use.limit}. The network as it is "
                "does not fit; its counts are priced all the same"
            )
            rows.append(
                _make("capacity", board, use.used - use.limit, use.used / use.limit, message)
            )
    if wall.asked is not None and not wall.honoured:
        message = (
            f"time_scale_factor={wall.asked:g} is less than the board needs; "
            f"{wall.factor:g} is used ({wall.reason})"
        )
        rows.append(_make("time_scale_factor", board, 1, wall.factor / wall.asked, message))
    if not priced.placement.known and not priced.missing:
        rows.append(_one_core(priced))  # the static power goes with the boards
    rows += _too_fast(priced)
    return rows


def _one_core(priced: Priced) -> dict[str, Any]:
    """Return the row of a network whose cores are not known."""
    message = (
        "nobody has published how many neurons a core holds: all cells are taken to sit on one "
        "core. Boards and deliveries are the fewest that there can be, and so is the energy that "
        "goes with them. Give neurons_per_core= as your software sets it"
    )
    return _make("placement", priced.board.name, 1, None, message)


def _too_fast(priced: Priced) -> list[dict[str, Any]]:
    """Return a row where the steps alone run faster than any system has that was published.

    The words are the same for all networks of a board, so that Python shows the warning once.
    """
    timing, wall, steps = priced.board.time, priced.wall, priced.steps
    free = timing is not None and timing.mode == "as_fast_as_possible" and priced.board.latency
    if not free or wall.asked is not None or wall.t_wall_s <= 0:
        return []
    known = published_speeds(priced.board.name)
    speed = steps / wall.t_wall_s
    if known and speed <= known[-1]:
        return []
    message = (
        "T_wall is a lower bound, and so is the static energy: the steps alone are counted, and "
        "no latency of a host that feeds the board and reads it out is published. "
    )
    if known:
        message += f"Published systems made {known[0]} to {known[-1]} steps a second. "
    message += "Give time_scale_factor=, the pace of your host; 1 is real time"
    return [_make("speed", priced.board.name, 1, speed / known[-1] if known else None, message)]


def quiet_rows(priced: Priced) -> list[dict[str, Any]]:
    """Return the rows that say what no joule includes; they are no reason for a warning."""
    board = priced.board.name
    rows = [
        _make("not priced", board, 1, None, f"in no joule of this report: {words}")
        for words in priced.unpriced
    ]
    if not priced.placement.known and priced.missing:
        rows.append(_one_core(priced))
    return rows + _active_bounds(priced)


def _active_bounds(priced: Priced) -> list[dict[str, Any]]:
    """Return a row for the updates that are known only to be between two bounds."""
    names = [component.name for component in priced.components]
    if not {"active_updates", "inactive_updates"} <= set(names):
        return []
    active, idle = names.index("active_updates"), names.index("inactive_updates")
    most, all_ = priced.charged[active], priced.charged[active] + priced.charged[idle]
    if not most:
        return []
    dearer = float(priced.dynamic[active].value or 0) - float(priced.dynamic[idle].value or 0)
    message = (
        f"active updates: inputs that arrive in one step cause one update together, but only their "
        f"number is known: {count(most)} of {count(all_)} updates is an upper bound, the lower one "
        f"is 1 for each neuron with input. The energy is wrong by at most "
        f"{quantity(abs(most * dearer), 'J')}, and the time of the steps errs alike"
    )
    return [_make("upper bound", priced.board.name, most, None, message)]


def _make(kind: str, board: str, times: int, largest: float | None, message: str) -> dict[str, Any]:
    values = (kind, f"board {board}", times, largest, "1", message)
    return dict(zip(FIELDS, values, strict=True))
