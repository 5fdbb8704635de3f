"""Merge the synapses of all projections into rows; see :mod:`.rows`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import GreenmorphError, explain
from ..network import Network, SynapseGroup
from .delay_groups import group_steps
from .masks import as_masks
from .partition import PAGE, Partition
from .rows import (
    CONSTANT,
    DOUBLE,
    ONE_EACH,
    ROWS,
    SINGLE,
    UNIFORM,
    Delivery,
    Receptors,
    Rows,
    column_and_stride,
    no_rows,
)
from .sorting import load_sorting
from .tables import CellLayout
from .uniform_layout import find_uniform

__all__ = ["build_delivery"]

Int64Array = NDArray[np.int64]
FloatArray = NDArray[np.float64]

#: Below this mean number of targets a projection is stored in double
#: precision, together with others: short rows cost more than bytes save.
SHORT_ROW = 8


@dataclass
class _Targets:
    """Receptors of all cells, by name of the receptor."""

    local: dict[str, NDArray[np.uint16]] = field(default_factory=dict)
    scale: dict[str, FloatArray] = field(default_factory=dict)


def _targets(layouts: Sequence[CellLayout], partition: Partition) -> _Targets:
    """Index within its page, and factor of the weight, of every cell's receptors."""
    n_cells = len(partition.page_of_cell)
    result = _Targets()
    for lay in layouts:
        group = lay.group
        cells = np.arange(group.size, dtype=np.int64)
        mine = slice(group.first, group.first + group.size)
        for row, receptor in enumerate(group.model.receptors):
            local = result.local.setdefault(receptor.name, np.zeros(n_cells, dtype=np.uint16))
            scale = result.scale.setdefault(receptor.name, np.ones(n_cells))
            local[mine] = (
                lay.input_slots(row, cells) - partition.page_at[partition.page_of_cell[mine]]
            )
            scale[mine] = receptor.scale
    return result


def _kind(group: SynapseGroup, scale: FloatArray, n_sources: int, widest: int) -> tuple[int, float]:
    """Storage class of a projection, and its weight if that is constant."""
    weight, stride = column_and_stride(group.weight)
    if group.size < SHORT_ROW * n_sources:
        return widest, 0.0
    kind = min(int(load_sorting().weight_kind(group.post, weight, stride, scale)), widest)
    return kind, float(weight[0] * scale[group.post[0]]) if kind == CONSTANT else 0.0


def _kinds(
    network: Network, layouts: Sequence[CellLayout], plan: _Plan, targets: _Targets, widest: int,
    grouped: bool,
) -> tuple[list[tuple[int, float]], Receptors]:  # fmt: skip
    """Storage class and constant weight of each projection, and receptors with one weight."""
    kinds = []
    for group, ends in zip(plan.groups, plan.ends, strict=True):
        n_sources = int(plan.last_cell[ends[1]] - plan.first_cell[ends[0]]) + 1
        kinds.append(_kind(group, targets.scale[group.receptor], n_sources, widest))
    if grouped:
        return kinds, {}
    constants = [value if kind == CONSTANT else None for kind, value in kinds]
    uniform, counted = find_uniform(network, layouts, constants, plan.groups)
    return [
        (UNIFORM, value) if one else (kind, value)
        for one, (kind, value) in zip(counted, kinds, strict=True)
    ], uniform


def _used_delays(
    groups: Sequence[SynapseGroup], ends: Sequence[NDArray[np.int32]], n_populations: int
) -> NDArray[np.bool_]:
    """Which delays (steps) occur in projections from each population."""
    longest = max(int(column_and_stride(group.delay_steps)[0].max()) for group in groups)
    used = np.zeros((n_populations, longest + 1), dtype=bool)
    for group, (lowest, highest) in zip(groups, ends, strict=True):
        mine = np.zeros(longest + 1, dtype=bool)
        mine[column_and_stride(group.delay_steps)[0]] = True
        used[lowest : highest + 1] |= mine
    return used


@dataclass
class _Plan:
    """What the sorting needs: populations, delay groups, and by projection its tables.

    ``sources`` holds each projection's first source population and their
    number; ``table_of_key`` the table of (page, delay group, population).
    """

    groups: list[SynapseGroup]
    ends: list[NDArray[np.int32]]
    population: NDArray[np.int32]
    first_cell: Int64Array
    last_cell: Int64Array
    bases: Int64Array
    group_of_delay: NDArray[np.int32]
    offset_of_delay: NDArray[np.uint8]
    sources: list[tuple[int, int]] = field(default_factory=list)
    table_of_key: list[Int64Array] = field(default_factory=list)


def _plan(network: Network, groups: list[SynapseGroup], n_slots: int) -> tuple[_Plan, int]:
    sizes = [cells.size for cells in network.cells]
    population = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
    first = np.cumsum([0, *sizes], dtype=np.int64)
    ends = [population[[group.pre.min(), group.pre.max()]] for group in groups]
    used = _used_delays(groups, ends, len(sizes))
    delays, projecting = np.flatnonzero(used.any(axis=0)), used.any(axis=1)
    n_synapses = sum(group.size for group in groups)
    size = group_steps(used[projecting], np.array(sizes)[projecting], n_synapses, n_slots)
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


def _find_tables(
    plan: _Plan, partition: Partition, kinds: Sequence[tuple[int, float]]
) -> list[tuple[Any, ...]]:
    """All tables, each (page, group, population, kind, rank of the constant), sorted."""
    sorting = load_sorting()
    n_groups, n_pages = len(plan.bases), len(partition.page_at)
    ranks: dict[float, int] = {}
    found: dict[tuple[int, ...], int] = {}
    entries: list[tuple[NDArray[Any], list[tuple[int, ...]], int]] = []
    for group, ends, (kind, value) in zip(plan.groups, plan.ends, kinds, strict=True):
        first, n_populations = int(ends[0]), int(ends[1] - ends[0]) + 1
        rank = ranks.setdefault(value, len(ranks)) if kind in (CONSTANT, UNIFORM) else 0
        counts = np.zeros(n_pages * n_groups * n_populations, dtype=np.int64)
        delay, stride = column_and_stride(group.delay_steps)
        sorting.count_tables(
            group.pre, group.post, delay, stride, plan.group_of_delay, partition.page_of_cell,
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
        plan.sources.append((first, n_populations))
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
        (*table, constants[table[4]] if table[3] in (CONSTANT, UNIFORM) else 0.0, found[table])
        for table in order
    ]


def build_delivery(
    network: Network, layouts: Sequence[CellLayout], partition: Partition, n_slots: int
) -> Delivery:
    """Merge all projections with static synapses into rows in canonical order.

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
    groups = [group for group in network.synapses if group.size and group.model.static]
    if not groups:
        return Delivery([no_rows() for _ in range(partition.n_parts)], 1, 0, 0)
    plan, ring_steps = _plan(network, groups, n_slots)
    targets = _targets(layouts, partition)
    widest = SINGLE if network.precision == "fast" else DOUBLE
    kinds, uniform = _kinds(network, layouts, plan, targets, widest, ring_steps > 1)
    tables = _find_tables(plan, partition, kinds)
    columns = _table_columns(tables, plan, partition)
    shared = _sort(plan, partition, targets, columns, ring_steps > 1)
    columns["most"] = _most_repeats(columns, shared)
    as_masks(columns, shared)
    parts = [
        _part_rows(part, tables, plan, partition, columns, shared)
        for part in range(partition.n_parts)
    ]
    longest = len(plan.group_of_delay) - 1
    n_synapses = sum(group.size for group in groups)
    return Delivery(parts, ring_steps, longest, n_synapses, uniform)


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
    for group, (first, n_populations), table_of_key in zip(
        plan.groups, plan.sources, plan.table_of_key, strict=True
    ):
        delay, stride = column_and_stride(group.delay_steps)
        prepared.append((group, delay, stride, first, n_populations, table_of_key))
        sorting.count_rows(
            group.pre, group.post, delay, stride, plan.group_of_delay, partition.page_of_cell,
            plan.population, first, n_populations, n_groups, table_of_key, columns["start"],
            columns["cell"], shared["start"],
        )  # fmt: skip
    sorting.begin_rows(columns["start"], shared["start"])
    for group, delay, stride, first, n_populations, table_of_key in prepared:
        weight, weight_stride = column_and_stride(group.weight)
        sorting.fill_rows(
            group.pre, group.post, delay, stride, weight, weight_stride,
            targets.scale[group.receptor], plan.group_of_delay, plan.offset_of_delay,
            partition.page_of_cell, plan.population, first, n_populations, n_groups,
            table_of_key, columns["start"], columns["cell"], columns["synapse"],
            columns["weight"], columns["kind"], targets.local[group.receptor], shared["start"],
            shared["target"], shared["offset"], shared["weight32"], shared["weight64"],
        )  # fmt: skip
    sorting.close_rows(columns["start"], shared["start"])
    return shared


def _most_repeats(columns: dict[str, Any], shared: dict[str, NDArray[Any]]) -> Int64Array:
    """How often a row of each uniform table has the same target at most; 0 for others."""
    most = np.zeros(len(columns["kind"]), dtype=np.int64)
    times = np.zeros(PAGE, dtype=np.int64)
    for table in np.flatnonzero(columns["kind"] == UNIFORM):
        first, last = (int(at) for at in columns["start"][table : table + 2])
        most[table] = load_sorting().most_repeats(
            shared["start"], shared["target"], first, last, int(columns["synapse"][table]), times
        )
    return most


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
    single = [
        last == first + 1 and _is_single(mine[first], columns, shared)
        for first, last in pairwise(bucket_table)
    ]
    return Rows(
        group_base=plan.bases.astype(np.int64),
        group_bucket=group_bucket.astype(np.int64),
        bucket_first=plan.first_cell[populations],
        bucket_last=plan.last_cell[populations],
        bucket_table=bucket_table.astype(np.int64),
        bucket_kind=np.where(single, ONE_EACH, ROWS),
        table_kind=columns["kind"][mine],
        table_constant=columns["constant"][mine],
        table_most=columns["most"][mine],
        table_page=columns["page"][mine],
        table_line=columns["line"][mine],
        table_start=columns["start"][mine],
        table_synapse=columns["synapse"][mine],
        table_weight=columns["weight"][mine].astype(np.int64),
        **shared,
    )


def _is_single(
    table: int, columns: dict[str, NDArray[Any]], shared: dict[str, NDArray[Any]]
) -> bool:
    """Whether the rows of a table in double precision have at most one synapse."""
    first, last = columns["start"][table : table + 2]
    size = int(shared["start"][last - 1])
    if columns["kind"][table] != DOUBLE or size >= last - first:
        return False
    return bool((np.diff(shared["start"][first:last]) <= 1).all())
