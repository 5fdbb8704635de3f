"""A report as plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .tables import Table, headline, tables

if TYPE_CHECKING:
    from .report import Report

__all__ = ["text"]


def text(report: Report) -> str:
    """Return a report as lines; the first one says whose joules these are."""
    blocks = [headline(report)]
    blocks += [f"\n{table.title}\n" + _lay_out(table) for table in tables(report)]
    return "\n".join(blocks)


def _lay_out(table: Table) -> str:
    shown = [_one_line(row) for row in table.rows]
    if any(table.header):
        shown.insert(0, table.header)
    widths = [max(len(row[column]) for row in shown) for column in range(len(table.header))]
    lines = []
    for row in shown:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        lines.append(("  " + "  ".join(cells)).rstrip())
    return "\n".join(lines)


def _one_line(row: tuple[str, ...]) -> tuple[str, ...]:
    """Keep a label with a line break from tearing a row apart."""
    return tuple(" ".join(cell.splitlines()) for cell in row)
