"""NumPy's Mersenne Twister, continued to find the few candidates below a probability.

``RandomState.uniform`` makes a float64 of each two words of 32 bits: the upper
27 bits of the first, then the upper 26 of the second. Whether it is below a
probability is nearly always decided by the first word, so neither the floats
nor the mask of all candidates are made. The words are those of Matsumoto and
Nishimura (ACM TOMACS 8:3, 1998). Those with even and with odd numbers are kept
apart, so that first words are contiguous, and the recurrence is written in
pieces that do not depend on themselves, for the compiler to vectorise.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..engine.compiled import compile_function

__all__ = ["find_pairs", "pairs_below", "run_chunks"]

Int32Array = NDArray[np.int32]
UInt32Array = NDArray[np.uint32]

#: Candidates tested by one call: the arrays always have room for so many more pairs.
_CHUNK = 1 << 18


def mix(this: np.uint32, following: np.uint32, far: np.uint32) -> np.uint32:
    """Return the word that replaces ``this``. Casts keep Numba from 64 bits, as everywhere here."""
    y = np.uint32((this & np.uint32(0x80000000)) | (following & np.uint32(0x7FFFFFFF)))
    odd = np.uint32(0x9908B0DF) if y & np.uint32(1) else np.uint32(0)
    return np.uint32(far ^ np.uint32(y >> np.uint32(1)) ^ odd)


def twist(even: UInt32Array, odd: UInt32Array, evens: UInt32Array, odds: UInt32Array) -> None:
    """Make the next 624 words of the generator (even and odd ones) from its present ones."""
    for k in range(114):
        evens[k] = mix(even[k], odd[k], odd[k + 198])
    for k in range(113):
        odds[k] = mix(odd[k], even[k + 1], even[k + 199])
    for k in range(113):
        evens[k + 114] = mix(even[k + 114], odd[k + 114], odds[k])
    for k in range(114):
        odds[k + 113] = mix(odd[k + 113], even[k + 114], evens[k])
    for k in range(85):
        evens[k + 227] = mix(even[k + 227], odd[k + 227], odds[k + 113])
    for k in range(84):
        odds[k + 227] = mix(odd[k + 227], even[k + 228], evens[k + 114])
    odds[311] = mix(odd[311], evens[0], evens[198])


def temper(word: np.uint32) -> np.uint32:
    """Return the number that a word of the generator stands for."""
    y = np.uint32(word ^ np.uint32(word >> np.uint32(11)))
    y = np.uint32(y ^ (np.uint32(y << np.uint32(7)) & np.uint32(0x9D2C5680)))
    y = np.uint32(y ^ (np.uint32(y << np.uint32(15)) & np.uint32(0xEFC60000)))
    return np.uint32(y ^ np.uint32(y >> np.uint32(18)))


def mark(
    words: UInt32Array, limit: np.uint32, numbers: UInt32Array, marks: NDArray[np.uint8]
) -> None:
    """Temper the 312 first words of a block, and mark with 1 those that may be low enough."""
    for j in range(312):
        number = temper(words[j])
        numbers[j] = number
        marks[j] = number <= limit


def list_marked(eights: NDArray[np.uint64], found: Int32Array) -> int:
    """List the marked ones of 312; ``eights`` (39,) are the marks, eight to a number."""
    n = 0
    for e in range(39):
        rest = eights[e]
        while rest:
            others = rest & (rest - np.uint64(1))
            lowest = rest ^ others
            j = 8 * e
            j += 4 if lowest & np.uint64(0xFFFFFFFF00000000) else 0
            j += 2 if lowest & np.uint64(0xFFFF0000FFFF0000) else 0
            j += 1 if lowest & np.uint64(0xFF00FF00FF00FF00) else 0
            found[n] = j
            n += 1
            rest = others
    return n


def is_below(even: UInt32Array, odd: UInt32Array, shift: int, j: int, low: np.uint32) -> bool:
    """Whether a double is below the probability whose first number's upper bits are equal.

    This is needed once in 2**27 candidates, so the second number is made here.
    """
    if shift == 0:
        second = odd[j]
    elif j < 311:
        second = even[j + 1]
    else:
        second = mix(even[0], odd[0], odd[198])  # the next block's first word
    return bool(np.uint32(temper(second) >> np.uint32(6)) < low)


def pairs_below(
    state: UInt32Array,
    at: int,
    start: int,
    count: int,
    high: np.uint32,
    low: np.uint32,
    sources: Int32Array,
    targets: Int32Array,
    apart: bool,
    n: int,
    pre: Int32Array,
    post: Int32Array,
    numbers: UInt32Array,
    marks: NDArray[np.uint8],
    eights: NDArray[np.uint64],
    found: Int32Array,
) -> tuple[int, int]:
    """Test ``count`` candidates and write down the pairs that are below the probability.

    Parameters
    ----------
    state : (4, 312) uint32
        The first two rows hold the generator's even and odd words, before and
        after; the others are room.
    at : int
        Next word, 0 to 625.
    start : int
        First candidate; candidate ``c`` is target ``c // n_pre``, source ``c % n_pre``.
    count : int
    high, low : uint32
        Upper 28 and lower 26 bits of the probability in units of 2**-53.
    sources, targets : (n_pre,) and (n_post,) int32
        Ids of the cells.
    apart : bool
        Whether a pair of equal ids is left out.
    n : int
        Number of pairs written already.
    pre, post : (capacity,) int32
        Indices of source and target; capacity is at least ``n + count``.
    numbers, marks, found : (312,)
        Room.
    eights : (39,) uint64
        ``marks``, eight to a number.

    Returns
    -------
    n, at : int
    """
    limit = np.uint32(min((np.int64(high) << 5) | 31, np.int64(0xFFFFFFFF)))
    n_pre = len(sources)
    target = start // n_pre
    row_end = (target + 1) * n_pre
    side = done = 0
    while done < count:
        if at >= 624:
            twist(state[side], state[side + 1], state[2 - side], state[3 - side])
            side = 2 - side
            at -= 624
        skipped, shift = at >> 1, at & 1
        k = min(312 - skipped, count - done)
        mark(state[side + shift], limit, numbers, marks)
        if k < 312:
            for j in range(312):
                marks[j] = marks[j] if skipped <= j < skipped + k else 0
        base = start + done - skipped
        for i in range(list_marked(eights, found)):
            j = found[i]
            if np.uint32(numbers[j] >> np.uint32(5)) == high and not is_below(
                state[side], state[side + 1], shift, j, low
            ):
                continue
            candidate = base + j
            while candidate >= row_end:
                target += 1
                row_end += n_pre
            source = candidate - (row_end - n_pre)
            pre[n] = source
            post[n] = target
            n += not (apart and sources[source] == targets[target])
        at += 2 * k
        done += k
    if side == 2:
        for j in range(312):
            state[0, j] = state[2, j]
            state[1, j] = state[3, j]
    return n, at


def find_pairs(
    generator: Any, probability: float, sources: Int32Array, targets: Int32Array, apart: bool
) -> tuple[Int32Array, Int32Array] | None:
    """Find the pairs of cells for which a generator's uniform number is below a probability.

    Numbers are drawn target by target, one for each source, as by
    ``RandomState.uniform(0, 1, size=(n_post, n_pre))``.

    Parameters
    ----------
    generator : numpy.random.RandomState
        Where the numbers begin; it is not advanced.
    probability : float
    sources, targets : (n_pre,) and (n_post,) int32
        Ids of the cells.
    apart : bool
        Whether pairs of equal ids are left out.

    Returns
    -------
    pre, post : (n,) int32
        Indices of source and target, ascending by target, then source.
    None
        For another generator, or without compilation: NumPy is then faster.
    """
    state = generator.get_state(legacy=False)
    if state["bit_generator"] != "MT19937":
        return None
    helpers = (mix, twist, temper, mark, list_marked, is_below)
    run = compile_function(pairs_below, *helpers, n_results=2, what="wiring (pairs)")
    if run is None:
        return None
    return run_chunks(run, state["state"], probability, sources, targets, apart)


def run_chunks(
    run: Any,
    state: dict[str, Any],
    probability: float,
    sources: Int32Array,
    targets: Int32Array,
    apart: bool,
) -> tuple[Int32Array, Int32Array]:
    """Run :func:`pairs_below`, compiled or not, with room for all pairs; see :func:`find_pairs`."""
    words = np.empty((4, 312), dtype=np.uint32)
    words[0], words[1] = state["key"][::2], state["key"][1::2]
    at = int(state["pos"])
    bound = math.ceil(math.ldexp(probability, 53))
    high, low = np.uint32(bound >> 26), np.uint32(bound & ((1 << 26) - 1))
    total = len(sources) * len(targets)
    mean = total * probability
    capacity = int(mean + 6.0 * math.sqrt(mean)) + _CHUNK
    pre, post = np.empty(capacity, dtype=np.int32), np.empty(capacity, dtype=np.int32)
    marks = np.zeros(312, dtype=np.uint8)
    room = (
        np.empty(312, dtype=np.uint32), marks, marks.view(np.uint64), np.empty(312, dtype=np.int32),
    )  # fmt: skip
    n = 0
    for start in range(0, total, _CHUNK):
        count = min(_CHUNK, total - start)
        if n + count > len(pre):
            for array in (pre, post):
                array.resize(n + n // 4 + _CHUNK, refcheck=False)
        n, at = run(
            words, at, start, count, high, low, sources, targets, apart, n, pre, post, *room
        )
    for array in (pre, post):
        array.resize(n, refcheck=False)  # in place: what was not used goes back
    return pre, post
