"""TsodyksMarkramSynapse: facilitation and depression.

Tsodyks M, Uziel A, Markram H (2000) Synchrony generation in recurrent networks
with frequency-dependent synapses. Journal of Neuroscience 20:RC50,
doi:10.1523/JNEUROSCI.20-01-j0003.2000. The steps from spike to spike are exact,
as in NEST's ``tsodyks_synapse``: of all resources the fraction ``x`` is recovered,
``y`` is active, the rest inactive. Active resources become inactive with the time
constant of the input at the target.
"""

from __future__ import annotations

import math

from ..registry import Parameter, State, SynapseModel

__all__ = ["FACILITATION", "MODEL", "facilitated", "transmit"]

#: Parameters of all synapses of this family; defaults of PyNN.
FACILITATION = (
    Parameter("U", "use", "", 0.5, "fraction"),
    Parameter("tau_rec", "tau_rec_ms", "ms", 100.0, "positive"),
    Parameter("tau_facil", "tau_facil_ms", "ms", 0.0, "nonnegative"),
)


def facilitated(u, elapsed_ms, use, tau_facil_ms):  # type: ignore[no-untyped-def]
    """Return the fraction that a spike uses: the last one's, decayed, and more."""
    if tau_facil_ms == 0.0:
        return use
    kept = u * math.exp(-elapsed_ms / tau_facil_ms)
    return kept + use * (1.0 - kept)


def recovered_from_active(elapsed_ms, tau_rec_ms, tau_psc_ms):  # type: ignore[no-untyped-def]
    """Return the fraction of active resources that has recovered after a time."""
    rest = math.expm1(-elapsed_ms / tau_rec_ms)
    if tau_psc_ms == 0.0:
        return -rest
    if tau_psc_ms == tau_rec_ms:
        ratio = elapsed_ms / tau_rec_ms
        return -rest - ratio * math.exp(-ratio)
    inactive = math.expm1(-elapsed_ms / tau_psc_ms)
    return (rest * tau_rec_ms - inactive * tau_psc_ms) / (tau_psc_ms - tau_rec_ms)


def transmit(u, x, y, elapsed_ms, use, tau_rec_ms, tau_facil_ms, tau_psc_ms):  # type: ignore[no-untyped-def]
    """Recover, facilitate, and use the fraction ``u`` of what has recovered."""
    inactive = 1.0 - x - y
    x += recovered_from_active(elapsed_ms, tau_rec_ms, tau_psc_ms) * y
    x -= math.expm1(-elapsed_ms / tau_rec_ms) * inactive
    y = y * math.exp(-elapsed_ms / tau_psc_ms) if tau_psc_ms > 0.0 else 0.0
    u = facilitated(u, elapsed_ms, use, tau_facil_ms)
    used = u * x
    return u, x - used, y + used, used


MODEL = SynapseModel(
    name="TsodyksMarkramSynapse",
    parameters=FACILITATION,
    states=(State("u"), State("x", 1.0), State("y")),
    transmit=transmit,
    helpers=(facilitated, recovered_from_active),
    doc="Facilitation and depression (Tsodyks, Uziel and Markram 2000).",
)
