"""SimpleStochasticSynapse: each spike is transmitted with a fixed probability."""

from __future__ import annotations

from ..draws import PURPOSE_SYNAPSE, philox, uniform
from ..registry import Parameter, SynapseModel

__all__ = ["MODEL", "transmit"]


def transmit(p, key, trial, connection, step_index, draw):  # type: ignore[no-untyped-def]
    """Transmit the whole weight or nothing; returns the factor as a tuple of one."""
    u = uniform(key, trial, PURPOSE_SYNAPSE, connection, step_index, draw)
    return (1.0 if u < p else 0.0,)


MODEL = SynapseModel(
    name="SimpleStochasticSynapse",
    parameters=(Parameter("p", "p", "", 0.5, "fraction"),),
    transmit=transmit,
    helpers=(philox, uniform),
    doc="Each spike is transmitted with the probability p; draws keyed by connection and step.",
)
