"""Currents laid out for calls of the run loop, and kernels of cells without any."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyNN.greenmorph as sim
import pytest

from pynn_greenmorph.engine.currents import CurrentFeed
from pynn_greenmorph.engine.tables import lay_out_group
from pynn_greenmorph.network import CellGroup, CurrentGroup, SineWave, StepWave
from pynn_greenmorph.registry import cell_model


def feed_of(*groups: CurrentGroup) -> CurrentFeed:
    """Six cells, of which two parts own three each."""
    group = CellGroup("p", cell_model("IF_curr_exp"), 0, 6, 0)
    layouts = [lay_out_group(group, False, 0, 0, 0)]
    return CurrentFeed(groups, layouts, np.repeat([0, 1], 3), 2, 0.1, np.int64(1), 0)


def test_cells_that_receive_the_same_are_one_target() -> None:
    """Two sources, one of them twice onto a cell: three mixtures, shared out by part."""
    on = np.array([2]), np.array([0.5])
    first = CurrentGroup(np.array([0, 1, 4, 5]), StepWave(*on))
    second = CurrentGroup(np.array([4, 3, 4]), StepWave(np.array([4]), np.array([0.25])))
    changes = feed_of(first, second).feed(0, 10)
    assert changes is not None
    values: dict[int, list[tuple[int, float]]] = {}
    for part, change in enumerate(changes):
        for step, target, value in zip(change.step, change.target, change.value, strict=True):
            for slot in change.slot[change.first[target] : change.first[target + 1]]:
                assert slot // 3 == part
                values.setdefault(int(slot), []).append((int(step), float(value)))
    alone = [(1, 0.0), (3, 500.0)]
    assert values == {
        0: alone, 1: alone, 5: alone, 3: [(1, 0.0), (5, 250.0)],
        4: [(1, 0.0), (3, 500.0), (5, 1000.0)],
    }  # fmt: skip
    assert len(changes[0].step) == 7


def test_a_call_after_one_that_ended_early_gives_all_values_again() -> None:
    """Else a cell would keep what the loop had not come to, or had long passed."""
    feed = feed_of(CurrentGroup(np.arange(6), StepWave(np.array([2, 7]), np.array([0.5, 1.0]))))
    assert feed.feed(0, 10) is not None
    assert feed.feed(10, 20) is None
    changes = feed.feed(5, 20)
    assert changes is not None
    assert changes[0].step.tolist() == [6, 8]
    assert changes[0].value.tolist() == [500.0, 1000.0]


def test_memory_is_counted_for_what_changes_in_every_step() -> None:
    """One value per step and mixture; a stepped current needs none."""
    step = CurrentGroup(np.arange(6), StepWave(np.array([2]), np.array([0.5])))
    sine = CurrentGroup(np.array([1, 2]), SineWave(0, 100, 0.0, 1.0, 10.0, 0.0))
    assert feed_of(step).width == 0
    assert feed_of(step, sine).width == 1


#: Cell types that have a kernel for cells without currents.
SIMPLE = ("IF_curr_exp", "IF_curr_alpha", "IF_curr_delta", "Izhikevich")


def play(cell_type: str, source: dict[str, float], late: bool, threads: int) -> list[Any]:
    """Spikes and potentials of a recurrent network, 40 ms; ``late``: injected after 20 ms."""
    sim.setup(timestep=0.1, threads=threads)
    model = sim.Izhikevich(i_offset=0.02)
    if cell_type != "Izhikevich":
        model = getattr(sim, cell_type)(v_thresh=-62.0, tau_refrac=1.0, i_offset=0.3)
    cells = sim.Population(600, model)
    cells.initialize(v=np.random.RandomState(1).uniform(-66.0, -62.0, cells.size))
    some = sim.FixedProbabilityConnector(0.05, rng=sim.NumpyRNG(seed=3))
    weight = {"IF_curr_delta": 0.02, "Izhikevich": 0.5}.get(cell_type, 0.01)
    sim.Projection(cells, cells, some, sim.StaticSynapse(weight=weight, delay=0.4))
    cells.record(["spikes", "v"])
    sim.run(20.0 if late else 0.0)
    if source:
        sim.DCSource(**source).inject_into(cells[[5, 599]])
    sim.run_until(40.0)
    segment = cells.get_data().segments[0]
    trains = [train.magnitude.tolist() for train in segment.spiketrains]
    sim.end()
    return [trains, segment.analogsignals[0].magnitude]


@pytest.mark.parametrize("cell_type", SIMPLE)
@pytest.mark.parametrize("threads", [1, 2])
def test_cells_without_currents_have_the_bits_of_cells_with_one_of_nothing(
    cell_type: str, threads: int
) -> None:
    """The same cells by the kernel that takes currents, and by the one that leaves them out."""
    trains, v = play(cell_type, {}, late=False, threads=threads)
    assert sum(map(len, trains)) > 100
    for late in (False, True):
        others, other_v = play(cell_type, {"amplitude": 0.0}, late=late, threads=threads)
        assert others == trains
        assert other_v.tobytes() == v.tobytes()


@pytest.mark.parametrize("cell_type", SIMPLE)
def test_a_current_into_a_population_that_had_none_acts(cell_type: str) -> None:
    """A source that is made between two runs does what one does that was there before."""
    source = {"amplitude": 5.0, "start": 20.0}
    trains, v = play(cell_type, source, late=False, threads=1)
    others, other_v = play(cell_type, source, late=True, threads=1)
    silent, _ = play(cell_type, {}, late=False, threads=1)
    assert trains == others
    assert v.tobytes() == other_v.tobytes()
    assert trains != silent
