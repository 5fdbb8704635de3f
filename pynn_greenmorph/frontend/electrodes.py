"""Current sources: constant, stepped, sinusoidal and noisy.

A value asked for from ``start`` acts in all steps that begin at ``start`` or
later and before ``stop``, so the first sample that moves is one step later.
Times are rounded to the grid; of equal times the last one wins. A change
between runs acts from the present time on. The current of a sine is that of
the beginning of the step, as in NEST; it is held during the step.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyNN.parameters import ParameterSpace
from pyNN.standardmodels import StandardCurrentSource, build_translations, electrodes

from ..engine.currents import values_na
from ..errors import explain
from ..network import LARGEST_STEP, CurrentGroup, NoiseWave, SineWave, StepWave, Wave
from . import state as simulator
from .current_values import check_amplitudes, check_times, checked_currents, values_of
from .deviations import NOISE_STEPS

__all__ = ["ACSource", "DCSource", "NoisyCurrentSource", "StepCurrentSource"]

Int64Array = NDArray[np.int64]
FloatArray = NDArray[np.float64]


class _Source(StandardCurrentSource):
    """What all sources share; subclasses make a wave of their parameters."""

    def __init__(self, **parameters: Any) -> None:
        """Make a source; see the class."""
        self._session = simulator.state.require(f"{type(self).__name__}()")
        self._group: CurrentGroup | None = None
        self._recording = False
        #: What held from which trial and step on.
        self._history: list[tuple[int, int, Wave]] = []
        super().__init__(**checked_currents(type(self).__name__, parameters))
        self._native: dict[str, Any] = {}
        space = self.native_parameters
        space.shape = (1,)
        self.set_native_parameters(space)

    def _wave(self) -> Wave:
        """The current that the parameters describe; raises ``ValueError`` for bad ones."""
        raise NotImplementedError

    def _number(self, name: str, allowed: str = "a finite number", least: float = -1e308) -> float:
        """A parameter as a number, checked."""
        value = float(self._native[name])
        if not math.isfinite(value) or value < least:
            raise ValueError(
                explain(
                    f"{name} is not allowed",
                    where=type(self).__name__,
                    allowed=allowed,
                    given=f"{value:g}",
                )
            )
        return value

    def _pulse(self) -> tuple[int, int]:
        """Steps of ``start`` and ``stop``, checked."""
        name = type(self).__name__
        start, stop = float(self._native["start"]), float(self._native["stop"])
        check_times(np.array([start]), f"{name}, start")
        check_times(np.array([stop]), f"{name}, stop")
        if stop < start:
            raise ValueError(
                explain("stop is before start", where=name, allowed="start <= stop (ms)",
                        given=f"start = {start:g}, stop = {stop:g}")
            )  # fmt: skip
        first, last = self._steps(np.array([start, stop])).tolist()
        return first, last

    def _steps(self, times: FloatArray) -> Int64Array:
        """Steps of times (ms); those off the grid are reported."""
        dt = simulator.state.dt
        steps = np.floor(np.minimum(times / dt, LARGEST_STEP) + 0.5).astype(np.int64)
        moved = np.abs(times / dt - steps)
        moved = moved[(moved > NOISE_STEPS) & (steps < LARGEST_STEP)]
        if len(moved):
            self._session.fidelity.add(
                "current time rounded",
                type(self).__name__,
                "{count} times are off the grid and were rounded to it",
                count=len(moved),
                largest=float(moved.max()) * dt,
                unit="ms",
            )
        return steps

    def _step_wave(self, times: FloatArray, amplitudes: FloatArray) -> StepWave:
        """Amplitudes (nA) from given times (ms) on; of equal steps the last one wins."""
        steps = self._steps(times)
        last = np.append(np.diff(steps) > 0, True) if len(steps) else np.zeros(0, dtype=bool)
        merged = int((~last).sum())
        if merged:
            what = "{count} values fall on the same step as a later one and have no effect"
            self._session.fidelity.add(
                "current value dropped", type(self).__name__, what, count=merged
            )
        return StepWave(steps[last], amplitudes[last])

    def set_parameters(self, copy: bool = True, **parameters: Any) -> None:
        """Set parameters by PyNN's names; they act from the present time on."""
        super().set_parameters(copy, **checked_currents(type(self).__name__, parameters))

    def set_native_parameters(self, parameters: ParameterSpace) -> None:
        """Set parameters; they act from the present time on.

        Parameters
        ----------
        parameters : pyNN.parameters.ParameterSpace

        Raises
        ------
        ValueError
            For negative, unsorted or not finite values.
        """
        session = simulator.state.check_mine(self._session, f"{type(self).__name__}.set()")
        parameters.evaluate(simplify=True)
        before = dict(self._native)
        self._native.update(parameters.as_dict())
        try:
            wave = self._wave()
        except Exception:
            self._native = before
            raise
        self._history.append((session.simulation.trial, session.simulation.step, wave))
        if self._group is not None:
            self._group.wave = wave
            session.simulation.currents_changed()

    def get_native_parameters(self) -> ParameterSpace:
        """Return the parameters as they act: times of steps on the grid, each once."""
        return ParameterSpace(dict(self._native))

    def inject_into(self, cells: Any) -> None:
        """Inject the current into cells, from the present time on.

        Parameters
        ----------
        cells : Population, PopulationView, Assembly, ID or list of ID
            A cell that occurs twice receives the current twice.

        Raises
        ------
        TypeError
            For spike sources, and for what are no cells.
        """
        session = simulator.state.check_mine(self._session, "inject_into()")
        ids = _cells(cells, type(self).__name__)
        for parent in {id(cell.parent): cell.parent for cell in ids}.values():
            simulator.state.check_mine(parent._root._session, "inject_into()")
            if not parent.celltype.injectable:
                raise TypeError(
                    explain(
                        "Can't inject current into a spike source",
                        where=f"{type(self).__name__}, inject_into()",
                        allowed="neurons",
                        given=f"population {parent.label!r} ({type(parent.celltype).__name__})",
                    )
                )
        targets = np.array(ids, dtype=np.int64) - 1
        if self._group is None:
            self._group = CurrentGroup(targets, self._history[-1][-1])
            session.network.currents.append(self._group)
        else:
            self._group.cells = np.concatenate([self._group.cells, targets])
        session.simulation.currents_changed()

    def record(self) -> None:
        """Record the current; ``get_data()`` returns it."""
        self._recording = True

    def _get_data(self) -> tuple[FloatArray, FloatArray]:
        """Times (ms) and currents (nA); value ``k`` acts in the step that begins there."""
        if not self._recording:
            raise ValueError(
                explain(
                    "the current was not recorded",
                    where=type(self).__name__,
                    todo="Call record() on the source before run()",
                )
            )
        session = self._session
        simulation = session.simulation
        grid = np.arange(simulation.step + 1)
        current = np.zeros(len(grid))
        for trial, step, wave in self._history:
            # What was set in an earlier trial holds from the beginning of this one.
            begin = step if trial == simulation.trial else 0
            current[begin:] = values_na(
                wave, grid[begin:], session.network.dt_ms, simulation.key, simulation.trial
            )
        return session.to_ms(grid), current


def _cells(cells: Any, where: str) -> list[Any]:
    """The ids of what a user calls cells."""
    if isinstance(cells, simulator.ID):
        return [cells]
    try:
        ids = list(cells)
    except TypeError:
        ids = [None]
    if not all(isinstance(cell, simulator.ID) for cell in ids):
        raise TypeError(
            explain(
                "the target of a current is not made of cells",
                where=f"{where}, inject_into()",
                allowed="a Population, PopulationView, Assembly, cell or list of cells",
                given=cells,
                todo="Pass cells of a population, e.g. population[3]",
            )
        )
    return ids


class StepCurrentSource(_Source, electrodes.StepCurrentSource):
    """PyNN's ``StepCurrentSource``, as documented in ``pyNN.standardmodels.electrodes``."""

    translations = build_translations(("amplitudes", "amplitudes"), ("times", "times"))

    def _wave(self) -> Wave:
        times = values_of(self._native["times"])
        amplitudes = values_of(self._native["amplitudes"])
        check_times(times, "StepCurrentSource")
        check_amplitudes(amplitudes, "StepCurrentSource")
        if len(times) != len(amplitudes):
            raise ValueError(
                explain(
                    "times and amplitudes are not of the same length",
                    where="StepCurrentSource",
                    allowed="equal lengths",
                    given=f"{len(times)} times, {len(amplitudes)} amplitudes",
                )
            )
        wave = self._step_wave(times, amplitudes)
        on_grid = np.atleast_1d(self._session.to_ms(wave.steps))
        self._native.update(times=on_grid, amplitudes=wave.amplitudes_na)
        return wave


class DCSource(_Source, electrodes.DCSource):
    """PyNN's ``DCSource``, as documented in ``pyNN.standardmodels.electrodes``."""

    translations = build_translations(
        ("amplitude", "amplitude"), ("start", "start"), ("stop", "stop")
    )

    def _wave(self) -> Wave:
        amplitude = self._number("amplitude", "a finite amplitude (nA)")
        start, stop = self._pulse()
        if start == stop:
            return StepWave(np.zeros(0, dtype=np.int64), np.zeros(0))
        return StepWave(np.array([start, stop]), np.array([amplitude, 0.0]))


class ACSource(_Source, electrodes.ACSource):
    """PyNN's ``ACSource``, as documented in ``pyNN.standardmodels.electrodes``.

    The current in the step that begins at t is ``offset + amplitude * sin(2 pi
    frequency (t - start) + phase)``. NEST computes it by a recurrence
    whose rounding adds up; after 300 ms potentials differ by up to 1e-12 mV.
    """

    translations = build_translations(
        ("amplitude", "amplitude"),
        ("start", "start"),
        ("stop", "stop"),
        ("frequency", "frequency"),
        ("offset", "offset"),
        ("phase", "phase"),
    )

    def _wave(self) -> Wave:
        start, stop = self._pulse()
        return SineWave(
            start=start,
            stop=stop,
            offset_na=self._number("offset", "a finite offset (nA)"),
            amplitude_na=self._number("amplitude", "a finite amplitude (nA)"),
            frequency_hz=self._frequency(),
            phase_rad=math.radians(self._number("phase", "a finite phase (degrees)")),
        )

    def _frequency(self) -> float:
        """Frequency, Hz; values once a time step cannot show more than half a cycle in it."""
        highest = 500.0 / simulator.state.dt
        allowed = f">= 0 and at most {highest:g} Hz, half a cycle in each time step"
        value = self._number("frequency", allowed, 0.0)
        if value > highest * (1.0 + 1e-9):
            raise ValueError(
                explain(
                    "frequency is too high for the time step: the current would be another, slower "
                    "oscillation",
                    where="ACSource",
                    allowed=allowed,
                    given=f"{value:g} Hz with a time step of {simulator.state.dt:g} ms",
                    todo="Use a shorter timestep in setup(); a good sine takes ten steps a cycle",
                )
            )
        return value


class NoisyCurrentSource(_Source, electrodes.NoisyCurrentSource):
    """PyNN's ``NoisyCurrentSource``, as documented in ``pyNN.standardmodels.electrodes``.

    Every ``dt`` from ``start`` on a new normal value is drawn and held; without
    ``dt``, in every time step. All cells that the source is injected into
    receive the same current, which is the recorded one (in NEST each receives
    noise of its own). Values depend on the seed of ``setup()``, on the trial, on
    the number of noisy sources made before and on the time.
    """

    translations = build_translations(
        ("mean", "mean"), ("start", "start"), ("stop", "stop"), ("stdev", "stdev"), ("dt", "dt")
    )

    def __init__(self, **parameters: Any) -> None:
        """Make a source; see the class."""
        session = simulator.state.require("NoisyCurrentSource()")
        self._place = session.noisy_sources
        super().__init__(**{"dt": session.network.dt_ms, **parameters})
        session.noisy_sources += 1

    def _wave(self) -> Wave:
        start, stop = self._pulse()
        return NoiseWave(
            start=start,
            stop=stop,
            interval=self._interval(),
            mean_na=self._number("mean", "a finite mean (nA)"),
            stdev_na=self._number("stdev", "a finite standard deviation >= 0 (nA)", 0.0),
            number=self._place,
        )

    def _interval(self) -> int:
        """Steps between two draws."""
        step = simulator.state.dt
        allowed = f"a multiple of the timestep ({step:g} ms), at least one"
        value = self._number("dt", allowed, 0.0)
        steps = min(value / step, LARGEST_STEP)
        interval = round(steps)
        if interval < 1 or abs(steps - interval) > NOISE_STEPS:
            raise ValueError(
                explain(
                    "dt is not a multiple of the timestep",
                    where="NoisyCurrentSource",
                    allowed=allowed,
                    given=f"{value:g} ms",
                    todo="Leave dt out to draw a value in every time step",
                )
            )
        return interval
