"""Decay of conductances that are almost 0: the bits of denormal numbers without their cost.

A conductance without input decays until what it loses in a step is rounded to
0: after some 740 time constants it stays at a few units of 2^-1074 for good, as
NEST's does. Numbers below 2^-1022 are denormal, and an operation that meets one
takes a processor up to a hundred times longer. So such conductances are computed
2^600 times larger. Sums have the same bits then; products and quotients that
would be denormal are rounded once, to a whole number of units.
"""

from __future__ import annotations

from ..arithmetic import fused
from ._rkf45 import (
    B31,
    B32,
    B41,
    B42,
    B43,
    B51,
    B52,
    B53,
    B54,
    B61,
    B62,
    B63,
    B64,
    B65,
    C1,
    C3,
    C4,
    C5,
    C6,
)

__all__ = [
    "DOWN",
    "HELPERS",
    "SMALLEST_NORMAL",
    "UP",
    "lowered",
    "near_product",
    "near_quotient",
    "raised",
    "settled",
]

#: 2^600 and 2^-600: raised, a number from 2^-1074 to 2^-750 is far from both ends.
UP, DOWN = 4.149515568880993e180, 2.409919865102884e-181

#: 2^-1022, raised: below it, the unit is what it is at it, 2^-52 of it.
SMALLEST_NORMAL = 9.232978617785736e-128

#: 2^-53: half a unit, in terms of the smallest normal number.
HALF_UNIT = 1.1102230246251565e-16


def raised(x):  # type: ignore[no-untyped-def]
    """Return ``x * 2**600``. Sums of denormal numbers cost nothing, products do."""
    normal = SMALLEST_NORMAL * DOWN
    shift = 0.0 if abs(x) >= normal else (normal if x >= 0.0 else -normal)
    return (x + shift) * UP - shift * UP


def lowered(x):  # type: ignore[no-untyped-def]
    """Return ``x * 2**-600`` of a multiple of 2^-474."""
    normal = SMALLEST_NORMAL
    shift = 0.0 if abs(x) >= normal else (normal if x >= 0.0 else -normal)
    return (x + shift) * DOWN - shift * DOWN


def near_product(a, x):  # type: ignore[no-untyped-def]
    """Return ``a * x`` of a raised ``x``, rounded as if it were not raised."""
    p = a * x
    # Added to this, a smaller number is rounded to whole units.
    bound = SMALLEST_NORMAL if p >= 0.0 else -SMALLEST_NORMAL
    return p if abs(p) >= SMALLEST_NORMAL else fused(a, x, bound) - bound


def near_quotient(x, divisor):  # type: ignore[no-untyped-def]
    """Return ``x / y`` of a raised ``x``, rounded as if it were not raised."""
    y = divisor[0]
    q = x / y
    bound = SMALLEST_NORMAL if q >= 0.0 else -SMALLEST_NORMAL
    whole = (q + bound) - bound
    # Only where the first rounding led exactly between two units, the second may go wrong.
    half = SMALLEST_NORMAL * HALF_UNIT
    rest = fused(-q, y, x)
    side = half if rest > 0.0 else -half
    between = (abs(q - whole) == half) & (rest != 0.0)
    whole = q + side if between else whole
    return q if abs(q) >= SMALLEST_NORMAL else whole


def settled(h, g, drive, tau):  # type: ignore[no-untyped-def]
    """Return a raised conductance after ``h`` ms, and before that at the six stages.

    g' = drive - g/tau, ``drive`` at the stages. Operations are those of ``_rkf45``.
    """
    k1 = drive[0] - near_quotient(g, tau)
    g2 = g + near_product(0.25 * h, k1)
    k2 = drive[1] - near_quotient(g2, tau)
    g3 = g + near_product(h, near_product(B31, k1) + near_product(B32, k2))
    k3 = drive[2] - near_quotient(g3, tau)
    slope = near_product(B41, k1) + near_product(B42, k2) + near_product(B43, k3)
    g4 = g + near_product(h, slope)
    k4 = drive[3] - near_quotient(g4, tau)
    slope = near_product(B51, k1) + near_product(B52, k2) + near_product(B53, k3)
    g5 = g + near_product(h, slope + near_product(B54, k4))
    k5 = drive[4] - near_quotient(g5, tau)
    slope = near_product(B61, k1) + near_product(B62, k2) + near_product(B63, k3)
    g6 = g + near_product(h, slope + near_product(B64, k4) + near_product(B65, k5))
    k6 = drive[5] - near_quotient(g6, tau)
    slope = near_product(C1, k1) + near_product(C3, k3) + near_product(C4, k4)
    g_new = g + near_product(h, slope + near_product(C5, k5) + near_product(C6, k6))
    return g_new, (g, g2, g3, g4, g5, g6)


HELPERS = (raised, lowered, near_product, near_quotient, settled)
