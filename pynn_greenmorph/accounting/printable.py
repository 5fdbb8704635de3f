"""Words of users where they must not do anything: on a terminal, in a spreadsheet."""

from __future__ import annotations

from typing import Any

__all__ = ["error_words", "harmless", "one_line", "printable"]


def printable(words: str) -> str:
    r"""Return words with control characters as escapes, ``"\\x1b[2J"``; line breaks stay.

    A label may hold what clears a terminal or turns the direction of writing.
    """
    return "".join(
        c if c.isprintable() or c in "\n\r\t" else c.encode("unicode_escape").decode()
        for c in words
    )


def one_line(words: str) -> str:
    """Return the same with line breaks and tabs as escapes too."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in words)


def error_words(error: BaseException) -> str:
    """Return an error's kind and message in at most 2000 characters."""
    try:
        message = str(error)
    except Exception:  # noqa: BLE001 - a script's own class may do anything
        message = "its message cannot be made"
    words = f"{type(error).__name__}: {message}" if message else type(error).__name__
    # Half a surrogate pair, as in names of files, cannot be written.
    return words[:2000].encode("utf-8", "backslashreplace").decode()


def harmless(cell: Any) -> Any:
    """Keep a spreadsheet from taking a label such as ``=1+1`` as a formula; see ``printable``."""
    if not isinstance(cell, str):
        return cell
    cell = printable(cell)
    return "'" + cell if cell.lstrip().startswith(("=", "+", "-", "@")) else cell
