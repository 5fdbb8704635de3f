"""A report as plain text."""

from __future__ import annotations

from .printable import printable
from .tables import Document, Table, headline, tables

__all__ = ["lay_out", "text"]


def text(document: Document) -> str:
    """Return a report as lines; the first one says whose joules these are."""
    blocks = [printable(headline(document))]
    blocks += [f"\n{table.title}\n" + lay_out(table) for table in tables(document)]
    return "\n".join(blocks)


def lay_out(table: Table) -> str:
    """Return a table as lines of aligned columns, without its title."""
    shown = [_one_line(row) for row in table.rows]
    if any(table.header):
        shown.insert(0, _one_line(table.header))
    widths = [max(len(row[column]) for row in shown) for column in range(len(table.header))]
    lines = []
    for row in shown:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        lines.append(("  " + "  ".join(cells)).rstrip())
    return "\n".join(lines)


def _one_line(row: tuple[str, ...]) -> tuple[str, ...]:
    """Keep a label with a line break or a control character from tearing a row apart."""
    return tuple(printable(" ".join(cell.splitlines())) for cell in row)
