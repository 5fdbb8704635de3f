"""A report as Markdown and as LaTeX; labels are escaped."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
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

#: A narrow page's text, the space beside a column and the mean width of a character in
#: ``\\scriptsize``, in points: by them it is decided which columns are broken into lines.
_LINE, _SPACE, _CHARACTER = 345.0, 6.0, 4.4

#: Words without a blank in which TeX may break a line have more characters than this.
_LONG = 12

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
    "`": r"\textasciigrave{}",
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


#: Greek letters by their name in LaTeX; a capital one has a name if no Latin one looks like it.
_GREEK = (
    "αalpha", "βbeta", "γgamma", "δdelta", "εepsilon", "ζzeta", "ηeta", "θtheta", "ιiota",
    "κkappa", "λlambda", "μmu", "νnu", "ξxi", "πpi", "ρrho", "ςvarsigma", "σsigma", "τtau",
    "υupsilon", "φphi", "χchi", "ψpsi", "ωomega", "ΓGamma", "ΔDelta", "ΘTheta", "ΛLambda",
    "ΞXi", "ΠPi", "ΣSigma", "ΥUpsilon", "ΦPhi", "ΨPsi", "ΩOmega",
)  # fmt: skip
_LATEX |= {letter[0]: rf"\ensuremath{{\{letter[1:]}}}" for letter in _GREEK}

#: What LaTeX sets without a package, in its default encoding; anything else would be an error.
_SET_AS_IT_IS = re.compile(
    r"[ -~¡-ª¬®-º¼-ÏÑ-Ýß-ïñ-ýÿĀ-ăĆ-ďĒ-ėĚ-ĥĨ-ĭİ-ķĹ-ľŁ-ňŌ-ťŨ-űŴ-ž‐-—‘’“”†‡•…‰€™←-↓]"
)

#: Characters that TeX joins with the same one before them.
_JOINED = "-,'"


def latex(document: Document) -> str:
    r"""Return a report as LaTeX tables, to be read by ``\input``; no package is needed."""
    blocks = [f"% {' '.join(headline(document).split())}"]
    blocks += [latex_table(document["subject"], table) for table in tables(document)]
    return "\n\n".join(blocks) + "\n"


def latex_escape(words: str) -> str:
    """Make every character stand for itself; line breaks are blanks.

    A character that LaTeX does not set without a package is shown as its number: ``U+4E2D``.
    """
    return "".join(_characters(words))


def _characters(words: str) -> list[str]:
    flat = unicodedata.normalize("NFC", printable(" ".join(words.split())))
    return [
        ("{}" if character in _JOINED and before == character else "") + _character(character)
        for before, character in zip(" " + flat, flat, strict=False)
    ]


def _character(character: str) -> str:
    if character in _LATEX:
        return _LATEX[character]
    if _SET_AS_IT_IS.fullmatch(character):
        return character
    return f"U+{ord(character):04X}"


def _breakable(words: str) -> str:
    """Escape words so that lines may be broken within the long ones, too."""
    shown = []
    for word in words.split():
        since = 0
        pieces = []
        for character, piece in zip(word, _characters(word), strict=False):
            since += 1
            pieces.append(piece)
            if len(word) > _LONG and (since >= _LONG or character in "_/.-@:,"):
                pieces.append(r"\allowbreak{}")
                since = 0
        shown.append("".join(pieces))
    return " ".join(shown)


def _widths(columns: Sequence[Sequence[str]]) -> list[float | None]:
    """Return the share of a line that each column gets; ``None`` for those not to be broken."""
    sizes = [max(map(len, column)) for column in columns]
    widths: list[float | None] = [None] * len(sizes)
    rest, order = 0.98 * _LINE, sorted(range(len(sizes)), key=sizes.__getitem__)
    for place, column in enumerate(order):
        natural = sizes[column] * _CHARACTER + _SPACE
        if natural > rest / (len(order) - place):
            wide = order[place:]
            total = sum(math.sqrt(sizes[one]) for one in wide)
            for one in wide:
                share = rest * math.sqrt(sizes[one]) / total
                widths[one] = (share - _SPACE) / _LINE
            break
        rest -= natural
    return widths


def latex_table(subject: str, table: Table) -> str:
    """Return a table whose caption names the subject of its joules; its rows then need not.

    Of a column "whose" that says the subject in every row only the keys of sources are left, so
    that the table is no wider than a page; a table of several subjects keeps it. Its label is
    ``tab:greenmorph-`` and the title. Columns that are too wide are broken into lines.
    """
    table = _without_subject(subject, table)
    several = "whose" in table.header
    rows = list(table.rows)
    has_header = any(table.header)
    if has_header:
        rows.insert(0, table.header)
    widths = _widths(list(zip(*rows, strict=True)))
    spec = "".join("l" if width is None else rf"p{{{width:.3f}\linewidth}}" for width in widths)
    lines = [
        " & ".join(
            latex_escape(cell) if width is None else rf"\raggedright {_breakable(cell)}"
            for cell, width in zip(row, widths, strict=True)
        )
        + r" \tabularnewline"
        for row in rows
    ]
    if has_header:
        lines.insert(1, r"\hline")
    caption = latex_escape(table.title if several else f"{table.title}; {subject}")
    label = re.sub(r"[^a-z0-9]+", "-", table.title.lower()).strip("-")
    body = "\n".join(lines)
    return (
        f"\\begin{{table}}\n\\caption{{{caption}}}\n\\label{{tab:greenmorph-{label}}}\n\\scriptsize\n"
        f"\\setlength{{\\tabcolsep}}{{{_SPACE / 2:g}pt}}\n"
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
