"""Receptors whose synapses all have one weight: their events are counted, not added.

A count takes one byte where a sum takes eight, so that the counts of ten thousand
cells stay in the innermost cache; they become sums just before a block of cells is
computed, in memory that all blocks of a part share. The sum of ``n`` equal weights,
added one after the other, is a number of its own for each ``n``, and is looked up
(or is the product, as far as that has the same bits): nothing is lost.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["LARGEST_COUNT", "Uniform", "no_uniform"]

Int64Array = NDArray[np.int64]

#: What a byte holds.
LARGEST_COUNT = 255


class Uniform(NamedTuple):
    """The receptors of one part whose events are counted.

    Attributes
    ----------
    first : (b + 1,) int64
        Such receptors of each block of the part, in the next columns.
    receptor : (k,) int64
        Row of inputs within the block.
    sums_at : (k,) int64
        Where the sums of no, one, two, ... weights begin.
    holds : (k,) int64
        Largest count up to which the product with the weight has the bits of the sum.
    whole : (b,) int64
        Whether all receptors of the block are counted.
    least : (b,) int64
        The smallest ``holds`` of a block whose receptors are all counted; else -1, as where
        a weight is so large that the kernel's product would overflow.
    address : (b,) int64
        Address of a kernel that takes counts; -1 for none.
    two_steps : (b,) int64
        Address of one that makes two steps at once; -1 for none.
    weights_at : (b,) int64
        Where the weights of the block's receptors begin.
    weights : (n,) float64
    sums : (256 m,) of the type of the inputs
    counts : flat uint8
        Events, all parts'; laid out as the ring of inputs.
    spread : (rows * 544,) of the type of the inputs
        Where counts of whole blocks become sums.
    added : (ring steps,) int64
        How many events a slot may have in a step of the ring.
    wide : (ring steps,) int64
        Whether these are sums already.
    """

    first: Int64Array
    receptor: Int64Array
    sums_at: Int64Array
    holds: Int64Array
    whole: Int64Array
    least: Int64Array
    address: Int64Array
    two_steps: Int64Array
    weights_at: Int64Array
    weights: NDArray[np.float64]
    sums: NDArray[Any]
    counts: NDArray[np.uint8]
    spread: NDArray[Any]
    added: Int64Array
    wide: Int64Array


def no_uniform(n_blocks: int, real: Any, ring_steps: int) -> Uniform:
    """What a part without such receptors has; ``real`` is the type of the inputs."""
    none = np.zeros(0, dtype=np.int64)
    return Uniform(
        first=np.zeros(n_blocks + 1, dtype=np.int64),
        receptor=none,
        sums_at=none,
        holds=none,
        whole=np.zeros(n_blocks, dtype=np.int64),
        least=np.full(n_blocks, -1, dtype=np.int64),
        address=np.full(n_blocks, -1, dtype=np.int64),
        two_steps=np.full(n_blocks, -1, dtype=np.int64),
        weights_at=np.zeros(n_blocks, dtype=np.int64),
        weights=np.zeros(0),
        sums=np.zeros(0, dtype=real),
        counts=np.zeros(0, dtype=np.uint8),
        spread=np.zeros(0, dtype=real),
        added=np.zeros(ring_steps, dtype=np.int64),
        wide=np.zeros(ring_steps, dtype=np.int64),
    )
