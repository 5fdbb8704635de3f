"""Helpers for the lessons: check an answer, and say what may have gone wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Real

__all__ = ["check_answer"]


def check_answer(
    answer: object, right: float, hint: str, slips: Mapping[float, str] | None = None
) -> str:
    """Say whether an answer to an exercise is right.

    Parameters
    ----------
    answer : object
        What the student wrote; ``None`` or ``...`` as long as that is nothing.
    right : float
        The number it should be, with all digits.
    hint : str
        One sentence that helps whoever is stuck.
    slips : mapping of float to str, optional
        Wrong numbers that one easily gets, and what was overlooked then.

    Returns
    -------
    str
        One line that begins with ``"Exercise: "``. A lesson prints it and goes on.
    """
    if answer is None or answer is ...:
        return f"Exercise: no answer yet. {hint} Write your number there, and run this again."
    if isinstance(answer, bool) or not isinstance(answer, Real) or not math.isfinite(answer):
        return f"Exercise: not yet. {answer!r} is not a number. {hint}"
    if answer == right:
        return "Exercise: correct."
    known = (slips or {}).get(float(answer))
    if known is not None:
        return f"Exercise: not yet. {known}"
    return f"Exercise: not yet. {answer} is too {'small' if answer < right else 'large'}. {hint}"
