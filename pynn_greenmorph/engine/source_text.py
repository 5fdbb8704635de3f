"""The source text of a function, in a tenth of the time that ``inspect`` takes.

Every process asks for some ninety texts before its first run, because machine code is
kept under their hash. ``inspect`` splits each into tokens in Python, which took half of
the first run of a small network (44 of 85 ms).
"""

from __future__ import annotations

import inspect
import linecache
from collections.abc import Callable
from operator import itemgetter
from types import FunctionType
from typing import Any

__all__ = ["source_of"]

#: How lines begin that do not end a function at the margin: in it, empty, comments, and
#: the end of a list of arguments.
_GOES_ON = (" ", "\t", "#", ")", "\n", "\r", "\f")


def source_of(function: Callable[..., Any]) -> str:
    """Return the source text of a function.

    Parameters
    ----------
    function : callable
        Where it does not begin at the margin of its file, or might not end before the next
        line that does, ``inspect`` is asked.

    Returns
    -------
    str
        As from :func:`inspect.getsource`.

    Raises
    ------
    OSError
        When there is none, as for what was typed into a plain Python prompt.
    """
    if not isinstance(function, FunctionType) or hasattr(function, "__wrapped__"):
        return inspect.getsource(function)
    code = function.__code__
    linecache.checkcache(code.co_filename)  # a file may change, and its module be loaded again
    lines = linecache.getlines(code.co_filename, function.__globals__)
    first, end = code.co_firstlineno - 1, code.co_firstlineno
    # Up to where its instructions come from, and then up to the next line at the margin.
    last = max(filter(None, map(itemgetter(1), code.co_positions())), default=0)
    if last == 0 or len(lines) < last or not lines[first].startswith(("def ", "@")):
        return inspect.getsource(function)
    while end < len(lines) and (end < last or lines[end].startswith(_GOES_ON)):
        end += 1
    while lines[end - 1].isspace() or lines[end - 1].startswith("#"):
        end -= 1
    text = "".join(lines[first:end])
    # A line of a text in triple quotes, or of a list, may begin at the margin, too.
    whole = all(text.count(one) % 2 == 0 for one in ('"""', "'''"))
    whole = whole and all(text.count(a) == text.count(b) for a, b in ("()", "[]", "{}"))
    return text if whole else inspect.getsource(function)
