"""The energy models of all boards: counts and joules by hand, placement, times, values given."""

from __future__ import annotations

import math
import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pynn_greenmorph.accounting.intervals import interval
from pynn_greenmorph.accounting.report import Report, make_report
from pynn_greenmorph.boards.comparators import load_comparator
from pynn_greenmorph.boards.profile import Board, list_boards, load_board
from pynn_greenmorph.errors import (
    BoardError,
    FidelityWarning,
    InvalidValueError,
    UnknownNameError,
)
from pynn_greenmorph.mapping.place import place
from tests.ledgers import Wires, make_ledger

LOIHI = load_board("loihi1")


def limited(board: Board, **limits: float) -> Board:
    """Return a board with other limits."""
    any_limit = next(iter(board.limits.values()))
    new = {name: replace(any_limit, name=name, value=value) for name, value in limits.items()}
    return replace(board, limits={**board.limits, **new})


def counts(report: Report) -> dict[str, int | None]:
    """Return the counts of the components."""
    return {name: line.count for name, line in report.components.items() if name != "static"}


#: A chip at the speed of its steps alone draws more than was ever measured, and that is said.
FREE = pytest.mark.filterwarnings("ignore:.*T_wall is a lower bound")


def small() -> Any:
    """Return 2 sources outside, then 12 neurons of which some fire; 100 steps of 1 ms."""
    wires = [
        Wires("in->a", [0, 0, 1], [2, 13, 2]),
        Wires("a->a", [2, 2, 2, 5, 13], [3, 6, 13, 5, 2], plastic=True),
    ]
    spikes = [10, 3, 4, 0, 0, 6, *[0] * 7, 1]
    return make_ledger([("in", "source", 2), ("a", "neuron", 12)], wires, spikes, steps=100)


@FREE
def test_loihi_by_hand() -> None:
    # 1 neuron a core, 2 cores a tile, 2 tiles in a row: neuron 2 + k sits on core k, tile k // 2.
    board = limited(LOIHI, neurons_per_core=1, cores_per_tile=2, mesh_width=2)
    report = make_report(small(), board=board)
    # Neuron 2 is on tile 0 at (0, 0), 3 on tile 0, 6 on tile 2 at (0, 1), 13 on tile 5 at (1, 2).
    events = (10 + 3) + 10 + (4 + 4 + 4 + 6 + 1)
    received = {2: 13 + 1, 13: 10 + 4, 3: 4, 6: 4, 5: 6}
    assert counts(report) == {
        "timesteps": 100,
        "active_updates": sum(received.values()),
        "inactive_updates": 1200 - sum(received.values()),
        "local_spikes": 4 + 6,  # 2 -> 3 and 5 -> 5; what comes from outside is not local
        "hops_ew": 10 * 1 + 4 * 1 + 1 * 1,  # outside -> 13, 2 -> 13, 13 -> 2
        "hops_ns": 10 * 2 + 4 * 1 + 4 * 2 + 1 * 2,
        "synaptic_events": events,
        "plastic_events": 19,
    }
    assert report.counters["deliveries"] == 10 + 10 + 3 + 4 * 3 + 6 + 1
    joules = {name: line.energy_j for name, line in report.components.items()}
    assert joules["hops_ew"] == pytest.approx(15 * 3.0e-12, rel=1e-12)
    assert joules["timesteps"] == pytest.approx(100 * 1.58e-6, rel=1e-12)
    assert report.populations["in"].energy_j == 0.0
    # The core of neuron 2: 100 updates, 14 of them active; 14 events, 1 plastic, 14 deliveries.
    busy = 14 * 8.4e-9 + 86 * 5.3e-9 + 14 * 3.5e-9 + 1 * 6.1e-9 + 14 * 2.1e-9
    other = 14 * 8.4e-9 + 86 * 5.3e-9 + 14 * 3.5e-9 + 4 * 6.1e-9 + 14 * 2.1e-9  # neuron 13
    route = 4.1e-9 + 2 * 6.5e-9
    barrier = 113e-9 + (465e-9 - 113e-9) * 5 / 63
    assert report.priced.wall.t_wall_s == pytest.approx(
        max(busy, other) + 100 * (route + barrier), rel=1e-12
    )
    assert report.static_j == pytest.approx(
        (0.0295 + 0.0668 + 0.0092) * report.priced.wall.t_wall_s, rel=1e-12
    )


@FREE
def test_loihi_at_its_usual_step() -> None:
    wires = [Wires("w", [0, 1], [2, 3])]
    fine, usual = (
        make_report(
            make_ledger([("a", "neuron", 9)], wires, [7] * 9, steps=steps, dt_ms=dt_ms),
            board="loihi",
        )
        for steps, dt_ms in ((10_000, 0.1), (1000, 1.0))
    )
    step = fine.priced.usual_step
    assert usual.priced.usual_step is None
    assert step is not None
    assert step.t_wall_s == usual.priced.wall.t_wall_s
    assert step.energy_j == pytest.approx(usual.energy_j, rel=1e-12)
    assert step.dynamic_j < fine.dynamic_j / 9


def test_a_speed_that_no_system_has_reached_is_said_in_the_same_words_for_all_networks() -> None:
    said = r"T_wall is a lower bound.*1144 to 2965 steps.*time_scale_factor"
    with pytest.warns(match=said) as first:
        free = make_report(small(), board="loihi")
    with pytest.warns(match=said) as second:
        make_report(make_ledger([("a", "neuron", 5)]), board="loihi")
    assert str(first[0].message) == str(second[0].message)  # so that Python shows it once
    rows = {row["kind"]: row for row in free.fidelity}
    speed = 100 / free.priced.wall.t_wall_s
    assert rows["speed"]["largest"] == pytest.approx(speed / 2965, rel=1e-9)
    assert "42 of 1 200 updates is an upper bound" in rows["upper bound"]["message"]
    assert "1.218 nJ" in rows["upper bound"]["message"]  # 42 * (81 - 52) pJ
    paced = make_report(small(), board="loihi", time_scale_factor=1)
    assert [row["kind"] for row in paced.fidelity] == ["upper bound"]
    # Steps that take so long are as fast as what was published; a profile of the user has no such.
    slow = {name: replace(one, value=1 / 3000) for name, one in LOIHI.latency.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make_report(make_ledger([("a", "neuron", 1)]), board=replace(LOIHI, latency=slow))
    with pytest.warns(match=r"is published\. Give time_scale_factor="):
        make_report(small(), board=replace(LOIHI, name="mine"))


def test_where_nobody_knows_how_many_cells_a_core_holds_the_report_says_so() -> None:
    ledger = make_ledger([("a", "neuron", 100_000), ("in", "source", 5)])
    report = make_report(ledger, board="spinnaker2")
    assert not report.priced.placement.known
    assert [use.what for use in report.priced.placement.usage] == []
    assert [row["kind"] for row in report.fidelity][-1] == "placement"
    with pytest.warns(FidelityWarning, match="fewest that there can be.*neurons_per_core="):
        least = make_report(ledger, board="spinnaker2", given={"chip_W": 1.0})
    known = make_report(
        ledger, board="spinnaker2", given={"chip_W": 1.0}, neurons_per_core={"a": 250}
    )
    assert "placement" not in {row["kind"] for row in known.fidelity}
    assert known.priced.placement.usage[0].used == 400
    assert known.static_j == pytest.approx(3 * least.static_j)  # 400 cores take 3 chips of 152


def test_a_chip_holds_several_populations_on_one_core_and_sources_outside() -> None:
    ledger = make_ledger([("a", "neuron", 300), ("in", "source", 50), ("b", "neuron", 200)])
    placed = place(ledger, load_board("brainscales2"))
    assert (placed.cores, placed.boards, placed.chips) == (1, 1, 1)
    assert set(placed.core[300:350].tolist()) == {-1}
    own = place(ledger, LOIHI, {"a": 100})
    assert np.bincount(own.core[own.core >= 0]).tolist() == [100, 100, 100, 200]


@FREE
def test_fan_in_ends_a_slice_and_a_neuron_with_too_many_inputs_sits_alone() -> None:
    # Neurons 10 to 15 take inputs from sources {0..2}, {2..4}, {5}, {0..6}, {9}, {9}.
    inputs = [range(3), range(2, 5), [5], range(7), [9], [9]]
    pre = [source for sources in inputs for source in sources]
    post = [10 + cell for cell, sources in enumerate(inputs) for _ in sources]
    ledger = make_ledger(
        [("in", "source", 10), ("a", "neuron", 6)], [Wires("w", pre * 2, post * 2)], [1] * 16
    )
    board = limited(LOIHI, fan_in_per_core=6)
    placed = place(ledger, board)
    assert placed.core[10:].tolist() == [0, 0, 0, 1, 2, 2]
    usage = {use.what: (use.used, use.limit) for use in placed.usage}
    assert usage["inputs of the fullest core"] == (7, 6)
    with pytest.warns(FidelityWarning, match="inputs of the fullest core: 7, but the board holds"):
        report = make_report(ledger, board=board)
    assert "capacity" in {row["kind"] for row in report.fidelity}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fits = make_report(ledger, board=limited(LOIHI, fan_in_per_core=7), time_scale_factor=1)
    assert fits.priced.placement.core[10:].tolist() == [0, 0, 0, 0, 1, 1]
    assert place(ledger.populations, board).cores == 1  # without the wiring fan-in is not known


def test_truenorth_goes_with_the_square_of_the_voltage() -> None:
    ledger = make_ledger([("a", "neuron", 256)], [Wires("w", [0] * 9, range(9))], [100] * 256)
    nominal, low = (make_report(ledger, board="truenorth", voltage_v=v) for v in (0.775, 0.75))
    expected = 0.0486 + 1000 * 2.01e-5 + 900 * 1.22e-12
    assert nominal.energy_j == pytest.approx(expected, rel=1e-12)
    assert low.energy_j == pytest.approx(expected * (0.75 / 0.775) ** 2, rel=1e-12)
    assert make_report(ledger, board="truenorth").energy_j == nominal.energy_j
    row = next(row for row in low.compare().rows if row.board == "truenorth")
    assert row.energy_j == pytest.approx(low.energy_j, rel=1e-12)
    assert "at 0.75 V" in str(low)
    # A slow-down that a 0.1 ms step causes makes the board tick no faster.
    fine = make_ledger([("a", "neuron", 256)], steps=10_000, dt_ms=0.1)
    assert make_report(fine, board="truenorth").priced.wall.t_wall_s == pytest.approx(10.0)
    with pytest.raises(InvalidValueError, match="only boards with"):
        make_report(ledger, board="loihi", voltage_v=0.75)
    for bad in (0, -1, math.nan, math.inf, "0.7", True, 0.38, 1.2, 750):
        with pytest.raises(InvalidValueError, match=r"voltage.*0\.3875 to 1\.1625.*750 mV"):
            make_report(ledger, board="truenorth", voltage_v=bad)  # type: ignore[arg-type]


def test_constant_power_lasts_as_long_as_the_accelerated_run() -> None:
    ledger = make_ledger([("a", "neuron", 600)], [], [5] * 600, steps=2000)
    bss = make_report(ledger, board="brainscales2", boundary="asic_spiking")
    assert bss.priced.wall.t_wall_s == pytest.approx(2e-3)
    assert bss.energy_j == pytest.approx(2 * 0.2 * 2e-3, rel=1e-12)  # 600 neurons take 2 chips
    assert bss.dynamic_j == 0.0
    assert bss.dynamic_interval_j == (0.0, 0.0)
    spikey = make_report(ledger, board="spikey")
    assert spikey.dynamic_j == pytest.approx(3000 * 4.39e-10, rel=1e-12)


def test_what_nobody_has_published_raises_and_can_be_given() -> None:
    report = make_report(small(), board="loihi2")
    assert report.missing == ("chip_W",)
    assert report.dynamic_j == pytest.approx(42 * 6.84e-12, rel=1e-12)
    for name in ("energy_j", "static_j", "interval_j", "static_interval_j"):
        with pytest.raises(BoardError, match=r"no value of chip_W is published.*given="):
            getattr(report, name)
    with pytest.raises(BoardError, match="chip_W"):
        report.components["static"].energy_j  # noqa: B018
    with pytest.raises(BoardError, match="chip_W"):
        report.uncertainty()
    assert "not published (chip_W)" in repr(report)
    assert any("neuron updates" in words for words in report.unpriced)
    assert "in no joule of this report: neuron updates" in str(report)
    given = make_report(small(), board="loihi2", given={"chip_W": (0.5, 0.1)})
    assert given.static_j == pytest.approx(0.5 * 0.1, rel=1e-12)
    assert given.components["static"].coefficients[0].source == "user"
    assert given.components["static"].coefficients[0].confidence == "user"
    half = 1.959964 * 0.1
    expected = (0.05 * (1 - half), 0.05 * (1 + half))
    assert given.static_interval_j == pytest.approx(expected, rel=0.02)
    row = next(row for row in given.compare().rows if row.board == "loihi2")
    assert row.energy_j == pytest.approx(given.energy_j, rel=1e-12)
    other = make_report(small(), given={"e_delivery": 1e-6})
    deliveries = other.counters["deliveries"]
    assert other.components["deliveries"].energy_j == pytest.approx(deliveries * 1e-6, rel=1e-12)
    assert "in place of 5.2e-07" in other.components["deliveries"].coefficients[0].note


@pytest.mark.parametrize(
    ("given", "error", "what"),
    [
        ({"chip_w": 1.0}, UnknownNameError, "'chip_w'.*chip_W"),
        ({"chip_W": -1.0}, InvalidValueError, r"given\['chip_W'\]"),
        ({"chip_W": math.nan}, InvalidValueError, "number >= 0"),
        ({"chip_W": "1"}, InvalidValueError, "number >= 0"),
        ({"chip_W": (1.0, -0.1)}, InvalidValueError, "relative standard deviation"),
        ({"chip_W": (1.0, 0.1, 0.1)}, InvalidValueError, "pair"),
        ([1], InvalidValueError, "not a mapping of values"),
    ],
)
def test_values_that_cannot_be_given(given: Any, error: type[Exception], what: str) -> None:
    with pytest.raises(error, match=what):
        make_report(small(), board="loihi2", given=given)


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"given": {"board_dc_W": 20.0}, "boundary": "boxed_board"}, "board_dc_W changes nothing"),
        ({"given": {"e_hop": 1e-9}}, r"e_hop changes nothing.*board_dc_W, e_neuron_update"),
        ({"given": {"core_busy_W": 0}}, r"core_busy_W.*> 0"),
        ({"given": {"leak_W": 0.05}, "voltage_v": 0.7, "board": "truenorth"}, "both given"),
    ],
)
def test_values_that_would_be_ignored_or_scaled_are_refused(options: Any, what: str) -> None:
    with pytest.raises(InvalidValueError, match=what):
        make_report(small(), **options)


def test_numbers_of_numpy_are_numbers() -> None:
    phases = {"load": {"duration_s": np.int64(4), "power_w": np.float32(3)}}
    report = make_report(
        small(), given={"board_dc_W": (np.int64(20), np.float32(0))}, phases=phases
    )
    assert report.phases["load"].energy_j == 12.0
    assert report.priced.static[0][0].value == 20.0
    assert type(report.to_dict()["given_phases"]["load"]["duration_s"]) is float


def test_phases_add_up_with_learning_apart_and_those_of_the_user() -> None:
    plain = make_report(small())
    assert list(plain.phases) == ["run", "learn"]
    assert plain.phases["learn"].energy_j == pytest.approx(19 * 1.97e-7, rel=1e-12)
    assert plain.left_out == ("building", "mapping", "loading", "read-out")
    phases = {"load": {"duration_s": 4.0}, "build": {"duration_s": 3.0, "power_w": 50.0}}
    report = make_report(small(), phases=phases)
    assert list(report.phases) == ["build", "load", "run", "learn"]
    assert report.left_out == ("mapping", "read-out")
    assert report.phases["load"].energy_j == pytest.approx(4 * 23.05, rel=1e-12)
    assert report.phases["build"].energy_j == pytest.approx(150.0, rel=1e-12)
    assert report.energy_j == pytest.approx(plain.energy_j + 150 + 4 * 23.05, rel=1e-12)
    assert sum(p.energy_j for p in report.phases.values()) == pytest.approx(report.energy_j)
    assert sum(c.energy_j for c in report.components.values()) == pytest.approx(report.energy_j)
    for name, total in report.counters.items():
        assert sum(part.counters[name] for part in report.phases.values()) == total
    # Only what is charged at the board's static power is as uncertain as that.
    watt, half = 23.05 * 4.1, 1.959964 * 0.08
    expected = (150 + watt * (1 - half), 150 + watt * (1 + half))
    assert report.static_interval_j == pytest.approx(expected, rel=0.01)
    known = make_report(small(), board="odin", phases=phases)
    with pytest.raises(BoardError, match="chip_W"):
        known.phases["load"].energy_j  # noqa: B018
    assert known.phases["build"].energy_j == 150.0


@pytest.mark.parametrize(
    ("phases", "error", "what"),
    [
        ({"mapp": {"duration_s": 1.0}}, UnknownNameError, "'mapp'"),
        ({"run": {"duration_s": 1.0}}, InvalidValueError, "modelled.*build, map, load, readout"),
        ({"map": {"duration_s": -1.0}}, InvalidValueError, "duration_s"),
        ({"map": {}}, InvalidValueError, "duration_s"),
        ({"map": 3.0}, InvalidValueError, "power_w"),
        ([1], InvalidValueError, "not a mapping of phases"),
        ({"map": {"duration": 1.0}}, UnknownNameError, "duration_s"),
        ({"map": {"duration_s": 1.0, "power_w": math.inf}}, InvalidValueError, "power_w"),
    ],
)
def test_phases_that_cannot_be_given(phases: Any, error: type[Exception], what: str) -> None:
    with pytest.raises(error, match=what):
        make_report(small(), phases=phases)


def test_compare_prices_all_boards_and_sets_bands_beside_them() -> None:
    comparison = make_report(small()).compare()
    rows = {row.board: row for row in comparison.rows}
    assert set(rows) == set(list_boards())
    for name, row in rows.items():
        assert (row.dynamic_j is None) == (name == "ideal")
        assert (row.energy_j is None) == (name == "ideal" or bool(row.missing)), name
    assert "not published (chip_W)" in str(comparison)
    bands = {band.device: band for band in comparison.bands}
    assert list(bands) == ["cpu", "gpu", "fpga"]
    # uJ for each of the 42 synaptic events, as published for the full-scale microcircuit.
    for device, low, high in (("cpu", 0.33, 9.94), ("gpu", 0.074, 2.06), ("fpga", 0.048, 0.284)):
        assert bands[device].low_j == pytest.approx(42e-6 * low, rel=0.02)
        assert bands[device].high_j == pytest.approx(42e-6 * high, rel=0.02)
        assert load_comparator(bands[device].lowest).device == device
    lines = [line for line in str(comparison).splitlines() if "different network" in line]
    assert len(lines) == 3
    assert "GPU (band of" in comparison._repr_html_()


def test_a_comparison_has_no_interval_and_no_band_from_nothing_to_nothing() -> None:
    nothing = make_report(make_ledger([("a", "neuron", 5)], steps=0)).compare()
    assert "0 J to 0 J" not in str(nothing)
    assert nothing.bands == ()
    row = next(row for row in nothing.rows if row.board == "spinnaker1_spinn5")
    assert (row.energy_j, row.interval_j, row.dynamic_interval_j) == (0.0, None, None)
    exact = make_report(small(), board="odin", given={"chip_W": 0.5}).compare()
    row = next(row for row in exact.rows if row.board == "odin")
    assert row.energy_j is not None
    assert row.interval_j is not None  # the dynamic part errs


def test_a_comparison_says_which_boards_are_strained() -> None:
    ledger = make_ledger([("a", "neuron", 300)], [], [1_000_000] * 300)
    rows = {row.board: row for row in make_report(ledger, board="odin").compare().rows}
    wide = make_ledger([("a", "neuron", 300)], [Wires("w", [0, 0], [0, 299])])
    row = {row.board: row for row in make_report(wide, board="odin").compare().rows}["truenorth"]
    assert row.subject.endswith("; cores that one neuron reaches: 2, but the board holds 1")
    assert rows["spinnaker1_spinn5"].subject.endswith("; 2 of 2 cores clamped at their power")
    assert rows["brainscales2"].subject.count(";") == 0


def test_first_order_and_monte_carlo_agree_where_the_energy_is_linear() -> None:
    ledger = make_ledger([("a", "neuron", 200)], [Wires("w", range(100), range(100))], [9] * 200)
    # 255 neurons at 1 MHz: their cores are at their cap, and the cap's spread is the board's.
    capped = make_ledger([("a", "neuron", 255)], [], [1_000_000] * 255)
    for counted, boundary, part in (
        (ledger, "board_dc", "total"),
        (ledger, "frame", "total"),
        (ledger, "frame", "static"),
        (ledger, "board", "dynamic"),
        (capped, "board", "dynamic"),
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FidelityWarning)
            found = make_report(counted, board="spinnaker", boundary=boundary).uncertainty(part)
        assert found.first_order_std_j == pytest.approx(found.std_j, rel=0.05)
        ends = found.first_order_interval_j
        assert ends == pytest.approx(found.interval_j, rel=0.05)
        assert sum(found.by_source.values()) == pytest.approx(1.0, rel=1e-12)
        assert sum(found.by_coefficient.values()) == pytest.approx(1.0, rel=1e-12)
    assert next(iter(found.by_coefficient)) == "core_busy_W"
    assert found.by_coefficient["core_busy_W"] == 1.0


def test_shares_of_variance_by_hand() -> None:
    ledger = make_ledger([("a", "neuron", 100)])
    found = make_report(ledger, board="spinnaker", boundary="frame").uncertainty()
    parts = {
        "SPINNMACHINE": (26.84 * 0.08 + 117 * 0.10 + 37.16 * 0.20) ** 2,
        "SNAB": (1e5 * 8.99e-8 * 0.10) ** 2,
    }
    whole = sum(parts.values())
    assert found.first_order_std_j == pytest.approx(math.sqrt(whole), rel=1e-12)
    assert found.by_source == pytest.approx({k: v / whole for k, v in parts.items()})
    spread = math.sqrt(parts["SPINNMACHINE"])
    assert found.by_coefficient["frame_idle_W"] == pytest.approx(11.7 * spread / whole)
    nothing = make_report(make_ledger([], steps=0)).uncertainty()
    assert (nothing.std_j, nothing.first_order_std_j, nothing.by_source) == (0.0, 0.0, {})
    with pytest.raises(UnknownNameError, match="'dynamics'"):
        make_report(ledger).uncertainty("dynamics")


def test_cell_types_without_a_published_update_are_named() -> None:
    report = make_report(make_ledger([("a", "neuron", 3)]))  # IF_curr_exp
    note = report.components["neuron_updates"].coefficients[0].note
    assert "no scale is published for IF_curr_exp" in note
    assert "IF_curr_exp_light_2013 0.29 [HOPP19]" in note
    assert "no scale is published for IF_curr_exp" in str(report)


def test_intervals_of_a_board_without_a_cap() -> None:
    report = make_report(make_ledger([("a", "neuron", 100)]), board="spinnaker2")
    spread = math.sqrt(math.log1p(0.3**2))
    ends = [1e5 * 2.19e-9 * math.exp(z * spread - spread**2 / 2) for z in (-1.959964, 1.959964)]
    assert interval(report.priced.samples.dynamic_j) == pytest.approx(tuple(ends), rel=0.02)
