"""GutigWeightDependence: powers of the distances to the bounds.

Gütig R, Aharonov R, Rotter S, Sompolinsky H (2003) Learning input correlations
through nonlinear temporally asymmetric Hebbian plasticity. Journal of
Neuroscience 23:3697-3714, doi:10.1523/JNEUROSCI.23-09-03697.2003. Distances are
fractions of ``w_max``, as in NEST's ``stdp_synapse``.
"""

from __future__ import annotations

from ..registry import Parameter
from ..rules import WeightDependence
from ._bounds import BOUNDS

__all__ = ["MODEL", "depress", "potentiate"]


def potentiate(x, amount, mu_plus):  # type: ignore[no-untyped-def]
    """Add the amount times a power of the distance to the largest weight."""
    return x + amount * max(1.0 - x, 0.0) ** mu_plus


def depress(x, amount, x_min, mu_minus):  # type: ignore[no-untyped-def]
    """Subtract the amount times a power of the distance to the smallest weight."""
    return x - amount * max(x - x_min, 0.0) ** mu_minus


MODEL = WeightDependence(
    name="GutigWeightDependence",
    parameters=(
        *BOUNDS,
        Parameter("mu_plus", "mu_plus", "", 0.5, "nonnegative"),
        Parameter("mu_minus", "mu_minus", "", 0.5, "nonnegative"),
    ),
    potentiate=potentiate,
    depress=depress,
    doc="Changes are proportional to (w_max - w)^mu_plus and (w - w_min)^mu_minus.",
)
