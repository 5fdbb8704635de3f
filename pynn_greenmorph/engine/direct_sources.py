"""Which sources are direct, see :mod:`.direct`, and what they have done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..network import CellGroup, Network
from .arrivals import LogTail, expand
from .direct import Direct
from .generate import BLOCK
from .partition import Partition
from .rows import CONSTANT, DIRECT, MASKED, SINGLE, UNIFORM, Delivery, Rows
from .tables import Blocks, CellLayout

__all__ = ["DirectSources"]

Int64Array = NDArray[np.int64]

#: Synapses of a run on average, from which on runs are faster than rows.
LONG_RUN = 8

#: Most numbers in the ring (64 MiB).
LARGEST_RING = 1 << 24


class _Synapses(NamedTuple):
    """The synapses of a bucket, by source.

    Attributes
    ----------
    source, slot, offset : (n,) int64
        Source from 0 on, input slot, delay less the base of the delay group.
    weight : (n,) float64
    """

    source: Int64Array
    slot: Int64Array
    offset: Int64Array
    weight: NDArray[Any]

    @classmethod
    def of(cls, rows: Rows, bucket: int) -> _Synapses:
        """Those of a bucket of rows."""
        columns: list[tuple[NDArray[Any], ...]] = []
        n_sources = int(rows.bucket_last[bucket] - rows.bucket_first[bucket]) + 1
        for table in range(rows.bucket_table[bucket], rows.bucket_table[bucket + 1]):
            first = rows.table_start[table]
            start = rows.start[first : first + n_sources + 1].astype(np.int64)
            index, owner = expand(start[:-1], start[1:])
            synapse = rows.table_synapse[table] + index
            slot = rows.table_page[table] + rows.target[synapse].astype(np.int64)
            grouped = len(rows.offset) > 0
            offset = rows.offset[synapse].astype(np.int64) if grouped else 0 * index
            stored = rows.weight32 if rows.table_kind[table] == SINGLE else rows.weight64
            weight = stored[rows.table_weight[table] + index].astype(np.float64)
            columns.append((owner, slot, offset, weight))
        joined = [np.concatenate(column) for column in zip(*columns, strict=True)]
        order = np.argsort(joined[0], kind="stable")
        return cls(*(column[order] for column in joined))

    @property
    def beginnings(self) -> Int64Array:
        """First synapse of each run: sources and slots ascend together, with one delay."""
        steps = np.diff(self.source), np.diff(self.slot), np.diff(self.offset)
        goes_on = (steps[0] == 1) & (steps[1] == 1) & (steps[2] == 0)
        return np.concatenate([[0], np.flatnonzero(~goes_on) + 1]).astype(np.int64)


class _Chosen(NamedTuple):
    """A population of direct sources.

    Attributes
    ----------
    group : CellGroup
    longest : int, steps
        Its longest delay.
    synapses : dict of (int, int) to _Synapses
        By part and bucket.
    """

    group: CellGroup
    longest: int
    synapses: dict[tuple[int, int], _Synapses]


class _Runs:
    """The runs of one part, bucket by bucket."""

    def __init__(self) -> None:
        none = np.zeros(0, dtype=np.int64)
        self.columns: list[tuple[Int64Array, ...]] = [(none,) * 5]
        self.weights: list[NDArray[Any]] = [np.zeros(0)]
        self.count = [0]
        self.n_weights = 0

    def add(self, synapses: _Synapses, shift: int) -> None:
        """Add those of a bucket; column ``shift`` is that of its first source."""
        source, slot, offset, weight = synapses
        begin = synapses.beginnings
        length = np.diff(np.append(begin, len(source)))
        self.columns.append(
            (source[begin] + shift, slot[begin], begin + self.n_weights, length, offset[begin])
        )
        self.weights.append(weight)
        self.n_weights += len(weight)
        self.count.append(self.count[-1] + len(begin))

    def skip(self) -> None:
        """Add no synapses, for a bucket of other sources."""
        self.count.append(self.count[-1])

    def of_part(self, column: Int64Array, real: Any, ring: Any, tally: Int64Array) -> Direct:
        """All together; ``column`` is that of each block of the part."""
        source, slot, at, length, offset = map(np.concatenate, zip(*self.columns, strict=True))
        return Direct(
            column=column,
            logged=np.zeros_like(column),
            bucket_run=np.array(self.count, dtype=np.int64),
            source=source,
            slot=slot,
            at=at,
            length=length,
            offset=offset,
            weight=np.concatenate(self.weights).astype(real),
            ring=ring,
            tally=tally,
        )


class DirectSources:
    """The direct sources of a network.

    Attributes
    ----------
    parts : list of Direct
        By part.
    groups : list of CellGroup
        Their populations.
    local : list of CellGroup
        Those whose spikes stay within the part that has their sources.
    """

    def __init__(self) -> None:
        self.parts: list[Direct] = []
        self.groups: list[CellGroup] = []
        self.local: list[CellGroup] = []
        self._columns: list[int] = []
        self._cell_of = np.zeros(0, dtype=np.int64)
        self._is_direct = np.zeros(0, dtype=bool)
        self._longest = 0
        self._ring, self._tally = np.zeros((1, 0), np.int32), np.zeros(0, dtype=np.int64)

    @classmethod
    def of(
        cls, network: Network, layouts: Sequence[CellLayout], delivery: Delivery,
        partition: Partition, blocks: Blocks, longest_window: int, real: Any,
    ) -> DirectSources:  # fmt: skip
        """Find them, and mark their buckets in the rows of ``delivery``.

        Parameters
        ----------
        network : Network
        layouts : sequence of CellLayout
        delivery : Delivery
        partition : Partition
        blocks : Blocks
        longest_window : int, steps
            Between two barriers, at most.
        real : type
            Of the inputs.
        """
        self = cls()
        chosen = _candidates(network, layouts, delivery)
        # A part may be one window ahead of the others, and counts one window later.
        reach = max([0, *(one.longest for one in chosen)]) + 2 * longest_window
        width = sum(-(-one.group.size // BLOCK) * BLOCK for one in chosen)
        n_rows = 1 << reach.bit_length()
        if not chosen or n_rows * width > LARGEST_RING:
            chosen, width, n_rows = [], 0, 1
        self.groups = [one.group for one in chosen]
        self._longest = max([0, *(one.longest for one in chosen)])
        self._ring = np.zeros((n_rows, width), dtype=np.int32)
        self._tally = np.zeros(width, dtype=np.int64)
        self._cell_of = np.full(width, -1, dtype=np.int64)
        self._is_direct = np.zeros(network.n_cells, dtype=bool)
        column = np.full(len(blocks.kind), -1, dtype=np.int64)
        at = 0
        for group in self.groups:
            self._columns.append(at)
            self._cell_of[at : at + group.size] = np.arange(group.first, group.first + group.size)
            self._is_direct[group.first : group.first + group.size] = True
            mine = (blocks.first_cell >= group.first) & (
                blocks.first_cell < group.first + group.size
            )
            column[mine] = at + blocks.first_cell[mine] - group.first
            at += -(-group.size // BLOCK) * BLOCK
        self.local = list(self.groups)
        for part, rows in enumerate(delivery.parts):
            self.parts.append(self._part(part, rows, chosen, column, partition, real))
        return self

    def _part(
        self, part: int, rows: Rows, chosen: Sequence[_Chosen], column: Int64Array,
        partition: Partition, real: Any,
    ) -> Direct:  # fmt: skip
        runs = _Runs()
        known = {group.first: k for k, group in enumerate(self.groups)}
        owner = np.full(self._ring.shape[1] // BLOCK, -1, dtype=np.int64)
        owner[column[column >= 0] // BLOCK] = partition.part[column >= 0]
        for bucket in range(len(rows.bucket_first)):
            k = known.get(int(rows.bucket_first[bucket]))
            if k is None:
                runs.skip()
                continue
            rows.bucket_kind[bucket] = DIRECT
            runs.add(chosen[k].synapses[part, bucket], self._columns[k])
            source, _, _, length, _ = runs.columns[-1]
            used = np.concatenate([source, source + length - 1]) // BLOCK
            inside = bool((owner[used] == part).all() and (length <= BLOCK).all())
            if not inside and self.groups[k] in self.local:
                self.local.remove(self.groups[k])
        return runs.of_part(column[partition.part == part], real, self._ring, self._tally)

    # -------------------------------------------------------------------- in motion

    def begin(self, recorded: NDArray[np.bool_]) -> None:
        """Log the sources of populations of which some cells are recorded (n_cells,)."""
        for group, at in zip(self.groups, self._columns, strict=True):
            logged = int(recorded[group.first : group.first + group.size].any())
            for direct in self.parts:
                mine = (direct.column >= at) & (direct.column < at + group.size)
                direct.logged[mine] = logged

    def count(self, done: Sequence[int], step: int, emitted: Int64Array) -> None:
        """Add to ``emitted`` (n_cells,) the spikes that are not logged.

        Parameters
        ----------
        done : sequence of int
            By part, the last step that is in the tally.
        step : int
            Last step done.
        emitted : (n_cells,) int64
        """
        if not self.groups:
            return
        for direct, counted in zip(self.parts, done, strict=True):
            for column in direct.column[(direct.column >= 0) & (direct.logged == 0)]:
                mine = slice(column, column + BLOCK)
                for late in range(counted + 1, step + 1):
                    self._tally[mine] += self._ring[late & (len(self._ring) - 1), mine]
        for group, at in zip(self.groups, self._columns, strict=True):
            emitted[group.first : group.first + group.size] += self._tally[at : at + group.size]
        self._tally[:] = 0

    def clear(self) -> None:
        """Forget all counts: a new trial begins."""
        self._ring[:] = 0

    def join(self, tail: LogTail, step: int, epoch: int) -> LogTail:
        """A tail of the log, with the spikes of these sources since ``epoch`` up to ``step``."""
        if not self.groups:
            return tail
        others = ~self._is_direct[tail.cell]
        columns = [(tail.step[others], tail.cell[others], tail.count[others])]
        for one in range(max(epoch, step - self._longest, 0) + 1, step + 1):
            counts = self._ring[one & (len(self._ring) - 1)]
            found = np.flatnonzero(counts)
            steps = np.full(len(found), one, dtype=np.int64)
            columns.append((steps, self._cell_of[found], counts[found].astype(np.int64)))
        return LogTail(*map(np.concatenate, zip(*columns, strict=True))).in_order()


def _buckets(delivery: Delivery, group: CellGroup) -> tuple[list[tuple[int, int]], int]:
    """Part and number of the buckets of a source population, and its longest delay."""
    found, longest = [], 0
    for part, rows in enumerate(delivery.parts):
        mine = np.flatnonzero(rows.bucket_first == group.first)
        found += [(part, int(bucket)) for bucket in mine]
        groups = np.searchsorted(rows.group_bucket, mine, side="right") - 1
        longest = max([longest, *rows.group_base[groups].tolist()])
    return found, longest + delivery.ring_steps - 1


def _candidates(
    network: Network, layouts: Sequence[CellLayout], delivery: Delivery
) -> list[_Chosen]:
    """Populations of sources that have at most one synapse in each delay group."""
    ends = [
        (int(group.pre.min()), int(group.pre.max()))
        for group in network.synapses
        if group.size and not group.model.static
    ]
    chosen = []
    for lay in layouts:
        group = lay.group
        if lay.model.step is None or lay.model.kind != "source":
            continue
        if any(low < group.first + group.size and high >= group.first for low, high in ends):
            continue
        buckets, longest = _buckets(delivery, group)
        synapses = _runs_of(delivery, buckets)
        if synapses:
            chosen.append(_Chosen(group, longest, synapses))
    return chosen


def _runs_of(
    delivery: Delivery, buckets: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], _Synapses]:
    """The synapses of buckets that have at most one for each source, side by side.

    Nothing when they have not, or when a weight is none.
    """
    found: dict[tuple[int, int], _Synapses] = {}
    for part, bucket in buckets:
        rows = delivery.parts[part]
        tables = range(rows.bucket_table[bucket], rows.bucket_table[bucket + 1])
        n_sources = int(rows.bucket_last[bucket] - rows.bucket_first[bucket]) + 1
        ends = rows.table_start[tables] + n_sources
        # Looked at first: most rows are long, and listing their synapses takes long.
        if (
            rows.start[ends].sum() > n_sources
            or np.isin(rows.table_kind[tables], (CONSTANT, UNIFORM, MASKED)).any()
        ):
            return {}
        one = found[part, bucket] = _Synapses.of(rows, bucket)
        if (np.diff(one.source) == 0).any() or not np.isfinite(one.weight).all():
            return {}
    n_synapses = sum(len(one.source) for one in found.values())
    n_runs = sum(len(one.beginnings) for one in found.values())
    return found if n_synapses >= LONG_RUN * n_runs else {}
