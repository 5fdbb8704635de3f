"""HH_cond_exp: Hodgkin-Huxley cell of Traub and Miles with exponentially decaying conductances.

Channels are those of Traub and Miles (1991, Neuronal Networks of the
Hippocampus, Cambridge University Press) as Brette et al. (2007,
doi:10.1007/s10827-007-0038-6) use them; the step is NEST's
``hh_cond_exp_traub``. There is no reset: a spike is stamped at the first sample
that lies below its predecessor while the potential is 30 mV or more above
``v_offset``, and not within 2 ms of the last one.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..registry import CellModel, Parameter, Variable
from . import _conductance
from ._conductance import conductance_constants, error_ratio
from ._division import inverse
from ._linear import refractory_steps
from ._parameters import (
    CONDUCTANCE_RECEPTORS,
    SYNAPTIC_CONDUCTANCES,
    reversal_potentials,
    synaptic_times,
)
from ._rkf45 import (
    bounded_exp,
    embedded_error,
    fifth_order,
    stage_2,
    stage_3,
    stage_4,
    stage_5,
    stage_6,
)
from ._sub_steps import integrate

__all__ = ["MODEL", "channel_step", "derive", "gate", "linoid", "slopes", "step", "sub_step"]

FloatArray = NDArray[np.float64]

#: ``hh_cond_exp_traub`` looks for spikes this far (mV) above ``v_offset`` ...
DETECTION_MV = 30.0
#: ... and not within this time (ms) of the last spike.
DETECTION_PAUSE_MS = 2.0


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
    same = ("v_offset_mv", "e_na_mv", "e_k_mv", "e_leak_mv")
    pause_ms = np.full_like(columns["cm_nf"], DETECTION_PAUSE_MS)
    return conductance_constants(columns, dt_ms) | {
        **{name: columns[name] for name in same},
        "g_na_ns": columns["g_na_us"] * 1000.0,
        "g_k_ns": columns["g_k_us"] * 1000.0,
        "g_leak_ns": columns["g_leak_us"] * 1000.0,
        "pause_steps": refractory_steps(pause_ms, dt_ms),
    }


def linoid(a, x, s):  # type: ignore[no-untyped-def]
    """Return ``a x / (exp(x/s) - 1)`` (1/ms), and its limit ``a s`` at ``x = 0``."""
    below = bounded_exp(x / s) - 1.0
    return a * x / below if below != 0.0 else a * s


def gate(alpha, beta, y):  # type: ignore[no-untyped-def]
    """Return dy/dt (1/ms) of a gate that opens with rate ``alpha`` and closes with ``beta``."""
    return alpha - (alpha + beta) * y


def slopes(v, m, h, n, g_exc, g_inh, cell):  # type: ignore[no-untyped-def]
    """Return the slopes of the potential (mV/ms) and of the gates m, h, n (1/ms)."""
    i_inj, i_offset, c_m, g_na, g_k, g_leak, v_offset, e_na, e_k, e_leak, e_exc, e_inh = cell
    i_na = g_na * m * m * m * h * (v - e_na)
    i_k = g_k * n * n * n * n * (v - e_k)
    i_leak = g_leak * (v - e_leak)
    i_exc = g_exc * (v - e_exc)
    i_inh = g_inh * (v - e_inh)
    dv = (-i_na - i_k - i_leak - i_exc - i_inh + i_inj + i_offset) / c_m
    u = v - v_offset
    dm = gate(linoid(0.32, 13.0 - u, 4.0), linoid(0.28, u - 40.0, 5.0), m)
    dh = gate(
        0.128 * bounded_exp((17.0 - u) / 18.0), 4.0 / (1.0 + bounded_exp((40.0 - u) / 5.0)), h
    )
    dn = gate(linoid(0.032, 15.0 - u, 5.0), 0.5 * bounded_exp((10.0 - u) / 40.0), n)
    return dv, dm, dh, dn


def channel_step(s, x, e, i, cell):  # type: ignore[no-untyped-def]
    """Return (v, m, h, n) after ``s`` ms, and the largest of their errors.

    ``e``, ``i``: conductances at the stages.
    """
    v, m, h, n = x
    v1, m1, h1, n1 = slopes(v, m, h, n, e[0], i[0], cell)
    v2, m2, h2, n2 = slopes(
        stage_2(s, v, v1), stage_2(s, m, m1), stage_2(s, h, h1), stage_2(s, n, n1), e[1], i[1], cell
    )
    v3, m3, h3, n3 = slopes(
        stage_3(s, v, v1, v2), stage_3(s, m, m1, m2), stage_3(s, h, h1, h2),
        stage_3(s, n, n1, n2), e[2], i[2], cell,
    )  # fmt: skip
    v4, m4, h4, n4 = slopes(
        stage_4(s, v, v1, v2, v3), stage_4(s, m, m1, m2, m3), stage_4(s, h, h1, h2, h3),
        stage_4(s, n, n1, n2, n3), e[3], i[3], cell,
    )  # fmt: skip
    v5, m5, h5, n5 = slopes(
        stage_5(s, v, v1, v2, v3, v4), stage_5(s, m, m1, m2, m3, m4),
        stage_5(s, h, h1, h2, h3, h4), stage_5(s, n, n1, n2, n3, n4), e[4], i[4], cell,
    )  # fmt: skip
    v6, m6, h6, n6 = slopes(
        stage_6(s, v, v1, v2, v3, v4, v5), stage_6(s, m, m1, m2, m3, m4, m5),
        stage_6(s, h, h1, h2, h3, h4, h5), stage_6(s, n, n1, n2, n3, n4, n5), e[5], i[5], cell,
    )  # fmt: skip
    after = (
        fifth_order(s, v, v1, v3, v4, v5, v6),
        fifth_order(s, m, m1, m3, m4, m5, m6),
        fifth_order(s, h, h1, h3, h4, h5, h6),
        fifth_order(s, n, n1, n3, n4, n5, n6),
    )
    error = max(
        embedded_error(s, v1, v3, v4, v5, v6),
        embedded_error(s, m1, m3, m4, m5, m6),
        embedded_error(s, h1, h3, h4, h5, h6),
        embedded_error(s, n1, n3, n4, n5, n6),
    )
    return after, error


def sub_step(over, decay, alpha, h, y, p):  # type: ignore[no-untyped-def]
    """Return ((v, m, h, n), g_exc, g_inh) after ``h`` ms, and the largest error ratio."""
    x, g_exc, g_inh = y
    tau_exc, tau_inh, cell = p
    e, g_exc, e_error = decay(h, g_exc, tau_exc)
    i, g_inh, i_error = decay(h, g_inh, tau_inh)
    x, x_error = channel_step(h, x, e, i, cell)
    return (x, g_exc, g_inh), error_ratio(over, max(x_error, e_error, i_error))


def step(  # type: ignore[no-untyped-def]
    v_mv, m, h, n, g_exc_ns, g_inh_ns, pause, h_ms, in_excitatory, in_inhibitory, i_inj_pa,
    dt_ms, c_m_pf, g_na_ns, g_k_ns, g_leak_ns, v_offset_mv, e_na_mv, e_k_mv, e_leak_mv,
    e_exc_mv, e_inh_mv, tau_exc_ms, tau_inh_ms, i_offset_pa, pause_steps,
):  # fmt: skip
    """Advance one cell by one step; all arguments and results are scalars.

    ``m``, ``h`` and ``n`` are the gates, ``pause`` the steps in which no spike
    is looked for, ``h_ms`` the controller's suggestion (0: a whole time step).
    Returns the new states in order and the number of spikes.
    """
    v_before = v_mv
    cell = (
        i_inj_pa, i_offset_pa, c_m_pf, g_na_ns, g_k_ns, g_leak_ns, v_offset_mv,
        e_na_mv, e_k_mv, e_leak_mv, e_exc_mv, e_inh_mv,
    )  # fmt: skip
    p = (inverse(tau_exc_ms), inverse(tau_inh_ms), cell)
    y = ((v_mv, m, h, n), g_exc_ns, g_inh_ns)
    y, h_ms, _ = integrate(sub_step, y, p, h_ms, dt_ms)
    (v_mv, m, h, n), g_exc_ns, g_inh_ns = y
    g_exc_ns = g_exc_ns + in_excitatory
    g_inh_ns = g_inh_ns + in_inhibitory
    spikes = 0
    if pause > 0.0:
        pause = pause - 1.0
    elif v_mv >= v_offset_mv + DETECTION_MV and v_before > v_mv:
        pause = pause_steps
        spikes = 1
    return v_mv, m, h, n, g_exc_ns, g_inh_ns, pause, h_ms, spikes


MODEL = CellModel(
    name="HH_cond_exp",
    kind="neuron",
    parameters=(
        Parameter("gbar_Na", "g_na_us", "uS", 20.0, "nonnegative"),
        Parameter("gbar_K", "g_k_us", "uS", 6.0, "nonnegative"),
        Parameter("g_leak", "g_leak_us", "uS", 0.01, "nonnegative"),
        Parameter("cm", "cm_nf", "nF", 0.2, "positive"),
        Parameter("v_offset", "v_offset_mv", "mV", -63.0),
        Parameter("e_rev_Na", "e_na_mv", "mV", 50.0),
        Parameter("e_rev_K", "e_k_mv", "mV", -90.0),
        Parameter("e_rev_leak", "e_leak_mv", "mV", -65.0),
        *reversal_potentials(-80.0),
        *synaptic_times(0.2, 2.0),
        Parameter("i_offset", "i_offset_na", "nA", 0.0),
    ),
    states=("v_mv", "m", "h", "n", "g_exc_ns", "g_inh_ns", "pause", "h_ms"),
    variables=(
        Variable("v", "v_mv", "mV", -65.0),
        *SYNAPTIC_CONDUCTANCES,
        Variable("m", "m", "", 0.0),
        Variable("h", "h", "", 1.0),
        Variable("n", "n", "", 0.0),
    ),
    receptors=CONDUCTANCE_RECEPTORS,
    conductance_based=True,
    injectable=True,
    constants=(
        "dt_ms",
        "c_m_pf",
        "g_na_ns",
        "g_k_ns",
        "g_leak_ns",
        "v_offset_mv",
        "e_na_mv",
        "e_k_mv",
        "e_leak_mv",
        "e_exc_mv",
        "e_inh_mv",
        "tau_exc_ms",
        "tau_inh_ms",
        "i_offset_pa",
        "pause_steps",
    ),
    derive=derive,
    step=step,
    helpers=(*_conductance.HELPERS, linoid, gate, slopes, channel_step, sub_step),
    doc="Hodgkin-Huxley cell of Traub and Miles, exponentially decaying conductances, RKF45 steps.",
)
