"""NATURE of a whole study, from its ledger.

Every attempt i costs ``A_i + sum over its epochs of T_ie * (E + U + R)_ie`` at
the grid; a repeated attempt adds joules, and no experiment.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ...errors import ReportError, explain
from ..files import StrPath
from ..nature import FloatArray, Nature, Site, Spread, Sums, nature_of_sums
from ..nature_inputs import check_factors, check_range
from ..numbers import quantity
from .entries import Entry, group, read_entries
from .measure import DRAWS_KEPT

__all__ = ["Cost", "Study", "read_study", "whose"]


@dataclass(frozen=True)
class Cost:
    """What an attempt cost at the hardware.

    Attributes
    ----------
    run_j, run_s : float, J and s
        Of all epochs.
    overhead_j, overhead_s : float, J and s
        Of everything else.
    epochs : int
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


class Study:
    """All attempts of a study.

    Parameters
    ----------
    entries : sequence of Entry
    overhead_s, overhead_j : float, s and J
        Fixed time and energy of each attempt that did not record any itself.

    Raises
    ------
    InvalidValueError
        If one of the two is not a finite number of at least 0.
    """

    def __init__(
        self, entries: Sequence[Entry], overhead_s: float = 0.0, overhead_j: float = 0.0
    ) -> None:
        check_range("overhead_s", overhead_s, 0.0, 1e300, "a finite time >= 0 (s)")
        check_range("overhead_j", overhead_j, 0.0, 1e300, "a finite energy >= 0 (J)")
        self.entries = tuple(entries)
        self._overhead = (overhead_s, overhead_j)

    @cached_property
    def experiments(self) -> tuple[tuple[Entry, ...], ...]:
        """Attempts of each experiment."""
        return group(self.entries)

    @property
    def n_exp(self) -> int:
        """Experiments that were started, finished or not."""
        return len(self.experiments)

    @property
    def statuses(self) -> Counter[str]:
        """Attempts by how they ended; scripts that only drive experiments are left out."""
        return Counter(entry.status for entry in self.entries if not entry.driver)

    @cached_property
    def missing(self) -> tuple[str, ...]:
        """Why joules are missing, one sentence each; empty if the total is known."""
        reasons = Counter(
            session.missing
            for entry in self.entries
            for session in entry.sessions
            if session.energy_j is None
        )
        return tuple(
            f"{number} session{'' if number == 1 else 's'}: {reason.rstrip('.')}"
            for reason, number in reasons.items()
        )

    @property
    def unknown(self) -> str:
        """Why the total of the study is not known; empty if it is."""
        if not self.missing:
            return ""
        sessions = [(e.passes, s) for e in self.entries for s in e.sessions]
        known = sum(passes * (session.dynamic_j or 0.0) for passes, session in sessions)
        return (
            "the total of the study is not known, because prices are missing: "
            f"{'; '.join(self.missing)}. What is known of the dynamic part, at the hardware, is "
            f"{quantity(known, 'J')}"
        )

    @property
    def silent(self) -> int:
        """Attempts that ended without a word, so that what they ran last is not in the ledger."""
        return self.statuses["killed"] + self.statuses["unknown"] + self.statuses["running"]

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """Keys of all sources of prices, sorted."""
        sessions = (session for entry in self.entries for session in entry.sessions)
        return tuple(sorted({key for session in sessions for key in session.sources}))

    @cached_property
    def subject(self) -> str:
        """Whose joules these are."""
        return whose(self.entries)

    def cost(self, entry: Entry) -> Cost | None:
        """Return what an attempt cost at the hardware; ``None`` if a price is missing."""
        if any(session.energy_j is None for session in entry.sessions):
            return None
        fixed_s, fixed_j = self._fixed(entry)
        passes = entry.passes if entry.sessions else 0
        run_j = passes * sum(session.energy_j or 0.0 for session in entry.sessions)
        run_s = passes * sum(session.t_wall_s for session in entry.sessions)
        static_w, draws = _static(entry, fixed_s)
        kept = None
        if all(session.draws is not None for session in entry.sessions):
            whole = sum((s.draws[1] for s in entry.sessions if s.draws is not None), np.zeros(1))
            kept = np.stack(
                np.broadcast_arrays(
                    passes * whole, fixed_s * draws + fixed_j, np.zeros(DRAWS_KEPT)
                )[:2]
            )
        return Cost(run_j, run_s, fixed_s * static_w + fixed_j, fixed_s, passes, kept)

    def _fixed(self, entry: Entry) -> tuple[float, float]:
        """Return fixed time and energy of an attempt; what only drives experiments has none."""
        if entry.driver:
            return 0.0, 0.0
        own = entry.overhead_s, entry.overhead_j
        return own if any(own) else self._overhead

    @cached_property
    def costs(self) -> dict[str, Cost | None]:
        """What each attempt cost at the hardware, by its id; ``None`` if a price is missing."""
        return {entry.id: self.cost(entry) for entry in self.entries}

    def nature(self, *place: Any, **site: Any) -> Nature:
        """Return NATURE of the study.

        Parameters
        ----------
        *place, **site
            As in :meth:`nature_of_known`.

        Raises
        ------
        ReportError
            If the ledger holds no experiment, or a price is missing.
        InvalidValueError, UnknownNameError
            As ``nature.nature``.
        """
        found = self.nature_of_known(*place, **site)
        if self.missing:
            todo = (
                "See its attempts with `greenmorph report LEDGER`, and record with "
                "sim.experiment(pricing=...) on another board or with values of your own"
            )
            raise ReportError(explain(self.unknown, where="study", todo=todo))
        return found

    def nature_of_known(
        self,
        country: str | None = None,
        region: str | None = None,
        year: int | None = None,
        *,
        pue_rel_std: float = 0.0,
        loss_rel_std: float = 0.0,
        intensity_rel_std: float = 0.0,
        **site: Any,
    ) -> Nature:
        """Return NATURE of the attempts of which no price is missing.

        Parameters
        ----------
        country, region, year, **site
            As in ``nature.nature``.
        pue_rel_std, loss_rel_std, intensity_rel_std : float
            Relative standard deviations of your inputs.

        Raises
        ------
        ReportError
            If the ledger holds no experiment.
        InvalidValueError, UnknownNameError
            As ``nature.nature``.
        """
        if not self.n_exp:
            raise ReportError(explain("the ledger holds no experiment", where="NATURE"))
        costs = [cost for cost in self.costs.values() if cost is not None]
        sums = Sums(
            sum(cost.run_j for cost in costs),
            sum(cost.run_s for cost in costs),
            sum(cost.overhead_j for cost in costs),
            sum(cost.overhead_s for cost in costs),
            self.n_exp,
            sum(cost.epochs for cost in costs),
        )
        power, fixed = _mean_draws(costs, sums)
        spread = Spread(power, fixed, pue_rel_std, loss_rel_std, intensity_rel_std)
        place = Site(country, region, year, **site)
        words = {"subject": self.subject, "left_out": self._left_out(sums)}
        return nature_of_sums(sums, place, spread, **words)

    def _left_out(self, sums: Sums) -> str:
        parts = ["mapping and loading not included"]
        if sums.overhead_s or sums.overhead_j:
            parts = ["fixed time and energy given by the user, mean of an experiment"]
        if self.silent:
            what = f"{self.silent} attempts have not ended: what they ran last not included"
            parts.append(what)
        boardless = sum(not entry.sessions for entry in self.entries if not entry.driver)
        if sums.overhead_s and boardless:
            what = f"fixed time of {boardless} attempts that priced no board not charged"
            parts.append(what)
        return "; ".join(parts)

    def grid_joules(self, pue: float = 1.0, loss: float = 0.0) -> dict[str, float | None]:
        """Return the joules of each attempt at the grid, by its id; they add up to NATURE.

        ``None`` stands for an attempt of which a price is missing.
        """
        check_factors(pue, loss)
        return {
            key: None if cost is None else cost.joule * pue / (1 - loss)
            for key, cost in self.costs.items()
        }


def whose(entries: Iterable[Entry]) -> str:
    """Say whose the joules of some attempts are, each board with its own sources."""
    found = {session.whose for entry in entries for session in entry.sessions}
    return "; ".join(sorted(found)) or "no session was simulated"


def _static(entry: Entry, fixed_s: float) -> tuple[float, FloatArray]:
    """Return the static power of an attempt's first session in W, and its draws."""
    if not fixed_s:
        return 0.0, np.zeros(1)
    for session in entry.sessions:
        if session.static_j is not None and session.t_wall_s > 0:
            draws = np.full(1, session.static_j) if session.draws is None else session.draws[0]
            return session.static_j / session.t_wall_s, draws / session.t_wall_s
    # An attempt that ended before it ran held a board too, but nobody knows which.
    return 0.0, np.zeros(1)


def _mean_draws(costs: Sequence[Cost], sums: Sums) -> tuple[FloatArray | None, FloatArray | None]:
    """Return draws of the mean power and of the mean fixed energy; ``None`` if some are missing."""
    kept = [cost.draws for cost in costs]
    if not sums.run_s or any(draws is None for draws in kept):
        return None, None
    total = np.sum([draws for draws in kept if draws is not None], axis=0)
    return total[0] / sums.run_s, total[1] / sums.n_exp


def read_study(
    paths: StrPath | Iterable[StrPath], overhead_s: float = 0.0, overhead_j: float = 0.0
) -> Study:
    """Read the study in a ledger, or in the ledgers of several hosts.

    Parameters
    ----------
    paths : str, path, or iterable of them
    overhead_s, overhead_j : float
        As in :class:`Study`.

    Raises
    ------
    ReportError
        If a ledger cannot be read.
    """
    several = [paths] if isinstance(paths, str) or not isinstance(paths, Iterable) else paths
    return Study(read_entries(several), overhead_s, overhead_j)
