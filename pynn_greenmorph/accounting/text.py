"""A report as plain text, no wider than the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .printable import printable
from .tables import Document, Table, headline, tables
from .wrapping import INDENT, broken, terminal_width, wrapped

__all__ = ["lay_out", "text"]

_GAP = 2


def text(document: Document, width: int | None = None) -> str:
    """Return a report as lines; the first one says whose joules these are.

    Parameters
    ----------
    document : mapping
        A report's document.
    width : int, optional
        Most characters in a line; by default those of the terminal.
    """
    blocks = [wrapped(printable(headline(document)), width)]
    blocks += [f"\n{table.title}\n" + lay_out(table, width) for table in tables(document)]
    return "\n".join(blocks)


def lay_out(table: Table, width: int | None = None) -> str:
    """Return a table as lines of aligned columns, without its title.

    Columns that do not fit stand below their row, each with its name before it and
    indented by four blanks, so that nothing is lost; rows are indented by two. A column
    that has half of the width left is broken into lines where it stands instead.

    Parameters
    ----------
    table : Table
    width : int, optional
        Most characters in a line; by default those of the terminal.
    """
    width = terminal_width() if width is None else width
    rows = [_one_line(row) for row in table.rows]
    header = _one_line(table.header)
    shown = [header, *rows] if any(header) else rows
    widths = [max((len(row[column]) for row in shown), default=0) for column in range(len(header))]
    fitting, is_broken = _fit(widths, width)
    beside = fitting + is_broken
    lines = [_beside(header, widths[:fitting], is_broken, width)] if any(header[:beside]) else []
    for row in rows:
        lines.append(_beside(row, widths[:fitting], is_broken, width))
        lines += _below(zip(header[beside:], row[beside:], strict=True), width)
    return "\n".join(lines)


def _fit(widths: Sequence[int], width: int) -> tuple[int, bool]:
    """Return how many columns fit, and whether the next one is broken where it stands."""
    used = 0
    for column, needed in enumerate(widths):
        if used + _GAP + needed > width:
            return column, width - used - _GAP >= width // 2
        used += _GAP + needed
    return len(widths), False


def _beside(row: tuple[str, ...], widths: Sequence[int], is_broken: bool, width: int) -> str:
    """Return the columns that fit, and the next one in the rest of the width if it is broken."""
    start = "".join(" " * _GAP + cell.ljust(room) for cell, room in zip(row, widths, strict=False))
    if not is_broken:
        return start.rstrip()
    start += " " * _GAP
    # A first column that is broken is told from the next row by its indent.
    rest = " " * max(len(start), len(INDENT))
    return "\n".join(broken(row[len(widths)], width, start, rest))


def _below(cells: Iterable[tuple[str, str]], width: int) -> list[str]:
    lines: list[str] = []
    for name, cell in cells:
        words = f"{name}: {cell}" if name else cell
        lines += broken(words, width, INDENT, INDENT + "  ") if cell else []
    return lines


def _one_line(row: tuple[str, ...]) -> tuple[str, ...]:
    """Keep a label with a line break or a control character from tearing a row apart."""
    return tuple(printable(" ".join(cell.splitlines())) for cell in row)
