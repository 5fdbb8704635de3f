"""IF_cond_exp: leaky integrate-and-fire cell with exponentially decaying conductances.

The step is NEST's ``iaf_cond_exp``: Runge-Kutta-Fehlberg 4(5) with its
step-size controller, whose suggestion is kept from step to step.
"""

from __future__ import annotations

from dataclasses import replace

from ..registry import CellModel, Variable
from . import _rk4
from ._conductance import (
    CONSTANTS,
    HELPERS,
    constants,
    error_ratio,
    leaky_slope,
    potential_step,
    threshold,
)
from ._division import inverse
from ._parameters import (
    CONDUCTANCE_RECEPTORS,
    MEMBRANE,
    SYNAPTIC_CONDUCTANCES,
    reversal_potentials,
    synaptic_times,
)
from ._rk4 import exp_decayed, exp_factors, leaky_membrane, leaky_rate
from ._sub_steps import METHODS

__all__ = ["MODEL", "fast_step", "step", "sub_step", "totals"]


def sub_step(over, decay, alpha, h, y, p):  # type: ignore[no-untyped-def]
    """Return (v, g_exc, g_inh) after ``h`` ms, and the largest error over the tolerance."""
    v, g_exc, g_inh = y
    tau_exc, tau_inh, cell = p
    e, g_exc, e_error = decay(h, g_exc, tau_exc)
    i, g_inh, i_error = decay(h, g_inh, tau_inh)
    v, v_error = potential_step(
        leaky_slope, over, h, v, (e[0], i[0]), (e[1], i[1]), (e[2], i[2]), (e[3], i[3]),
        (e[4], i[4]), (e[5], i[5]), cell,
    )  # fmt: skip
    return (v, g_exc, g_inh), error_ratio(over, max(v_error, e_error, i_error))


def step(  # type: ignore[no-untyped-def]
    v_mv, g_exc_ns, g_inh_ns, refractory, h_ms, in_excitatory, in_inhibitory, i_inj_pa,
    dt_ms, c_m_pf, g_leak_ns, v_rest_mv, v_thresh_mv, v_reset_mv, e_exc_mv, e_inh_mv,
    tau_exc_ms, tau_inh_ms, i_offset_pa, refractory_steps, method,
):  # fmt: skip
    """Advance one cell by one step; all arguments and results are scalars.

    ``h_ms`` is the controller's suggestion; 0 stands for a whole time step.
    Returns the new states in order, the number of spikes, and whether all hold.
    """
    currents = (i_inj_pa, i_offset_pa, g_leak_ns, v_rest_mv, e_exc_mv, e_inh_mv)
    cell = (refractory, inverse(c_m_pf), v_thresh_mv, currents)
    p = (inverse(tau_exc_ms), inverse(tau_inh_ms), cell)
    y, h_ms, holds = method(sub_step, (v_mv, g_exc_ns, g_inh_ns), p, h_ms, dt_ms)
    v_mv, g_exc_ns, g_inh_ns = y
    g_exc_ns = g_exc_ns + in_excitatory
    g_inh_ns = g_inh_ns + in_inhibitory
    v_mv, refractory, spikes = threshold(
        v_mv, refractory, v_thresh_mv, v_reset_mv, refractory_steps
    )
    return v_mv, g_exc_ns, g_inh_ns, refractory, h_ms, spikes, holds


def totals(y, p):  # type: ignore[no-untyped-def]
    """Return the sum of conductances (nS), and the current at the potential 0 (pA)."""
    g_exc, g_inh = y
    _, _, _, g_leak, e_exc, e_inh, current = p
    return g_leak + g_exc + g_inh, g_exc * e_exc + g_inh * e_inh + current


def fast_step(  # type: ignore[no-untyped-def]
    u_mv, g_exc_ns, g_inh_ns, refractory, in_excitatory, in_inhibitory, i_inj_pa,
    h_over_c, g_leak_ns, e_exc_mv, e_inh_mv, theta_mv, reset_mv, i_offset_pa, refractory_steps,
    h_exc, h_inh, half_exc, half_inh, method,
):  # fmt: skip
    """Advance one cell by one step in float32; ``u_mv`` is the potential relative to rest.

    Returns the new states in order, the number of spikes, and whether all hold.
    """
    current = i_inj_pa + i_offset_pa
    p = (h_over_c, h_exc, h_inh, g_leak_ns, e_exc_mv, e_inh_mv, current)
    y, f = (g_exc_ns, g_inh_ns), (half_exc, half_inh)
    u_mv, y, holds = method(
        exp_decayed, exp_factors, totals, leaky_membrane, leaky_rate, u_mv, y, f, p
    )
    u_mv, refractory, spikes = threshold(u_mv, refractory, theta_mv, reset_mv, refractory_steps)
    return u_mv, y[0] + in_excitatory, y[1] + in_inhibitory, refractory, spikes, holds


_EXACT = CellModel(
    name="IF_cond_exp",
    kind="neuron",
    parameters=(*MEMBRANE, *synaptic_times(5.0, 5.0), *reversal_potentials(-70.0)),
    states=("v_mv", "g_exc_ns", "g_inh_ns", "refractory", "h_ms"),
    variables=(Variable("v", "v_mv", "mV", -65.0), *SYNAPTIC_CONDUCTANCES),
    receptors=CONDUCTANCE_RECEPTORS,
    conductance_based=True,
    injectable=True,
    constants=CONSTANTS,
    derive=constants,
    step=step,
    methods=METHODS,
    ordered=(("v_reset", "v_thresh"),),
    helpers=(*HELPERS, sub_step),
    doc="Leaky integrate-and-fire cell, exponentially decaying conductances, RKF45 steps.",
)

MODEL = replace(
    _EXACT,
    fast=replace(
        _EXACT,
        states=("u_mv", "g_exc_ns", "g_inh_ns", "refractory"),
        variables=_rk4.VARIABLES,
        constants=_rk4.EXP_CONSTANTS,
        derive=_rk4.exp_constants,
        step=fast_step,
        methods=_rk4.METHODS,
        helpers=(*_rk4.EXP_HELPERS, *_rk4.LEAKY_HELPERS, totals),
    ),
)
