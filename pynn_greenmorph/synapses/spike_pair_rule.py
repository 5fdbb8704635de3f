"""SpikePairRule: all pairs of spikes, weighted exponentially by their distance.

Song S, Miller KD, Abbott LF (2000) Competitive Hebbian learning through
spike-timing-dependent synaptic plasticity. Nature Neuroscience 3:919-926,
doi:10.1038/78829. Traces and order are those of NEST's ``stdp_synapse``.
"""

from __future__ import annotations

import math

from ..registry import Parameter, State
from ..rules import TimingRule

__all__ = ["MODEL", "change_at_post", "change_at_pre", "horizon", "post_trace", "pre_trace"]

#: Time constants after which a trace is forgotten: exp(-40) is 4e-18, which does
#: not change the last bit of any weight above 0.02 of the largest.
FORGOTTEN = 40.0


def pre_trace(k_plus, k_earlier, elapsed_ms, tau_plus_ms):  # type: ignore[no-untyped-def]
    """Sum over all spikes of the source, each decayed from its time on; without the latest too."""
    decayed = k_plus * math.exp(-elapsed_ms / tau_plus_ms)
    # Several spikes may come at one time: none of them is earlier than the others.
    return decayed + 1.0, decayed if elapsed_ms > 0.0 else k_earlier


def post_trace(k_minus, elapsed_ms, tau_minus_ms):  # type: ignore[no-untyped-def]
    """Sum over all spikes of the target, each decayed from its time on."""
    return k_minus * math.exp(-elapsed_ms / tau_minus_ms) + 1.0


def change_at_post(k_plus, k_earlier, since_pre_ms, tau_plus_ms, a_plus):  # type: ignore[no-untyped-def]
    """Potentiate by all earlier spikes of the source."""
    # 0 ms only where delays are wholly axonal: such a pair is none.
    earlier = k_earlier if since_pre_ms == 0.0 else k_plus
    return a_plus * earlier * math.exp(-since_pre_ms / tau_plus_ms), 0.0


def change_at_pre(k_minus, since_post_ms, tau_minus_ms, a_minus):  # type: ignore[no-untyped-def]
    """Depress by all earlier spikes of the target."""
    return 0.0, a_minus * k_minus * math.exp(-since_post_ms / tau_minus_ms)


def horizon(tau_plus_ms: float) -> float:
    """Return the time, ms, after which a spike of the source is forgotten."""
    return FORGOTTEN * tau_plus_ms


MODEL = TimingRule(
    name="SpikePairRule",
    parameters=(
        Parameter("tau_plus", "tau_plus_ms", "ms", 20.0, "positive"),
        Parameter("tau_minus", "tau_minus_ms", "ms", 20.0, "positive"),
        Parameter("A_plus", "a_plus", "", 0.01),
        Parameter("A_minus", "a_minus", "", 0.01),
    ),
    change_at_post=change_at_post,
    change_at_pre=change_at_pre,
    pre_traces=(State("k_plus"), State("k_earlier")),
    post_traces=(State("k_minus"),),
    pre_trace=pre_trace,
    post_trace=post_trace,
    horizon=horizon,
    doc="All pairs of spikes, exponential windows (Song, Miller and Abbott 2000).",
)
