"""setup(), run(), reset() and end()."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any

from pyNN import common

from ..accounting.host import METHODS
from ..boards.profile import load_board, priced_on, resolve_board
from ..errors import InvalidValueError, LifecycleError, explain
from . import state as simulator
from .files import open_file
from .session import Session
from .settings import (
    HARMLESS,
    check_choice,
    check_extra,
    check_setup_times,
    check_threads,
    check_time_scale_factor,
    take_seed,
)
from .values import finite_number

__all__ = [
    "end",
    "get_current_time",
    "get_max_delay",
    "get_min_delay",
    "get_time_step",
    "initialize",
    "num_processes",
    "rank",
    "reset",
    "run",
    "run_for",
    "run_until",
    "setup",
]


def setup(
    timestep: float = 0.1,
    min_delay: float | str = "auto",
    *,
    max_delay: float | str = "auto",
    board: str | None = None,
    precision: str = "exact",
    threads: int | str = "auto",
    spike_precision: str = "on_grid",
    time_scale_factor: float | None = None,
    host_energy: str = "auto",
    **extra_params: Any,
) -> int:
    """Begin a new network; whatever was there before is destroyed.

    Parameters
    ----------
    timestep : float, ms
        Time step.
    min_delay, max_delay : float or "auto", ms
        Limits of delays. ``"auto"`` allows every delay of at least one step.
    board : str, optional
        Board whose costs the energy report shows; ``"ideal"`` by default.
        Arithmetic is exact float64 without limits on every board; for another
        board than ``"ideal"`` the fidelity report says so.
    precision : {"exact", "fast"}
        Number format of the ideal board. ``"exact"`` is float64 with NEST's
        solvers, ``"fast"`` float32, with Runge-Kutta steps of fixed length for
        cells with conductances; other boards have formats of their own.
    threads : int or "auto"
        Number of threads; results do not depend on it. ``"auto"`` takes as many
        as this process may use and as have enough to do.
    spike_precision : {"on_grid", "off_grid"}
        Spikes are always on the grid; ``"off_grid"`` is reported as not honoured.
    time_scale_factor : float, optional
        How much slower than biology a real-time board runs, 1 or more.
    host_energy : {"auto", "rapl", "interval", "codecarbon"}
        How the energy of this computer during ``run()`` is found, which reports show
        beside the model: ``"auto"`` reads the processor's counters where it may, and
        else gives an interval; ``"codecarbon"`` asks that package's offline tracker.
    **extra_params
        ``seed`` (also ``rng_seed``, ``grng_seed``) seeds native random
        numbers. Arguments of other backends are accepted and reported as
        without effect; a name that is nearly one of these is an error.

    Returns
    -------
    int
        The rank of this process, 0.

    Raises
    ------
    ValueError, TypeError
        For an unknown argument or a value that is not allowed.
    """
    dt, low, high = check_setup_times(timestep, min_delay, max_delay)
    check_extra(extra_params)
    seed = take_seed(extra_params)
    check_threads(threads)
    check_choice("precision", precision, ["exact", "fast"])
    check_choice("spike_precision", spike_precision, ["on_grid", "off_grid"])
    check_choice("host_energy", host_energy, METHODS)
    if time_scale_factor is not None:
        check_time_scale_factor(time_scale_factor, "setup()")
    chosen = resolve_board(simulator.state.board_override or board or "ideal")
    if precision != "exact" and chosen != "ideal":
        raise InvalidValueError(
            explain(
                f"precision={precision!r} together with board={chosen!r}",
                where="setup()",
                allowed="precision='fast' on the board 'ideal' only",
                todo="Leave out one of the two: a board has its own number format",
            )
        )
    if simulator.state.boundary is not None:  # before a long run, not after it
        priced_on(load_board(chosen)).boundary(simulator.state.boundary)
    _write_pending()
    session = Session(dt, seed, chosen, time_scale_factor, threads, precision, host_energy)
    simulator.state.open(session, low, high)
    _note_deviations(session, spike_precision, extra_params)
    return int(rank())


def _note_deviations(session: Session, spike_precision: str, extra: dict[str, Any]) -> None:
    add = session.fidelity.add
    if session.network.precision == "fast":
        message = (
            "precision='fast': cell types that have a step in float32 were computed with it; "
            "single spikes may be others than with 'exact'"
        )
        add("float32", "setup()", message, quiet=True)
    if session.board != "ideal":
        add(
            "board arithmetic",
            f"board {session.board!r}",
            "number formats, capacity and timing of the board are not mimicked in this version; "
            "the network was computed in exact float64 and priced on the board",
        )
    if spike_precision == "off_grid":
        add("not honoured", "setup()", "spike_precision='off_grid': spikes stay on the grid")
    for name, value in extra.items():
        message = f"the argument {name}={value!r} has no effect here"
        add("not honoured", f"setup({name}=)", message, quiet=name in HARMLESS)


def end(compatible_output: bool = True) -> None:
    """Write what ``record(to_file=)`` asked for, and close the network.

    Parameters
    ----------
    compatible_output : bool
        Without effect; PyNN's signature.
    """
    try:
        _write_pending()
    finally:
        simulator.state.close()


def _write_pending() -> None:
    """Write what ``record(to_file=)`` asked for; one bad file does not cost the others."""
    pending, simulator.state.write_on_end = simulator.state.write_on_end, []
    errors: list[Exception] = []
    for population, variables, file in pending:
        try:
            population.write_data(open_file(file), variables)
        except Exception as error:  # noqa: BLE001 - raised below, after the other files
            error.add_note(f"while writing {variables!r} of {population.label!r} to {file!r}")
            errors.append(error)
    if errors:
        raise errors[0]


Callback = Callable[[float], float]


def _next_call(callback: Callback, now: float) -> float:
    after: Any = callback(now)
    if not isinstance(after, Real) or math.isnan(after):
        raise LifecycleError(
            explain(
                f"callback {getattr(callback, '__name__', callback)!r} returned {after!r}",
                where=f"run(), at {now:g} ms",
                allowed="the next time at which it wants to be called (ms)",
                todo="Return a time from the callback",
            )
        )
    return float(after)


def run_until(time_point: float, callbacks: Sequence[Callback] | None = None) -> float:
    """Advance the simulation to a time.

    Parameters
    ----------
    time_point : float, ms
        Time to run to; a time off the grid is moved up to it.
    callbacks : sequence of callable, optional
        Each is called with the present time and returns the time at which it
        wants to be called next.

    Returns
    -------
    float, ms
        The time that was reached.

    Raises
    ------
    ValueError, TypeError
        For a time that is in the past or not a finite number.
    LifecycleError
        Before ``setup()``, after ``end()``, or when a callback does not return
        a later time.
    pynn_greenmorph.errors.SimulationError
        When a state variable is no longer a finite number.
    """
    session = simulator.state.require("run()")
    stop = finite_number(time_point, "time", where="run()")
    now = simulator.state.t
    if stop - now < -simulator.state.dt / 2.0:
        raise ValueError(
            explain(
                f"Time {stop:g} is in the past (current time {now:g})",
                where="run()",
                allowed="times that are not before the current time; durations are not negative",
            )
        )
    if callbacks is not None:
        _check_callbacks(callbacks)
    with session.one_run():
        _advance(now, stop, callbacks or ())
    return float(simulator.state.t)


def _check_callbacks(callbacks: Any) -> None:
    if callable(callbacks) or not all(callable(callback) for callback in callbacks):
        raise TypeError(
            explain(
                "callbacks are not a list of functions",
                where="run()",
                allowed="a list of functions that take the time and return the next one (ms)",
                given=repr(callbacks),
            )
        )


def _advance(now: float, stop: float, callbacks: Sequence[Callback]) -> None:
    """Run from a time to another (ms), and call whom it is time to call on the way."""
    if not callbacks:
        simulator.state.run_until(max(stop, now))
        return
    due: list[list[Any]] = [[_next_call(callback, now), callback] for callback in callbacks]
    while simulator.state.t + 1e-9 < stop:
        target = min([stop, *[entry[0] for entry in due]])
        before = simulator.state.t
        simulator.state.run_until(max(target, before))
        now = simulator.state.t
        called = False
        for entry in due:
            if entry[0] <= now + simulator.state.dt / 2.0:
                entry[0], called = _next_call(entry[1], now), True
        if now <= before and called and min(entry[0] for entry in due) <= now:
            raise LifecycleError(
                explain(
                    "a callback did not return a later time",
                    where=f"run(), at {now:g} ms",
                    allowed=f"a time after {now:g} ms",
                )
            )


def run(simtime: float, callbacks: Sequence[Callback] | None = None) -> float:
    """Advance the simulation by a duration; see :func:`run_until`.

    Parameters
    ----------
    simtime : float, ms
        Duration, not negative.
    callbacks : sequence of callable, optional

    Returns
    -------
    float, ms
        The time that was reached.
    """
    simulator.state.require("run()")
    return run_until(simulator.state.t + finite_number(simtime, "time", where="run()"), callbacks)


run_for = run

_reset = common.build_reset(simulator)


def reset(annotations: dict[str, Any] | None = None, *, keep_weights: bool = False) -> None:
    """Return to time 0 and begin a new segment and a new trial.

    Initial values are restored, nothing is in flight, native random sources
    draw new numbers. The network and its parameters are not changed.

    Parameters
    ----------
    annotations : dict, optional
        Annotations of the segment that is closed.
    keep_weights : bool
        Whether plastic synapses keep the weights that they have learned, which
        are the initial ones from then on. Else they return to those that were
        given last, which is reported if any was learned.
    """
    session = simulator.state.require("reset()")
    if keep_weights:
        session.simulation.plasticity.adopt_weights()
    else:
        for group, count in session.simulation.plasticity.learned():
            session.fidelity.add(
                "learned weights lost",
                f"Projection {group.label!r}, reset()",
                "{count} learned weights went back to their initial values; "
                "reset(keep_weights=True) keeps them",
                count=count,
            )
    _reset(annotations or {})


initialize = common.initialize

(
    get_current_time,
    get_time_step,
    get_min_delay,
    get_max_delay,
    num_processes,
    rank,
) = common.build_state_queries(simulator)
