"""Current sources that are constant between given times.

A value asked for from ``start`` acts in all steps that begin at ``start`` or
later, so the first sample that moves is one step later. Times are rounded to
the grid; of equal times the last one wins. A change between runs acts from the
present time on.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyNN.parameters import ParameterSpace, Sequence
from pyNN.standardmodels import StandardCurrentSource, build_translations, electrodes

from ..errors import explain
from ..network import LARGEST_STEP, CurrentGroup
from . import state as simulator
from .deviations import NOISE_STEPS

__all__ = ["DCSource", "StepCurrentSource"]

Int64Array = NDArray[np.int64]
FloatArray = NDArray[np.float64]


def _steps(times_ms: FloatArray) -> Int64Array:
    steps = np.minimum(times_ms / simulator.state.dt, LARGEST_STEP)
    return np.floor(steps + 0.5).astype(np.int64)


class _SteppedSource(StandardCurrentSource):
    """A piecewise constant current; subclasses say which amplitudes hold from when."""

    def __init__(self, **parameters: Any) -> None:
        """Make a source; see the class."""
        self._session = simulator.state.require(f"{type(self).__name__}()")
        self._group: CurrentGroup | None = None
        self._recording = False
        #: What held from which step on: (from step, steps, amplitudes).
        self._history: list[tuple[int, Int64Array, FloatArray]] = []
        super().__init__(**parameters)
        self._native: dict[str, Any] = {}
        space = self.native_parameters
        space.shape = (1,)
        self.set_native_parameters(space)

    def _schedule(self) -> tuple[FloatArray, FloatArray]:
        """Times (ms) and amplitudes (nA), checked."""
        raise NotImplementedError

    def _note_rounding(self, times: FloatArray, steps: Int64Array) -> None:
        add, where = self._session.fidelity.add, type(self).__name__
        moved = np.abs(times / simulator.state.dt - steps)
        moved = moved[(moved > NOISE_STEPS) & (steps < LARGEST_STEP)]
        if len(moved):
            what = "{count} times are off the grid and were rounded to it"
            largest = float(moved.max()) * simulator.state.dt
            add("current time rounded", where, what, count=len(moved), largest=largest, unit="ms")
        merged = int((np.diff(steps) == 0).sum())
        if merged:
            what = "{count} values fall on the same step as a later one and have no effect"
            add("current value dropped", where, what, count=merged)

    def _note_schedule(self, times: FloatArray, amplitudes: FloatArray) -> None:
        """Keep times and amplitudes as they act, where they are parameters."""

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
            times, amplitudes = self._schedule()
        except Exception:
            self._native = before
            raise
        steps = _steps(times)
        self._note_rounding(times, steps)
        # Of equal steps the last one wins.
        last = np.append(np.diff(steps) > 0, True) if len(steps) else np.zeros(0, dtype=bool)
        steps, amplitudes = steps[last], amplitudes[last]
        self._note_schedule(session.to_ms(steps), amplitudes)
        self._history.append((session.simulation.step, steps, amplitudes))
        if self._group is not None:
            self._group.steps, self._group.amplitudes_na = steps, amplitudes
            session.simulation.currents_changed()

    def get_native_parameters(self) -> ParameterSpace:
        """Return the parameters as they act: times on the grid, each once."""
        return ParameterSpace(dict(self._native))

    def inject_into(self, cells: Any) -> None:
        """Inject the current into cells, from the present time on.

        Parameters
        ----------
        cells : Population, PopulationView, Assembly or list of ID

        Raises
        ------
        TypeError
            For spike sources.
        """
        session = simulator.state.check_mine(self._session, "inject_into()")
        ids = list(cells)
        for cell in ids:
            if not cell.celltype.injectable:
                raise TypeError("Can't inject current into a spike source.")
            simulator.state.check_mine(cell.parent._root._session, "inject_into()")
        targets = np.array([int(cell) - 1 for cell in ids], dtype=np.int64)
        if self._group is None:
            _, steps, amplitudes = self._history[-1]
            self._group = CurrentGroup(targets, steps, amplitudes)
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
        grid = np.arange(session.simulation.step + 1)
        current = np.zeros(len(grid))
        for begin, steps, amplitudes in self._history:
            at = np.searchsorted(steps, grid, side="right") - 1
            values = np.append(amplitudes, 0.0)[at]  # -1: before the first step
            current = np.where(grid >= begin, values, current)
        return session.to_ms(grid), current


def _check_times(times: FloatArray, where: str) -> None:
    if not np.isfinite(times).all():
        problem = "a time is not a finite number"
    elif (times < 0).any():
        problem = "a time is negative"
    elif (np.diff(times) < 0).any():
        problem = "times are not monotonically increasing"
    else:
        return
    raise ValueError(
        explain(problem, where=where, allowed="finite times >= 0 in increasing order (ms)",
                given=np.array2string(times, threshold=8))
    )  # fmt: skip


def _check_amplitudes(amplitudes: FloatArray, where: str) -> None:
    if not np.isfinite(amplitudes).all():
        raise ValueError(
            explain(
                "amplitude is not a finite number",
                where=where,
                allowed="finite amplitudes (nA)",
                given=np.array2string(amplitudes, threshold=8),
            )
        )


class StepCurrentSource(_SteppedSource, electrodes.StepCurrentSource):
    """PyNN's ``StepCurrentSource``, as documented in ``pyNN.standardmodels.electrodes``."""

    translations = build_translations(("amplitudes", "amplitudes"), ("times", "times"))

    def _schedule(self) -> tuple[FloatArray, FloatArray]:
        times = _values(self._native["times"])
        amplitudes = _values(self._native["amplitudes"])
        _check_times(times, "StepCurrentSource")
        _check_amplitudes(amplitudes, "StepCurrentSource")
        if len(times) != len(amplitudes):
            raise ValueError(
                explain(
                    "times and amplitudes are not of the same length",
                    where="StepCurrentSource",
                    allowed="equal lengths",
                    given=f"{len(times)} times, {len(amplitudes)} amplitudes",
                )
            )
        return times, amplitudes

    def _note_schedule(self, times: FloatArray, amplitudes: FloatArray) -> None:
        self._native.update(times=np.atleast_1d(times), amplitudes=amplitudes)


class DCSource(_SteppedSource, electrodes.DCSource):
    """PyNN's ``DCSource``, as documented in ``pyNN.standardmodels.electrodes``."""

    translations = build_translations(
        ("amplitude", "amplitude"), ("start", "start"), ("stop", "stop")
    )

    def _schedule(self) -> tuple[FloatArray, FloatArray]:
        start, stop = float(self._native["start"]), float(self._native["stop"])
        amplitude = np.array([float(self._native["amplitude"])])
        _check_amplitudes(amplitude, "DCSource")
        _check_times(np.array([start]), "DCSource, start")
        _check_times(np.array([stop]), "DCSource, stop")
        if stop < start:
            raise ValueError(
                explain("stop is before start", where="DCSource", allowed="start <= stop (ms)",
                        given=f"start = {start:g}, stop = {stop:g}")
            )  # fmt: skip
        return np.array([start, stop]), np.array([amplitude[0], 0.0])


def _values(sequence: Any) -> FloatArray:
    """A parameter's sequence as an array."""
    if isinstance(sequence, np.ndarray) and sequence.dtype == object:
        sequence = sequence[0]
    if isinstance(sequence, Sequence):
        sequence = sequence.value
    return np.atleast_1d(np.array(sequence, dtype=np.float64))
