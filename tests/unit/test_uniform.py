"""Events that are counted, and steps that blocks make at once, change no bit of a result.

A silent projection with another weight onto a receptor turns counting off for it:
nothing else tells a receptor with one weight from one with several. So each network
runs twice, with the silent projections and without.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyNN.greenmorph as sim
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pynn_greenmorph.engine import masks, windows
from pynn_greenmorph.engine.delivery import add_constant
from pynn_greenmorph.engine.mask_delivery import add_masks, count_four_masks, count_masks
from pynn_greenmorph.engine.masks import as_masks, targets_of_masks
from pynn_greenmorph.engine.rows import MASKED, ONE_EACH, UNIFORM
from pynn_greenmorph.engine.simulation import Simulation
from pynn_greenmorph.engine.uniform_delivery import count_events
from pynn_greenmorph.engine.uniform_layout import sums_of
from pynn_greenmorph.errors import SimulationError
from pynn_greenmorph.network import CellGroup, Network, SynapseGroup
from pynn_greenmorph.registry import CellModel, Receptor, synapse_model

# That times are moved to the grid is not what is tested here.
pytestmark = pytest.mark.filterwarnings("ignore::pynn_greenmorph.errors.FidelityWarning")

DT = 0.1
#: Steps at which all sources fire at once, some of them twice: more events than a byte
#: holds, and several spikes of one cell.
CROWDS = (90, 211, 212)


#: Synapses for each line of a row from which on it becomes bits: as with AVX-512, everywhere.
PER_LINE = 3


@pytest.fixture(autouse=True, scope="module")
def bits_on_every_processor() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(masks, "least_per_line", lambda: PER_LINE)
        yield


def simulation() -> Simulation:
    found: Simulation = sim.state.session.simulation
    return found


def play(
    weights: tuple[float, float] = (0.0162, -0.09), silent: tuple[str, ...] = (),
    cell_type: str = "IF_curr_exp", precision: str = "exact", threads: int = 1,
    slices: tuple[float, ...] = (40.0,), delays: tuple[float, float] = (0.3, 7.3),
    change: str = "", inhibition: str = "counted",
) -> tuple[list[Any], set[int]]:  # fmt: skip
    """Spikes and potentials of a network; storage classes of its tables.

    ``inhibition`` is "counted", "none", "later" (after the first slice), "noise" (each cell
    has its own) or "dynamic" (synapses with a rule).
    """
    sim.setup(timestep=DT, threads=threads, precision=precision)
    draw = np.random.RandomState(5)
    cells = sim.Population(
        700, getattr(sim, cell_type)(v_thresh=-62.0, tau_refrac=0.5, i_offset=0.2)
    )
    cells.initialize(v=draw.uniform(-66.0, -62.0, 700))
    steps = [[*draw.randint(1, 390, size=4), *CROWDS] for _ in range(290)]
    # In one of the crowds each fires twice.
    times = [
        np.sort([*one, *(np.array(CROWDS) - 0.1) * (i % 3 == 0)]) for i, one in enumerate(steps)
    ]
    given = sim.Population(290, sim.SpikeSourceArray(spike_times=[t[t > 0] * DT for t in times]))
    nobody = sim.Population(9, sim.SpikeSourceArray(spike_times=[]))
    some = sim.FixedProbabilityConnector(0.15, rng=sim.NumpyRNG(seed=3))
    twice = sim.FixedTotalNumberConnector(60_000, with_replacement=True, rng=sim.NumpyRNG(seed=4))
    inhibitory = sim.StaticSynapse(weight=weights[1], delay=delays[0])
    projections = [
        sim.Projection(given, cells, some, sim.StaticSynapse(weight=weights[0], delay=delays[1])),
        sim.Projection(cells, cells, some, sim.StaticSynapse(weight=weights[0], delay=delays[0])),
    ]
    if inhibition == "counted":
        sim.Projection(cells, cells, twice, inhibitory, receptor_type="inhibitory")
    elif inhibition == "noise":
        noise = sim.Population(700, sim.SpikeSourcePoisson(rate=400.0))
        one = sim.OneToOneConnector()
        sim.Projection(noise, cells, one, inhibitory, receptor_type="inhibitory")
    elif inhibition == "dynamic":
        rule = sim.TsodyksMarkramSynapse(weight=weights[1], delay=delays[0], U=0.3)
        sim.Projection(given, cells, some, rule, receptor_type="inhibitory")
    for receptor in silent:
        sign = np.sign(weights[1]) if receptor == "inhibitory" else 1.0
        synapse = sim.StaticSynapse(weight=sign * 0.123, delay=delays[0])
        all_of_them = sim.AllToAllConnector()
        sim.Projection(nobody, cells, all_of_them, synapse, receptor_type=receptor)
    cells.record("spikes")
    cells[3:40].record("v", sampling_interval=0.3)
    for stop in slices:
        sim.run_until(stop)
        if change == "weights":
            projections[1].set(weight=weights[0])
        elif change == "cells":
            cells.set(tau_m=draw.uniform(15.0, 25.0, cells.size))
        elif change == "current" and stop == slices[0]:
            sim.DCSource(amplitude=0.3, start=stop + 1.0, stop=stop + 9.0).inject_into(cells[::3])
        if inhibition == "later" and stop == slices[0]:
            sim.Projection(cells, cells, twice, inhibitory, receptor_type="inhibitory")
    segment = cells.get_data().segments[0]
    result = [np.concatenate([np.append(t.magnitude, -1.0) for t in segment.spiketrains]).tobytes()]
    result += [np.ascontiguousarray(one.magnitude).tobytes() for one in segment.analogsignals]
    kinds = {int(kind) for rows in simulation()._delivery.parts for kind in rows.table_kind}
    assert cells.mean_spike_count() > 1.0
    sim.end()
    return result, kinds


BOTH = ("excitatory", "inhibitory")

#: Storage classes whose events are counted: the rows of the excitatory projections are bits,
#: since they have many targets; those of the inhibitory one are lists, with some targets twice.
COUNTED = {UNIFORM, MASKED}


def kernels(engine: Simulation, first: int = 0) -> set[str]:
    """What the kernels of cells from ``first`` on take, where these have receptors."""
    found = set()
    for part in engine._parts:
        for cell, address in zip(part.blocks.first_cell, part.uniform.address, strict=True):
            if cell >= first and engine.cells.layout_of(int(cell)).n_inputs:
                found.add("counts" if address >= 0 else "sums")
    return found


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize(
    ("cell_type", "precision", "weights"),
    [
        ("IF_curr_exp", "exact", (0.0162, -0.09)),
        ("IF_curr_exp", "exact", (0.015625, -0.0625)),
        ("IF_curr_exp", "fast", (0.0162, -0.09)),
        ("IF_cond_exp", "exact", (0.0007, 0.0021)),
    ],
)
def test_counted_events_have_the_bits_of_sums(
    cell_type: str, precision: str, weights: tuple[float, float], threads: int
) -> None:
    """Counting on both receptors, on one of them, on none; crowds overflow a byte."""
    network = {"cell_type": cell_type, "precision": precision, "weights": weights}
    added, kinds = play(silent=BOTH, **network)  # type: ignore[arg-type]
    assert not kinds & COUNTED
    counted, kinds = play(threads=threads, **network)  # type: ignore[arg-type]
    assert kinds == COUNTED
    mixed, kinds = play(threads=threads, silent=("excitatory",), **network)  # type: ignore[arg-type]
    assert UNIFORM in kinds
    assert not kinds <= COUNTED
    assert counted == added
    assert mixed == added


def test_near_delays_of_different_populations_are_counted() -> None:
    """They are not delivered in groups, in which nothing would be counted."""
    added, _ = play(silent=BOTH, delays=(0.9, 1.1))
    counted, kinds = play(delays=(0.9, 1.1))
    assert kinds == COUNTED
    assert counted == added


@pytest.mark.parametrize(
    ("cell_type", "precision", "weight", "takes", "threads"),
    [
        ("IF_curr_exp", "exact", 0.0162, "counts", 1),
        ("IF_curr_exp", "exact", 0.0162, "counts", 3),
        ("IF_curr_exp", "fast", 0.0162, "sums", 3),
        ("IF_cond_exp", "exact", 0.0007, "sums", 1),
    ],
)
def test_a_receptor_without_synapses_hinders_no_counting(
    cell_type: str, precision: str, weight: float, takes: str, threads: int
) -> None:
    """Excitation only, in a cell type that has a receptor for inhibition as well."""
    weights = weight, -0.09 if cell_type == "IF_curr_exp" else 0.0021
    network = {"cell_type": cell_type, "precision": precision, "weights": weights}
    network["inhibition"] = "none"
    added, kinds = play(silent=("excitatory",), **network)  # type: ignore[arg-type]
    assert not kinds & COUNTED
    assert kernels(simulation()) == {"sums"}
    counted, kinds = play(threads=threads, **network)  # type: ignore[arg-type]
    assert kinds == {MASKED}
    assert kernels(simulation()) == {takes}
    assert counted == added


@pytest.mark.parametrize("change", ["weights", "cells", "current"])
@pytest.mark.parametrize(
    ("inhibition", "takes"),
    [("none", "counts"), ("later", "counts"), ("noise", "sums"), ("dynamic", "sums")],
)
def test_synapses_may_come_to_a_receptor_without(inhibition: str, takes: str, change: str) -> None:
    """Made between two runs, by direct sources, with a rule; what is in flight arrives."""
    network: dict[str, Any] = {"inhibition": inhibition, "slices": (9.2, 21.0, 40.0)}
    # Alone on the other receptor, a silent projection would be counted there.
    silent = BOTH if inhibition == "later" else ("excitatory",)
    added, kinds = play(silent=silent, change=change, **network)
    assert not kinds & COUNTED
    counted, kinds = play(change=change, **network)
    assert MASKED in kinds
    assert kernels(simulation()) == {takes}
    assert counted == added


@settings(max_examples=100, deadline=None)
@given(
    first=st.integers(0, 40), size=st.integers(0, 130), ahead=st.integers(0, 300),
    length=st.integers(0, 200),
)  # fmt: skip
def test_every_target_of_a_row_has_one_event(
    first: int, size: int, ahead: int, length: int
) -> None:
    """Rows of all lengths, in whole cache lines and what is left, whatever the next row is."""
    target = np.random.RandomState(size).randint(0, 99, size=600).astype(np.uint16)
    begin, end = np.uint64(first), np.uint64(first + size)
    counts, sums, no_offset = np.zeros(120, np.uint8), np.zeros(120), np.zeros(0, np.uint8)
    count_events(begin, end, 7, target, counts, ahead, ahead + length)
    add_constant(
        begin, end, 0.1, 3, 7, 0, 120, target, no_offset, sums, ahead, ahead + length
    )  # fmt: skip
    expected = np.bincount(7 + target[first : first + size], minlength=120)
    assert counts.tolist() == expected.tolist()
    # Each of at most 130 additions rounds by half of 2^-52: 1.5e-14.
    np.testing.assert_allclose(sums, 0.1 * expected, rtol=2e-14)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**31 - 1),
    n_rows=st.integers(1, 9),
    reach=st.sampled_from([(64, 100), (0, 544), (500, 1700), (63_900, 65_536)]),
    density=st.floats(0.0, 1.0),
)
def test_rows_of_bits_have_the_targets_of_lists(
    seed: int, n_rows: int, reach: tuple[int, int], density: float
) -> None:
    """Two tables of random targets: which rows they are, one event and one value for each."""
    draw = np.random.RandomState(seed)
    slots = np.arange(*reach)[np.arange(*reach) % 544 < 512]
    lists = [
        [slots[draw.random_sample(len(slots)) < share] for _ in range(n_rows)]
        for share in (density, 0.01)
    ]
    flat = [row for table in lists for row in table]
    columns = {
        "kind": np.array([UNIFORM, UNIFORM]),
        "most": np.array([1, 1]),
        "start": np.array([0, n_rows + 1, 2 * (n_rows + 1)]),
        "synapse": np.cumsum([0, *(sum(map(len, table)) for table in lists)]),
    }
    lengths = [np.cumsum([0, *map(len, table)]) for table in lists]
    shared = {
        "start": np.concatenate(lengths).astype(np.uint32),
        "target": np.concatenate(flat).astype(np.uint16),
    }
    as_masks(columns, shared)
    row, lane = np.divmod(np.concatenate(lists[0]), 544)
    n_lines = -(-len(np.unique(row * 9 + lane // 64)) // 8) * 8
    dense = 0 < PER_LINE * n_rows * n_lines <= len(row)
    assert (columns["kind"][0] == MASKED) == dense
    for table in (0, 1):
        masked, line = columns["kind"][table] == MASKED, columns["line"][table]
        for row, targets in enumerate(lists[table]):
            at = columns["start"][table] + row
            first, last = columns["synapse"][table] + shared["start"][at : at + 2].astype(int)
            if not masked:
                assert shared["target"][first:last].tolist() == targets.tolist()
                continue
            found = targets_of_masks(shared["target"][first:last], shared["line"][line:])
            assert found.tolist() == targets.tolist()
            counts, sums = np.zeros(70_000, np.uint8), np.zeros(70_000)
            count_masks(first, last, 7, 1, shared["target"], shared["line"], line, counts, 0, 0)
            add_masks(first, last, 0.1, 7, shared["target"], shared["line"], line, sums)
            assert np.flatnonzero(counts).tolist() == (targets + 7).tolist()
            assert counts.max(initial=0) <= 1
            assert (sums == 0.1 * counts).all()


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**31 - 1), n_lines=st.sampled_from([8, 16, 40]))
def test_four_rows_of_bits_are_counted_in_one_go(seed: int, n_lines: int) -> None:
    """The same row may come twice, a row of zeros too; counts that are there stay."""
    draw = np.random.RandomState(seed)
    n_words, lines = 4 * n_lines, (np.arange(n_lines) // 8 * 544 + np.arange(n_lines) % 8 * 64)
    bits = draw.randint(0, 1 << 16, size=4 * n_words).astype(np.uint16)
    bits[3 * n_words :] = 0
    rows = draw.randint(0, 4, size=8) * n_words
    counts = draw.randint(0, 200, size=9 + 6 * 544).astype(np.uint8)
    expected = counts.astype(np.int64)
    for row in rows[:4]:
        targets = targets_of_masks(bits[row : row + n_words], lines.astype(np.uint16))
        expected[9 + targets] += 1
    line = np.append(np.uint16(999), lines.astype(np.uint16))
    count_four_masks(*rows[:4], n_words, 9, 1, bits, line, 1, counts, 4, rows)
    assert counts.tolist() == expected.tolist()


def test_rows_of_one_synapse_stay_so_beside_rows_of_bits() -> None:
    """Other tables are moved, not changed."""
    sim.setup(timestep=DT)
    cells, others = (sim.Population(200, sim.IF_curr_exp()) for _ in range(2))
    weights = sim.RandomDistribution("uniform", (-0.2, -0.1), rng=sim.NumpyRNG(seed=1))
    for pre, connector, weight, receptor in (
        (cells, sim.AllToAllConnector(), 0.1, "excitatory"),
        (others, sim.OneToOneConnector(), weights, "inhibitory"),
    ):
        synapse = sim.StaticSynapse(weight=weight, delay=1.0)
        sim.Projection(pre, cells, connector, synapse, receptor_type=receptor)
    sim.run(DT)
    (rows,) = simulation()._delivery.parts
    assert MASKED in rows.table_kind
    assert ONE_EACH in rows.bucket_kind
    sim.end()


def test_counting_goes_on_between_changes() -> None:
    """Input in flight, moved aside by a change, is in the sum before anything is counted."""
    slices = (0.7, 7.3, 9.2, 21.0, 21.1, 33.0, 40.0)
    added, _ = play(silent=BOTH, slices=slices, change="weights")
    counted, kinds = play(slices=slices, change="weights")
    assert kinds == COUNTED
    assert counted == added
    assert counted == play()[0]


@pytest.mark.parametrize("slices", [(20.0, 40.0), (20.0, 30.0, 40.0)])
def test_new_parameters_reach_the_kernel_that_takes_counts(slices: tuple[float, ...]) -> None:
    """One value for all cells becomes one for each: another kernel, and constants elsewhere."""
    added, _ = play(silent=BOTH, slices=slices, change="cells")
    counted, kinds = play(slices=slices, change="cells")
    assert kinds == COUNTED
    assert counted == added
    assert counted != play()[0]


@pytest.mark.parametrize("silent", [(), BOTH])
def test_blocks_may_make_several_steps_at_once(
    silent: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One hash for stretches of one, two and four steps, delays of one step to a few."""
    for delays in ((0.1, 0.1), (0.2, 0.2), (0.3, 7.3), (0.9, 1.1)):
        results = []
        for longest in (1, 2, 4):
            monkeypatch.setattr(windows, "LONGEST_STRETCH", longest)
            results.append(play(silent=silent, delays=delays)[0])
        assert results[0] == results[1] == results[2]


@settings(max_examples=200, deadline=None)
@given(
    weight=st.floats(allow_nan=False, width=64),
    single=st.booleans(),
)
def test_sums_of_equal_weights(weight: float, single: bool) -> None:
    """Each sum is that of additions one after the other; products hold as far as is said."""
    real = np.float32 if single else np.float64
    with np.errstate(all="ignore"):
        sums, holds = sums_of(weight, real)
        total, term = real(0.0), real(weight)
        for n in range(256):
            product = real(n) * term + real(0.0)
            assert sums[n].tobytes() == total.tobytes()
            if n <= holds:
                assert product.tobytes() == total.tobytes()
            if n == holds + 1:
                assert product.tobytes() != total.tobytes()
            total = total + term


def fires(x, step_index):  # type: ignore[no-untyped-def]
    return x, 1 if step_index == 7 else 0


def fires_twice(x, step_index):  # type: ignore[no-untyped-def]
    return x, 2 if step_index == 7 else 0


def refuses(x, in_all):  # type: ignore[no-untyped-def]
    if in_all > 3.9:
        raise ValueError("too much at once")
    return x + in_all, 0


def miscounts(x, y, z, in_all, i_inj_pa):  # type: ignore[no-untyped-def]
    x = x + in_all + i_inj_pa
    return x, y, z, 1 if x < 3.9 else -7


def miscounts_once(x, y, z, in_all, i_inj_pa):  # type: ignore[no-untyped-def]
    x = x + in_all + i_inj_pa
    return (x, y, z, 1) if x < 3.9 else (0.0, y, z, -7)


def two_populations(source_step: Any, own_step: Any, weight: float, delay: int) -> Simulation:
    """All of 40 cells project onto all of 1 100."""
    states = ("x",) if own_step is refuses else ("x", "y", "z")
    source = CellModel(name="Source", kind="neuron", states=("x",), step=source_step)
    model = CellModel(
        name="Own", kind="neuron", states=states, step=own_step, receptors=(Receptor("all", 1.0),)
    )
    network = Network(dt_ms=DT, seed=1)
    network.cells.append(CellGroup("sources", source, 0, 40, 0))
    network.cells.append(CellGroup("own", model, 40, 1100, 0))
    pre, post = (one.astype(np.int32) for one in np.nonzero(np.ones((40, 1100), dtype=bool)))
    network.synapses.append(
        SynapseGroup(
            "p", synapse_model("StaticSynapse"), "all", 0, pre, post + np.int32(40),
            np.full(44_000, weight), np.full(44_000, delay, dtype=np.int32),
        )
    )  # fmt: skip
    return Simulation(network, 1)


@pytest.mark.parametrize("longest", [1, 2, 4])
@pytest.mark.parametrize("delay", [5, 6])
@pytest.mark.parametrize(
    ("step_function", "what"),
    [
        (miscounts, "returned -7 as its number of spikes"),
        (miscounts_once, "returned a number of spikes that is no count"),
    ],
)
def test_a_step_that_miscounts_may_be_the_second_of_two(
    step_function: Any, what: str, delay: int, longest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told when, and the spikes of the step before are kept."""
    monkeypatch.setattr(windows, "LONGEST_STRETCH", longest)
    engine = two_populations(fires, step_function, 0.25, delay)
    step = 7 + delay
    message = rf"of cell 0 {what}.*at t = {step / 10:g} ms"
    with pytest.raises(SimulationError, match=message):
        engine.run(1000)
    assert engine.step == step - 1
    assert engine.emitted[40:].tolist() == [step - 1] * 1100
    assert (engine._parts[0].uniform.two_steps[1:] >= 0).tolist() == [longest > 1] * 3
    engine.reset()
    engine.run(step - 1)
    assert engine.emitted[40:].tolist() == [2 * (step - 1)] * 1100


@pytest.mark.parametrize("longest", [1, 4])
@pytest.mark.parametrize("source_step", [fires, fires_twice])
@pytest.mark.parametrize("weight", [0.25, 0.1])
def test_a_step_that_fails_is_told_its_input(
    weight: float, source_step: Any, longest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it was a count, the sum that stands for one, or a sum of several spikes."""
    monkeypatch.setattr(windows, "LONGEST_STRETCH", longest)
    engine = two_populations(source_step, refuses, weight, 5)
    message = r"of cell 0 raised ValueError: too much at once, at t = 1\.2 ms"
    with pytest.raises(SimulationError, match=message):
        engine.run(1000)
    assert engine.step == 11
    assert int(engine.emitted.sum()) == 40 * source_step(0.0, 7)[1]
    engine.reset()
    engine.run(11)
    assert engine.step == 11


def three_inputs(x, in_a, in_b, in_c, cell):  # type: ignore[no-untyped-def]
    x = 0.9 * x + 0.1 + 0.001 * (cell % 97) + 0.1 * in_a + 0.3 * in_b - 0.7 * in_c
    return (0.0, 1) if x > 1.0 else (x, 0)


def never(x):  # type: ignore[no-untyped-def]
    return x, 0


@pytest.mark.parametrize(("receptor", "threads"), [("a", 1), ("b", 3), ("c", 1)])
@pytest.mark.parametrize("change", ["made", "emptied", "reset"])
def test_what_is_in_flight_to_a_receptor_without_synapses_arrives(
    change: str, receptor: str, threads: int
) -> None:
    """The synapses of one of two idle receptors are made, or vanish, between two runs."""
    other = "abca"["abc".index(receptor) + 1]
    nobody = CellModel(name="Nobody", kind="neuron", states=("x",), step=never)
    receptors = tuple(Receptor(name, 1.0) for name in "abc")
    model = CellModel(
        name="Three", kind="neuron", states=("x",), step=three_inputs, receptors=receptors
    )

    def projection(onto: str, first: int, weight: float, created: int, kinds: int) -> SynapseGroup:
        """Onto 1100 cells, 20 synapses each, of ``kinds`` weights."""
        draw = np.random.RandomState(7)
        post = np.repeat(np.arange(40, 1140, dtype=np.int32), 20)
        pre = draw.randint(first, 40 if first == 0 else 1140, size=len(post)).astype(np.int32)
        weights = weight * (1 + np.arange(len(post)) % kinds)
        delays = np.full(len(post), 9, dtype=np.int32)
        static = synapse_model("StaticSynapse")
        return SynapseGroup("p", static, onto, created, pre, post, weights, delays)

    def states(counted: bool) -> list[bytes]:
        network = Network(dt_ms=DT, seed=1)
        network.cells.append(CellGroup("nobody", nobody, 0, 40, 0))
        network.cells.append(CellGroup("three", model, 40, 1100, 0))
        network.synapses.append(projection(receptor, 40, 0.013, 0, 1))
        several = projection(other, 40, 0.017, 0, 3)
        if change != "made":
            network.synapses.append(several)
        if not counted:
            network.synapses.append(projection(receptor, 0, 0.5, 0, 1))
        engine = Simulation(network, threads)
        found = []
        for stop in (11, 40, 41, 90, 200):
            engine.run(stop)
            found += [engine.cells.state.tobytes(), engine.emitted.tobytes()]
            mixed = several.size > 0 and any(one is several for one in network.synapses)
            assert kernels(engine, 40) == {"counts" if counted and not mixed else "sums"}
            if stop == 41 and change == "made":
                several.created = 41
                network.synapses.append(several)
                engine.synapses_changed()
            elif stop == 41:
                several.pre, several.post = several.pre[:0], several.post[:0]
                several.weight, several.delay_steps = several.weight[:0], several.delay_steps[:0]
                engine.synapses_changed()
                engine.prepare()
                assert len(np.unique(engine._pending.step)) > 3
                if change == "reset":
                    engine.reset()
        assert engine.emitted[40:].mean() > 3.0
        return found

    assert states(counted=True) == states(counted=False)
