"""Synapses of all projections, merged into rows for the run loop.

A *row* holds the synapses of one source cell that share a delay group, a
storage class and a page of targets. Rows of one source population lie in one
*table*. The sums at a receptor have one order, which depends on the network
only: by delay group in order of its processing, source population, source
cell, storage class (constant ones in the order of the first projection with
that weight), projection, insertion.

Delays are grouped where they are so many that rows would be short: the
group of delays ``base`` to ``base + G - 1`` is delivered ``base`` steps after
the emission into a ring of ``G`` rows of inputs. With ``G = 1``, the rule for
few delays, the sum of one step is in the order of delays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import GreenmorphError, explain
from ..network import Network, SynapseGroup
from .delay_groups import group_steps
from .partition import Partition
from .sorting import load_sorting
from .tables import CellLayout

__all__ = [
    "CONSTANT",
    "DOUBLE",
    "SINGLE",
    "Delivery",
    "Rows",
    "build_delivery",
    "column_and_stride",
]

Int64Array = NDArray[np.int64]
FloatArray = NDArray[np.float64]

#: Storage classes, in canonical order: one weight for all, float32, float64.
CONSTANT, SINGLE, DOUBLE = 0, 1, 2

#: Below this mean number of targets a projection is stored in double
#: precision, together with others: short rows cost more than bytes save.
SHORT_ROW = 8


class Rows(NamedTuple):
    """The synapses onto the cells of one part.

    Attributes
    ----------
    group_base : (g,) int64, steps
        Smallest delay of each group, ascending.
    group_bucket : (g + 1,) int64
        Buckets (group and source population) of each group.
    bucket_first, bucket_last : (k,) int64
        Global ids of the source population's first and last cell.
    bucket_table : (k + 1,) int64
        Tables of each bucket.
    table_kind : (t,) int64
        ``CONSTANT``, ``SINGLE`` or ``DOUBLE``.
    table_constant : (t,) float64
        The weight of a constant table, in the unit of the target's step.
    table_page : (t,) int64
        Input slot that target 0 stands for.
    table_start, table_synapse, table_weight : (t,) int64
        Where the table begins in ``start``; in ``target`` and ``offset``; in its weights.
    start : (s,) uint32
        First synapse of each row within the table, and the end of the last.
    target : (n,) uint16
        Input slot within the page.
    offset : (n,) uint8, steps
        Delay less the group's base; empty where groups hold one delay.
    weight32 : (n32,) float32
    weight64 : (n64,) float64
        Weights in the unit of the target's step.
    """

    group_base: Int64Array
    group_bucket: Int64Array
    bucket_first: Int64Array
    bucket_last: Int64Array
    bucket_table: Int64Array
    table_kind: Int64Array
    table_constant: FloatArray
    table_page: Int64Array
    table_start: Int64Array
    table_synapse: Int64Array
    table_weight: Int64Array
    start: NDArray[np.uint32]
    target: NDArray[np.uint16]
    offset: NDArray[np.uint8]
    weight32: NDArray[np.float32]
    weight64: FloatArray


@dataclass(frozen=True)
class Delivery:
    """All rows of a network.

    Attributes
    ----------
    parts : list of Rows
    ring_steps : int
        Steps of the ring of inputs, a power of two.
    shortest, longest : int, steps
        Shortest and longest delay; 0 without synapses.
    n_synapses : int
    """

    parts: list[Rows]
    ring_steps: int
    shortest: int
    longest: int
    n_synapses: int

    @property
    def nbytes(self) -> int:
        """Bytes of all tables."""
        if not self.parts:
            return 0
        first = self.parts[0]
        shared = sum(getattr(first, name).nbytes for name in _SHARED)
        names = [name for name in Rows._fields if name not in _SHARED]
        return shared + sum(getattr(part, name).nbytes for part in self.parts for name in names)


_SHARED = ("start", "target", "offset", "weight32", "weight64")


def column_and_stride(values: NDArray[Any]) -> tuple[NDArray[Any], int]:
    """Return a contiguous column and its stride: 0 where one value stands for all."""
    if values.strides[0] == 0:
        return values[:1].copy(), 0
    # Numba compiles another version for read-only arrays.
    usable = values.flags.c_contiguous and values.flags.writeable
    return values if usable else values.copy(), 1


@dataclass
class _Targets:
    """Receptors of all cells, by name of the receptor."""

    local: dict[str, NDArray[np.uint16]] = field(default_factory=dict)
    scale: dict[str, FloatArray] = field(default_factory=dict)


def _targets(layouts: Sequence[CellLayout], partition: Partition) -> _Targets:
    """Index within its page, and factor of the weight, of every cell's receptors."""
    n_cells = len(partition.home_of_cell)
    result = _Targets()
    for lay in layouts:
        group = lay.group
        cells = np.arange(group.size, dtype=np.int64)
        mine = slice(group.first, group.first + group.size)
        for row, receptor in enumerate(group.model.receptors):
            local = result.local.setdefault(receptor.name, np.zeros(n_cells, dtype=np.uint16))
            scale = result.scale.setdefault(receptor.name, np.ones(n_cells))
            local[mine] = (
                lay.input_slots(row, cells) - partition.page_at[partition.home_of_cell[mine]]
            )
            scale[mine] = receptor.scale
    return result


def _kind(group: SynapseGroup, scale: FloatArray, n_sources: int) -> tuple[int, float]:
    """Storage class of a projection, and its weight if that is constant."""
    weight, stride = column_and_stride(group.weight)
    if group.size < SHORT_ROW * n_sources:
        return DOUBLE, 0.0
    kind = int(load_sorting().weight_kind(group.post, weight, stride, scale))
    return kind, float(weight[0] * scale[group.post[0]]) if kind == CONSTANT else 0.0


def _used_delays(groups: Sequence[SynapseGroup]) -> Int64Array:
    longest = max(int(column_and_stride(group.delay_steps)[0].max()) for group in groups)
    used = np.zeros(longest + 1, dtype=bool)
    for group in groups:
        used[column_and_stride(group.delay_steps)[0]] = True
    return np.flatnonzero(used)


@dataclass
class _Plan:
    """Everything that the sorting needs beside the projections."""

    groups: list[SynapseGroup]
    ends: list[NDArray[np.int32]]
    population: NDArray[np.int32]
    first_cell: Int64Array
    last_cell: Int64Array
    bases: Int64Array
    group_of_delay: NDArray[np.int32]
    offset_of_delay: NDArray[np.uint8]
    keys: list[tuple[int, int, Int64Array]] = field(default_factory=list)
    kinds: list[tuple[int, float]] = field(default_factory=list)
    table_of_key: list[Int64Array] = field(default_factory=list)


def _plan(network: Network, groups: list[SynapseGroup], n_slots: int) -> tuple[_Plan, int]:
    sizes = [cells.size for cells in network.cells]
    population = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
    first = np.cumsum([0, *sizes], dtype=np.int64)
    delays = _used_delays(groups)
    projecting = np.zeros(len(sizes), dtype=bool)
    ends = [population[[group.pre.min(), group.pre.max()]] for group in groups]
    for lowest, highest in ends:
        projecting[lowest : highest + 1] = True
    n_sources = int(np.array(sizes)[projecting].sum())
    size = group_steps(delays, sum(group.size for group in groups), n_sources, n_slots)
    place = (delays - delays[0]) // size
    bases, index = np.unique(place, return_inverse=True)
    group_of_delay = np.zeros(delays[-1] + 1, dtype=np.int32)
    offset_of_delay = np.zeros(delays[-1] + 1, dtype=np.uint8)
    group_of_delay[delays] = index
    offset_of_delay[delays] = (delays - delays[0]) % size
    plan = _Plan(
        groups, ends, population, first[:-1], first[1:] - 1, bases * size + delays[0],
        group_of_delay, offset_of_delay,
    )  # fmt: skip
    return plan, size


def _find_tables(plan: _Plan, partition: Partition, targets: _Targets) -> list[tuple[Any, ...]]:
    """All tables, each (page, group, population, kind, rank of the constant), sorted."""
    sorting = load_sorting()
    n_groups, n_pages = len(plan.bases), len(partition.page_at)
    ranks: dict[float, int] = {}
    found: dict[tuple[int, ...], int] = {}
    entries: list[tuple[NDArray[Any], list[tuple[int, ...]], int]] = []
    for group, ends in zip(plan.groups, plan.ends, strict=True):
        first, n_populations = int(ends[0]), int(ends[1] - ends[0]) + 1
        n_sources = int(plan.last_cell[ends[1]] - plan.first_cell[first]) + 1
        kind, value = _kind(group, targets.scale[group.receptor], n_sources)
        rank = ranks.setdefault(value, len(ranks)) if kind == CONSTANT else 0
        counts = np.zeros(n_pages * n_groups * n_populations, dtype=np.int64)
        delay, stride = column_and_stride(group.delay_steps)
        sorting.count_tables(
            group.pre, group.post, delay, stride, plan.group_of_delay, partition.home_of_cell,
            plan.population, first, n_populations, n_groups, counts,
        )  # fmt: skip
        keys = np.flatnonzero(counts)
        page, rest = np.divmod(keys, n_groups * n_populations)
        delay_group, source = np.divmod(rest, n_populations)
        tables: list[tuple[int, ...]] = [
            (int(p), int(g), int(s) + first, kind, rank)
            for p, g, s in zip(page, delay_group, source, strict=True)
        ]
        for table, key in zip(tables, keys, strict=True):
            found[table] = found.get(table, 0) + int(counts[key])
        plan.kinds.append((kind, value))
        plan.keys.append((first, n_populations, keys))
        entries.append((keys, tables, len(counts)))
    parts = partition.page_part.tolist()
    order = sorted(found, key=lambda t: (parts[t[0]], t[1], t[2], t[3], t[4], t[0]))
    number = {table: index for index, table in enumerate(order)}
    for keys, tables, n_keys in entries:
        table_of_key = np.full(n_keys, -1, dtype=np.int64)
        table_of_key[keys] = [number[table] for table in tables]
        plan.table_of_key.append(table_of_key)
    constants = list(ranks)
    return [
        (*table, constants[table[4]] if table[3] == CONSTANT else 0.0, found[table])
        for table in order
    ]


def build_delivery(
    network: Network, layouts: Sequence[CellLayout], partition: Partition, n_slots: int
) -> Delivery:
    """Merge all projections into rows in canonical order.

    Parameters
    ----------
    network : Network
    layouts : sequence of CellLayout
    partition : Partition
    n_slots : int
        Input slots of one step.

    Returns
    -------
    Delivery
    """
    groups = [group for group in network.synapses if group.size]
    if not groups:
        return Delivery([_no_rows() for _ in range(partition.n_parts)], 1, 0, 0, 0)
    plan, ring_steps = _plan(network, groups, n_slots)
    targets = _targets(layouts, partition)
    tables = _find_tables(plan, partition, targets)
    columns = _table_columns(tables, plan, partition)
    shared = _sort(plan, partition, targets, columns, ring_steps > 1)
    parts = [
        _part_rows(part, tables, plan, partition, columns, shared)
        for part in range(partition.n_parts)
    ]
    shortest, longest = (
        int(choose([choose(column_and_stride(group.delay_steps)[0]) for group in groups]))
        for choose in (np.min, np.max)
    )
    return Delivery(parts, ring_steps, shortest, longest, sum(group.size for group in groups))


def _table_columns(
    tables: Sequence[tuple[Any, ...]], plan: _Plan, partition: Partition
) -> dict[str, NDArray[Any]]:
    """Columns of the list of tables; see :class:`Rows`."""
    page, _, population, kind, _, constant, size = (
        np.array(column) for column in zip(*tables, strict=True)
    )
    if size.max() >= 1 << 32:
        raise GreenmorphError(
            explain(
                f"{size.max():,} synapses from one population with one delay and kind of weight",
                where="run()",
                allowed="fewer than 4,294,967,296",
                todo="Split the population",
            )
        )
    cells = plan.last_cell[population] - plan.first_cell[population] + 1
    in32, in64 = np.where(kind == SINGLE, size, 0), np.where(kind == DOUBLE, size, 0)
    return {
        "kind": kind.astype(np.int64),
        "constant": constant.astype(np.float64),
        "page": partition.page_at[page],
        "cell": plan.first_cell[population],
        "start": np.cumsum([0, *(cells + 1)], dtype=np.int64),
        "synapse": np.cumsum([0, *size], dtype=np.int64),
        "weight": np.where(kind == SINGLE, np.cumsum(in32) - in32, np.cumsum(in64) - in64),
        "in32": in32,
        "in64": in64,
    }


def _sort(
    plan: _Plan, partition: Partition, targets: _Targets, columns: dict[str, Any], grouped: bool
) -> dict[str, NDArray[Any]]:
    """Fill the arrays that the rows of all parts lie in."""
    sorting = load_sorting()
    n_synapses = int(columns["synapse"][-1])
    shared: dict[str, NDArray[Any]] = {
        "start": np.zeros(int(columns["start"][-1]), dtype=np.uint32),
        "target": np.empty(n_synapses, dtype=np.uint16),
        "offset": np.empty(n_synapses if grouped else 0, dtype=np.uint8),
        "weight32": np.empty(int(columns["in32"].sum()), dtype=np.float32),
        "weight64": np.empty(int(columns["in64"].sum()), dtype=np.float64),
    }
    n_groups = len(plan.bases)
    prepared = []
    for group, (first, n_populations, _), table_of_key in zip(
        plan.groups, plan.keys, plan.table_of_key, strict=True
    ):
        delay, stride = column_and_stride(group.delay_steps)
        prepared.append((group, delay, stride, first, n_populations, table_of_key))
        sorting.count_rows(
            group.pre, group.post, delay, stride, plan.group_of_delay, partition.home_of_cell,
            plan.population, first, n_populations, n_groups, table_of_key, columns["start"],
            columns["cell"], shared["start"],
        )  # fmt: skip
    sorting.begin_rows(columns["start"], shared["start"])
    for group, delay, stride, first, n_populations, table_of_key in prepared:
        weight, weight_stride = column_and_stride(group.weight)
        sorting.fill_rows(
            group.pre, group.post, delay, stride, weight, weight_stride,
            targets.scale[group.receptor], plan.group_of_delay, plan.offset_of_delay,
            partition.home_of_cell, plan.population, first, n_populations, n_groups,
            table_of_key, columns["start"], columns["cell"], columns["synapse"],
            columns["weight"], columns["kind"], targets.local[group.receptor], shared["start"],
            shared["target"], shared["offset"], shared["weight32"], shared["weight64"],
        )  # fmt: skip
    sorting.close_rows(columns["start"], shared["start"])
    return shared


def _part_rows(
    part: int, tables: Sequence[tuple[Any, ...]], plan: _Plan, partition: Partition,
    columns: dict[str, NDArray[Any]], shared: dict[str, NDArray[Any]],
) -> Rows:  # fmt: skip
    """The tables of one part by delay group and source population."""
    mine = [i for i, table in enumerate(tables) if partition.page_part[table[0]] == part]
    buckets = [tables[i][1:3] for i in mine]
    distinct = sorted(set(buckets))
    n_groups = len(plan.bases)
    group_bucket = np.searchsorted([group for group, _ in distinct], np.arange(n_groups + 1))
    ranks = {bucket: index for index, bucket in enumerate(distinct)}
    bucket_table = np.searchsorted(
        [ranks[bucket] for bucket in buckets], np.arange(len(distinct) + 1)
    )
    populations = np.array([population for _, population in distinct], dtype=np.int64)
    return Rows(
        group_base=plan.bases.astype(np.int64),
        group_bucket=group_bucket.astype(np.int64),
        bucket_first=plan.first_cell[populations],
        bucket_last=plan.last_cell[populations],
        bucket_table=bucket_table.astype(np.int64),
        table_kind=columns["kind"][mine],
        table_constant=columns["constant"][mine],
        table_page=columns["page"][mine],
        table_start=columns["start"][mine],
        table_synapse=columns["synapse"][mine],
        table_weight=columns["weight"][mine].astype(np.int64),
        **shared,
    )


def _no_rows() -> Rows:
    none = np.zeros(0, dtype=np.int64)
    ends = np.zeros(1, dtype=np.int64)
    return Rows(
        none, ends, none, none, ends, none, np.zeros(0), none, none, none, none,
        np.zeros(0, np.uint32), np.zeros(0, np.uint16), np.zeros(0, np.uint8),
        np.zeros(0, np.float32), np.zeros(0),
    )  # fmt: skip
