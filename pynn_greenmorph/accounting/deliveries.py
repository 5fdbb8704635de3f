"""Deliveries: how many spikes arrive at how many distinct target cores, and from where.

A spike travels once to each core that holds at least one of its targets,
however many synapses and projections of the source end there. A core that
several projections of a source reach is billed to the earliest of them, in
order of creation. That projection has seen every spike which the later ones
have seen, so no spike is missed and none is counted twice.

A spike counts as delivered when it is emitted: the packet leaves at once, and
the target core keeps it until its delay is over.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..mapping.wiring import Reached
from .hops import Mesh
from .ledger import Ledger

__all__ = ["Routes", "count_deliveries"]

#: Largest table of all projections, tiles and cores, in entries; larger ones are made in parts.
TABLE = 1 << 24

#: Most rows that a ledger keeps for the next board, of one placement.
KEPT = 1 << 22

Integers = NDArray[np.int64]

#: Projections, tiles of the source, target cores and counts.
Rows = tuple[NDArray[np.integer], NDArray[np.integer], NDArray[np.integer], Integers]


@dataclass(frozen=True)
class Routes:
    """The deliveries of one projection by tile of the source and core of the target.

    Attributes
    ----------
    source : (n,) int
        Tiles; -1 is outside of the board. All 0 where the mesh of tiles is not known.
    target : (n,) int
        Cores. A pair may occur more than once.
    count : (n,) int64
        Deliveries; positive.
    """

    source: NDArray[np.integer]
    target: NDArray[np.integer]
    count: Integers

    def per_core(self, weight: NDArray[np.integer] | None = None) -> tuple[int, Integers]:
        """Return the first core that is reached, and from it on the deliveries by core.

        Parameters
        ----------
        weight : (n,) int, optional
            What each delivery is multiplied by; 1 if not given.
        """
        first = int(self.target.min()) if len(self.target) else 0
        total = np.zeros(int(self.target.max(initial=first - 1)) - first + 1, np.int64)
        np.add.at(total, self.target - first, self.count if weight is None else self.count * weight)
        return first, total


def count_deliveries(
    ledger: Ledger, core: NDArray[np.int32], mesh: Mesh | None = None
) -> tuple[Routes, ...]:
    """Count the deliveries of every projection.

    Parameters
    ----------
    ledger : Ledger
        Keeps what was found, if it is not too much, for boards on which cells have the same
        places.
    core : (n_cells,) int32
        Core of every cell; -1 for sources outside of the board.
    mesh : Mesh, optional
        The tiles of the board, where they are known.

    Returns
    -------
    tuple of Routes
        For each projection.
    """
    places = core.tobytes(), mesh
    routes = ledger.routes.get(places)
    if routes is None:
        routes = tuple(_count(ledger, core, mesh))
        if sum(len(row.count) for row in routes) <= KEPT:
            ledger.routes[places] = routes
    return routes


def _count(ledger: Ledger, core: NDArray[np.int32], mesh: Mesh | None) -> Iterator[Routes]:
    """Yield the routes of each projection."""
    # -1 // cores_per_tile is -1 again.
    tiles = np.zeros_like(core) if mesh is None else core // mesh.cores_per_tile
    emitted, windows = _Emitted(ledger), _Windows.of(ledger, core)
    every = np.arange(len(ledger.projections))
    whole = _Table(windows, every, int(tiles.min(initial=0)), int(tiles.max(initial=0)))
    fits, none = whole.size <= min(TABLE, ledger.wiring.synapses), np.zeros(0, np.int64)
    rows: list[Rows] = [(np.zeros(0, np.uint8), none, none, none)]
    for reached in ledger.wiring.reached(core):
        tile = np.zeros_like(reached.source) if mesh is None else tiles[reached.source]
        found = reached.projection, tile, reached.core, emitted.of(reached)
        if fits:
            whole.add(found)
        else:
            rows.append(windows.added_up(found))
    projection, source, target, count = whole.rows() if fits else _joined(rows)
    order = np.argsort(projection, kind="stable")
    ends = np.cumsum(np.bincount(projection, minlength=len(every)))
    for number, end in enumerate(ends.tolist()):
        mine = order[ends[number - 1] if number else 0 : end]
        yield Routes(source[mine], target[mine], count[mine])


def _joined(rows: Sequence[Rows]) -> Rows:
    projection, tile, core, count = map(np.concatenate, zip(*rows, strict=True))
    return projection, tile, core, count


class _Emitted:
    """Spikes of sources since projections were made; those made together have seen the same."""

    def __init__(self, ledger: Ledger) -> None:
        self._known: list[Integers] = []
        self._which = np.zeros(len(ledger.projections), np.int64)
        for number, row in enumerate(ledger.projections):
            if not self._known or not np.array_equal(self._known[-1], row.emitted):
                self._known.append(row.emitted)
            self._which[number] = len(self._known) - 1

    def of(self, reached: Reached) -> Integers:
        """Return the spikes of each source that its projection has seen, (n,) int64."""
        spikes: Integers = self._known[0][reached.source]
        if len(self._known) > 1:
            which = self._which[reached.projection]
            for number in np.unique(which[which > 0]).tolist():
                later = which == number
                spikes[later] = self._known[number][reached.source[later]]
        return spikes


@dataclass(frozen=True)
class _Windows:
    """The cores between the first and the last that a projection reaches.

    Attributes
    ----------
    first, width : (projections,) int64
    """

    first: Integers
    width: Integers

    @classmethod
    def of(cls, ledger: Ledger, core: NDArray[np.int32]) -> _Windows:
        spans = ledger.wiring.spans
        ends = [(core[low], core[high]) if low <= high else (0, -1) for low, high in spans]
        first, last = np.array(ends, np.int64).reshape(-1, 2).T
        return cls(first, last - first + 1)

    def added_up(self, rows: Rows) -> Rows:
        """Add up rows of one projection, tile and core, if a table is not larger than the rows."""
        projection, tile, core, count = rows
        here = np.flatnonzero(np.bincount(projection, minlength=len(self.width)))
        table = _Table(self, here, int(tile.min()), int(tile.max()))
        if table.size > len(count):
            sent = np.flatnonzero(count)
            return projection[sent], tile[sent], core[sent], count[sent]
        table.add(rows)
        return table.rows()


class _Table:
    """Counts by tile, projection and core.

    Parameters
    ----------
    windows : _Windows
    here : (n,) int64
        Projections that are counted, ascending.
    low, high : int
        First and last tile.
    """

    def __init__(self, windows: _Windows, here: Integers, low: int, high: int) -> None:
        self._low, self._end = low, np.cumsum(windows.width[here])
        self._here = here.astype(np.min_scalar_type(len(windows.width)))  # rows keep it, and sort
        self._columns = int(self._end[-1]) if len(here) else 0
        self._shift = np.zeros(len(windows.width), np.int64)
        self._shift[here] = self._end - windows.width[here] - windows.first[here]
        self.size = self._columns * (high - low + 1)

    @cached_property
    def _total(self) -> Integers:
        return np.zeros(self.size, np.int64)

    def add(self, rows: Rows) -> None:
        """Add the counts of rows."""
        projection, tile, core, count = rows
        at = core + (self._shift[projection] if len(self._here) > 1 else self._shift[self._here])
        if self.size > self._columns:
            at += (tile - self._low) * np.int64(self._columns)
        # Integers, not bincount's float64 weights: counts stay exact beyond 2**53.
        np.add.at(self._total, at, count)

    def rows(self) -> Rows:
        """Return the positive counts as rows."""
        sent = np.flatnonzero(self._total)
        tile, column = np.divmod(sent, max(1, self._columns))
        owner = self._here[np.searchsorted(self._end, column, side="right")]
        return owner, self._low + tile, column - self._shift[owner], self._total[sent]
