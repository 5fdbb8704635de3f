"""EIF_cond_exp_isfa_ista: adaptive exponential cell with exponentially decaying conductances.

The model is that of Brette and Gerstner (2005, doi:10.1152/jn.00686.2005), the
step NEST's ``aeif_cond_exp``.
"""

from __future__ import annotations

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
from ._conductance import decay_stages
from ._parameters import CONDUCTANCE_RECEPTORS

__all__ = ["MODEL", "step", "sub_step"]


def sub_step(h, y, p):  # type: ignore[no-untyped-def]
    """Return ((v, w), (g_exc, g_inh), refractory) after ``h`` ms, and the largest error ratio."""
    (v, w), (g_exc, g_inh), refractory = y
    tau_exc, tau_inh, cell = p
    e, g_exc, e_error = decay_stages(h, g_exc, tau_exc)
    i, g_inh, i_error = decay_stages(h, g_inh, tau_inh)
    v, w, v_error, w_error = adapting_step(h, v, w, e, i, refractory, cell)
    dv, dw = slopes(v, w, g_exc, g_inh, refractory, cell)
    ratio = max(
        error_ratio(v_error, h, dv),
        error_ratio(w_error, h, dw),
        error_ratio(e_error, h, -g_exc / tau_exc),
        error_ratio(i_error, h, -g_inh / tau_inh),
    )
    return ((v, w), (g_exc, g_inh), refractory), ratio


def step(  # type: ignore[no-untyped-def]
    v_mv, w_pa, g_exc_ns, g_inh_ns, refractory, h_ms, in_excitatory, in_inhibitory, i_inj_pa,
    dt_ms, c_m_pf, g_leak_ns, v_rest_mv, v_thresh_mv, v_reset_mv, v_spike_mv, v_fire_mv,
    delta_t_mv, a_ns, b_pa, tau_w_ms, e_exc_mv, e_inh_mv, tau_exc_ms, tau_inh_ms,
    i_offset_pa, refractory_steps,
):  # fmt: skip
    """Advance one cell by one step; all arguments and results are scalars.

    ``h_ms`` is the controller's suggestion; 0 stands for a whole time step.
    Returns the new states in order and the number of spikes.
    """
    cell = (
        i_inj_pa, i_offset_pa, c_m_pf, g_leak_ns, v_rest_mv, v_thresh_mv, v_reset_mv, v_spike_mv,
        delta_t_mv, a_ns, tau_w_ms, e_exc_mv, e_inh_mv,
    )  # fmt: skip
    y = ((v_mv, w_pa), (g_exc_ns, g_inh_ns), refractory)
    y, h_ms, spikes = integrate_and_fire(
        sub_step, y, (tau_exc_ms, tau_inh_ms, cell), h_ms, dt_ms,
        v_fire_mv, v_reset_mv, b_pa, refractory_steps,
    )  # fmt: skip
    (v_mv, w_pa), (g_exc_ns, g_inh_ns), refractory = y
    g_exc_ns = g_exc_ns + in_excitatory
    g_inh_ns = g_inh_ns + in_inhibitory
    return v_mv, w_pa, g_exc_ns, g_inh_ns, refractory, h_ms, spikes


MODEL = CellModel(
    name="EIF_cond_exp_isfa_ista",
    kind="neuron",
    parameters=PARAMETERS,
    states=("v_mv", "w_pa", "g_exc_ns", "g_inh_ns", "refractory", "h_ms"),
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
    doc="Adaptive exponential cell, exponentially decaying conductances, RKF45 steps.",
)
