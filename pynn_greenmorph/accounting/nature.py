"""The NATURE metric: energy and carbon of a whole study at the grid.

``NATURE = N_exp * [A + T * (U + R + E) * epochs]``, here in watts and joules:

E
    Mean power of the hardware during a run, W.
U
    ``(PUE - 1) * E``, W: the data centre's overhead only.
R
    ``loss / (1 - loss) * (E + U)``, W: transmission and distribution. Take
    ``loss = 0`` if the carbon intensity is stated at the plug already.
T
    Wall-clock seconds of one epoch on the board, not biological seconds.
A
    Fixed energy of one experiment at the grid, J: mapping, loading,
    calibration, read-out and waiting, times ``PUE / (1 - loss)``.
N_exp, epochs
    Experiments that were performed, failed ones too, and passes over the data.

It follows that ``E + U + R = E * PUE / (1 - loss)``. Carbon is the energy in kWh
times the carbon intensity of the grid.

Experiments that are not equal are summed, ``sum over i of [A_i + sum over
epochs of T_ie * (E + U + R)_ie]``, by :func:`nature_of_sums`. The terms are then
means, with which the formula above gives the same joules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .embodied import Embodied, embodied_carbon
from .equivalents import Equivalents, equivalents
from .grid import Intensity
from .intervals import DRAWS, SEED, interval
from .nature_inputs import check_counts, check_factors, check_range, check_run, find_intensity
from .nature_text import word
from .numbers import JOULE_PER_KWH
from .readings import Readings, readings
from .sci import Sci, software_carbon_intensity
from .wrapping import wrapped

__all__ = ["JOULE_PER_KWH", "Nature", "Site", "Spread", "Sums", "nature", "nature_of_sums"]

FloatArray = NDArray[np.float64]
Interval = tuple[float, float]


@dataclass(frozen=True)
class Spread:
    """What is known about the uncertainty of the inputs.

    Attributes
    ----------
    power_w : (n,) float64 or None, W
        Draws of E.
    overhead_j : (n,) float64 or None, J
        The fixed energy of one experiment at the hardware in the same draws.
    pue_rel_std, loss_rel_std, intensity_rel_std : float
        Relative standard deviations; all three are drawn from normal distributions.
    """

    power_w: FloatArray | None = None
    overhead_j: FloatArray | None = None
    pue_rel_std: float = 0.0
    loss_rel_std: float = 0.0
    intensity_rel_std: float = 0.0


@dataclass(frozen=True)
class Site:
    """Where and with what a study runs; the meanings are those of :func:`nature`."""

    country: str | None = None
    region: str | None = None
    year: int | None = None
    intensity_g_per_kwh: float | None = None
    pue: float = 1.0
    loss: float = 0.0
    embodied_kg: float | None = None
    lifetime_years: float | None = None
    resource_share: float = 1.0


@dataclass(frozen=True)
class Sums:
    """A study in sums over its experiments, at the hardware.

    Attributes
    ----------
    run_j, run_s : float, J and s
        Energy and wall-clock time of all epochs of all experiments.
    overhead_j, overhead_s : float, J and s
        Fixed energy and time of all experiments.
    n_exp, epochs : int
        Experiments, and epochs of all experiments together.
    """

    run_j: float
    run_s: float
    overhead_j: float
    overhead_s: float
    n_exp: int
    epochs: int


@dataclass(frozen=True)
class Nature:
    """NATURE of a study; ``str()`` words it with its inputs and sources.

    Attributes
    ----------
    joule, kwh : float
        Energy at the grid.
    gco2e : float or None, g
        Carbon of the energy; ``None`` if neither a place nor an intensity was given.
    interval_joule, interval_gco2e : (float, float) or None
        95 % intervals; ``None`` where no uncertainty is known.
    terms : mapping of str to float
        ``A_j``, ``T_s``, ``E_w``, ``U_w``, ``R_w``, ``epochs``, ``N_exp``.
    pue, loss : float
    intensity : Intensity or None
    subject : str
        Whose power E is, with the keys of its sources.
    left_out : str
        What A does not include, for users.
    embodied : Embodied or None
        Carbon of making the hardware; ``None`` if it was not asked for.
    unequal : bool
        Whether experiments may differ, so that the terms are means.
    """

    joule: float
    kwh: float
    gco2e: float | None
    interval_joule: Interval | None
    interval_gco2e: Interval | None
    terms: Mapping[str, float]
    pue: float
    loss: float
    intensity: Intensity | None
    subject: str
    left_out: str
    embodied: Embodied | None = None
    unequal: bool = False

    @property
    def embodied_g(self) -> float | None:
        """Embodied carbon that the study uses up, gCO2e; ``None`` if it was not asked for."""
        return None if self.embodied is None else self.embodied.grams

    @property
    def equivalents(self) -> Equivalents:
        """Joules and grams in things that people know."""
        return equivalents(self.kwh, self.gco2e)

    def sci(self, unit: str, count: float) -> Sci:
        """Return the software carbon intensity; see ``sci.software_carbon_intensity``."""
        return software_carbon_intensity(self, unit, count)

    def readings(self, intensities: Mapping[str, float] | None = None) -> Readings:
        """Return other readings of the formula beside this one; see ``readings.readings``."""
        return readings(self, intensities)

    def to_dict(self) -> dict[str, Any]:
        """Return all numbers as plain values for JSON."""
        place, made = self.intensity, self.embodied
        return {
            "joule": self.joule,
            "kwh": self.kwh,
            "gco2e": self.gco2e,
            "interval_joule": self.interval_joule and list(self.interval_joule),
            "interval_gco2e": self.interval_gco2e and list(self.interval_gco2e),
            "terms": dict(self.terms),
            "pue": self.pue,
            "loss": self.loss,
            "intensity": place and vars(place).copy(),
            "embodied": made and {**vars(made), "grams": made.grams},
            "equivalents": vars(self.equivalents).copy(),
            "subject": self.subject,
            "left_out": self.left_out,
        }

    def __str__(self) -> str:
        return wrapped(word(self))


def nature(
    power_w: float,
    t_wall_s: float,
    *,
    overhead_j: float = 0.0,
    overhead_s: float = 0.0,
    n_exp: int = 1,
    epochs: int = 1,
    spread: Spread | None = None,
    subject: str = "power given by the user",
    left_out: str = "",
    **site: Any,
) -> Nature:
    """Return NATURE from numbers.

    Parameters
    ----------
    power_w : float, W
        E, mean power of the hardware during a run.
    t_wall_s : float, s
        T, wall-clock time of one epoch.
    overhead_j : float, J
        Fixed energy of one experiment at the hardware; A is this times ``pue / (1 - loss)``.
    overhead_s : float, s
        For how long one experiment holds the hardware besides its epochs. It
        counts for embodied carbon only: its energy is in ``overhead_j``.
    n_exp, epochs : int
        Experiments performed, and passes over the data.
    spread : Spread, optional
    subject, left_out : str, optional
        Words for ``str()``.
    country, region, year : optional
        Where and when, as in :func:`.grid.grid_intensity`.
    intensity_g_per_kwh : float, gCO2e/kWh, optional
        Carbon intensity, instead of a place.
    pue, loss : float, optional
        Power usage effectiveness, 1 to 3; loss of the grid, a fraction below 0.5.
    embodied_kg, lifetime_years, resource_share : float, optional
        Embodied carbon of the hardware, as in :func:`.embodied.embodied_carbon`.

    Raises
    ------
    InvalidValueError
        If a number is not finite or out of its range; the message names mixed-up units.
    UnknownNameError
        If country, region or year is not in the data.
    """
    check_run(power_w, t_wall_s, overhead_j, overhead_s)
    check_counts(n_exp=n_exp, epochs=epochs)
    means = (overhead_j, t_wall_s, power_w, epochs)
    reserved_s = n_exp * (overhead_s + epochs * t_wall_s)
    return _evaluate(
        means, n_exp, reserved_s, Site(**site), spread or Spread(), (subject, left_out)
    )


def nature_of_sums(
    sums: Sums, site: Site, spread: Spread | None = None, *, subject: str, left_out: str = ""
) -> Nature:
    """Return NATURE of a study whose experiments are not equal.

    Parameters
    ----------
    sums : Sums
    site : Site
    spread : Spread, optional
        ``power_w`` and ``overhead_j`` are draws of the means over all epochs and experiments.
    subject, left_out : str
        Words for ``str()``.

    Raises
    ------
    InvalidValueError, UnknownNameError
        As :func:`nature`.
    """
    power_w = sums.run_j / sums.run_s if sums.run_s else 0.0
    t_wall_s = sums.run_s / sums.epochs if sums.epochs else 0.0
    check_run(power_w, t_wall_s, sums.overhead_j, sums.overhead_s)
    check_counts(n_exp=sums.n_exp)
    means = (sums.overhead_j / sums.n_exp, t_wall_s, power_w, sums.epochs / sums.n_exp)
    reserved_s = sums.run_s + sums.overhead_s
    words = (subject, left_out)
    whole = _evaluate(means, sums.n_exp, reserved_s, site, spread or Spread(), words)
    return replace(whole, unequal=True)


def _evaluate(
    means: tuple[float, float, float, float],
    n_exp: int,
    reserved_s: float,
    site: Site,
    spread: Spread,
    words: tuple[str, str],
) -> Nature:
    """Bring a study from the hardware to the grid."""
    pue, loss = site.pue, site.loss
    check_factors(pue, loss)
    place = find_intensity(site.country, site.region, site.year, site.intensity_g_per_kwh)
    made = embodied_carbon(site.embodied_kg, site.lifetime_years, site.resource_share, reserved_s)
    overhead_j, t_wall_s, power_w, epochs = means
    u_w = (pue - 1) * power_w
    r_w = loss / (1 - loss) * (power_w + u_w)
    a_j = overhead_j * pue / (1 - loss)
    joule = n_exp * (a_j + t_wall_s * (u_w + r_w + power_w) * epochs)
    names = ("A_j", "T_s", "E_w", "U_w", "R_w", "epochs", "N_exp")
    terms = dict(zip(names, (a_j, t_wall_s, power_w, u_w, r_w, epochs, n_exp), strict=True))
    grams = place.g_per_kwh if place is not None else None
    joules, carbon = _intervals(terms, overhead_j, pue, loss, grams, spread)
    kwh = joule / JOULE_PER_KWH
    gco2e = None if grams is None else kwh * grams
    return Nature(joule, kwh, gco2e, joules, carbon, terms, pue, loss, place, *words, made)


def _intervals(
    terms: Mapping[str, float],
    overhead_j: float,
    pue: float,
    loss: float,
    grams: float | None,
    spread: Spread,
) -> tuple[Interval | None, Interval | None]:
    """Return the 95 % intervals of joules and of grams, from the same draws."""
    stds = (spread.pue_rel_std, spread.loss_rel_std, spread.intensity_rel_std)
    for name, std in zip(("pue", "loss", "intensity"), stds, strict=True):
        allowed = "a relative standard deviation from 0 to 1"
        check_range(f"{name}_rel_std", std, 0.0, 1.0, allowed)
    if spread.power_w is None and not any(stds):
        return None, None
    draws = DRAWS if spread.power_w is None else len(spread.power_w)
    # Another stream than the coefficients': the grid's errors have nothing to do with the board's.
    normal = np.random.default_rng([SEED, 1]).standard_normal((3, draws))
    power = terms["E_w"] if spread.power_w is None else spread.power_w
    fixed = overhead_j if spread.overhead_j is None else spread.overhead_j
    ratio = np.maximum(pue * (1 + stds[0] * normal[0]), 1.0)
    lost = np.clip(loss * (1 + stds[1] * normal[1]), 0.0, 0.5)
    run = terms["T_s"] * power * terms["epochs"]
    joule = terms["N_exp"] * (fixed + run) * ratio / (1 - lost)
    if grams is None:
        return interval(joule), None
    per_kwh = np.maximum(grams * (1 + stds[2] * normal[2]), 0.0)
    return interval(joule), interval(joule / JOULE_PER_KWH * per_kwh)
