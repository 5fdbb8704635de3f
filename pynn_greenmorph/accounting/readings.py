"""Other readings of the printed formula, side by side with this package's.

The literature prints ``N_exp * [A + T * (U + R + E) * epochs]`` with loose
units. Besides the one in :mod:`.nature` there are three readings:

carbon-additive
    Each term times a carbon intensity of its own, before they are added.
multiplicative
    ``N * t * P * PUE * CI``: the usual estimate. Ours, if loss and A are 0.
literal
    U, R and E as energies. T multiplies what holds the time already, so this
    counts the time twice; it is no energy, and comes with a warning.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import GreenmorphWarning, UnknownNameError, unknown_name
from .nature_inputs import check_intensity
from .numbers import JOULE_PER_KWH, grams
from .wrapping import wrapped

if TYPE_CHECKING:
    from .nature import Nature

__all__ = ["Reading", "Readings", "readings"]


@dataclass(frozen=True)
class Reading:
    """One reading of the formula.

    Attributes
    ----------
    name, formula : str
    value : float
        In ``unit``.
    unit : {"J", "J s"}
        ``"J s"`` is no energy.
    gco2e : float or None, gCO2e
        ``None`` without a carbon intensity, or where ``value`` is no energy.
    warning : str
        What is wrong with this reading; empty if nothing is.
    """

    name: str
    formula: str
    value: float
    unit: str
    gco2e: float | None
    warning: str = ""

    @property
    def double_counts(self) -> bool:
        """Whether something is counted twice."""
        return bool(self.warning)


class Readings(dict[str, Reading]):
    """All readings by name; ``str()`` shows them side by side."""

    def __init__(self, rows: tuple[Reading, ...], subject: str) -> None:
        super().__init__({row.name: row for row in rows})
        self.subject = subject

    def to_dict(self) -> dict[str, Any]:
        """Return all numbers as plain values for JSON."""
        return {name: vars(row).copy() for name, row in self.items()}

    def __str__(self) -> str:
        width = max(map(len, self))
        lines = [f"readings of NATURE  ({self.subject})"]
        for row in self.values():
            carbon = "" if row.gco2e is None else f" = {grams(row.gco2e)}"
            lines.append(f"  {row.name:{width}}  {row.value:.6g} {row.unit}{carbon}  {row.formula}")
            if row.warning:
                lines.append(f"  {'':{width}}  warning: {row.warning}")
        return wrapped("\n".join(lines))


def readings(study: Nature, intensities: Mapping[str, float] | None = None) -> Readings:
    """Return our reading and the three others.

    Parameters
    ----------
    study : Nature
    intensities : mapping of str to float, gCO2e/kWh, optional
        Carbon intensities of the terms "A", "E", "U" and "R" for the
        carbon-additive reading; the study's own for those left out.

    Raises
    ------
    UnknownNameError
        For an unknown term.
    InvalidValueError
        For a carbon intensity that is not from 1 to 2500 gCO2e/kWh.

    Warns
    -----
    GreenmorphWarning
        For the literal reading, which counts time twice.
    """
    t = study.terms
    runs = t["N_exp"] * t["T_s"] * t["epochs"]
    joules = {"A": t["N_exp"] * t["A_j"], **{k: runs * t[f"{k}_w"] for k in "EUR"}}
    bare = runs * t["E_w"] * study.pue
    per_kwh = None if study.intensity is None else study.intensity.g_per_kwh
    carbon = None if per_kwh is None else bare / JOULE_PER_KWH * per_kwh
    literal = joules["A"] + t["T_s"] * (joules["E"] + joules["U"] + joules["R"])
    twice = (
        "U, R and E as energies hold the time already, and T multiplies it again: the time is "
        "counted twice, and the result is no energy"
    )
    warnings.warn(f"NATURE, literal reading: {twice}", GreenmorphWarning, stacklevel=3)
    ours = Reading(
        "nature", "N_exp [A + T (E + U + R) epochs], in W and J", study.joule, "J", study.gco2e
    )
    additive = Reading(
        "carbon_additive",
        "each term times its own carbon intensity",
        study.joule,
        "J",
        _additive(joules, intensities or {}, per_kwh),
    )
    usual = Reading("multiplicative", "N_exp T epochs E PUE CI", bare, "J", carbon)
    wrong = Reading(
        "literal", "N_exp [A + T (E + U + R) epochs], all in J", literal, "J s", None, twice
    )
    return Readings((ours, additive, usual, wrong), study.subject)


def _additive(
    joules: Mapping[str, float], own: Mapping[str, float], common: float | None
) -> float | None:
    """Return the grams of the carbon-additive reading; ``None`` if an intensity is missing."""
    for term, value in own.items():
        if term not in joules:
            raise UnknownNameError(unknown_name("term with a carbon intensity", term, joules))
        check_intensity(f"intensity of {term}", value)
    rates = {term: own.get(term, common) for term in joules}
    used = [(joule, rates[term]) for term, joule in joules.items()]
    if any(rate is None for joule, rate in used if joule):
        return None
    return sum(joule / JOULE_PER_KWH * (rate or 0.0) for joule, rate in used)
