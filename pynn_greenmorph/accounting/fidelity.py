"""Rows of the fidelity report: what was rounded, clamped, left out or not honoured."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import ReportError, explain
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
            f"time_scale_factor={_round_up(overrun.fitting_factor):g} would fit"
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
    return rows


def quiet_rows(priced: Priced) -> list[dict[str, Any]]:
    """Return the rows that say what no joule includes; they are no reason for a warning."""
    board = priced.board.name
    return [
        _make("not priced", board, 1, None, f"in no joule of this report: {words}")
        for words in priced.unpriced
    ]


def _make(kind: str, board: str, count: int, largest: float | None, message: str) -> dict[str, Any]:
    values = (kind, f"board {board}", count, largest, "1", message)
    return dict(zip(FIELDS, values, strict=True))


def _round_up(factor: float) -> float:
    """Return a factor of three digits that is not below ``factor``."""
    if factor <= 0:
        return factor
    unit = 10.0 ** (math.floor(math.log10(factor)) - 2)
    return math.ceil(factor / unit) * unit
