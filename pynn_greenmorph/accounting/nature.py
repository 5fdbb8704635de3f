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
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .grid import Intensity
from .intervals import DRAWS, SEED, interval
from .nature_inputs import check_factors, check_range, check_run, find_intensity
from .nature_text import word

__all__ = ["JOULE_PER_KWH", "Nature", "Spread", "nature"]

JOULE_PER_KWH = 3.6e6

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
class Nature:
    """NATURE of a study; ``str()`` words it with its inputs and sources.

    Attributes
    ----------
    joule, kwh : float
        Energy at the grid.
    gco2e : float or None, g
        Carbon; ``None`` if neither a country nor an intensity was given.
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

    def __str__(self) -> str:
        return word(self)


def nature(
    power_w: float,
    t_wall_s: float,
    *,
    overhead_j: float = 0.0,
    country: str | None = None,
    region: str | None = None,
    year: int | None = None,
    intensity_g_per_kwh: float | None = None,
    pue: float = 1.0,
    loss: float = 0.0,
    n_exp: int = 1,
    epochs: int = 1,
    spread: Spread | None = None,
    subject: str = "power given by the user",
    left_out: str = "",
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
    country, region, year
        Where and when, as in :func:`.grid.grid_intensity`.
    intensity_g_per_kwh : float, gCO2e/kWh
        Carbon intensity, instead of a country.
    pue, loss : float
        Power usage effectiveness, 1 to 3; loss of the grid, a fraction below 0.5.
    n_exp, epochs : int
        Experiments performed, and passes over the data.
    spread : Spread, optional
    subject, left_out : str, optional
        Words for ``str()``.

    Raises
    ------
    InvalidValueError
        If a number is not finite or out of its range; the message names mixed-up units.
    UnknownNameError
        If country, region or year is not in the data.
    """
    check_run(power_w, t_wall_s, overhead_j)
    check_factors(pue, loss, n_exp, epochs)
    place = find_intensity(country, region, year, intensity_g_per_kwh)
    u_w = (pue - 1) * power_w
    r_w = loss / (1 - loss) * (power_w + u_w)
    a_j = overhead_j * pue / (1 - loss)
    joule = n_exp * (a_j + t_wall_s * (u_w + r_w + power_w) * epochs)
    names = ("A_j", "T_s", "E_w", "U_w", "R_w", "epochs", "N_exp")
    terms = dict(zip(names, (a_j, t_wall_s, power_w, u_w, r_w, epochs, n_exp), strict=True))
    grams = place.g_per_kwh if place is not None else None
    joules, carbon = _intervals(terms, overhead_j, pue, loss, grams, spread or Spread())
    kwh = joule / JOULE_PER_KWH
    gco2e = None if grams is None else kwh * grams
    return Nature(joule, kwh, gco2e, joules, carbon, terms, pue, loss, place, subject, left_out)


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
