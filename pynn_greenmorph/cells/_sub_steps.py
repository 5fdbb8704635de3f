"""One time step in sub-steps of the right size, as NEST's conductance-based models are integrated.

The controller is that of the GNU Scientific Library (Galassi et al., GNU Scientific
Library Reference Manual, ch. "Ordinary Differential Equations", standard control).

A cell type writes one ``sub_step(over, decay, alpha, h, y, p)`` from what is in
``_rkf45``, and hands it to ``integrate``. ``y`` is the tuple of all variables, ``p`` a
tuple of what is constant during a time step. ``over(x, inverse(c))`` is ``x / c``;
``decay`` and ``alpha`` are ``decay_stages`` and ``alpha_stages`` in one of several ways.
All of ``HELPERS`` belong into the model's ``helpers``. A cell type without exponentials
in its ``sub_step`` takes the function from its argument ``method``, and has ``METHODS``
as ``methods``: then the usual step is computed for many cells at once.
"""

from __future__ import annotations

import math

from . import _decay
from ._decay import (
    plain_alpha,
    plain_decay,
    quick_alpha,
    quick_decay,
    quiet,
    quiet_alpha,
    quiet_decay,
)
from ._division import quick_quotient, quotient

__all__ = [
    "HELPERS",
    "METHODS",
    "MOST_SUB_STEPS",
    "SMALLEST_POTENTIAL",
    "accepted_step",
    "integrate",
    "quiet_step",
    "whole_step",
]

#: Sub-steps in one time step after which the system counts as too stiff. The
#: reference goes on, for hours; what it finishes in a second takes less than this.
MOST_SUB_STEPS = 10_000

#: 2^-400 mV: potentials above it are not changed by the current of quiet conductances.
SMALLEST_POTENTIAL = 3.8725919148493183e-121


def accepted_step(sub_step, y, p, t, suggestion, dt):  # type: ignore[no-untyped-def]
    """Make one sub-step, with smaller and smaller ``h`` until its error is small enough.

    ``sub_step(over, decay, alpha, h, y, p)`` returns the variables after ``h`` and the largest
    error in units of what is tolerated. A sub-step that is so small that the
    time would not change is accepted whatever its error. Returns the
    variables, the time and the suggestion for the next sub-step.
    """
    while True:
        remaining = dt - t
        last = suggestion > remaining
        h = remaining if last else suggestion
        t_new = dt if last else t + h
        y_new, ratio = sub_step(quotient, plain_decay, plain_alpha, h, y, p)
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
            return y, math.nan, 1
    return y, suggestion, 1


def whole_step(sub_step, y, p, suggestion, dt):  # type: ignore[no-untyped-def]
    """Do the same as ``integrate`` where one sub-step of ``dt`` is enough, as it is mostly.

    Returns the variables, the suggestion, and whether they hold: 1, or 0 where
    only a variable is too near to 0, or -1.
    """
    # No "and", "or": they are jumps.
    near_zero = False
    for x in y:
        near_zero |= quiet(x)
    y, ratio = sub_step(quick_quotient, quick_decay, quick_alpha, dt, y, p)
    enough = (ratio <= 1.1) & ((suggestion == 0.0) | (suggestion >= dt))
    return y, dt, (0 if near_zero else 1) if enough else -1


def quiet_step(sub_step, y, p, suggestion, dt):  # type: ignore[no-untyped-def]
    """Do the same where conductances are almost 0 and the potential, ``y[0]``, is not."""
    apart = abs(y[0]) >= SMALLEST_POTENTIAL
    y, ratio = sub_step(quick_quotient, quiet_decay, quiet_alpha, dt, y, p)
    enough = (ratio <= 1.1) & ((suggestion == 0.0) | (suggestion >= dt))
    return y, dt, 1 if apart & enough else -1


#: For ``CellModel.methods``.
METHODS = (whole_step, quiet_step, integrate)

HELPERS = (*_decay.HELPERS, accepted_step, integrate, whole_step, quiet_step)
