"""Embodied carbon: the share of what it took to make the hardware that a study uses up.

``M = TE * TS * RS`` as in ISO/IEC 21031: the carbon of making, delivering and
disposing of the hardware, times the share of its life that the study reserves
it, times the share of it that the study reserves. No board has a published
figure, so it is given by the user or left out by name.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..errors import InvalidValueError, explain
from .nature_inputs import check_range

__all__ = ["Embodied", "embodied_carbon"]

SECONDS_PER_YEAR = 365.25 * 86_400


@dataclass(frozen=True)
class Embodied:
    """Embodied carbon of a study.

    Attributes
    ----------
    total_kg : float, kg
        Of the hardware, over its whole life.
    lifetime_years : float, years
    share : float
        Share of the hardware that is reserved, above 0 up to 1.
    reserved_s : float, s
        Wall-clock time for which it is reserved.
    """

    total_kg: float
    lifetime_years: float
    share: float
    reserved_s: float

    @property
    def grams(self) -> float:
        """What the study uses up, gCO2e."""
        life_s = self.lifetime_years * SECONDS_PER_YEAR
        return 1000 * self.total_kg * self.share * self.reserved_s / life_s


def embodied_carbon(
    total_kg: float | None, lifetime_years: float | None, share: float, reserved_s: float
) -> Embodied | None:
    """Check what a user gave, and return the embodied carbon of a study.

    Parameters
    ----------
    total_kg : float or None, kgCO2e
        Of the hardware; ``None`` leaves embodied carbon out.
    lifetime_years : float or None, years
        How long the hardware is used.
    share : float
        Share of the hardware that is reserved.
    reserved_s : float, s

    Returns
    -------
    Embodied or None

    Raises
    ------
    InvalidValueError
        If only one of the first two is given, or a number is out of its range.
    """
    if total_kg is None and lifetime_years is None:
        if share != 1.0:
            what = "resource_share without embodied_kg and lifetime_years"
            raise InvalidValueError(explain(what, where="NATURE", given=share))
        return None
    if total_kg is None or lifetime_years is None:
        what = "embodied_kg and lifetime_years belong together, one is missing"
        given = f"embodied_kg={total_kg}, lifetime_years={lifetime_years}"
        raise InvalidValueError(explain(what, where="NATURE", given=given))
    hint = "The unit is kilograms: 1 300 000 g is 1300"
    check_range("embodied_kg", total_kg, 0.0, 1e9, "0 to 1e9 kgCO2e", hint)
    hint = "The unit is years: 35 000 hours are 4"
    check_range("lifetime_years", lifetime_years, 0.1, 100.0, "0.1 to 100 years", hint)
    hint = "The share is a fraction: 10 percent is 0.1"
    above_zero = math.nextafter(0.0, 1.0)
    check_range("resource_share", share, above_zero, 1.0, "a fraction above 0, up to 1", hint)
    return Embodied(float(total_kg), float(lifetime_years), float(share), reserved_s)
