"""Keyed random numbers: the generator's published vectors, and Poisson counts."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pynn_greenmorph import draws

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


@pytest.mark.parametrize(("mean", "parts"), [(0.002, 1), (0.3, 1), (5.0, 1), (15.0, 3)])
def test_poisson_counts_have_the_right_distribution(mean: float, parts: int) -> None:
    """Chi-square against the exact probabilities, fixed seed, level 0.001."""
    n = 20_000
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
