"""EIF_cond_alpha_isfa_ista: adaptive exponential cell with alpha-shaped conductances.

The model is that of Brette and Gerstner (2005, doi:10.1152/jn.00686.2005), the
step NEST's ``aeif_cond_alpha``. A weight is the peak of the conductance that
one spike causes.
"""

from __future__ import annotations

import math

from ..registry import CellModel
from ._adex import (
    CONSTANTS,
    HELPERS,
    NOT_ABOVE,
    ORDERED,
    PARAMETERS,
    VARIABLES,
    adapting_step,
    derive,
    error_ratio,
    integrate_and_fire,
    slopes,
)
from ._conductance import alpha_stages
from ._parameters import CONDUCTANCE_RECEPTORS

__all__ = ["MODEL", "step", "sub_step"]


def sub_step(h, y, p):  # type: ignore[no-untyped-def]
    """Return ((v, w), conductances, refractory) after ``h`` ms, and the largest error ratio.

    ``conductances`` are (dg_exc, g_exc, dg_inh, g_inh).
    """
    (v, w), (dg_exc, g_exc, dg_inh, g_inh), refractory = y
    tau_exc, tau_inh, cell = p
    e, dg_exc, g_exc, de_error, e_error = alpha_stages(h, dg_exc, g_exc, tau_exc)
    i, dg_inh, g_inh, di_error, i_error = alpha_stages(h, dg_inh, g_inh, tau_inh)
    v, w, v_error, w_error = adapting_step(h, v, w, e, i, refractory, cell)
    dv, dw = slopes(v, w, g_exc, g_inh, refractory, cell)
    ratio = max(
        error_ratio(v_error, h, dv),
        error_ratio(w_error, h, dw),
        error_ratio(de_error, h, -dg_exc / tau_exc),
        error_ratio(e_error, h, dg_exc - g_exc / tau_exc),
        error_ratio(di_error, h, -dg_inh / tau_inh),
        error_ratio(i_error, h, dg_inh - g_inh / tau_inh),
    )
    return ((v, w), (dg_exc, g_exc, dg_inh, g_inh), refractory), ratio


def step(  # type: ignore[no-untyped-def]
    v_mv, w_pa, dg_exc, g_exc_ns, dg_inh, g_inh_ns, refractory, h_ms,
    in_excitatory, in_inhibitory, i_inj_pa,
    dt_ms, c_m_pf, g_leak_ns, v_rest_mv, v_thresh_mv, v_reset_mv, v_spike_mv, v_fire_mv,
    delta_t_mv, a_ns, b_pa, tau_w_ms, e_exc_mv, e_inh_mv, tau_exc_ms, tau_inh_ms,
    i_offset_pa, refractory_steps,
):  # fmt: skip
    """Advance one cell by one step; all arguments and results are scalars.

    ``dg_exc`` and ``dg_inh`` (nS/ms) drive the conductances; ``h_ms`` is the
    controller's suggestion, 0 stands for a whole time step. Returns the new
    states in order and the number of spikes.
    """
    cell = (
        i_inj_pa, i_offset_pa, c_m_pf, g_leak_ns, v_rest_mv, v_thresh_mv, v_reset_mv, v_spike_mv,
        delta_t_mv, a_ns, tau_w_ms, e_exc_mv, e_inh_mv,
    )  # fmt: skip
    y = ((v_mv, w_pa), (dg_exc, g_exc_ns, dg_inh, g_inh_ns), refractory)
    y, h_ms, spikes = integrate_and_fire(
        sub_step, y, (tau_exc_ms, tau_inh_ms, cell), h_ms, dt_ms,
        v_fire_mv, v_reset_mv, b_pa, refractory_steps,
    )  # fmt: skip
    (v_mv, w_pa), (dg_exc, g_exc_ns, dg_inh, g_inh_ns), refractory = y
    dg_exc = dg_exc + in_excitatory * (math.e / tau_exc_ms)
    dg_inh = dg_inh + in_inhibitory * (math.e / tau_inh_ms)
    return v_mv, w_pa, dg_exc, g_exc_ns, dg_inh, g_inh_ns, refractory, h_ms, spikes


MODEL = CellModel(
    name="EIF_cond_alpha_isfa_ista",
    kind="neuron",
    parameters=PARAMETERS,
    states=("v_mv", "w_pa", "dg_exc", "g_exc_ns", "dg_inh", "g_inh_ns", "refractory", "h_ms"),
    variables=VARIABLES,
    receptors=CONDUCTANCE_RECEPTORS,
    conductance_based=True,
    injectable=True,
    constants=CONSTANTS,
    derive=derive,
    step=step,
    ordered=ORDERED,
    not_above=NOT_ABOVE,
    helpers=(*HELPERS, sub_step),
    doc="Adaptive exponential cell, alpha-shaped conductances, RKF45 steps.",
)
