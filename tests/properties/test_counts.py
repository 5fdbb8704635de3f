"""Every count of the ledger equals a brute-force count, on random networks."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pyNN.greenmorph as sim
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

DT = 0.5
PER_CORE = 4
COUNTERS = (
    "neuron_updates", "source_ticks", "spikes", "deliveries", "synaptic_events", "plastic_events"
)  # fmt: skip


class Book:
    """Keeps what happened: spikes by trial, and each projection's values over time."""

    def __init__(self) -> None:
        self.step = 0
        self.trial = 0
        #: Steps that were over when a population was made, by its number.
        self.late: dict[int, int] = {}
        self.values: list[tuple[Any, tuple[int, int], np.ndarray, np.ndarray, np.ndarray]] = []

    def note(self, projection: Any) -> None:
        """The projection has these values for spikes emitted from now on."""
        group = projection._group
        since = (self.trial, self.step or -1)
        row = (projection, since, group.pre.copy(), group.post.copy(), group.delay_steps.copy())
        self.values.append(row)


def neurons(draw: np.random.RandomState, record: bool) -> Any:
    population = sim.Population(
        int(draw.randint(1, 9)),
        sim.IF_curr_exp(i_offset=float(draw.uniform(0, 4)), tau_refrac=1.0),
        label="same",
    )
    if record:
        population.record("spikes")
    return population


def random_network(draw: np.random.RandomState, record: bool) -> tuple[list[Any], list[Any], Book]:
    sim.setup(timestep=DT, seed=int(draw.randint(1000)))
    book = Book()
    populations = [neurons(draw, record) for _ in range(int(draw.randint(1, 3)))]
    rate = float(draw.choice([0.0, 200.0, 3000.0]))  # the last: several spikes in one step
    populations.append(
        sim.Population(int(draw.randint(1, 6)), sim.SpikeSourcePoisson(rate=rate), label="noise")
    )
    times = [sorted((draw.randint(0, 60, size=8) * DT).tolist()) for _ in range(3)]
    times[0] = sorted([*times[0], 0.0, times[0][3]])
    populations.append(sim.Population(3, sim.SpikeSourceArray(spike_times=times), label="given"))
    if record:
        for population in populations[-2:]:
            population.record("spikes")
    projections: list[Any] = []
    for _ in range(int(draw.randint(1, 5))):
        connect(draw, populations, projections, book)
    return populations, projections, book


def part_of(draw: np.random.RandomState, population: Any) -> Any:
    """The population, or a view of some of its cells."""
    if draw.randint(2):
        return population
    some = draw.permutation(population.size)[: draw.randint(1, population.size + 1)]
    return population[sorted(some.tolist())]


def connect(
    draw: np.random.RandomState, populations: list[Any], made: list[Any], book: Book
) -> None:
    targets = [one for one in populations if one._cells.model.kind == "neuron"]
    pre = part_of(draw, populations[draw.randint(len(populations))])
    post = part_of(draw, targets[draw.randint(len(targets))])
    kind = draw.randint(3)
    synapse = sim.StaticSynapse(weight=0.5, delay=DT * draw.randint(1, 20))
    if kind == 0:
        connector = sim.AllToAllConnector()
    elif kind == 1:
        rng = sim.NumpyRNG(seed=int(draw.randint(1000)))
        connector = sim.FixedProbabilityConnector(0.4, rng=rng)
    else:
        rows = [
            (draw.randint(pre.size), draw.randint(post.size), 0.5, DT * draw.randint(1, 20))
            for _ in range(int(draw.randint(1, 15)))
        ]
        connector = sim.FromListConnector([(int(i), int(j), w, d) for i, j, w, d in rows])
        synapse = sim.StaticSynapse()
    made.append(sim.Projection(pre, post, connector, synapse))
    book.note(made[-1])


def set_delay(draw: np.random.RandomState, projection: Any) -> None:
    """One delay for all, or one for each pair of cells."""
    if draw.randint(2):
        projection.set(delay=DT * int(draw.randint(1, 20)))
    else:
        projection.set(delay=DT * draw.randint(1, 20, size=projection.shape))


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
    """Run five pieces with changes between them; returns the steps of each trial."""
    populations, projections, book = random_network(draw, record)
    lengths = [0]
    for _ in range(5):
        steps = int(draw.randint(1, 18))
        sim.run(steps * DT)
        book.step += steps
        lengths[-1] += steps
        action = draw.randint(7)
        changed = projections[draw.randint(len(projections))]
        if action == 0:
            connect(draw, populations, projections, book)
        elif action in (1, 2):
            set_delay(draw, changed)
            book.note(changed)
        elif action == 3:
            changed.set(weight=0.7)
        elif action == 4:
            sim.reset()
            book.trial, book.step = book.trial + 1, 0
            lengths.append(0)
        elif action == 5:
            book.late[len(populations)] = sum(lengths)
            populations.append(neurons(draw, record))
            connect(draw, populations, projections, book)
    sim.run(DT)
    lengths[-1] += 1
    return populations, projections, book, lengths


def core_of(populations: list[Any]) -> dict[int, tuple[int, int]]:
    return {
        population._cells.first + cell: (number, cell // PER_CORE)
        for number, population in enumerate(populations)
        for cell in range(population.size)
    }


def spikes_by_trial(populations: list[Any], book: Book) -> list[list[tuple[int, int]]]:
    """All recorded spikes of each trial; a late population has no segments of earlier ones."""
    trials: list[list[tuple[int, int]]] = [[] for _ in range(book.trial + 1)]
    for population in populations:
        segments = population.get_data("spikes").segments
        missing = len(trials) - len(segments)
        for trial in range(missing, len(trials)):
            trials[trial] += spikes_of(population, trial - missing)
    return trials


def brute_force(
    populations: list[Any], projections: list[Any], book: Book, lengths: list[int]
) -> list[Counter[str]]:
    """Counters of each population, then of each projection, by plain loops."""
    cores = core_of(populations)
    counts: list[Counter[str]] = []
    trials = spikes_by_trial(populations, book)
    for number, population in enumerate(populations):
        kind = "source_ticks" if population._cells.model.kind == "source" else "neuron_updates"
        mine = range(population._cells.first, population._cells.first + population.size)
        steps = sum(lengths) - book.late.get(number, 0)
        spikes = sum(cell in mine for spikes in trials for cell, _ in spikes)
        counts.append(Counter({kind: population.size * steps, "spikes": spikes}))
    reached: set[tuple[int, int, tuple[int, int]]] = set()
    for index, projection in enumerate(projections):
        count: Counter[str] = Counter()
        rows = [row for row in book.values if row[0] is projection]
        for trial, spikes in enumerate(trials):
            for number, (cell, step) in enumerate(spikes):
                valid = [row for row in rows if row[1] < (trial, step)]
                if not valid:
                    continue
                _, _, pre, post, delay = valid[-1]
                for synapse in np.flatnonzero(pre == cell):
                    count["synaptic_events"] += int(step + delay[synapse] <= lengths[trial])
                    pair = (trial, number, cores[int(post[synapse])])
                    count["deliveries"] += pair not in reached
                    reached.add(pair)
        assert index + len(populations) == len(counts)
        counts.append(count)
    return counts


def check_joules(report: Any) -> None:
    """Every way of adding up the joules gives the total; 1e-9 is the ledger's promise."""
    parts = [*report.populations.values(), *report.projections.values()]
    total = report.energy_j
    assert total > 0
    assert report.static_j + report.dynamic_j == pytest.approx(total, rel=1e-9)
    assert report.static_j + sum(part.energy_j for part in parts) == pytest.approx(total, rel=1e-9)
    for lines in (report.components, report.phases):
        assert sum(line.energy_j for line in lines.values()) == pytest.approx(total, rel=1e-9)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**31 - 1))
def test_counts_equal_brute_force(seed: int) -> None:
    """All six counters of each population and projection and in total; joules add up."""
    populations, projections, book, lengths = play(np.random.RandomState(seed), record=True)
    report = sim.energy_report(neurons_per_core=PER_CORE)
    expected = brute_force(populations, projections, book, lengths)
    parts = [*report.populations.values(), *report.projections.values()]
    for part, counts in zip(parts, expected, strict=True):
        assert dict(part.counters) == {name: counts[name] for name in COUNTERS}
    totals: Counter[str] = sum(expected, Counter())
    assert report.counters == {name: totals[name] for name in COUNTERS}
    check_joules(report)
    sim.end()


@settings(max_examples=15, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**31 - 1))
def test_recording_changes_no_count(seed: int) -> None:
    """The same network with and without recording, in total and part by part."""
    found = []
    for record in (True, False):
        play(np.random.RandomState(seed), record=record)
        report = sim.energy_report(neurons_per_core=PER_CORE)
        parts = [*report.populations.items(), *report.projections.items()]
        found.append((report.counters, [(label, dict(part.counters)) for label, part in parts]))
    assert found[0] == found[1]
    sim.end()
