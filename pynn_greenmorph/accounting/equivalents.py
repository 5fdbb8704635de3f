"""Joules and grams in things that people know, each with its source."""

from __future__ import annotations

from dataclasses import dataclass

from .nature_inputs import check_range
from .numbers import JOULE_PER_KWH

__all__ = [
    "BRAIN_W",
    "CAR_LIFETIME_KG",
    "EQUIVALENT_SOURCES",
    "HOUSEHOLD_YEAR_KWH",
    "Equivalents",
    "ann_advantage",
    "equivalents",
    "operations_per_mac",
]

#: Electricity that a household of the United States buys in a year, kWh.
HOUSEHOLD_YEAR_KWH = 10_715.0
#: Power of a human brain, W.
BRAIN_W = 20.0
#: Carbon of a car of the United States over its life, fuel included, kg: 126 000 lb.
CAR_LIFETIME_KG = 126_000 * 0.45359237
#: A multiply-accumulate and an accumulate of 32-bit floats at 45 nm and 0.9 V, pJ.
MAC_PJ, ACCUMULATE_PJ = 4.6, 0.9

EQUIVALENT_SOURCES = {
    "household_years": "10 715 kWh a year: US Energy Information Administration, average "
    "residential customer in 2020",
    "brain_seconds": "20 W: Balasubramanian 2021, doi:10.1073/pnas.2107022118",
    "car_lifetimes": "126 000 lb: Strubell, Ganesh and McCallum 2019, doi:10.18653/v1/P19-1355",
    "operations": "4.6 pJ and 0.9 pJ: Horowitz 2014, doi:10.1109/ISSCC.2014.6757323",
}


@dataclass(frozen=True)
class Equivalents:
    """An energy and a mass of carbon in things that people know.

    Attributes
    ----------
    household_years : float
        Years of a US household's electricity.
    brain_seconds : float, s
        For how long a brain of 20 W could run.
    car_lifetimes : float or None
        Cars with their fuel; ``None`` without carbon.
    """

    household_years: float
    brain_seconds: float
    car_lifetimes: float | None

    def __str__(self) -> str:
        words = (
            f"{self.household_years:.5g} US household-years, {self.brain_seconds:.4g} s of a brain"
        )
        if self.car_lifetimes is not None:
            words += f", {self.car_lifetimes:.4g} car lifetimes"
        return words


def equivalents(kwh: float, gco2e: float | None = None) -> Equivalents:
    """Return what an energy in kWh and a mass in grams of CO2 equivalent amount to."""
    cars = None if gco2e is None else gco2e / 1000 / CAR_LIFETIME_KG
    return Equivalents(kwh / HOUSEHOLD_YEAR_KWH, kwh * JOULE_PER_KWH / BRAIN_W, cars)


def ann_advantage(operations: float, mac_pj: float = MAC_PJ, op_pj: float = ACCUMULATE_PJ) -> float:
    """Return how many times less energy a spiking network needs than an artificial one.

    Counts arithmetic alone: ``mac_pj / (operations * op_pj)``.

    Parameters
    ----------
    operations : float
        Synaptic operations of the spiking network per multiply-accumulate of the other.
    mac_pj, op_pj : float, pJ
        Energies of one of either.

    Raises
    ------
    InvalidValueError
        If a number is not finite and positive.
    """
    _check_positive(operations=operations, mac_pj=mac_pj, op_pj=op_pj)
    return mac_pj / (operations * op_pj)


def operations_per_mac(
    advantage: float, mac_pj: float = MAC_PJ, op_pj: float = ACCUMULATE_PJ
) -> float:
    """Return how many synaptic operations per multiply-accumulate an advantage leaves room for.

    The inverse of :func:`ann_advantage`, with the same errors.
    """
    _check_positive(advantage=advantage, mac_pj=mac_pj, op_pj=op_pj)
    return mac_pj / (advantage * op_pj)


def _check_positive(**numbers: float) -> None:
    for name, value in numbers.items():
        check_range(name, value, 5e-324, 1.7e308, "a finite number above 0")
