"""The same bits for any slices and any recording, and the canonical order of sums.

The network has weights that differ and are no dyadic numbers, two populations
on one receptor, delays from 0.1 to 15 ms and native noise: with one weight any
order of sums would give the same bits.
"""

from __future__ import annotations

import hashlib
import math
import signal
import warnings
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyNN.greenmorph as sim
import pytest

from pynn_greenmorph.cells._linear import expm1
from pynn_greenmorph.engine import delay_groups, merge, partition, windows
from pynn_greenmorph.engine.machine_code import compiles
from pynn_greenmorph.errors import FidelityWarning
from tests.models import build_vogels_abbott

DT = 0.1
T_STOP = 60.0
# Few of them: three addends at one cell, receptor and step shall be common.
DELAYS = (0.1, 0.2, 1.4, 2.3, 2.3, 7.7, 15.0)
GROUPS = [[64, 16, 1], [64, 8, 1], [16, 16, 1], [16, 2, 1], [64, 16, 1]]


def build(record_v: bool = True, record_others: bool = True) -> tuple[Any, list[Any]]:
    sim.setup(timestep=DT, seed=11)
    draw = np.random.RandomState(4)
    cells = sim.Population(70, sim.IF_curr_exp(tau_refrac=1.0, i_offset=0.4), label="cells")
    noise = sim.Population(40, sim.SpikeSourcePoisson(rate=300.0), label="noise")
    times = [np.sort(draw.randint(1, 500, size=6)) * DT for _ in range(30)]
    given = sim.Population(30, sim.SpikeSourceArray(spike_times=times), label="given")
    projections = []
    for pre in (noise, given, cells, noise):
        pairs = draw.rand(pre.size, cells.size) < 0.3
        rows = [
            (i, j, draw.uniform(0.001, 0.05), DELAYS[draw.randint(len(DELAYS))])
            for i, j in zip(*np.nonzero(pairs), strict=True)
        ]
        connector = sim.FromListConnector(rows)
        projections.append(sim.Projection(pre, cells, connector, sim.StaticSynapse()))
    # Further storage classes: one weight for all, weights of single precision.
    # (times 1 000 pA/nA they are whole numbers, as the engine holds them)
    for weight in (0.07, np.array([0.123, 0.246, 0.369])[np.arange(given.size)[:, None] % 3]):
        some = sim.FixedProbabilityConnector(0.2, rng=sim.NumpyRNG(seed=9))
        weights = np.broadcast_to(weight, (given.size, cells.size)).astype(float)
        synapse = sim.StaticSynapse(weight=weights, delay=2.3)
        projections.append(sim.Projection(given, cells, some, synapse))
    inhibition = sim.StaticSynapse(weight=-0.11, delay=0.7)
    some = sim.FixedProbabilityConnector(0.1, rng=sim.NumpyRNG(seed=10))
    projections.append(sim.Projection(cells, cells, some, inhibition, receptor_type="inhibitory"))
    cells.record("spikes")
    if record_v:
        cells.record("v")
    if record_others:
        noise.record("spikes")
        cells.record("isyn_exc", sampling_interval=DT)
    return cells, projections


def digest(cells: Any, projections: Sequence[Any], with_v: bool) -> str:
    """sha256 of spikes, potentials, weights and counts."""
    hasher = hashlib.sha256()
    segment = cells.get_data(["spikes", "v"] if with_v else "spikes").segments[0]
    for train in segment.spiketrains:
        hasher.update(np.asarray(train.magnitude).tobytes() + b"|")
    if with_v:
        hasher.update(np.ascontiguousarray(segment.analogsignals[0].magnitude).tobytes())
    for projection in projections:
        hasher.update(np.array(projection.get("weight", format="list")).tobytes())
    hasher.update(repr(sim.energy_report().counters).encode())
    return hasher.hexdigest()


def run_in(slices: Sequence[float]) -> None:
    for stop in slices:
        sim.run_until(stop)


SLICES = {
    "one": [T_STOP],
    "0.7 ms": [*np.arange(0.7, T_STOP, 0.7), T_STOP],
    "20": list(np.linspace(0, T_STOP, 21)[1:]),
}


def small_log() -> None:
    """The log has room for two steps only: the loop stops early again and again."""
    sim.state.session.simulation._log.capacity = 1


def single_steps() -> None:
    """The first chunk is one step; the next ones grow."""
    sim.state.session.simulation._chunk._steps = 1


def test_slices_recording_and_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """One hash of everything over slices, recording choices and sizes of chunks."""
    with_v, without = set(), set()

    def play(name: str, record_v: bool = True, others: bool = True, prepare: Any = None) -> None:
        cells, projections = build(record_v, others)
        if prepare is not None:
            prepare()
        run_in(SLICES[name])
        if record_v:
            with_v.add(digest(cells, projections, with_v=True))
            assert cells.mean_spike_count() > 3
        without.add(digest(cells, projections, with_v=False))

    for name in SLICES:
        for record_v in (True, False):
            for others in (True, False):
                play(name, record_v, others)
        play(name, prepare=small_log)
        play(name, prepare=single_steps)
    monkeypatch.setattr(windows, "CHUNK_S", 0.0)  # one step at a time
    play("one")
    play("0.7 ms", prepare=small_log)
    monkeypatch.undo()
    monkeypatch.setattr(windows, "CHUNK_SAMPLES", 500)
    play("20")
    assert len(with_v) == 1
    assert len(without) == 1
    sim.end()


def test_slices_around_changes() -> None:
    """Weights, delays, parameters and a new projection at given times: one hash for all slices."""
    hashes = set()
    for step in (T_STOP, 0.7, 3.0):
        cells, projections = build()

        def run_to(time: float, step: float = step) -> None:
            while sim.get_current_time() < time - 1e-9:
                sim.run_until(min(round(sim.get_current_time() + step, 9), time))

        run_to(17.3)
        projections[0].set(delay=4.1)
        projections[2].set(weight=0.213)
        run_to(25.0)
        projections[1].set(weight=sim.RandomDistribution("uniform", (0.1, 0.5), sim.NumpyRNG(3)))
        cells.set(i_offset=0.55)
        run_to(31.4)
        synapse = sim.StaticSynapse(weight=0.31, delay=0.9)
        projections.append(sim.Projection(cells, cells, sim.OneToOneConnector(), synapse))
        run_to(T_STOP)
        hashes.add(digest(cells, projections, with_v=True))
    assert len(hashes) == 1
    sim.end()


class Lif:
    """IF_curr_exp with PyNN's parameters of ``build``, restated in plain Python."""

    def __init__(self) -> None:
        tau_m, tau_syn, c_m = 20.0, 5.0, 1000.0
        self.p22 = math.exp(-DT / tau_m)
        self.p20 = tau_m / c_m * (1.0 - self.p22)
        beta = tau_syn * tau_m / (tau_m - tau_syn)
        self.p11 = math.exp(-DT / tau_syn)
        rise = expm1(DT * (tau_m - tau_syn) / (tau_syn * tau_m))
        self.p21 = beta / c_m * self.p11 * rise
        self.v = self.exc = self.inh = 0.0
        self.wait = 0

    def step(self, exc: float, inh: float) -> bool:
        if self.wait:
            self.wait -= 1
        else:
            drive = 400.0 * self.p20
            self.v = self.v * self.p22 + self.exc * self.p21 + self.inh * self.p21 + drive
        self.exc = self.exc * self.p11 + exc
        self.inh = self.inh * self.p11 + inh
        if self.v >= 15.0:
            self.v, self.wait = 0.0, 10
            return True
        return False


Arrival = tuple[tuple[int, ...], float]


def storage_class(group: Any, n_sources: int) -> int:
    """0 for one weight, 1 for single precision, 2 for double precision or short rows."""
    weights = np.asarray(group.weight) * 1000.0
    if len(weights) < 8 * n_sources:
        return 2
    if (weights == weights[0]).all():
        return 0
    return 1 if (weights.astype(np.float32) == weights).all() else 2


def connections(projections: Sequence[Any], group_steps: int) -> dict[int, list[tuple[Any, ...]]]:
    """Target, receptor, delay, sorting key and weight (pA) of each synapse, by source."""
    outgoing: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    shortest = min(int(projection._group.delay_steps.min()) for projection in projections)
    for number, projection in enumerate(projections):
        group, kind = projection._group, storage_class(projection._group, projection.pre.size)
        receptor = int(projection.receptor_type == "inhibitory")
        columns = (group.pre, group.post, group.delay_steps, group.weight)
        rows = zip(*(column.tolist() for column in columns), strict=True)
        for insertion, (pre, post, delay, weight) in enumerate(rows):
            # Within a group the longest delay is processed first: it was emitted first.
            offset = (delay - shortest) % group_steps
            key = (-offset, delay - offset, pre, kind, number, insertion)
            outgoing[pre].append((post, receptor, delay, key, weight * 1000.0))
    return outgoing


def given_spikes(cells: Any, projections: Sequence[Any]) -> dict[int, list[int]]:
    """Ids of the sources that spike, by step; several times for several spikes."""
    emitted: dict[int, list[int]] = defaultdict(list)
    for source in {id(p.pre): p.pre for p in projections if p.pre is not cells}.values():
        trains = source.get_data("spikes").segments[0].spiketrains
        for cell, train in enumerate(trains):
            for time in train.magnitude:
                emitted[round(float(time) / DT)].append(source._cells.first + cell)
    return emitted


def brute_force(
    cells: Any, projections: Sequence[Any], group_steps: int, add: Callable[[list[Arrival]], float]
) -> tuple[np.ndarray, np.ndarray, list[list[int]]]:
    """Potentials, excitatory currents and spikes by plain loops; ``add`` makes the sums."""
    n_steps, first = round(T_STOP / DT), cells._cells.first
    outgoing = connections(projections, group_steps)
    emitted = given_spikes(cells, projections)
    arriving: dict[tuple[int, int, int], list[Arrival]] = defaultdict(list)
    state = [Lif() for _ in range(cells.size)]
    v, current = np.zeros((2, n_steps + 1, cells.size))
    spikes: list[list[int]] = [[] for _ in range(cells.size)]
    for step in range(n_steps + 1):
        for index, cell in enumerate(state if step else ()):
            sums = [add(arriving[step, first + index, receptor]) for receptor in (0, 1)]
            if cell.step(*sums):
                spikes[index].append(step)
                emitted[step].append(first + index)
        v[step] = [cell.v for cell in state]
        current[step] = [cell.exc for cell in state]
        for source in sorted(set(emitted[step])):
            count = emitted[step].count(source)
            for post, receptor, delay, key, weight in outgoing[source]:
                arriving[step + delay, post, receptor].append((key, weight * count))
    return v, current, spikes


def in_order(*positions: int) -> Callable[[list[Arrival]], float]:
    """A sum sorted by some of: offset, base, source, storage class, projection, insertion."""

    def add(arrivals: list[Arrival]) -> float:
        total = 0.0
        for _, value in sorted(arrivals, key=lambda entry: [entry[0][at] for at in positions]):
            total += value
        return total

    return add


@pytest.mark.parametrize("group_steps", [1, 8])
def test_sums_are_in_the_canonical_order(group_steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Potentials and currents have the bits of a brute-force simulator that sorts every sum.

    A simulator with another order has other bits: the network can tell them apart.
    """
    monkeypatch.setattr(merge, "group_steps", lambda *_: group_steps)
    cells, projections = build()
    for projection in projections:
        projection.pre.record("spikes")
    sim.run(T_STOP)
    data = cells.get_data().segments[0]
    found = {s.name: np.ascontiguousarray(s.magnitude) for s in data.analogsignals}
    trains = [np.round(train.magnitude / DT).astype(int).tolist() for train in data.spiketrains]
    kinds = {storage_class(p._group, p.pre.size) for p in projections}
    assert kinds == {0, 1, 2}
    canonical = in_order(0, 1, 2, 3, 4, 5)
    v, current, spikes = brute_force(cells, projections, group_steps, canonical)
    assert spikes == trains
    assert (v - 65.0).tobytes() == found["v"].tobytes()
    assert (current * 1e-3).tobytes() == found["isyn_exc"].tobytes()
    others = [
        in_order(2, 0, 1, 3, 4, 5),  # source before delay
        in_order(0, 1, 3, 2, 4, 5),  # storage class before source
        in_order(0, 1, 4, 2, 3, 5),  # projection before source
        in_order(0, 1, 2, 4, 3, 5),  # projection before storage class
    ]
    if group_steps > 1:
        others.append(in_order(1, 0, 2, 3, 4, 5))  # base before offset
    for other in others:
        wrong = brute_force(cells, projections, group_steps, other)[1]
        assert (wrong * 1e-3 != found["isyn_exc"]).any()
    sim.end()


def test_constants_are_added_in_the_order_of_their_first_projection() -> None:
    """Weights a, b, a from one source to one target: (a + a) + b, not (a + b) + a."""
    sim.setup(timestep=DT)
    weights = (0.1, 0.27, 0.1)
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[1.0]))
    cells = sim.Population(20, sim.IF_curr_exp(tau_syn_E=7.0))
    cells.record("isyn_exc")
    for weight in weights:
        synapse = sim.StaticSynapse(weight=weight, delay=1.0)
        sim.Projection(source, cells, sim.AllToAllConnector(), synapse)
    sim.run(2.0)
    (signal,) = cells.get_data().segments[0].analogsignals
    a, b = 100.0, 270.0
    assert ((a + a) + b) * 1e-3 == float(signal.magnitude[20, 0])
    sim.end()


def test_delay_groups_stay_what_they_are() -> None:
    """Groups decide the order of sums: another choice would change users' last bits."""
    steps = np.arange(151)
    wide, narrow, one = (steps >= 1), (steps >= 1) & (steps <= 15), (steps == 2)
    chosen = [
        [
            delay_groups.group_steps(used[None], np.array([n]), n * k, 2 * n + 1024)
            for used in (wide, narrow, one)
        ]
        for n, k in ((400, 40), (4000, 80), (20_000, 80), (20_000, 1000), (100_000, 80))
    ]
    assert chosen == GROUPS


def test_delays_of_different_populations_are_no_reason_for_groups() -> None:
    """A spike is looked up once where its population has one delay, whatever others have."""
    sizes = np.array([3200, 800])
    one_each = np.array([[False] * 8 + [True, False], [False] * 9 + [True]])
    both = one_each.any(axis=0) & np.ones((2, 1), dtype=bool)
    chosen = [delay_groups.group_steps(used, sizes, 320_000, 9024) for used in (one_each, both)]
    assert chosen == [1, 2]


def build_large(threads: int, record: bool, drawn: bool) -> tuple[list[Any], list[Any]]:
    """Populations of several blocks, so that each of three threads owns some of each."""
    sim.setup(timestep=DT, seed=5, threads=threads)
    draw = sim.NumpyRNG(seed=8)
    rates = sim.RandomDistribution("uniform", (5.0, 40.0), rng=draw)
    noise = sim.Population(1100, sim.SpikeSourcePoisson(rate=rates), label="noise")
    current = sim.RandomDistribution("uniform", (0.3, 0.9), rng=draw)
    one = sim.Population(1600, sim.IF_curr_exp(i_offset=current), label="one")
    two = sim.Population(1200, sim.IF_curr_exp(i_offset=0.7), label="two")
    cells = sim.Assembly(one, two)
    cells.initialize(v=sim.RandomDistribution("uniform", (-65.0, -50.0), rng=draw))
    delay: Any = 1.4
    if drawn:
        delay = sim.RandomDistribution("uniform", (0.3, 15.0), rng=draw)
    weight = sim.RandomDistribution("uniform", (0.01, 0.3), rng=draw)
    some = sim.FixedProbabilityConnector(0.01, rng=draw)
    projections = [
        sim.Projection(noise, cells, some, sim.StaticSynapse(weight=weight, delay=delay)),
        sim.Projection(one, two, some, sim.StaticSynapse(weight=weight, delay=delay)),
        sim.Projection(two, one, some, sim.StaticSynapse(weight=0.07, delay=delay)),
        sim.Projection(one, one, some, sim.StaticSynapse(weight=weight, delay=delay)),
    ]
    sim.DCSource(amplitude=0.2, start=3.0, stop=9.0).inject_into(two[600:])
    if record:
        one[300:900].record(["v", "isyn_exc"])
        two.record("v", sampling_interval=0.5)
    cells.record("spikes")
    return [noise, one, two], projections


def digest_large(populations: Sequence[Any], projections: Sequence[Any]) -> tuple[str, str]:
    """sha256 of spikes, final potentials, weights, counts; and of what was sampled."""
    simulation_now = sim.state.session.simulation
    hasher = hashlib.sha256(simulation_now.emitted.tobytes())
    hasher.update(simulation_now.cells.state.tobytes())
    for population in populations[1:]:
        for train in population.get_data("spikes").segments[0].spiketrains:
            hasher.update(np.asarray(train.magnitude).tobytes() + b"|")
    for projection in projections:
        hasher.update(np.asarray(projection._group.weight).tobytes())
    hasher.update(repr(sim.energy_report().counters).encode())
    sampled = hashlib.sha256()
    for population in populations[1:]:
        for samples in population.get_data().segments[0].analogsignals:
            sampled.update(samples.name.encode())
            sampled.update(np.ascontiguousarray(samples.magnitude).tobytes())
    return hasher.hexdigest(), sampled.hexdigest()


@pytest.mark.filterwarnings("ignore:.*delays were rounded:pynn_greenmorph.errors.FidelityWarning")
@pytest.mark.parametrize("drawn", [False, True], ids=["one delay", "drawn delays"])
def test_threads_slices_and_recording(drawn: bool) -> None:
    """One hash over threads, slices, recording, and a change with spikes in flight."""
    hashes, samples = set(), set()
    for threads in (1, 2, 3):
        for slices in (1, 20, 43):
            for record in (True, False):
                if record and slices == 20:
                    continue
                populations, projections = build_large(threads, record, drawn)
                run_in(np.round(np.linspace(0, 15.0, slices + 1)[1:], 1))
                projections[1].set(delay=0.9)
                run_in(np.round(np.linspace(15.0, 30.0, slices + 1)[1:], 1))
                assert sim.profile().threads == (threads if compiles() else 1)
                found, sampled = digest_large(populations, projections)
                hashes.add(found)
                if record:
                    samples.add(sampled)
    assert len(hashes) == 1
    assert len(samples) == 1
    assert populations[1].mean_spike_count() > 0.5
    sim.end()


def play_vogels_abbott(threads: int, step: float, record: bool) -> tuple[str, str]:
    """Hash of what any run has after 5 s, and of what was recorded."""
    cells, projections = build_vogels_abbott(sim, "IF_curr_exp", 4000, 5000.0, threads)
    if record:
        for population in cells:
            population.record("spikes")
        cells[0][:10].record("v")
    while sim.get_current_time() < 5000.0 - 1e-6:
        sim.run_until(min(round(sim.get_current_time() + step, 9), 5000.0))
    engine = sim.state.session.simulation
    assert engine.emitted.sum() > 100_000
    hasher = hashlib.sha256(engine.emitted.tobytes() + engine.cells.state.tobytes())
    for projection in projections:
        hasher.update(projection._group.weight.tobytes())
    hasher.update(repr(sim.energy_report().counters).encode())
    recorded = hashlib.sha256()
    if record:
        for population in cells:
            columns = engine.recordings.spikes(population._cells.first, population.size)
            recorded.update(columns[0].tobytes() + columns[1].tobytes())
        segment = cells[0][:10].get_data("v").segments[0]
        recorded.update(np.ascontiguousarray(segment.analogsignals[0].magnitude).tobytes())
    return hasher.hexdigest(), recorded.hexdigest()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*delays were rounded:pynn_greenmorph.errors.FidelityWarning")
def test_five_seconds_of_a_vogels_abbott_network() -> None:
    """4 000 cells, drawn weights and delays: one hash over threads, slices and recording."""
    found = {
        (record, *play_vogels_abbott(threads, step, record))
        for threads in (1, 2, 3)
        for step in (5000.0, 250.0, 0.7)
        for record in (True, False)
    }
    assert len(found) == 2
    assert len({common for _, common, _ in found}) == 1
    sim.end()


class Script:
    """A network and what a script does to it between runs, drawn from a seed."""

    def __init__(self, seed: int, threads: int, precision: str) -> None:
        self.draw = np.random.RandomState(seed)
        sim.setup(timestep=DT, seed=seed, threads=threads, precision=precision)
        self.cells: list[Any] = []
        self.projections: list[Any] = []
        for _ in range(3):
            self.more_cells()
        for _ in range(4):
            self.connect()
        self.step_current()

    def more_cells(self) -> None:
        size, kind = self.draw.randint(300, 1300), self.draw.randint(4)
        drawn = self.draw.uniform(0.2, 0.9, size)
        times = [np.unique(self.draw.randint(0, 300, 5)) * DT for _ in range(size)]
        model = (
            sim.IF_curr_exp(i_offset=drawn),
            sim.IF_cond_exp(i_offset=drawn),
            sim.SpikeSourcePoisson(rate=40.0 * drawn),
            sim.SpikeSourceArray(spike_times=times),
        )[kind if self.cells else 0]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FidelityWarning)  # times that are over
            self.cells.append(sim.Population(size, model))
        self.cells[-1].record("spikes")

    def targets(self) -> list[Any]:
        return [cells for cells in self.cells if cells.celltype.receptor_types]

    def connect(self) -> None:
        pre = self.cells[self.draw.randint(len(self.cells))]
        post = self.targets()[self.draw.randint(len(self.targets()))]
        scale = 0.01 if post.celltype.conductance_based else 0.2
        n = 3000
        weights = scale * (self.draw.uniform(0.2, 1.0, n) if self.draw.rand() < 0.7 else np.ones(n))
        delays = self.draw.randint(1, self.draw.choice([3, 60]), n) * DT
        rows = np.column_stack(
            [self.draw.randint(pre.size, size=n), self.draw.randint(post.size, size=n),
             weights, delays]
        )  # fmt: skip
        connector = sim.FromListConnector(rows)
        self.projections.append(sim.Projection(pre, post, connector, sim.StaticSynapse()))

    def step_current(self) -> None:
        cells = self.targets()[self.draw.randint(len(self.targets()))]
        now = sim.get_current_time()
        source = sim.StepCurrentSource(times=[now + 1.0, now + 3.0], amplitudes=[0.5, 0.0])
        source.inject_into(cells[cells.size // 3 :])

    def change(self) -> None:
        projection = self.projections[self.draw.randint(len(self.projections))]
        cells = self.targets()[self.draw.randint(len(self.targets()))]
        kind = self.draw.randint(7)
        if kind == 0:
            projection.set(delay=float(self.draw.randint(1, 40)) * DT)
        elif kind == 1:
            weight: Any = 0.005 if projection.post.celltype.conductance_based else 0.13
            if self.draw.rand() < 0.5:
                spread = (0.5 * weight, 1.5 * weight)
                weight = sim.RandomDistribution("uniform", spread, rng=sim.NumpyRNG(4))
            projection.set(weight=weight)
        elif kind == 2:
            self.connect()
        elif kind == 3:
            self.more_cells()
        elif kind == 4:
            cells.set(i_offset=self.draw.uniform(0.2, 0.9, cells.size))
        elif kind == 5:
            cells.initialize(v=self.draw.uniform(-65.0, -55.0, cells.size))
        else:
            self.step_current()

    def result(self) -> str:
        """sha256 of states, spikes and counts."""
        engine = sim.state.session.simulation
        hasher = hashlib.sha256(engine.emitted.tobytes() + engine.cells.state.tobytes())
        hasher.update(engine.cells.state32.tobytes())
        for cells in self.cells:
            for column in engine.recordings.spikes(cells._cells.first, cells.size):
                hasher.update(column.tobytes())
        hasher.update(repr(sim.energy_report().counters).encode())
        return hasher.hexdigest()


@pytest.mark.parametrize(
    ("seed", "precision"), [(1, "exact"), (2, "exact"), (3, "exact"), (1, "fast"), (2, "fast")]
)
def test_whatever_a_script_does(seed: int, precision: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Changes at drawn times, a reset, several pages: one hash for threads and slices."""
    hashes = set()
    for threads, slices, page in ((1, 1, 65_536), (2, 5, 65_536), (3, 1, 2048), (1, 3, 4096)):
        monkeypatch.setattr(partition, "PAGE", page)
        script = Script(seed, threads, precision)
        for _trial in range(2):
            for _ in range(4):
                until = sim.get_current_time() + float(script.draw.randint(5, 60)) * DT
                for stop in np.round(np.linspace(sim.get_current_time(), until, slices + 1), 1)[1:]:
                    sim.run_until(float(stop))
                script.change()
            sim.run(2.0)
            hashes.add((_trial, script.result()))
            sim.reset()
        sim.end()
    assert len(hashes) == 2


def test_an_interrupted_run_goes_on_as_if_nothing_had_been(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in the middle of a chunk comes through when the chunk is whole."""
    cells, projections = build()
    sim.run(T_STOP)
    expected = digest(cells, projections, with_v=True)
    cells, projections = build()
    simulated = cells._session.simulation
    original = simulated.recordings.keep_spikes

    def interrupted(spikes: Any) -> None:
        if simulated.step > 50:
            monkeypatch.undo()
            signal.raise_signal(signal.SIGINT)
        original(spikes)

    monkeypatch.setattr(simulated.recordings, "keep_spikes", interrupted)
    with pytest.raises(KeyboardInterrupt):
        sim.run(T_STOP)
    assert 5.0 < sim.get_current_time() < T_STOP
    sim.run_until(T_STOP)
    assert digest(cells, projections, with_v=True) == expected
    sim.end()
