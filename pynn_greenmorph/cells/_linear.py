"""What the linear integrate-and-fire cells share: propagators and refractory steps.

The formulas are those of NEST 3.10 (``iaf_propagator`` and the ``iaf_psc_*``
models), in its order of operations, so that spikes agree one by one.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["apply", "psc_exp_propagator", "refractory_steps"]

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
        regular = beta / c_m_pf * apply(math.exp, -dt_ms / tau_syn_ms) * apply(math.expm1, exponent)
    singular = dt_ms / c_m_pf * apply(math.exp, -dt_ms / tau_m_ms)
    normal = np.isfinite(regular) & (regular >= sys.float_info.min)
    return np.where(normal, regular, singular)


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
