"""Keyed random numbers: the generator's published vectors, and Poisson counts."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pynn_greenmorph import draws
from pynn_greenmorph.cells import spike_source_poisson
from pynn_greenmorph.draws import philox, poisson, uniform
from pynn_greenmorph.engine.generate import BLOCK
from pynn_greenmorph.engine.machine_code import compiles
from pynn_greenmorph.registry import CellModel
from tests.kernels import run_block

# Known answers of Random123 (kat_vectors, philox4x32 with 10 rounds).
VECTORS = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "expected"), VECTORS)
def test_philox_gives_the_published_numbers(counter, key, expected) -> None:
    """The three known-answer vectors of the generator's authors."""
    words = draws.philox(*(np.uint64(word) for word in (*counter, *key)))
    assert tuple(int(word) for word in words) == expected


def test_every_part_of_the_key_counts() -> None:
    """Changing seed, trial, purpose, cell, step or draw gives another number."""
    base = (1, 2, 3, 4, 5, 6)
    numbers = {draws.uniform(*base)}
    for position in range(6):
        changed = list(base)
        changed[position] += 1
        numbers.add(draws.uniform(*changed))
    assert len(numbers) == 7
    assert all(0.0 <= number < 1.0 for number in numbers)
    assert draws.uniform(*base) in numbers


# A source's step: one uniform number, one count of a single part and one of three.
def draw_step(u, few, many, key, trial, cell, step_index):
    u = uniform(key, trial, 7, cell, step_index, 3)
    few = poisson(key, trial, cell, step_index, 2.5, 0.0820849986238988, 1)
    many = poisson(key, trial, cell, step_index, 15.0, 3.059023205018258e-07, 3)
    return u, few, many, 0


DRAWER = CellModel(
    name="Drawer",
    kind="source",
    states=("u", "few", "many"),
    step=draw_step,
    helpers=(philox, uniform, poisson),
)


@pytest.mark.parametrize(
    ("seed", "trial", "first_cell", "step_index"),
    [(0, 0, 0, 1), (12345, 3, 70_000, 2**31 + 5), (2**63 + 5, 2**24 - 1, 2**32 - BLOCK, 2**32 - 1)],
)
def test_compiled_draws_have_the_bits_of_plain_python(
    seed: int, trial: int, first_cell: int, step_index: int
) -> None:
    """Machine code against the same functions interpreted, up to the limits of keys."""
    assert compiles()
    state = np.zeros((3, BLOCK))
    key = np.uint64(seed).astype(np.int64)
    nothing = np.zeros(0), np.zeros((1, BLOCK)), np.zeros(BLOCK), np.zeros(BLOCK, dtype=np.int32)
    run_block(DRAWER, True, state, *nothing, BLOCK, first_cell, step_index, trial, key)
    assert len(set(state[0])) == BLOCK
    for lane in range(BLOCK):
        plain = draw_step(0, 0, 0, key, trial, first_cell + lane, step_index)
        assert state[:, lane].tolist() == list(plain[:3])


def test_every_part_of_the_key_changes_poisson_counts() -> None:
    """Trains that differ in one of seed, trial, cell, step are as good as independent.

    Bound: the correlation of 2000 independent pairs has a standard deviation
    of 1/sqrt(2000) = 0.022; five of them.
    """
    n, mean = 2000, 2.5

    def train(at: int, other: int) -> np.ndarray:
        keys = np.zeros((n, 4), dtype=int)
        keys[:, (at + 1) % 4] = np.arange(n)
        keys[:, at] = other
        return np.array([draws.poisson(*map(int, key), mean, math.exp(-mean), 1) for key in keys])

    for at in range(4):
        first, second = train(at, 0), train(at, 1)
        assert abs(np.corrcoef(first, second)[0, 1]) < 5 / math.sqrt(n)
        assert (train(at, 0) == first).all()


@pytest.mark.parametrize(
    ("expectation", "parts"), [(0.0, 1), (3.0, 1), (16.0, 1), (16.1, 2), (45.0, 3), (1000.0, 63)]
)
def test_large_expectations_are_split(expectation: float, parts: int) -> None:
    """A part has at most 16; the parts sum to the whole, to one rounding of a product."""
    columns = {
        "rate_hz": np.array([expectation * 1000.0]),
        "start_ms": np.zeros(1),
        "duration_ms": np.ones(1),
    }
    derived = spike_source_poisson.derive(columns, 1.0)
    assert derived["parts"].tolist() == [parts]
    assert derived["mean"][0] <= 16.0
    assert derived["mean"][0] * parts == pytest.approx(expectation, rel=4e-16)
    assert derived["exp_minus_mean"][0] == math.exp(-derived["mean"][0])


@pytest.mark.parametrize(
    ("mean", "parts"), [(0.002, 1), (0.3, 1), (5.0, 1), (16.0, 1), (15.0, 3), (15.7, 7)]
)
def test_poisson_counts_have_the_right_distribution(mean: float, parts: int) -> None:
    """Chi-square against the exact probabilities, fixed seed, level 0.001."""
    n = 20_000 // parts
    total = mean * parts
    counts = np.array(
        [draws.poisson(7, 0, cell, 1, mean, math.exp(-mean), parts) for cell in range(n)]
    )
    exact = [math.exp(-total + k * math.log(total) - math.lgamma(k + 1)) for k in range(200)]
    # Bins are merged until at least ten counts are expected in each.
    edges, expected, mass = [0], [], 0.0
    for k, probability in enumerate(exact):
        mass += probability
        if n * mass >= 10 and n * (1 - sum(expected) / n - mass) >= 10:
            edges.append(k + 1)
            expected.append(n * mass)
            mass = 0.0
    expected.append(n - sum(expected))
    found = np.histogram(counts, bins=[*edges, 10_000])[0]
    chi2 = float((((found - expected) ** 2) / expected).sum())
    freedom = len(expected) - 1
    # Wilson and Hilferty's approximation of the 0.999 quantile of chi-square.
    limit = freedom * (1 - 2 / (9 * freedom) + 3.09 * math.sqrt(2 / (9 * freedom))) ** 3
    assert freedom >= 1
    assert chi2 < limit
