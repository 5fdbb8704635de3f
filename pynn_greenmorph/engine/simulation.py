"""One network in motion: state, spike log, samples and counts.

The front end talks to this class only. Tables are compiled when a run begins
and something changed since the last one; a change between runs acts exactly at
the present time.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..errors import SimulationError, explain
from ..network import CellGroup, Network, Probe
from . import loop, tables
from .arrivals import EventCounter, LogTail, pending_input
from .generate import load_block
from .tables import CellLayout

__all__ = ["Simulation"]

Int64Array = NDArray[np.int64]
FloatArray = NDArray[np.float64]

#: How long one call of the compiled loop should last, s. Between calls
#: Ctrl-C is answered and progress is shown; no bit depends on it.
CHUNK_S = 0.1

#: Largest sample buffer of one chunk, values (64 MiB).
CHUNK_SAMPLES = 1 << 23


def _no_int() -> Int64Array:
    return np.zeros(0, dtype=np.int64)


class Simulation:
    """State of one network.

    Parameters
    ----------
    network : Network
        The tables; the front end goes on filling them.

    Attributes
    ----------
    step : int
        Last step done in the present trial.
    trial : int
        Number of ``reset()`` calls so far.
    emitted : (n_cells,) int64
        Spikes of every cell, all trials together.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self.step = 0
        self.trial = 0
        self.finished_steps = 0
        self.emitted = _no_int()
        self.counters: list[EventCounter] = []
        self._layouts: list[CellLayout] = []
        self._constants: list[tuple[FloatArray, bool]] = []
        self._applied: list[dict[str, FloatArray]] = []
        self._state = np.zeros(0)
        self._inputs = np.zeros(0)
        self._param = np.zeros(0)
        self._blocks = tables.Blocks(*(_no_int() for _ in tables.Blocks._fields))
        self._rows = tables.build_rows(network, [])
        self._pending = loop.Pending(_no_int(), _no_int(), np.zeros(0))
        self._table = loop.TableSpikes(_no_int(), _no_int(), _no_int())
        self._injections = tables.Injections(_no_int(), _no_int(), np.zeros(0))
        self._positions = np.zeros(3, dtype=np.int64)
        self._epoch = -1
        self._tail = LogTail(_no_int(), _no_int(), _no_int())
        self._recorded = np.zeros(0, dtype=bool)
        self._spikes: list[tuple[Int64Array, Int64Array, Int64Array]] = []
        self._samples: dict[int, list[FloatArray]] = {}
        self._sampled: dict[int, Probe] = {}
        self._dirty_columns: set[int] = set()
        self._dirty_synapses = self._dirty_table = self._dirty_currents = False
        self._started = False
        self._log_capacity = 1 << 16
        self._chunk = 64

    # ------------------------------------------------------------ marks by the front end

    @property
    def lifetime(self) -> int:
        """Steps done in all trials together."""
        return self.finished_steps + self.step

    def columns_changed(self, group: CellGroup) -> None:
        """Tell that parameter columns of a group were replaced."""
        self._dirty_columns.add(self.network.cells.index(group))

    def synapses_changed(self) -> None:
        """Tell that a projection was made or its arrays were replaced."""
        self._dirty_synapses = True

    def spike_times_changed(self) -> None:
        """Tell that spike times of a table source were replaced."""
        self._dirty_table = True

    def currents_changed(self) -> None:
        """Tell that an injected current was made or replaced."""
        self._dirty_currents = True

    # ------------------------------------------------------------ compiling the tables

    def _add_groups(self) -> None:
        for group in self.network.cells[len(self._layouts) :]:
            lay = tables.lay_out_group(group, len(self._state), len(self._inputs))
            self._layouts.append(lay)
            self._constants.append((np.zeros((0, 0)), True))
            self._applied.append({})
            if group.model.step is not None:
                lanes = lay.n_blocks * tables.BLOCK
                self._state = np.pad(self._state, (0, lanes * lay.n_states))
                self._inputs = np.pad(self._inputs, (0, lanes * lay.n_inputs))
            self.emitted = np.pad(self.emitted, (0, group.size))
            self._recorded = np.pad(self._recorded, (0, group.size))
            index = len(self._layouts) - 1
            self._derive(index)
            self._initialise(index)
            self._dirty_columns.discard(index)
            self._dirty_table = self._dirty_table or bool(group.model.ragged)
            self._dirty_columns.add(-1)

    def _derive(self, index: int) -> None:
        group = self.network.cells[index]
        if group.model.step is not None:
            self._constants[index] = tables.constant_columns(group, self.network.dt_ms)
        self._applied[index] = dict(group.columns)

    def _initialise(self, index: int) -> None:
        """Set the state of a group to its initial values."""
        lay, group = self._layouts[index], self.network.cells[index]
        if group.model.step is None:
            return
        values = np.zeros((lay.n_states, group.size))
        for variable in group.model.variables:
            offset = group.columns[variable.offset] if variable.offset else 0.0
            row = group.model.states.index(variable.state)
            values[row] = (group.initial[variable.name] - offset) / variable.scale
        end = lay.state_at + lay.n_blocks * lay.n_states * tables.BLOCK
        self._state[lay.state_at : end] = tables.pad_lanes(values).ravel()
        end = lay.input_at + lay.n_blocks * lay.n_inputs * tables.BLOCK
        self._inputs[lay.input_at : end] = 0.0

    def _apply_columns(self) -> None:
        """Derive constants of changed groups, keeping potentials where they are."""
        for index in sorted(self._dirty_columns - {-1}):
            group, old = self.network.cells[index], self._applied[index]
            self._derive(index)
            if self.step == 0 and not self._started:
                self._initialise(index)
                continue
            for variable in group.model.variables:
                if variable.offset and group.model.step is not None:
                    shift = old[variable.offset] - group.columns[variable.offset]
                    slots = self._state_slots(index, variable.state, np.arange(group.size))
                    self._state[slots] += shift / variable.scale
        self._build_blocks()
        self._dirty_columns.clear()

    def _build_blocks(self) -> None:
        loop.PLAIN_BLOCKS.clear()
        rows: list[tuple[int, ...]] = []
        params: list[FloatArray] = []
        param_at = 0
        for lay, (constants, scalar) in zip(self._layouts, self._constants, strict=True):
            group = lay.group
            if group.model.step is None:
                rows.append((tables.TABLE_BLOCK, 0, group.first, group.size, 0, 0, 0))
                continue
            address, plain = load_block(group.model, scalar)
            n_constants = len(constants)
            if plain is not None:
                shape = (n_constants,) if scalar else (n_constants, tables.BLOCK)
                address = len(loop.PLAIN_BLOCKS)
                loop.PLAIN_BLOCKS.append((plain, lay.n_states, shape, lay.n_inputs))
            padded = None if scalar else tables.pad_lanes(constants)
            if padded is None:
                params.append(constants[:, 0])
            for b in range(lay.n_blocks):
                if padded is not None:
                    params.append(padded[b].ravel())
                at = param_at if padded is None else param_at + b * n_constants * tables.BLOCK
                first = b * tables.BLOCK
                rows.append(
                    (
                        tables.KERNEL_BLOCK,
                        address,
                        group.first + first,
                        min(tables.BLOCK, group.size - first),
                        lay.state_at + first * lay.n_states,
                        at,
                        lay.input_at + first * lay.n_inputs,
                    )
                )
            param_at += n_constants if padded is None else padded.size
        columns = np.array(rows, dtype=np.int64).reshape(len(rows), 7).T.copy()
        self._blocks = tables.Blocks(*columns)
        self._param = np.concatenate([np.zeros(0), *params])

    def _apply_synapses(self) -> None:
        """Move what is in flight aside with its old values, then rebuild the rows."""
        keep = self._pending.step > self.step
        waiting = loop.Pending(*(column[keep] for column in self._pending))
        tail = self._tail.after(self._epoch)
        self._pending = pending_input(self._rows, tail, self.step, waiting)
        self._positions[0] = 0
        started = self.step if self._started else -1
        for counter in self.counters:
            counter.settle(self.emitted, self._tail, started)
        for group in self.network.synapses[len(self.counters) :]:
            zero = np.zeros_like(self.emitted)
            self.counters.append(
                EventCounter(group, self.emitted.copy(), self.emitted.copy(), zero, started)
            )
        self._rows = tables.build_rows(self.network, self._layouts)
        self._epoch = started
        self._dirty_synapses = False

    def prepare(self) -> None:
        """Compile what changed since the last run."""
        if len(self._layouts) < len(self.network.cells):
            self._add_groups()
            for counter in self.counters:
                counter.grow(self.network.n_cells)
            self._dirty_synapses = True
        if self._dirty_columns:
            self._apply_columns()
        if self._dirty_synapses:
            self._apply_synapses()
        if self._dirty_table:
            after = self.step if self._started else -1
            spikes = tables.build_table_spikes(self.network, after)
            self._table = loop.TableSpikes(*spikes)
            self._positions[1] = 0
            self._dirty_table = False
        if self._dirty_currents:
            self._apply_currents()

    def _apply_currents(self) -> None:
        for lay in self._layouts:
            if lay.group.model.injectable:
                cells = np.arange(lay.group.size)
                self._inputs[lay.input_slots(len(lay.group.model.receptors), cells)] = 0.0
        self._injections = tables.build_injections(
            self.network.currents, self._layouts, self.network.n_cells
        )
        self._positions[2] = 0
        self._dirty_currents = False

    # ------------------------------------------------------------ running

    def run(self, to_step: int, progress: Callable[[int], None] | None = None) -> None:
        """Advance to a step.

        Parameters
        ----------
        to_step : int
            Last step to be done.
        progress : callable, optional
            Called with the last step done, about ten times per second.

        Raises
        ------
        SimulationError
            When a state variable is no longer a finite number.
        """
        self.prepare()
        advance = loop.load_advance()
        self._begin_trial()
        while self.step < to_step:
            began, first = time.perf_counter(), self.step
            self._advance_chunk(advance, min(to_step, self.step + self._chunk_steps()))
            self._check_finite(first)
            elapsed = max(time.perf_counter() - began, 1e-6)
            wanted = (self.step - first) * CHUNK_S / elapsed
            self._chunk = int(min(max(wanted, 1.0), self._chunk * 4, 1 << 20))
            if progress is not None:
                progress(self.step)

    def _begin_trial(self) -> None:
        """Emit the spikes of time 0, and sample probes that start now."""
        if not self._started:
            self._started = True
            now = self._table.step == 0
            self._positions[1] = int(now.sum())
            entries = (self._table.step[now], self._table.cell[now], self._table.count[now])
            self._take_spikes(*entries)
            self._tail = LogTail(*entries)
        for probe in self.network.probes:
            if self.step == probe.start and not self._samples.get(id(probe)):
                values = self.value(probe.group, probe.variable, probe.cells)
                self._keep_samples(probe, values[np.newaxis, :])

    def _chunk_steps(self) -> int:
        width = sum(len(probe.cells) // probe.interval for probe in self.network.probes)
        return max(1, min(self._chunk, CHUNK_SAMPLES // max(width, 1)))

    def _longest_delay(self) -> int:
        return int(self._rows.delays[-1]) if len(self._rows.delays) else 0

    def _open_log(self, last_step: int) -> tuple[loop.Log, int, int]:
        """A log that begins with the tail and has room for steps up to ``last_step``."""
        base = self.step - self._longest_delay() - 1
        steps, n_tail = last_step - base, len(self._tail.step)
        while self._log_capacity < 2 * (n_tail + self.network.n_cells):
            self._log_capacity *= 2
        end = np.zeros(steps + 1, dtype=np.int64)
        past = np.arange(base, self.step + 1)
        end[: len(past)] = np.searchsorted(self._tail.step, past, side="right")
        cell = np.empty(self._log_capacity, dtype=np.int32)
        count = np.empty(self._log_capacity, dtype=np.int32)
        cell[:n_tail], count[:n_tail] = self._tail.cell, self._tail.count
        return loop.Log(end, cell, count), base, n_tail

    def _open_probes(self, last_step: int) -> tuple[loop.Probes, FloatArray, list[int]]:
        starts, intervals, firsts, slots, at, counts = [], [], [0], [_no_int()], [], []
        total = 0
        for probe in self.network.probes:
            done = max(self.step, probe.start)
            n_samples = max(last_step - probe.start, 0) // probe.interval
            n_samples -= (done - probe.start) // probe.interval
            variable = probe.group.model.variable(probe.variable)
            index = self.network.cells.index(probe.group)
            starts.append(probe.start)
            intervals.append(probe.interval)
            slots.append(self._state_slots(index, variable.state, probe.cells))
            firsts.append(firsts[-1] + len(probe.cells))
            at.append(total)
            counts.append(n_samples * len(probe.cells))
            total += counts[-1]
        table = loop.Probes(
            np.array(starts, dtype=np.int64),
            np.array(intervals, dtype=np.int64),
            np.array(firsts, dtype=np.int64),
            np.concatenate(slots),
            np.array(at, dtype=np.int64),
        )
        return table, np.empty(total), counts

    def _advance_chunk(
        self, advance: Callable[..., tuple[int, int]], last_step: int
    ) -> None:
        log, base, n_tail = self._open_log(last_step)
        probes, samples, _ = self._open_probes(last_step)
        filled = np.zeros(len(probes.start), dtype=np.int64)
        # The seed's 64 bits travel as a signed integer.
        key = int(np.uint64(self.network.seed).astype(np.int64))
        began = self.step
        self.step, n_log = advance(
            self.step, last_step, self._epoch, base, n_tail, self._positions, self.trial, key,
            self.network.n_cells, self._blocks, self._state, self._param, self._inputs,
            self._rows, self._pending, self._table, self._injections, log, probes, samples, filled,
        )  # fmt: skip
        self._close_log(log, base, n_tail, n_log, began)
        for p, probe in enumerate(self.network.probes):
            at = probes.buffer_at[p]
            values = samples[at : at + filled[p]].reshape(-1, len(probe.cells))
            if len(values):
                self._keep_samples(probe, self._shown(probe, values))

    def _close_log(self, log: loop.Log, base: int, n_tail: int, n_log: int, began: int) -> None:
        """Take the new entries out of the log, and keep what may still be in flight."""
        end = log.end[: self.step - base + 1]
        step = np.repeat(np.arange(base + 1, self.step + 1), np.diff(end))
        cell = log.cell[:n_log].astype(np.int64)
        count = log.count[:n_log].astype(np.int64)
        self._take_spikes(step[n_tail:], cell[n_tail:], count[n_tail:])
        keep = step > self.step - self._longest_delay()
        self._tail = LogTail(step[keep], cell[keep], count[keep])

    def _take_spikes(self, step: Int64Array, cell: Int64Array, count: Int64Array) -> None:
        np.add.at(self.emitted, cell, count)
        keep = self._recorded[cell]
        if keep.any():
            self._spikes.append((step[keep], cell[keep], count[keep]))

    def _check_finite(self, first: int) -> None:
        if np.isfinite(self._state).all():
            return
        dt = self.network.dt_ms
        for index, group in enumerate(self.network.cells):
            for state in group.model.states:
                values = self._state[self._state_slots(index, state, np.arange(group.size))]
                if not np.isfinite(values).all():
                    cell = int(np.argmin(np.isfinite(values)))
                    raise SimulationError(
                        explain(
                            f"state {state} of cell {cell} is {values[cell]}",
                            where=f"population {group.label!r} ({group.model.name})",
                            given=f"between t = {first * dt:g} and {self.step * dt:g} ms",
                            todo="Check weights, currents and parameters for extreme values",
                        )
                    )

    # ------------------------------------------------------------ state and data

    def _state_slots(self, index: int, state: str, cells: Int64Array) -> Int64Array:
        lay = self._layouts[index]
        return lay.state_slots(lay.group.model.states.index(state), cells)

    def _shown(self, probe: Probe, values: FloatArray) -> FloatArray:
        variable = probe.group.model.variable(probe.variable)
        shown = values * variable.scale
        if variable.offset:
            shown += probe.group.columns[variable.offset][probe.cells]
        return shown

    def value(self, group: CellGroup, variable: str, cells: Int64Array) -> FloatArray:
        """Present value of a variable.

        Parameters
        ----------
        group : CellGroup
        variable : str
        cells : (n,) int64
            Indices within the group.

        Returns
        -------
        (n,) float64, in PyNN's unit
        """
        index = self.network.cells.index(group)
        definition = group.model.variable(variable)
        slots = self._state_slots(index, definition.state, cells)
        shown: FloatArray = self._state[slots] * definition.scale
        if definition.offset:
            shown += group.columns[definition.offset][cells]
        return shown

    def set_value(
        self, group: CellGroup, variable: str, cells: Int64Array, values: FloatArray
    ) -> None:
        """Set a variable now, in the middle of a trial; see :meth:`value`."""
        index = self.network.cells.index(group)
        if not self._started or index >= len(self._layouts):
            return  # initial values are applied when the trial begins
        self.prepare()
        definition = group.model.variable(variable)
        offset = group.columns[definition.offset][cells] if definition.offset else 0.0
        slots = self._state_slots(index, definition.state, cells)
        self._state[slots] = (values - offset) / definition.scale

    def initial_changed(self, group: CellGroup) -> None:
        """Tell that initial values were replaced before the trial began."""
        index = self.network.cells.index(group)
        if not self._started and index < len(self._layouts):
            self._initialise(index)

    def _keep_samples(self, probe: Probe, values: FloatArray) -> None:
        self._samples.setdefault(id(probe), []).append(values)

    def samples(self, probe: Probe) -> FloatArray:
        """Samples of a probe so far.

        Returns
        -------
        (n_samples, n_cells) float64, in PyNN's unit
            The first one is at ``probe.start``.
        """
        kept = self._samples.get(id(probe), [])
        return np.concatenate([np.zeros((0, len(probe.cells))), *kept])

    def forget_samples(self, probe: Probe) -> None:
        """Drop the samples of a probe; set its ``start`` to go on from there."""
        self._samples.pop(id(probe), None)

    def record_spikes(self, cells: Int64Array, recorded: bool = True) -> None:
        """Choose whether spikes of cells (global ids) are kept from now on."""
        if len(self._layouts) < len(self.network.cells):
            self.prepare()
        self._recorded[cells] = recorded

    def spikes(self, first: int, size: int) -> tuple[Int64Array, Int64Array]:
        """Recorded spikes of the present trial of consecutive global ids.

        Returns
        -------
        step, cell : (k,) int64
            One entry per spike, ascending by step, then cell.
        """
        chunks = [
            (step[mine], cell[mine], count[mine])
            for step, cell, count in self._spikes
            if (mine := (cell >= first) & (cell < first + size)).any()
        ]
        if not chunks:
            return _no_int(), _no_int()
        step, cell, count = (np.concatenate(columns) for columns in zip(*chunks, strict=True))
        return np.repeat(step, count), np.repeat(cell, count)

    def forget_spikes(self, first: int, size: int) -> None:
        """Drop the recorded spikes of consecutive global ids."""
        kept = []
        for step, cell, count in self._spikes:
            others = (cell < first) | (cell >= first + size)
            kept.append((step[others], cell[others], count[others]))
        self._spikes = [chunk for chunk in kept if len(chunk[0])]

    def tail(self) -> LogTail:
        """Spikes that may still be in flight."""
        return self._tail

    def reset(self) -> None:
        """Begin a new trial at time 0: initial values, new noise, nothing in flight."""
        self.prepare()
        for counter in self.counters:
            counter.settle(self.emitted, self._tail, self.step, drop=True)
            counter.epoch = -1
        self.finished_steps += self.step
        self.step, self._epoch, self._started = 0, -1, False
        self.trial += 1
        self._tail = LogTail(_no_int(), _no_int(), _no_int())
        self._pending = loop.Pending(_no_int(), _no_int(), np.zeros(0))
        self._spikes, self._samples = [], {}
        self._positions[:] = 0
        for index in range(len(self._layouts)):
            self._initialise(index)
        self._dirty_table = True
        self._dirty_currents = bool(self.network.currents)
