"""Which thread owns which cells, and where their inputs are found with 16 bits.

Every part owns one contiguous slice of every population, cut between blocks.
The layout of cells does not depend on the number of parts: only the rows of
synapses are stored part by part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import GreenmorphError, explain
from ..network import Network
from .generate import ROW
from .tables import Blocks, CellLayout

__all__ = ["PAGE", "Partition", "followed", "make_partition"]

Int64Array = NDArray[np.int64]

#: Input slots that a 16-bit index reaches.
PAGE = 1 << 16


@dataclass(frozen=True)
class Partition:
    """The blocks of each part, and the pages of its input slots.

    Attributes
    ----------
    n_parts : int
    part : (b,) int64
        Part of each block; table blocks belong to part 0.
    page_at : (h,) int64
        First input slot of each page.
    page_part : (h,) int64
        Part of each page.
    page_of_cell : (n_cells,) int32
        Page of the cell's inputs; -1 without receptors.
    block_input : (b,) int64
        ``input_at`` of the blocks, those of table blocks too.
    block_of_input : (k,) int64
        Blocks that have receptors.
    """

    n_parts: int
    part: Int64Array
    page_at: Int64Array
    page_part: Int64Array
    page_of_cell: NDArray[np.int32]
    block_input: Int64Array
    block_of_input: Int64Array

    def blocks(self, blocks: Blocks, part: int) -> Blocks:
        """Those of all blocks that a part owns."""
        mine = np.flatnonzero(self.part == part)
        return Blocks(*(column[mine] for column in blocks))

    def part_of_input(self, slots: Int64Array) -> Int64Array:
        """Part that owns each input slot of one step."""
        at = np.searchsorted(self.block_input[self.block_of_input], slots, side="right") - 1
        return self.part[self.block_of_input[at]]


def _cut(sizes: Int64Array, load: NDArray[np.float64], share: float) -> Int64Array:
    """Part of each block of one population: contiguous, filling up the lighter parts first."""
    wanted = np.maximum(share - load, 0.0)
    if wanted.sum() <= 0.0:
        wanted = np.ones(len(load))
    edges = np.cumsum(wanted) / wanted.sum() * sizes.sum()
    middle = np.cumsum(sizes) - sizes / 2.0
    part = np.minimum(np.searchsorted(edges, middle), len(load) - 1)
    np.add.at(load, part, sizes)
    return part.astype(np.int64)


def make_partition(
    layouts: Sequence[CellLayout], blocks: Blocks, n_parts: int, n_cells: int,
    follows: Int64Array,
) -> Partition:  # fmt: skip
    """Give every part its blocks and pages.

    Parameters
    ----------
    layouts : sequence of CellLayout
        In order of creation.
    blocks : Blocks
    n_parts : int
    n_cells : int
        Cells of the network.
    follows : (b,) int64
        For each block the one whose part is to have it too, or -1; see :func:`followed`.

    Returns
    -------
    Partition
    """
    part = np.zeros(len(blocks.kind), dtype=np.int64)
    load, placed = np.zeros(n_parts), 0.0
    at = 0
    n_inputs = np.zeros(len(blocks.kind), dtype=np.int64)
    follower = np.flatnonzero(follows >= 0)
    work = blocks.n_cells.copy()
    np.add.at(work, follows[follower], blocks.n_cells[follower])
    work[follower] = 0
    for lay in layouts:
        if lay.model.step is None:
            at += 1
            continue
        mine = slice(at, at + lay.n_blocks)
        placed += float(work[mine].sum())
        if work[mine].any():
            part[mine] = _cut(work[mine], load, placed / n_parts)
        n_inputs[mine] = lay.n_inputs * ROW
        at += lay.n_blocks
    part[follower] = part[follows[follower]]
    page, page_at, page_part = _pages(part, blocks.input_at, n_inputs, n_parts)
    page_of_cell = np.repeat(page, blocks.n_cells).astype(np.int32)
    assert len(page_of_cell) == n_cells
    return Partition(
        n_parts=n_parts,
        part=part,
        page_at=page_at,
        page_part=page_part,
        page_of_cell=page_of_cell,
        block_input=blocks.input_at,
        block_of_input=np.flatnonzero(n_inputs > 0),
    )


def followed(network: Network, layouts: Sequence[CellLayout], blocks: Blocks) -> Int64Array:
    """Which block has the targets of all cells of a block, where each has about one.

    If one part has both, spikes need not wait for the other parts. All blocks of a
    population follow those of one other, in order, or none does: parts must have
    ascending slices of every population.

    Parameters
    ----------
    network : Network
    layouts : sequence of CellLayout
        In order of creation.
    blocks : Blocks

    Returns
    -------
    (b,) int64
        -1 where there is no such block.
    """
    follows = np.full(len(blocks.kind), -1, dtype=np.int64)
    population = np.repeat(np.arange(len(layouts)), [lay.group.size for lay in layouts])
    for lay in layouts:
        first, last = lay.group.first, lay.group.first + lay.group.size
        if lay.model.kind != "source" or lay.model.step is None:
            continue
        ends = [
            np.stack([group.pre, group.post])
            for group in network.synapses
            if 0 < group.size <= lay.group.size and first <= group.pre[0] < last
        ]
        pairs = np.concatenate([np.zeros((2, 0), dtype=np.int32), *ends], axis=1)
        pairs = pairs[:, (pairs[0] >= first) & (pairs[0] < last)]
        if not pairs.size or np.ptp(population[pairs[1]]) > 0:
            continue
        both = np.searchsorted(blocks.first_cell, pairs, side="right") - 1
        source, target = np.unique(both, axis=1)
        mine = (blocks.first_cell >= first) & (blocks.first_cell < last)
        one_each = len(source) == mine.sum() and not (np.diff(source) == 0).any()
        if one_each and (np.diff(target) >= 0).all():
            follows[source] = target
    return follows


def _pages(
    part: Int64Array, input_at: Int64Array, n_inputs: Int64Array, n_parts: int
) -> tuple[Int64Array, Int64Array, Int64Array]:
    """Pages of at most 65 536 slots, each of one part, in order of parts."""
    page = np.full(len(part), -1, dtype=np.int64)
    page_at: list[int] = []
    page_part: list[int] = []
    for p in range(n_parts):
        open_page = False
        for b in np.flatnonzero((part == p) & (n_inputs > 0)):
            if n_inputs[b] > PAGE:
                raise GreenmorphError(
                    explain(
                        "a cell type has too many receptors",
                        where="run()",
                        allowed=f"{PAGE // ROW}",
                        given=n_inputs[b] // ROW,
                    )
                )
            if not open_page or input_at[b] + n_inputs[b] - page_at[-1] > PAGE:
                page_at.append(int(input_at[b]))
                page_part.append(p)
                open_page = True
            page[b] = len(page_at) - 1
    return page, np.array(page_at, dtype=np.int64), np.array(page_part, dtype=np.int64)
