"""The Runge-Kutta-Fehlberg 4(5) step and its step-size controller, for any system.

Coefficients and controller are those of the GNU Scientific Library's ``rkf45``
and standard control (Galassi et al., GNU Scientific Library Reference Manual,
ch. "Ordinary Differential Equations"), which NEST's conductance-based models
use: the fifth-order result is kept, and ratios are formed as the library forms
them so that the last bit agrees.

A cell type writes one ``sub_step(over, h, y, p)`` from ``stage_2`` ... ``stage_6``,
``fifth_order`` and ``embedded_error``, which act on one variable, and hands it
to ``integrate``. ``y`` is the tuple of all variables, ``p`` a tuple of what is
constant during a time step; ``over(x, inverse(c))`` is ``x / c``. All of
``HELPERS`` belong into the model's ``helpers``. A cell type without exponentials
in its ``sub_step`` takes the function from its argument ``method``, and has
``METHODS`` as ``methods``: then the usual step is computed for many cells at once.
"""

from __future__ import annotations

import math

from . import _division
from ._division import SMALLEST_DIVIDEND, quick_quotient, quotient

__all__ = [
    "HELPERS",
    "METHODS",
    "MOST_SUB_STEPS",
    "SMALLEST",
    "accepted_step",
    "bounded_exp",
    "embedded_error",
    "fifth_order",
    "integrate",
    "stage_2",
    "stage_3",
    "stage_4",
    "stage_5",
    "stage_6",
    "whole_step",
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


#: Sub-steps in one time step after which the system counts as too stiff. The
#: reference goes on, for hours; what it finishes in a second takes less than this.
MOST_SUB_STEPS = 10_000

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


def accepted_step(sub_step, y, p, t, suggestion, dt):  # type: ignore[no-untyped-def]
    """Make one sub-step, with smaller and smaller ``h`` until its error is small enough.

    ``sub_step(over, h, y, p)`` returns the variables after ``h`` and the largest
    error in units of what is tolerated. A sub-step that is so small that the
    time would not change is accepted whatever its error. Returns the
    variables, the time and the suggestion for the next sub-step.
    """
    while True:
        remaining = dt - t
        last = suggestion > remaining
        h = remaining if last else suggestion
        t_new = dt if last else t + h
        y_new, ratio = sub_step(quotient, h, y, p)
        if ratio > 1.1:
            suggestion = h * max(0.9 / ratio ** (1.0 / 5.0), 0.2)
            if t_new + suggestion != t_new:
                continue
        suggestion = h
        # After a whole time step nothing longer can follow: the costly power is spared.
        if ratio < 0.5 and h < dt:
            suggestion = h * min(max(0.9 / ratio ** (1.0 / 6.0), 1.0), 5.0)
        return y_new, t_new, suggestion


def integrate(sub_step, y, p, suggestion, dt):  # type: ignore[no-untyped-def]
    """Advance the variables ``y`` by one time step of ``dt`` ms.

    ``suggestion`` is the sub-step (ms) that the last call returned, 0 before
    the first. When the end is too far away for it, it becomes not a number,
    which ends the run with an error. Returns the variables, the suggestion and
    that they hold.
    """
    if suggestion == 0.0:
        suggestion = dt
    t = 0.0
    n = 0
    while t < dt:
        y, t, suggestion = accepted_step(sub_step, y, p, t, suggestion, dt)
        n += 1
        if n == MOST_SUB_STEPS:
            return y, math.nan, True
    return y, suggestion, True


def whole_step(sub_step, y, p, suggestion, dt):  # type: ignore[no-untyped-def]
    """Do the same as ``integrate`` where one sub-step of ``dt`` is enough, as it is mostly.

    Returns the variables, the suggestion, and whether they hold.
    """
    # No "and", "or": they are jumps.
    divides = True
    for x in y:
        divides &= (x == 0.0) | (abs(x) >= SMALLEST_DIVIDEND)
    y, ratio = sub_step(quick_quotient, dt, y, p)
    holds = divides & (ratio <= 1.1) & ((suggestion == 0.0) | (suggestion >= dt))
    return y, dt, holds


#: For ``CellModel.methods``.
METHODS = (whole_step, integrate)

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
    accepted_step,
    integrate,
    whole_step,
)
