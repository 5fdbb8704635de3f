"""From samples and spikes to Neo.

PyNN's recorder keeps the bookkeeping; this one keeps array columns, makes a
signal begin where its recording began, and returns spike trains as one array.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import neo
import numpy as np
import quantities as pq
from numpy.typing import NDArray
from pyNN import errors as pynn_errors
from pyNN import recording as pynn_recording
from pyNN.recording import Variable

from ..errors import LifecycleError, explain
from ..network import Probe
from . import state as simulator
from .files import file_annotations, open_file
from .segments import part_of
from .trains import Trains
from .values import finite_number

__all__ = ["Recorder", "check_recorded", "write_on_end"]

Int64Array = NDArray[np.int64]

_SPIKES = Variable("spikes", location=None, label=None)


class RecordingError(pynn_errors.RecordingError):
    """PyNN's error with a message of its own."""

    def __init__(self, message: str) -> None:
        """Keep the message."""
        Exception.__init__(self, message)

    def __str__(self) -> str:
        """Return the message."""
        return str(self.args[0])


def check_recorded(name: str, recorded: Collection[str], where: str) -> None:
    """Raise ``RecordingError`` unless the variable ``name`` is one of those recorded."""
    if name not in recorded:
        raise RecordingError(
            explain(
                f"{name!r} was not recorded",
                where=where,
                allowed=", ".join(sorted(recorded)) or "nothing was recorded",
                todo=f"Call record({name!r}) before run()",
            )
        )


class Recorder(pynn_recording.Recorder):
    """Recorder of one population; see ``pyNN.recording.Recorder``."""

    _simulator = simulator

    def __init__(self, population: Any, file: Any = None) -> None:
        """Make a recorder for a population that is being made."""
        super().__init__(population, file)
        self._probes: list[tuple[Variable, Probe]] = []
        self._spikes_from_ms = float(simulator.state.t)
        self._cleared_at = -1

    # -- what is recorded --------------------------------------------------------

    @property
    def _session(self) -> Any:
        return self.population._session

    @property
    def _group(self) -> Any:
        return self.population._cells

    def _check_sampling_interval(self, sampling_interval: float | None) -> None:
        if sampling_interval is not None:
            finite_number(sampling_interval, "sampling_interval", positive=True, where="record()")
            steps = sampling_interval / simulator.state.dt
            if abs(steps - round(steps)) > 1e-6:
                raise ValueError(
                    explain(
                        "sampling_interval is not a multiple of the timestep",
                        where=f"record(), population {self.population.label!r}",
                        allowed=f"multiples of {simulator.state.dt:g} ms",
                        given=f"{sampling_interval:g} ms",
                    )
                )
        super()._check_sampling_interval(sampling_interval)

    def record(
        self,
        variables: Any,
        ids: Any,
        sampling_interval: float | None = None,
        locations: Any = None,
    ) -> None:
        """Add cells to those recorded; all variables are checked before any is added."""
        names = [variables] if isinstance(variables, str) else list(variables)
        for name in names:
            if not self.population.can_record(name):
                known = ", ".join(self.population.celltype.recordable)
                raise RecordingError(
                    explain(
                        f"variable {name!r} cannot be recorded",
                        where=f"population {self.population.label!r}",
                        allowed=f"the variables available for recording: {known}",
                    )
                )
        super().record(names, ids, sampling_interval, locations)

    def _record(
        self, variable: Variable, new_ids: Any, sampling_interval: float | None = None
    ) -> None:
        recordings, group = self._session.simulation.recordings, self._group
        if sampling_interval is not None:
            self.sampling_interval = sampling_interval
        rows = np.sort(np.fromiter(new_ids, dtype=np.int64, count=len(new_ids)))
        rows -= group.first + 1
        if len(rows) == 0:
            return
        if variable == _SPIKES:
            if len(self.recorded[variable]) == len(new_ids):  # the first cells
                self._spikes_from_ms = float(simulator.state.t)
            self._session.simulation.add_groups()
            recordings.choose(group.first + rows, True)
            return
        interval = round(self.sampling_interval / simulator.state.dt)
        probe = Probe(group, variable.name, rows, interval, self._session.simulation.step)
        self._session.network.probes.append(probe)
        self._probes.append((variable, probe))

    def _reset(self) -> None:
        """Stop recording everything."""
        self._session.simulation.add_groups()
        recordings, group = self._session.simulation.recordings, self._group
        for _, probe in self._probes:
            self._session.network.probes.remove(probe)
            recordings.forget_samples(probe)
        self._probes = []
        recordings.forget_spikes(group.first, group.size)
        recordings.choose(group.first + np.arange(group.size), False)

    def _clear_simulator(self) -> None:
        recordings, group = self._session.simulation.recordings, self._group
        step = self._session.simulation.step
        for _, probe in self._probes:
            # Samples stay on their grid: between two of them, the piece begins with the last one.
            late = (step - probe.start) % probe.interval
            recordings.forget_samples(probe, but_last=late > 0)
            probe.start = step - late
        recordings.forget_spikes(group.first, group.size)
        self._spikes_from_ms = float(simulator.state.t)
        self._cleared_at = step

    def restart(self) -> None:
        """Begin a new trial: recording goes on from time 0."""
        for _, probe in self._probes:
            probe.start = 0
        self._spikes_from_ms = 0.0
        self._cleared_at = -1

    def store_to_cache(self, annotations: Any = None) -> None:
        """Keep the present segment, unless nothing was recorded since it was cleared."""
        # PyNN's own test would lose what was recorded after get_data(clear=True).
        self.clear_flag = self._session.simulation.step == self._cleared_at
        super().store_to_cache(annotations)

    # -- data --------------------------------------------------------------------

    def _get_current_segment(
        self, filter_ids: Any = None, variables: Any = "all", clear: bool = False
    ) -> neo.Segment:
        segment = neo.Segment(
            name=f"segment{simulator.state.segment_counter:03d}",
            description=self.population.describe(),
            rec_datetime=datetime.now(),  # noqa: DTZ005 - Neo's convention
        )
        wanted = [
            variable
            for variable in self.recorded
            if self.recorded[variable] and (variables == "all" or variable in variables)
        ]
        for variable in wanted:
            ids = sorted(self.filter_recorded(variable, filter_ids))
            if variable == _SPIKES:
                segment.spiketrains = self._spike_trains(ids)
                segment.spiketrains.segment = segment
            elif ids:
                for signal in self._signals(variable, ids):
                    segment.analogsignals.append(signal)
                    signal.segment = segment
        return segment

    def _spike_trains(self, ids: list[Any]) -> Any:
        session, group = self._session, self._group
        step, cell = session.simulation.recordings.spikes(group.first, group.size)
        channel_ids = np.array(ids, dtype=int)
        wanted = np.zeros(group.size, dtype=bool)
        wanted[channel_ids - (group.first + 1)] = True
        keep = wanted[cell - group.first]
        return Trains.from_spike_time_array(
            session.to_ms(step[keep]) * pq.ms,
            cell[keep].astype(int) + 1,
            channel_ids,
            t_start=self._spikes_from_ms * pq.ms,
            t_stop=session.time_ms * pq.ms,
            units="ms",
            source_population=self.population.label,
            source_index=channel_ids - (group.first + 1),
        )

    def _signals(self, variable: Variable, ids: list[Any]) -> list[neo.AnalogSignal]:
        """One signal for each time at which cells began to be recorded."""
        rows = np.array(ids, dtype=np.int64) - (self._group.first + 1)
        by_start: dict[int, list[Probe]] = {}
        for recorded, probe in self._probes:
            if recorded == variable:
                by_start.setdefault(probe.start, []).append(probe)
        signals = []
        for start, probes in sorted(by_start.items()):
            cells = np.concatenate([probe.cells for probe in probes])
            values = np.concatenate(
                [self._session.simulation.recordings.samples(probe) for probe in probes], axis=1
            )
            order = np.argsort(cells)
            order = order[np.isin(cells[order], rows)]
            if values.size and len(order):
                signals.append(self._signal(variable, start, cells[order], values[:, order]))
        return signals

    def _signal(
        self, variable: Variable, start: int, cells: Int64Array, values: NDArray[np.float64]
    ) -> neo.AnalogSignal:
        return neo.AnalogSignal(
            values,
            units=self.population.find_units(variable),
            t_start=self._session.to_ms(start) * pq.ms,
            sampling_period=self.sampling_interval * pq.ms,
            name=variable.name,
            channel_ids=cells + (self._group.first + 1),
            source_population=self.population.label,
            array_annotations={"channel_index": cells},
        )

    def _local_count(self, variable: Variable, filter_ids: Any = None) -> dict[int, int]:
        ids = sorted(int(cell) for cell in self.filter_recorded(variable, filter_ids))
        group = self._group
        _, cell = self._session.simulation.recordings.spikes(group.first, group.size)
        count = np.bincount(cell - group.first, minlength=group.size)
        return {one: int(count[one - group.first - 1]) for one in ids}

    def get(
        self,
        variables: Any,
        gather: bool = False,
        filter_ids: Any = None,
        clear: bool = False,
        annotations: Any = None,
        locations: Any = None,
    ) -> neo.Block:
        """Return the recorded data as a Neo ``Block``; see ``pyNN.recording.Recorder.get``."""
        if self._session is not simulator.state.session:
            raise LifecycleError(
                explain(
                    "the recorded data are gone: setup() was called again",
                    where=f"population {self.population.label!r}",
                    todo="Call get_data() or write_data() before the next setup()",
                )
            )
        self._check_recorded(variables)
        names = (
            None if variables == "all" else [variables] if isinstance(variables, str) else variables
        )
        ids = None if filter_ids is None else np.array(sorted(filter_ids), dtype=np.int64)
        # PyNN's own gives all cells of earlier trials to a view, and no signals of those
        # trials if variables are named.
        segments = [part_of(segment, names, ids) for segment in self.cache]
        if simulator.state.running:
            wanted = "all" if names is None else self._localize_variables(names, locations)
            segments.append(self._get_current_segment(filter_ids, wanted))
        block = neo.Block(
            name=self.population.label,
            description=self.population.describe(),
            rec_datetime=segments[0].rec_datetime if segments else None,
        )
        block.annotate(**self.metadata, precision=self._session.network.precision)
        block.annotate(**(annotations or {}))
        block.segments = segments
        for segment in segments:
            segment.block = block
        if clear:
            self.clear()
        return block

    @property
    def names(self) -> list[str]:
        """Names of the variables that are recorded, sorted."""
        return sorted(variable.name for variable in self.recorded if self.recorded[variable])

    def _check_recorded(self, variables: Any) -> None:
        if isinstance(variables, str) and variables == "all":
            return
        for name in [variables] if isinstance(variables, str) else variables:
            check_recorded(name, self.names, f"population {self.population.label!r}")

    def write(
        self,
        variables: Any,
        file: Any = None,
        gather: bool = False,
        filter_ids: Any = None,
        clear: bool = False,
        annotations: Any = None,
        locations: Any = None,
    ) -> None:
        """Write recorded data; see ``pyNN.recording.Recorder.write``."""
        io = open_file(file)
        annotations = file_annotations(io, annotations)
        super().write(variables, io, gather, filter_ids, clear, annotations, locations)


def write_on_end(cells: Any, variables: Any, file: Any) -> None:
    """Have ``end()`` write to a file name or Neo IO; what one file gets is gathered."""
    if variables is None or file is None or isinstance(file, bool):
        return
    names = [variables] if isinstance(variables, str) else list(variables)
    for owner, known, other in simulator.state.write_on_end:
        if owner is cells and other == file:
            known.extend(name for name in names if name not in known)
            return
    simulator.state.write_on_end.append((cells, names, file))
