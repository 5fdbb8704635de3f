"""A report as a piece of HTML, for Jupyter and for the page; labels are escaped."""

from __future__ import annotations

from html import escape

from .printable import printable
from .tables import Document, Table, headline, tables

__all__ = ["html", "html_table"]


def html(document: Document) -> str:
    """Return a report as a piece of HTML."""
    body = "".join(html_table(table) for table in tables(document))
    return f'<div class="greenmorph-report"><p><b>{escape(headline(document))}</b></p>{body}</div>'


def html_table(table: Table) -> str:
    """Return a table that scrolls within itself if it is too wide.

    Each cell carries the name of its column, so that a narrow page can show it
    beside the cell instead of above.
    """
    head = ""
    if any(table.header):
        cells = "".join(f"<th>{escape(name)}</th>" for name in table.header)
        head = f"<thead><tr>{cells}</tr></thead>"
    body = "".join(_row(table.header, row) for row in table.rows)
    return (
        '<div style="overflow-x: auto"><table>'
        f"<caption>{escape(table.title)}</caption>{head}<tbody>{body}</tbody></table></div>"
    )


def _row(header: tuple[str, ...], cells: tuple[str, ...]) -> str:
    inner = "".join(
        f'<td data-column="{escape(name)}">{escape(printable(cell))}</td>'
        if name
        else f"<td>{escape(printable(cell))}</td>"
        for name, cell in zip(header, cells, strict=True)
    )
    return f"<tr>{inner}</tr>"
