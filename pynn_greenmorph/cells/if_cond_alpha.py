"""IF_cond_alpha: leaky integrate-and-fire cell with alpha-shaped conductances.

The step is NEST's ``iaf_cond_alpha``: Runge-Kutta-Fehlberg 4(5) with its
step-size controller, whose suggestion is kept from step to step. A weight is
the peak of the conductance that one spike causes.
"""

from __future__ import annotations

import math
from dataclasses import replace

from ..registry import CellModel, Variable
from . import _rk4
from ._conductance import (
    CONSTANTS,
    HELPERS,
    constants,
    error_ratio,
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
from ._rk4 import alpha_decayed, alpha_factors, leaky_membrane, leaky_rate
from ._sub_steps import METHODS

__all__ = ["MODEL", "fast_step", "slope", "step", "sub_step", "totals"]


def slope(over, v, g, p):  # type: ignore[no-untyped-def]
    """Return dV/dt (mV/ms): 0 while refractory; above the threshold as at the threshold.

    Unlike in ``iaf_cond_exp``, injected currents are added last.
    """
    refractory, c_m, v_thresh, i_inj, i_offset, g_leak, v_rest, e_exc, e_inh = p
    if refractory > 0.0:
        return 0.0
    g_exc, g_inh = g
    u = min(v, v_thresh)
    i_exc = g_exc * (u - e_exc)
    i_inh = g_inh * (u - e_inh)
    i_leak = g_leak * (u - v_rest)
    return over(-i_leak - i_exc - i_inh + i_inj + i_offset, c_m)


def sub_step(over, decay, alpha, h, y, p):  # type: ignore[no-untyped-def]
    """Return (v, dg_exc, g_exc, dg_inh, g_inh) after ``h`` ms, and the largest error ratio."""
    v, dg_exc, g_exc, dg_inh, g_inh = y
    tau_exc, tau_inh, cell = p
    e, dg_exc, g_exc, de_error, e_error = alpha(h, dg_exc, g_exc, tau_exc)
    i, dg_inh, g_inh, di_error, i_error = alpha(h, dg_inh, g_inh, tau_inh)
    v, v_error = potential_step(
        slope, over, h, v, (e[0], i[0]), (e[1], i[1]), (e[2], i[2]), (e[3], i[3]),
        (e[4], i[4]), (e[5], i[5]), cell,
    )  # fmt: skip
    error = max(v_error, de_error, e_error, di_error, i_error)
    return (v, dg_exc, g_exc, dg_inh, g_inh), error_ratio(over, error)


def step(  # type: ignore[no-untyped-def]
    v_mv, dg_exc, g_exc_ns, dg_inh, g_inh_ns, refractory, h_ms,
    in_excitatory, in_inhibitory, i_inj_pa,
    dt_ms, c_m_pf, g_leak_ns, v_rest_mv, v_thresh_mv, v_reset_mv, e_exc_mv, e_inh_mv,
    tau_exc_ms, tau_inh_ms, i_offset_pa, refractory_steps, method,
):  # fmt: skip
    """Advance one cell by one step; all arguments and results are scalars.

    ``dg_exc`` and ``dg_inh`` (nS/ms) drive the conductances; ``h_ms`` is the
    controller's suggestion, 0 stands for a whole time step. Returns the new
    states in order, the number of spikes, and whether all hold.
    """
    cell = (
        refractory, inverse(c_m_pf), v_thresh_mv, i_inj_pa, i_offset_pa, g_leak_ns, v_rest_mv,
        e_exc_mv, e_inh_mv,
    )  # fmt: skip
    p = (inverse(tau_exc_ms), inverse(tau_inh_ms), cell)
    y = (v_mv, dg_exc, g_exc_ns, dg_inh, g_inh_ns)
    y, h_ms, holds = method(sub_step, y, p, h_ms, dt_ms)
    v_mv, dg_exc, g_exc_ns, dg_inh, g_inh_ns = y
    dg_exc = dg_exc + in_excitatory * (math.e / tau_exc_ms)
    dg_inh = dg_inh + in_inhibitory * (math.e / tau_inh_ms)
    v_mv, refractory, spikes = threshold(
        v_mv, refractory, v_thresh_mv, v_reset_mv, refractory_steps
    )
    return v_mv, dg_exc, g_exc_ns, dg_inh, g_inh_ns, refractory, h_ms, spikes, holds


def totals(y, p):  # type: ignore[no-untyped-def]
    """Return the sum of conductances (nS), and the current at the potential 0 (pA)."""
    _, g_exc, _, g_inh = y
    _, _, _, _, g_leak, e_exc, e_inh, current = p
    return g_leak + g_exc + g_inh, g_exc * e_exc + g_inh * e_inh + current


def fast_step(  # type: ignore[no-untyped-def]
    u_mv, dg_exc, g_exc_ns, dg_inh, g_inh_ns, refractory, in_excitatory, in_inhibitory, i_inj_pa,
    h_over_c, g_leak_ns, e_exc_mv, e_inh_mv, theta_mv, reset_mv, i_offset_pa, refractory_steps,
    h_exc, h_inh, half_exc, half_inh, half_ms, peak_exc, peak_inh, method,
):  # fmt: skip
    """Advance one cell by one step in float32; ``u_mv`` is the potential relative to rest.

    Returns the new states in order, the number of spikes, and whether all hold.
    """
    current = i_inj_pa + i_offset_pa
    p = (h_over_c, h_exc, h_inh, half_ms, g_leak_ns, e_exc_mv, e_inh_mv, current)
    y, f = (dg_exc, g_exc_ns, dg_inh, g_inh_ns), (half_exc, half_inh, half_ms)
    u_mv, y, holds = method(
        alpha_decayed, alpha_factors, totals, leaky_membrane, leaky_rate, u_mv, y, f, p
    )
    dg_exc, g_exc_ns, dg_inh, g_inh_ns = y
    dg_exc = dg_exc + in_excitatory * peak_exc
    dg_inh = dg_inh + in_inhibitory * peak_inh
    u_mv, refractory, spikes = threshold(u_mv, refractory, theta_mv, reset_mv, refractory_steps)
    return u_mv, dg_exc, g_exc_ns, dg_inh, g_inh_ns, refractory, spikes, holds


_EXACT = CellModel(
    name="IF_cond_alpha",
    kind="neuron",
    parameters=(*MEMBRANE, *synaptic_times(0.3, 0.5), *reversal_potentials(-70.0)),
    states=("v_mv", "dg_exc", "g_exc_ns", "dg_inh", "g_inh_ns", "refractory", "h_ms"),
    variables=(Variable("v", "v_mv", "mV", -65.0), *SYNAPTIC_CONDUCTANCES),
    receptors=CONDUCTANCE_RECEPTORS,
    conductance_based=True,
    injectable=True,
    constants=CONSTANTS,
    derive=constants,
    step=step,
    methods=METHODS,
    ordered=(("v_reset", "v_thresh"),),
    helpers=(*HELPERS, slope, sub_step),
    doc="Leaky integrate-and-fire cell, alpha-shaped conductances, RKF45 steps.",
)

MODEL = replace(
    _EXACT,
    fast=replace(
        _EXACT,
        states=("u_mv", "dg_exc", "g_exc_ns", "dg_inh", "g_inh_ns", "refractory"),
        variables=_rk4.VARIABLES,
        constants=_rk4.ALPHA_CONSTANTS,
        derive=_rk4.alpha_constants,
        step=fast_step,
        methods=_rk4.METHODS,
        helpers=(*_rk4.ALPHA_HELPERS, *_rk4.LEAKY_HELPERS, totals),
    ),
)
