"""Cells with conductances in ``precision="fast"``: classical Runge-Kutta steps in float32.

Conductances do not depend on the potential, so they are computed exactly, at
the beginning, in the middle and at the end of a step; the potential then takes
one fourth-order Runge-Kutta step (Kutta 1901, Z. Math. Phys. 46:435). Its
error within a step is below 3e-4 of the way to the equilibrium as long as the
rate of the membrane times the step is at most ``LARGEST_RATE``; where it is
more, the step is cut into parts that are shorter still, because the rate may
grow within a part.

A cell type hands five functions to its argument ``method``:

``decayed(y, f)``
    its conductances ``y``, a tuple, after half a step with the factors ``f``;
``factors(p, part)``
    these factors, for half of a part (a fraction, or more than 1) of a step;
``totals(y, p)``
    the sum of conductances (nS), and the current at the potential 0 (pA);
``membrane(x, first, middle, last, p, part)``
    its other variables ``x`` after a part of a step, from the totals at its
    beginning, middle and end;
``rate(x, total, p)``
    the rate of the membrane times the whole step.

``p`` holds what is constant during a step: first the step over the capacitance
(ms/pF; 0 while refractory), then the step over the time constants. Potentials
are relative to rest, where float32 has more digits.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..registry import Variable
from ._conductance import threshold
from ._linear import refractory_steps
from ._parameters import SYNAPTIC_CONDUCTANCES

__all__ = [
    "ALPHA_CONSTANTS",
    "ALPHA_HELPERS",
    "EXP_CONSTANTS",
    "EXP_HELPERS",
    "FINE_RATE",
    "HELPERS",
    "LARGEST_RATE",
    "LEAKY_HELPERS",
    "METHODS",
    "MOST_PARTS",
    "VARIABLES",
    "alpha_constants",
    "alpha_decayed",
    "alpha_factors",
    "exp_constants",
    "exp_decayed",
    "exp_factors",
    "leaky_membrane",
    "leaky_rate",
    "several_steps",
    "whole_step",
]

FloatArray = NDArray[np.float64]

#: Largest product of the membrane's rate and a Runge-Kutta step: the fifth power of it
#: over 5!, the first term that the method leaves out, is 2.6e-4.
LARGEST_RATE = 0.5

#: The same for a part of a step.
FINE_RATE = 0.125

#: Parts of a step beyond which the system counts as too stiff.
MOST_PARTS = 10_000

#: As the exact cells have them, but for the offset of the potential.
VARIABLES = (Variable("v", "u_mv", "mV", -65.0, offset="v_rest_mv"), *SYNAPTIC_CONDUCTANCES)

#: What ``exp_constants`` and ``alpha_constants`` return, in the order of ``constants``.
EXP_CONSTANTS = (
    "h_over_c", "g_leak_ns", "e_exc_mv", "e_inh_mv", "theta_mv", "reset_mv", "i_offset_pa",
    "refractory_steps", "h_exc", "h_inh", "half_exc", "half_inh",
)  # fmt: skip
ALPHA_CONSTANTS = (*EXP_CONSTANTS, "half_ms", "peak_exc", "peak_inh")


def exp_constants(columns: Mapping[str, FloatArray], dt_ms: float) -> dict[str, FloatArray]:
    """Constants of a cell with two exponentially decaying conductances.

    Parameters
    ----------
    columns : mapping of str to (n,) float64
        Parameter columns in PyNN's units.
    dt_ms : float, ms
        Time step.

    Returns
    -------
    dict of str to (n,) float64
        The step over the capacitance (ms/pF), the leak (nS), potentials
        relative to rest (mV), offset current (pA), refractory steps, the step over
        the time constants, and factors of conductances for half a step.
    """
    h_exc, h_inh = dt_ms / columns["tau_syn_e_ms"], dt_ms / columns["tau_syn_i_ms"]
    return {
        "h_over_c": dt_ms / (columns["cm_nf"] * 1000.0),
        "g_leak_ns": columns["cm_nf"] / columns["tau_m_ms"] * 1000.0,
        "e_exc_mv": columns["e_rev_e_mv"] - columns["v_rest_mv"],
        "e_inh_mv": columns["e_rev_i_mv"] - columns["v_rest_mv"],
        "theta_mv": columns["v_thresh_mv"] - columns["v_rest_mv"],
        "reset_mv": columns["v_reset_mv"] - columns["v_rest_mv"],
        "i_offset_pa": columns["i_offset_na"] * 1000.0,
        "refractory_steps": refractory_steps(columns["tau_refrac_ms"], dt_ms),
        "h_exc": h_exc,
        "h_inh": h_inh,
        "half_exc": np.exp(-0.5 * h_exc),
        "half_inh": np.exp(-0.5 * h_inh),
    }


def alpha_constants(columns: Mapping[str, FloatArray], dt_ms: float) -> dict[str, FloatArray]:
    """Constants of a cell with two alpha-shaped conductances.

    Parameters
    ----------
    columns : mapping of str to (n,) float64
        Parameter columns in PyNN's units.
    dt_ms : float, ms
        Time step.

    Returns
    -------
    dict of str to (n,) float64
        Those of :func:`exp_constants`, half a step (ms), and by how much (/ms) a
        weight raises the slope of its conductance, so that its peak is the weight.
    """
    return exp_constants(columns, dt_ms) | {
        "half_ms": np.full_like(columns["cm_nf"], 0.5 * dt_ms),
        "peak_exc": math.e / columns["tau_syn_e_ms"],
        "peak_inh": math.e / columns["tau_syn_i_ms"],
    }


def exp_decayed(y, f):  # type: ignore[no-untyped-def]
    """Return (g_exc, g_inh) after half a step."""
    return y[0] * f[0], y[1] * f[1]


def exp_factors(p, part):  # type: ignore[no-untyped-def]
    """Return the factors of both conductances for half of a part of a step."""
    return math.exp(-0.5 * p[1] * part), math.exp(-0.5 * p[2] * part)


def alpha_decayed(y, f):  # type: ignore[no-untyped-def]
    """Return (dg_exc, g_exc, dg_inh, g_inh) after half a step: dg' = -dg/tau, g' = dg - g/tau."""
    dg_exc, g_exc, dg_inh, g_inh = y
    exc, inh, half_ms = f
    return dg_exc * exc, (g_exc + half_ms * dg_exc) * exc, dg_inh * inh, (
        g_inh + half_ms * dg_inh
    ) * inh  # fmt: skip


def alpha_factors(p, part):  # type: ignore[no-untyped-def]
    """Return the factors of both conductances, and the time (ms), for half of a part of a step."""
    return math.exp(-0.5 * p[1] * part), math.exp(-0.5 * p[2] * part), p[3] * part


def leaky_membrane(u, first, middle, last, p, part):  # type: ignore[no-untyped-def]
    """Return the potential of a leaky cell after a part of a step."""
    h_over_c = p[0] * part
    k1 = h_over_c * (first[1] - first[0] * u)
    k2 = h_over_c * (middle[1] - middle[0] * (u + 0.5 * k1))
    k3 = h_over_c * (middle[1] - middle[0] * (u + 0.5 * k2))
    k4 = h_over_c * (last[1] - last[0] * (u + k3))
    return u + (k1 + 2.0 * (k2 + k3) + k4) * (1.0 / 6.0)


def leaky_rate(u, total, p):  # type: ignore[no-untyped-def]
    """Return the rate of a leaky membrane times the whole step."""
    return p[0] * total[0]


def whole_step(decayed, factors, totals, membrane, rate, x, y, f, p):  # type: ignore[no-untyped-def]
    """Advance ``x`` and the conductances ``y`` by one time step.

    Returns both, and whether one Runge-Kutta step is short enough.
    """
    first = totals(y, p)
    y = decayed(y, f)
    middle = totals(y, p)
    y = decayed(y, f)
    last = totals(y, p)
    x_new = membrane(x, first, middle, last, p, 1.0)
    return x_new, y, max(rate(x, first, p), rate(x_new, last, p)) <= LARGEST_RATE


def several_steps(decayed, factors, totals, membrane, rate, x, y, f, p):  # type: ignore[no-untyped-def]
    """Do the same in as many parts as it takes.

    Where these are too many, the conductances become not a number, which ends
    the run with an error.
    """
    elapsed, n_parts, y_new = 0.0, 0, y
    first, at_end = totals(y, p), totals(decayed(y, factors(p, 2.0)), p)
    while elapsed < 1.0:
        now, remaining = max(rate(x, first, p), rate(x, at_end, p)), 1.0 - elapsed
        part = remaining if now * remaining <= FINE_RATE else FINE_RATE / now
        n_parts += 1
        until = elapsed + part if n_parts <= MOST_PARTS else math.nan
        # From the beginning of the step: factors of many short parts would lose digits.
        middle = totals(decayed(y, factors(p, elapsed + until)), p)
        y_new = decayed(y, factors(p, 2.0 * until))
        last = totals(y_new, p)
        x = membrane(x, first, middle, last, p, part)
        elapsed, first = until, last
    return x, y_new, True


#: For ``CellModel.methods``.
METHODS = (whole_step, several_steps)

HELPERS = (whole_step, several_steps, threshold)
LEAKY_HELPERS = (leaky_membrane, leaky_rate)
EXP_HELPERS = (exp_decayed, exp_factors, *HELPERS)
ALPHA_HELPERS = (alpha_decayed, alpha_factors, *HELPERS)
