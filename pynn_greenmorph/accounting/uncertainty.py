"""The first-order result beside the Monte Carlo one, and who causes the spread.

To first order the joules are linear in the scale factors, so the variance is
``sum over sources of (sum over its coefficients of J_i s_i)**2``, with the joules
``J_i`` that a coefficient causes and its relative standard deviation ``s_i``. The
share of a source is its term over the sum; the share of a coefficient is its
part ``J_i s_i (sum of its source)`` of that term. Shares add up to 1.

On a core at its cap the joules follow the cap and no longer the events.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from ..boards.profile import Coefficient
from .intervals import LEVEL, errs_with, interval

__all__ = ["Uncertainty", "uncertainty"]

Span = tuple[float, float]


@dataclass(frozen=True)
class Uncertainty:
    """The spread of an energy.

    Attributes
    ----------
    std_j, first_order_std_j : float, J
        Standard deviation of the Monte Carlo draws, and to first order.
    interval_j, first_order_interval_j : (float, float), J
        95 % intervals.
    by_source : dict of str to float
        Share of the first-order variance by source key, largest first; empty without a spread.
        Each value of the user is a source of its own, "user:NAME".
    by_coefficient : dict of str to float
        The same by coefficient.
    """

    std_j: float
    first_order_std_j: float
    interval_j: Span
    first_order_interval_j: Span
    by_source: dict[str, float]
    by_coefficient: dict[str, float]


def uncertainty(
    joules: Iterable[tuple[Coefficient, float]], draws: NDArray[np.float64], exact_j: float = 0.0
) -> Uncertainty:
    """Return the spread of an energy.

    Parameters
    ----------
    joules : iterable of (Coefficient, float)
        Each coefficient with the energy in J that it causes.
    draws : (n,) float64, J
        Monte Carlo draws of the same energy.
    exact_j : float, J
        Energy in the draws that no coefficient causes and that has no spread.
    """
    pairs = list(joules)
    sources: dict[str, float] = {}
    for coefficient, joule in pairs:
        spread = joule * coefficient.rel_std
        key = errs_with(coefficient)
        sources[key] = sources.get(key, 0.0) + spread
    variance = sum(spread**2 for spread in sources.values())
    coefficients: dict[str, float] = {}
    for coefficient, joule in pairs:
        part = joule * coefficient.rel_std * sources[errs_with(coefficient)]
        coefficients[coefficient.name] = coefficients.get(coefficient.name, 0.0) + part
    std, mean = math.sqrt(variance), exact_j + math.fsum(joule for _, joule in pairs)
    half = NormalDist().inv_cdf((1 + LEVEL) / 2) * std
    return Uncertainty(
        float(draws.std()),
        std,
        interval(draws),
        (mean - half, mean + half),
        _shares({key: spread**2 for key, spread in sources.items()}, variance),
        _shares(coefficients, variance),
    )


def _shares(parts: dict[str, float], whole: float) -> dict[str, float]:
    if whole == 0:
        return {}
    ordered = sorted(parts.items(), key=lambda item: (-item[1], item[0]))
    return {key: part / whole for key, part in ordered}
