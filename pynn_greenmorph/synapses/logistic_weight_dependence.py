"""LogisticWeightDependence: changes are largest in the middle and vanish at both bounds."""

from __future__ import annotations

from ..rules import WeightDependence
from ._bounds import BOUNDS

__all__ = ["MODEL", "depress", "potentiate"]


def potentiate(x, amount):  # type: ignore[no-untyped-def]
    """Add the amount times x (1 - x)."""
    return x + amount * x * (1.0 - x)


def depress(x, amount):  # type: ignore[no-untyped-def]
    """Subtract the amount times x (1 - x)."""
    return x - amount * x * (1.0 - x)


MODEL = WeightDependence(
    name="LogisticWeightDependence",
    parameters=BOUNDS,
    potentiate=potentiate,
    depress=depress,
    doc="Changes are proportional to x (1 - x) with x = w / w_max.",
)
