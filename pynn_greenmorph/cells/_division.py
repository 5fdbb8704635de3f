"""Division by a constant, rounded as by a division, without dividing.

Divisions of vectors take many times as long as products. NEST's
conductance-based models divide 18 times in a step, always by capacitances and
time constants, and the last bit shall be theirs.

Markstein (1990, IBM Journal of Research and Development 34, doi:10.1147/rd.341.0111)
proved: where ``r`` is ``1/y`` correctly rounded and ``q`` is less than one unit in
the last place from ``x/y``, ``q + r (x - q y)`` with one rounding each is ``x/y``
correctly rounded. ``q`` is near enough with what ``r`` lacks of ``1/y``, ``low``
(Brisebarre, Muller and Raina 2004, IEEE Transactions on Computers 53,
doi:10.1109/TC.2004.37): its error is half a unit, and 2^-53 of that. The remainder
must not underflow: ``x`` is 0 (whose sign may change), or far enough from it.
"""

from __future__ import annotations

from ..arithmetic import fused

__all__ = ["HELPERS", "SMALLEST_DIVIDEND", "inverse", "quick_quotient", "quotient"]

#: 2^-800, for states: what is derived from numbers of this size, such as a synaptic
#: current, and what cancels in it, is still above 2^-916, whose remainders are normal
#: numbers. A conductance without input falls below it after 555 time constants.
SMALLEST_DIVIDEND = 1.499696813895631e-241


def inverse(y):  # type: ignore[no-untyped-def]
    """Return what ``quotient`` and ``quick_quotient`` need of a divisor."""
    r = 1.0 / y
    return y, r, fused(-y, r, 1.0) * r


def quotient(x, divisor):  # type: ignore[no-untyped-def]
    """Return ``x / y``, for any ``x``."""
    return x / divisor[0]


def quick_quotient(x, divisor):  # type: ignore[no-untyped-def]
    """Return the same where ``x`` is 0 or not too near to it."""
    y, r, low = divisor
    q = fused(x, r, x * low)
    return fused(fused(-y, q, x), r, q)


HELPERS = (inverse, quotient, quick_quotient)
