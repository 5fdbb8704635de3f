"""What pricing returns: the price of a ledger on a board, and its parts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..boards.profile import Board, Boundary, Coefficient
from ..errors import BoardError, UnknownNameError, explain, unknown_name
from ..mapping.place import Placement
from .components import Component
from .intervals import Samples
from .phases import MODELLED, Duration
from .uncertainty import Uncertainty, uncertainty
from .walltime import WallTime

__all__ = ["Overrun", "Part", "Priced", "UsualStep", "not_published"]

FloatArray = NDArray[np.float64]


def not_published(board: str, missing: tuple[str, ...]) -> BoardError:
    """Return the error for a total that rests on a power nobody has published."""
    names = ", ".join(missing)
    what = f"no value of {names} is published, so no total can be given"
    todo = (
        f"Give it, energy_report(given={{{missing[0]!r}: watts}}), or use the dynamic part, "
        "report.dynamic_j"
    )
    return BoardError(explain(what, where=f"board {board}", todo=todo))


@dataclass(frozen=True)
class Part:
    """Joules and counters of a population, a projection or a phase.

    Attributes
    ----------
    dynamic_j : float, J
    counters : dict of str to int
    known_static_j : float, J
        Static energy; 0 if it is not published.
    board : str
    missing : tuple of str
        Static powers that are not published; ``static_j`` and ``energy_j`` then raise.
    """

    dynamic_j: float
    counters: dict[str, int]
    known_static_j: float = 0.0
    board: str = ""
    missing: tuple[str, ...] = ()

    @property
    def static_j(self) -> float:
        """Static energy, J; raises ``BoardError`` if a power is not published."""
        if self.missing:
            raise not_published(self.board, self.missing)
        return self.known_static_j

    @property
    def energy_j(self) -> float:
        """Static and dynamic energy, J; raises as ``static_j``."""
        return self.static_j + self.dynamic_j


@dataclass(frozen=True)
class Overrun:
    """How far cores are over their largest dynamic power.

    Attributes
    ----------
    factor : float
        Largest demand of a core over what it can draw; above 1 the core is clamped. 0 on a
        board whose cores have no such power.
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
    steps : int
        Time steps of the run.
    components : tuple of Component
        The terms of the dynamic energy.
    static : tuple of (Coefficient, float)
        Static powers, each with its energy in J during the run; 0 where it is not published.
    dynamic : tuple of Coefficient
        Energies per event, in the order of ``components``.
    cap : Coefficient or None
        Largest dynamic power of a core.
    components_j : (components,) float64, J
    capped_j : (components,) float64, J
        What of it is drawn by cores at their cap.
    charged : tuple of int
        Counts that were paid for.
    populations, projections, phases : dict of str to Part
        The phases "run" and "learn", and those that the user gave.
    durations : tuple of Duration
        The phases that the user gave.
    overrun : Overrun
    usual_step : UsualStep or None
        ``None`` if the model runs at the board's usual step already, or the board is
        accelerated, or its static power is not published.
    samples : Samples
    missing : tuple of str
        Static powers of the boundary that are not published.
    left_out : tuple of str
        Phases that no joule here includes, each in a word.
    unpriced : tuple of str
        Counts that no joule here includes, each in a few words.
    """

    board: Board
    boundary: Boundary
    placement: Placement
    wall: WallTime
    steps: int
    components: tuple[Component, ...]
    static: tuple[tuple[Coefficient, float], ...]
    dynamic: tuple[Coefficient, ...]
    cap: Coefficient | None
    components_j: FloatArray
    capped_j: FloatArray
    charged: tuple[int, ...]
    populations: dict[str, Part]
    projections: dict[str, Part]
    phases: dict[str, Part]
    durations: tuple[Duration, ...]
    overrun: Overrun
    usual_step: UsualStep | None
    samples: Samples
    missing: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    unpriced: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """Whose joules these are: ``"modelled: SpiNN-5 board, DC input"``."""
        times = f"{self.placement.boards} x " if self.placement.boards > 1 else ""
        return f"modelled: {times}{self.board.subject}, {self.boundary.subject}"

    @property
    def rules(self) -> tuple[Coefficient, ...]:
        """Numbers that decide joules without being a price: the cap, limits, latencies.

        The smallest real-time step stretches the wall-clock time, and the limits
        of cores and chips decide deliveries and boards.
        """
        known = {**self.board.static, **self.board.dynamic, **self.board.limits}
        found = [known[name] for name in _RULES if name in known and known[name].value is not None]
        return (*found, *self.board.latency.values())

    @property
    def source_keys(self) -> tuple[str, ...]:
        """Keys of all sources behind the total, sorted."""
        used = {c.source for c, _ in self.static} | {c.source for c in self.dynamic}
        return tuple(sorted(used - {""}))

    @property
    def counters(self) -> dict[str, int]:
        """All counts; spikes of sources are counted, but paid for in the source ticks."""
        run, learn = self.phases["run"].counters, self.phases.get("learn")
        if learn is None:
            return dict(run)
        return {name: number + learn.counters[name] for name, number in run.items()}

    @property
    def static_j(self) -> float:
        """Static energy of the run, J; raises ``BoardError`` if it is not published."""
        if self.missing:
            raise not_published(self.board.name, self.missing)
        return sum(joule for _, joule in self.static)

    @property
    def dynamic_j(self) -> float:
        """Dynamic energy, J."""
        return float(self.components_j.sum())

    @property
    def at_static_power_s(self) -> float:
        """Duration of the phases of the user that are charged at the static power, s."""
        return sum(given.duration_s for given in self.durations if given.power_w is None)

    @property
    def given_s(self) -> float:
        """Duration of all phases that the user gave, s."""
        return sum(given.duration_s for given in self.durations)

    @property
    def given_j(self) -> float:
        """Energy of the phases that the user gave, J; raises as ``static_j``."""
        return sum(part.energy_j for name, part in self.phases.items() if name not in MODELLED)

    @property
    def given_draws_j(self) -> FloatArray:
        """Draws of ``given_j``, (DRAWS,) float64, J; those at a power of the user do not vary."""
        static_j = self.static_j
        if not static_j:
            return np.full_like(self.samples.static_j, self.given_j)
        varied = static_j / self.wall.t_wall_s * self.at_static_power_s
        draws: FloatArray = varied * (self.samples.static_j / static_j - 1) + self.given_j
        return draws

    def uncertainty(self, part: str) -> Uncertainty:
        """Return the spread of the "total", the "static" or the "dynamic" energy.

        Total and static include the phases that the user gave, as the report's numbers do.
        """
        parts = ("total", "static", "dynamic")
        if part not in parts:
            raise UnknownNameError(unknown_name("part of the energy", part, parts))
        static: list[tuple[Coefficient, float]] = []
        if part != "dynamic":
            held = 1 + (self.at_static_power_s / self.wall.t_wall_s if self.static_j else 0.0)
            static = [(coefficient, joule * held) for coefficient, joule in self.static]
        dynamic: list[tuple[Coefficient, float]] = []
        if part != "static":
            free = self.components_j - self.capped_j
            dynamic = list(zip(self.dynamic, map(float, free), strict=True))
            if self.cap is not None:
                dynamic.append((self.cap, float(self.capped_j.sum())))
        if part == "dynamic":
            return uncertainty(dynamic, self.samples.dynamic_j)
        run = self.samples.energy_j if part == "total" else self.samples.static_j
        exact_j = self.static_j + self.given_j - sum(joule for _, joule in static)
        return uncertainty([*static, *dynamic], run + self.given_draws_j, exact_j)


_RULES = (
    "core_busy_W",
    "reference_voltage",
    "timestep_ms_min_realtime",
    "neurons_per_core",
    "fan_in_per_core",
    "app_cores_per_chip",
    "cores_per_tile",
    "mesh_width",
    "chips",
)
