"""A report of the last run alone: all runs' counts add up to the session's."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from pynn_greenmorph.accounting.components import COUNTERS
from pynn_greenmorph.errors import ReportError, UnknownNameError


def network(sim: Any) -> tuple[Any, Any]:
    """Build a small network with long delays, so that spikes are in flight between runs."""
    sim.setup(timestep=0.1, seed=3)
    source = sim.Population(20, sim.SpikeSourcePoisson(rate=100.0), label="in")
    cells = sim.Population(30, sim.IF_curr_exp(), label="exc")
    connector = sim.FixedProbabilityConnector(0.3, rng=sim.NumpyRNG(seed=4))
    sim.Projection(source, cells, connector, sim.StaticSynapse(weight=2.0, delay=7.5))
    sim.Projection(cells, cells, connector, sim.StaticSynapse(weight=0.1, delay=3.0))
    return source, cells


def test_runs_add_up_to_the_session(sim: Any) -> None:
    _, cells = network(sim)
    totals = dict.fromkeys(COUNTERS, 0)
    seconds = 0.0
    for number, duration in enumerate((30.0, 0.1, 20.0, 25.0)):
        if number == 1:
            late = sim.Population(5, sim.IF_cond_exp(), label="late")
            sim.Projection(
                cells, late, sim.AllToAllConnector(), sim.StaticSynapse(weight=0.01, delay=2.0)
            )
        if number == 3:
            sim.reset()  # what was in flight never arrives
        sim.run(duration)
        report = sim.energy_report(scope="last run")
        assert report.scope == report.to_dict()["scope"] == "last run"
        assert report.to_dict()["time"]["t_bio_s"] == pytest.approx(duration * 1e-3)
        for name, value in report.counters.items():
            totals[name] += value
        seconds += report.priced.wall.t_wall_s
        assert report.host is not None
        assert report.host.runs == 1
    session = sim.energy_report()
    assert totals == session.counters
    assert totals["synaptic_events"] > 1000
    assert seconds == pytest.approx(session.priced.wall.t_wall_s)
    assert session.host.runs == 4
    assert "the last run alone" in " ".join(str(report).partition("\n\n")[0].split())
    assert session.populations["late"].counters["neuron_updates"] == 5 * 451


def test_the_only_run_is_the_session(sim: Any) -> None:
    network(sim)
    sim.run(20.0)
    one, all_ = sim.energy_report(scope="last run"), sim.energy_report()
    assert dataclasses.replace(one.priced.wall) == all_.priced.wall
    assert one.counters == all_.counters
    assert one.energy_j == all_.energy_j


def test_callbacks_are_part_of_their_run(sim: Any) -> None:
    network(sim)
    sim.run(5.0)
    sim.run(20.0, callbacks=[lambda t: t + 4.0])
    report = sim.energy_report(scope="last run")
    assert report.to_dict()["time"]["steps"] == 200
    assert report.host.runs == 1


def test_a_last_run_must_be_and_a_scope_be_known(sim: Any) -> None:
    network(sim)
    with pytest.raises(ReportError, match=r"no last run yet.*run\(\)"):
        sim.energy_report(scope="last run")
    with pytest.raises(UnknownNameError, match="'last run', 'session'"):
        sim.energy_report(scope="run")
    assert sim.energy_report().host is None


def test_citations_hold_the_grid_that_nature_took(sim: Any) -> None:
    network(sim)
    sim.run(5.0)
    assert "OWID" not in sim.cite()
    sim.energy_report().nature(country="DEU")
    assert "@misc{OWID," in sim.cite()


def test_host_energy_is_chosen_in_setup(sim: Any) -> None:
    sim.setup(host_energy="interval")
    sim.Population(3, sim.IF_curr_exp())
    sim.run(10.0)
    host = sim.energy_report().host
    assert host.method == "interval"
    assert 0 < host.interval_j[0] < host.interval_j[1]
    assert "this computer: estimated" in str(sim.energy_report())
    with pytest.raises(UnknownNameError, match="host_energy"):
        sim.setup(host_energy="guess")


def test_citations_name_the_sources_in_use(sim: Any) -> None:
    network(sim)
    sim.run(1.0)
    text = sim.cite()
    assert "@software{pynn_greenmorph," in text
    assert "@article{PyNN," in text
    assert "@article{SNAB," in text
    assert "MEROLLA14" in sim.cite(board="truenorth")
    with pytest.raises(UnknownNameError, match="board"):
        sim.cite(board="truenorht")
