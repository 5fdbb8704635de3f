"""``greenmorph validate-energy``: published measurements beside what the profiles predict."""

from __future__ import annotations

from pathlib import Path

import click

from ..accounting.cases import read_cases
from ..accounting.numbers import quantity
from ..accounting.published import TOLERANCE, Outcome, predict
from .fault import reported

__all__ = ["validate_command"]

_TOTAL = ("measured", "predicted", "error", "95 %")
_HEADER = ("case", "role", "accept", *_TOTAL, "dynamic", *_TOTAL[1:], "source")


def validate_command(file: str | None) -> int:
    """Print all published cases, the reasons of the large errors, and the sources.

    Parameters
    ----------
    file : str or None
        A file of other cases than the package's own.

    Returns
    -------
    int
        0 if every case that is judged is within the tolerance, else 1.

    Raises
    ------
    Fault
        If the file or a profile that a case needs is missing or malformed.
    """
    with reported():
        found = read_cases(None if file is None else Path(file))
        outcomes = [predict(case) for case in found.cases]
    click.echo(
        "published measurements and what the shipped profiles predict, without tuning\n"
        "dynamic: without the static part; 95 %: whether the interval of the prediction covers "
        "the measurement\n"
    )
    rows = [_HEADER, *map(_row, outcomes)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADER))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())
    click.echo("\nnotes")
    for outcome in outcomes:
        if outcome.case.note:
            click.echo(f"  {outcome.case.id}: {outcome.case.note}")
    click.echo("\nsources")
    for key, reference in found.sources.items():
        click.echo(f"  [{key}] {reference}")
    judged = [outcome for outcome in outcomes if outcome.accepted is not None]
    good = sum(bool(outcome.accepted) for outcome in judged)
    click.echo(f"\n{good} of {len(judged)} judged cases are within {100 * TOLERANCE:g} %")
    return 0 if good == len(judged) else 1


def _row(outcome: Outcome) -> tuple[str, ...]:
    case, unit = outcome.case, outcome.unit
    judged = {True: "yes", False: "NO", None: case.accept or "-"}[outcome.accepted]
    return (
        case.id,
        case.role,
        judged,
        _value(outcome.measured, unit),
        _value(outcome.predicted, unit),
        _percent(outcome.error),
        _covers(outcome.covers),
        _value(outcome.dynamic_measured, unit),
        _value(outcome.dynamic_predicted, unit),
        _percent(outcome.dynamic_error),
        _covers(outcome.dynamic_covers),
        f"[{case.source}]",
    )


def _value(value: float | None, unit: str) -> str:
    if value is None:
        return "-"
    return f"{value:,.1f} kWh".replace(",", " ") if unit == "kWh" else quantity(value, unit)


def _percent(error: float | None) -> str:
    return "-" if error is None else f"{100 * error:+.1f} %"


def _covers(inside: bool | None) -> str:
    return {True: "covers", False: "misses", None: "-"}[inside]
