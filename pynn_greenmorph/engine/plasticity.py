"""All projections of a network whose synapses are more than a weight."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import SimulationError, explain
from ..network import LARGEST_STEP, Network, SynapseGroup
from .arrivals import LogTail, ring_input
from .direct import no_direct
from .generate_synapse import hidden_parameters
from .histories import make_room, nearly_full
from .inputs import no_changes
from .log_buffers import LogBuffers
from .loop import Advance, End
from .mechanisms import History, Mechanism, Piece
from .memory_map import MemoryMap
from .parts import Part, new_scratch, new_stretch
from .plastic import FAILED
from .plastic_layout import lay_out_mechanisms
from .rows import no_rows
from .share import Memory, Pending, Probes, Setting, Share, TableSpikes
from .tables import Blocks, CellLayout
from .threads import new_words, run_parts
from .uniform import no_uniform

__all__ = ["Plasticity"]

Int64Array = NDArray[np.int64]
FloatArray = NDArray[np.float64]


def _nothing(kind: type[Any]) -> Any:
    """A named tuple of empty columns of integers."""
    return kind(*(np.zeros(0, dtype=np.int64) for _ in kind._fields))


class Plasticity:
    """The mechanisms of a network, and where the parts have them.

    Attributes
    ----------
    mechanisms : list of Mechanism
        In order of creation.
    parts : sequence of Part
        Those that have the synapses.
    """

    def __init__(self) -> None:
        self.mechanisms: list[Mechanism] = []
        self.parts: Sequence[Part] = []
        self._pieces: list[list[Piece]] = []

    @property
    def longest(self) -> int:
        """Longest delay, steps; 0 without mechanisms."""
        return max((int(one.group.delay_steps.max()) for one in self.mechanisms), default=0)

    @property
    def follows_targets(self) -> bool:
        """Whether synapses use parameters of their targets, which users change between runs."""
        return any(len(hidden_parameters(one.group.model)) > 1 for one in self.mechanisms)

    @property
    def n_synapses(self) -> int:
        """Number of connections."""
        return sum(one.group.size for one in self.mechanisms)

    @property
    def nbytes(self) -> int:
        """Bytes of all tables."""
        return sum(column.nbytes for part in self.parts for column in part.plastic)

    def add(self, network: Network, first: int, step: int, last_step: int) -> None:
        """Take the projections from number ``first`` on, made at a step of the trial.

        Spikes up to ``last_step`` are not delivered by them.
        """
        for number in range(first, len(network.synapses)):
            group = network.synapses[number]
            if group.size and not group.model.static:
                self.mechanisms.append(Mechanism(group, number, step, last_step))

    def _find(self, group: SynapseGroup) -> Mechanism | None:
        return next((one for one in self.mechanisms if one.group is group), None)

    # -- between the parts and the mechanisms ----------------------------------------

    def weights(self, group: SynapseGroup) -> FloatArray:
        """Return the weights of a projection as they are now, not to be written to.

        Parameters
        ----------
        group : SynapseGroup

        Returns
        -------
        (n,) float64, nA, uS or mV
        """
        mechanism = self._find(group)
        if mechanism is None or not group.model.plastic:
            return group.weight
        for part, pieces in zip(self.parts, self._pieces, strict=False):
            for piece in pieces:
                if piece.mechanism is mechanism:
                    piece.bring_back_weights(part.plastic)
        if "weight" in mechanism.replaced:
            return mechanism.next_weight()
        return mechanism.weight.copy()

    def set_weights(self, group: SynapseGroup, rows: Int64Array, values: FloatArray) -> None:
        """Set some weights (k,) of a projection; the others go on as learned."""
        mechanism = self._find(group)
        if mechanism is not None:
            self.weights(group)  # brings back what was learned
            mechanism.set_some(rows, values)
        else:
            group.weight = np.array(group.weight)
            group.weight[rows] = values

    def bring_back(self) -> None:
        """Copy the state of all parts to the mechanisms, and forget where the parts had it."""
        found: dict[int, list[History]] = {}
        for part, pieces in zip(self.parts, self._pieces, strict=False):
            for piece in pieces:
                histories = found.setdefault(piece.mechanism.number, [])
                histories.append(piece.bring_back(part.plastic))
        for mechanism in self.mechanisms:
            if mechanism.number in found:
                mechanism.history = History.joined(found[mechanism.number], mechanism.n_traces)
        self._pieces = []

    def lay_out(
        self, network: Network, parts: Sequence[Part], part_of_cell: Int64Array,
        layouts: Sequence[CellLayout], window: int,
    ) -> None:  # fmt: skip
        """Give every part its synapses; see :func:`.lay_out_mechanisms`."""
        self.parts = parts
        if not self.mechanisms:
            return
        for mechanism in self.mechanisms:
            mechanism.apply()
        sizes = [cells.size for cells in network.cells]
        plastics, self._pieces = lay_out_mechanisms(
            self.mechanisms, sizes, part_of_cell, layouts, len(parts), network, window
        )
        for part, plastic in zip(parts, plastics, strict=True):
            part.plastic = plastic

    def make_room(self, now: int, window: int) -> None:
        """Make sure that every history has room for the spikes of one window."""
        for part, pieces in zip(self.parts, self._pieces, strict=False):
            if nearly_full(part.plastic, window):
                part.plastic = make_room(part.plastic, pieces, now, window)

    # -- changes between runs --------------------------------------------------------

    def restart(self) -> None:
        """Begin a new trial: initial weights, no spikes."""
        for mechanism in self.mechanisms:
            mechanism.born, mechanism.epoch, mechanism.silent = 0, -1, -1
            mechanism.restart()

    def adopt_weights(self) -> None:
        """Make the learned weights the initial ones."""
        for mechanism in self.mechanisms:
            mechanism.group.weight = self.weights(mechanism.group)
            mechanism.applied["weight"] = mechanism.group.weight

    def learned(self) -> list[tuple[SynapseGroup, int]]:
        """Return the projections whose weights are no longer the initial ones, and how many."""
        found = []
        for mechanism in self.mechanisms:
            now = self.weights(mechanism.group)
            count = int((now != mechanism.group.weight).sum())
            if count:
                found.append((mechanism.group, count))
        return found

    def finish_flights(
        self, tail: LogTail, now: int, last_step: int, part_of_cell: Int64Array,
        inputs: NDArray[Any], advance: Advance | None, trial: int, key: np.int64,
    ) -> Pending:  # fmt: skip
        """Let spikes in flight act at once where the user replaced weights or delays.

        A spike acts with the weight and delay that its synapse had when it was
        emitted, and with what the synapse has learned until now. The run loop does
        it, on a network without cells: its inputs are what will arrive.

        New weights are learned on when these spikes arrive, as if there were no
        others. Where delays were replaced they arrive now, for learning too: how
        long they are on the way is no longer known.

        Parameters
        ----------
        tail : LogTail
            Spikes that may be in flight.
        now, last_step : int
            Last step done, last step whose spikes were emitted.
        part_of_cell : (n_cells,) int64
        inputs : (n_slots,) float64 or float32
            The input of one step; only its shape and type count.
        advance : Advance or None
            The run loop; None before the first run.
        trial, key : int

        Returns
        -------
        Pending
        """
        changed = [one for one in self.mechanisms if one.replaced & {"weight", "delay"}]
        kept = [one for one in changed if "delay" not in one.replaced]
        reach = self._reach()
        tail = tail.after(now - reach)
        arriving: Pending = _nothing(Pending)._replace(value=np.zeros(0))
        if changed and advance is not None and len(tail.step) and self._pieces:
            numbers = [mechanism.number for mechanism in changed]
            flying = _Flights(self.parts, tail, now, reach, part_of_cell, inputs)
            with self._kept_as_it_is(kept):
                arriving = flying.arrive(numbers, advance, trial, key)
            self.check()
        for mechanism in changed:
            mechanism.silent = last_step
            if mechanism not in kept:
                mechanism.epoch = last_step
        return arriving

    @contextmanager
    def _kept_as_it_is(self, mechanisms: Sequence[Mechanism]) -> Iterator[None]:
        """Take back what these mechanisms learn meanwhile."""
        views = [
            view
            for part, pieces in zip(self.parts, self._pieces, strict=False)
            for piece in pieces
            if piece.mechanism in mechanisms
            for view in piece.changing(part.plastic)
        ]
        before = [view.copy() for view in views]
        try:
            yield
        finally:
            for view, values in zip(views, before, strict=True):
                view[:] = values

    def _reach(self) -> int:
        """Longest delay that is in use by the parts, steps."""
        delays = [one.applied["delay"] for one in self.mechanisms if one.applied]
        return max((int(np.max(delay)) for delay in delays), default=0)  # type: ignore[call-overload]

    def check(self) -> None:
        """Raise ``SimulationError`` where a function of a rule raised."""
        for part in self.parts:
            table = int(part.plastic.flags[FAILED]) - 1
            if table >= 0:
                number = int(part.plastic.draw[table]) >> 16
                group = next(one.group for one in self.mechanisms if one.number == number)
                raise SimulationError(
                    explain(
                        "a function of the synapse type raised an exception",
                        where=f"projection {group.label!r} ({group.model.name})",
                        todo="Run again with NUMBA_DISABLE_JIT=1: plain Python shows which",
                    )
                )


class _Flights:
    """Runs the loop without cells, until all that is in flight has arrived in a ring."""

    def __init__(
        self, parts: Sequence[Part], tail: LogTail, now: int, reach: int,
        part_of_cell: Int64Array, inputs: NDArray[Any],
    ) -> None:  # fmt: skip
        self.parts, self.now, self.reach, self.n_inputs = parts, now, reach, len(inputs)
        self.ring_steps = 1 << reach.bit_length()
        self.ring = np.zeros(self.ring_steps * len(inputs), dtype=inputs.dtype)
        self.log, self.base, self.n_tail = LogBuffers().open(
            tail, now, now + reach, reach, part_of_cell, room=[1] * len(parts)
        )

    def arrive(
        self, numbers: Sequence[int], advance: Advance, trial: int, key: np.int64
    ) -> Pending:
        """Return what arrives at the projections with these numbers."""
        empty = np.zeros(0)
        memory = Memory(
            empty, np.zeros(0, np.float32), empty, self.ring, self.ring[:0], empty, new_words()
        )
        shares = [self._share(part, numbers, memory) for part in self.parts]

        def call(index: int) -> End:
            until = self.now + self.reach
            setting = Setting(
                index, until, self.reach, 0, until, self.base, trial, key, self.ring_steps - 1,
                self.n_inputs, 0, self.now, 1,
            )  # fmt: skip
            memory_map = MemoryMap().take(shares[index])
            return advance(self.now, self.n_tail[index], setting, memory_map)

        run_parts(call, len(self.parts), memory.words)
        return ring_input(self.ring, self.ring_steps, self.now)

    def _share(self, part: Part, numbers: Sequence[int], memory: Memory) -> Share:
        plastic = part.plastic
        mine = np.isin(plastic.draw >> 16, numbers)
        epoch = np.where(mine, plastic.epoch, LARGEST_STEP)
        none = _nothing(Pending)
        return Share(
            plastic._replace(epoch=epoch),
            _nothing(Blocks),
            no_rows(),
            no_uniform(0, self.ring.dtype, self.ring_steps),
            no_direct(0, self.ring.dtype),
            none._replace(value=np.zeros(0)),
            _nothing(TableSpikes),
            no_changes(),
            no_changes(),
            _nothing(Probes)._replace(first=np.zeros((0, 1), dtype=np.int64)),
            self.log,
            memory,
            new_scratch(len(self.parts), 0),
            new_stretch(1, 0),
        )
