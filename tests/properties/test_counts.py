"""Every count of the ledger equals a brute-force count, on random networks."""

from __future__ import annotations

import warnings
from collections import Counter
from typing import Any

import numpy as np
import pyNN.greenmorph as sim
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

DT = 0.5
PER_CORE = 4


class Book:
    """Keeps what happened: spikes by trial, and each projection's values over time."""

    def __init__(self) -> None:
        self.step = 0
        self.total = 0
        self.trial = 0
        self.values: list[tuple[Any, tuple[int, int], np.ndarray, np.ndarray, np.ndarray]] = []

    def note(self, projection: Any) -> None:
        """The projection has these values for spikes emitted from now on."""
        group = projection._group
        since = (self.trial, self.step or -1)
        row = (projection, since, group.pre.copy(), group.post.copy(), group.delay_steps.copy())
        self.values.append(row)


def random_network(draw: np.random.RandomState, record: bool) -> tuple[list[Any], list[Any], Book]:
    sim.setup(timestep=DT, seed=int(draw.randint(1000)))
    book = Book()
    populations = [
        sim.Population(
            int(draw.randint(1, 9)),
            sim.IF_curr_exp(i_offset=float(draw.uniform(0, 4)), tau_refrac=1.0),
            label="same",
        )
        for _ in range(int(draw.randint(1, 3)))
    ]
    populations.append(
        sim.Population(int(draw.randint(1, 6)), sim.SpikeSourcePoisson(rate=200.0), label="noise")
    )
    times = [sorted((draw.randint(0, 60, size=5) * DT).tolist()) for _ in range(3)]
    populations.append(sim.Population(3, sim.SpikeSourceArray(spike_times=times), label="given"))
    if record:
        for population in populations:
            population.record("spikes")
    projections: list[Any] = []
    for _ in range(int(draw.randint(1, 5))):
        connect(draw, populations, projections, book)
    return populations, projections, book


def connect(
    draw: np.random.RandomState, populations: list[Any], made: list[Any], book: Book
) -> None:
    pre = populations[draw.randint(len(populations))]
    post = populations[draw.randint(len(populations) - 2)]
    rows = [
        (int(draw.randint(pre.size)), int(draw.randint(post.size)), 0.5, DT * draw.randint(1, 20))
        for _ in range(int(draw.randint(1, 15)))
    ]
    projection = sim.Projection(pre, post, sim.FromListConnector(rows), sim.StaticSynapse())
    made.append(projection)
    book.note(projection)


def spikes_of(population: Any, trial: int) -> list[tuple[int, int]]:
    """(cell's global id, step) of all spikes of a trial."""
    first = population._cells.first
    trains = population.get_data("spikes").segments[trial].spiketrains
    return [
        (first + cell, round(float(time) / DT))
        for cell, train in enumerate(trains)
        for time in train.magnitude
    ]


def play(draw: np.random.RandomState, record: bool) -> tuple[list[Any], list[Any], Book, list[int]]:
    """Run three pieces with changes between them; returns the steps of each trial."""
    populations, projections, book = random_network(draw, record)
    lengths = [0]
    for _ in range(3):
        steps = int(draw.randint(1, 25))
        sim.run(steps * DT)
        book.step += steps
        lengths[-1] += steps
        action = draw.randint(5)
        if action == 0:
            connect(draw, populations, projections, book)
        elif action == 1:
            changed = projections[draw.randint(len(projections))]
            changed.set(delay=DT * int(draw.randint(1, 20)))
            book.note(changed)
        elif action == 2:
            projections[draw.randint(len(projections))].set(weight=0.7)
        elif action == 3:
            sim.reset()
            book.trial, book.step = book.trial + 1, 0
            lengths.append(0)
    sim.run(DT)
    lengths[-1] += 1
    return populations, projections, book, lengths


def core_of(populations: list[Any]) -> dict[int, tuple[int, int]]:
    return {
        population._cells.first + cell: (number, cell // PER_CORE)
        for number, population in enumerate(populations)
        for cell in range(population.size)
    }


def brute_force(
    populations: list[Any], projections: list[Any], book: Book, lengths: list[int]
) -> tuple[Counter[str], list[int], int]:
    """All counters, events of each projection, and deliveries, by plain loops."""
    counters: Counter[str] = Counter()
    events = [0] * len(projections)
    deliveries: set[tuple[int, int, int, int, tuple[int, int]]] = set()
    cores = core_of(populations)
    for population in populations:
        kind = "source_ticks" if population._cells.model.kind == "source" else "neuron_updates"
        counters[kind] += population.size * sum(lengths)
    for trial, length in enumerate(lengths):
        spikes = [spike for population in populations for spike in spikes_of(population, trial)]
        counters["spikes"] += len(spikes)
        for number, (cell, step) in enumerate(spikes):
            for index, projection in enumerate(projections):
                rows = [row for row in book.values if row[0] is projection]
                valid = [row for row in rows if row[1] < (trial, step)]
                if not valid:
                    continue
                _, _, pre, post, delay = valid[-1]
                for synapse in np.flatnonzero(pre == cell):
                    events[index] += int(step + delay[synapse] <= length)
                    deliveries.add((trial, number, cell, step, cores[int(post[synapse])]))
    counters["synaptic_events"] = sum(events)
    counters["deliveries"] = len(deliveries)
    return counters, events, len(deliveries)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**31 - 1))
def test_counts_equal_brute_force(seed: int) -> None:
    """Totals, events of each projection, and the balance of joules to 1e-9."""
    populations, projections, book, lengths = play(np.random.RandomState(seed), record=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        report = sim.energy_report(neurons_per_core=PER_CORE)
    expected, events, _ = brute_force(populations, projections, book, lengths)
    assert report.counters == {
        "neuron_updates": expected["neuron_updates"],
        "source_ticks": expected["source_ticks"],
        "spikes": expected["spikes"],
        "deliveries": expected["deliveries"],
        "synaptic_events": expected["synaptic_events"],
        "plastic_events": 0,
    }
    assert [part.counters["synaptic_events"] for part in report.projections.values()] == events
    parts = [*report.populations.values(), *report.projections.values()]
    total = report.static_j + sum(part.energy_j for part in parts)
    assert report.energy_j == pytest.approx(total, rel=1e-9)
    phases = sum(phase.energy_j for phase in report.phases.values())
    assert report.energy_j == pytest.approx(phases, rel=1e-9)
    sim.end()


@settings(max_examples=15, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**31 - 1))
def test_recording_changes_no_count(seed: int) -> None:
    """The same network with and without recording."""
    play(np.random.RandomState(seed), record=True)
    recorded = sim.energy_report().counters
    play(np.random.RandomState(seed), record=False)
    assert sim.energy_report().counters == recorded
    sim.end()
