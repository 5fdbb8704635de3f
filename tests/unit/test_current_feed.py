"""Currents laid out for calls of the run loop, and kernels of cells without any."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pyNN.greenmorph as sim
import pytest

from pynn_greenmorph.engine import cell_state
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


def play(
    cell_type: str, source: dict[str, float], late: bool = False, threads: int = 1,
    before_source: Callable[[], None] = lambda: None,
) -> tuple[list[Any], bytes]:  # fmt: skip
    """Spikes and potentials of a recurrent network, 40 ms; ``late``: injected after 20 ms.

    Only one of its two populations gets a current, if any.
    """
    sim.setup(timestep=0.1, threads=threads)
    model = sim.Izhikevich(i_offset=0.02)
    if cell_type != "Izhikevich":
        model = getattr(sim, cell_type)(v_thresh=-62.0, tau_refrac=1.0, i_offset=0.3)
    cells, others = sim.Population(600, model), sim.Population(100, model)
    both = cells + others
    draw = np.random.RandomState(1)
    for population in (cells, others):
        population.initialize(v=draw.uniform(-66.0, -62.0, population.size))
    some = sim.FixedProbabilityConnector(0.2, rng=sim.NumpyRNG(seed=3))
    weight = {"IF_curr_delta": 0.005, "Izhikevich": 0.1}.get(cell_type, 0.0025)
    for pre, post in product((cells, others), repeat=2):
        sign, receptor = (1, "excitatory") if pre is cells else (-1, "inhibitory")
        synapse = sim.StaticSynapse(weight=sign * weight, delay=0.4)
        sim.Projection(pre, post, some, synapse, receptor_type=receptor)
    both.record(["spikes", "v"])
    sim.run(20.0 if late else 0.0)
    before_source()
    if source:
        sim.DCSource(**source).inject_into(cells[[5, 599]])
    while sim.get_current_time() < 40.0:
        with contextlib.suppress(KeyboardInterrupt):
            sim.run_until(40.0)
    segment = both.get_data().segments[0]
    trains = [train.magnitude.tolist() for train in segment.spiketrains]
    v = b"".join(np.ascontiguousarray(one.magnitude).tobytes() for one in segment.analogsignals)
    sim.end()
    return trains, v


@pytest.mark.parametrize("cell_type", SIMPLE)
@pytest.mark.parametrize("threads", [1, 2])
def test_cells_without_currents_have_the_bits_of_cells_with_one_of_nothing(
    cell_type: str, threads: int
) -> None:
    """The same cells by the kernel that takes currents, and by the one that leaves them out."""
    alone = play(cell_type, {}, threads=threads)
    assert sum(map(len, alone[0])) > 100
    for late in (False, True):
        assert play(cell_type, {"amplitude": 0.0}, late=late, threads=threads) == alone


@pytest.mark.parametrize("cell_type", SIMPLE)
def test_a_current_into_a_population_that_had_none_acts(cell_type: str) -> None:
    """A source that is made between two runs does what one does that was there before."""
    source = {"amplitude": 5.0, "start": 20.0}
    before = play(cell_type, source)
    assert play(cell_type, source, late=True) == before
    assert play(cell_type, {})[0] != before[0]


@pytest.mark.parametrize("counted", [False, True])
def test_a_current_acts_when_the_loading_of_its_kernel_was_interrupted(
    counted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Compiling takes seconds: Ctrl-C may come there, and the next run goes on."""
    source = {"amplitude": 5.0, "start": 20.0}
    load, interrupted = cell_state.load_block, []

    def interrupt(*arguments: Any) -> Any:
        if arguments[1].counted == counted and not interrupted:
            interrupted.append(arguments)
            raise KeyboardInterrupt
        return load(*arguments)

    def from_now_on() -> None:
        monkeypatch.setattr(cell_state, "load_block", interrupt)

    expected = play("IF_curr_exp", source)
    assert play("IF_curr_exp", source, late=True, before_source=from_now_on) == expected
    assert interrupted
