"""What the linear integrate-and-fire cells share: propagators and refractory steps.

The formulas are those of NEST 3.10 (``iaf_propagator`` and the ``iaf_psc_*``
models), in its order of operations, so that spikes agree one by one.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "apply",
    "expm1",
    "membrane_constants",
    "psc_alpha_propagator",
    "psc_exp_propagator",
    "refractory_steps",
]

FloatArray = NDArray[np.float64]


def apply(function: Callable[[float], float], values: FloatArray) -> FloatArray:
    """Apply a function of one float to each element, computing equal elements once.

    NumPy's own ``exp`` uses vector code whose last bit depends on the
    processor; the C library's, which the reference uses, does not.

    Parameters
    ----------
    function : callable
        For example ``math.exp``.
    values : (n,) float64

    Returns
    -------
    (n,) float64
    """
    unique, inverse = np.unique(values, return_inverse=True)
    results = np.array([function(float(value)) for value in unique], dtype=np.float64)
    return results[inverse].reshape(values.shape)


def expm1(x: float) -> float:
    """Return exp(x) - 1 as the sum of its power series.

    NEST's distributed builds sum it, too (``numerics::expm1``); the C library's
    ``expm1`` differs from that in the last bit.

    Parameters
    ----------
    x : float

    Returns
    -------
    float
    """
    if not abs(x) <= math.log(2.0):  # also what is no number
        return math.exp(min(x, 709.0)) - 1.0
    total = x
    n, term = 2, x * x / 2.0
    while abs(term) > abs(total) * sys.float_info.epsilon:
        total += term
        n += 1
        term *= x / n
    return total


def psc_exp_propagator(
    tau_syn_ms: FloatArray, tau_m_ms: FloatArray, c_m_pf: FloatArray, dt_ms: float
) -> FloatArray:
    """Propagator from an exponential synaptic current (pA) to the potential (mV).

    Parameters
    ----------
    tau_syn_ms, tau_m_ms : (n,) float64, ms
        Time constants of the current and of the membrane.
    c_m_pf : (n,) float64, pF
        Membrane capacitance.
    dt_ms : float, ms
        Time step.

    Returns
    -------
    (n,) float64, mV/pA
        ``b/C exp(-h/ts) expm1(h (tm - ts)/(ts tm))`` with ``b = ts tm/(tm - ts)``,
        and its limit ``h/C exp(-h/tm)`` where that is not a normal positive number.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        beta = tau_syn_ms * tau_m_ms / (tau_m_ms - tau_syn_ms)
        exponent = dt_ms * (tau_m_ms - tau_syn_ms) / (tau_syn_ms * tau_m_ms)
        regular = beta / c_m_pf * apply(math.exp, -dt_ms / tau_syn_ms) * apply(expm1, exponent)
    singular = dt_ms / c_m_pf * apply(math.exp, -dt_ms / tau_m_ms)
    normal = np.isfinite(regular) & (regular >= sys.float_info.min)
    return np.where(normal, regular, singular)


def psc_alpha_propagator(
    tau_syn_ms: FloatArray, tau_m_ms: FloatArray, c_m_pf: FloatArray, dt_ms: float
) -> FloatArray:
    """Propagator from the slope of an alpha-shaped synaptic current (pA/ms) to the potential (mV).

    Parameters
    ----------
    tau_syn_ms, tau_m_ms : (n,) float64, ms
        Time to the peak of the current, and time constant of the membrane.
    c_m_pf : (n,) float64, pF
        Membrane capacitance.
    dt_ms : float, ms
        Time step.

    Returns
    -------
    (n,) float64, mV ms/pA
        ``b/C exp(-h/ts) (b expm1(h (tm - ts)/(ts tm)) - h)`` with
        ``b = ts tm/(tm - ts)``; where the two terms cancel, which the reference
        takes for ``h <= 1e-7 tm^2/|tm - ts|``, the limit ``h^2/(2 C) exp(-h/tm)``.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        beta = tau_syn_ms * tau_m_ms / (tau_m_ms - tau_syn_ms)
        exponent = dt_ms * (tau_m_ms - tau_syn_ms) / (tau_syn_ms * tau_m_ms)
        rise = beta * apply(expm1, exponent) - dt_ms
        regular = beta / c_m_pf * apply(math.exp, -dt_ms / tau_syn_ms) * rise
        cancels = dt_ms <= 1e-7 * tau_m_ms * tau_m_ms / np.abs(tau_m_ms - tau_syn_ms)
    singular = dt_ms * dt_ms / 2.0 / c_m_pf * apply(math.exp, -dt_ms / tau_m_ms)
    return np.where(cancels, singular, regular)


def membrane_constants(columns: Mapping[str, FloatArray], dt_ms: float) -> dict[str, FloatArray]:
    """Constants of a leaky membrane whose potential is held relative to rest.

    Parameters
    ----------
    columns : mapping of str to (n,) float64
        Columns of ``_parameters.MEMBRANE``, in PyNN's units.
    dt_ms : float, ms
        Time step.

    Returns
    -------
    dict of str to (n,) float64
        ``i_offset_pa``, ``theta_mv`` and ``v_reset_mv`` relative to rest, and
        ``refractory_steps``.
    """
    return {
        "i_offset_pa": columns["i_offset_na"] * 1000.0,
        "theta_mv": columns["v_thresh_mv"] - columns["v_rest_mv"],
        "v_reset_mv": columns["v_reset_mv"] - columns["v_rest_mv"],
        "refractory_steps": refractory_steps(columns["tau_refrac_ms"], dt_ms),
    }


def refractory_steps(tau_refrac_ms: FloatArray, dt_ms: float) -> FloatArray:
    """Number of steps a cell stays refractory: whole microseconds, then rounded up.

    Parameters
    ----------
    tau_refrac_ms : (n,) float64, ms
    dt_ms : float, ms

    Returns
    -------
    (n,) float64, steps
    """
    microseconds = np.floor(1000.0 * tau_refrac_ms + 0.5)
    return np.ceil(microseconds / round(1000.0 * dt_ms, 6))
