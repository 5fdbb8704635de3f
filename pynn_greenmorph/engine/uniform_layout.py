"""Find the receptors whose synapses have one weight, and lay them out; see :mod:`.uniform`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..network import Network, SynapseGroup
from .cell_state import CellState
from .generate import COUNT_OFFSET, ROW
from .partition import Partition
from .rows import Receptors
from .tables import Blocks, CellLayout, aligned
from .uniform import LARGEST_COUNT, Uniform, no_uniform

__all__ = ["find_uniform", "lay_out_uniform", "sums_of", "with_kernels"]


def find_uniform(
    network: Network, layouts: Sequence[CellLayout], constants: Sequence[float | None],
    groups: Sequence[SynapseGroup],
) -> tuple[Receptors, list[bool]]:  # fmt: skip
    """Find the receptors whose synapses have one weight; a rule of the network only.

    Parameters
    ----------
    network : Network
    layouts : sequence of CellLayout
        In order of creation.
    constants : sequence of float or None
        The weight of each projection of ``groups``, in the unit of the target's step;
        None where there is more than one.
    groups : sequence of SynapseGroup
        Projections with static synapses.

    Returns
    -------
    receptors : dict
        Of populations that have such a receptor also those without any synapse, whose weight
        is 0: all that ever arrives there is pending input, and in such a step nothing is counted.
    counted : list of bool
        Which projections have such receptors only; no other projection has one.
    """
    known = dict(zip(map(id, groups), constants, strict=True))
    weights = [known.get(id(group)) for group in network.synapses]
    reached = [_reached(group, layouts) for group in network.synapses]
    values: dict[tuple[int, int], set[float | None]] = {}
    for receptors, weight in zip(reached, weights, strict=True):
        for receptor in receptors:
            values.setdefault(receptor, set()).add(weight)
    uniform = {one for one, found in values.items() if len(found) == 1 and None not in found}
    mixed = True
    while mixed:
        # A projection onto several populations is stored in one way.
        mixed = False
        for receptors in reached:
            some = uniform & receptors
            if some and some != receptors:
                uniform -= some
                mixed = True
    weight_of = {one: float(next(iter(values[one])) or 0.0) for one in uniform}
    weight_of |= dict.fromkeys(_silent(uniform, set(values), layouts), 0.0)
    of_group = dict(zip(map(id, network.synapses), reached, strict=True))
    return weight_of, [bool(uniform & of_group[id(group)]) for group in groups]


def _reached(group: SynapseGroup, layouts: Sequence[CellLayout]) -> set[tuple[int, int]]:
    """Receptors, by population, between the first and the last target of a projection."""
    if not group.size:
        return set()
    low, high = int(group.post.min()), int(group.post.max())
    found = set()
    for lay in layouts:
        if lay.group.first <= high and low < lay.group.first + lay.group.size:
            names = [receptor.name for receptor in lay.group.model.receptors]
            if group.receptor in names:
                found.add((lay.group.first, names.index(group.receptor)))
    return found


def _silent(
    uniform: set[tuple[int, int]], reached: set[tuple[int, int]], layouts: Sequence[CellLayout]
) -> set[tuple[int, int]]:
    """Receptors that no synapse reaches, of populations that have a uniform one."""
    populations = {first for first, _ in uniform}
    rows = {
        (lay.group.first, row)
        for lay in layouts
        if lay.group.first in populations
        for row in range(lay.n_inputs)
    }
    return rows - reached


def sums_of(weight: float, real: Any) -> tuple[NDArray[Any], int]:
    """Sums of 0 to 255 equal weights, and up to which count they are the product.

    Parameters
    ----------
    weight : float
    real : type
        Of the inputs.

    Returns
    -------
    sums : (256,) of ``real``
    holds : int
        -1 where even no weight at all is no product (of an infinite one).
    """
    terms = np.full(LARGEST_COUNT + 1, weight, dtype=real)
    terms[0] = 0.0
    with np.errstate(all="ignore"):
        sums = np.add.accumulate(terms, dtype=real)
        # Adding 0 makes a negative zero positive, as it is in a sum that begins with 0.
        products = np.arange(LARGEST_COUNT + 1).astype(real) * real(weight) + real(0.0)
    whole = np.uint64 if np.dtype(real).itemsize == 8 else np.uint32
    same = sums.view(whole) == products.view(whole)
    return sums, int(np.argmin(same)) - 1 if not same.all() else LARGEST_COUNT


def lay_out_uniform(
    receptors: Receptors, cells: CellState, partition: Partition, ring: NDArray[Any],
    ring_steps: int, stretch: int,
) -> list[Uniform]:  # fmt: skip
    """Give each part its receptors whose events are counted.

    Parameters
    ----------
    receptors : dict
        See :func:`find_uniform`.
    cells : CellState
        With all blocks.
    partition : Partition
    ring : flat, of the type of the inputs
        The ring of inputs.
    ring_steps : int
    stretch : int, steps
        How many steps a block may make at once.

    Returns
    -------
    list of Uniform
        One for each part.
    """
    parts = range(partition.n_parts)
    if not receptors:
        real = ring.dtype.type
        return [no_uniform(int((partition.part == p).sum()), real, ring_steps) for p in parts]
    layout = _Layout(receptors, cells, ring)
    blocks = [partition.blocks(cells.blocks, p) for p in parts]
    return [with_kernels(layout.part(one, ring_steps), one, cells, stretch) for one in blocks]


class _Layout:
    """What all parts share, and how a part gets the rest."""

    def __init__(self, receptors: Receptors, cells: CellState, ring: NDArray[Any]) -> None:
        self.receptors, self.cells, self.real = receptors, cells, ring.dtype.type
        self.values = sorted(set(receptors.values()))
        tables = [sums_of(value, self.real) for value in self.values]
        self.holds = [holds for _, holds in tables]
        self.sums = aligned(len(tables) * (LARGEST_COUNT + 1), dtype=self.real)
        self.sums[:] = np.concatenate([sums for sums, _ in tables])
        self.counts = aligned(len(ring), dtype=np.uint8)

    def part(self, blocks: Blocks, ring_steps: int) -> Uniform:
        """The receptors of the blocks of a part."""
        rows: list[tuple[int, int, int]] = []
        first, columns, weights, widest = [0], [], [0.0], 0
        for cell in blocks.first_cell.tolist():
            lay = self.cells.layout_of(cell)
            mine = [row for row in range(lay.n_inputs) if (lay.group.first, row) in self.receptors]
            values = [self.receptors[lay.group.first, row] for row in mine]
            for row, value in zip(mine, values, strict=True):
                rank = self.values.index(value)
                rows.append((row, rank * (LARGEST_COUNT + 1), self.holds[rank]))
            first.append(len(rows))
            whole = 0 < len(mine) == lay.n_inputs
            usable = whole and all(math.isfinite(value * COUNT_OFFSET) for value in values)
            least = min(one[2] for one in rows[first[-2] :]) if usable else -1
            columns.append((whole, len(weights), least))
            weights += values if whole else []
            widest = max(widest, lay.n_inputs)
        receptor, sums_at, holds = np.array(rows, dtype=np.int64).reshape(-1, 3).T.copy()
        of_block = np.array(columns, dtype=np.int64).reshape(-1, 3).T.copy()
        none = np.full(len(of_block[0]), -1, dtype=np.int64)
        return Uniform(
            first=np.array(first, dtype=np.int64),
            receptor=receptor,
            sums_at=sums_at,
            holds=holds,
            whole=of_block[0],
            least=of_block[2],
            address=none,
            two_steps=none,
            weights_at=of_block[1],
            weights=np.array(weights),
            sums=self.sums,
            counts=self.counts,
            spread=aligned(widest * ROW, dtype=self.real),
            added=np.zeros(ring_steps, dtype=np.int64),
            wide=np.zeros(ring_steps, dtype=np.int64),
        )


def with_kernels(uniform: Uniform, blocks: Blocks, cells: CellState, stretch: int) -> Uniform:
    """Return the same with the kernels that belong to the present constants of the cells.

    Parameters
    ----------
    uniform : Uniform
    blocks : Blocks
        Those of the part.
    cells : CellState
    stretch : int, steps
        How many steps a block may make at once.

    Returns
    -------
    Uniform
    """
    layouts = [cells.layout_of(cell) for cell in blocks.first_cell.tolist()]
    addresses = [
        [
            cells.counting(lay, steps) if whole and steps <= stretch else -1
            for lay, whole in zip(layouts, uniform.whole.tolist(), strict=True)
        ]
        for steps in (1, 2)
    ]
    address, two_steps = np.array(addresses, dtype=np.int64)
    return uniform._replace(address=address.copy(), two_steps=two_steps.copy())
