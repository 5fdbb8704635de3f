"""What each thread works on: its blocks, rows, pending input, currents and scratch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .direct import Direct
from .generate import BLOCK
from .inputs import Changes, no_changes
from .memory_map import MemoryMap
from .partition import Partition
from .plastic import Plastic, no_plastic
from .rows import Rows
from .share import Log, Memory, Pending, Probes, Scratch, Share, Stretch, TableSpikes, Visits
from .tables import Blocks, aligned
from .uniform import Uniform

__all__ = ["Part", "make_parts", "new_scratch", "new_stretch"]

Int64Array = NDArray[np.int64]

#: Rows that are asked for before the first of them is added.
N_VISITS = 64


def _no_int() -> Int64Array:
    return np.zeros(0, dtype=np.int64)


@dataclass
class Part:
    """One thread's share of the network.

    Attributes
    ----------
    blocks : Blocks
        Its blocks, in order of cell ids.
    rows : Rows
        The synapses onto its cells.
    uniform : Uniform
        Its receptors whose events are counted.
    direct : Direct
        Its sources without the log, and the synapses from any of them onto its cells.
    n_cells : int
        Its cells.
    pending : Pending
    table : TableSpikes
        All table spikes for part 0, which owns all table sources; else none.
    injections, schedule : Changes
    scratch : Scratch
        What the part counts with, all calls of the loop together.
    stretch : Stretch
    plastic : Plastic
        The synapses onto its cells that are more than a weight.
    memory_map : MemoryMap
    """

    blocks: Blocks
    rows: Rows
    uniform: Uniform
    direct: Direct
    n_cells: int
    pending: Pending
    scratch: Scratch
    stretch: Stretch
    table: TableSpikes = field(default_factory=lambda: TableSpikes(_no_int(), _no_int(), _no_int()))
    injections: Changes = field(default_factory=no_changes)
    schedule: Changes = field(default_factory=no_changes)
    plastic: Plastic = field(default_factory=no_plastic)
    memory_map: MemoryMap = field(default_factory=MemoryMap)

    def share(self, probes: Probes, log: Log, memory: Memory) -> Share:
        """Everything for one call of the loop."""
        return Share(
            self.plastic, self.blocks, self.rows, self.uniform, self.direct, self.pending,
            self.table, self.injections, self.schedule, probes, log, memory, self.scratch,
            self.stretch,
        )  # fmt: skip

    def restart(self, pending: Pending) -> None:
        """Begin a new trial."""
        self.pending = pending
        self.scratch.positions[:] = 0
        self.uniform.counts[:] = 0
        self.uniform.spread[:] = 0.0

    def take_injections(self, injections: Changes) -> None:
        """Begin with new injections into cells of the part."""
        self.injections = injections
        self.scratch.positions[2] = 0

    def take_schedule(self, schedule: Changes) -> None:
        """Begin with a new schedule of states of cells of the part."""
        self.schedule = schedule
        self.scratch.positions[3] = 0

    def take_table(self, table: TableSpikes) -> None:
        """Begin with a new table of spikes."""
        self.table = table
        self.scratch.positions[1] = 0


def new_scratch(n_parts: int, n_receptors: int) -> Scratch:
    """Return the scratch of a part that has done nothing yet."""

    def zeros(n: int) -> Int64Array:
        return np.zeros(n, dtype=np.int64)

    return Scratch(
        positions=zeros(6),
        failed=np.zeros(n_receptors),
        visits=Visits(*(zeros(N_VISITS) for _ in Visits._fields)),
        cursor=zeros(n_parts),
        counted=aligned(2 * BLOCK, dtype=np.int32),
        clocks=zeros(4),
    )


def new_stretch(steps: int, n_cells: int) -> Stretch:
    """Return the logs of ``steps`` steps of a part with ``n_cells`` cells."""
    shape = steps, n_cells
    return Stretch(
        length=np.zeros(steps, dtype=np.int64),
        position=np.zeros(steps, dtype=np.int64),
        cell=np.empty(shape, dtype=np.int32),
        number=np.empty(shape, dtype=np.int32),
    )


def make_parts(
    partition: Partition,
    blocks: Blocks,
    rows: Sequence[Rows],
    uniform: Sequence[Uniform],
    direct: Sequence[Direct],
    pending: Pending,
    n_receptors: int,
    stretch: int,
) -> list[Part]:
    """Share a network out.

    Parameters
    ----------
    partition : Partition
    blocks : Blocks
        All blocks.
    rows : sequence of Rows
        By part.
    uniform : sequence of Uniform
        By part.
    direct : sequence of Direct
        By part.
    pending : Pending
        All pending input.
    n_receptors : int
        Of the cell type that has most.
    stretch : int, steps
        How many steps a block may make at once.

    Returns
    -------
    list of Part
        Without table spikes and injections.
    """
    owner = partition.part_of_input(pending.slot) if len(pending.slot) else _no_int()
    parts = []
    for index in range(partition.n_parts):
        mine = partition.blocks(blocks, index)
        share = pending.take(owner == index)
        parts.append(
            Part(
                blocks=mine,
                rows=rows[index],
                uniform=uniform[index],
                direct=direct[index],
                n_cells=(n_cells := int(mine.n_cells.sum())),
                pending=share,
                scratch=new_scratch(partition.n_parts, n_receptors),
                stretch=new_stretch(stretch, n_cells),
            )
        )
    return parts
