"""MultiplicativeWeightDependence: changes are proportional to what is left to the bound."""

from __future__ import annotations

from ..rules import WeightDependence
from ._bounds import BOUNDS

__all__ = ["MODEL", "depress", "potentiate"]


def potentiate(x, amount):  # type: ignore[no-untyped-def]
    """Add the amount times the distance to the largest weight."""
    return x + amount * (1.0 - x)


def depress(x, amount, x_min):  # type: ignore[no-untyped-def]
    """Subtract the amount times the distance to the smallest weight."""
    return x - amount * (x - x_min)


MODEL = WeightDependence(
    name="MultiplicativeWeightDependence",
    parameters=BOUNDS,
    potentiate=potentiate,
    depress=depress,
    doc="Changes are proportional to w_max - w (potentiation) and w - w_min (depression).",
)
