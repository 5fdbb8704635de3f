"""A session: everything between one ``setup()`` and the next, or ``end()``."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..accounting.ledger import Ledger, take_ledger
from ..accounting.report import Report, make_report
from ..engine.simulation import Simulation
from ..mapping.fidelity import FidelityLog
from ..network import Network
from .values import finite_number

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

    Attributes
    ----------
    network : Network
    simulation : Simulation
    fidelity : FidelityLog
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
    ) -> None:
        self.network = Network(dt_ms=dt_ms, seed=seed, precision=precision)
        self.simulation = Simulation(self.network, threads)
        self.fidelity = FidelityLog()
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

    def ledger(self) -> Ledger:
        """Return the counts so far, frozen."""
        return take_ledger(self.network, self.simulation)

    def report(
        self,
        board: str | None = None,
        boundary: str | None = None,
        neurons_per_core: int | dict[str, int] | None = None,
        time_scale_factor: float | None = None,
    ) -> Report:
        """Price the counts so far on a board.

        Parameters
        ----------
        board : str, optional
            Name of a board; by default the session's.
        boundary : str, optional
            Where the power is measured, as named in the board's profile.
        neurons_per_core : int or dict, optional
            Placement, by default the board's limit.
        time_scale_factor : float, optional
            Slow-down on a real-time board; by default the one given to ``setup()``.

        Returns
        -------
        Report

        Raises
        ------
        UnknownNameError
            For an unknown board or boundary.
        BoardError
            When the board's profile lacks a number that is needed.
        """
        if time_scale_factor is not None:
            where = "energy_report()"
            finite_number(
                time_scale_factor, "time_scale_factor", positive=True, where=where, unit=""
            )
        return make_report(
            self.ledger(),
            board=self.board if board is None else board,
            boundary=boundary,
            neurons_per_core=neurons_per_core,
            time_scale_factor=(
                self.time_scale_factor if time_scale_factor is None else time_scale_factor
            ),
            fidelity=self.fidelity.rows(),
        )
