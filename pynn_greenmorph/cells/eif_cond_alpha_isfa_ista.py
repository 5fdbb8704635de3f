"""EIF_cond_alpha_isfa_ista: adaptive exponential cell with alpha-shaped conductances.

The model is that of Brette and Gerstner (2005, doi:10.1152/jn.00686.2005), the
step NEST's ``aeif_cond_alpha``. A weight is the peak of the conductance that
one spike causes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..registry import CellModel
from . import _adex_fast, _rk4
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
from ._adex_fast import adapting_constants, adapting_membrane, adapting_rate
from ._conductance import threshold
from ._division import inverse
from ._parameters import CONDUCTANCE_RECEPTORS
from ._rk4 import alpha_decayed, alpha_factors

__all__ = ["MODEL", "fast_constants", "fast_step", "step", "sub_step", "totals"]

FloatArray = NDArray[np.float64]


def sub_step(over, decay, alpha, h, y, p):  # type: ignore[no-untyped-def]
    """Return ((v, w), conductances, refractory) after ``h`` ms, and the largest error ratio.

    ``conductances`` are (dg_exc, g_exc, dg_inh, g_inh).
    """
    (v, w), (dg_exc, g_exc, dg_inh, g_inh), refractory = y
    tau_exc, tau_inh, cell = p
    e, dg_exc, g_exc, de_error, e_error = alpha(h, dg_exc, g_exc, tau_exc)
    i, dg_inh, g_inh, di_error, i_error = alpha(h, dg_inh, g_inh, tau_inh)
    v, w, v_error, w_error = adapting_step(h, v, w, e, i, refractory, cell)
    dv, dw = slopes(v, w, g_exc, g_inh, refractory, cell)
    ratio = max(
        error_ratio(v_error, h, dv),
        error_ratio(w_error, h, dw),
        error_ratio(de_error, h, over(-dg_exc, tau_exc)),
        error_ratio(e_error, h, dg_exc - over(g_exc, tau_exc)),
        error_ratio(di_error, h, over(-dg_inh, tau_inh)),
        error_ratio(i_error, h, dg_inh - over(g_inh, tau_inh)),
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
        sub_step, y, (inverse(tau_exc_ms), inverse(tau_inh_ms), cell), h_ms, dt_ms,
        v_fire_mv, v_reset_mv, b_pa, refractory_steps,
    )  # fmt: skip
    (v_mv, w_pa), (dg_exc, g_exc_ns, dg_inh, g_inh_ns), refractory = y
    dg_exc = dg_exc + in_excitatory * (math.e / tau_exc_ms)
    dg_inh = dg_inh + in_inhibitory * (math.e / tau_inh_ms)
    return v_mv, w_pa, dg_exc, g_exc_ns, dg_inh, g_inh_ns, refractory, h_ms, spikes


def totals(y, p):  # type: ignore[no-untyped-def]
    """Return the sum of conductances (nS), and the current at the potential 0 (pA)."""
    _, g_exc, _, g_inh = y
    _, _, _, _, g_leak, e_exc, e_inh, current, _ = p
    return g_leak + g_exc + g_inh, g_exc * e_exc + g_inh * e_inh + current


def fast_step(  # type: ignore[no-untyped-def]
    u_mv, w_pa, dg_exc, g_exc_ns, dg_inh, g_inh_ns, refractory,
    in_excitatory, in_inhibitory, i_inj_pa,
    h_over_c, g_leak_ns, e_exc_mv, e_inh_mv, theta_mv, reset_mv, i_offset_pa, refractory_steps,
    h_exc, h_inh, half_exc, half_inh, half_ms, peak_exc, peak_inh,
    u_spike_mv, u_fire_mv, per_delta_t, spike_pa, a_ns, b_pa, h_w, method,
):  # fmt: skip
    """Advance one cell by one step in float32; ``u_mv`` is the potential relative to rest.

    Returns the new states in order, the number of spikes, and whether all hold.
    """
    # A refractory cell stays at its reset potential, only ``w`` goes on.
    h_over_c = 0.0 if refractory > 0.0 else h_over_c
    cell = (h_over_c, theta_mv, u_spike_mv, per_delta_t, spike_pa, a_ns, h_w)
    current = i_inj_pa + i_offset_pa
    p = (h_over_c, h_exc, h_inh, half_ms, g_leak_ns, e_exc_mv, e_inh_mv, current, cell)
    y, f = (dg_exc, g_exc_ns, dg_inh, g_inh_ns), (half_exc, half_inh, half_ms)
    x = (u_mv, w_pa)
    x, y, holds = method(
        alpha_decayed, alpha_factors, totals, adapting_membrane, adapting_rate, x, y, f, p
    )
    u_mv, w_pa = x
    dg_exc, g_exc_ns, dg_inh, g_inh_ns = y
    dg_exc = dg_exc + in_excitatory * peak_exc
    dg_inh = dg_inh + in_inhibitory * peak_inh
    u_mv, refractory, spikes = threshold(u_mv, refractory, u_fire_mv, reset_mv, refractory_steps)
    w_pa = w_pa + b_pa if spikes > 0 else w_pa
    return u_mv, w_pa, dg_exc, g_exc_ns, dg_inh, g_inh_ns, refractory, spikes, holds


def fast_constants(columns: Mapping[str, FloatArray], dt_ms: float) -> dict[str, FloatArray]:
    """Compute the constants of ``fast_step`` from the parameter columns.

    Parameters
    ----------
    columns : mapping of str to (n,) float64
        Parameter columns in PyNN's units.
    dt_ms : float, ms
        Time step.

    Returns
    -------
    dict of str to (n,) float64
        Those of ``_rk4.alpha_constants`` and of ``adapting_constants``.
    """
    return _rk4.alpha_constants(columns, dt_ms) | adapting_constants(columns, dt_ms)


_EXACT = CellModel(
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

MODEL = replace(
    _EXACT,
    fast=replace(
        _EXACT,
        states=("u_mv", "w_pa", "dg_exc", "g_exc_ns", "dg_inh", "g_inh_ns", "refractory"),
        variables=_adex_fast.VARIABLES,
        constants=(*_rk4.ALPHA_CONSTANTS, *_adex_fast.CONSTANTS),
        derive=fast_constants,
        step=fast_step,
        methods=_rk4.METHODS,
        helpers=(*_rk4.ALPHA_HELPERS, *_adex_fast.HELPERS, totals),
    ),
)
