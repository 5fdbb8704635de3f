"""What steps may call beside ``math``: a product and a sum with one rounding."""

from __future__ import annotations

import math
from fractions import Fraction

__all__ = ["fused"]


def fused(a: float, b: float, c: float) -> float:
    """Return ``a * b + c``, rounded once.

    Compiled steps use the processor's instruction (one without it, older than
    2013, is slow). Elsewhere compilers are not free to join the two: only where
    a step calls this function its result is not that of two operations.

    Parameters
    ----------
    a, b, c : float

    Returns
    -------
    float

    Examples
    --------
    >>> fused(0.1, 10.0, -1.0)
    5.551115123125783e-17
    >>> 0.1 * 10.0 - 1.0
    0.0
    """
    if not (math.isfinite(a) and math.isfinite(b) and math.isfinite(c)):
        return a * b + c
    exact = Fraction(a) * Fraction(b) + Fraction(c)
    if not exact:  # the sign is the one that the two operations give
        return a * b + c
    try:
        return float(exact)
    except OverflowError:
        return math.inf if exact > 0 else -math.inf
