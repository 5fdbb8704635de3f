"""A session: everything between one ``setup()`` and the next, or ``end()``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
from numpy.typing import NDArray

from ..accounting.host import HostClock
from ..accounting.last_run import Mark, ledger_since, mark
from ..accounting.ledger import Ledger, take_ledger
from ..engine.simulation import Simulation
from ..errors import ReportError, UnknownNameError, explain, unknown_name
from ..mapping.fidelity import FidelityLog
from ..network import Network
from .settings import check_time_scale_factor

if TYPE_CHECKING:
    from ..accounting.options import Options
    from ..accounting.report import Report

__all__ = ["Session"]


class Session:
    """One network with its simulation, its board and its deviations.

    Parameters
    ----------
    dt_ms : float, ms
        Time step.
    seed : int
        Seed of native random numbers.
    board : str
        Name of the board, or ``"ideal"``.
    time_scale_factor : float or None
        Slow-down that the user asked for on a real-time board.
    threads : int or "auto"
        Number of threads; no result depends on it.
    precision : {"exact", "fast"}
        See :class:`.Network`.
    host_energy : {"auto", "rapl", "interval", "codecarbon"}
        How this computer's energy is found; see :class:`.HostClock`.

    Attributes
    ----------
    network : Network
    simulation : Simulation
    fidelity : FidelityLog
    host : HostClock
        Time and energy of this computer in all calls of ``run()``.
    open : bool
        False after ``end()`` or the next ``setup()``.
    noisy_sources : int
        Noisy current sources made so far; their draws are keyed by it.
    native_rngs : int
        Generators ``NativeRNG()`` made without a seed so far; their seeds depend on it.
    """

    def __init__(
        self,
        dt_ms: float,
        seed: int,
        board: str,
        time_scale_factor: float | None,
        threads: int | str = "auto",
        precision: str = "exact",
        host_energy: str = "auto",
    ) -> None:
        self.network = Network(dt_ms=dt_ms, seed=seed, precision=precision)
        self.simulation = Simulation(self.network, threads)
        self.fidelity = FidelityLog()
        self.host = HostClock(host_energy)
        self._grids: set[str] = set()
        self._run_began: Mark | None = None
        self._in_run = False
        self.board = board
        self.time_scale_factor = time_scale_factor
        self.open = True
        self.noisy_sources = 0
        self.native_rngs = 0

    def to_ms(self, steps: int | NDArray[np.int64]) -> Any:
        """Return the time of a step in ms, free of the noise of ``k * 0.1``.

        Parameters
        ----------
        steps : int or (n,) int64, steps

        Returns
        -------
        float or (n,) float64, ms
        """
        if isinstance(steps, int):  # as NumPy rounds arrays, bit for bit, but much faster
            return round(steps * self.network.dt_ms * 1e9) / 1e9
        times = np.round(np.asarray(steps) * self.network.dt_ms, 9)
        return float(times) if times.ndim == 0 else times

    @property
    def time_ms(self) -> float:
        """Present time, ms."""
        return float(self.to_ms(self.simulation.step))

    @property
    def has_run(self) -> bool:
        """Whether at least one step was simulated."""
        return self.simulation.lifetime > 0

    @contextmanager
    def one_run(self) -> Iterator[None]:
        """Surround one call of ``run()``; a call within it, from a callback, is a part of it."""
        if self._in_run:
            yield
            return
        self._run_began, self._in_run = mark(self.simulation), True
        self.host.begin()
        try:
            yield
        finally:
            self._in_run = False
            self.host.end()

    def ledger(self, scope: str = "session") -> Ledger:
        """Return the counts so far, or those of the last ``run()`` alone, frozen.

        Parameters
        ----------
        scope : {"session", "last run"}

        Raises
        ------
        UnknownNameError
            For another scope.
        ReportError
            For the last run before there was one.
        """
        if scope == "session":
            return take_ledger(self.network, self.simulation)
        if scope != "last run":
            raise UnknownNameError(unknown_name("scope", scope, ["session", "last run"]))
        if self._run_began is None:
            what = "there is no last run yet"
            raise ReportError(explain(what, where="energy_report()", todo="Call run() first"))
        return ledger_since(self._run_began, self.network, self.simulation)

    def report(
        self, board: str | None = None, *, scope: str = "session", **options: Unpack[Options]
    ) -> Report:
        """Price the counts so far on a board.

        Parameters
        ----------
        board : str, optional
            Name of a board; by default the session's.
        scope : {"session", "last run"}
            Whether to report on all calls of ``run()``, or on the last one alone.
        **options
            As in :func:`.energy_report`, which also says what is raised.

        Returns
        -------
        Report
        """
        factor = options.get("time_scale_factor")
        if factor is not None:
            check_time_scale_factor(factor, "energy_report()")
        report = self.price(self.ledger(scope), board, **options)
        host = self.host.energy(last=scope != "session")
        return replace(report, scope=scope, host=host if host.runs else None, grids=self._grids)

    def price(self, ledger: Ledger, board: str | None = None, **options: Unpack[Options]) -> Report:
        """Price some of this session's counts on a board; see :meth:`report`.

        Parameters
        ----------
        ledger : Ledger
            The counts.
        board, **options
            As in :meth:`report`.

        Returns
        -------
        Report
        """
        # A report is made after a run: what it needs is no part of the start.
        from ..accounting.report import make_report

        if options.get("time_scale_factor") is None:
            options["time_scale_factor"] = self.time_scale_factor
        chosen = self.board if board is None else board
        return make_report(ledger, board=chosen, fidelity=self.fidelity.rows(), **options)
