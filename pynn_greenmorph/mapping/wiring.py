"""Which source reaches which target, in an order that all boards share.

A core takes a source once, however many synapses and projections of it end
there, and a spike travels once to each such core. So the connections are sorted
by source and target, a single time for a network. Cores are filled in order of
cells; on any board the targets of a source that share a core are then
neighbours in that order, and one look along it finds the pairs of source and core.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

__all__ = ["Connections", "Reached", "Wiring"]

#: Connections that are sorted at once; it changes the memory only.
BLOCK = 1 << 24

#: Connections that are looked at together: what is made of them stays in the cache.
CHUNK = 1 << 18

Ids = NDArray[np.int32]
Integers = NDArray[np.int64]
Numbers = NDArray[np.unsignedinteger]


@dataclass(frozen=True)
class Connections:
    """Connections in order of source and target; multiple ones occur as often as they are.

    Attributes
    ----------
    start : (n_cells + 1,) int64
        Source ``i`` has the connections ``start[i]`` to ``start[i + 1] - 1``.
    target : (n,) int32
        Not decreasing for each source.
    projection : (n,) unsigned int
        Of as few bytes as their number allows.
    """

    start: Integers
    target: Ids
    projection: Numbers

    def chunks(self) -> Iterator[tuple[int, int]]:
        """Yield ranges of sources with connections that are looked at together."""
        low, n_cells = 0, len(self.start) - 1
        while low < n_cells:
            high = int(np.searchsorted(self.start, self.start[low] + CHUNK, side="right")) - 1
            high = max(high, low + 1)
            if self.start[high] > self.start[low]:
                yield low, high
            low = high


@dataclass(frozen=True)
class Reached:
    """Pairs of source and core, each once, by source.

    Attributes
    ----------
    source, core : (n,) int32
    projection : (n,) unsigned int
        The earliest projection of the source that ends on the core.
    """

    source: Ids
    core: Ids
    projection: Numbers


@dataclass(frozen=True)
class Wiring:
    """The connections of a network.

    Attributes
    ----------
    wires : tuple of ((n,) int32, (n,) int32)
        Global ids of source and target of each connection, by projection.
    n_cells : int
    """

    wires: tuple[tuple[Ids, Ids], ...]
    n_cells: int

    @property
    def synapses(self) -> int:
        """Number of connections."""
        return sum(len(pre) for pre, _ in self.wires)

    @cached_property
    def inputs(self) -> Integers:
        """Synapses of each cell, (n_cells,) int64."""
        total = np.zeros(self.n_cells, np.int64)
        for _, post in self.wires:
            total += np.bincount(post, minlength=self.n_cells)
        return total

    @cached_property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """First and last target of each projection; 0 and -1 where it has none."""
        return tuple(
            (int(post.min()), int(post.max())) if len(post) else (0, -1) for _, post in self.wires
        )

    @cached_property
    def connections(self) -> Connections:
        """The connections in order; sorted when first asked for, then kept."""
        owner_bits = max(0, len(self.wires) - 1).bit_length()
        bits = self.n_cells.bit_length()
        kind = np.min_scalar_type((1 << owner_bits) - 1)
        target = np.empty(self.synapses, np.int32)
        projection = np.zeros(self.synapses, kind)
        start, at = np.zeros(self.n_cells + 1, np.int64), 0
        for low, high in self._blocks(1 << (62 - bits - owner_bits)):
            keys = self._sorted(low, high, bits, owner_bits)
            bounds = np.arange(1, high - low + 1, dtype=np.int64) << bits + owner_bits
            start[low + 1 : high + 1] = at + np.searchsorted(keys, bounds)
            for first in range(0, len(keys), CHUNK):
                part = keys[first : first + CHUNK]
                here = slice(at + first, at + first + len(part))
                if owner_bits:
                    projection[here] = part & ((1 << owner_bits) - 1)
                target[here] = part >> owner_bits & ((1 << bits) - 1)
            at += len(keys)
        return Connections(start, target, projection)

    def _blocks(self, most: int) -> Iterator[tuple[int, int]]:
        """Yield ranges of at most so many sources whose connections are sorted together."""
        degree = np.zeros(self.n_cells, np.int64)
        if self.synapses > BLOCK:
            for pre, _ in self.wires:
                degree += np.bincount(pre, minlength=self.n_cells)
        done, low = np.concatenate([[0], np.cumsum(degree)]), 0
        while low < self.n_cells:
            high = int(np.searchsorted(done, done[low] + BLOCK, side="right")) - 1
            high = min(max(high, low + 1), low + most)
            yield low, high
            low = high

    def _sorted(self, low: int, high: int, bits: int, owner_bits: int) -> Integers:
        """Return the sorted keys (source - low, target, projection) of a range of sources."""
        chosen = []
        for pre, post in self.wires:
            if (low, high) == (0, self.n_cells):
                chosen.append((pre, post))
                continue
            inside = (pre >= low) & (pre < high)
            chosen.append((pre[inside], post[inside]))
        keys = np.empty(sum(len(pre) for pre, _ in chosen), np.int64)
        at = 0
        for number, (pre, post) in enumerate(chosen):
            for first in range(0, len(pre), CHUNK):
                part = pre[first : first + CHUNK].astype(np.int64)
                part -= low
                part <<= bits
                part |= post[first : first + CHUNK]
                part <<= owner_bits
                part |= number
                keys[at : at + len(part)] = part
                at += len(part)
        keys.sort()
        return keys

    def reached(self, core: Ids) -> Iterator[Reached]:
        """Yield which cores each source reaches, for some neighbouring sources at once.

        Parameters
        ----------
        core : (n_cells,) int32
            Core of every cell; not decreasing over the cells that take input.
        """
        every = self.connections
        for low, high in every.chunks():
            part = slice(every.start[low], every.start[high])
            cores = core[every.target[part]]
            new = np.ones(len(cores), np.bool_)
            np.not_equal(cores[1:], cores[:-1], out=new[1:])
            sources = low + np.flatnonzero(np.diff(every.start[low : high + 1]))
            first = every.start[sources] - every.start[low]
            new[first] = True
            times = np.add.reduceat(new, first, dtype=np.int64)
            source = np.repeat(sources.astype(np.int32), times)
            projection = every.projection[part]
            if len(self.wires) > 1:
                projection = np.minimum.reduceat(projection, np.flatnonzero(new))
            yield Reached(source, cores[new], projection[: len(source)])
