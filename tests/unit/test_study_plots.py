"""Plots of a study: every mark stands where its number belongs, whatever the numbers."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynn_greenmorph.accounting.experiments.plots import study_plots
from pynn_greenmorph.accounting.experiments.sensitivity import Sensitivity, ValueLine

SVG = "{http://www.w3.org/2000/svg}"
FINITE = st.floats(allow_nan=False, allow_infinity=False)


def line(value: str, joule: float | None, **results: list[float]) -> ValueLine:
    threes = {name: (min(x), sum(x) / len(x), max(x)) for name, x in results.items()}
    return ValueLine(value, 1, 1, joule, joule, "(mine)", threes)


def plots(*lines: ValueLine, name: str = "tau") -> list[ET.Element]:
    drawn = study_plots([Sensitivity(name, lines, {})])
    return list(ET.fromstring(f"<div>{drawn}</div>"))


@given(
    rows=st.lists(st.lists(FINITE, min_size=1, max_size=3), min_size=2, max_size=8),
)
def test_marks_stand_where_their_numbers_belong(rows: list[list[float]]) -> None:
    rows = [[x / 4 for x in row] for row in rows]  # so that a sum of them is finite
    lines = [line(str(n), 1.0, accuracy=row) for n, row in enumerate(rows)]
    _, figure = plots(*lines)
    svg = figure.find(f"{SVG}svg")
    if svg is None:
        assert max(abs(x) for row in rows for x in row) > 1e290
        assert "too large to be drawn" in "".join(figure.itertext())
        return
    marks = [float(rect.get("x", "")) + 4 for rect in svg.iter(f"{SVG}rect")]
    whiskers = [each for each in svg.iter(f"{SVG}line") if each.get("class") == "whisker"]
    ends = [(float(each.get("x1", "")), float(each.get("x2", ""))) for each in whiskers]
    assert len(marks) == len(ends) == len(rows)
    assert all(0 <= x <= 340 for x in [*marks, *(x for two in ends for x in two)])
    # A linear axis keeps ratios of distances: compared with those of the numbers.
    numbers = [
        (x, n)
        for (low, high), row in zip(ends, rows, strict=True)
        for x, n in ((low, min(row)), (high, max(row)))
    ]
    numbers += [(x, sum(row) / len(row)) for x, row in zip(marks, rows, strict=True)]
    (left, least), (right, most) = (
        min(numbers, key=lambda e: e[1]),
        max(numbers, key=lambda e: e[1]),
    )
    if most > least and right - left > 1:
        for x, number in numbers:
            share = (number / 2 - least / 2) / (most / 2 - least / 2)
            assert x == pytest.approx(left + share * (right - left), abs=0.3)


def test_what_is_not_known_is_not_drawn_and_names_stay_words() -> None:
    name = "<script>alert(1)</script>\x1b"
    lines = [line("1", None, loss=[0.5]), line('"<b>"', 2.0), line("3", 4.0, loss=[1.0, 2.0])]
    drawn = study_plots([Sensitivity(name, tuple(lines), {})])
    assert "<script" not in drawn
    assert "\x1b" not in drawn
    assert not re.search(r"(href|src|url)\s*[=(]", drawn)
    energy, loss = plots(*lines, name=name)
    assert [len(list(each.iter(f"{SVG}rect"))) for each in (energy, loss)] == [2, 2]
    assert "<b>" in "".join(energy.itertext())


def test_many_values_are_drawn_in_part_and_it_is_said() -> None:
    energy, accuracy = plots(*(line(str(n), n + 1.0, accuracy=[n]) for n in range(100)))
    for each in (energy, accuracy):
        words = [text.text for text in each.iter(f"{SVG}text")]
        assert len(list(each.iter(f"{SVG}rect"))) == 16
        assert {"0", "99"} <= set(words)
        assert "16 of 100 values" in "".join(each.itertext())
