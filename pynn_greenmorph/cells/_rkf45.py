"""The stages of a Runge-Kutta-Fehlberg 4(5) step, for one variable of any system.

Coefficients are those of the GNU Scientific Library's ``rkf45`` (Galassi et al.,
GNU Scientific Library Reference Manual, ch. "Ordinary Differential Equations"),
which NEST's conductance-based models use: the fifth-order result is kept, and
ratios are formed as the library forms them so that the last bit agrees.
"""

from __future__ import annotations

import math

from . import _division

__all__ = [
    "HELPERS",
    "SMALLEST",
    "bounded_exp",
    "embedded_error",
    "fifth_order",
    "stage_2",
    "stage_3",
    "stage_4",
    "stage_5",
    "stage_6",
]

B31, B32 = 3.0 / 32.0, 9.0 / 32.0
B41, B42, B43 = 1932.0 / 2197.0, -7200.0 / 2197.0, 7296.0 / 2197.0
B51, B52, B53, B54 = 8341.0 / 4104.0, -32832.0 / 4104.0, 29440.0 / 4104.0, -845.0 / 4104.0
B61, B62, B63 = -6080.0 / 20520.0, 41040.0 / 20520.0, -28352.0 / 20520.0
B64, B65 = 9295.0 / 20520.0, -5643.0 / 20520.0
C1, C3, C4 = 902880.0 / 7618050.0, 3953664.0 / 7618050.0, 3855735.0 / 7618050.0
C5, C6 = -1371249.0 / 7618050.0, 277020.0 / 7618050.0
E1, E3, E4, E5, E6 = 1.0 / 360.0, -128.0 / 4275.0, -2197.0 / 75240.0, 1.0 / 50.0, 2.0 / 55.0

#: Smallest error ratio (the smallest normal double), so that a power of it exists.
SMALLEST = 2.2250738585072014e-308


#: Largest argument (rounded down) whose exponential is finite.
LARGEST_EXPONENT = 709.0


def bounded_exp(x):  # type: ignore[no-untyped-def]
    """Return exp(x), finite for any x: a sub-step that is tried and rejected may be far off."""
    return math.exp(min(x, LARGEST_EXPONENT))


def stage_2(h, y, k1):  # type: ignore[no-untyped-def]
    """Return the variable at the second stage, from its value and slopes (``k1`` ...)."""
    return y + 0.25 * h * k1


def stage_3(h, y, k1, k2):  # type: ignore[no-untyped-def]
    """Return the variable at the third stage."""
    return y + h * (B31 * k1 + B32 * k2)


def stage_4(h, y, k1, k2, k3):  # type: ignore[no-untyped-def]
    """Return the variable at the fourth stage."""
    return y + h * (B41 * k1 + B42 * k2 + B43 * k3)


def stage_5(h, y, k1, k2, k3, k4):  # type: ignore[no-untyped-def]
    """Return the variable at the fifth stage."""
    return y + h * (B51 * k1 + B52 * k2 + B53 * k3 + B54 * k4)


def stage_6(h, y, k1, k2, k3, k4, k5):  # type: ignore[no-untyped-def]
    """Return the variable at the sixth stage."""
    return y + h * (B61 * k1 + B62 * k2 + B63 * k3 + B64 * k4 + B65 * k5)


def fifth_order(h, y, k1, k3, k4, k5, k6):  # type: ignore[no-untyped-def]
    """Return the variable after ``h``."""
    return y + h * (C1 * k1 + C3 * k3 + C4 * k4 + C5 * k5 + C6 * k6)


def embedded_error(h, k1, k3, k4, k5, k6):  # type: ignore[no-untyped-def]
    """Return the absolute difference of the fifth- and the fourth-order result."""
    return abs(h * (E1 * k1 + E3 * k3 + E4 * k4 + E5 * k5 + E6 * k6))


HELPERS = (
    *_division.HELPERS,
    bounded_exp,
    stage_2,
    stage_3,
    stage_4,
    stage_5,
    stage_6,
    fifth_order,
    embedded_error,
)
