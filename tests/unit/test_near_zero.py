"""Conductances that decay towards 0 have the bits of denormal numbers."""

from __future__ import annotations

import math
import sys
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pynn_greenmorph.cells import _decay, _near_zero
from pynn_greenmorph.cells._division import SMALLEST_DIVIDEND, inverse
from pynn_greenmorph.cells._near_zero import lowered, near_product, near_quotient, raised
from pynn_greenmorph.cells._sub_steps import SMALLEST_POTENTIAL
from pynn_greenmorph.engine.generate import BLOCK
from pynn_greenmorph.registry import cell_model
from tests.kernels import run_block
from tests.unit.test_cell_steps import plain_step, random_block

MODELS = ["IF_cond_exp", "IF_cond_alpha", "IF_cond_exp_gsfa_grr"]


def near(largest: int, smallest: int = -1074) -> st.SearchStrategy[float]:
    """0 and positive numbers up to a power of two, all powers as often."""
    powers = st.integers(smallest, largest - 1)
    numbers = st.builds(math.ldexp, st.floats(1.0, 2.0, exclude_max=True), powers)
    return numbers | st.integers(0, 300).map(lambda units: units * 2.0**-1074)


quiet = near(-750)
signed = st.builds(math.copysign, quiet, st.sampled_from([1.0, -1.0]))
factor = st.floats(1e-4, 100.0) | st.sampled_from([0.5, 0.25, 1.5, 0.1])
step_ms = st.sampled_from([0.1, 1.0, 0.01, 0.03])
tau_ms = st.floats(0.1, 1000.0) | st.sampled_from([2.0, 5.0, 0.5, 1.5])


def test_the_limits_are_powers_of_two() -> None:
    assert (_near_zero.UP, _near_zero.DOWN) == (2.0**600, 2.0**-600)
    assert sys.float_info.min == _near_zero.SMALLEST_NORMAL * _near_zero.DOWN
    assert _near_zero.HALF_UNIT == 2.0**-53
    assert (SMALLEST_DIVIDEND, _decay.LARGEST_PAIR) == (2.0**-800, 2.0**-750)
    assert SMALLEST_POTENTIAL == 2.0**-400


@given(signed)
def test_raised_numbers_are_exact_and_come_back(x: float) -> None:
    assert Fraction(raised(x)) == Fraction(x) * 2**600
    assert lowered(raised(x)) == x


@given(factor, signed)
@example(0.5, 3 * 2.0**-1074)
@example(0.5, 5 * 2.0**-1074)
def test_products_are_those_of_the_numbers_themselves(a: float, x: float) -> None:
    assert lowered(near_product(a, raised(x))) == a * x
    assert lowered(near_product(-a, raised(x))) == -a * x


@given(signed, tau_ms | st.builds(math.nextafter, tau_ms, st.just(0.0)))
@example(3 * 2.0**-1074, 2.0)
@example(3 * 2.0**-1074, math.nextafter(2.0, 0.0))
@example(3 * 2.0**-1074, math.nextafter(2.0, 3.0))
@example(-5 * 2.0**-1074, math.nextafter(2.0, 3.0))
def test_quotients_are_those_of_the_numbers_themselves(x: float, y: float) -> None:
    assert lowered(near_quotient(raised(x), inverse(y))) == x / y


@given(step_ms, quiet, tau_ms)
def test_decay_is_that_of_the_numbers_themselves(h: float, g: float, tau: float) -> None:
    expected = _decay.plain_decay(h, g, inverse(tau))[1]
    assert _decay.quiet_decay(h, g, inverse(tau))[1] == expected or g >= SMALLEST_DIVIDEND


@given(step_ms, quiet, quiet, tau_ms)
def test_alpha_shapes_are_those_of_the_numbers_themselves(
    h: float, dg: float, g: float, tau: float
) -> None:
    _, *found, error, _ = _decay.quiet_alpha(h, dg, g, inverse(tau))
    assert error < 1.0
    assert found == list(_decay.plain_alpha(h, dg, g, inverse(tau))[1:3])


def test_a_pair_too_far_apart_is_left_to_division() -> None:
    for pair in ((1.0, 2.0**-1000), (2.0**-1000, 1.0)):
        assert math.inf in _decay.quiet_alpha(0.1, *pair, inverse(5.0))


@pytest.mark.parametrize("scalar", [False, True])
@pytest.mark.parametrize("name", MODELS)
def test_blocks_with_quiet_cells_do_what_the_plain_step_does(name: str, scalar: bool) -> None:
    """Conductances from 0 over denormal to usual ones, side by side, some with input."""
    model = cell_model(name)
    state, param, inputs, injected = random_block(model, 5)
    draw = np.random.default_rng(5)
    if scalar:
        param[:] = param[:, :1]
    rows = [k for k, state_name in enumerate(model.states) if state_name.startswith(("g_", "dg_"))]
    for row in rows:
        powers = draw.integers(-1074, -700, BLOCK)
        values = draw.uniform(1.0, 2.0, BLOCK) * 2.0**powers
        state[row] = np.where(draw.uniform(size=BLOCK) < 0.7, values, state[row])
    # A tenth of the cells at rest, with no current but those of the quiet conductances.
    resting = np.flatnonzero(draw.uniform(size=BLOCK) < 0.1)
    state[0, resting] = param[model.constants.index("v_rest_mv"), resting]
    param[model.constants.index("i_offset_pa")] = 0.0
    injected[resting] = 0.0
    state[0, resting[:3]] = 0.0, 2.0**-1070, -(2.0**-500)
    inputs *= draw.uniform(size=inputs.shape) < 0.1
    assert model.methods is not None
    compared = (0, 39)
    for k in range(40):
        expected = state.copy()
        for lane in range(BLOCK) if k in compared else ():
            known = dict(zip(model.states, state[:, lane].tolist(), strict=True))
            known |= dict(zip(model.constants, param[:, lane].tolist(), strict=True))
            known |= {"in_excitatory": inputs[0, lane], "in_inhibitory": inputs[1, lane]}
            known["i_inj_pa"] = injected[lane]
            expected[:, lane] = plain_step(model, known)[0]
        constants = param[:, 0].copy() if scalar else param
        count = np.zeros(BLOCK, dtype=np.int32)
        assert (
            run_block(model, scalar, state, constants, inputs, injected, count, BLOCK, 0, k, 0, 0)
            >= 0
        )
        if k in compared:
            np.testing.assert_array_equal(state, expected)
