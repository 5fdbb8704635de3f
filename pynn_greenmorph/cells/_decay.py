"""Decaying and alpha-shaped conductances at the stages of a Runge-Kutta step.

Conductances depend on nothing else, so that what is almost 0 can be computed in
another way. Below ``SMALLEST_DIVIDEND`` a conductance is *quiet*: beside currents
and potentials that are not as near to 0, its current is rounded away.
"""

from __future__ import annotations

import math

from . import _near_zero, _rkf45
from ._division import SMALLEST_DIVIDEND, quick_quotient, quotient
from ._near_zero import lowered, raised, settled
from ._rkf45 import (
    embedded_error,
    fifth_order,
    stage_2,
    stage_3,
    stage_4,
    stage_5,
    stage_6,
)

__all__ = [
    "HELPERS",
    "LARGEST_PAIR",
    "alpha_stages",
    "decay_stages",
    "plain_alpha",
    "plain_decay",
    "quick_alpha",
    "quick_decay",
    "quiet",
    "quiet_alpha",
    "quiet_decay",
]

#: 2^-750. Of an alpha-shaped conductance and what drives it one becomes quiet first;
#: from then on both are computed as quiet ones, unless one is larger than this.
LARGEST_PAIR = 1.688508503057271e-226


def decay_stages(over, h, g, tau):  # type: ignore[no-untyped-def]
    """Return a decaying conductance at the six stages, after ``h`` ms, and its error.

    ``over`` divides, ``tau`` is what it needs of the time constant.
    """
    k1 = over(-g, tau)
    g2 = stage_2(h, g, k1)
    k2 = over(-g2, tau)
    g3 = stage_3(h, g, k1, k2)
    k3 = over(-g3, tau)
    g4 = stage_4(h, g, k1, k2, k3)
    k4 = over(-g4, tau)
    g5 = stage_5(h, g, k1, k2, k3, k4)
    k5 = over(-g5, tau)
    g6 = stage_6(h, g, k1, k2, k3, k4, k5)
    k6 = over(-g6, tau)
    g_new = fifth_order(h, g, k1, k3, k4, k5, k6)
    return (g, g2, g3, g4, g5, g6), g_new, embedded_error(h, k1, k3, k4, k5, k6)


def alpha_stages(over, h, dg, g, tau):  # type: ignore[no-untyped-def]
    """Return an alpha-shaped conductance ``g`` at the six stages, (dg, g) after ``h``, the errors.

    ``dg`` (nS/ms) drives ``g``: dg' = -dg/tau, g' = dg - g/tau.
    """
    d, d_new, d_error = decay_stages(over, h, dg, tau)
    k1 = d[0] - over(g, tau)
    g2 = stage_2(h, g, k1)
    k2 = d[1] - over(g2, tau)
    g3 = stage_3(h, g, k1, k2)
    k3 = d[2] - over(g3, tau)
    g4 = stage_4(h, g, k1, k2, k3)
    k4 = d[3] - over(g4, tau)
    g5 = stage_5(h, g, k1, k2, k3, k4)
    k5 = d[4] - over(g5, tau)
    g6 = stage_6(h, g, k1, k2, k3, k4, k5)
    k6 = d[5] - over(g6, tau)
    g_new = fifth_order(h, g, k1, k3, k4, k5, k6)
    error = embedded_error(h, k1, k3, k4, k5, k6)
    return (g, g2, g3, g4, g5, g6), d_new, g_new, d_error, error


def plain_decay(h, g, tau):  # type: ignore[no-untyped-def]
    """Return what ``decay_stages`` does, by division."""
    return decay_stages(quotient, h, g, tau)


def plain_alpha(h, dg, g, tau):  # type: ignore[no-untyped-def]
    """Return what ``alpha_stages`` does, by division."""
    return alpha_stages(quotient, h, dg, g, tau)


def quiet(g):  # type: ignore[no-untyped-def]
    """Return whether a conductance is so small that it changes no potential, nor is 0."""
    return (g != 0.0) & (abs(g) < SMALLEST_DIVIDEND)


def audible(g):  # type: ignore[no-untyped-def]
    """Return a conductance, or 0 for a quiet one."""
    return g if abs(g) >= SMALLEST_DIVIDEND else 0.0


def quick_decay(h, g, tau):  # type: ignore[no-untyped-def]
    """Return what ``decay_stages`` does; a quiet conductance is taken for 0."""
    return decay_stages(quick_quotient, h, audible(g), tau)


def quick_alpha(h, dg, g, tau):  # type: ignore[no-untyped-def]
    """Return what ``alpha_stages`` does; quiet ones are taken for 0."""
    return alpha_stages(quick_quotient, h, audible(dg), audible(g), tau)


def quiet_decay(h, g, tau):  # type: ignore[no-untyped-def]
    """Return the same, but a quiet conductance has decayed."""
    stages, g_new, error = quick_decay(h, g, tau)
    rest, _ = settled(h, raised(g if quiet(g) else 0.0), (0.0, 0.0, 0.0, 0.0, 0.0, 0.0), tau)
    return stages, lowered(rest) if quiet(g) else g_new, error


def quiet_alpha(h, dg, g, tau):  # type: ignore[no-untyped-def]
    """Return the same, but quiet ones have decayed; the error is infinite where this cannot be."""
    both = (quiet(dg) | quiet(g)) & (max(abs(dg), abs(g)) < LARGEST_PAIR)
    d = 0.0 if both else dg
    y = 0.0 if both else g
    stages, d_new, g_new, d_error, error = quick_alpha(h, d, y, tau)
    error = math.inf if quiet(d) | quiet(y) else error
    d_rest, drive = settled(h, raised(dg if both else 0.0), (0.0, 0.0, 0.0, 0.0, 0.0, 0.0), tau)
    rest, _ = settled(h, raised(g if both else 0.0), drive, tau)
    d_new, g_new = lowered(d_rest) if both else d_new, lowered(rest) if both else g_new
    return stages, d_new, g_new, d_error, error


HELPERS = (
    *_rkf45.HELPERS,
    *_near_zero.HELPERS,
    decay_stages,
    alpha_stages,
    plain_decay,
    plain_alpha,
    quiet,
    audible,
    quick_decay,
    quick_alpha,
    quiet_decay,
    quiet_alpha,
)
