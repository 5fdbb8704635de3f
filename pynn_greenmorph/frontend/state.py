"""The simulator state that PyNN's common code reads, a module-level singleton.

Scripts reach this module as ``sim.simulator`` and the singleton as
``sim.simulator.state`` (or ``sim.state``).
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyNN import common, errors

from ..errors import LifecycleError, explain
from .memory import check_samples
from .session import Session
from .termination import deliver, held_back

__all__ = ["ID", "State", "make_ids", "name", "state"]

#: Name of this backend in Neo annotations; redirection never changes it.
name = "greenmorph"


class ID(int, common.IDMixin):
    """A cell's id, one more than its global id in the network tables.

    Each population has a subclass with itself as ``parent``, so that its cells
    are made without an attribute for each.
    """

    @property
    def local(self) -> bool:
        """Whether the cell is in this process; PyNN's own looks for it in the population."""
        return True

    def __setattr__(self, attribute: str, value: Any) -> None:
        """Set a parameter or a property; another name is an error, not a new attribute."""
        known = attribute == "parent" or attribute.startswith("_") or hasattr(type(self), attribute)
        if not known and not self.celltype.has_parameter(attribute):
            raise errors.NonExistentParameterError(
                attribute, type(self.celltype).__name__, self.celltype.get_parameter_names()
            )
        super().__setattr__(attribute, value)


def _plain(cell: ID) -> tuple[type[int], tuple[int]]:
    """Pickle an id as its number: it means nothing without its population."""
    return int, (int(cell),)


def make_ids(population: Any, first: int, size: int) -> NDArray[Any]:
    """Make the ids of a population's cells.

    Parameters
    ----------
    population : Population
        Their parent.
    first, size : int
        The first id, and the number of ids; they are consecutive.

    Returns
    -------
    (size,) array of ID
    """
    kind = type("ID", (ID,), {"parent": population, "__module__": __name__, "__reduce__": _plain})
    collects = gc.isenabled()
    gc.disable()  # it would look at all ids again and again while they are made
    try:
        return np.fromiter(map(kind, range(first, first + size)), dtype=object, count=size)
    finally:
        if collects:
            gc.enable()


class State(common.control.BaseState):
    """What PyNN's common code and this front end share.

    Attributes
    ----------
    session : Session or None
        The present session.
    board_override : str or None
        Board that the command line chose for a script.
    boundary, ledger : str or None
        Boundary and ledger that the command line chose for a script's experiments.
    listeners : list of callable
        Called with each session that ran, when it is closed.
    experiments : list of Experiment
        Those that are open, the innermost last.
    progress : callable or None
        Called with (time now, time at the end of this run call), both in ms.
    """

    def __init__(self) -> None:
        super().__init__()
        self.mpi_rank = 0
        self.num_processes = 1
        self.session: Session | None = None
        self.board_override: str | None = None
        self.boundary: str | None = None
        self.ledger: Path | None = None
        self.listeners: list[Callable[[Session], None]] = []
        self.experiments: list[Any] = []
        self.progress: Callable[[float, float], None] | None = None
        self._min_delay: float | str = "auto"
        self._max_delay: float | str = "auto"
        self.segment_counter = 0
        self._dt = 0.1

    # -- lifetime ----------------------------------------------------------------

    def require(self, what: str) -> Session:
        """Return the open session; raises ``LifecycleError`` that names the call ``what``."""
        if self.session is None:
            raise LifecycleError(
                explain(f"{what} was called before setup()", todo="Call setup() first")
            )
        if not self.session.open:
            raise LifecycleError(
                explain(
                    f"{what} was called after end()",
                    todo="Call setup() to begin a new network; read data before end()",
                )
            )
        return self.session

    def check_mine(self, session: Session, what: str) -> Session:
        """Return ``session`` if it is the open one; raises ``LifecycleError`` else."""
        present = self.require(what)
        if session is not present:
            raise LifecycleError(
                explain(
                    f"{what} on an object that was made before the last setup()",
                    todo="setup() destroys the network: make the object again",
                )
            )
        return session

    def open(self, session: Session, min_delay: float | str, max_delay: float | str) -> None:
        """Close the present session and begin a new one."""
        self.close()
        self.session = session
        self._tell_experiment(session)
        self._dt = session.network.dt_ms
        self._min_delay, self._max_delay = min_delay, max_delay
        self.recorders: set[Any] = set()
        self.write_on_end: list[Any] = []
        self.segment_counter = 0
        self.running = False
        self.t_start = 0.0

    def close(self) -> None:
        """Close the present session; listeners hear of it if it ran."""
        session = self.session
        if session is not None and session.open:
            session.open = False
            if session.has_run:
                for listener in self.listeners:
                    listener(session)
                if self.experiments:
                    self.experiments[-1].take(session)

    def _tell_experiment(self, session: Session) -> None:
        if self.experiments:
            self.experiments[-1].settle(session)

    # -- what PyNN's common code reads -------------------------------------------

    @property
    def dt(self) -> float:
        """Time step, ms."""
        return self._dt

    @property
    def t(self) -> float:
        """Present time, ms."""
        return self.session.time_ms if self.session else 0.0

    @property
    def min_delay(self) -> float:
        """Smallest delay, ms: as given to ``setup()``, else the smallest in use, or one step."""
        if self._min_delay != "auto":
            return float(self._min_delay)
        return self._delay_in_use(np.min)

    @property
    def max_delay(self) -> float:
        """Largest allowed delay, ms; without a limit, the largest one in use."""
        if self._max_delay != "auto":
            return float(self._max_delay)
        return self._delay_in_use(np.max)

    def _delay_in_use(self, choose: Callable[..., Any]) -> float:
        groups = self.session.network.synapses if self.session else []
        steps = [int(choose(group.delay_steps)) for group in groups if group.size]
        return round(int(choose(steps or [1])) * self._dt, 9)

    @property
    def delay_limits(self) -> tuple[float, float]:
        """Smallest and largest delay that a connection may have, ms."""
        low = self._dt if self._min_delay == "auto" else float(self._min_delay)
        high = float("inf") if self._max_delay == "auto" else float(self._max_delay)
        return low, high

    def run_until(self, tstop: float) -> None:
        """Advance to a time in ms; times off the grid are moved up to it."""
        session = self.require("run()")
        # A billionth of a step absorbs the noise of sums such as 0.1 + 0.2.
        steps = tstop / self._dt
        target = round(steps) if abs(steps - round(steps)) < 1e-6 else int(steps) + 1
        if abs(steps - target) >= 1e-6:
            session.fidelity.add(
                "run time rounded",
                "run()",
                f"{tstop:g} ms is not a multiple of the timestep ({self._dt:g} ms); "
                f"ran to {session.to_ms(target):g} ms",
                largest=(target - steps) * self._dt,
                unit="ms",
            )
        check_samples(session.network, target - session.simulation.step)
        self.running = True
        self._tell_experiment(session)
        with held_back():  # counts, samples and state belong together only between chunks
            session.simulation.run(target, self._progress_for(session, target))

    def _progress_for(self, session: Session, target: int) -> Callable[[int], None]:
        shown = self.progress

        def go_on(step: int) -> None:
            session.host.poll()
            if shown is not None:
                shown(session.to_ms(step), session.to_ms(target))
            deliver()

        return go_on

    def run(self, simtime: float) -> None:
        """Advance by a time in ms."""
        self.run_until(self.t + simtime)

    def clear(self) -> None:
        """Forget the network, as ``setup()`` does."""
        self.close()
        self.session = None
        self.recorders = set()

    def reset(self) -> None:
        """Return to time 0 with initial values: a new trial, a new segment."""
        session = self.require("reset()")
        session.simulation.reset()
        for recorder in self.recorders:
            recorder.restart()
        self.running = False
        self.segment_counter += 1


state: Any = State()
