"""Steps of all cell types: the same as plain Python and compiled, and right where a formula is."""

from __future__ import annotations

import inspect
import math
from typing import Any

import numpy as np
import pytest
from pyNN.standardmodels import cells as pynn_cells

from pynn_greenmorph.cells import hh_cond_exp
from pynn_greenmorph.cells._linear import expm1, psc_alpha_propagator
from pynn_greenmorph.engine.block_variants import makes_two_steps
from pynn_greenmorph.engine.generate import BLOCK
from pynn_greenmorph.registry import CellModel, cell_model, cell_models
from tests.kernels import run_block, run_counts

DT = 0.1
NEURONS = sorted(name for name, model in cell_models().items() if model.kind == "neuron")


@pytest.mark.parametrize("name", NEURONS)
def test_names_units_and_defaults_are_pynns(name: str) -> None:
    """Parameters, receptors, recordable states and initial values are those PyNN documents."""
    model, pynn = cell_model(name), getattr(pynn_cells, name)
    parameters = {parameter.name: parameter.default for parameter in model.parameters}
    assert parameters == pynn.default_parameters
    variables = {variable.name: variable for variable in model.variables}
    initial = {state: variable.initial for state, variable in variables.items()}
    assert initial == pynn.default_initial_values
    units = {p.name: p.unit for p in model.parameters} | {v.name: v.unit for v in model.variables}
    # PyNN names no unit for some parameters.
    assert {thing: units[thing] for thing in pynn.units} == pynn.units
    assert set(pynn.recordable) - {"spikes"} <= set(variables)
    assert model.conductance_based is pynn.conductance_based
    assert [receptor.name for receptor in model.receptors] == ["excitatory", "inhibitory"]


def random_block(model: CellModel, seed: int) -> tuple[np.ndarray, np.ndarray, Any, Any]:
    """State, constants, inputs and injected currents of 512 cells, drawn around the defaults."""
    draw = np.random.RandomState(seed)
    columns = {
        parameter.column: parameter.default * draw.uniform(0.9, 1.1, BLOCK)
        for parameter in model.parameters
    }
    assert model.derive is not None
    derived = model.derive(columns, DT)
    param = np.array([derived[name] for name in model.constants])
    state = np.zeros((len(model.states), BLOCK))
    for variable in model.variables:
        offset = columns[variable.offset] if variable.offset else 0.0
        spread = 40.0 * draw.uniform(0.0, 1.0, BLOCK) if variable.unit == "mV" else 0.0
        values = variable.initial + spread - offset
        state[model.states.index(variable.state)] = values / variable.scale
    for row, name in enumerate(model.states):
        if name.startswith(("g_", "dg_", "i_", "di_")):
            # A tenth are so large that the Runge-Kutta step is cut up.
            large = draw.uniform(size=BLOCK) < 0.1
            state[row] = draw.uniform(0.0, 50.0, BLOCK) * np.where(large, 300.0, 1.0)
        elif name in ("m", "h", "n"):
            state[row] = draw.uniform(0.0, 1.0, BLOCK)
        elif name in ("refractory", "pause"):
            state[row] = draw.randint(0, 2, BLOCK)
    inputs = 10.0 * draw.uniform(0.0, 1.0, (2, BLOCK)) * (draw.uniform(size=(2, BLOCK)) < 0.5)
    return state, param, inputs, 500.0 * draw.uniform(0.0, 1.0, BLOCK)


def plain_step(model: CellModel, known: dict[str, float]) -> tuple[list[float], int, bool]:
    """States, number of spikes, and whether the first of the methods, if any, did not hold."""
    assert model.step is not None
    names = [name for name in inspect.signature(model.step).parameters if name != "method"]
    values: dict[str, Any] = {name: float(known[name]) for name in names}
    if model.methods is None:
        *states, spikes = model.step(**values)
        return states, spikes, False
    *quick, last = model.methods
    *states, spikes, holds = model.step(**values, method=last)
    assert holds > 0
    for method in quick:
        *usual, holds = model.step(**values, method=method)
        assert usual == [*states, spikes] or holds <= 0
        if method is quick[0]:
            unusual = holds <= 0
    return states, spikes, unusual


@pytest.mark.parametrize("scalar", [False, True])
@pytest.mark.parametrize("name", NEURONS)
def test_the_kernel_does_what_the_plain_step_does(name: str, scalar: bool) -> None:
    """512 different cells, five steps: all states and spikes to the last bit."""
    model = cell_model(name)
    state, param, inputs, injected = random_block(model, 3)
    if scalar:
        param[:] = param[:, :1]
    total = unusual = 0
    for k in range(5):
        expected = state.copy()
        spikes = np.zeros(BLOCK, dtype=np.int32)
        for lane in range(BLOCK):
            known = dict(zip(model.states, state[:, lane].tolist(), strict=True))
            known |= dict(zip(model.constants, param[:, lane].tolist(), strict=True))
            known |= {"in_excitatory": inputs[0, lane], "in_inhibitory": inputs[1, lane]}
            known["i_inj_pa"] = injected[lane]
            expected[:, lane], spikes[lane], again = plain_step(model, known)
            unusual += again
        count, given = np.zeros(BLOCK, dtype=np.int32), inputs.copy()
        constants = param[:, 0].copy() if scalar else param
        spiked = run_block(
            model, scalar, state, constants, given, injected, count, BLOCK, 0, k, 0, 0
        )
        assert spiked == spikes.any()
        total += int(spikes.sum())
        np.testing.assert_array_equal(state, expected)
        np.testing.assert_array_equal(count, spikes)
        assert not given.any()
    assert total > 20
    assert (unusual > 0) is (model.methods is not None)


IN_TWOS = [name for name in NEURONS if makes_two_steps(cell_model(name), "exact")]


@pytest.mark.parametrize("scalar", [False, True])
@pytest.mark.parametrize("name", IN_TWOS)
def test_two_steps_at_once_are_those_of_the_plain_step(name: str, scalar: bool) -> None:
    """From counts of events, as large as a byte holds; states and spikes of either step."""
    model = cell_model(name)
    state, param, _, _ = random_block(model, 4)
    if scalar:
        param[:] = param[:, :1]
    constants = param[:, 0].copy() if scalar else param
    draw, weights = np.random.RandomState(7), np.array([0.3, -0.7])
    spiked, expected = np.zeros(2, dtype=int), state.copy()
    for k in range(0, 40, 2):
        counts = draw.poisson(1.0, (2, 2, BLOCK)).astype(np.uint8)
        counts[:, :, ::50] = 255
        spikes = np.zeros((2, BLOCK), dtype=np.int32)
        for lane in range(BLOCK):
            known: dict[str, Any] = dict(zip(model.constants, param[:, lane].tolist(), strict=True))
            for step in range(2):
                known |= dict(zip(model.states, expected[:, lane].tolist(), strict=True))
                inputs = counts[step, :, lane] * weights + 0.0
                known |= {"in_excitatory": inputs[0], "in_inhibitory": inputs[1], "i_inj_pa": 0.0}
                expected[:, lane], spikes[step, lane], _ = plain_step(model, known)
        once, twice = state.copy(), counts.copy()
        some, found = run_counts(model, scalar, state, constants, counts, weights, k)
        np.testing.assert_array_equal(state, expected)
        np.testing.assert_array_equal(found, spikes)
        assert some == spikes[0].any() + 2 * spikes[1].any()
        assert not counts.any()
        for step in range(2):
            one = twice[step : step + 1]
            some, found = run_counts(model, scalar, once, constants, one, weights, k + step)
            np.testing.assert_array_equal(found[0], spikes[step])
            assert some == spikes[step].any()
        np.testing.assert_array_equal(once, expected)
        assert not twice.any()
        spiked += spikes.any(axis=1)
    assert (spiked > 0).all()


def test_alpha_propagator_where_the_time_constants_meet() -> None:
    """Near the limit the formula of unequal time constants goes over into that of equal ones."""
    tau_m, c_m = np.array([10.0]), np.array([250.0])
    limit = DT * DT / 2.0 / 250.0 * math.exp(-DT / 10.0)
    assert psc_alpha_propagator(tau_m, tau_m, c_m, DT)[0] == pytest.approx(limit, rel=1e-14)
    for difference in (1e-10, 1e-7, 1e-4, -1e-10, -1e-7, -1e-4):
        near = psc_alpha_propagator(tau_m + difference, tau_m, c_m, DT)[0]
        assert near == pytest.approx(limit, rel=1e-5)


@pytest.mark.parametrize("s", [4.0, 5.0, -5.0])
def test_rates_at_their_removable_singularity(s: float) -> None:
    """a x/(exp(x/s) - 1) is a s at x = 0, and continuous there."""
    at_zero = hh_cond_exp.linoid(0.32, 0.0, s)
    assert at_zero == 0.32 * s
    for x in (1e-6, -1e-6):
        assert hh_cond_exp.linoid(0.32, x, s) == pytest.approx(at_zero, rel=1e-6)
    assert hh_cond_exp.linoid(0.32, 1e-300, s) == at_zero


def test_a_gate_moves_towards_its_open_fraction() -> None:
    """dy/dt is 0 at alpha/(alpha + beta), positive below and negative above."""
    assert hh_cond_exp.gate(0.3, 0.1, 0.75) == pytest.approx(0.0, abs=1e-16)
    assert hh_cond_exp.gate(0.3, 0.1, 0.5) > 0.0 > hh_cond_exp.gate(0.3, 0.1, 0.9)


@pytest.mark.parametrize("x", [0.0, 1e-300, 1e-9, -0.005, 0.3, -0.69, 0.7, -5.0, 20.0, -800.0])
def test_the_series_is_the_exponential_less_one(x: float) -> None:
    """Within a few units in the last place of the C library's function."""
    assert expm1(x) == pytest.approx(math.expm1(x), rel=1e-15, abs=0.0)
    assert expm1(800.0) > 1e307
    assert math.isnan(expm1(math.nan))
