"""Software carbon intensity (ISO/IEC 21031): ``SCI = (E * I + M) / R``.

E is the energy at the grid in kWh, I its carbon intensity, M the embodied
carbon and R the number of functional units, which the user declares: images,
trials, inferences.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import InvalidValueError, explain
from .nature_inputs import check_range
from .numbers import quantity
from .wrapping import wrapped

if TYPE_CHECKING:
    from .nature import Nature

__all__ = ["Sci", "software_carbon_intensity"]


@dataclass(frozen=True)
class Sci:
    """Software carbon intensity of a study.

    Attributes
    ----------
    unit : str
        The functional unit, for example ``"image"``.
    count : float
        R: how many of them the whole study processed.
    operational_g : float, gCO2e
        E times I.
    embodied_g : float or None, gCO2e
        M; ``None`` if it was not given and is left out.
    subject : str
        Whose energy E is.
    """

    unit: str
    count: float
    operational_g: float
    embodied_g: float | None
    subject: str

    @property
    def g_per_unit(self) -> float:
        """The figure, gCO2e per functional unit."""
        return (self.operational_g + (self.embodied_g or 0.0)) / self.count

    @property
    def complete(self) -> bool:
        """Whether embodied carbon is included, as the standard demands."""
        return self.embodied_g is not None

    def to_dict(self) -> dict[str, Any]:
        """Return all numbers as plain values for JSON."""
        return {**vars(self), "g_per_unit": self.g_per_unit, "complete": self.complete}

    def __str__(self) -> str:
        missing = "" if self.complete else "; embodied carbon M left out: not given"
        figure = quantity(self.g_per_unit, "gCO2e")
        line = f"SCI (ISO/IEC 21031)  {figure} per {self.unit}{missing}  ({self.subject})"
        return wrapped(line)


def software_carbon_intensity(study: Nature, unit: str, count: float) -> Sci:
    """Return the software carbon intensity of a study.

    Parameters
    ----------
    study : Nature
    unit : str
        Name of the functional unit.
    count : float
        Functional units in the whole study, all experiments and epochs together.

    Raises
    ------
    InvalidValueError
        If the unit has no name, the count is not a finite number above 0, or
        the study has no carbon intensity.
    """
    if not str(unit).strip() or not str(unit).isprintable():
        what, allowed = "the functional unit has no name", "a word, for example 'image'"
        raise InvalidValueError(explain(what, where="SCI", allowed=allowed, given=unit))
    above_zero = math.nextafter(0.0, 1.0)
    check_range("count", count, above_zero, math.inf, "a finite number above 0")
    if study.gco2e is None:
        what = "there is no carbon intensity"
        todo = "Give nature() a country, a cloud region or intensity_g_per_kwh"
        raise InvalidValueError(explain(what, where="SCI", todo=todo))
    return Sci(unit, float(count), study.gco2e, study.embodied_g, study.subject)
