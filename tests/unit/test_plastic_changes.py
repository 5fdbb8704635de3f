"""What a script changes at plastic and dynamic synapses between runs changes nothing else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyNN.greenmorph as sim
import pytest
from pyNN import errors as pynn_errors

from tests.models import DT

PRE, POST = [10.0, 20.0, 30.0, 60.0], [5.0, 12.0, 22.0, 40.0]


@pytest.fixture(autouse=True)
def _end() -> Iterator[None]:
    yield
    sim.end()


def learning(fraction: float = 1.0) -> Any:
    """Two sources learn onto a cell that is made to spike; delays of 10 ms."""
    sim.setup(timestep=DT, min_delay=DT, max_delay=20.0)
    sources = sim.Population(2, sim.SpikeSourceArray(spike_times=PRE))
    forcing = sim.Population(1, sim.SpikeSourceArray(spike_times=POST))
    cell = sim.Population(1, sim.IF_curr_exp(tau_m=0.5, tau_syn_E=0.1, tau_refrac=0.1, cm=0.1))
    strong = sim.StaticSynapse(weight=100.0, delay=DT)
    sim.Projection(forcing, cell, sim.OneToOneConnector(), strong)
    mechanism = sim.STDPMechanism(
        timing_dependence=sim.SpikePairRule(A_plus=0.1, A_minus=0.05),
        weight_dependence=sim.AdditiveWeightDependence(w_max=1e-5),
        dendritic_delay_fraction=fraction,
        weight=5e-6,
        delay=10.0,
    )
    return sim.Projection(sources, cell, sim.AllToAllConnector(), mechanism)


def weights(projection: Any) -> list[float]:
    found: list[float] = projection.get("weight", format="list", with_address=False)
    return found


def test_setting_one_weight_leaves_the_others_their_learning() -> None:
    """A spike of the other source is in flight, and teaches its synapse all the same."""
    projection = learning()
    sim.run(100.0)
    expected = weights(projection)[1]
    projection = learning()
    sim.run(35.0)
    projection[0].weight = 7e-6
    assert weights(projection)[0] == 7e-6
    projection[0].weight = 6e-6
    assert weights(projection)[0] == 6e-6
    sim.run(65.0)
    assert weights(projection)[1] == expected
    assert weights(projection)[0] != expected


def test_a_whole_and_a_single_weight_set_together() -> None:
    """What is set last counts, connection by connection."""
    projection = learning()
    sim.run(35.0)
    projection.set(weight=2e-6)
    projection[1].weight = 3e-6
    assert weights(projection) == [2e-6, 3e-6]
    sim.run(1.0)
    assert weights(projection) == [2e-6, 3e-6]


def a_weight(projection: Any) -> None:
    projection[0].weight = weights(projection)[0]


#: Changes to the values that there are.
IDLE = {
    "parameter": lambda projection: projection.set(A_plus=0.1, tau_plus=20.0, w_max=1e-5),
    "parameters": lambda projection: projection.set(A_plus=[0.1, 0.1]),
    "weights": lambda projection: projection.set(weight=weights(projection)),
    "weight": a_weight,
}


@pytest.mark.parametrize("change", IDLE)
@pytest.mark.parametrize("fraction", [0.0, 0.2, 0.5, 1.0])
def test_no_pair_is_lost_by_a_change(fraction: float, change: str) -> None:
    """Spikes are on their way whenever what there is is set: they learn all the same."""
    projection = learning(fraction)
    sim.run(100.0)
    expected = weights(projection)
    projection = learning(fraction)
    for time_ms in (11.0, 13.0, 21.0, 24.5, 33.0, 39.0, 41.0, 61.0):
        sim.run_until(time_ms)
        IDLE[change](projection)
    sim.run_until(100.0)
    assert weights(projection) == expected
    assert min(expected) != 5e-6


def test_a_parameter_acts_on_what_arrives_later() -> None:
    """The source's spike of 20 ms is on its way; the target's of 22 ms meets it at the synapse."""
    projection = learning(0.0)
    sim.run(21.0)
    projection.set(A_minus=0.0, A_plus=0.05)
    sim.run(79.0)
    pre, post = np.array(PRE) + 10.0, np.array(POST) + 2 * DT
    expected = 0.5
    for k, arrival in enumerate(pre):
        pairs = (post[:, None] - pre[None, :k])[(post > pre[k - 1]) & (post < arrival)] if k else []
        ups = [np.exp(-lag / 20.0) for row in pairs for lag in row]
        assert 0.0 < expected < 1.0
        expected += (0.1 if arrival <= 21.0 else 0.05) * sum(ups)
        downs = np.exp(-(arrival - post[post < arrival]) / 20.0)
        expected -= (0.05 if arrival <= 21.0 else 0.0) * downs.sum()
    np.testing.assert_allclose(np.array(weights(projection)) / 1e-5, expected, rtol=1e-12)


@pytest.mark.parametrize(("name", "value"), [("w_max", -1.0), ("w_max", 0.0), ("w_min", 2.0)])
def test_bounds_of_one_connection_are_checked(name: str, value: float) -> None:
    """As for all of them; what was refused is taken back."""
    projection = learning()
    before = projection.get([name], format="list")
    with pytest.raises(pynn_errors.ConnectionError, match=name):
        setattr(projection[0], name, value)
    assert projection.get([name], format="list") == before


def test_a_time_constant_of_the_target_is_one_for_all() -> None:
    """A target has one trace for all its synapses of a projection."""
    with pytest.raises(pynn_errors.InvalidParameterValueError, match="tau_minus"):
        learning()[0].tau_minus = 5.0


def amplitudes(change: Any, synapse: Any, cell: dict[str, float], t_stop: float) -> np.ndarray:
    """Jumps of the conductance (uS) at spikes every 5 ms; ``change`` is made after 52 ms."""
    sim.setup(timestep=DT, seed=2)
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=np.arange(5.0, t_stop, 5.0)))
    target = sim.Population(1, sim.IF_cond_exp(v_thresh=1e6, **cell))
    target.record("gsyn_exc")
    projection = sim.Projection(source, target, sim.AllToAllConnector(), synapse)
    sim.run(52.0)
    change(projection, target)
    sim.run(t_stop - 52.0)
    g = target.get_data().segments[0].analogsignals[0].magnitude[:, 0]
    return np.diff(g)[50::50]


def test_initialising_one_state_leaves_the_others() -> None:
    """``u`` alone is set to the value that it has at first; ``x`` stays depressed."""
    synapse = sim.TsodyksMarkramSynapse(U=0.3, tau_rec=500.0, tau_facil=0.0, weight=0.01, delay=DT)
    cell = {"tau_syn_E": 0.2}
    plain = amplitudes(lambda *_: None, synapse, cell, 100.0)
    changed = amplitudes(lambda pr, _: pr.initialize(u=0.3), synapse, cell, 100.0)
    np.testing.assert_allclose(changed, plain, rtol=1e-12)
    assert plain[-1] < 0.2 * plain[0]


def test_spikes_on_their_way_are_transmitted_once() -> None:
    """Setting the weight to what it is changes nothing that arrives; one spike is on its way."""
    synapse = sim.TsodyksMarkramSynapse(U=0.3, tau_rec=50.0, weight=0.01, delay=5.1)
    cell = {"tau_syn_E": 0.2}
    plain = amplitudes(lambda *_: None, synapse, cell, 100.0)
    changed = amplitudes(lambda pr, _: pr.set(weight=0.01), synapse, cell, 100.0)
    np.testing.assert_allclose(changed, plain, rtol=1e-12)
    assert (plain[1:] > 0.0).all()


def test_fewer_sites_release_no_more_than_there_are() -> None:
    """A connection never acts with more than its weight."""
    synapse = sim.MultiQuantalSynapse(U=1.0, n=10, tau_rec=5.0, weight=0.01, delay=DT)
    found = amplitudes(lambda pr, _: pr.set(n=2), synapse, {"tau_syn_E": 0.2}, 150.0)
    assert found.max() <= 0.01 + 1e-15
    assert len(np.unique(np.round(found[12:], 5))) <= 3


@pytest.mark.parametrize("n", [1.5, 0, np.nan])
def test_sites_are_counted(n: float) -> None:
    """No fraction is cut off in silence."""
    sim.setup()
    cells = sim.Population(1, sim.IF_curr_exp())
    with pytest.raises((ValueError, pynn_errors.InvalidParameterValueError), match="whole number"):
        sim.Projection(cells, cells, sim.AllToAllConnector(), sim.MultiQuantalSynapse(n=n))


def test_dynamic_synapses_follow_the_time_constant_of_their_target() -> None:
    """Set between runs it acts as if it had been there, but for what has passed."""
    synapse = sim.TsodyksMarkramSynapse(U=0.5, tau_rec=20.0, tau_facil=0.0, weight=0.01, delay=DT)

    def later(projection: Any, target: Any) -> None:
        target.set(tau_syn_E=2.0)

    def laid_out_anew(projection: Any, target: Any) -> None:
        later(projection, target)
        still = sim.StaticSynapse(weight=0.0, delay=DT)
        sim.Projection(projection.pre, target, sim.AllToAllConnector(), still)

    found, expected = (
        amplitudes(change, synapse, {"tau_syn_E": 0.2}, 150.0) for change in (later, laid_out_anew)
    )
    np.testing.assert_array_equal(found, expected)


def test_many_noisy_sources_do_not_cut_the_run_into_steps() -> None:
    """Laying out 400 currents costs more than the loop: chunks keep their length."""
    sim.setup(timestep=DT, seed=1)
    cells = sim.Population(400, sim.IF_curr_exp())
    for cell in cells:
        sim.NoisyCurrentSource(mean=0.1, stdev=0.1).inject_into(cell)
    calls: list[int] = []
    simulated = sim.state.session.simulation
    original = simulated._feed_currents
    slow = 0.15

    def feed(last_step: int) -> None:
        calls.append(last_step - simulated.step)
        time.sleep(slow)
        original(last_step)

    simulated._feed_currents = feed
    sim.run(40.0)
    assert sum(calls) == 400
    assert len(calls) <= 8
