"""AdditivePotentiationMultiplicativeDepression: only depression depends on the weight."""

from __future__ import annotations

from ..rules import WeightDependence
from ._bounds import BOUNDS

__all__ = ["MODEL", "depress", "potentiate"]


def potentiate(x, amount):  # type: ignore[no-untyped-def]
    """Add the amount."""
    return x + amount


def depress(x, amount):  # type: ignore[no-untyped-def]
    """Subtract the amount times the weight."""
    return x - amount * x


MODEL = WeightDependence(
    name="AdditivePotentiationMultiplicativeDepression",
    parameters=BOUNDS,
    potentiate=potentiate,
    depress=depress,
    doc="Potentiation does not depend on the weight, depression is proportional to it.",
)
