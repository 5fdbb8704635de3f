"""Phases that the user gave: in the totals, and in no figure of the run."""

from __future__ import annotations

import numpy as np
import pytest

from pynn_greenmorph.accounting.embodied import SECONDS_PER_YEAR
from pynn_greenmorph.accounting.intervals import interval
from pynn_greenmorph.accounting.rates import rates
from pynn_greenmorph.accounting.report import make_report
from tests.ledgers import Wires, make_ledger

PHASES = {"load": {"duration_s": 60.0}, "build": {"duration_s": 5.0, "power_w": 100.0}}
LEDGER = make_ledger([("p", "neuron", 100)], [Wires("p->p", [0, 1], [2, 3])], [3] * 100)
PLAIN, GIVEN = make_report(LEDGER), make_report(LEDGER, phases=PHASES)


def test_rates_of_the_run_do_not_know_the_phases() -> None:
    alone, with_phases = (dict(rates(report.to_dict())) for report in (PLAIN, GIVEN))
    for name in ("per spike", "per synaptic event", "per biological second"):
        assert with_phases[name] == alone[name]
    assert with_phases["mean power during T_wall"] == alone["mean power during T_wall"]
    assert alone["mean power during T_wall"].startswith("23.06 W")
    assert with_phases["in kilowatt-hours"] == f"{GIVEN.energy_j / 3.6e6:.4g} kWh"


@pytest.mark.parametrize("part", ["total", "static"])
def test_the_spread_is_that_of_the_energy_beside_it(part: str) -> None:
    found = GIVEN.uncertainty(part)
    beside = GIVEN.interval_j if part == "total" else GIVEN.static_interval_j
    assert found.interval_j == beside
    # 61 s at a power known to 8 %; 500 J at a power of the user are exact.
    assert found.first_order_std_j == pytest.approx(61 * 23.05 * 0.08, rel=1e-3)
    assert found.std_j == pytest.approx(found.first_order_std_j, rel=0.03)
    middle = np.mean(found.first_order_interval_j)
    assert middle == pytest.approx(GIVEN.energy_j if part == "total" else GIVEN.static_j)


def test_boards_are_compared_by_the_run_alone() -> None:
    rows = {row.board: row for row in GIVEN.compare().rows}
    assert rows == {row.board: row for row in PLAIN.compare().rows}
    own = rows["spinnaker1_spinn5"]
    assert own.energy_j == PLAIN.energy_j
    assert own.interval_j == interval(PLAIN.priced.samples.energy_j)
    assert "energy of the run" in str(GIVEN.compare())


def test_an_explanation_multiplies_to_its_value() -> None:
    static = GIVEN.explain("static")
    assert static.formula.endswith("* T_wall + E_build + E_load")
    assert "E_build = 500 J: 100 W * 5 s, given by the user" in static.numbers
    assert "E_load = 1.383 kJ: P_static * 60 s, given by the user" in static.numbers
    build, load = GIVEN.explain("phases.build"), GIVEN.explain("phases.load")
    assert (build.formula, build.citations) == ("E = 100 W * 5 s", ())
    assert load.formula == "E = P_static * 60 s"
    assert [key for key, _ in load.citations] == ["SNAB"]
    assert "e_neuron_update" not in str(load)
    words = str(GIVEN)
    assert "A: build + load, mapping and read-out not included" in words
    assert "modelled: SpiNN-5 board, DC input [given by the user]" in words


def test_the_board_is_held_in_all_phases() -> None:
    n = GIVEN.nature(embodied_kg=10.0, lifetime_years=1.0)
    assert n.embodied_g == pytest.approx(10_000 * 66.0 / SECONDS_PER_YEAR)
