"""How many delays are delivered together: a cost model of sizes alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .partition import PAGE

__all__ = ["group_steps"]

BoolArray = NDArray[np.bool_]
Int64Array = NDArray[np.int64]

#: Most delays that are delivered together.
LONGEST_GROUP = 64

#: What delivery costs, ns: looking a row up while the tables fit into a cache,
#: and beyond; adding to a ring of inputs of up to so many bytes; reading a
#: ring beyond 8 MiB, by spike. Measured with VA networks of 4 000 to 100 000
#: cells on a Zen 4; only ratios matter. The groups decide the order of sums: who
#: changes a number here changes the last bits of users' results.
LOOK_UP_NS, LOOK_UP_FAR_NS, CACHE_BYTES = 30.0, 200.0, 1 << 24
ADD_NS = ((1 << 20, 1.3), (1 << 24, 4.0), (1 << 62, 10.0))
READ_FAR_NS, READ_FAR_BYTES = 1000.0, 1 << 23


def group_steps(used: BoolArray, sizes: Int64Array, n_synapses: int, n_slots: int) -> int:
    """Choose how many delays are delivered together; a rule of the network only.

    A spike is looked up once for each group that has a delay of its population: where each
    population has one delay, near ones of others are no reason to deliver in groups.

    Parameters
    ----------
    used : (p, d) bool
        Which delays occur among the synapses of each source population, by steps.
    sizes : (p,) int64
        Cells of these populations.
    n_synapses : int
    n_slots : int
        Input slots of one step.

    Returns
    -------
    int
        A power of two.
    """
    look_up = LOOK_UP_NS if n_synapses * 11 <= CACHE_BYTES else LOOK_UP_FAR_NS
    look_up *= -(-n_slots // PAGE)
    population, delay = np.nonzero(used)
    place = delay - delay.min()
    n_sources = int(sizes.sum())
    best, least = 1, float("inf")
    for size in (1 << power for power in range(LONGEST_GROUP.bit_length())):
        ring_bytes = 8 * size * n_slots
        # By population, then by delay: each group begins where one of the two changes.
        new = np.diff(population * len(used[0]) + place // size, prepend=-1) != 0
        n_groups = int(sizes[population[new]].sum()) / n_sources
        cost = n_groups * look_up + READ_FAR_NS * (ring_bytes > READ_FAR_BYTES)
        add = next(ns for limit, ns in ADD_NS if ring_bytes <= limit)
        cost += n_synapses / n_sources * add
        if cost < least:
            best, least = size, cost
    return best
