"""What :mod:`.intrinsics` has machine instructions for, as plain Python.

Texts that are also compiled call these by name; there the names are those of the intrinsics.
"""

from __future__ import annotations

import numpy as np

__all__ = [
    "add_bits",
    "add_bits_of_four",
    "lowest_bit",
    "matrix_at",
    "never_inlined",
    "nonzero_lanes",
    "peek",
    "peek_apart",
    "peek_changed",
    "peek_row",
    "poke",
    "poke_apart",
    "poke_row",
    "prefetch",
    "row_at",
    "times_count",
    "widest_vectors",
]


def peek(array, index):  # type: ignore[no-untyped-def]
    """Read an element. Compiled code does not look whether the index is negative."""
    return array[index]


def poke(array, index, value):  # type: ignore[no-untyped-def]
    """Write an element. Compiled code does not look whether the index is negative."""
    array[index] = value


def peek_apart(array, index):  # type: ignore[no-untyped-def]
    """Read an element of an array to which ``poke_apart`` does not write."""
    return array[index]


def peek_changed(array, index):  # type: ignore[no-untyped-def]
    """Read an element that is then written; compiled code knows that it is the only one."""
    return array[index]


def poke_apart(array, index, value):  # type: ignore[no-untyped-def]
    """Write an element; compiled code knows that ``peek_apart`` does not read the array."""
    array[index] = value


def peek_row(array, index, row, rows):  # type: ignore[no-untyped-def]
    """Read an element of a row."""
    return array[index]


def poke_row(array, index, value, row, rows):  # type: ignore[no-untyped-def]
    """Write an element of a row."""
    array[index] = value


def row_at(array, *_):  # type: ignore[no-untyped-def]
    """An array as it is; in compiled code it is made of an address."""
    return array


def matrix_at(array, *_):  # type: ignore[no-untyped-def]
    """An array as it is; in compiled code it is made of an address."""
    return array


def times_count(count, weight, base):  # type: ignore[no-untyped-def]
    """The product, as it is in a sum that begins with 0: of 0 and a negative weight positive."""
    return float(count) * weight + 0.0


def prefetch(array, index):  # type: ignore[no-untyped-def]
    """Do nothing: in compiled code a machine instruction has this name."""


def lowest_bit(word):  # type: ignore[no-untyped-def]
    """Which is the lowest bit of a word that is not 0."""
    return int(word & -word).bit_length() - 1


def nonzero_lanes(array, index):  # type: ignore[no-untyped-def]
    """Which of 64 elements are not 0, one bit for each; in compiled code a few instructions."""
    return sum(1 << lane for lane in range(64) if array[index + lane] != 0)


def add_bits(counts, index, number, masks, at):  # type: ignore[no-untyped-def]
    """Add to those of 64 counts that a mask has a bit of; a few instructions in compiled code."""
    for lane in range(64):
        if masks[at + lane // 16] >> lane % 16 & 1:
            counts[index + lane] += np.uint8(number)


def add_bits_of_four(counts, index, number, masks, *places):  # type: ignore[no-untyped-def]
    """For each of four masks, add to those of 64 counts that it has a bit of."""
    for place in places:
        add_bits(counts, index, number, masks, place)


def widest_vectors():  # type: ignore[no-untyped-def]
    """Do nothing: in compiled code it lets the function use the widest vectors."""


def never_inlined():  # type: ignore[no-untyped-def]
    """Do nothing: in compiled code it keeps the function that calls it out of others."""
