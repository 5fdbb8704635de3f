"""StochasticTsodyksMarkramSynapse: one release site that is full or empty.

Fuhrmann G, Segev I, Markram H, Tsodyks M (2002) Coding of temporal information
by activity-dependent synapses. Journal of Neurophysiology 87:140-148,
doi:10.1152/jn.00258.2001. The mean over many trials is that of
``TsodyksMarkramSynapse`` with instantaneous inactivation.
"""

from __future__ import annotations

import math

from ..draws import PURPOSE_SYNAPSE, philox, uniform
from ..registry import State, SynapseModel
from .tsodyks_markram import FACILITATION, facilitated

__all__ = ["MODEL", "transmit"]


def transmit(
    u, empty, elapsed_ms, use, tau_rec_ms, tau_facil_ms, key, trial, connection, step_index, draw
):  # type: ignore[no-untyped-def]
    """Refill the site with the probability of the time elapsed, and empty it with ``u``."""
    u = facilitated(u, elapsed_ms, use, tau_facil_ms)
    if empty != 0.0:
        still = uniform(key, trial, PURPOSE_SYNAPSE, connection, step_index, draw)
        empty = 1.0 if still < math.exp(-elapsed_ms / tau_rec_ms) else 0.0
    factor = 0.0
    if empty == 0.0:
        release = uniform(key, trial, PURPOSE_SYNAPSE, connection, step_index, draw + 1)
        factor = 1.0 if release < u else 0.0
    return u, empty + factor, factor


MODEL = SynapseModel(
    name="StochasticTsodyksMarkramSynapse",
    parameters=FACILITATION,
    states=(State("u"), State("empty")),
    transmit=transmit,
    helpers=(philox, uniform, facilitated),
    doc="Facilitation and depression of one release site, stochastic (Fuhrmann et al. 2002).",
)
