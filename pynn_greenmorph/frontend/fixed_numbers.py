"""Connectors with fixed numbers: PyNN's draws, continued from NumPy's generator in one go.

PyNN calls ``RandomState.randint``, ``choice`` and ``permutation``, often once per
connection. All of them take words of 32 bits, cut them to the bits of the largest
number allowed, and go on to the next word where the result is larger; so does
:func:`draw`. The generator is left where PyNN's calls would leave it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..engine.compiled import compile_function
from .mersenne import mix, temper

__all__ = ["choose_for_each", "draw_pairs", "order_by_target"]

Int32Array = NDArray[np.int32]
UInt32Array = NDArray[np.uint32]


def temper_all(words: UInt32Array, numbers: UInt32Array) -> None:
    """Make the numbers that 624 words stand for."""
    for k in range(624):
        numbers[k] = temper(words[k])


def refill(words: UInt32Array, numbers: UInt32Array) -> None:
    """Replace the 624 words of the generator, and make the numbers they stand for."""
    for k in range(227):
        words[k] = mix(words[k], words[k + 1], words[k + 397])
    for k in range(227, 623):
        words[k] = mix(words[k], words[k + 1], words[k - 227])
    words[623] = mix(words[623], words[0], words[396])
    temper_all(words, numbers)


def mask_of(largest: int) -> np.uint32:
    """Return the lowest bits that hold every number up to ``largest``."""
    mask = 0
    while mask < largest:
        mask = 2 * mask + 1
    return np.uint32(mask)


def draw(
    words: UInt32Array, numbers: UInt32Array, at: int, largest: int, mask: np.uint32
) -> tuple[Any, int]:
    """Draw a number from 0 to ``largest``; returns it, and the next word's place."""
    if largest == 0:
        return 0, at
    while True:
        if at == 624:
            refill(words, numbers)
            at = 0
        value = np.int64(numbers[at] & mask)
        at += 1
        if value <= largest:
            return value, at


def choose_again(
    words: UInt32Array,
    numbers: UInt32Array,
    at: int,
    size: int,
    row: int,
    again: NDArray[np.int64],
    apart: bool,
    result: Int32Array,
) -> int:
    """Choose a cell for every place of ``result`` (n,), other than cell ``row`` if ``apart``.

    Each place that hits it is drawn again after the others; ``again`` (n,) is
    room for a list of them. Returns the next word's place.
    """
    mask = mask_of(size - 1)
    n_again = 0
    for i in range(len(result)):
        value, at = draw(words, numbers, at, size - 1, mask)
        result[i] = value
        again[n_again] = i
        n_again += 1 if apart and value == row else 0
    while n_again > 0:
        still = 0
        for i in range(n_again):
            value, at = draw(words, numbers, at, size - 1, mask)
            result[again[i]] = value
            again[still] = again[i]
            still += 1 if value == row else 0
        n_again = still
    return at


def shuffle(
    words: UInt32Array, numbers: UInt32Array, at: int, masks: UInt32Array, order: Int32Array
) -> int:
    """Shuffle from the end, as ``RandomState.shuffle``; returns the next word's place."""
    i = len(order) - 1
    while i > 0:
        if at == 624:
            refill(words, numbers)
            at = 0
        value = np.int64(numbers[at] & masks[i])
        at += 1
        # A number that is too large swaps nothing: a branch would often be guessed wrong.
        j: Any = min(value, i)
        last = order[i]
        order[i] = order[j]
        order[j] = last
        i -= 1 if value <= i else 0
    return at


def chosen(
    words: UInt32Array,
    at: int,
    rows: int,
    size: int,
    n: int,
    replacement: bool,
    apart: bool,
    result: Int32Array,
    numbers: UInt32Array,
    order: Int32Array,
    masks: UInt32Array,
    again: NDArray[np.int64],
) -> int:
    """Choose ``n`` of ``size`` cells for each of ``rows`` cells.

    Parameters
    ----------
    words : (624,) uint32
        The generator's words, before and after.
    at : int
        Next word, 0 to 624.
    rows, size, n : int
    replacement : bool
        Whether a cell may be chosen again; if not, all are chosen equally often
        before the rest is chosen by a shuffle.
    apart : bool
        Whether row ``i`` may not choose cell ``i``.
    result : (rows * n,) int32
        Chosen cells, row by row.
    numbers : (624,) uint32
        Room.
    order, masks : (size - 1 if apart else size,)
        Room.
    again : (n,) int64
        Room.

    Returns
    -------
    at : int
    """
    temper_all(words, numbers)
    allowed = len(order)
    rest = n % allowed
    for i in range(allowed):
        masks[i] = mask_of(i)
    for row in range(rows):
        mine = result[row * n : (row + 1) * n]
        if replacement:
            at = choose_again(words, numbers, at, size, row, again, apart, mine)
            continue
        for i in range(allowed):
            order[i] = i + 1 if apart and i >= row else i
        for i in range(n - rest):
            mine[i] = order[i % allowed]
        if rest > 0:
            at = shuffle(words, numbers, at, masks, order)
            for i in range(rest):
                mine[n - rest + i] = order[i]
    return at


def drawn_pairs(
    words: UInt32Array,
    at: int,
    n_pre: int,
    n_post: int,
    sources: Int32Array,
    targets: Int32Array,
    numbers: UInt32Array,
) -> int:
    """Draw a source and a target for each connection, in turn; returns the next word's place.

    ``numbers`` (624,) is room.
    """
    temper_all(words, numbers)
    source_mask, target_mask = mask_of(n_pre - 1), mask_of(n_post - 1)
    for i in range(len(sources)):
        source, at = draw(words, numbers, at, n_pre - 1, source_mask)
        target, at = draw(words, numbers, at, n_post - 1, target_mask)
        sources[i] = source
        targets[i] = target
    return at


def by_target(
    sources: Int32Array,
    targets: Int32Array,
    n_post: int,
    pre: Int32Array,
    post: Int32Array,
    place: NDArray[np.int64],
) -> None:
    """Order connections (n,) by target into ``pre`` and ``post``; equal ones keep their order.

    ``place`` (n_post + 1,) holds zeros, and is room.
    """
    for target in targets:
        place[target + 1] += 1
    for target in range(n_post):
        place[target + 1] += place[target]
    for i in range(len(targets)):
        target = targets[i]
        pre[place[target]] = sources[i]
        post[place[target]] = target
        place[target] += 1


_HELPERS = (mix, temper, temper_all, refill, mask_of, draw)


def _numbers() -> UInt32Array:
    return np.empty(624, dtype=np.uint32)


def _continue(generator: Any, run: Any, *arguments: Any) -> bool:
    """Run a kernel on the generator's words and put it where it then stands."""
    state = generator.get_state(legacy=False)
    if run is None or state["bit_generator"] != "MT19937":
        return False
    words = state["state"]["key"].astype(np.uint32)
    at = run(words, int(state["state"]["pos"]), *arguments)
    generator.set_state({**state, "state": {"key": words, "pos": int(at)}})
    return True


def choose_for_each(
    generator: Any, rows: int, size: int, n: int, *, replacement: bool, apart: bool
) -> Int32Array | None:
    """Choose ``n`` of ``size`` cells for each of ``rows`` cells; see :func:`chosen`.

    Parameters
    ----------
    generator : numpy.random.RandomState
        Is advanced as by PyNN's calls.
    rows, size, n : int
    replacement, apart : bool

    Returns
    -------
    (rows * n,) int32 or None
        None for another generator, or without compilation; nothing is drawn then.
    """
    if size - apart < 1:
        return None  # nothing to choose from: PyNN's own way says so
    helpers = (*_HELPERS, choose_again, shuffle)
    run = compile_function(chosen, *helpers, n_results=1, what="wiring (fixed number)")
    result = np.empty(rows * n, dtype=np.int32)
    allowed = size - 1 if apart else size
    room = (
        _numbers(), np.empty(allowed, dtype=np.int32), np.empty(allowed, dtype=np.uint32),
        np.empty(n, dtype=np.int64),
    )  # fmt: skip
    done = _continue(generator, run, rows, size, n, replacement, apart, result, *room)
    return result if done else None


def draw_pairs(
    generator: Any, n: int, n_pre: int, n_post: int
) -> tuple[Int32Array, Int32Array] | None:
    """Draw source and target of ``n`` connections, in turn.

    Parameters
    ----------
    generator : numpy.random.RandomState
        Is advanced as by PyNN's calls.
    n, n_pre, n_post : int

    Returns
    -------
    sources, targets : (n,) int32
        In the order in which they are drawn.
    None
        For another generator, or without compilation; nothing is drawn then.
    """
    run = compile_function(drawn_pairs, *_HELPERS, n_results=1, what="wiring (total number)")
    sources, targets = np.empty(n, dtype=np.int32), np.empty(n, dtype=np.int32)
    done = _continue(generator, run, n_pre, n_post, sources, targets, _numbers())
    return (sources, targets) if done else None


def order_by_target(
    sources: Int32Array, targets: Int32Array, n_post: int
) -> tuple[Int32Array, Int32Array]:
    """Order connections (n,) by target; those of one target keep their order."""
    pre, post = np.empty_like(sources), np.empty_like(targets)
    run = compile_function(by_target, n_results=0, what="wiring (by target)") or by_target
    run(sources, targets, n_post, pre, post, np.zeros(n_post + 1, dtype=np.int64))
    return pre, post
