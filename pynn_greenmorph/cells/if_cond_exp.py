"""IF_cond_exp: leaky integrate-and-fire cell with exponentially decaying conductances.

The step is NEST's ``iaf_cond_exp``: Runge-Kutta-Fehlberg 4(5) with its
step-size controller, whose suggestion is kept from step to step.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..registry import CellModel, Parameter, Receptor, Variable
from ._linear import refractory_steps
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
    E1,
    E3,
    E4,
    E5,
    E6,
    SMALLEST,
    TOLERANCE,
)  # fmt: skip

__all__ = ["MODEL", "derive", "slope", "step", "sub_step"]

FloatArray = NDArray[np.float64]


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
        One entry for each name in ``MODEL.constants``, in pF, nS, mV, ms, pA.
    """
    return {
        "dt_ms": np.full_like(columns["cm_nf"], dt_ms),
        "c_m_pf": columns["cm_nf"] * 1000.0,
        "g_leak_ns": columns["cm_nf"] / columns["tau_m_ms"] * 1000.0,
        "v_rest_mv": columns["v_rest_mv"],
        "v_thresh_mv": columns["v_thresh_mv"],
        "v_reset_mv": columns["v_reset_mv"],
        "e_exc_mv": columns["e_rev_e_mv"],
        "e_inh_mv": columns["e_rev_i_mv"],
        "tau_exc_ms": columns["tau_syn_e_ms"],
        "tau_inh_ms": columns["tau_syn_i_ms"],
        "i_offset_pa": columns["i_offset_na"] * 1000.0,
        "refractory_steps": refractory_steps(columns["tau_refrac_ms"], dt_ms),
    }


def slope(v, ge, gi, resting, current, c_m, g_leak, v_rest, v_thresh, v_reset, e_exc, e_inh):  # type: ignore[no-untyped-def]
    """Return dV/dt (mV/ms); a refractory cell (``resting``) is held at ``v_reset``."""
    if resting:
        return 0.0
    u = min(v, v_thresh)
    i_exc = ge * (u - e_exc)
    i_inh = gi * (u - e_inh)
    i_leak = g_leak * (u - v_rest)
    return (-i_leak + current - i_exc - i_inh) / c_m


def sub_step(  # type: ignore[no-untyped-def]
    h, v, ge, gi, resting, current, c_m, g_leak, v_rest, v_thresh, v_reset, e_exc, e_inh, te, ti
):  # fmt: skip
    """Return (v, ge, gi) after ``h`` ms, and the largest error in units of the tolerance."""
    v1 = slope(v, ge, gi, resting, current, c_m, g_leak, v_rest, v_thresh, v_reset, e_exc, e_inh)
    e1, i1 = -ge / te, -gi / ti
    q = 0.25 * h
    ve, ee, ie = v + q * v1, ge + q * e1, gi + q * i1
    v2 = slope(ve, ee, ie, resting, current, c_m, g_leak, v_rest, v_thresh, v_reset, e_exc, e_inh)
    e2, i2 = -ee / te, -ie / ti
    ve = v + h * (B31 * v1 + B32 * v2)
    ee = ge + h * (B31 * e1 + B32 * e2)
    ie = gi + h * (B31 * i1 + B32 * i2)
    v3 = slope(ve, ee, ie, resting, current, c_m, g_leak, v_rest, v_thresh, v_reset, e_exc, e_inh)
    e3, i3 = -ee / te, -ie / ti
    ve = v + h * (B41 * v1 + B42 * v2 + B43 * v3)
    ee = ge + h * (B41 * e1 + B42 * e2 + B43 * e3)
    ie = gi + h * (B41 * i1 + B42 * i2 + B43 * i3)
    v4 = slope(ve, ee, ie, resting, current, c_m, g_leak, v_rest, v_thresh, v_reset, e_exc, e_inh)
    e4, i4 = -ee / te, -ie / ti
    ve = v + h * (B51 * v1 + B52 * v2 + B53 * v3 + B54 * v4)
    ee = ge + h * (B51 * e1 + B52 * e2 + B53 * e3 + B54 * e4)
    ie = gi + h * (B51 * i1 + B52 * i2 + B53 * i3 + B54 * i4)
    v5 = slope(ve, ee, ie, resting, current, c_m, g_leak, v_rest, v_thresh, v_reset, e_exc, e_inh)
    e5, i5 = -ee / te, -ie / ti
    ve = v + h * (B61 * v1 + B62 * v2 + B63 * v3 + B64 * v4 + B65 * v5)
    ee = ge + h * (B61 * e1 + B62 * e2 + B63 * e3 + B64 * e4 + B65 * e5)
    ie = gi + h * (B61 * i1 + B62 * i2 + B63 * i3 + B64 * i4 + B65 * i5)
    v6 = slope(ve, ee, ie, resting, current, c_m, g_leak, v_rest, v_thresh, v_reset, e_exc, e_inh)
    e6, i6 = -ee / te, -ie / ti
    v_new = v + h * (C1 * v1 + C3 * v3 + C4 * v4 + C5 * v5 + C6 * v6)
    ge_new = ge + h * (C1 * e1 + C3 * e3 + C4 * e4 + C5 * e5 + C6 * e6)
    gi_new = gi + h * (C1 * i1 + C3 * i3 + C4 * i4 + C5 * i5 + C6 * i6)
    error = max(
        abs(h * (E1 * v1 + E3 * v3 + E4 * v4 + E5 * v5 + E6 * v6)),
        abs(h * (E1 * e1 + E3 * e3 + E4 * e4 + E5 * e5 + E6 * e6)),
        abs(h * (E1 * i1 + E3 * i3 + E4 * i4 + E5 * i5 + E6 * i6)),
    )
    return v_new, ge_new, gi_new, max(error / TOLERANCE, SMALLEST)


def step(  # type: ignore[no-untyped-def]
    v_mv, g_exc_ns, g_inh_ns, refractory, h_ms, in_excitatory, in_inhibitory, i_inj_pa,
    dt_ms, c_m_pf, g_leak_ns, v_rest_mv, v_thresh_mv, v_reset_mv, e_exc_mv, e_inh_mv,
    tau_exc_ms, tau_inh_ms, i_offset_pa, refractory_steps,
):  # fmt: skip
    """Advance one cell by one step; all arguments and results are scalars.

    ``h_ms`` is the controller's suggestion; 0 stands for a whole time step.
    Returns the new states in order and the number of spikes.
    """
    if h_ms == 0.0:
        h_ms = dt_ms
    t = 0.0
    while t < dt_ms:
        remaining = dt_ms - t
        last = h_ms > remaining
        h = remaining if last else h_ms
        v_new, ge_new, gi_new, ratio = sub_step(
            h, v_mv, g_exc_ns, g_inh_ns, refractory > 0.0, i_inj_pa + i_offset_pa, c_m_pf,
            g_leak_ns, v_rest_mv, v_thresh_mv, v_reset_mv, e_exc_mv, e_inh_mv,
            tau_exc_ms, tau_inh_ms,
        )  # fmt: skip
        if ratio > 1.1:
            h_ms = h * max(0.9 / ratio ** (1.0 / 5.0), 0.2)
            if dt_ms + h_ms == dt_ms:
                # Steps this small never reach the end: give up, and the run ends with an error.
                g_exc_ns, h_ms = math.nan, 0.0
                break
            continue
        v_mv, g_exc_ns, g_inh_ns = v_new, ge_new, gi_new
        t = dt_ms if last else t + h
        h_ms = h
        if ratio < 0.5:
            h_ms = h * min(max(0.9 / ratio ** (1.0 / 6.0), 1.0), 5.0)
    g_exc_ns = g_exc_ns + in_excitatory
    g_inh_ns = g_inh_ns + in_inhibitory
    spikes = 0
    if refractory > 0.0:
        refractory = refractory - 1.0
        v_mv = v_reset_mv
    elif v_mv >= v_thresh_mv:
        refractory = refractory_steps
        v_mv = v_reset_mv
        spikes = 1
    return v_mv, g_exc_ns, g_inh_ns, refractory, h_ms, spikes


MODEL = CellModel(
    name="IF_cond_exp",
    kind="neuron",
    parameters=(
        Parameter("v_rest", "v_rest_mv", "mV", -65.0),
        Parameter("cm", "cm_nf", "nF", 1.0, "positive"),
        Parameter("tau_m", "tau_m_ms", "ms", 20.0, "positive"),
        Parameter("tau_refrac", "tau_refrac_ms", "ms", 0.1, "nonnegative", in_steps=True),
        Parameter("tau_syn_E", "tau_syn_e_ms", "ms", 5.0, "positive"),
        Parameter("tau_syn_I", "tau_syn_i_ms", "ms", 5.0, "positive"),
        Parameter("e_rev_E", "e_rev_e_mv", "mV", 0.0),
        Parameter("e_rev_I", "e_rev_i_mv", "mV", -70.0),
        Parameter("v_thresh", "v_thresh_mv", "mV", -50.0),
        Parameter("v_reset", "v_reset_mv", "mV", -65.0),
        Parameter("i_offset", "i_offset_na", "nA", 0.0),
    ),
    states=("v_mv", "g_exc_ns", "g_inh_ns", "refractory", "h_ms"),
    variables=(
        Variable("v", "v_mv", "mV", -65.0),
        Variable("gsyn_exc", "g_exc_ns", "uS", 0.0, scale=1e-3),
        Variable("gsyn_inh", "g_inh_ns", "uS", 0.0, scale=1e-3),
    ),
    receptors=(Receptor("excitatory", 1000.0), Receptor("inhibitory", 1000.0)),
    conductance_based=True,
    injectable=True,
    constants=(
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
    ),
    derive=derive,
    step=step,
    ordered=(("v_reset", "v_thresh"),),
    helpers=(slope, sub_step),
    doc="Leaky integrate-and-fire cell, exponentially decaying conductances, RKF45 steps.",
)
