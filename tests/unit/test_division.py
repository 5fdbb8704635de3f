"""The quick division by a constant has the bits of the division, for all a step may divide."""

from __future__ import annotations

import math
import sys
from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pynn_greenmorph.arithmetic import fused
from pynn_greenmorph.cells._division import (
    HELPERS,
    SMALLEST_DIVIDEND,
    inverse,
    quick_quotient,
    quotient,
)
from pynn_greenmorph.engine.generate import BLOCK
from pynn_greenmorph.engine.machine_code import compiles
from pynn_greenmorph.registry import CellModel
from tests.kernels import run_block

#: The mantissas of the proof's narrowest places: next to a power of two, and to its square root.
EDGES = [1.0, 1.0 + 2**-52, 2.0 - 2**-52, 2.0 - 2**-51, 1.5, math.sqrt(2.0), 1.0 + 2**-26]


def divide(x, y, quick, product, plain):  # type: ignore[no-untyped-def]
    """A step: x / y in the quick way, x * y - 1 with one rounding, x / y."""
    divisor = inverse(y)
    return x, y, quick_quotient(x, divisor), fused(x, y, -1.0), quotient(x, divisor), 0


DIVIDER = CellModel(
    name="Divider",
    kind="neuron",
    states=("x", "y", "quick", "product", "plain"),
    step=divide,
    helpers=HELPERS,
)


def divided(x: Any, y: Any) -> np.ndarray:
    """Return what the compiled step makes of pairs of numbers: (3, n)."""
    assert compiles()
    n = len(x)
    padding = -n % BLOCK
    pairs = np.stack([np.append(x, np.ones(padding)), np.append(y, np.ones(padding))])
    found = np.zeros((3, n + padding))
    nothing = np.zeros(0), np.zeros((1, BLOCK)), np.zeros(BLOCK), np.zeros(BLOCK, dtype=np.int32)
    for first in range(0, n + padding, BLOCK):
        state = np.zeros((5, BLOCK))
        state[:2] = pairs[:, first : first + BLOCK]
        assert run_block(DIVIDER, True, state, *nothing, BLOCK, 0, 0, 0, 0) == 0
        found[:, first : first + BLOCK] = state[2:]
    return found[:, :n]


def near(values: np.ndarray, steps: int) -> np.ndarray:
    """The values moved by up to so many units in the last place."""
    return (values.view(np.int64) + steps).view(np.float64)


def test_the_quick_quotient_is_the_quotient() -> None:
    """Four million random pairs, and quotients next to the middle between two numbers."""
    draw = np.random.default_rng(1)
    n = 1 << 20
    mantissas = draw.uniform(1.0, 2.0, n)
    y = mantissas * 2.0 ** draw.integers(-30, 30, n)
    x = draw.choice([-1.0, 1.0], n) * draw.uniform(1.0, 2.0, n) * 2.0 ** draw.integers(-800, 100, n)
    y[: n // 4] = draw.choice(EDGES, n // 4)
    # Products of a number and a divisor are the hardest dividends: quotients all but representable.
    hard = [near(draw.uniform(1.0, 2.0, n) * y, step) for step in (-1, 0, 1)]
    for dividend in (x, *hard):
        quick, _, plain = divided(dividend, y)
        assert (plain == dividend / y).all()
        assert (quick == dividend / y).all()


@given(
    x=st.floats(allow_nan=False, allow_infinity=False).filter(
        lambda x: x == 0.0 or SMALLEST_DIVIDEND <= abs(x) <= 1e290
    ),
    y=st.sampled_from(EDGES) | st.floats(1e-6, 1e9),
)
def test_the_same_as_plain_python(x: float, y: float) -> None:
    assert quick_quotient(x, inverse(y)) == x / y == quotient(x, inverse(y))


@given(*[st.floats(-1e100, 1e100)] * 3)
def test_a_fused_product_is_rounded_once(a: float, b: float, c: float) -> None:
    exact = Fraction(a) * Fraction(b) + Fraction(c)
    assert fused(a, b, c) == float(exact)


def test_the_compiled_product_is_fused() -> None:
    draw = np.random.default_rng(2)
    x, y = draw.uniform(0.5, 2.0, 1000), draw.uniform(0.5, 2.0, 1000)
    y[:500] = 1.0 / x[:500]  # the product is 1, but for what one rounding hides
    found = divided(x, y)[1]
    assert found.tolist() == [fused(a, b, -1.0) for a, b in zip(x, y, strict=True)]
    assert (found != x * y - 1.0).sum() > 400


def test_numbers_that_are_none_stay_so() -> None:
    assert math.isnan(fused(math.nan, 1.0, 1.0))
    assert fused(math.inf, 1.0, 1.0) == math.inf
    assert fused(1e200, -1e200, 1.0) == -math.inf
    assert math.copysign(1.0, fused(-1.0, 0.0, -0.0)) == -1.0


def test_the_limit_leaves_remainders_normal() -> None:
    """A quotient's remainder is 2^-106 of the dividend; 2^-116 below it cancels away."""
    assert SMALLEST_DIVIDEND == 2.0**-800
    assert sys.float_info.min <= SMALLEST_DIVIDEND * 2.0 ** -(106 + 116)
