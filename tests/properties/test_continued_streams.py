"""Kernels that continue NumPy's generator give its numbers, and leave it where it would be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyNN.random import NumpyRNG, RandomDistribution

from pynn_greenmorph.engine.compiled import compile_function
from pynn_greenmorph.frontend import clipped, fixed_numbers, mersenne


@pytest.fixture(params=["compiled", "plain"])
def kernels(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Kernels as machine code, and the same text as plain Python."""

    def load(
        function: Callable[..., Any], *helpers: Callable[..., Any], **options: Any
    ) -> Callable[..., Any]:
        made = compile_function(function, *helpers, **options)
        return function if made is None or request.param == "plain" else made

    for module in (clipped, fixed_numbers, mersenne):
        monkeypatch.setattr(module, "compile_function", load)
    return str(request.param)


def generator(seed: int, words: int) -> Any:
    """A generator of which some words of 32 bits are used."""
    made = np.random.RandomState(seed)
    made.bytes(4 * words)
    return made


def ids(size: int, first: int = 0) -> Any:
    return np.arange(first, first + size, dtype=np.int32)


def reference(made: Any, p: float, sources: Any, targets: Any, apart: bool) -> list[Any]:
    """Pairs as NumPy finds them."""
    copy = np.random.RandomState()
    copy.set_state(made.get_state())
    hit = copy.uniform(0, 1, size=(len(targets), len(sources))) < p
    if apart:
        hit &= targets[:, None] != sources
    post, pre = np.nonzero(hit)
    return [pre.tolist(), post.tolist()]


def found(made: Any, p: float, sources: Any, targets: Any, apart: bool) -> list[Any]:
    pairs = mersenne.find_pairs(made, p, sources, targets, apart)
    assert pairs is not None
    assert all(column.dtype == np.int32 for column in pairs)
    return [column.tolist() for column in pairs]


@pytest.mark.parametrize("size", [1, 2, 311, 312, 313, 623, 624, 625, 1300])
@pytest.mark.parametrize("words", [0, 1, 2, 622, 623, 624, 625])
def test_pairs_of_all_sizes(kernels: str, size: int, words: int) -> None:
    """Blocks of 624 words that begin and end anywhere, also in the middle of a double."""
    made = generator(size, words)
    probabilities = (0.0, 2.0**-60, 0.02, 0.5, 1 - 2.0**-53, 1.0)
    for p in probabilities if kernels == "compiled" else probabilities[2::3]:
        for sources, targets in ((ids(size), ids(2, 4)), (ids(3), ids(size // 3 + 1))):
            for apart in (False, True):
                arguments = (made, p, sources, targets, apart)
                assert found(*arguments) == reference(*arguments)


@pytest.mark.parametrize("words", [0, 1, 623])
def test_a_probability_that_is_one_of_the_numbers(kernels: str, words: int) -> None:
    """The second word of a double decides where the first is the probability's."""
    made = generator(9, words)
    copy = np.random.RandomState()
    copy.set_state(made.get_state())
    drawn = copy.uniform(0, 1, size=700)
    for k in (0, 1, 100, 310, 311, 312, 622, 623, 624):
        for p in (drawn[k], np.nextafter(drawn[k], 1.0), drawn[k] + 2.0**-53):
            pre, _ = found(made, float(p), ids(700), ids(1), False)
            assert pre == np.flatnonzero(drawn < p).tolist()


def test_more_pairs_than_expected(kernels: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The arrays grow when a chunk might not fit, and chunks join without a seam."""
    monkeypatch.setattr(mersenne, "_CHUNK", 100)
    monkeypatch.setattr(mersenne.math, "sqrt", lambda _: -100.0)
    arguments = (generator(1, 5), 0.7, ids(60), ids(50), True)
    assert found(*arguments) == reference(*arguments)


def test_another_generator_is_left_to_numpy() -> None:
    """Only the Mersenne Twister is continued."""
    other = np.random.RandomState(np.random.PCG64(1))
    assert mersenne.find_pairs(other, 0.5, ids(3), ids(3), False) is None


@settings(deadline=None, max_examples=200)
@given(
    seed=st.integers(0, 2**32 - 1),
    words=st.integers(0, 1300),
    n_pre=st.integers(1, 400),
    n_post=st.integers(1, 40),
    first=st.integers(-5, 5),
    p=st.floats(0.0, 1.0) | st.floats(0.0, 0.1),
    apart=st.booleans(),
)
def test_pairs_are_numpys(
    seed: int, words: int, n_pre: int, n_post: int, first: int, p: float, apart: bool
) -> None:
    """For any seed, place in the stream, sizes and probability."""
    made = generator(seed, words)
    arguments = (p, ids(n_pre), ids(n_post, first), apart)
    pairs = mersenne.find_pairs(made, *arguments)
    if pairs is None:  # compilation is disabled
        state = made.get_state(legacy=False)["state"]
        pairs = mersenne.run_chunks(mersenne.pairs_below, state, *arguments)
    expected = reference(made, *arguments)
    assert [column.tolist() for column in pairs] == expected


def same_state(first: Any, second: Any) -> bool:
    return all(
        bool(np.all(a == b))
        for a, b in zip(first.get_state()[1:], second.get_state()[1:], strict=True)
    )


@pytest.mark.parametrize("counts", [[], [1], [5, 1, 900, 2], [40] * 60, [0, 3]])
@pytest.mark.parametrize("limits", [(-9.0, 9.0), (0.0, 0.5), (1.0, np.inf), (-np.inf, 0.1)])
def test_clipped_numbers(
    kernels: str, counts: list[int], limits: tuple[float, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Columns of numbers that are drawn again as PyNN draws them, column by column."""
    sizes = np.array([count for count in counts if count], dtype=np.int64)
    parameters = (0.3, 0.8, *limits)
    for chunk in (1, 100, 1 << 16):
        monkeypatch.setattr(clipped, "_CHUNK", chunk)
        ours = RandomDistribution("normal_clipped", parameters, rng=NumpyRNG(4))
        pynn = RandomDistribution("normal_clipped", parameters, rng=NumpyRNG(4))
        for distribution in (ours, pynn):
            distribution.rng.rng.normal(size=3)  # a second number of a pair is waiting
        expected = np.concatenate([np.zeros(0), *[pynn.next(int(n)) for n in sizes]])
        assert clipped.normal_clipped(ours, sizes).tolist() == expected.tolist()
        assert same_state(ours.rng.rng, pynn.rng.rng)


def test_limits_that_no_number_meets(kernels: str) -> None:
    """As PyNN, an error after many draws."""
    impossible = RandomDistribution("normal_clipped", (0.0, 1.0, 50.0, 51.0), rng=NumpyRNG(1))
    with pytest.raises(Exception, match="Maximum number of redraws exceeded"):
        clipped.normal_clipped(impossible, np.array([3, 2]))


def chosen_by_numpy(
    made: Any, rows: int, size: int, n: int, replacement: bool, apart: bool
) -> list[int]:
    """What PyNN's connectors with fixed numbers call, row by row."""
    result: list[int] = []
    for row in range(rows):
        if replacement:
            drawn = made.randint(0, size, size=n)
            while apart and (again := np.flatnonzero(drawn == row)).size:
                drawn[again] = made.randint(0, size, size=again.size)
            result += drawn.tolist()
            continue
        cells = np.arange(size)
        if apart:
            cells = cells[cells != row]
        result += cells.tolist() * (n // len(cells))
        if n % len(cells):
            result += made.permutation(cells)[: n % len(cells)].tolist()
    return result


@pytest.mark.parametrize("words", [0, 623])
@pytest.mark.parametrize("size", [2, 3, 8, 9, 70])
@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("replacement", [False, True])
def test_chosen_cells(kernels: str, replacement: bool, apart: bool, size: int, words: int) -> None:
    """With and without replacement, fewer and more than there are."""
    for n in (1, size - 1, size, 2 * size + 1):
        ours, numpys = generator(6, words), generator(6, words)
        rows = size if apart else 5
        expected = chosen_by_numpy(numpys, rows, size, n, replacement, apart)
        chosen = fixed_numbers.choose_for_each(
            ours, rows, size, n, replacement=replacement, apart=apart
        )
        assert chosen is not None
        assert chosen.tolist() == expected
        assert same_state(ours, numpys)


@pytest.mark.parametrize(("n_pre", "n_post"), [(1, 1), (1, 7), (8, 1), (9, 8), (200, 513)])
def test_drawn_pairs(kernels: str, n_pre: int, n_post: int) -> None:
    """One call of ``randint`` and one of ``choice`` for each connection; then target by target."""
    ours, numpys = generator(2, 1), generator(2, 1)
    targets = np.arange(n_post)
    rows = [
        (numpys.randint(0, n_pre, size=1)[0], numpys.choice(targets, size=1)[0]) for _ in range(700)
    ]
    pairs = fixed_numbers.draw_pairs(ours, 700, n_pre, n_post)
    assert pairs is not None
    assert list(zip(*[column.tolist() for column in pairs], strict=True)) == rows
    assert same_state(ours, numpys)
    pre, post = fixed_numbers.order_by_target(*pairs, n_post)
    assert list(zip(pre.tolist(), post.tolist(), strict=True)) == sorted(rows, key=lambda r: r[1])


def test_generators_that_are_not_continued_stay_as_they_are() -> None:
    """Nothing is drawn where PyNN's own calls must follow."""
    other, same = (np.random.RandomState(np.random.PCG64(1)) for _ in range(2))
    assert fixed_numbers.draw_pairs(other, 5, 3, 3) is None
    assert fixed_numbers.choose_for_each(other, 5, 3, 2, replacement=True, apart=False) is None
    assert other.randint(1 << 30) == same.randint(1 << 30)
