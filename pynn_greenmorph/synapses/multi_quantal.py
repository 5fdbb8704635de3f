"""MultiQuantalSynapse: several release sites, each full or empty.

Fuhrmann G, Segev I, Markram H, Tsodyks M (2002) Coding of temporal information
by activity-dependent synapses. Journal of Neurophysiology 87:140-148,
doi:10.1152/jn.00258.2001. As in ``quantal_stp.mod`` of PyNN for NEURON the weight acts
with the fraction of all sites that is released (NEST's ``quantal_stp_synapse`` sends
the weight once for each released site: ``n`` times as much). Every empty site is
refilled with a probability of the time elapsed, every full one released with the
probability ``u``. The numbers of sites are drawn at once, from binomial
distributions. The state ``a`` is the number of full sites.
"""

from __future__ import annotations

import math

from ..draws import PURPOSE_SYNAPSE, binomial, philox, uniform
from ..registry import Parameter, State, SynapseModel
from .tsodyks_markram import facilitated

__all__ = ["MODEL", "transmit"]


def transmit(
    u, a, elapsed_ms, use, n_sites, tau_rec_ms, tau_facil_ms, key, trial, connection,
    step_index, draw,
):  # type: ignore[no-untyped-def]  # fmt: skip
    """Refill and release; the factor is the fraction of all sites that is released."""
    u = facilitated(u, elapsed_ms, use, tau_facil_ms)
    n = int(n_sites)
    # Sites that a user has taken away since are gone, full or not.
    full = min(int(a), n)
    first = uniform(key, trial, PURPOSE_SYNAPSE, connection, step_index, draw)
    full += binomial(first, n - full, -math.expm1(-elapsed_ms / tau_rec_ms))
    second = uniform(key, trial, PURPOSE_SYNAPSE, connection, step_index, draw + 1)
    released = binomial(second, full, u)
    return u, float(full - released), released / n


MODEL = SynapseModel(
    name="MultiQuantalSynapse",
    parameters=(
        Parameter("U", "use", "", 0.5, "fraction"),
        Parameter("n", "n_sites", "", 1.0, "count"),
        Parameter("tau_rec", "tau_rec_ms", "ms", 800.0, "positive"),
        Parameter("tau_facil", "tau_facil_ms", "ms", 0.0, "nonnegative"),
    ),
    states=(State("u"), State("a", "n_sites")),
    transmit=transmit,
    helpers=(philox, uniform, binomial, facilitated),
    doc="Facilitation and depression of n release sites, stochastic (Fuhrmann et al. 2002).",
)
