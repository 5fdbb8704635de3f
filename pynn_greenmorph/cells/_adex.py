"""What the adaptive exponential integrate-and-fire cells share.

The model is that of Brette and Gerstner (2005, doi:10.1152/jn.00686.2005), the
order of operations and the tolerances are those of NEST 3.10
(``aeif_cond_exp``, ``aeif_cond_alpha``). A spike is looked for after every
sub-step, so that a cell without a refractory period may fire several times in
a time step.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..registry import Parameter, Variable
from ._conductance import conductance_constants
from ._linear import refractory_steps
from ._parameters import SYNAPTIC_CONDUCTANCES, reversal_potentials, synaptic_times
from ._rkf45 import (
    SMALLEST,
    bounded_exp,
    embedded_error,
    fifth_order,
    stage_2,
    stage_3,
    stage_4,
    stage_5,
    stage_6,
)
from ._sub_steps import HELPERS as SUB_STEP_HELPERS
from ._sub_steps import MOST_SUB_STEPS, accepted_step

__all__ = [
    "CONSTANTS",
    "HELPERS",
    "NOT_ABOVE",
    "ORDERED",
    "PARAMETERS",
    "TOLERANCE",
    "VARIABLES",
    "adapting_step",
    "derive",
    "error_ratio",
    "integrate_and_fire",
    "slopes",
]

FloatArray = NDArray[np.float64]

#: NEST's ``gsl_error_tol``: absolute, and relative to the change in a sub-step.
TOLERANCE = 1e-6

#: Beyond these, NEST's and this step ends the run: the exponential was too steep.
LOWEST_V_MV = -1e3
LARGEST_W_PA = 1e6

PARAMETERS = (
    Parameter("cm", "cm_nf", "nF", 0.281, "positive"),
    Parameter("tau_refrac", "tau_refrac_ms", "ms", 0.1, "nonnegative", in_steps=True),
    Parameter("v_spike", "v_spike_mv", "mV", -40.0),
    Parameter("v_reset", "v_reset_mv", "mV", -70.6),
    Parameter("v_rest", "v_rest_mv", "mV", -70.6),
    Parameter("tau_m", "tau_m_ms", "ms", 9.3667, "positive"),
    Parameter("i_offset", "i_offset_na", "nA", 0.0),
    Parameter("a", "a_ns", "nS", 4.0),
    Parameter("b", "b_na", "nA", 0.0805),
    Parameter("delta_T", "delta_t_mv", "mV", 2.0, "nonnegative"),
    Parameter("tau_w", "tau_w_ms", "ms", 144.0, "positive"),
    Parameter("v_thresh", "v_thresh_mv", "mV", -50.4),
    *synaptic_times(5.0, 5.0),
    *reversal_potentials(-80.0),
)

VARIABLES = (
    Variable("v", "v_mv", "mV", -70.6),
    Variable("w", "w_pa", "nA", 0.0, scale=1e-3),
    *SYNAPTIC_CONDUCTANCES,
)

#: As NEST demands.
ORDERED = (("v_reset", "v_spike"),)
NOT_ABOVE = (("v_thresh", "v_spike"),)

CONSTANTS = (
    "dt_ms",
    "c_m_pf",
    "g_leak_ns",
    "v_rest_mv",
    "v_thresh_mv",
    "v_reset_mv",
    "v_spike_mv",
    "v_fire_mv",
    "delta_t_mv",
    "a_ns",
    "b_pa",
    "tau_w_ms",
    "e_exc_mv",
    "e_inh_mv",
    "tau_exc_ms",
    "tau_inh_ms",
    "i_offset_pa",
    "refractory_steps",
)


def derive(columns: Mapping[str, FloatArray], dt_ms: float) -> dict[str, FloatArray]:
    """Compute the constants of the step from the parameter columns.

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
        ``v_fire_mv`` is where a spike is found: ``v_spike``, or ``v_thresh``
        where ``delta_T`` is 0 and nothing carries the potential further.
    """
    same = ("v_rest_mv", "v_thresh_mv", "v_reset_mv", "v_spike_mv", "delta_t_mv", "a_ns")
    return conductance_constants(columns, dt_ms) | {
        **{name: columns[name] for name in same},
        "g_leak_ns": columns["cm_nf"] / columns["tau_m_ms"] * 1000.0,
        "b_pa": columns["b_na"] * 1000.0,
        "tau_w_ms": columns["tau_w_ms"],
        "v_fire_mv": np.where(
            columns["delta_t_mv"] == 0.0, columns["v_thresh_mv"], columns["v_spike_mv"]
        ),
        "refractory_steps": refractory_steps(columns["tau_refrac_ms"], dt_ms),
    }


def slopes(v, w, g_exc, g_inh, refractory, cell):  # type: ignore[no-untyped-def]
    """Return dV/dt (mV/ms) and dw/dt (pA/ms); a refractory cell's potential stays, ``w`` does not.

    Above ``v_spike`` the slopes are those at ``v_spike``, so that the
    exponential current stays finite.
    """
    (
        i_inj, i_offset, c_m, g_leak, v_rest, v_thresh, v_reset, v_spike, delta_t, a, tau_w,
        e_exc, e_inh,
    ) = cell  # fmt: skip
    u = v_reset if refractory > 0.0 else min(v, v_spike)
    dw = (a * (u - v_rest) - w) / tau_w
    if refractory > 0.0:
        return 0.0, dw
    i_exc = g_exc * (u - e_exc)
    i_inh = g_inh * (u - e_inh)
    i_spike = 0.0
    if delta_t != 0.0:
        i_spike = g_leak * delta_t * bounded_exp((u - v_thresh) / delta_t)
    dv = (-g_leak * (u - v_rest) + i_spike - i_exc - i_inh - w + i_offset + i_inj) / c_m
    return dv, dw


def adapting_step(h, v, w, e, i, refractory, cell):  # type: ignore[no-untyped-def]
    """Return (v, w) after ``h`` ms, and their errors; ``e``, ``i``: conductances at the stages."""
    v1, w1 = slopes(v, w, e[0], i[0], refractory, cell)
    x, z = stage_2(h, v, v1), stage_2(h, w, w1)
    v2, w2 = slopes(x, z, e[1], i[1], refractory, cell)
    x, z = stage_3(h, v, v1, v2), stage_3(h, w, w1, w2)
    v3, w3 = slopes(x, z, e[2], i[2], refractory, cell)
    x, z = stage_4(h, v, v1, v2, v3), stage_4(h, w, w1, w2, w3)
    v4, w4 = slopes(x, z, e[3], i[3], refractory, cell)
    x, z = stage_5(h, v, v1, v2, v3, v4), stage_5(h, w, w1, w2, w3, w4)
    v5, w5 = slopes(x, z, e[4], i[4], refractory, cell)
    x, z = stage_6(h, v, v1, v2, v3, v4, v5), stage_6(h, w, w1, w2, w3, w4, w5)
    v6, w6 = slopes(x, z, e[5], i[5], refractory, cell)
    v_new, v_error = fifth_order(h, v, v1, v3, v4, v5, v6), embedded_error(h, v1, v3, v4, v5, v6)
    w_new, w_error = fifth_order(h, w, w1, w3, w4, w5, w6), embedded_error(h, w1, w3, w4, w5, w6)
    return v_new, w_new, v_error, w_error


def error_ratio(error, h, slope):  # type: ignore[no-untyped-def]
    """Return the error of a variable over what is tolerated, given its slope after ``h`` ms."""
    return max(error / (TOLERANCE * abs(h * slope) + TOLERANCE), SMALLEST)


def integrate_and_fire(sub_step, y, p, suggestion, dt, v_fire, v_reset, b, refractory_steps):  # type: ignore[no-untyped-def]
    """Advance (v, w) and the conductances by one time step of ``dt`` ms, with resets.

    ``y`` is ``((v, w), conductances, refractory)``. Returns the new ``y``, the
    suggestion for the next sub-step (not a number, which ends the run with an
    error, when the system is too steep), and the number of spikes.
    """
    if suggestion == 0.0:
        suggestion = dt
    t = 0.0
    n = spikes = 0
    while t < dt:
        y, t, suggestion = accepted_step(sub_step, y, p, t, suggestion, dt)
        (v, w), conductances, refractory = y
        n += 1
        if v < LOWEST_V_MV or abs(w) > LARGEST_W_PA or n == MOST_SUB_STEPS:
            return y, math.nan, spikes
        if refractory > 0.0:
            v = v_reset
        elif v >= v_fire:
            v, w = v_reset, w + b
            # One more, because the time step of the spike counts as well.
            refractory = refractory_steps + 1.0 if refractory_steps > 0.0 else 0.0
            spikes += 1
        y = (v, w), conductances, refractory
    if refractory > 0.0:
        y = (v, w), conductances, refractory - 1.0
    return y, suggestion, spikes


HELPERS = (
    *SUB_STEP_HELPERS,
    slopes,
    adapting_step,
    error_ratio,
    integrate_and_fire,
)
