"""How a number came about, what differs between two reports, and energy per functional unit."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import pytest

from pynn_greenmorph.accounting.explanation import paths
from pynn_greenmorph.accounting.numbers import quantity
from pynn_greenmorph.accounting.report import Report, make_report
from pynn_greenmorph.errors import InvalidValueError, ReportError, UnknownNameError
from tests.ledgers import Wires, make_ledger


def report(rate: int = 2, **options: Any) -> Report:
    """Return the report of 12 neurons and 3 sources with 3 synapses."""
    wires = [Wires("in->exc.a", [12, 13, 14], [0, 5, 11])]
    populations = [("exc.a", "neuron", 12), ("in", "source", 3)]
    return make_report(make_ledger(populations, wires, [rate] * 15), **options)


def test_deliveries_are_explained_with_count_coefficient_and_citation() -> None:
    made = report()
    found = made.explain("dynamic.deliveries")
    assert found.value == made.components["deliveries"].energy_j == pytest.approx(6 * 5.20e-7)
    assert found.interval == made.components["deliveries"].interval_j
    assert "N_deliveries * e_delivery" in found.formula
    text = str(found)
    assert "6 * 520 nJ = 3.12 uJ" in text
    assert "e_delivery = 520 nJ/(spike*target core) +- 25 % (confidence medium) [SNAB]" in text
    assert [key for key, _ in found.citations] == ["SNAB"]
    assert "Ostrau C" in text
    assert made.subject in text.splitlines()[0]


def test_every_path_is_explained_and_has_the_report_s_value() -> None:
    made = report()
    document = made.to_dict()
    values = {
        "total": made.energy_j,
        "static": made.static_j,
        "dynamic": made.dynamic_j,
        "time.t_wall_s": 1.0,
        "populations.exc.a": made.populations["exc.a"].energy_j,
        "projections.in->exc.a": made.projections["in->exc.a"].energy_j,
        "phases.run": made.phases["run"].energy_j,
    }
    assert set(values) < set(paths(document))
    for path in paths(document):
        found = made.explain(path)
        assert found.value == values.get(path, found.value)
        assert found.citations
        assert "formula" in str(found)
        assert "<pre>" in found._repr_html_()


def test_a_clamp_is_part_of_the_explanation() -> None:
    busy = make_ledger([("p", "neuron", 510)], [], [200_000] * 510)
    with pytest.warns(match="2 of 2 cores"):
        made = make_report(busy, board="spinnaker")
    words = " ".join(str(made.explain("dynamic.spikes")).split())
    # 510 cells with 200 000 spikes of 9.99 nJ each; the rest is 510 000 updates of 89.9 nJ.
    spikes_j, updates_j, cap_j = 102_000_000 * 9.99e-9, 510_000 * 89.9e-9, 2 * 0.047
    charged_j = made.components["spikes"].energy_j
    assert charged_j == pytest.approx(cap_j * spikes_j / (spikes_j + updates_j), rel=1e-12)
    assert (
        f"102 000 000 * 9.99 nJ = 1.019 J before the cap, of which {quantity(charged_j, 'J')} "
        "are charged"
    ) in words
    assert "2 cores are above their cap of 47 mW * 1 s = 47 mJ and are charged that" in words
    assert f"took {quantity(spikes_j + updates_j - cap_j, 'J')} from all events" in words
    dynamic = " ".join(str(made.explain("dynamic")).split())
    assert "core_busy_W = 47 mW" in dynamic
    assert "spikes: 102 000 000 * 9.99 nJ = 1.019 J before the cap" in dynamic
    factor = float(re.search(r"time_scale_factor=([\d.]+) would fit", words).group(1))  # type: ignore[union-attr]
    free = make_report(busy, board="spinnaker", time_scale_factor=factor)
    assert "before the cap" not in str(free.explain("dynamic.spikes"))


def test_what_is_not_published_is_said() -> None:
    made = report(board="brainscales1_wafer")
    document = made.to_dict()
    for path in paths(document):
        made.explain(path)
    unpublished = [name for name in ("total", "static") if made.explain(name).value is None]
    assert bool(unpublished) == bool(made.missing)


@pytest.mark.parametrize(
    "path", ["", "dynamic.delivery", "populations.exc", "../../etc", "static.x"]
)
def test_an_unknown_path_lists_all(path: str) -> None:
    with pytest.raises(UnknownNameError, match=r"(?s)unknown path.*'dynamic\.deliveries'.*'total'"):
        report().explain(path)


def test_what_is_no_path_and_no_report_is_said() -> None:
    made = report()
    assert made.explain("dynamic.static") == made.explain("static")
    with pytest.raises(InvalidValueError, match=r"explain\(\).*is a text.*Given: 3"):
        made.explain(3)  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError, match=r"diff\(\).*nothing to compare with.*Given: 5"):
        made.diff(5)  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError, match=r"to_neo\(\).*cannot be annotated.*Given: 5"):
        made.to_neo(5)


def test_a_difference_is_split_into_counts_and_prices(tmp_path: Path) -> None:
    before, after = report(2), report(6)
    rows = before.diff(after)
    row = rows["dynamic.synaptic_events"]
    assert (row.before_count, row.after_count) == (6, 18)
    assert row.change_j == pytest.approx(12 * 5.45e-9)
    assert row.from_counts_j == pytest.approx(row.change_j)
    assert row.from_prices_j == pytest.approx(0.0, abs=1e-20)
    total = sum(r.change_j for r in rows.rows if r.path.startswith("dynamic.") and r.change_j)
    assert total == pytest.approx(rows["dynamic"].change_j)
    assert rows.notes == ()
    assert "(6 to 18)" in str(rows)
    assert before.diff(after.to_dict()) == before.diff(after.to_json(tmp_path / "r.json")) == rows
    assert "no energy differs" in str(before.diff(before))
    dearer = before.diff(report(2, given={"e_syn_event": 10.9e-9}))["dynamic.synaptic_events"]
    assert dearer.from_counts_j == 0.0
    assert dearer.from_prices_j == pytest.approx(6 * 5.45e-9)


def test_a_difference_says_what_is_not_alike() -> None:
    rows = report().diff(report(boundary="boxed_board"))
    assert rows.notes == ("boundary: board_dc before, boxed_board after",)
    assert rows.subjects[1].endswith("boxed board at the wall")
    assert rows["static"].change_j == pytest.approx(31.88 - 23.05)
    other = report().diff(report(board="loihi1", time_scale_factor=1))
    assert any(row.before_j is None for row in other.rows)
    assert "<table>" in other._repr_html_()
    with pytest.raises(KeyError):
        rows["nothing"]


def test_energy_per_declared_unit() -> None:
    made = report()
    per = made.per("image", 100, accuracy=0.8)
    assert per.energy_j == pytest.approx(made.energy_j / 100)
    assert per.static_j is not None
    assert per.static_j + per.dynamic_j == pytest.approx(per.energy_j)
    assert per.correct_j == pytest.approx(made.energy_j / 80)
    assert per.interval_j == pytest.approx(tuple(end / 100 for end in made.interval_j))
    assert per.t_wall_s == pytest.approx(0.01)
    assert "declared functional unit: image: 100 in the run" in str(per)
    assert made.subject in str(per)
    assert made.per("trial", 1).correct_j is None
    assert "&lt;b&gt;" in made.per("<b>", 1)._repr_html_()


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("", 1), "no unit"),
        (("image", 0), "wrong n"),
        (("image", -3), "wrong n"),
        (("image", 1.5), "wrong n"),
        (("image", math.nan), "wrong n"),
        (("image", True), "wrong n"),
        (("image", "many"), "wrong n"),
        (("image", 1, 95), "95 % is 0.95"),
        (("image", 1, 0.0), "wrong accuracy"),
        (("image", 1, math.nan), "wrong accuracy"),
        (("image", 1, "good"), "wrong accuracy"),
    ],
)
def test_a_unit_that_means_nothing_raises(arguments: tuple[Any, ...], what: str) -> None:
    unit, n, *accuracy = arguments
    with pytest.raises(InvalidValueError, match=what):
        report().per(unit, n, **({"accuracy": accuracy[0]} if accuracy else {}))


def test_a_unit_of_nothing_raises() -> None:
    with pytest.raises(ReportError, match=r"nothing has been run.*run\(\)"):
        make_report(make_ledger([("p", "neuron", 1)], steps=0)).per("image", 1)
