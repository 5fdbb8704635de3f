"""Checks of NATURE's inputs; most mistakes here are mixed-up units, so messages name them."""

from __future__ import annotations

import math

import numpy as np

from ..errors import InvalidValueError, explain
from .grid import GRID_SOURCES, Intensity, grid_intensity

__all__ = [
    "check_counts",
    "check_factors",
    "check_intensity",
    "check_range",
    "check_run",
    "find_intensity",
]


def check_range(
    name: str, value: float, low: float, high: float, allowed: str, hint: str = ""
) -> None:
    """Raise ``InvalidValueError`` unless ``value`` is a finite number from ``low`` to ``high``."""
    number = isinstance(value, int | float | np.integer | np.floating)
    what = ""
    if not number or isinstance(value, bool) or not math.isfinite(value):
        what = f"{name} is not a finite number"
    elif not low <= value <= high:
        what = f"{name} is out of range"
    if what:
        raise InvalidValueError(
            explain(what, where="NATURE", allowed=allowed, given=value, todo=hint)
        )


def check_run(power_w: float, t_wall_s: float, overhead_j: float, overhead_s: float) -> None:
    """Raise ``InvalidValueError`` unless all four are finite and not negative."""
    check_range("power_w", power_w, 0.0, math.inf, "a finite power >= 0 (W)")
    check_range("t_wall_s", t_wall_s, 0.0, math.inf, "a finite time >= 0 (s)")
    check_range("overhead_j", overhead_j, 0.0, math.inf, "a finite energy >= 0 (J)")
    check_range("overhead_s", overhead_s, 0.0, math.inf, "a finite time >= 0 (s)")


def check_factors(pue: float, loss: float) -> None:
    """Raise ``InvalidValueError`` unless both are in their ranges."""
    hint = "PUE is the ratio of the site's power to the computers', not a power in watts"
    check_range("pue", pue, 1.0, 3.0, "a ratio from 1 to 3", hint)
    hint = "The loss is a fraction: 5 percent is 0.05"
    below_half = math.nextafter(0.5, 0.0)
    check_range("loss", loss, 0.0, below_half, "a fraction from 0 to below 0.5", hint)


def check_counts(**counts: object) -> None:
    """Raise ``InvalidValueError`` unless all are integers of at least 1."""
    for name, value in counts.items():
        whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
        if not whole or value < 1:  # type: ignore[operator]
            what, allowed = f"{name} is not a count", "an integer >= 1"
            raise InvalidValueError(explain(what, where="NATURE", allowed=allowed, given=value))


def check_intensity(name: str, g_per_kwh: float) -> None:
    """Raise ``InvalidValueError`` unless it is from 1 to 2500 gCO2e/kWh."""
    hint = "The unit is grams: 0.38 kg/kWh is 380"
    check_range(name, g_per_kwh, 1.0, 2500.0, "1 to 2500 gCO2e/kWh", hint)


def find_intensity(
    country: str | None, region: str | None, year: int | None, g_per_kwh: float | None
) -> Intensity | None:
    """Return the carbon intensity of a place or of the user, or ``None`` if nothing is given.

    Raises
    ------
    InvalidValueError
        If both are given, a year comes without a place, or the number is not
        from 1 to 2500 gCO2e/kWh.
    UnknownNameError
        If country, region or year is not in the data.
    """
    placed = country is not None or region is not None
    if g_per_kwh is None and placed:
        return grid_intensity(country, region, year)
    if placed or year is not None:
        what = "a year without a country or cloud region"
        if placed:
            what = "both a place and a carbon intensity are given"
        todo = "Give a place, or intensity_g_per_kwh alone"
        raise InvalidValueError(explain(what, where="NATURE", todo=todo))
    if g_per_kwh is None:
        return None
    check_intensity("intensity_g_per_kwh", g_per_kwh)
    return Intensity("", GRID_SOURCES["user"], "", "", float(g_per_kwh), None, "user")
