"""Numbers in words: joules and watts with a prefix, counts with thin groups."""

from __future__ import annotations

import math
from numbers import Real

__all__ = ["JOULE_PER_KWH", "count", "grams", "is_amount", "quantity", "round_up", "span"]

JOULE_PER_KWH = 3.6e6

_PREFIXES = ("", "k", "M", "G", "T", "P", "E")
_SMALL = ("", "m", "u", "n", "p", "f")


def is_amount(value: object) -> bool:
    """Return whether a value is a finite number >= 0, of Python or of NumPy, and no boolean."""
    good = isinstance(value, Real) and not isinstance(value, bool)
    return good and math.isfinite(value) and bool(value >= 0)  # type: ignore[arg-type,operator]


def quantity(value: float, unit: str) -> str:
    """Return a value with four digits and the prefix that fits: ``"1.234 mJ"``.

    Parameters
    ----------
    value : float
        In ``unit``.
    unit : str
        A unit that takes prefixes, for example ``"J"``.
    """
    if value == 0 or not math.isfinite(value):
        return f"{value:g} {unit}"
    power = math.floor(math.log10(abs(value)) / 3)
    # 999.99 would round to 1000: take the next prefix.
    if abs(float(f"{value / 1000.0**power:.4g}")) >= 1000:
        power += 1
    names = _PREFIXES if power >= 0 else _SMALL
    power = max(-len(_SMALL) + 1, min(power, len(_PREFIXES) - 1))
    return f"{value / 1000.0**power:.4g} {names[abs(power)]}{unit}"


def round_up(factor: float) -> float:
    """Return a factor of three digits that is not below ``factor``."""
    if factor <= 0:
        return factor
    unit = 10.0 ** (math.floor(math.log10(factor)) - 2)
    return math.ceil(factor / unit) * unit


def span(values: tuple[float, float], unit: str) -> str:
    """Return an interval in words: ``"1.1 J to 1.3 J"``."""
    return f"{quantity(values[0], unit)} to {quantity(values[1], unit)}"


def grams(value: float) -> str:
    """Return a mass of CO2 equivalent in words: ``"107.3 gCO2e"``, ``"10440 kgCO2e"``."""
    if value < 1000:
        return quantity(value, "gCO2e")
    return f"{value / 1000:.5g} kgCO2e"  # nobody reads megagrams


def count(value: int) -> str:
    """Return an integer with groups of three: ``"1 234 567"``."""
    return f"{value:,}".replace(",", " ")
