"""Three conditions measured on a SpiNN-5 board, built and run as PyNN networks of their size.

Ostrau et al. (2022), doi:10.3389/fnins.2022.873935: the counts of our run must be
those that the published power belongs to, and the power that they predict must be
near it.
"""

from __future__ import annotations

import math
from typing import Any

import pytest

from pynn_greenmorph.accounting.cases import Case, read_cases
from pynn_greenmorph.accounting.report import Report

pytestmark = pytest.mark.slow

CASES = {case.id: case for case in read_cases().cases}
SECOND_MS = 1000.0


def check_power(report: Report, case: Case) -> None:
    """Check that the dynamic power of a run of one second is within 15 % of the published one."""
    assert report.priced.wall.t_wall_s == pytest.approx(1.0)
    measured = case.measured["power_w"] - report.static_j
    assert report.dynamic_j == pytest.approx(measured, rel=0.15)
    low, high = report.dynamic_interval_j
    assert low < measured < high


@pytest.fixture
def board(sim: Any) -> Any:
    """Return the simulator, set up with the step of the board."""
    sim.setup(timestep=1.0)  # exact, and priced on this board
    return sim


def test_non_spiking(board: Any) -> None:
    case = CASES["spinn5_non_spiking"]
    board.Population(63 * 255, board.IF_cond_exp(tau_refrac=2.0))
    board.run(SECOND_MS)
    report = board.energy_report()
    assert report.counters == {**dict.fromkeys(report.counters, 0), **case.rates}
    assert report.priced.placement.cores == case.cores
    check_power(report, case)


def test_full_spiking(board: Any) -> None:
    case = CASES["spinn5_full_spiking"]
    # Far above its threshold all the time and never refractory, a cell fires in every step.
    cell = board.IF_cond_exp(v_rest=0.0, v_reset=-60.0, v_thresh=-59.5, tau_m=20.0, tau_refrac=0.0)
    board.Population(63 * 255, cell, initial_values={"v": -60.0})
    board.run(SECOND_MS)
    report = board.energy_report()
    assert report.counters == {**dict.fromkeys(report.counters, 0), **case.rates}
    assert report.priced.placement.cores == case.cores
    check_power(report, case)


def test_input_all_to_all(board: Any) -> None:
    case = CASES["spinn5_input_A2A"]
    rate, sources, cores = 225.0, 30, case.cores
    inputs = board.Population(sources, board.SpikeSourcePoisson(rate=rate), label="inputs")
    cells = board.Population(cores * 250, board.IF_cond_exp(tau_refrac=2.0), label="cells")
    board.Projection(
        inputs, cells, board.AllToAllConnector(), board.StaticSynapse(weight=1e-7, delay=1.0)
    )
    board.run(SECOND_MS)
    report = board.energy_report(neurons_per_core={"cells": 250})
    found, published = report.counters, case.rates
    assert published is not None
    assert report.populations["cells"].counters["spikes"] == 0
    assert report.priced.placement.cores == cores + 1  # the sources sit on one more
    sent = report.populations["inputs"].counters["spikes"]
    assert found["deliveries"] == cores * sent
    for name in ("neuron_updates", "source_ticks"):
        assert found[name] == published[name]
    # Both the measured and our inputs are draws of a Poisson process of 6750 spikes.
    four_sigma = 4 * math.sqrt(2 * rate * sources)
    assert abs(found["deliveries"] - published["deliveries"]) < four_sigma * cores
    assert abs(found["synaptic_events"] - published["synaptic_events"]) < four_sigma * cores * 250
    assert (
        0 <= sent * cores * 250 - found["synaptic_events"] < 100 * cores * 250
    )  # still on its way
    check_power(report, case)
