"""AdditiveWeightDependence: changes do not depend on the weight."""

from __future__ import annotations

from ..rules import WeightDependence
from ._bounds import BOUNDS

__all__ = ["MODEL", "depress", "potentiate"]


def potentiate(x, amount):  # type: ignore[no-untyped-def]
    """Add the amount."""
    return x + amount


def depress(x, amount):  # type: ignore[no-untyped-def]
    """Subtract the amount."""
    return x - amount


MODEL = WeightDependence(
    name="AdditiveWeightDependence",
    parameters=BOUNDS,
    potentiate=potentiate,
    depress=depress,
    doc="Changes do not depend on the weight.",
)
