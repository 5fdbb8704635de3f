"""Rows of many targets as bits: a bit for each cell of the lines of 64 that a table reaches.

Where events are counted (see :mod:`.uniform`), a line of 64 counts is raised at once. Such
tables keep their place among the others: only how their rows are written is different.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .generate import ROW
from .machine_code import vectors_take_masks
from .partition import PAGE
from .rows import MASKED, UNIFORM
from .sorting import load_sorting
from .uniform_delivery import LINE

__all__ = ["as_masks", "least_per_line", "targets_of_masks"]

Int64Array = NDArray[np.int64]

#: Targets in a line, and the numbers of 16 bits that hold their bits.
_LANES = 64
_WORDS = _LANES // 16

#: Lines whose bits fill a cache line.
_AT_ONCE = LINE // _WORDS

#: Synapses for each line of a row from which on bits are quicker than a list of targets, with
#: vectors that take masks (AVX-512BW) and without. With, a line takes the time of 2.2 targets
#: (Emerald Rapids), and 8 bytes that stand for three take no more than 3 bytes each. Without,
#: a line is 23 (AVX2) to 146 instructions (aarch64) instead of 6, and a target about 5.
_PER_LINE = {True: 3, False: 32}


def least_per_line() -> int:
    """Return how many synapses rows have for each line, at least, that become bits.

    Returns
    -------
    int
    """
    return _PER_LINE[vectors_take_masks()]


def as_masks(columns: dict[str, Any], shared: dict[str, NDArray[Any]]) -> None:
    """Write the rows of tables with many targets as bits.

    Parameters
    ----------
    columns : dict
        Columns of the list of tables; ``line`` is added, ``kind`` and ``synapse`` made anew.
    shared : dict
        Arrays of the rows; ``line`` is added, ``target`` made anew, ``start`` changed.
    """
    lines = [_lines(table, columns, shared) for table in range(len(columns["kind"]))]
    shared["line"] = np.concatenate(lines)
    n_lines = np.array([len(one) for one in lines], dtype=np.int64)
    columns["line"] = np.cumsum(n_lines) - n_lines
    masked = n_lines > 0
    if not masked.any():
        return
    n_rows, n_words = np.diff(columns["start"]) - 1, n_lines * _WORDS
    columns["kind"] = np.where(masked, MASKED, columns["kind"])
    sizes = np.where(masked, n_rows * n_words, np.diff(columns["synapse"]))
    # Rows of bits begin with a cache line; one of zeros, as long as the longest, comes last.
    beginnings = np.cumsum([0, *(-(-sizes // LINE) * LINE)], dtype=np.int64)
    target = _zeros_in_large_pages(int(beginnings[-1] + n_words.max()))
    for table, size in enumerate(sizes.tolist()):
        first, last = columns["start"][table : table + 2].tolist()
        old, new = int(columns["synapse"][table]), int(beginnings[table])
        if masked[table]:
            load_sorting().fill_masks(
                shared["start"], shared["target"], first, last, old, _bit_of(lines[table]),
                int(n_words[table]), target, new,
            )  # fmt: skip
            rows = np.arange(n_rows[table] + 1, dtype=np.uint32)
            shared["start"][first:last] = rows * np.uint32(n_words[table])
        else:
            target[new : new + size] = shared["target"][old : old + size]
    columns["synapse"], shared["target"] = beginnings, target


def _lines(table: int, columns: dict[str, Any], shared: dict[str, Any]) -> NDArray[np.uint16]:
    """First slots of the lines of a table whose rows become bits; empty for others.

    The last one is repeated until they fill cache lines.
    """
    none = np.zeros(0, dtype=np.uint16)
    first, last = columns["synapse"][table : table + 2].tolist()
    n_rows = int(columns["start"][table + 1] - columns["start"][table]) - 1
    counted = columns["kind"][table] == UNIFORM and columns["most"][table] == 1
    if not counted or last - first < least_per_line() * n_rows:
        return none
    found = np.zeros(PAGE, dtype=np.bool_)
    found[shared["target"][first:last]] = True
    row, lane = np.divmod(np.flatnonzero(found), ROW)
    lines = np.unique(row * ROW + lane // _LANES * _LANES).astype(np.uint16)
    lines = np.pad(lines, (0, -len(lines) % _AT_ONCE), mode="edge")
    few = last - first < least_per_line() * n_rows * len(lines)
    return none if few or n_rows * len(lines) * _WORDS >= 1 << 32 else lines


def _zeros_in_large_pages(n: int) -> NDArray[np.uint16]:
    """Return (n,) zeros from the beginning of a cache line on.

    NumPy asks for large pages for ``np.empty`` only, and rows are read in any order.
    """
    memory = np.empty(n + LINE, dtype=np.uint16)
    first = -(memory.ctypes.data // memory.itemsize) % LINE
    memory[:] = 0
    return memory[first : first + n]


def _bit_of(lines: NDArray[np.uint16]) -> Int64Array:
    """The bit of each slot in a row of bits, (65536,); where lines repeat, of the first."""
    slots = np.unique(lines).astype(np.int64)[:, None] + np.arange(_LANES)
    result = np.zeros(PAGE, dtype=np.int64)
    result[slots] = np.arange(slots.size).reshape(slots.shape)
    return result


def targets_of_masks(masks: NDArray[np.uint16], lines: NDArray[np.uint16]) -> Int64Array:
    """Return the targets of one row, ascending by line.

    Parameters
    ----------
    masks : (4 k,) uint16
    lines : (k,) uint16
        First slot of each line.

    Returns
    -------
    (n,) int64
    """
    bits = np.unpackbits(masks.astype("<u2").view(np.uint8), bitorder="little")
    line, lane = np.divmod(np.flatnonzero(bits), _LANES)
    return lines[line].astype(np.int64) + lane
