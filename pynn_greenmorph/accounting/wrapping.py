"""Lines no wider than the terminal, without a word lost."""

from __future__ import annotations

import shutil
import textwrap

__all__ = ["INDENT", "broken", "terminal_width", "wrapped"]

#: Before what belongs to the line above.
INDENT = " " * 4

#: Width where there is no terminal: in files, pipes and notebooks.
_WIDTH = 100

#: Below this nothing is readable, so that narrower terminals get it too.
_NARROWEST = 40


def terminal_width() -> int:
    """Return the most characters in a line: those of the terminal, or of ``COLUMNS``."""
    return max(shutil.get_terminal_size((_WIDTH, 0)).columns, _NARROWEST)


def wrapped(words: str, width: int | None = None) -> str:
    """Break lines that are too long between words; what follows is indented by four blanks more.

    Parameters
    ----------
    words : str
        One line or several.
    width : int, optional
        Most characters in a line; by default those of the terminal.
    """
    width = terminal_width() if width is None else width
    lines: list[str] = []
    for line in words.splitlines():
        own = line[: len(line) - len(line.lstrip(" "))]
        lines += [line] if len(line) <= width else broken(line, width, "", own + INDENT)
    return "\n".join(lines)


def broken(words: str, width: int, first: str, rest: str) -> list[str]:
    """Break words into lines that begin with ``first`` and ``rest``.

    Only a word that is longer than a whole line is cut.
    """
    made = textwrap.wrap(
        words,
        width,
        initial_indent=first,
        subsequent_indent=rest,
        break_on_hyphens=False,  # names of boards and files
        replace_whitespace=False,
    )
    return [line.rstrip() for line in made] or [first.rstrip()]
