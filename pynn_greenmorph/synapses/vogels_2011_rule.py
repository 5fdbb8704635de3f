"""Vogels2011Rule: inhibition learns to balance excitation.

Vogels TP, Sprekeler H, Zenke F, Clopath C, Gerstner W (2011) Inhibitory
plasticity balances excitation and inhibition in sensory pathways and memory
networks. Science 334:1569-1573, doi:10.1126/science.1211095. All pairs of spikes
count, in either order, and each spike of the source depresses by
``2 rho tau eta``, so that weights rest where the target fires at the rate
``rho``.

``eta`` is a weight (nA, uS or mV). PyNN gives no unit of ``rho``; here it is Hz, as
all rates are in PyNN, and the default of 3 is the paper's target rate.
"""

from __future__ import annotations

import math

from ..registry import Parameter, State
from ..rules import TimingRule

__all__ = ["MODEL", "change_at_post", "change_at_pre", "horizon", "post_trace", "pre_trace"]

#: Time constants after which a trace is forgotten, see ``spike_pair_rule``.
FORGOTTEN = 40.0

#: Hz to spikes per ms.
PER_MS = 1e-3


def pre_trace(k_pre, k_earlier, elapsed_ms, tau_ms):  # type: ignore[no-untyped-def]
    """Sum over all spikes of the source, each decayed from its time on; without the latest too."""
    decayed = k_pre * math.exp(-elapsed_ms / tau_ms)
    # Several spikes may come at one time: none of them is earlier than the others.
    return decayed + 1.0, decayed if elapsed_ms > 0.0 else k_earlier


def post_trace(k_post, elapsed_ms, tau_ms):  # type: ignore[no-untyped-def]
    """Sum over all spikes of the target, each decayed from its time on."""
    return k_post * math.exp(-elapsed_ms / tau_ms) + 1.0


def change_at_post(k_pre, k_earlier, since_pre_ms, tau_ms, eta, w_max):  # type: ignore[no-untyped-def]
    """Potentiate by all earlier spikes of the source."""
    # 0 ms only where delays are wholly axonal: such a pair is none.
    earlier = k_earlier if since_pre_ms == 0.0 else k_pre
    return eta * earlier * math.exp(-since_pre_ms / tau_ms) / abs(w_max), 0.0


def change_at_pre(k_post, since_post_ms, tau_ms, eta, rho_hz, w_max):  # type: ignore[no-untyped-def]
    """Potentiate by all earlier spikes of the target, then depress."""
    up = eta * k_post * math.exp(-since_post_ms / tau_ms) / abs(w_max)
    return up, eta * (2.0 * rho_hz * PER_MS * tau_ms) / abs(w_max)


def horizon(tau_ms: float) -> float:
    """Return the time, ms, after which a spike of the source is forgotten."""
    return FORGOTTEN * tau_ms


MODEL = TimingRule(
    name="Vogels2011Rule",
    parameters=(
        Parameter("tau", "tau_ms", "ms", 20.0, "positive"),
        Parameter("eta", "eta", "nA, uS or mV", 1e-10),
        Parameter("rho", "rho_hz", "Hz", 3.0),
    ),
    change_at_post=change_at_post,
    change_at_pre=change_at_pre,
    pre_traces=(State("k_pre"), State("k_earlier")),
    post_traces=(State("k_post"),),
    pre_trace=pre_trace,
    post_trace=post_trace,
    horizon=horizon,
    doc="Inhibition that balances excitation (Vogels et al. 2011).",
)
