"""SignTimingRule: the order of two spikes counts, not the time between them.

Every spike is paired with the last earlier spike of the other cell (symmetric
nearest neighbours: Morrison A, Diesmann M, Gerstner W (2008) Phenomenological
models of synaptic plasticity based on spike timing. Biological Cybernetics
98:459-478, doi:10.1007/s00422-008-0233-1). A target's spike at the time of a
source's spike, as the synapse sees them, comes after it.
"""

from __future__ import annotations

import math

from ..registry import Parameter
from ..rules import TimingRule

__all__ = ["MODEL", "change_at_post", "change_at_pre"]


def change_at_post(a_plus):  # type: ignore[no-untyped-def]
    """Potentiate: the source's last spike was earlier, or at the same time."""
    return a_plus, 0.0


def change_at_pre(since_post_ms, a_minus):  # type: ignore[no-untyped-def]
    """Depress, if there was a spike of the target."""
    return 0.0, a_minus if since_post_ms < math.inf else 0.0


MODEL = TimingRule(
    name="SignTimingRule",
    parameters=(
        Parameter("a_plus", "a_plus", "", 0.01),
        Parameter("a_minus", "a_minus", "", 0.01),
    ),
    change_at_post=change_at_post,
    change_at_pre=change_at_pre,
    simultaneous="pre first",
    doc="Nearest pairs of spikes; a change depends on their order only.",
)
