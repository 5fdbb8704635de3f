"""Checks at the border, without a network: numbers, columns, spike times, seeds, deviations."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyNN.errors import InvalidParameterValueError
from pyNN.parameters import Sequence

from pynn_greenmorph.errors import FidelityWarning, InvalidValueError, UnknownNameError
from pynn_greenmorph.frontend.session import Session
from pynn_greenmorph.frontend.settings import (
    DEFAULT_SEED,
    check_extra,
    check_setup_times,
    check_threads,
    take_seed,
)
from pynn_greenmorph.frontend.values import (
    check_column,
    check_columns,
    check_spike_times,
    finite_number,
)
from pynn_greenmorph.mapping.fidelity import FidelityLog
from pynn_greenmorph.network import LARGEST_STEP
from pynn_greenmorph.registry import cell_model

MODEL = cell_model("IF_curr_exp")


@pytest.mark.parametrize("value", [3, 3.0, np.float32(3.0), np.int64(3)])
def test_numbers_are_taken_as_floats(value: Any) -> None:
    """Python's and NumPy's numbers alike."""
    number = finite_number(value, "x", positive=True)
    assert (number, type(number)) == (3.0, float)


@pytest.mark.parametrize("value", [None, "3", True, [3.0], np.array([3.0]), {}])
def test_what_is_no_number(value: Any) -> None:
    """Text, truth values and arrays are not numbers, whatever they hold."""
    with pytest.raises(TypeError, match=r"x is not a number.*\(ms\)"):
        finite_number(value, "x")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 0.0, -1.0])
def test_numbers_that_are_not_allowed(value: float) -> None:
    """Not finite, or not positive where that is asked for; the unit is in the message."""
    with pytest.raises(ValueError, match=r"setup\(\): x is not allowed.*positive.*\(mV\)"):
        finite_number(value, "x", positive=True, where="setup()", unit="mV")
    with pytest.raises(ValueError, match=r"positive finite number\."):
        finite_number(value, "x", positive=True, unit="")


def test_columns_are_new_and_complete() -> None:
    """A scalar fills the column; an array is copied."""
    (tau,) = [parameter for parameter in MODEL.parameters if parameter.name == "tau_m"]
    given = np.array([1.0, 2.0])
    column = check_column(MODEL, tau, given, 2)
    column[0] = 9.0
    assert given.tolist() == [1.0, 2.0]
    filled = check_column(MODEL, tau, 4, 3)
    assert (filled.tolist(), filled.dtype) == ([4.0] * 3, np.float64)
    filled[1] = 5.0  # writable, not a broadcast view
    assert filled.tolist() == [4.0, 5.0, 4.0]
    with pytest.raises(InvalidParameterValueError, match=r"tau_m.*cell 1.*greater than 0.*-2"):
        check_column(MODEL, tau, [1.0, -2.0], 2)


def test_the_first_cell_out_of_order_is_named() -> None:
    """v_reset must be below v_thresh in each cell."""
    (low, high), *_ = MODEL.ordered
    names = {parameter.name: parameter.column for parameter in MODEL.parameters}
    columns = {names[low]: np.array([-70.0, -50.0]), names[high]: np.array([-50.0, -50.0])}
    with pytest.raises(InvalidParameterValueError, match=f"{low} of cell 1 is not below {high}"):
        check_columns(MODEL, columns, 0.1)
    columns[names[low]][1] = -50.1
    check_columns(MODEL, columns, 0.1)


@pytest.mark.parametrize(
    "values", [Sequence([0.0, 2.0, 2.0]), [0, 2, 2], np.array([0.0, 2.0, 2.0])]
)
def test_spike_times_of_any_kind(values: Any) -> None:
    """Sequences, lists and arrays; equal times are two spikes; time 0 is allowed."""
    assert check_spike_times(values).tolist() == [0.0, 2.0, 2.0]


@pytest.mark.parametrize("name", ["seed", "rng_seed", "grng_seed", "native_rng_baseseed"])
def test_the_seed_is_taken_out(name: str) -> None:
    """However other backends spell it; None is no seed."""
    extra = {name: np.int64(5), "verbosity": 1}
    assert take_seed(extra) == 5
    assert extra == {"verbosity": 1}
    assert take_seed({name: None}) == take_seed({}) == DEFAULT_SEED
    assert take_seed({name: 2**64 - 1}) == 2**64 - 1


def test_setup_times_and_threads() -> None:
    """None and "auto" set no limit; a min_delay of one step, noisy or not, is allowed."""
    assert check_setup_times(0.1, "auto", None) == (0.1, "auto", "auto")
    assert check_setup_times(0.3, 0.1 + 0.2, 3) == (0.3, 0.1 + 0.2, 3.0)
    for threads in ("auto", 1, np.int64(8)):
        check_threads(threads)
    for threads in (0, -1, 2.0, True, "two"):
        with pytest.raises(InvalidValueError, match="threads"):
            check_threads(threads)


def test_a_slip_of_the_pen_is_not_an_argument_of_another_backend() -> None:
    """What looks like no known name passes, and is reported later."""
    check_extra({"spinnaker_hostname": "x", "use_cvode": True})
    for name in ("time_step", "minimum_delay", "thread", "rngseed"):
        with pytest.raises(UnknownNameError, match=name):
            check_extra({name: 1})


def test_one_warning_per_kind_and_one_row_per_place() -> None:
    """Counts add up, the largest deviation is kept, quiet rows do not warn, rows are copies."""
    log = FidelityLog()
    with pytest.warns(FidelityWarning, match="here: some text") as caught:
        log.add("kind", "here", "some text", count=2, largest=0.5, unit="ms")
    assert [warning.filename for warning in caught] == [__file__]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        log.add("kind", "there", "some text", largest=0.1, unit="ms")
        log.add("kind", "here", "other text", count=3, largest=0.4, unit="ms")
        log.add("quiet", "here", "no effect", quiet=True)
    rows = log.rows()
    assert [(row["kind"], row["where"], row["count"], row["largest"]) for row in rows] == [
        ("kind", "here", 5, 0.5),
        ("kind", "there", 1, 0.1),
        ("quiet", "here", 1, 0.0),
    ]
    rows[0]["count"] = 0
    assert log.rows()[0]["count"] == 5


@given(st.floats(1e-3, 10.0), st.integers(0, LARGEST_STEP))
def test_one_step_and_an_array_of_steps_have_the_same_time(dt_ms: float, step: int) -> None:
    """To the last bit: the times of spikes and samples are compared with that of ``run()``."""
    session = Session(dt_ms, seed=1, board="ideal", time_scale_factor=None)
    assert session.to_ms(step) == session.to_ms(np.array([step]))[0]
