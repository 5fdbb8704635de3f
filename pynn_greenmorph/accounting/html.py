"""A report as HTML, for Jupyter; labels are escaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from .tables import Table, headline, tables

if TYPE_CHECKING:
    from .report import Report

__all__ = ["html"]


def html(report: Report) -> str:
    """Return a report as a piece of HTML."""
    body = "".join(_lay_out(table) for table in tables(report))
    return f'<div class="greenmorph-report"><p><b>{escape(headline(report))}</b></p>{body}</div>'


def _lay_out(table: Table) -> str:
    head = ""
    if any(table.header):
        head = "<thead>" + _row("th", table.header) + "</thead>"
    body = "".join(_row("td", row) for row in table.rows)
    return (
        '<div style="overflow-x: auto"><table>'
        f"<caption>{escape(table.title)}</caption>{head}<tbody>{body}</tbody></table></div>"
    )


def _row(tag: str, cells: tuple[str, ...]) -> str:
    inner = "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells)
    return f"<tr>{inner}</tr>"
