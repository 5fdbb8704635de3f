"""The checks of the lessons: one answer is right, and all others are told so."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynn_greenmorph.course import check_answer

HINT = "Count the cells."
SLIPS = {50.0: "That is one cell."}
NUMBERS = st.one_of(st.integers(-(10**12), 10**12), st.floats(allow_nan=False))


@given(NUMBERS, st.integers(1, 10**9))
def test_one_answer_is_right_and_others_are_told_on_which_side_they_lie(
    answer: float, right: int
) -> None:
    said = check_answer(answer, right, HINT)
    if answer == right:
        assert said == "Exercise: correct."
    elif abs(answer) == float("inf"):
        assert said == f"Exercise: not yet. {answer} is not a number. {HINT}"
    else:
        side = "small" if answer < right else "large"
        assert said == f"Exercise: not yet. {answer} is too {side}. {HINT}"


@pytest.mark.parametrize("right", [500, 500.0, np.int64(500), np.float64(500)])
@pytest.mark.parametrize("answer", [500, 500.0, np.int64(500), np.float64(500)])
def test_any_kind_of_number_will_do(answer: float, right: float) -> None:
    assert check_answer(answer, right, HINT) == "Exercise: correct."


@pytest.mark.parametrize("answer", [50, 50.0, np.int32(50)])
def test_a_known_slip_has_its_own_words(answer: float) -> None:
    assert check_answer(answer, 500, HINT, SLIPS) == "Exercise: not yet. That is one cell."
    assert check_answer(50, 50, HINT, SLIPS) == "Exercise: correct."


@pytest.mark.parametrize("answer", [None, ...])
def test_no_answer_is_told_so(answer: object) -> None:
    said = check_answer(answer, 500, HINT)
    assert said == f"Exercise: no answer yet. {HINT} Write your number there, and run this again."


@pytest.mark.parametrize("answer", ["500", True, float("nan"), [500], 500j, print])
def test_what_is_no_number_is_told_so(answer: object) -> None:
    assert f"{answer!r} is not a number" in check_answer(answer, 500, HINT)
