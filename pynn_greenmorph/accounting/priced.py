"""What pricing returns: the price of a ledger on a board, and its parts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..boards.profile import Board, Boundary, Coefficient
from ..mapping.place import Placement
from .intervals import Samples
from .walltime import WallTime

__all__ = ["Overrun", "Part", "Priced", "UsualStep"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Part:
    """Joules and counters of a population, a projection or a phase."""

    energy_j: float
    static_j: float
    dynamic_j: float
    counters: dict[str, int]


@dataclass(frozen=True)
class Overrun:
    """How far cores are over their largest dynamic power.

    Attributes
    ----------
    factor : float
        Largest demand of a core over what it can draw; above 1 the core is clamped.
    cores : int
        Number of clamped cores.
    fitting_factor : float
        Time-scale factor with which no core would be clamped.
    clamped_j : float, J
        Energy that the clamp took away.
    """

    factor: float
    cores: int
    fitting_factor: float
    clamped_j: float


@dataclass(frozen=True)
class UsualStep:
    """The price of the same spikes at the board's usual time step.

    Updates and ticks go with the number of steps; spikes, deliveries and events are kept.
    ``overrun`` says whether cores would be clamped there: the board could then not run the
    network in real time at that step.
    """

    dt_ms: float
    t_wall_s: float
    static_j: float
    dynamic_j: float
    overrun: Overrun

    @property
    def energy_j(self) -> float:
        """Static and dynamic energy, J."""
        return self.static_j + self.dynamic_j


@dataclass(frozen=True)
class Priced:
    """The price of a ledger on a board.

    Attributes
    ----------
    board, boundary, placement, wall : Board, Boundary, Placement, WallTime
    static : tuple of (Coefficient, float)
        Static powers, each with its energy in J.
    dynamic : tuple of Coefficient
        Energies per event, in the order of :data:`.components.COMPONENTS`.
    components_j : (6,) float64, J
    charged : (6,) int64
        Counts that were paid for.
    populations, projections, phases : dict of str to Part
    overrun : Overrun
    usual_step : UsualStep or None
        ``None`` if the model runs at the board's usual step already.
    samples : Samples
    """

    board: Board
    boundary: Boundary
    placement: Placement
    wall: WallTime
    static: tuple[tuple[Coefficient, float], ...]
    dynamic: tuple[Coefficient, ...]
    components_j: FloatArray
    charged: NDArray[np.int64]
    populations: dict[str, Part]
    projections: dict[str, Part]
    phases: dict[str, Part]
    overrun: Overrun
    usual_step: UsualStep | None
    samples: Samples

    @property
    def subject(self) -> str:
        """Whose joules these are: ``"modelled: SpiNN-5 board, DC input"``."""
        times = f"{self.placement.boards} x " if self.placement.boards > 1 else ""
        return f"modelled: {times}{self.board.subject}, {self.boundary.subject}"

    @property
    def rules(self) -> tuple[Coefficient, ...]:
        """Numbers that decide joules without being a price: the cap of a core, limits in use.

        The smallest real-time step stretches the wall-clock time, and the limits
        of cores and chips decide deliveries and boards.
        """
        known = {**self.board.static, **self.board.dynamic, **self.board.limits}
        names = (
            "core_busy_W",
            "timestep_ms_min_realtime",
            "neurons_per_core",
            "app_cores_per_chip",
            "chips",
        )
        return tuple(known[name] for name in names if name in known)

    @property
    def source_keys(self) -> tuple[str, ...]:
        """Keys of all sources behind the total, sorted."""
        used = {coefficient.source for coefficient, _ in self.static}
        return tuple(sorted(used | {coefficient.source for coefficient in self.dynamic}))

    @property
    def counters(self) -> dict[str, int]:
        """All counts; spikes of sources are counted, but paid for in the source ticks."""
        return self.phases["run"].counters

    @property
    def static_j(self) -> float:
        """Static energy, J."""
        return sum(joule for _, joule in self.static)

    @property
    def dynamic_j(self) -> float:
        """Dynamic energy, J."""
        return float(self.components_j.sum())
