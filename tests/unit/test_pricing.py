"""Pricing: deliveries, components, the cap per core, wall time, intervals, published cases."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pynn_greenmorph.accounting.charges import charge
from pynn_greenmorph.accounting.components import COUNTERS, components_of
from pynn_greenmorph.accounting.counting import Counting
from pynn_greenmorph.accounting.deliveries import count_deliveries
from pynn_greenmorph.accounting.intervals import draw, interval
from pynn_greenmorph.accounting.priced import Priced
from pynn_greenmorph.accounting.pricing import price
from pynn_greenmorph.accounting.report import make_report
from pynn_greenmorph.accounting.walltime import wall_time
from pynn_greenmorph.boards.profile import Timing, load_board
from pynn_greenmorph.errors import BoardError, InvalidValueError, UnknownNameError
from pynn_greenmorph.mapping.place import place
from tests.ledgers import Wires, make_ledger

SPINN5 = load_board("spinnaker1_spinn5")
COSTS = np.array([SPINN5.dynamic[c.coefficient].value for c in components_of(SPINN5)], np.float64)
CAP_W = 0.047


def energy(priced: Priced, component: str) -> float:
    """Return the joules of a component."""
    return float(priced.components_j[COUNTERS.index(component)])


def test_published_full_spiking_as_a_ledger() -> None:
    spikes = np.full(16_065, 1000)
    ledger = make_ledger([("exc", "neuron", 16_065)], [], spikes)
    priced = price(ledger, SPINN5)
    assert priced.placement.cores == 63
    assert priced.counters["neuron_updates"] == priced.counters["spikes"] == 16_065_000
    assert priced.dynamic_j == pytest.approx(16_065_000 * (8.99e-8 + 9.99e-9), rel=1e-12)
    assert priced.static_j == pytest.approx(23.05, rel=1e-12)


def test_stdp_digits_watts_by_component() -> None:
    # 784 sources, 800 neurons; rates per second, watts as published to a microwatt.
    rates = {
        "neuron_updates": 800_000,
        "source_ticks": 784_000,
        "spikes": 100,
        "deliveries": 9_281.3,
        "synaptic_events": 1_842_668,
        "plastic_events": 0.360326 / 1.97e-7,
    }
    watts = np.array([rates[name] for name in COUNTERS]) * COSTS
    expected = [0.07192, 0.049941, 0.000001, 0.004826, 0.010043, 0.360326]
    assert watts.tolist() == pytest.approx(expected, abs=1e-6)
    assert watts.sum() == pytest.approx(0.497057, abs=1e-6)


def test_every_component_is_priced_once_and_spikes_of_sources_are_not() -> None:
    populations = [("inp", "source", 2), ("exc", "neuron", 3)]
    wires = [
        Wires("inp->exc", [0, 0, 1], [2, 3, 4]),
        Wires("exc->exc", [2, 2], [3, 4], plastic=True),
    ]
    ledger = make_ledger(populations, wires, [10, 20, 5, 0, 7], steps=100)
    priced = price(ledger, SPINN5)
    assert priced.counters == {
        "neuron_updates": 300,
        "source_ticks": 200,
        "spikes": 42,
        "deliveries": 10 + 20 + 5,
        "synaptic_events": 10 * 2 + 20 + 5 * 2,
        "plastic_events": 10,
    }
    assert energy(priced, "neuron_updates") == pytest.approx(300 * 8.99e-8, rel=1e-12)
    assert energy(priced, "source_ticks") == pytest.approx(200 * 6.37e-8, rel=1e-12)
    assert energy(priced, "spikes") == pytest.approx(12 * 9.99e-9, rel=1e-12)
    assert energy(priced, "deliveries") == pytest.approx(35 * 5.20e-7, rel=1e-12)
    assert energy(priced, "synaptic_events") == pytest.approx(50 * 5.45e-9, rel=1e-12)
    assert energy(priced, "plastic_events") == pytest.approx(10 * 1.97e-7, rel=1e-12)
    assert priced.populations["inp"].energy_j == pytest.approx(200 * 6.37e-8, rel=1e-12)
    assert priced.populations["inp"].counters["spikes"] == 30
    exc = priced.projections["exc->exc"]
    assert exc.energy_j == pytest.approx(5 * 5.2e-7 + 10 * (5.45e-9 + 1.97e-7), rel=1e-12)
    run, learn = priced.phases["run"], priced.phases["learn"]
    assert learn.energy_j == pytest.approx(10 * 1.97e-7, rel=1e-12)
    total = priced.static_j + priced.dynamic_j
    assert run.energy_j + learn.energy_j == pytest.approx(total, rel=1e-12)


def test_a_core_reached_twice_is_billed_to_the_earlier_projection() -> None:
    populations = [("a", "neuron", 1), ("b", "neuron", 510)]
    wires = [
        Wires("first", [0, 0], [1, 2]),  # core 1
        Wires("second", [0, 0], [3, 300]),  # cores 1 and 2
        Wires("later", [0, 0], [4, 301], emitted=[2, *[0] * 510]),
    ]
    ledger = make_ledger(populations, wires, [9, *[0] * 510])
    priced = price(ledger, SPINN5)
    bills = [part.counters["deliveries"] for part in priced.projections.values()]
    assert bills == [9, 9, 0]
    assert priced.projections["later"].counters["synaptic_events"] == 4


def test_counts_stay_exact_beyond_float64() -> None:
    large = 2**53 + 1
    ledger = make_ledger([("p", "neuron", 2)], [Wires("p->p", [0, 0], [0, 1])], [large, 0])
    placed = place(ledger, SPINN5)
    routes = count_deliveries(ledger, placed.core)
    charges = charge(Counting(ledger, placed, routes), components_of(SPINN5))
    assert charges.counters[0]["spikes"] == large
    assert charges.counters[1]["deliveries"] == large
    assert charges.counters[1]["synaptic_events"] == 2 * large


@pytest.mark.parametrize("factor", [1.0, 3.0])
def test_a_core_draws_no_more_than_its_cap(factor: float) -> None:
    # Core 0 demands 1e6 * 9.99e-9 J * 255 = 2.5 J in a second, core 1 almost nothing.
    spikes = [1_000_000] * 255 + [0] * 255
    ledger = make_ledger([("p", "neuron", 510)], [], spikes)
    priced = price(ledger, SPINN5, time_scale_factor=factor)
    updates_j = 255 * 1000 * 8.99e-8
    demand = updates_j + 255e6 * 9.99e-9
    assert priced.dynamic_j == pytest.approx(CAP_W * factor + updates_j, rel=1e-12)
    assert priced.overrun.cores == 1
    assert priced.overrun.factor == pytest.approx(demand / (CAP_W * factor), rel=1e-12)
    assert priced.overrun.clamped_j == pytest.approx(demand - CAP_W * factor, rel=1e-12)
    fits = priced.overrun.fitting_factor
    assert fits == pytest.approx(demand / CAP_W, rel=1e-12)
    assert price(ledger, SPINN5, time_scale_factor=fits * 1.0001).overrun.cores == 0
    assert price(ledger, SPINN5, time_scale_factor=fits * 0.9999).overrun.cores == 1


def test_with_the_factor_that_fits_every_event_is_paid_for_and_the_clock_runs_longer() -> None:
    spikes = [1_000_000] * 255 + [0] * 255
    ledger = make_ledger([("p", "neuron", 510)], [], spikes)
    late = price(ledger, SPINN5)
    assert late.wall.factor == 1.0  # the clock is kept, and the power saturates
    fits = late.overrun.fitting_factor
    slow = price(ledger, SPINN5, time_scale_factor=fits)
    assert slow.wall.factor == fits > 50
    assert slow.static_j == pytest.approx(late.static_j * fits, rel=1e-12)
    demand = np.array([slow.counters[name] for name in COUNTERS]) @ COSTS
    assert slow.dynamic_j == pytest.approx(demand, rel=1e-9)
    assert late.dynamic_j + late.overrun.clamped_j == pytest.approx(demand, rel=1e-9)


def test_where_the_cap_binds_all_on_that_core_shrink_alike() -> None:
    wires = [Wires("p->p", [0] * 200, list(range(200)))]
    ledger = make_ledger([("p", "neuron", 200)], wires, [100_000, *[0] * 199])
    priced = price(ledger, SPINN5)
    counts = np.array([priced.counters[name] for name in COUNTERS])
    demand = counts * COSTS
    assert demand.sum() > CAP_W
    expected = demand * CAP_W / demand.sum()
    assert priced.components_j.tolist() == pytest.approx(expected.tolist(), rel=1e-12)


@pytest.mark.parametrize(
    ("dt_ms", "asked", "factor", "reason", "honoured"),
    [
        (1.0, None, 1.0, "real time", True),
        (2.0, None, 1.0, "real time", True),
        (0.1, None, 10.0, "smallest real-time step 1 ms / 0.1 ms", True),
        (0.1, 20.0, 20.0, "given by the user", True),
        (0.1, 5.0, 10.0, "smallest real-time step", False),
        (1.0, 1, 1.0, "real time", True),
        (1.0, 4, 4.0, "given by the user", True),
    ],
)
def test_wall_time(
    dt_ms: float, asked: float | None, factor: float, reason: str, honoured: bool
) -> None:
    wall = wall_time(SPINN5, dt_ms, 2.0, asked)
    assert wall.factor == pytest.approx(factor)
    assert wall.t_wall_s == pytest.approx(2.0 * factor)
    assert reason in wall.reason
    assert wall.honoured is honoured


@pytest.mark.parametrize("bad", [0.5, 0, -1, math.nan, math.inf, True])
def test_a_factor_that_is_no_slow_down_raises(bad: float) -> None:
    with pytest.raises(InvalidValueError, match="time_scale_factor"):
        wall_time(SPINN5, 1.0, 1.0, bad)


def test_wall_time_of_other_boards() -> None:
    fast = replace(SPINN5, time=Timing("accelerated", speedup=1000.0))
    assert wall_time(fast, 0.1, 2.0).t_wall_s == pytest.approx(2e-3)
    with pytest.raises(InvalidValueError, match="cannot run slower"):
        wall_time(fast, 0.1, 2.0, 2.0)
    free = replace(SPINN5, time=Timing("as_fast_as_possible"))
    assert wall_time(free, 0.1, 2.0, steps_take_s=0.5).t_wall_s == 0.5
    paced = wall_time(free, 0.1, 2.0, 3.0, steps_take_s=0.5)
    assert (paced.t_wall_s, paced.honoured) == (6.0, True)
    late = wall_time(free, 0.1, 2.0, 3.0, steps_take_s=7.0)
    assert (late.t_wall_s, late.honoured) == (7.0, False)
    for unknown in (free, replace(SPINN5, time=Timing("accelerated", speedup=None))):
        wall = wall_time(unknown, 0.1, 2.0)
        assert wall.t_wall_s == 2.0
        assert "no speed is published" in wall.reason
    with pytest.raises(BoardError, match="does not say how the board's time runs"):
        wall_time(replace(SPINN5, time=None), 0.1, 2.0)
    for dt_ms in (math.nan, 0.0, -1.0):
        with pytest.raises(InvalidValueError, match="not a finite number"):
            wall_time(SPINN5, dt_ms, 1.0)


def test_static_energy_by_boundary_boards_and_frames() -> None:
    ledger = make_ledger([("p", "neuron", 769)], steps=2000)
    one = {"board_dc": 23.05, "board": 26.84, "boxed_board": 31.88, "frame": 26.84 + 117 + 37.16}
    for boundary, watt in one.items():
        assert price(ledger, SPINN5, boundary).static_j == pytest.approx(2 * watt, rel=1e-12)
    two = {"board_dc": 46.1, "frame": 2 * 26.84 + 117 + 37.16}
    for boundary, watt in two.items():
        priced = price(ledger, SPINN5, boundary, neurons_per_core=1)
        assert priced.placement.boards == 2
        assert priced.static_j == pytest.approx(2 * watt, rel=1e-12)
    assert "2 x SpiNN-5 board" in priced.subject
    with pytest.raises(UnknownNameError, match="'boxed'"):
        price(ledger, SPINN5, "boxed")


def test_the_price_at_the_usual_step() -> None:
    populations = [("inp", "source", 5), ("p", "neuron", 10)]
    wires = [Wires("inp->p", [0, 1], [6, 7])]
    spikes = [3] * 15
    fine = price(make_ledger(populations, wires, spikes, steps=10_000, dt_ms=0.1), SPINN5)
    usual = price(make_ledger(populations, wires, spikes, steps=1000, dt_ms=1.0), SPINN5)
    assert usual.usual_step is None
    assert fine.usual_step is not None
    assert fine.usual_step.dt_ms == 1.0
    assert fine.usual_step.t_wall_s == pytest.approx(1.0)
    assert fine.wall.t_wall_s == pytest.approx(10.0)
    assert fine.usual_step.static_j == pytest.approx(usual.static_j, rel=1e-12)
    assert fine.usual_step.dynamic_j == pytest.approx(usual.dynamic_j, rel=1e-12)
    assert fine.usual_step.energy_j < fine.static_j


def lognormal(mean: float, rel_std: float) -> tuple[float, float]:
    """Return the exact central 95 % interval of a lognormal distribution."""
    spread = math.sqrt(math.log1p(rel_std**2))
    ends = [mean * math.exp(z * spread - spread**2 / 2) for z in (-1.959964, 1.959964)]
    return ends[0], ends[1]


def test_interval_of_powers_is_normal_and_of_events_lognormal() -> None:
    priced = price(make_ledger([("p", "neuron", 100)]), SPINN5, "boxed_board")
    half = 1.959964 * 0.05
    expected = (31.88 * (1 - half), 31.88 * (1 + half))
    assert interval(priced.samples.static_j) == pytest.approx(expected, rel=0.01)
    expected = lognormal(1e5 * 8.99e-8, 0.10)
    assert interval(priced.samples.dynamic_j) == pytest.approx(expected, rel=0.01)
    assert priced.samples.dynamic_j.mean() == pytest.approx(priced.dynamic_j, rel=0.005)
    assert priced.samples.static_j.mean() == pytest.approx(priced.static_j, rel=0.005)


def test_draws_of_many_equal_cores_add_up() -> None:
    # 70 full cores with the same counts, one with others, none of them near the cap.
    ledger = make_ledger([("p", "neuron", 70 * 255 + 9)], steps=100)
    samples = price(ledger, SPINN5).samples
    expected = lognormal((70 * 255 + 9) * 100 * 8.99e-8, 0.10)
    assert interval(samples.dynamic_j) == pytest.approx(expected, rel=0.01)


def test_numbers_of_one_source_err_together() -> None:
    ledger = make_ledger([("p", "neuron", 16_000)], [], np.full(16_000, 50))
    same = price(ledger, SPINN5, "board_dc").samples  # static and dynamic from SNAB
    static, dynamic, total = (interval(x) for x in (same.static_j, same.dynamic_j, same.energy_j))
    assert total[0] == pytest.approx(static[0] + dynamic[0], rel=1e-9)
    assert total[1] == pytest.approx(static[1] + dynamic[1], rel=1e-9)
    other = price(ledger, SPINN5, "board").samples  # static from SPINNMACHINE
    assert abs(np.corrcoef(other.static_j, other.dynamic_j)[0, 1]) < 0.05
    assert np.corrcoef(same.static_j, same.dynamic_j)[0, 1] > 0.99


def test_a_source_is_one_on_all_boards_and_sources_have_nothing_to_do_with_each_other() -> None:
    ledger = make_ledger([("p", "neuron", 100)])
    names = ("spinnaker1_spinn3", "spinnaker1_spinn5", "truenorth", "loihi1")
    powers = {name: price(ledger, load_board(name)).static for name in names}
    draws: dict[str, list[Any]] = {}
    for name, parts in powers.items():
        for coefficient, joule in parts:
            static = [(coefficient, joule)]
            sample = draw(static, [], None, np.zeros((1, 0)), 1.0).static_j
            draws.setdefault(coefficient.source, []).append((name, (sample / joule - 1)))
    first = {source: rows[0][1] for source, rows in draws.items()}
    assert len(first) >= 3
    for source, rows in draws.items():
        for _, row in rows:
            assert np.corrcoef(row, first[source])[0, 1] > 0.9999
            others = [np.corrcoef(row, one)[0, 1] for key, one in first.items() if key != source]
            assert np.abs(others).max() < 0.05


def test_two_values_of_the_user_do_not_err_together() -> None:
    given = {"board_dc_W": (0.02, 0.1), "e_neuron_update": (1e-6, 0.1)}  # 20 mJ each
    report = make_report(make_ledger([("p", "neuron", 20)]), given=given)
    samples, spread = report.priced.samples, report.uncertainty()
    assert abs(np.corrcoef(samples.static_j, samples.dynamic_j)[0, 1]) < 0.05
    assert spread.first_order_std_j == pytest.approx(math.hypot(2e-3, 2e-3))
    assert spread.by_source == pytest.approx(
        {"user:board_dc_W": 0.5, "user:e_neuron_update": 0.5, "SNAB": 0.0}
    )


def test_an_interval_knows_the_cap() -> None:
    ledger = make_ledger([("p", "neuron", 255)], [], np.full(255, 1_000_000))
    priced = price(ledger, SPINN5)
    assert priced.dynamic_j == pytest.approx(CAP_W)
    half = 1.959964 * 0.10
    expected = (CAP_W * (1 - half), CAP_W * (1 + half))
    assert interval(priced.samples.dynamic_j) == pytest.approx(expected, rel=0.01)


def test_intervals_are_the_same_every_time() -> None:
    ledger = make_ledger([("p", "neuron", 300)], [], np.arange(300))
    first, second = (price(ledger, SPINN5).samples for _ in range(2))
    assert np.array_equal(first.energy_j, second.energy_j)


@pytest.mark.parametrize(
    "populations", [[], [("p", "neuron", 0)], [("p", "neuron", 3)]], ids=["none", "empty", "idle"]
)
def test_nothing_has_run(populations: list[Any]) -> None:
    priced = price(make_ledger(populations, steps=0), SPINN5)
    assert priced.static_j == priced.dynamic_j == 0.0
    assert interval(priced.samples.energy_j) == (0.0, 0.0)
    assert priced.overrun.factor == 0.0


def test_boards_without_a_price_say_so() -> None:
    ledger = make_ledger([("p", "neuron", 3)])
    with pytest.raises(BoardError, match="'ideal' has no pricing"):
        price(ledger, load_board("ideal"))
    unknown = replace(SPINN5.static["board_dc_W"], value=None)
    board = replace(SPINN5, static={**SPINN5.static, "board_dc_W": unknown})
    priced = price(ledger, board)
    assert priced.dynamic_j == price(ledger, SPINN5).dynamic_j
    for joules in (lambda: priced.static_j, lambda: priced.phases["run"].energy_j):
        with pytest.raises(BoardError, match=r"no value of board_dc_W is published.*given="):
            joules()
