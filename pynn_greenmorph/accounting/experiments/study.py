"""NATURE of a whole study, from its ledger.

Every attempt i costs ``A_i + sum over its epochs of T_ie * (E + U + R)_ie`` at
the grid; a repeated attempt adds joules, and no experiment. Its epochs are those
it declared if it finished, one if it ended early but simulated something, and
none else (:attr:`.Entry.charged_epochs`). "epochs" of the study is their sum over N_exp:
the mean of an experiment, all its attempts together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from ...errors import ReportError, explain
from ..files import StrPath
from ..nature import Nature, Site, Spread, nature_of_sums
from ..nature_inputs import check_factors, check_range
from ..numbers import quantity
from .costs import Cost, cost_of, mean_draws, sums_of
from .entries import Entry, group, read_entries

__all__ = ["Study", "read_study", "whose"]


class Epochs(NamedTuple):
    """Epochs that a study is charged for.

    Attributes
    ----------
    finished, begun : int
        Of attempts that finished, and of those that ended early, one each.
    least, most : int
        Of one experiment, all its attempts together.
    """

    finished: int
    begun: int
    least: int
    most: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.finished + self.begun


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

    @cached_property
    def epochs(self) -> Epochs:
        """Epochs that are charged."""
        own = [entry for entry in self.entries if not entry.driver]
        finished = sum(entry.charged_epochs for entry in own if entry.status == "finished")
        each = [sum(entry.charged_epochs for entry in some) for some in self.experiments]
        return Epochs(finished, sum(each) - finished, min(each, default=0), max(each, default=0))

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

    def _fixed(self, entry: Entry) -> tuple[float, float]:
        """Return fixed time and energy of an attempt; what only drives experiments has none."""
        if entry.driver:
            return 0.0, 0.0
        own = entry.overhead_s, entry.overhead_j
        return own if any(own) else self._overhead

    @cached_property
    def costs(self) -> dict[str, Cost | None]:
        """What each attempt cost at the hardware, by its id; ``None`` if a price is missing."""
        return {entry.id: cost_of(entry, self._fixed(entry)) for entry in self.entries}

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
        sums = sums_of(costs, self.n_exp)
        power, fixed = None, None
        if any(entry.sessions for entry in self.entries):
            power, fixed = mean_draws(costs, sums)
        spread = Spread(power, fixed, pue_rel_std, loss_rel_std, intensity_rel_std)
        place = Site(country, region, year, **site)
        words = {"subject": self.subject, "left_out": self._left_out()}
        return nature_of_sums(sums, place, spread, **words)

    def _left_out(self) -> str:
        """Say what A holds and what it leaves out."""
        fixed = [self._fixed(entry) for entry in self.entries]
        parts = []
        if any(entry.driver and entry.sessions for entry in self.entries):
            parts.append("what scripts simulated outside their experiments")
        if any(map(any, fixed)):
            parts.append("fixed time and energy given by the user")
        held = f"{' and '.join(parts)}, mean of an experiment" if parts else ""
        sentences = [held] if held else []
        if not any(map(any, fixed)):
            sentences.append("mapping and loading not included")
        if self.silent:
            what = f"{self.silent} attempts have not ended: what they ran last not included"
            sentences.append(what)
        boardless = sum(not entry.sessions for entry in self.entries if not entry.driver)
        if boardless and any(seconds for seconds, _ in fixed):
            what = f"fixed time of {boardless} attempts that priced no board not charged"
            sentences.append(what)
        return "; ".join(sentences)

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
