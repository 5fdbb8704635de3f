"""Addresses and shapes of arrays, as compiled code gets them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .share import WORDS_PER_ARRAY, Share

__all__ = ["MemoryMap"]


def _leaves(value: Any) -> list[NDArray[Any]]:
    """All arrays of a named tuple, depth first."""
    if isinstance(value, np.ndarray):
        return [value]
    return [leaf for one in value for leaf in _leaves(one)]


def _layout(leaves: list[NDArray[Any]]) -> list[tuple[str, int]]:
    return [(leaf.dtype.char, leaf.ndim) for leaf in leaves]


class MemoryMap:
    """Addresses and shapes of the arrays of one share, for compiled code.

    Attributes
    ----------
    numbers : (3 n,) int64
        Address, length, length of the second axis (1 without), for each array.
    share : Share or None
        What it stands for; the arrays are kept alive by it.
    """

    def __init__(self) -> None:
        self.numbers = np.zeros(0, dtype=np.int64)
        self.share: Share | None = None
        self._parts: list[tuple[int, int, list[tuple[str, int]]]] = []

    def take(self, share: Share) -> MemoryMap:
        """Stand for a share; only named tuples that are not the same as before are read."""
        if self.share is None:
            at = 0
            for value in tuple(share):
                leaves = _leaves(value)
                self._parts.append((at, at + WORDS_PER_ARRAY * len(leaves), _layout(leaves)))
                at += WORDS_PER_ARRAY * len(leaves)
            self.numbers = np.zeros(at, dtype=np.int64)
        for index, value in enumerate(tuple(share)):
            if self.share is None or self.share[index] is not value:
                self._read(index, value)
        self.share = share
        return self

    def _read(self, index: int, value: Any) -> None:
        first, last, layout = self._parts[index]
        leaves = _leaves(value)
        # Compiled code believes the map: a wrong type would be read as garbage.
        if _layout(leaves) != layout or not all(leaf.flags.c_contiguous for leaf in leaves):
            raise TypeError(f"{type(value).__name__}: arrays of other types than before")
        numbers = []
        for leaf in leaves:
            numbers += [leaf.ctypes.data, len(leaf), leaf.shape[1] if leaf.ndim > 1 else 1]
        self.numbers[first:last] = numbers
