"""What one attempt cost at the hardware, and for how many epochs it is charged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..nature import FloatArray, Sums
from .entries import Entry
from .measure import DRAWS_KEPT

__all__ = ["Cost", "cost_of", "mean_draws", "sums_of"]


@dataclass(frozen=True)
class Cost:
    """What an attempt cost at the hardware.

    Attributes
    ----------
    run_j, run_s : float, J and s
        Of all epochs.
    overhead_j, overhead_s : float, J and s
        Of everything else: its fixed cost, and for a script that only drives
        experiments what it simulated outside of them, which is no epoch of any.
    epochs : int
        Those that ``run_j`` and ``run_s`` hold.
    draws : (2, n) float64 or None, J
        Draws of the energy of all epochs, and of everything else.
    """

    run_j: float
    run_s: float
    overhead_j: float
    overhead_s: float
    epochs: int
    draws: FloatArray | None

    @property
    def joule(self) -> float:
        """All of it, J."""
        return self.run_j + self.overhead_j


def cost_of(entry: Entry, fixed: tuple[float, float]) -> Cost | None:
    """Return what an attempt cost at the hardware; ``None`` if a price is missing.

    Parameters
    ----------
    entry : Entry
    fixed : (float, float), s and J
        Fixed time, charged at the static power of its first session, and energy.
    """
    if any(session.energy_j is None for session in entry.sessions):
        return None
    own_j = sum(session.energy_j or 0.0 for session in entry.sessions)
    own_s = sum(session.t_wall_s for session in entry.sessions)
    own_draws = _whole_draws(entry)
    if entry.driver:
        draws = None if own_draws is None else np.stack([np.zeros(DRAWS_KEPT), own_draws])
        return Cost(0.0, 0.0, own_j, own_s, 0, draws)
    fixed_s, fixed_j = fixed
    static_w, static_draws = _static(entry, fixed_s)
    draws = None
    if own_draws is not None:
        draws = np.stack([entry.passes * own_draws, fixed_s * static_draws + fixed_j])
    return Cost(
        run_j=entry.passes * own_j,
        run_s=entry.passes * own_s,
        overhead_j=fixed_s * static_w + fixed_j,
        overhead_s=fixed_s,
        epochs=entry.charged_epochs,
        draws=draws,
    )


def _whole_draws(entry: Entry) -> FloatArray | None:
    """Return draws of the energy of one pass; ``None`` if a session has none."""
    whole = np.zeros(DRAWS_KEPT)
    for session in entry.sessions:
        if session.draws is None:
            return None
        whole = whole + session.draws[1]
    return whole


def _static(entry: Entry, fixed_s: float) -> tuple[float, FloatArray]:
    """Return the static power of an attempt's first session in W, and its draws."""
    if fixed_s:
        for session in entry.sessions:
            if session.static_j is not None and session.t_wall_s > 0:
                power_w = session.static_j / session.t_wall_s
                if session.draws is None:
                    return power_w, np.full(DRAWS_KEPT, power_w)
                return power_w, session.draws[0] / session.t_wall_s
    # An attempt that ended before it ran held a board too, but nobody knows which.
    return 0.0, np.zeros(DRAWS_KEPT)


def sums_of(costs: Sequence[Cost], n_exp: int) -> Sums:
    """Add up the attempts of a study.

    Parameters
    ----------
    costs : sequence of Cost
    n_exp : int
    """
    return Sums(
        run_j=sum(cost.run_j for cost in costs),
        run_s=sum(cost.run_s for cost in costs),
        overhead_j=sum(cost.overhead_j for cost in costs),
        overhead_s=sum(cost.overhead_s for cost in costs),
        n_exp=n_exp,
        epochs=sum(cost.epochs for cost in costs),
    )


def mean_draws(costs: Sequence[Cost], sums: Sums) -> tuple[FloatArray | None, FloatArray | None]:
    """Return draws of the mean power in W, and of the mean fixed energy of an experiment in J.

    Both are ``None`` if a session has no draws.
    """
    kept = [cost.draws for cost in costs]
    if any(draws is None for draws in kept):
        return None, None
    run, fixed = np.sum([draws for draws in kept if draws is not None], axis=0)
    return (run / sums.run_s if sums.run_s else run), fixed / sums.n_exp
