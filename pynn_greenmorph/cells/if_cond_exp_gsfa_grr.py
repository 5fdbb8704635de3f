"""IF_cond_exp_gsfa_grr: conductances for spike-frequency adaptation and relative refractoriness.

The model is that of Muller, Buesing, Schemmel and Meier (2007,
doi:10.1162/neco.2007.19.11.2958); the step is NEST's ``iaf_cond_exp_sfa_rr``.
As in PyNN's documentation, ``g_s`` and ``g_r`` (nS) are the conductances of
adaptation and of refractoriness.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..registry import CellModel, Parameter, Variable
from . import _rk4
from ._conductance import (
    CONSTANTS,
    HELPERS,
    constants,
    error_ratio,
    leaky_current,
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
from ._rk4 import leaky_membrane, leaky_rate
from ._sub_steps import METHODS

__all__ = ["MODEL", "derive", "fast_constants", "fast_step", "slope", "step", "sub_step"]

FloatArray = NDArray[np.float64]

_ADAPTATION = (
    Parameter("tau_sfa", "tau_sfa_ms", "ms", 100.0, "positive"),
    Parameter("e_rev_sfa", "e_sfa_mv", "mV", -75.0),
    Parameter("q_sfa", "q_sfa_ns", "nS", 15.0, "nonnegative"),
    Parameter("tau_rr", "tau_rr_ms", "ms", 2.0, "positive"),
    Parameter("e_rev_rr", "e_rr_mv", "mV", -75.0),
    Parameter("q_rr", "q_rr_ns", "nS", 3000.0, "nonnegative"),
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
        One entry for each name in ``MODEL.constants``, in pF, nS, mV, ms, pA.
    """
    names = [parameter.column for parameter in _ADAPTATION]
    return constants(columns, dt_ms) | {name: columns[name] for name in names}


def slope(over, v, g, p):  # type: ignore[no-untyped-def]
    """Return dV/dt (mV/ms): 0 while refractory; above the threshold as at the threshold."""
    refractory, c_m, v_thresh, e_sfa, e_rr, currents = p
    if refractory > 0.0:
        return 0.0
    g_exc, g_inh, g_sfa, g_rr = g
    u = min(v, v_thresh)
    i_sfa = g_sfa * (u - e_sfa)
    i_rr = g_rr * (u - e_rr)
    return over(leaky_current(u, g_exc, g_inh, currents) - i_sfa - i_rr, c_m)


def sub_step(over, decay, alpha, h, y, p):  # type: ignore[no-untyped-def]
    """Return (v, g_exc, g_inh, g_sfa, g_rr) after ``h`` ms, and the largest error ratio."""
    v, g_exc, g_inh, g_sfa, g_rr = y
    (tau_exc, tau_inh, tau_sfa, tau_rr), cell = p
    e, g_exc, e_error = decay(h, g_exc, tau_exc)
    i, g_inh, i_error = decay(h, g_inh, tau_inh)
    s, g_sfa, s_error = decay(h, g_sfa, tau_sfa)
    r, g_rr, r_error = decay(h, g_rr, tau_rr)
    v, v_error = potential_step(
        slope, over, h, v, (e[0], i[0], s[0], r[0]), (e[1], i[1], s[1], r[1]),
        (e[2], i[2], s[2], r[2]), (e[3], i[3], s[3], r[3]), (e[4], i[4], s[4], r[4]),
        (e[5], i[5], s[5], r[5]), cell,
    )  # fmt: skip
    error = max(v_error, e_error, i_error, s_error, r_error)
    return (v, g_exc, g_inh, g_sfa, g_rr), error_ratio(over, error)


def step(  # type: ignore[no-untyped-def]
    v_mv, g_exc_ns, g_inh_ns, g_sfa_ns, g_rr_ns, refractory, h_ms,
    in_excitatory, in_inhibitory, i_inj_pa,
    dt_ms, c_m_pf, g_leak_ns, v_rest_mv, v_thresh_mv, v_reset_mv, e_exc_mv, e_inh_mv,
    tau_exc_ms, tau_inh_ms, i_offset_pa, refractory_steps,
    tau_sfa_ms, e_sfa_mv, q_sfa_ns, tau_rr_ms, e_rr_mv, q_rr_ns,
    method,
):  # fmt: skip
    """Advance one cell by one step; all arguments and results are scalars.

    ``h_ms`` is the controller's suggestion; 0 stands for a whole time step.
    Returns the new states in order, the number of spikes, and whether all hold.
    """
    currents = (i_inj_pa, i_offset_pa, g_leak_ns, v_rest_mv, e_exc_mv, e_inh_mv)
    cell = (refractory, inverse(c_m_pf), v_thresh_mv, e_sfa_mv, e_rr_mv, currents)
    taus = (inverse(tau_exc_ms), inverse(tau_inh_ms), inverse(tau_sfa_ms), inverse(tau_rr_ms))
    p = (taus, cell)
    y = (v_mv, g_exc_ns, g_inh_ns, g_sfa_ns, g_rr_ns)
    y, h_ms, holds = method(sub_step, y, p, h_ms, dt_ms)
    v_mv, g_exc_ns, g_inh_ns, g_sfa_ns, g_rr_ns = y
    g_exc_ns = g_exc_ns + in_excitatory
    g_inh_ns = g_inh_ns + in_inhibitory
    v_mv, refractory, spikes = threshold(
        v_mv, refractory, v_thresh_mv, v_reset_mv, refractory_steps
    )
    g_sfa_ns = g_sfa_ns + spikes * q_sfa_ns
    g_rr_ns = g_rr_ns + spikes * q_rr_ns
    return v_mv, g_exc_ns, g_inh_ns, g_sfa_ns, g_rr_ns, refractory, h_ms, spikes, holds


_FAST_ADAPTATION = (
    "h_sfa", "half_sfa", "u_sfa_mv", "q_sfa_ns", "h_rr", "half_rr", "u_rr_mv", "q_rr_ns",
)  # fmt: skip


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
        Those of ``_rk4.exp_constants``, and for both further conductances the step
        over the time constant, the factor for half a step, the reversal potential
        relative to rest (mV), and what a spike adds (nS).
    """
    h_sfa, h_rr = dt_ms / columns["tau_sfa_ms"], dt_ms / columns["tau_rr_ms"]
    return _rk4.exp_constants(columns, dt_ms) | {
        "h_sfa": h_sfa,
        "half_sfa": np.exp(-0.5 * h_sfa),
        "u_sfa_mv": columns["e_sfa_mv"] - columns["v_rest_mv"],
        "q_sfa_ns": columns["q_sfa_ns"],
        "h_rr": h_rr,
        "half_rr": np.exp(-0.5 * h_rr),
        "u_rr_mv": columns["e_rr_mv"] - columns["v_rest_mv"],
        "q_rr_ns": columns["q_rr_ns"],
    }


def decayed(y, f):  # type: ignore[no-untyped-def]
    """Return all four conductances after half a step."""
    return y[0] * f[0], y[1] * f[1], y[2] * f[2], y[3] * f[3]


def factors(p, part):  # type: ignore[no-untyped-def]
    """Return the factors of all four conductances for half of a part of a step."""
    half = -0.5 * part
    return (
        math.exp(half * p[1]), math.exp(half * p[2]), math.exp(half * p[3]), math.exp(half * p[4]),
    )  # fmt: skip


def totals(y, p):  # type: ignore[no-untyped-def]
    """Return the sum of conductances (nS), and the current at the potential 0 (pA)."""
    g_exc, g_inh, g_sfa, g_rr = y
    _, _, _, _, _, g_leak, e_exc, e_inh, e_sfa, e_rr, current = p
    current = current + g_exc * e_exc + g_inh * e_inh + g_sfa * e_sfa + g_rr * e_rr
    return g_leak + g_exc + g_inh + g_sfa + g_rr, current


def fast_step(  # type: ignore[no-untyped-def]
    u_mv, g_exc_ns, g_inh_ns, g_sfa_ns, g_rr_ns, refractory,
    in_excitatory, in_inhibitory, i_inj_pa,
    h_over_c, g_leak_ns, e_exc_mv, e_inh_mv, theta_mv, reset_mv, i_offset_pa, refractory_steps,
    h_exc, h_inh, half_exc, half_inh,
    h_sfa, half_sfa, u_sfa_mv, q_sfa_ns, h_rr, half_rr, u_rr_mv, q_rr_ns, method,
):  # fmt: skip
    """Advance one cell by one step in float32; ``u_mv`` is the potential relative to rest.

    Returns the new states in order, the number of spikes, and whether all hold.
    """
    current = i_inj_pa + i_offset_pa
    p = (
        h_over_c, h_exc, h_inh, h_sfa, h_rr, g_leak_ns, e_exc_mv, e_inh_mv, u_sfa_mv, u_rr_mv,
        current,
    )  # fmt: skip
    y, f = (g_exc_ns, g_inh_ns, g_sfa_ns, g_rr_ns), (half_exc, half_inh, half_sfa, half_rr)
    u_mv, y, holds = method(decayed, factors, totals, leaky_membrane, leaky_rate, u_mv, y, f, p)
    g_exc_ns, g_inh_ns, g_sfa_ns, g_rr_ns = y
    g_exc_ns = g_exc_ns + in_excitatory
    g_inh_ns = g_inh_ns + in_inhibitory
    u_mv, refractory, spikes = threshold(u_mv, refractory, theta_mv, reset_mv, refractory_steps)
    if spikes > 0:
        g_sfa_ns = g_sfa_ns + q_sfa_ns
        g_rr_ns = g_rr_ns + q_rr_ns
    return u_mv, g_exc_ns, g_inh_ns, g_sfa_ns, g_rr_ns, refractory, spikes, holds


_EXACT = CellModel(
    name="IF_cond_exp_gsfa_grr",
    kind="neuron",
    parameters=(*MEMBRANE, *synaptic_times(5.0, 5.0), *reversal_potentials(-70.0), *_ADAPTATION),
    states=("v_mv", "g_exc_ns", "g_inh_ns", "g_sfa_ns", "g_rr_ns", "refractory", "h_ms"),
    variables=(
        Variable("v", "v_mv", "mV", -65.0),
        Variable("g_r", "g_rr_ns", "nS", 0.0),
        Variable("g_s", "g_sfa_ns", "nS", 0.0),
        *SYNAPTIC_CONDUCTANCES,
    ),
    receptors=CONDUCTANCE_RECEPTORS,
    conductance_based=True,
    injectable=True,
    constants=(*CONSTANTS, *(parameter.column for parameter in _ADAPTATION)),
    derive=derive,
    step=step,
    methods=METHODS,
    ordered=(("v_reset", "v_thresh"),),
    helpers=(*HELPERS, slope, sub_step),
    doc="Leaky integrate-and-fire cell, conductances of adaptation and refractoriness, RKF45.",
)

MODEL = replace(
    _EXACT,
    fast=replace(
        _EXACT,
        states=("u_mv", "g_exc_ns", "g_inh_ns", "g_sfa_ns", "g_rr_ns", "refractory"),
        variables=(
            *_rk4.VARIABLES,
            Variable("g_r", "g_rr_ns", "nS", 0.0),
            Variable("g_s", "g_sfa_ns", "nS", 0.0),
        ),
        constants=(*_rk4.EXP_CONSTANTS, *_FAST_ADAPTATION),
        derive=fast_constants,
        step=fast_step,
        methods=_rk4.METHODS,
        helpers=(*_rk4.HELPERS, *_rk4.LEAKY_HELPERS, decayed, factors, totals),
    ),
)
