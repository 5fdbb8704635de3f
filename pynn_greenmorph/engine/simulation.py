"""One network in motion: the run loop with everything around it.

The front end talks to this class only. Tables are compiled when a run begins
and something changed since the last one; a change between runs acts exactly at
the present time.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..network import CellGroup, Network
from . import loop, rows
from .arrivals import EventCounter, LogTail, pending_input
from .cell_state import CellState
from .interrupt import interrupt_held_back
from .recordings import Recordings

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


def _no_spikes() -> LogTail:
    return LogTail(_no_int(), _no_int(), _no_int())


class Simulation:
    """The simulation of one network.

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
    counters : list of EventCounter
        One per projection that has taken part in a run.
    tail : LogTail
        Spikes that may still be in flight.
    cells : CellState
    recordings : Recordings
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self.cells = CellState(network.dt_ms)
        self.recordings = Recordings()
        self.step = 0
        self.trial = 0
        self.emitted = _no_int()
        self.counters: list[EventCounter] = []
        self.tail = _no_spikes()
        self._finished_steps = 0
        self._started = False
        # None yet, also where the tables are filled already: that is for prepare().
        self._rows = rows.build_rows(Network(network.dt_ms, network.seed), [])
        self._epoch = -1
        self._pending = loop.Pending(_no_int(), _no_int(), np.zeros(0))
        self._table = loop.TableSpikes(_no_int(), _no_int(), _no_int())
        self._injections = rows.Injections(_no_int(), _no_int(), np.zeros(0))
        #: Where pending input, table spikes and injections go on.
        self._positions = np.zeros(3, dtype=np.int64)
        self._changed_groups: list[CellGroup] = []
        self._synapses_changed = self._table_changed = False
        self._currents_changed = bool(network.currents)
        self._log_capacity = 1 << 16
        self._chunk = 64

    @property
    def lifetime(self) -> int:
        """Steps done in all trials together."""
        return self._finished_steps + self.step

    @property
    def started(self) -> bool:
        """Whether the spikes of time 0 of the present trial were emitted."""
        return self._started

    @property
    def _last_step(self) -> int:
        """Last step whose spikes were emitted; -1 before those of time 0."""
        return self.step if self._started else -1

    # ------------------------------------------------------------ marks by the front end

    def columns_changed(self, group: CellGroup) -> None:
        """Tell that parameter columns of a group were replaced."""
        self._changed_groups.append(group)

    def synapses_changed(self) -> None:
        """Tell that a projection was made or its arrays were replaced."""
        self._synapses_changed = True

    def spike_times_changed(self) -> None:
        """Tell that spike times of a table source were replaced."""
        self._table_changed = True

    def currents_changed(self) -> None:
        """Tell that an injected current was made or replaced."""
        self._currents_changed = True

    def initial_changed(
        self, group: CellGroup, variable: str, cells: Int64Array, values: FloatArray
    ) -> None:
        """Tell that initial values were replaced; in mid-trial they are set now.

        Parameters
        ----------
        group : CellGroup
        variable : str
        cells : (n,) int64
            Indices within the group.
        values : (n,) float64, in PyNN's unit
        """
        if not self.cells.knows(group):
            return  # they are applied when the group is laid out
        if self._started:
            self.prepare()
            self.cells.set_value(group, variable, cells, values)
        else:
            self.cells.initialise(group)

    # ------------------------------------------------------------ compiling the tables

    def add_groups(self) -> None:
        """Lay out groups that were created since."""
        for group in self.network.cells[len(self.cells.layouts) :]:
            self.cells.add(group)
            self._changed_groups.append(group)
            self._table_changed = self._table_changed or bool(group.model.ragged)
            self._synapses_changed = True
        n_cells = self.network.n_cells
        self.emitted = np.pad(self.emitted, (0, n_cells - len(self.emitted)))
        self.recordings.grow(n_cells)
        for counter in self.counters:
            counter.grow(n_cells)

    def prepare(self) -> None:
        """Compile what changed since the last run."""
        self.add_groups()
        if self._changed_groups:
            self._apply_columns()
        if self._synapses_changed:
            self._apply_synapses()
        if self._table_changed:
            spikes = rows.build_table_spikes(self.network, self._last_step)
            self._table = loop.TableSpikes(*spikes)
            self._positions[1] = 0
            self._table_changed = False
        if self._currents_changed:
            self._apply_currents()

    def _apply_columns(self) -> None:
        for group in self._changed_groups:
            self.cells.apply_columns(group)
            if not self._started:
                self.cells.initialise(group)
        self.cells.build_blocks()
        self._changed_groups = []

    def _apply_synapses(self) -> None:
        """Move what is in flight aside with its old values, then rebuild the rows."""
        waiting = self._pending.step > self.step
        step, slot, value = self._pending
        previous = loop.Pending(step[waiting], slot[waiting], value[waiting])
        self._pending = pending_input(self._rows, self.tail.after(self._epoch), self.step, previous)
        self._positions[0] = 0
        for counter in self.counters:
            counter.settle(self.emitted, self.tail, self._last_step)
        for group in self.network.synapses[len(self.counters) :]:
            zero = np.zeros_like(self.emitted)
            now = self.emitted.copy()
            self.counters.append(EventCounter(group, now, now.copy(), zero, self._last_step))
        self._rows = rows.build_rows(self.network, self.cells.layouts)
        self._epoch = self._last_step
        # All that was in flight is pending now; the new rows never look at it.
        self.tail = _no_spikes()
        self._synapses_changed = False

    def _apply_currents(self) -> None:
        self.cells.clear_injections()
        self._injections = rows.build_injections(
            self.network.currents, self.cells.layouts, self.network.n_cells
        )
        self._positions[2] = 0
        self._currents_changed = False

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
        self._begin()
        dt = self.network.dt_ms
        while self.step < to_step:
            began, first = time.perf_counter(), self.step
            with interrupt_held_back():
                self._advance_chunk(advance, min(to_step, self.step + self._chunk_steps()))
            self.cells.check_finite(first * dt, self.step * dt)
            elapsed = max(time.perf_counter() - began, 1e-6)
            wanted = (self.step - first) * CHUNK_S / elapsed
            self._chunk = int(min(max(wanted, 1.0), self._chunk * 4, 1 << 20))
            if progress is not None:
                progress(self.step)

    def _begin(self) -> None:
        """Emit the spikes of time 0, and sample probes that start now."""
        if not self._started:
            self._started = True
            now = self._table.step == 0
            self._positions[1] = int(now.sum())
            self.tail = LogTail(*(column[now] for column in self._table))
            self._take_spikes(self.tail)
        for probe in self.network.probes:
            if self.step == probe.start:
                self.recordings.sample_now(probe, self.cells)

    def _chunk_steps(self) -> int:
        width = sum(len(probe.cells) // probe.interval for probe in self.network.probes)
        return max(1, min(self._chunk, CHUNK_SAMPLES // max(width, 1)))

    @property
    def _longest_delay(self) -> int:
        return int(self._rows.delays[-1]) if len(self._rows.delays) else 0

    def _open_log(self, last_step: int) -> tuple[loop.Log, int]:
        """A log that begins with the tail and has room for steps up to ``last_step``."""
        base = self.step - self._longest_delay - 1
        n_tail = len(self.tail.step)
        while self._log_capacity < 2 * (n_tail + self.network.n_cells):
            self._log_capacity *= 2
        end = np.zeros(last_step - base + 1, dtype=np.int64)
        past = np.arange(base, self.step + 1)
        end[: len(past)] = np.searchsorted(self.tail.step, past, side="right")
        cell = np.empty(self._log_capacity, dtype=np.int32)
        number = np.empty(self._log_capacity, dtype=np.int32)
        cell[:n_tail], number[:n_tail] = self.tail.cell, self.tail.count
        return loop.Log(end, cell, number), base

    def _advance_chunk(self, advance: Callable[..., tuple[int, int]], last_step: int) -> None:
        log, base = self._open_log(last_step)
        n_tail = len(self.tail.step)
        cells, probes = self.cells, self.network.probes
        table, samples = self.recordings.open(probes, cells, self.step, last_step)
        filled = np.zeros(len(probes), dtype=np.int64)
        # The seed's 64 bits travel as a signed integer, of NumPy: it wraps back, Python's does not.
        key = np.uint64(self.network.seed).astype(np.int64)
        self.step, n_log = advance(
            self.step, last_step, self._epoch, base, n_tail, self._positions, self.trial, key,
            self.network.n_cells, cells.blocks, cells.state, cells.param, cells.inputs,
            self._rows, self._pending, self._table, self._injections, log, table, samples, filled,
        )  # fmt: skip
        end = log.end[: self.step - base + 1]
        step = np.repeat(np.arange(base + 1, self.step + 1), np.diff(end))
        cell = log.cell[:n_log].astype(np.int64)
        count = log.number[:n_log].astype(np.int64)
        self._take_spikes(LogTail(step[n_tail:], cell[n_tail:], count[n_tail:]))
        self.tail = LogTail(step, cell, count).after(self.step - self._longest_delay)
        self.recordings.close(probes, table, samples, filled)

    def _take_spikes(self, spikes: LogTail) -> None:
        np.add.at(self.emitted, spikes.cell, spikes.count)
        self.recordings.keep_spikes(spikes.step, spikes.cell, spikes.count)

    def reset(self) -> None:
        """Begin a new trial at time 0: initial values, new noise, nothing in flight."""
        self.prepare()
        for counter in self.counters:
            counter.settle(self.emitted, self.tail, self.step, drop=True)
            counter.epoch = -1
        self._finished_steps += self.step
        self.step, self._epoch, self._started = 0, -1, False
        self.trial += 1
        self.tail = _no_spikes()
        self._pending = loop.Pending(_no_int(), _no_int(), np.zeros(0))
        self.recordings.clear()
        self._positions[:] = 0
        for group in self.network.cells:
            self.cells.initialise(group)
        self._table_changed = True
        self._currents_changed = bool(self.network.currents)
