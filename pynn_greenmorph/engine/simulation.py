"""One network in motion: the run loop with everything around it.

The front end talks to this class only. Tables are compiled when a run begins
and something changed since the last one; a change between runs acts exactly at
the present time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from operator import is_

import numpy as np
from numpy.typing import NDArray

from ..errors import LifecycleError, explain
from ..network import CellGroup, Network
from . import inputs, loop
from .arrivals import NO_SPIKES, EventCounter, LogTail, pending_input, ring_input
from .cell_state import CellState
from .currents import CurrentFeed
from .direct_sources import DirectSources
from .failure import check_ends
from .interrupt import interrupt_held_back
from .log_buffers import LogBuffers
from .merge import build_delivery
from .partition import Partition, followed, make_partition
from .parts import Part, make_parts
from .plasticity import Plasticity
from .profile import Profile, Stopwatch
from .recordings import Recordings
from .rows import Delivery
from .share import Memory, Pending, Setting, TableSpikes
from .tables import TABLE_BLOCK, aligned
from .threads import choose_threads, new_words, run_parts
from .uniform_layout import lay_out_uniform, with_kernels
from .windows import LONGEST_WINDOW, ChunkLength, longest_stretch, longest_window

__all__ = ["Simulation"]

Int64Array = NDArray[np.int64]
FloatArray = NDArray[np.float64]

NO_INT = np.zeros(0, dtype=np.int64)
NO_FLOAT = np.zeros(0)


class Simulation:
    """The simulation of one network.

    Parameters
    ----------
    network : Network
        The tables; the front end goes on filling them.
    threads : int or "auto"
        Number of threads; no result depends on it.

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
    cells : CellState
    plasticity : Plasticity
    recordings : Recordings
    """

    def __init__(self, network: Network, threads: int | str = "auto") -> None:
        self.network = network
        self.cells = CellState(network.dt_ms, network.precision)
        self.plasticity = Plasticity()
        self.recordings = Recordings()
        self.step = 0
        self.trial = 0
        self.emitted = NO_INT
        self.counters: list[EventCounter] = []
        self._tail = NO_SPIKES
        self._threads = threads
        self._finished_steps = 0
        self._started = self._running = self._broken = False
        self._known_finite = 0
        self._delivery = Delivery([], 1, 0, 0)
        self._ring, self._ring_steps, self._stretch = NO_FLOAT, 1, 1
        self._parts: list[Part] = []
        self._part_of_cell = NO_INT
        self._partition: Partition | None = None
        self._window = LONGEST_WINDOW
        self._epoch = -1
        self._pending = Pending(NO_INT, NO_INT, NO_FLOAT)
        self._table = TableSpikes(NO_INT, NO_INT, NO_INT)
        self._log = LogBuffers()
        self._direct = DirectSources()
        self._watch = Stopwatch()
        self._advance: loop.Advance | None = None
        self._memory: Memory | None = None
        self._changed_groups: list[CellGroup] = []
        self._synapses_changed = self._sequences_changed = False
        self._blocks_changed = self._columns_changed = False
        self._currents_changed = bool(network.currents)
        self._currents: CurrentFeed | None = None
        self._chunk = ChunkLength()

    @property
    def lifetime(self) -> int:
        """Steps done in all trials together."""
        return self._finished_steps + self.step

    @property
    def started(self) -> bool:
        """Whether the spikes of time 0 of the present trial were emitted."""
        return self._started

    @property
    def key(self) -> np.int64:
        """The seed's 64 bits as a signed integer of NumPy: it wraps back, Python's does not."""
        return np.uint64(self.network.seed).astype(np.int64)

    @property
    def tail(self) -> LogTail:
        """Spikes since the epoch that may still be in flight; earlier ones are pending input."""
        return self._direct.join(self._tail, self.step, self._epoch)

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

    def sequences_changed(self) -> None:
        """Tell that spike times of a table source, or histograms, were replaced."""
        self._sequences_changed = True

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
            self._sequences_changed |= bool(group.model.ragged or group.model.histogram)
            self._synapses_changed = True
        n_cells = self.network.n_cells
        if n_cells > len(self.emitted):
            self.emitted = np.pad(self.emitted, (0, n_cells - len(self.emitted)))
            self.recordings.grow(n_cells)

    def prepare(self) -> None:
        """Compile what changed since the last run."""
        self.add_groups()
        # Compiling takes seconds, in which Ctrl-C may come: what is to be done again is noted
        # before, and forgotten when it is done.
        self._blocks_changed |= bool(self._changed_groups)
        self._columns_changed |= bool(self._changed_groups)
        if self._currents_changed and self.cells.expect_currents(self.network.currents):
            self._blocks_changed = True
        if self._blocks_changed:
            self._apply_columns()
        follow = self._columns_changed and self.plasticity.follows_targets
        if self._synapses_changed or follow or self._partition is None:
            self._apply_synapses()
        elif self._blocks_changed:
            self._renew_blocks()
        self._blocks_changed = self._columns_changed = False
        if self._sequences_changed:
            spikes = inputs.build_table_spikes(self.network, self._last_step)
            self._table = TableSpikes(*spikes)
            self._parts[0].take_table(self._table)
            schedules = inputs.build_schedules(
                self.network, self.cells.layouts, self._part_of_cell, len(self._parts)
            )
            for part, schedule in zip(self._parts, schedules, strict=True):
                part.take_schedule(schedule)
            self._sequences_changed = False
        if self._currents_changed:
            self._apply_currents()

    def _renew_blocks(self) -> None:
        """Give the parts the present kernels and constants of their blocks."""
        assert self._partition is not None
        blocks = [self._partition.blocks(self.cells.blocks, p) for p in range(len(self._parts))]
        uniform = [
            with_kernels(part.uniform, mine, self.cells, self._stretch)
            for part, mine in zip(self._parts, blocks, strict=True)
        ]
        for part, mine, counted in zip(self._parts, blocks, uniform, strict=True):
            part.blocks, part.uniform = mine, counted

    def _apply_columns(self) -> None:
        for group in self._changed_groups:
            self.cells.apply_columns(group)
            if not self._started:
                self.cells.initialise(group)
        self.cells.build_blocks()
        self._changed_groups = []

    def _apply_synapses(self) -> None:
        """Move what is in flight aside with its old values, then rebuild the rows."""
        previous = self._pending.take(self._pending.step > self.step)
        ahead = ring_input(self._ring, self._ring_steps, self.step)
        whole, plasticity = self.tail, self.plasticity
        tail = whole.after(self._epoch)
        arriving = plasticity.finish_flights(
            whole, self.step, self._last_step, self._part_of_cell,
            self._ring[: len(self._ring) // self._ring_steps], self._advance, self.trial,
            self.key,
        )  # fmt: skip
        plasticity.bring_back()
        self._pending = pending_input(
            self._delivery.parts, tail, self.step, (ahead, previous, arriving)
        )
        now = self.emitted.copy()
        for counter in self.counters:
            counter.settle(self.emitted, now, whole, self._last_step)
        first_new = len(self.counters)
        for group in self.network.synapses[first_new:]:
            self.counters.append(EventCounter(group, now, now, self._last_step))
        plasticity.add(self.network, first_new, self.step, self._last_step)
        self._epoch = self._last_step
        # All that was in flight is pending now, but for spikes that synapses with a
        # rule wait for: the new rows never look at it.
        self._tail = self._tail.after(self.step - plasticity.longest)
        self._share_out()
        self._synapses_changed = False

    def _share_out(self) -> None:
        """Partition the network, sort its synapses, and give every part its share."""
        cells, n_cells = self.cells, self.network.n_cells
        n_blocks = int((cells.blocks.kind != TABLE_BLOCK).sum())
        follows = followed(self.network, cells.layouts, cells.blocks)
        following = {int(cells.blocks.first_cell[b]) for b in np.flatnonzero(follows >= 0)}
        local = [lay.group for lay in cells.layouts if lay.group.first in following]
        self._window = longest_window(self.network, local, NO_INT)
        n_parts = choose_threads(self._threads, n_cells, n_blocks, self._window)
        self._partition = make_partition(cells.layouts, cells.blocks, n_parts, n_cells, follows)
        self._part_of_cell = np.repeat(self._partition.part, cells.blocks.n_cells)
        self._delivery = build_delivery(
            self.network, cells.layouts, self._partition, cells.n_inputs
        )
        self._direct = DirectSources.of(
            self.network, cells.layouts, self._delivery, self._partition, cells.blocks,
            LONGEST_WINDOW, cells.real,
        )  # fmt: skip
        bases = self._delivery.parts[0].group_base
        self._window = longest_window(self.network, self._direct.local, bases)
        self._stretch = longest_stretch(self._delivery, bool(self.plasticity.mechanisms))
        self._ring_steps = max(self._delivery.ring_steps, self._stretch)
        self._ring = aligned(self._ring_steps * cells.n_inputs, dtype=cells.real)
        uniform = lay_out_uniform(
            self._delivery.uniform, cells, self._partition, self._ring, self._ring_steps,
            self._stretch,
        )  # fmt: skip
        self._parts = make_parts(
            self._partition, cells.blocks, self._delivery.parts, uniform, self._direct.parts,
            self._pending, max((lay.n_inputs for lay in cells.layouts), default=0), self._stretch,
        )  # fmt: skip
        self._lay_out_plasticity()
        # New parts know neither table spikes nor currents; later steps only are laid out.
        self._sequences_changed = True
        self._currents_changed = self._currents_changed or bool(self.network.currents)

    def _lay_out_plasticity(self) -> None:
        self.plasticity.lay_out(
            self.network, self._parts, self._part_of_cell, self.cells.layouts, self._window
        )

    def _apply_currents(self) -> None:
        self.cells.injected[:] = 0.0
        network, cells = self.network, self.cells
        self._currents = CurrentFeed(
            network.currents, cells.layouts, self._part_of_cell, len(self._parts),
            network.dt_ms, self.key, self.trial,
        )  # fmt: skip
        self._currents_changed = False

    def _feed_currents(self, last_step: int) -> None:
        """Lay out the injected currents of one call of the loop."""
        changes = self._currents.feed(self.step, last_step) if self._currents else None
        for index, part in enumerate(self._parts):
            if changes is not None:
                part.take_injections(changes[index])
            elif len(part.injections.step):
                part.take_injections(inputs.no_changes())

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
            When a state variable is no longer a finite number, a step function
            raises, or a thread cannot be started.
        LifecycleError
            When a run is in progress, or the last one failed in the middle of a step.
        """
        if self._running:
            raise LifecycleError(
                explain(
                    "the simulation is already running",
                    where="run()",
                    todo="Call run() from one thread, and not from within a run",
                )
            )
        if self._broken:
            raise LifecycleError(
                explain(
                    "the last run failed in the middle of a step",
                    where="run()",
                    todo="Read the data there is; go on after reset() or setup()",
                )
            )
        began = time.perf_counter()
        self._running = True
        try:
            self.prepare()
            self._begin()
            self._run_chunks(to_step, progress)
        finally:
            self._running = False
            self._watch.total_s += time.perf_counter() - began

    def _run_chunks(self, to_step: int, progress: Callable[[int], None] | None) -> None:
        while self.step < to_step:
            began, first, loop_s = time.perf_counter(), self.step, self._watch.loop_s
            with interrupt_held_back():
                self._advance_chunk(min(to_step, self.step + self._chunk_steps()))
            in_loop_s = self._watch.loop_s - loop_s
            self._chunk.learn(self.step - first, time.perf_counter() - began, in_loop_s)
            if progress is not None:
                progress(self.step)

    def _begin(self) -> None:
        """Emit the spikes of time 0, and sample probes that start now."""
        if not self._started:
            self._started = True
            now = self._table.step == 0
            self._parts[0].scratch.positions[1] = int(now.sum())
            self._tail = LogTail(*(column[now] for column in self._table))
            np.add.at(self.emitted, self._tail.cell, self._tail.count)
            self.recordings.keep_spikes(self._tail.take(self.recordings.recorded[self._tail.cell]))
        for probe in self.network.probes:
            if self.step == probe.start:
                self.recordings.sample_now(probe, self.cells)

    def _chunk_steps(self) -> int:
        width = sum(len(probe.cells) // probe.interval for probe in self.network.probes)
        return self._chunk.steps(width + (self._currents.width if self._currents else 0))

    def _advance_chunk(self, last_step: int) -> None:
        delivery, cells, probes = self._delivery, self.cells, self.network.probes
        parts, n_parts = self._parts, len(self._parts)
        window, longest = self._window, max(delivery.longest, self.plasticity.longest)
        self.plasticity.make_room(self.step, window)
        room = [part.n_cells * window for part in parts]
        log, base, n_tail = self._log.open(
            self._tail, self.step, last_step, longest, self._part_of_cell, room
        )
        tables, samples = self.recordings.open(
            probes, cells, self.step, last_step, self._part_of_cell, parts
        )
        memory = self._memory_with(samples)
        self._direct.begin(self.recordings.recorded)
        key, first = self.key, self.step
        self._feed_currents(last_step)
        shares = [part.share(probe, log, memory) for part, probe in zip(parts, tables, strict=True)]
        if self._advance is None:
            self._advance = loop.load_advance(shares[0])
        advance = self._advance

        def call(index: int) -> loop.End:
            setting = Setting(
                index, last_step, window, room[index], self._epoch, base, self.trial, key,
                self._ring_steps - 1, cells.n_inputs, int(self.network.precision == "fast"),
                first, self._stretch,
            )  # fmt: skip
            memory_map = parts[index].memory_map.take(shares[index])
            return advance(first, n_tail[index], setting, memory_map)

        # Should this not come to its end, the states of the parts do not belong together.
        self._broken = True
        began = time.perf_counter()
        ends = run_parts(call, n_parts, memory.words) if n_parts > 1 else [call(0)]
        self._watch.add_loop(time.perf_counter() - began, parts[0].scratch.clocks)
        failed = [failed_at for *_, status, _, failed_at in ends if status == loop.FAILED_STEP]
        self._broken = bool(failed) or any(end[2] == loop.FAILED_ROW for end in ends)
        self.step = min([ends[0][0], *(failed_at - 1 for failed_at in failed)])
        recorded = self.recordings.recorded
        spikes = LogBuffers.close(log, base, self.step, n_tail, recorded, self.emitted)
        self.recordings.keep_spikes(spikes)
        counted = [int(part.scratch.positions[4]) for part in parts]
        self._direct.count(counted, self.step, self.emitted)
        self._tail = LogBuffers.tail(log, base, self.step, self.step - longest, len(self.emitted))
        if probes:
            self.recordings.close(probes, cells, samples, tables[0].buffer_at, first, self.step)
        # A call may end between two looks, so the last one may be two calls back.
        since = max(self._known_finite, self.step - 2 * (loop.CHECK_STEPS + window))
        if self.step == last_step:
            self._known_finite = self.step
        dt = self.network.dt_ms
        self.plasticity.check()
        check_ends(ends, parts, cells, memory, since * dt, dt, (self.trial, int(key)))

    def _memory_with(self, samples: FloatArray) -> Memory:
        """The arrays that all parts share; the same object while they are the same."""
        cells = self.cells
        arrays = cells.state, cells.state32, cells.param, self._ring, cells.injected, samples
        old = self._memory
        if old is None or not all(map(is_, old, arrays)):
            self._memory = old = Memory(*arrays, new_words())
        old.words[:] = 0
        return old

    def reset(self) -> None:
        """Begin a new trial at time 0: initial values, new noise, nothing in flight."""
        self.prepare()
        now, tail = self.emitted.copy(), self.tail
        for counter in self.counters:
            counter.settle(self.emitted, now, tail, self.step, drop=True)
            counter.epoch = -1
        self._finished_steps += self.step
        self.step, self._epoch, self._started = 0, -1, False
        self._broken, self._known_finite = False, 0
        self.trial += 1
        self._tail = NO_SPIKES
        self._direct.clear()
        self._pending = Pending(NO_INT, NO_INT, NO_FLOAT)
        self._ring[:] = 0.0
        self.recordings.clear()
        for part in self._parts:
            part.restart(self._pending)
        for group in self.network.cells:
            self.cells.initialise(group)
        self.plasticity.restart()
        self._lay_out_plasticity()
        self._sequences_changed = True
        self._currents_changed = bool(self.network.currents)

    def profile(self) -> Profile:
        """Say where the time of all runs so far went."""
        updates = sum(
            group.size * (self.lifetime - group.created)
            for group in self.network.cells
            if group.model.kind == "neuron"
        )
        tail = self.tail
        events = sum(
            int(counter.events(self.emitted, tail, self.step).sum()) for counter in self.counters
        )
        return self._watch.profile(
            threads=max(1, len(self._parts)),
            neuron_updates=updates,
            synaptic_events=events,
            n_synapses=self._delivery.n_synapses + self.plasticity.n_synapses,
            table_bytes=self._delivery.nbytes + self.plasticity.nbytes,
        )
