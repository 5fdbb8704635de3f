"""95 % intervals by seeded Monte Carlo, with one common scale factor per source.

An error of a coefficient is the same for all of its 10**9 events, and numbers
from one laboratory err together. So each source key has **one** standard normal
number ``z`` per draw, and every coefficient of that source is scaled by it:
``1 + s z`` for powers, ``exp(t z - t**2 / 2)`` with ``t**2 = log(1 + s**2)`` for
energies per event, whose mean is 1, where ``s`` is the relative standard
deviation. A power is never below 0.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..boards.profile import Coefficient
from .given import USER

__all__ = ["DRAWS", "LEVEL", "SEED", "Samples", "draw", "errs_with", "interval"]

DRAWS = 10_000
SEED = 20_260_101
LEVEL = 0.95

#: Largest number of float64 in one table of draws x cores.
_CHUNK = 1 << 21

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Samples:
    """Draws of the energy of a run.

    Attributes
    ----------
    static_j : (DRAWS,) float64, J
        0 where the static power is not published; see ``Priced.missing``.
    components_j : (DRAWS, components) float64, J
        In the order of ``Priced.components``.
    """

    static_j: FloatArray
    components_j: FloatArray

    @property
    def dynamic_j(self) -> FloatArray:
        """Sum of the components, (DRAWS,) float64, J."""
        total: FloatArray = self.components_j.sum(axis=1)
        return total

    @property
    def energy_j(self) -> FloatArray:
        """Static and dynamic energy, (DRAWS,) float64, J."""
        return self.static_j + self.dynamic_j


def interval(values: FloatArray) -> tuple[float, float]:
    """Return the central 95 % interval of draws, in their unit."""
    tail = 50 * (1 - LEVEL)
    low, high = np.percentile(values, [tail, 100 - tail])
    return float(low), float(high)


def draw(
    static: Sequence[tuple[Coefficient, float]],
    dynamic: Sequence[Coefficient],
    cap: Coefficient | None,
    per_core: NDArray[np.int64] | FloatArray,
    t_wall_s: float,
) -> Samples:
    """Draw energies.

    Parameters
    ----------
    static : sequence of (Coefficient, float)
        Static powers, and the energy in J that each causes at its nominal value.
    dynamic : sequence of Coefficient
        Energies per event, one for each column of ``per_core``.
    cap : Coefficient or None
        Largest dynamic power of a core, where there is one.
    per_core : (cores, components) int64 or float64
        Counts.
    t_wall_s : float, s

    Returns
    -------
    Samples
    """
    z = _normals([*(c for c, _ in static), *dynamic, *([] if cap is None else [cap])])
    static_j = np.zeros(DRAWS)
    for coefficient, joule in static:
        static_j += joule * _scale(coefficient, z)
    energy = np.zeros((DRAWS, len(dynamic)))
    for column, coefficient in enumerate(dynamic):
        energy[:, column] = float(coefficient.value or 0.0) * _scale(coefficient, z)
    if cap is None:
        return Samples(static_j, energy * per_core.sum(axis=0).astype(np.float64))
    limit = float(cap.value or 0.0) * _scale(cap, z) * t_wall_s
    return Samples(static_j, _clamped(energy, limit, per_core))


def _clamped(
    energy: FloatArray, limit: FloatArray, per_core: NDArray[np.int64] | FloatArray
) -> FloatArray:
    """Return the components' joules where no core draws more than its limit, for each draw."""
    # Cores with the same counts cost the same: most of a population's cores are equal.
    rows, times = np.unique(per_core, axis=0, return_counts=True)
    counts = rows.astype(np.float64)
    components = np.empty_like(energy)
    step = max(1, _CHUNK // max(len(counts), 1))
    for low in range(0, DRAWS, step):
        part = slice(low, low + step)
        demand = energy[part] @ counts.T
        over = demand > limit[part, None]
        share = np.where(over, limit[part, None] / np.where(over, demand, 1.0), 1.0)
        components[part] = energy[part] * ((share * times) @ counts)
    return components


def errs_with(coefficient: Coefficient) -> str:
    """Return the key of those coefficients that err together: their source.

    Values that the user gave have one source key, but nobody says that they err together.
    """
    if coefficient.source == USER:
        return f"{USER}:{coefficient.name}"
    return coefficient.source


def _normals(coefficients: Sequence[Coefficient]) -> dict[str, FloatArray]:
    """Return one row of standard normal numbers for each source.

    The key of the source is the seed of its row: a source errs alike on all boards, and two
    sources never do.
    """
    return {key: _normal(key) for key in {errs_with(coefficient) for coefficient in coefficients}}


def _normal(key: str) -> FloatArray:
    words = np.frombuffer(hashlib.sha256(key.encode()).digest(), "<u4")
    return np.random.default_rng([SEED, *map(int, words)]).standard_normal(DRAWS)


def _scale(coefficient: Coefficient, z: dict[str, FloatArray]) -> FloatArray:
    std, normal = coefficient.rel_std, z[errs_with(coefficient)]
    if coefficient.unit == "W":
        return np.maximum(1 + std * normal, 0.0)
    spread = np.sqrt(np.log1p(std**2))
    scale: FloatArray = np.exp(spread * normal - spread**2 / 2)
    return scale
