"""What a report shows, as tables of words; text and HTML only lay them out.

Every row with a joule has a last cell that says whose joule it is and which
sources it rests on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..boards.profile import Coefficient
from .numbers import count, quantity, span

if TYPE_CHECKING:
    from .priced import Part
    from .report import Report

__all__ = ["MAX_ROWS", "Table", "headline", "tables"]

#: Populations and projections shown one by one, those with most joules; the JSON has all.
MAX_ROWS = 20

_DYNAMIC = ("neuron_updates", "source_ticks", "spikes")
_WIRED = ("deliveries", "synaptic_events", "plastic_events")


@dataclass(frozen=True)
class Table:
    """A title, column names and rows of words."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def headline(report: Report) -> str:
    """Return the first line of a report: whose joules these are."""
    priced_on = report.priced.board.name
    if report.computed_on == priced_on:
        return f"{report.subject} ({priced_on})"
    return (
        f"{report.subject}; board {report.computed_on!r} has no prices of its own, "
        f"its counts are priced on {priced_on}"
    )


def tables(report: Report) -> list[Table]:
    """Return all tables of a report, in order."""
    found = [
        _totals(report),
        _components(report),
        _parts(report, "populations", report.populations, _DYNAMIC),
        _parts(report, "projections", report.projections, _WIRED),
        _phases(report),
        _time(report),
        _usage(report),
        _fidelity(report),
        _origins(report),
        _sources(report),
    ]
    return [table for table in found if table.rows]


def _whose(report: Report, coefficients: Iterable[Coefficient] | None = None) -> str:
    if coefficients is None:
        keys = list(report.source_keys)
    else:
        keys = sorted({coefficient.source for coefficient in coefficients})
    return f"{report.subject} [{', '.join(keys)}]"


def _totals(report: Report) -> Table:
    static = report.components["static"].coefficients
    dynamic = report.priced.dynamic
    rows = (
        ("total", report.energy_j, report.interval_j, _whose(report)),
        ("static", report.static_j, report.static_interval_j, _whose(report, static)),
        ("dynamic", report.dynamic_j, report.dynamic_interval_j, _whose(report, dynamic)),
    )
    words = tuple((name, quantity(j, "J"), span(i, "J"), whose) for name, j, i, whose in rows)
    return Table("energy", ("", "energy", "95 %", "whose"), words)


def _components(report: Report) -> Table:
    rows = []
    for line in report.components.values():
        shown = "" if line.count is None else count(line.count)
        costs = [f"{quantity(c.value or 0.0, c.unit)} ({c.confidence})" for c in line.coefficients]
        energy, range_ = quantity(line.energy_j, "J"), span(line.interval_j, "J")
        whose = _whose(report, line.coefficients)
        # Emission by sources is paid for in their ticks, so this row counts neurons' spikes.
        name = "spikes (neurons)" if line.name == "spikes" else line.name
        rows.append((name, shown, " + ".join(costs), energy, range_, whose))
    header = ("component", "count", "cost (confidence)", "energy", "95 %", "whose")
    return Table("by component", header, tuple(rows))


def _parts(
    report: Report, title: str, parts: Mapping[str, Part], counters: tuple[str, ...]
) -> Table:
    whose = _whose(report, report.priced.dynamic)
    ordered = sorted(parts.items(), key=lambda item: -item[1].energy_j)
    rows = []
    for label, part in ordered[:MAX_ROWS]:
        counts = (count(part.counters[name]) for name in counters)
        rows.append((label, *counts, quantity(part.energy_j, "J"), whose))
    rest = [part for _, part in ordered[MAX_ROWS:]]
    if rest:
        counts = (count(sum(part.counters[name] for part in rest)) for name in counters)
        joule = quantity(sum(part.energy_j for part in rest), "J")
        rows.append((f"and {len(rest)} more", *counts, joule, whose))
    header = (title, *(name.replace("_", " ") for name in counters), "energy", "whose")
    return Table(f"dynamic energy by {title[:-1]}", header, tuple(rows))


def _phases(report: Report) -> Table:
    rows = [
        (name, quantity(part.energy_j, "J"), _whose(report)) for name, part in report.phases.items()
    ]
    fixed = "A: 0 J, mapping and loading not included"
    rows.append((fixed, "", f"{report.subject} [not published]"))
    usual = report.priced.usual_step
    if usual is not None:
        words = (
            f"{quantity(usual.energy_j, 'J')}, of which dynamic {quantity(usual.dynamic_j, 'J')}"
        )
        name = f"the run at the board's usual step, {usual.dt_ms:g} ms, same spikes"
        if usual.overrun.cores:
            words += (
                f"; {usual.overrun.cores} cores need up to {usual.overrun.factor:.3g} times what "
                f"they can draw and were clamped: a time-scale factor of "
                f"{usual.overrun.fitting_factor:.3g} would fit"
            )
        rows.append((name, words, _whose(report)))
    return Table("by phase", ("phase", "energy", "whose"), tuple(rows))


def _time(report: Report) -> Table:
    wall, overrun = report.priced.wall, report.priced.overrun
    rows = [
        (
            "T_bio",
            f"{wall.t_bio_s:.6g} s",
            f"{report.ledger.steps} steps of {report.ledger.dt_ms:g} ms",
        ),
        ("T_wall", f"{wall.t_wall_s:.6g} s", f"T_bio x {wall.factor:g}: {wall.reason}"),
        (
            "fullest core",
            f"{100 * overrun.factor:.3g} %",
            "of the dynamic power that a core can draw",
        ),
    ]
    return Table("time", ("", "", ""), tuple(rows))


def _usage(report: Report) -> Table:
    rows = tuple(
        (use.what, f"{use.used} of {use.limit} {use.unit}") for use in report.priced.placement.usage
    )
    boards = ("boards", str(report.priced.placement.boards))
    return Table("placement", ("", "used"), (boards, *rows))


def _fidelity(report: Report) -> Table:
    rows = []
    for row in report.fidelity:
        largest = "" if row["largest"] is None else f"{row['largest']:.4g} {row['unit']}"
        rows.append((row["kind"], row["where"], count(row["count"]), largest, row["message"]))
    return Table("fidelity", ("kind", "where", "count", "largest", "what"), tuple(rows))


def _origins(report: Report) -> Table:
    """What each cost was measured on: elsewhere its confidence says less than it seems to."""
    rows = [
        _origin(report, coefficient)
        for line in report.components.values()
        if line.count != 0  # None: static power is not counted
        for coefficient in line.coefficients
    ]
    rows += [_origin(report, rule) for rule in report.priced.rules]
    header = ("number", "value (confidence)", "note of the profile", "whose")
    return Table("what the numbers rest on", header, tuple(rows))


def _origin(report: Report, number: Coefficient) -> tuple[str, ...]:
    value = f"{number.value:g} {number.unit} ({number.confidence})"
    return (number.name, value, number.note, _whose(report, (number,)))


def _sources(report: Report) -> Table:
    known = report.priced.board.sources
    keys = sorted({*report.source_keys, *(rule.source for rule in report.priced.rules)})
    rows = tuple((f"[{key}]", known[key].ref) for key in keys)
    return Table("sources", ("key", "reference"), rows)
