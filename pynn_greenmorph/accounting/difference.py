"""What differs between two reports, and whether counts or prices make the difference."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from .html import html_table
from .numbers import count, quantity
from .tables import Document, Table
from .text import lay_out

__all__ = ["Difference", "DifferenceRow", "difference"]

#: Rows shown one by one, those with the largest change; ``rows`` has all.
_SHOWN = 40

#: Relative change of a price that rounding alone can cause.
_NOISE = 1e-12

_CONTEXT = (
    ("board", "priced_on"),
    ("board", "boundary"),
    ("board", "boards"),
    ("time", "dt_ms"),
    ("time", "t_bio_s"),
    ("time", "factor"),
    ("package", "version"),
)


@dataclass(frozen=True)
class DifferenceRow:
    """One number in both reports.

    Attributes
    ----------
    path : str
        For example ``"dynamic.deliveries"``.
    before_j, after_j : float or None, J
        ``None`` where a report lacks it, or it is not published.
    change_j : float or None, J
    from_counts_j, from_prices_j : float or None, J
        Of a component: the change of its count at the old price, and the change
        of its price at the new count. A clamp belongs to the price.
    before_count, after_count : int or None
        Of a component.
    """

    path: str
    before_j: float | None
    after_j: float | None
    change_j: float | None
    from_counts_j: float | None = None
    from_prices_j: float | None = None
    before_count: int | None = None
    after_count: int | None = None


@dataclass(frozen=True)
class Difference:
    """Two reports side by side; ``str()`` and Jupyter show a table.

    Attributes
    ----------
    subjects : (str, str)
        Whose joules stand before and after.
    notes : tuple of str
        What else differs, so that the joules are not of like with like.
    rows : tuple of DifferenceRow
        Totals, components, populations, projections, phases.
    """

    subjects: tuple[str, str]
    notes: tuple[str, ...]
    rows: tuple[DifferenceRow, ...]

    def __getitem__(self, path: str) -> DifferenceRow:
        """Return the row of a path; raises ``KeyError``."""
        for row in self.rows:
            if row.path == path:
                return row
        raise KeyError(path)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    def tables(self) -> list[Table]:
        """Return what is compared, what else differs, and the changes."""
        sides = Table(
            "reports", ("", "whose"), (("before", self.subjects[0]), ("after", self.subjects[1]))
        )
        notes = Table("not alike", ("",), tuple((note,) for note in self.notes))
        changed = [row for row in self.rows if row.change_j != 0.0]
        top = [row for row in changed if "." not in row.path]
        rest = sorted(
            (row for row in changed if row not in top), key=lambda row: -abs(row.change_j or 0.0)
        )
        words = [_words(row) for row in (*top, *rest[:_SHOWN])]
        if len(rest) > _SHOWN:
            words.append((f"and {len(rest) - _SHOWN} smaller changes", *[""] * 5))
        header = ("number", "before", "after", "change", "by counts", "by prices")
        title = "changes" if words else "no energy differs"
        return [sides, *([notes] if notes.rows else []), Table(title, header, tuple(words))]

    def __str__(self) -> str:
        return "\n".join(f"{table.title}\n{lay_out(table)}" for table in self.tables())

    def _repr_html_(self) -> str:
        return "".join(html_table(table) for table in self.tables())


def _words(row: DifferenceRow) -> tuple[str, ...]:
    values = (row.before_j, row.after_j, row.change_j, row.from_counts_j, row.from_prices_j)
    before, after, change, *causes = ("-" if v is None else quantity(v, "J") for v in values)
    if row.change_j is not None and row.before_j:
        change += f" ({100 * row.change_j / row.before_j:+.3g} %)"
    if row.before_count is not None and row.after_count is not None:
        causes[0] += f" ({count(row.before_count)} to {count(row.after_count)})"
    return (row.path, before, after, change, *causes)


def difference(before: Document, after: Document) -> Difference:
    """Compare two reports.

    Parameters
    ----------
    before, after : mapping
        Documents of reports.

    Returns
    -------
    Difference
    """
    notes = []
    for section, key in _CONTEXT:
        old, new = before[section][key], after[section][key]
        if old != new:
            notes.append(f"{key}: {old} before, {new} after")
    if before["scope"] != after["scope"]:
        notes.append(f"scope: {before['scope']} before, {after['scope']} after")
    return Difference(
        (before["subject"], after["subject"]), tuple(notes), tuple(_rows(before, after))
    )


def _rows(before: Document, after: Document) -> Iterator[DifferenceRow]:
    for path, key in (("total", "energy_j"), ("static", "static_j"), ("dynamic", "dynamic_j")):
        yield _row(path, before[key], after[key])
    old, new = before["components"], after["components"]
    for name in _names(old, new):
        if name != "static":
            yield _component(name, old.get(name), new.get(name))
    for section in ("populations", "projections", "phases"):
        old, new = before[section], after[section]
        for label in _names(old, new):
            energies = (part[label]["energy_j"] if label in part else None for part in (old, new))
            yield _row(f"{section}.{label}", *energies)


def _names(old: Document, new: Document) -> list[str]:
    return [*old, *(name for name in new if name not in old)]


def _row(path: str, old: float | None, new: float | None) -> DifferenceRow:
    change = None if old is None or new is None else new - old
    return DifferenceRow(path, old, new, change)


def _component(name: str, old: Any, new: Any) -> DifferenceRow:
    row = _row(f"dynamic.{name}", old and old["energy_j"], new and new["energy_j"])
    counts = (old and old["count"], new and new["count"])
    if row.change_j is None or row.before_j is None or None in counts:
        return row
    counts_j = None
    if counts[0]:
        counts_j = (counts[1] - counts[0]) * row.before_j / counts[0]
    elif row.before_j == 0 and len(old["coefficients"]) == 1:
        counts_j = counts[1] * (old["coefficients"][0]["value"] or 0.0)
    if counts_j is None:
        return row
    prices_j = row.change_j - counts_j
    if abs(prices_j) < _NOISE * max(row.before_j, row.after_j or 0.0):
        prices_j = 0.0
    return DifferenceRow(
        row.path, row.before_j, row.after_j, row.change_j, counts_j, prices_j, *counts
    )
