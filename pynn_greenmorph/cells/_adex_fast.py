"""The adaptive exponential cells in ``precision="fast"``; see :mod:`._rk4`.

A spike is looked for at the end of a step. Where the exponential current grows
steeply, just before a spike, the step is cut into parts.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..registry import Variable
from ._parameters import SYNAPTIC_CONDUCTANCES

__all__ = [
    "CONSTANTS",
    "HELPERS",
    "VARIABLES",
    "adapting_constants",
    "adapting_membrane",
    "adapting_rate",
    "adapting_slopes",
    "short_exp",
]

FloatArray = NDArray[np.float64]

#: Arguments of the exponential are cut to this range: float32 ends at 88.
LOWEST, HIGHEST = -60.0, 80.0

VARIABLES = (
    Variable("v", "u_mv", "mV", -70.6, offset="v_rest_mv"),
    Variable("w", "w_pa", "nA", 0.0, scale=1e-3),
    *SYNAPTIC_CONDUCTANCES,
)

CONSTANTS = ("u_spike_mv", "u_fire_mv", "per_delta_t", "spike_pa", "a_ns", "b_pa", "h_w")


def adapting_constants(columns: Mapping[str, FloatArray], dt_ms: float) -> dict[str, FloatArray]:
    """Constants of the spike and of the adaptation.

    Parameters
    ----------
    columns : mapping of str to (n,) float64
        Parameter columns in PyNN's units.
    dt_ms : float, ms
        Time step.

    Returns
    -------
    dict of str to (n,) float64
        ``u_spike_mv`` and ``u_fire_mv`` (relative to rest), 1/``delta_T`` (/mV) and
        the exponential current at the threshold (pA), both 0 where ``delta_T`` is
        0; ``a_ns``, ``b_pa``, and the step over ``tau_w``.
    """
    rest, delta = columns["v_rest_mv"], columns["delta_t_mv"]
    sharp = delta == 0.0
    fire = np.where(sharp, columns["v_thresh_mv"], columns["v_spike_mv"])
    return {
        "u_spike_mv": columns["v_spike_mv"] - rest,
        "u_fire_mv": fire - rest,
        "per_delta_t": np.where(sharp, 0.0, 1.0 / np.where(sharp, 1.0, delta)),
        "spike_pa": columns["cm_nf"] / columns["tau_m_ms"] * 1000.0 * delta,
        "a_ns": columns["a_ns"],
        "b_pa": columns["b_na"] * 1000.0,
        "h_w": dt_ms / columns["tau_w_ms"],
    }


def short_exp(x):  # type: ignore[no-untyped-def]
    """Return exp(x) as the 64th power of a Taylor series: a relative error of 1e-5 up to |x| = 20.

    It has no call and no jump, so that it is computed for many cells at once.
    """
    z = min(max(x, LOWEST), HIGHEST) * (1.0 / 64.0)
    y = 1.0 + z * (
        1.0 + z * (1.0 / 2.0 + z * (1.0 / 6.0 + z * (1.0 / 24.0 + z * (1.0 / 120.0 + z / 720.0))))
    )
    y = y * y
    y = y * y
    y = y * y
    y = y * y
    y = y * y
    return y * y


def adapting_slopes(u, w, total, cell, part):  # type: ignore[no-untyped-def]
    """Return the changes of ``u`` (mV) and ``w`` (pA) in a part of a step.

    Above ``u_spike`` they are those at ``u_spike``.
    """
    h_over_c, theta, u_spike, per_delta_t, spike_pa, a, h_w = cell
    u = min(u, u_spike)
    spike = spike_pa * short_exp((u - theta) * per_delta_t)
    return h_over_c * part * (total[1] - total[0] * u + spike - w), h_w * part * (a * u - w)


def adapting_membrane(x, first, middle, last, p, part):  # type: ignore[no-untyped-def]
    """Return ``x``, which is (u, w), after a part of a step."""
    u, w = x
    cell = p[-1]
    u1, w1 = adapting_slopes(u, w, first, cell, part)
    u2, w2 = adapting_slopes(u + 0.5 * u1, w + 0.5 * w1, middle, cell, part)
    u3, w3 = adapting_slopes(u + 0.5 * u2, w + 0.5 * w2, middle, cell, part)
    u4, w4 = adapting_slopes(u + u3, w + w3, last, cell, part)
    u = u + (u1 + 2.0 * (u2 + u3) + u4) * (1.0 / 6.0)
    return u, w + (w1 + 2.0 * (w2 + w3) + w4) * (1.0 / 6.0)


def adapting_rate(x, total, p):  # type: ignore[no-untyped-def]
    """Return the rate of the membrane times the whole step; past the spike, that of its leak."""
    h_over_c, theta, u_spike, per_delta_t, spike_pa, _, _ = p[-1]
    spike = spike_pa * per_delta_t * short_exp((x[0] - theta) * per_delta_t)
    return h_over_c * (total[0] + (spike if x[0] < u_spike else 0.0))


HELPERS = (short_exp, adapting_slopes, adapting_membrane, adapting_rate)
