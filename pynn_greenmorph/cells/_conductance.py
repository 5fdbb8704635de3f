"""What integrate-and-fire cells with synaptic conductances share, on NEST's Runge-Kutta steps.

Conductances do not depend on the potential, so all their stages are computed
first, then those of the potential. The order of operations is that of NEST
3.10 (``iaf_cond_exp``, ``iaf_cond_alpha``, ``iaf_cond_exp_sfa_rr``).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from . import _sub_steps
from ._division import inverse
from ._linear import refractory_steps
from ._rkf45 import (
    SMALLEST,
    embedded_error,
    fifth_order,
    stage_2,
    stage_3,
    stage_4,
    stage_5,
    stage_6,
)

__all__ = [
    "CONSTANTS",
    "HELPERS",
    "TOLERANCE",
    "conductance_constants",
    "constants",
    "error_ratio",
    "leaky_current",
    "leaky_slope",
    "potential_step",
    "threshold",
]

FloatArray = NDArray[np.float64]

#: Absolute tolerance of NEST's conductance-based models, in each variable's unit.
TOLERANCE = 1e-3

#: What ``constants`` returns, in the order in which ``MODEL.constants`` names them.
CONSTANTS = (
    "dt_ms",
    "c_m_pf",
    "g_leak_ns",
    "v_rest_mv",
    "v_thresh_mv",
    "v_reset_mv",
    "e_exc_mv",
    "e_inh_mv",
    "tau_exc_ms",
    "tau_inh_ms",
    "i_offset_pa",
    "refractory_steps",
)


def conductance_constants(columns: Mapping[str, FloatArray], dt_ms: float) -> dict[str, FloatArray]:
    """Constants of a cell with capacitance, offset current and two synaptic conductances.

    Parameters
    ----------
    columns : mapping of str to (n,) float64
        Parameter columns in PyNN's units.
    dt_ms : float, ms
        Time step.

    Returns
    -------
    dict of str to (n,) float64
        ``dt_ms``, ``c_m_pf``, ``e_exc_mv``, ``e_inh_mv``, ``tau_exc_ms``,
        ``tau_inh_ms``, ``i_offset_pa``.
    """
    return {
        "dt_ms": np.full_like(columns["cm_nf"], dt_ms),
        "c_m_pf": columns["cm_nf"] * 1000.0,
        "e_exc_mv": columns["e_rev_e_mv"],
        "e_inh_mv": columns["e_rev_i_mv"],
        "tau_exc_ms": columns["tau_syn_e_ms"],
        "tau_inh_ms": columns["tau_syn_i_ms"],
        "i_offset_pa": columns["i_offset_na"] * 1000.0,
    }


def constants(columns: Mapping[str, FloatArray], dt_ms: float) -> dict[str, FloatArray]:
    """Constants of a leaky integrate-and-fire cell with two synaptic conductances.

    Parameters
    ----------
    columns : mapping of str to (n,) float64
        Parameter columns in PyNN's units.
    dt_ms : float, ms
        Time step.

    Returns
    -------
    dict of str to (n,) float64
        One entry for each name in ``CONSTANTS``, in pF, nS, mV, ms, pA.
    """
    return conductance_constants(columns, dt_ms) | {
        # nF/ms first: the order of operations decides the last bit.
        "g_leak_ns": columns["cm_nf"] / columns["tau_m_ms"] * 1000.0,
        "v_rest_mv": columns["v_rest_mv"],
        "v_thresh_mv": columns["v_thresh_mv"],
        "v_reset_mv": columns["v_reset_mv"],
        "refractory_steps": refractory_steps(columns["tau_refrac_ms"], dt_ms),
    }


def potential_step(slope, over, h, v, g1, g2, g3, g4, g5, g6, p):  # type: ignore[no-untyped-def]
    """Return the potential after ``h`` ms, and its error.

    ``g1`` ... ``g6`` are the tuples of conductances at the stages; ``slope(over,
    v, g, p)`` is dV/dt (mV/ms).
    """
    k1 = slope(over, v, g1, p)
    k2 = slope(over, stage_2(h, v, k1), g2, p)
    k3 = slope(over, stage_3(h, v, k1, k2), g3, p)
    k4 = slope(over, stage_4(h, v, k1, k2, k3), g4, p)
    k5 = slope(over, stage_5(h, v, k1, k2, k3, k4), g5, p)
    k6 = slope(over, stage_6(h, v, k1, k2, k3, k4, k5), g6, p)
    return fifth_order(h, v, k1, k3, k4, k5, k6), embedded_error(h, k1, k3, k4, k5, k6)


def error_ratio(over, largest):  # type: ignore[no-untyped-def]
    """Return the largest error in units of the tolerance."""
    return max(over(largest, inverse(TOLERANCE)), SMALLEST)


def leaky_current(u, g_exc, g_inh, p):  # type: ignore[no-untyped-def]
    """Return the sum of leak, injected and synaptic currents (pA) at the potential ``u``."""
    i_inj, i_offset, g_leak, v_rest, e_exc, e_inh = p
    i_exc = g_exc * (u - e_exc)
    i_inh = g_inh * (u - e_inh)
    i_leak = g_leak * (u - v_rest)
    return -i_leak + i_inj + i_offset - i_exc - i_inh


def leaky_slope(over, v, g, p):  # type: ignore[no-untyped-def]
    """Return dV/dt (mV/ms): 0 while refractory; above the threshold as at the threshold."""
    refractory, c_m, v_thresh, currents = p
    if refractory > 0.0:
        return 0.0
    g_exc, g_inh = g
    return over(leaky_current(min(v, v_thresh), g_exc, g_inh, currents), c_m)


def threshold(v, refractory, v_thresh, v_reset, refractory_steps):  # type: ignore[no-untyped-def]
    """Hold a refractory cell, fire above the threshold: (v, refractory, number of spikes)."""
    if refractory > 0.0:
        return v_reset, refractory - 1.0, 0
    if v >= v_thresh:
        return v_reset, refractory_steps, 1
    return v, refractory, 0


HELPERS = (
    *_sub_steps.HELPERS,
    potential_step,
    error_ratio,
    leaky_current,
    leaky_slope,
    threshold,
)
