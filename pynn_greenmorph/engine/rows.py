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

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "CONSTANT",
    "DIRECT",
    "DOUBLE",
    "MASKED",
    "ONE_EACH",
    "ROWS",
    "SINGLE",
    "UNIFORM",
    "Delivery",
    "Receptors",
    "Rows",
    "column_and_stride",
    "no_rows",
]

Int64Array = NDArray[np.int64]
FloatArray = NDArray[np.float64]

#: Weight by first cell of a group and row of a receptor.
Receptors = dict[tuple[int, int], float]

#: Storage classes, in canonical order: one weight for all, float32, float64; one weight
#: for all synapses of the receptors, so that events are counted, see ``uniform``; such a
#: table whose rows are bits, see ``masks``.
CONSTANT, SINGLE, DOUBLE, UNIFORM, MASKED = 0, 1, 2, 3, 4

#: Kinds of buckets: rows of any length; rows that are one synapse, or none; spikes are
#: not looked up in the log, see ``direct``.
ROWS, ONE_EACH, DIRECT = 0, 1, 2


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
    bucket_kind : (k,) int64
        ``ROWS``, ``ONE_EACH`` (one table in double precision) or ``DIRECT``.
    table_kind : (t,) int64
        ``CONSTANT``, ``SINGLE``, ``DOUBLE``, ``UNIFORM`` or ``MASKED``.
    table_constant : (t,) float64
        The weight of a constant or uniform table, in the unit of the target's step.
    table_most : (t,) int64
        How often a row of a uniform table has the same target at most.
    table_page : (t,) int64
        Input slot that target 0 stands for.
    table_line : (t,) int64
        Where the lines of a table of masks begin in ``line``.
    table_start, table_synapse, table_weight : (t,) int64
        Where the table begins in ``start``; in ``target`` and ``offset``; in its weights.
    start : (s,) uint32
        First synapse of each row within the table, and the end of the last; of a row of
        masks the place in ``target``.
    target : (n,) uint16
        Input slot within the page; in a table of masks, 64 bits for each of its lines.
    line : (m,) uint16
        Input slot within the page that bit 0 of a mask stands for.
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
    bucket_kind: Int64Array
    table_kind: Int64Array
    table_constant: FloatArray
    table_most: Int64Array
    table_page: Int64Array
    table_line: Int64Array
    table_start: Int64Array
    table_synapse: Int64Array
    table_weight: Int64Array
    start: NDArray[np.uint32]
    target: NDArray[np.uint16]
    line: NDArray[np.uint16]
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
    longest : int, steps
        Longest delay; 0 without synapses.
    n_synapses : int
    uniform : dict
        Receptors whose synapses have one weight, see :func:`.find_uniform`.
    """

    parts: list[Rows]
    ring_steps: int
    longest: int
    n_synapses: int
    uniform: Receptors = field(default_factory=dict)

    @property
    def nbytes(self) -> int:
        """Bytes of all tables."""
        if not self.parts:
            return 0
        first = self.parts[0]
        shared = sum(getattr(first, name).nbytes for name in _SHARED)
        names = [name for name in Rows._fields if name not in _SHARED]
        return shared + sum(getattr(part, name).nbytes for part in self.parts for name in names)


_SHARED = ("start", "target", "line", "offset", "weight32", "weight64")


def column_and_stride(values: NDArray[Any]) -> tuple[NDArray[Any], int]:
    """Return a contiguous column and its stride: 0 where one value stands for all."""
    if values.strides[0] == 0:
        return values[:1].copy(), 0
    return np.ascontiguousarray(values), 1


def no_rows() -> Rows:
    """Return the rows of a part without synapses."""
    none = np.zeros(0, dtype=np.int64)
    ends = np.zeros(1, dtype=np.int64)
    return Rows(
        none, ends, none, none, ends, none, none, np.zeros(0), none, none, none, none, none,
        none, np.zeros(0, np.uint32), np.zeros(0, np.uint16), np.zeros(0, np.uint16),
        np.zeros(0, np.uint8),
        np.zeros(0, np.float32), np.zeros(0),
    )  # fmt: skip
