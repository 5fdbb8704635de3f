"""A report as Markdown and as LaTeX; labels are escaped."""

from __future__ import annotations

import re
from dataclasses import replace

from .printable import printable
from .tables import Document, Table, headline, tables

__all__ = [
    "latex",
    "latex_escape",
    "latex_table",
    "markdown",
    "markdown_escape",
    "markdown_table",
]

#: Columns with more characters than this are broken into lines in LaTeX.
_WIDE = 22

_LATEX = {
    "\\": r"\textbackslash{}",
    # By name: BibTeX counts braces, those behind a backslash too.
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "''",
    # At the beginning of a row both would be taken as an argument of the line break before.
    "[": "{[}",
    "*": "{*}",
}


def markdown(document: Document) -> str:
    """Return a report as Markdown with GitHub's tables."""
    blocks = ["# Energy report", markdown_escape(headline(document))]
    blocks += [
        f"## {table.title.capitalize()}\n\n{markdown_table(table)}" for table in tables(document)
    ]
    return "\n\n".join(blocks) + "\n"


def markdown_table(table: Table) -> str:
    """Return a table without its title."""
    lines = [tuple(map(markdown_escape, table.header)), tuple("---" for _ in table.header)]
    lines += [tuple(map(markdown_escape, row)) for row in table.rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def markdown_escape(words: str) -> str:
    """Make every character stand for itself; a backslash may stand before any punctuation."""
    flat = printable(" ".join(words.split()))
    flat = flat.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_{}\[\]#|~$!])", r"\\\1", flat)


def latex(document: Document) -> str:
    r"""Return a report as LaTeX tables, to be read by ``\input``; no package is needed."""
    blocks = [f"% {' '.join(headline(document).split())}"]
    blocks += [latex_table(document["subject"], table) for table in tables(document)]
    return "\n\n".join(blocks) + "\n"


def latex_escape(words: str) -> str:
    """Make every character stand for itself; line breaks are blanks."""
    flat = printable(" ".join(words.split()))
    return "".join(_LATEX.get(character, character) for character in flat)


def latex_table(subject: str, table: Table) -> str:
    """Return a table whose caption names the subject of its joules; its rows then need not.

    Of a column "whose" that says the subject in every row only the keys of sources are left, so
    that the table is no wider than a page. Its label is ``tab:greenmorph-`` and the title.
    """
    table = _without_subject(subject, table)
    body_rows = [tuple(cell.removeprefix(f"{subject} ") for cell in row) for row in table.rows]
    columns = list(zip(*body_rows, strict=True))
    wide = [max(map(len, column)) > _WIDE for column in columns]
    # A narrow column takes about an eighth of a line in this size, with the space beside it.
    width = max(0.9 - 0.12 * wide.count(False), 0.3) / max(sum(wide), 1)
    spec = "".join(rf"p{{{width:.2f}\linewidth}}" if is_wide else "l" for is_wide in wide)
    rows = [table.header] if any(table.header) else []
    lines = [" & ".join(map(latex_escape, row)) + r" \\" for row in (*rows, *body_rows)]
    if rows:
        lines.insert(1, r"\hline")
    caption = latex_escape(f"{table.title}; {subject}")
    label = re.sub(r"[^a-z0-9]+", "-", table.title.lower()).strip("-")
    body = "\n".join(lines)
    return (
        f"\\begin{{table}}\n\\caption{{{caption}}}\n\\label{{tab:greenmorph-{label}}}\n\\scriptsize\n"
        f"\\begin{{tabular}}{{{spec}}}\n{body}\n\\end{{tabular}}\n\\end{{table}}"
    )


def _without_subject(subject: str, table: Table) -> Table:
    if "whose" not in table.header:
        return table
    column = table.header.index("whose")
    if any(not row[column].startswith(subject) for row in table.rows):
        return table  # of several boards, say
    rest = [row[column].removeprefix(subject).strip() for row in table.rows]
    # What else stands there are the keys of sources; they stay.
    kept = ("sources",) if any(rest) else ()
    rows = tuple(
        (*row[:column], *((words,) if kept else ()), *row[column + 1 :])
        for row, words in zip(table.rows, rest, strict=True)
    )
    header = (*table.header[:column], *kept, *table.header[column + 1 :])
    return replace(table, header=header, rows=rows)
