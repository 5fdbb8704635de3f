"""What each component counts, core by core and owner by owner.

Every count comes from two things: the ledger, which knows what happened in
which cell, and the placement, which knows where that cell sits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..mapping.place import Placement
from .deliveries import Routes
from .hops import Mesh
from .ledger import Ledger, PopulationLedger

__all__ = ["NEEDS_MESH", "PER_STEP", "Counting", "Row"]

Integers = NDArray[np.int64]

#: Owner (population, or number of populations + projection), a core, and the owner's counts on
#: that core and those after it.
Row = tuple[int, int, Integers]

#: Components that can only be counted where the profile knows the mesh of tiles.
NEEDS_MESH = frozenset({"hops", "hops_ew", "hops_ns", "local_spikes"})

#: Components whose counts go with the number of time steps, not with the spikes.
PER_STEP = frozenset(
    {"neuron_updates", "source_ticks", "conversions", "timesteps", "ticks"}
    | {"active_updates", "inactive_updates"}
)


@dataclass(frozen=True)
class Counting:
    """Counts of a ledger on a placement.

    Attributes
    ----------
    ledger : Ledger
    placement : Placement
    routes : tuple of Routes
        Deliveries of every projection.
    mesh : Mesh or None
        The tiles of the board, where they are known.
    """

    ledger: Ledger
    placement: Placement
    routes: tuple[Routes, ...]
    mesh: Mesh | None = None

    def rows(self, component: str) -> Iterator[Row]:
        """Count a component: its rows by owner."""
        return _COUNTS[component](self)

    def shared(self, component: str) -> int | None:
        """Return the count of a component that no owner has to itself, else ``None``."""
        if component in ("timesteps", "ticks"):
            return int(self.ledger.steps) * self.placement.chips
        return None

    @cached_property
    def hops(self) -> list[tuple[NDArray[np.integer], NDArray[np.integer]]]:
        """Hops of every route, east or west and north or south, by projection."""
        assert self.mesh is not None
        return [self.mesh.steps(row.source, row.target) for row in self.routes]

    @cached_property
    def received(self) -> Integers:
        """Synaptic events of each cell, all projections together, (n_cells,) int64."""
        total = np.zeros(self.ledger.n_cells, np.int64)
        for row in self.ledger.projections:
            total += row.events
        return total

    def add_up(self, owner: int, cells: slice, values: Integers) -> Row:
        """Return values of neighbouring cells, added up by core.

        Parameters
        ----------
        owner : int
        cells : slice
        values : (cells,) int64
            0 for cells that sit on no core, unless none does: then nothing is counted.
        """
        core = self.placement.core[cells]
        placed = core[core >= 0]
        if not len(placed):
            return owner, 0, np.zeros(0, np.int64)
        first = int(placed[0])
        # Integers, not bincount's float64 weights: counts stay exact beyond 2**53.
        total = np.zeros(int(placed[-1]) - first + 1, np.int64)
        np.add.at(total, np.maximum(core - first, 0), values)
        return owner, first, total

    def populations(self, kind: str) -> Iterator[tuple[int, PopulationLedger, slice]]:
        """Iterate over the populations of a kind: owner, row, cells."""
        for owner, row in enumerate(self.ledger.populations):
            if row.kind == kind:
                yield owner, row, slice(row.first, row.first + row.size)

    def owner(self, projection: int) -> int:
        """Return the number of a projection as an owner."""
        return len(self.ledger.populations) + projection


def _advanced(counting: Counting, kind: str) -> Iterator[Row]:
    for owner, row, cells in counting.populations(kind):
        yield counting.add_up(owner, cells, np.full(row.size, row.steps, np.int64))


def _spikes(counting: Counting) -> Iterator[Row]:
    for owner, row, cells in counting.populations("neuron"):
        yield counting.add_up(owner, cells, row.spikes)


def _active(counting: Counting) -> Iterator[Row]:
    for owner, row, cells in counting.populations("neuron"):
        yield counting.add_up(owner, cells, np.minimum(counting.received[cells], row.steps))


def _inactive(counting: Counting) -> Iterator[Row]:
    for owner, row, cells in counting.populations("neuron"):
        idle = row.steps - np.minimum(counting.received[cells], row.steps)
        yield counting.add_up(owner, cells, idle)


def _events(counting: Counting, plastic: bool) -> Iterator[Row]:
    spans = counting.ledger.wiring.spans
    for number, (row, (low, high)) in enumerate(
        zip(counting.ledger.projections, spans, strict=True)
    ):
        events = row.plastic_events if plastic else row.events
        cells = slice(low, high + 1)
        yield counting.add_up(counting.owner(number), cells, events[cells])


def _deliveries(counting: Counting) -> Iterator[Row]:
    for number, routes in enumerate(counting.routes):
        yield counting.owner(number), *routes.per_core()


def _travelled(counting: Counting, across: bool, along: bool) -> Iterator[Row]:
    for number, (routes, (ew, ns)) in enumerate(zip(counting.routes, counting.hops, strict=True)):
        yield counting.owner(number), *routes.per_core(ew * across + ns * along)


def _local(counting: Counting) -> Iterator[Row]:
    for number, (routes, (ew, ns)) in enumerate(zip(counting.routes, counting.hops, strict=True)):
        stays = (ew + ns == 0) & (routes.source >= 0)
        yield counting.owner(number), *routes.per_core(stays.astype(np.int64))


_COUNTS: dict[str, Callable[[Counting], Iterator[Row]]] = {
    "neuron_updates": lambda counting: _advanced(counting, "neuron"),
    "source_ticks": lambda counting: _advanced(counting, "source"),
    "conversions": lambda counting: _advanced(counting, "neuron"),
    "spikes": _spikes,
    "active_updates": _active,
    "inactive_updates": _inactive,
    "synaptic_events": lambda counting: _events(counting, plastic=False),
    "plastic_events": lambda counting: _events(counting, plastic=True),
    "write_pulses": lambda counting: _events(counting, plastic=True),
    "deliveries": _deliveries,
    "hops": lambda counting: _travelled(counting, across=True, along=True),
    "hops_ew": lambda counting: _travelled(counting, across=True, along=False),
    "hops_ns": lambda counting: _travelled(counting, across=False, along=True),
    "local_spikes": _local,
}
