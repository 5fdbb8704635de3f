"""Sort the synapses of a projection into rows, as plain Python that is also compiled.

A counting sort in three passes, linear in the number of synapses: which tables
there are, how long each row is, and the filling, which keeps the order of
insertion within a row. ``delay[i * delay_stride]`` is the delay of synapse
``i``: a stride of 0 stands for one value for all; ``weight`` likewise.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .compiled import compile_function

__all__ = ["load_sorting", "stable_order"]


def count_tables(
    pre, post, delay, delay_stride, group_of_delay, page_of_cell, population, first_population,
    n_populations, n_groups, counts,
):  # type: ignore[no-untyped-def]  # fmt: skip
    """Count synapses by page of the target, delay group and source population."""
    for i in range(len(pre)):
        place = page_of_cell[post[i]] * n_groups + group_of_delay[delay[i * delay_stride]]
        counts[place * n_populations + population[pre[i]] - first_population] += 1


def count_rows(
    pre, post, delay, delay_stride, group_of_delay, page_of_cell, population, first_population,
    n_populations, n_groups, table_of_key, table_start, table_cell, start,
):  # type: ignore[no-untyped-def]  # fmt: skip
    """Count the synapses of each row, one place behind its own."""
    for i in range(len(pre)):
        place = page_of_cell[post[i]] * n_groups + group_of_delay[delay[i * delay_stride]]
        table = table_of_key[place * n_populations + population[pre[i]] - first_population]
        start[table_start[table] + pre[i] - table_cell[table] + 1] += 1


def begin_rows(table_start, start):  # type: ignore[no-untyped-def]
    """Turn lengths into the first synapse of each row, table by table."""
    for table in range(len(table_start) - 1):
        total = 0
        for at in range(table_start[table], table_start[table + 1]):
            total += start[at]
            start[at] = total


def fill_rows(
    pre, post, delay, delay_stride, weight, weight_stride, scale, group_of_delay,
    offset_of_delay, page_of_cell, population, first_population, n_populations, n_groups,
    table_of_key, table_start, table_cell, table_synapse, table_weight, table_kind, local, start,
    target, offset, weight32, weight64,
):  # type: ignore[no-untyped-def]  # fmt: skip
    """Put the synapses into their rows; ``start`` moves on to the end of each row."""
    for i in range(len(pre)):
        steps = delay[i * delay_stride]
        cell = post[i]
        place = page_of_cell[cell] * n_groups + group_of_delay[steps]
        table = table_of_key[place * n_populations + population[pre[i]] - first_population]
        row = table_start[table] + pre[i] - table_cell[table]
        at = np.int64(start[row])
        start[row] = at + 1
        target[table_synapse[table] + at] = local[cell]
        if len(offset) > 0:
            offset[table_synapse[table] + at] = offset_of_delay[steps]
        kind = table_kind[table]
        if kind == 1:
            weight32[table_weight[table] + at] = weight[i * weight_stride] * scale[cell]
        elif kind == 2:
            weight64[table_weight[table] + at] = weight[i * weight_stride] * scale[cell]


def close_rows(table_start, start):  # type: ignore[no-untyped-def]
    """Move ``start`` back to the beginning of each row."""
    for table in range(len(table_start) - 1):
        for at in range(table_start[table + 1] - 1, table_start[table], -1):
            start[at] = start[at - 1]
        start[table_start[table]] = 0


def weight_kind(post, weight, weight_stride, scale):  # type: ignore[no-untyped-def]
    """Return 0 if all scaled weights are equal, 1 if all are float32 exactly, else 2."""
    equal, single = True, True
    first = weight[0] * scale[post[0]]
    for i in range(len(post)):
        value = weight[i * weight_stride] * scale[post[i]]
        equal = equal and value == first
        single = single and np.float64(np.float32(value)) == value
        if not (equal or single):
            return 2
    return 0 if equal else 1


def most_repeats(start, target, first, last, synapse, times):  # type: ignore[no-untyped-def]
    """Return how often one row of a table has the same target at most.

    ``start[first:last]`` are the rows' beginnings, and ``times`` one 0 for each target.
    """
    most: Any = 0
    for at in range(first, last - 1):
        begin, end = synapse + np.int64(start[at]), synapse + np.int64(start[at + 1])
        ascending = True
        for i in range(begin + 1, end):
            ascending = ascending and target[i] > target[i - 1]
        if ascending:
            most = max(most, np.int64(end > begin))
            continue
        for i in range(begin, end):
            times[target[i]] += 1
            most = max(most, times[target[i]])
        for i in range(begin, end):
            times[target[i]] = 0
    return most


def fill_masks(start, target, first, last, synapse, bit_of, n_words, masks, at):  # type: ignore[no-untyped-def]
    """Set the bit of each target of a table's rows, in ``n_words`` words each, from ``at`` on.

    ``start[first:last]`` are the rows' beginnings, and ``bit_of`` is the bit of each slot.
    """
    for row in range(first, last - 1):
        for i in range(synapse + np.int64(start[row]), synapse + np.int64(start[row + 1])):
            bit = bit_of[target[i]]
            masks[at + bit // 16] |= np.uint16(1 << bit % 16)
        at += n_words


def count_events(pre, post, delay, delay_stride, fresh, first, tail_step, tail_count, now, result):  # type: ignore[no-untyped-def]
    """Add to ``result`` the events of each target: spikes of its sources that have arrived.

    Spikes of cell ``c`` that may be in flight are entries ``first[c]`` to
    ``first[c + 1] - 1`` of the tail, ascending by step.
    """
    for i in range(len(pre)):
        cell = pre[i]
        arrived = fresh[cell]
        for entry in range(first[cell + 1] - 1, first[cell] - 1, -1):
            if tail_step[entry] + delay[i * delay_stride] <= now:
                break
            arrived -= tail_count[entry]
        result[post[i]] += arrived


def count_keys(key, counts):  # type: ignore[no-untyped-def]
    """Count how often each key occurs, one place behind its own."""
    for i in range(len(key)):
        counts[key[i] + 1] += 1


def sort_by_key(order, key, at, result):  # type: ignore[no-untyped-def]
    """Sort indices by their keys; ``at`` is where the first of each key goes, and moves on."""
    for i in range(len(order)):
        k = key[order[i]]
        result[at[k]] = order[i]
        at[k] += 1


#: The functions, and how many integers each returns.
_FUNCTIONS = {
    count_tables: 0,
    count_rows: 0,
    begin_rows: 0,
    fill_rows: 0,
    close_rows: 0,
    weight_kind: 1,
    most_repeats: 1,
    fill_masks: 0,
    count_events: 0,
    count_keys: 0,
    sort_by_key: 0,
}


def stable_order(keys: Iterable[NDArray[Any]], n: int) -> NDArray[np.uint32]:
    """Return the indices 0 to ``n - 1`` sorted by small numbers, linear in their count.

    Parameters
    ----------
    keys : iterable of (n,) int
        From 0 on, the last one is the most important one.
    n : int
        Below 2**32.

    Returns
    -------
    (n,) uint32
    """
    sorting = load_sorting()
    order = np.arange(n, dtype=np.uint32)
    for key in keys:
        at = np.zeros(int(key.max()) + 2, dtype=np.int64)
        sorting.count_keys(key, at)
        np.cumsum(at, out=at)
        result = np.empty_like(order)
        sorting.sort_by_key(order, key, at, result)
        order = result
    return order


@cache
def load_sorting() -> Any:
    """Return the functions of this module, compiled unless compilation is disabled.

    Returns
    -------
    namespace
        With the functions as attributes.
    """
    # Machine code does not warn of overflow either.
    quiet: Any = np.errstate(all="ignore")
    what = "the sorting of synapses"
    return SimpleNamespace(
        **{
            one.__name__: compile_function(one, n_results=n, what=what) or quiet(one)
            for one, n in _FUNCTIONS.items()
        }
    )
