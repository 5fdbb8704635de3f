"""Weights and short-term plasticity against real NEST; run with ``pytest --peers``.

The trains of sources and targets are given, and all runs end with a silence that
is longer than any delay: NEST changes a weight when the source's spike is
emitted, this backend when it arrives.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests import learning_network
from tests.models import DT, on_grid
from tests.plastic_models import W_MAX, Learned, learn

pytestmark = pytest.mark.peer

#: As fractions of the largest weight; 3e-15 was seen.
TOLERANCE = 1e-12

PAIR = {"tau_plus": 16.8, "tau_minus": 33.7, "A_plus": 0.011, "A_minus": 0.0052}

DEPENDENCES = (
    "AdditiveWeightDependence",
    "MultiplicativeWeightDependence",
    "AdditivePotentiationMultiplicativeDepression",
    # pyNN.nest ignores its exponents: they are always 0.5.
    "GutigWeightDependence",
)

DELAYS = {
    "0.1": [0.1],
    "1": [1.0],
    "10": [10.0],
    "mixed": [0.1, 0.7, 1.5, 3.3, 6.0, 9.9, 10.0],
}


def both(make: Callable[[Any], Any], *arguments: Any) -> tuple[Learned, Learned]:
    """The same run on NEST and here."""
    import pyNN.greenmorph as greenmorph
    import pyNN.nest as nest

    theirs = learn(nest, make, *arguments)
    nest.end()
    ours = learn(greenmorph, make, *arguments)
    greenmorph.end()
    for one, two in zip(theirs.post, ours.post, strict=True):
        assert one.tolist() == two.tolist()
    return theirs, ours


@pytest.mark.parametrize("delays", DELAYS)
@pytest.mark.parametrize("rate_hz", [5.0, 20.0, 50.0])
@pytest.mark.parametrize("dependence", DEPENDENCES)
def test_spike_pairs(dependence: str, rate_hz: float, delays: str) -> None:
    """Random trains, 1.5 s."""

    def make(sim: Any) -> Any:
        return sim.STDPMechanism(
            timing_dependence=sim.SpikePairRule(**PAIR),
            weight_dependence=getattr(sim, dependence)(w_max=W_MAX),
        )

    theirs, ours = both(make, rate_hz, DELAYS[delays])
    assert np.abs(ours.after - theirs.after).max() < TOLERANCE
    assert np.abs(ours.after - ours.before).max() > 0.01


def reads(sim: Any, times: list[float]) -> tuple[list[float], np.ndarray]:
    """Weights (nA) read at some times, and the target's potentials; spikes of the source take 8 ms.

    The source spikes at 20 and 50 ms, the target at 30 ms.
    """
    sim.setup(timestep=DT, min_delay=DT, max_delay=10.0, spike_precision="on_grid")
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=on_grid([200, 500])))
    driver = sim.Population(1, sim.SpikeSourceArray(spike_times=on_grid([298])))
    target = sim.Population(1, sim.IF_curr_exp(tau_m=0.5, tau_syn_E=0.1, tau_refrac=0.1, cm=0.1))
    target.record(["v", "spikes"])
    one = sim.FromListConnector([(0, 0)])
    sim.Projection(driver, target, one, sim.StaticSynapse(weight=100.0, delay=0.1))
    mechanism = sim.STDPMechanism(
        timing_dependence=sim.SpikePairRule(**PAIR),
        weight_dependence=sim.AdditiveWeightDependence(w_max=0.01),
        weight=0.005,
        delay=8.0,
    )
    projection = sim.Projection(source, target, one, mechanism)
    found = []
    for time in times:
        sim.run_until(time)
        found += projection.get("weight", format="list", with_address=False)
    segment = target.get_data().segments[0]
    assert np.round(segment.spiketrains[0].magnitude, 6).tolist() == [30.0]
    return found, np.asarray(segment.analogsignals[0].magnitude)[:, 0]


def test_what_a_read_shows_while_a_spike_is_on_its_way() -> None:
    """NEST changes the weight at the emission, we at the arrival; the target sees the same."""
    import pyNN.greenmorph as greenmorph
    import pyNN.nest as nest

    times = [45.0, 50.2, 57.9, 58.0, 65.0]
    theirs, their_v = reads(nest, times)
    nest.end()
    ours, our_v = reads(greenmorph, times)
    greenmorph.end()
    # Between the emission and the arrival NEST is ahead by the delay.
    assert [one == 0.005 for one in theirs] == [True, False, False, False, False]
    assert [one == 0.005 for one in ours] == [True, True, True, False, False]
    np.testing.assert_allclose([ours[0], ours[-1]], [theirs[0], theirs[-1]], rtol=1e-15)
    np.testing.assert_array_equal(our_v[1:], their_v[1:])
    assert our_v[581:600].max() > our_v[579]
    with pytest.raises(ValueError, match="dendritic"):
        nest.STDPMechanism(nest.SpikePairRule(), nest.AdditiveWeightDependence(), None, 0.5)


def test_spike_pairs_for_a_long_time() -> None:
    """20 s at 50 Hz: rounding errors do not grow, histories are cut several times."""

    def make(sim: Any) -> Any:
        return sim.STDPMechanism(
            timing_dependence=sim.SpikePairRule(**PAIR),
            weight_dependence=sim.GutigWeightDependence(w_max=W_MAX),
        )

    theirs, ours = both(make, 50.0, DELAYS["mixed"], 20_000.0)
    assert np.abs(ours.after - theirs.after).max() < TOLERANCE


@pytest.mark.parametrize("delays", DELAYS)
@pytest.mark.parametrize("rate_hz", [5.0, 20.0, 50.0])
def test_inhibition_that_balances(rate_hz: float, delays: str) -> None:
    """NEST's ``vogels_sprekeler_synapse``, which PyNN does not name, with the same numbers."""
    tau, eta, rho = 23.0, 0.02, 12.0

    def make(sim: Any) -> Any:
        if hasattr(sim, "Vogels2011Rule"):
            return sim.STDPMechanism(
                timing_dependence=sim.Vogels2011Rule(tau=tau, eta=eta * W_MAX, rho=rho),
                weight_dependence=sim.AdditiveWeightDependence(w_max=W_MAX),
            )
        native = sim.native_synapse_type("vogels_sprekeler_synapse")
        alpha = 2.0 * rho * 1e-3 * tau
        # Native weights are in pA.
        return native(tau=tau, eta=eta * W_MAX * 1e3, alpha=alpha, Wmax=W_MAX * 1e3, tau_minus=tau)

    import pyNN.greenmorph as greenmorph
    import pyNN.nest as nest

    theirs = learn(nest, make, rate_hz, DELAYS[delays], 1500.0, 8, 1e3)
    nest.end()
    ours = learn(greenmorph, make, rate_hz, DELAYS[delays], 1500.0)
    greenmorph.end()
    assert np.abs(ours.after - theirs.after).max() < TOLERANCE
    assert np.abs(ours.after - ours.before).max() > 0.05


def compare_networks(cell: str, plastic: str, makes: tuple[Any, Any], others: Any, start: float,
                     unit: float) -> None:  # fmt: skip
    """What is learned acts on what is learned next: spikes equal, weights as in given trains."""
    import pyNN.greenmorph as greenmorph
    import pyNN.nest as nest

    theirs = learning_network.learn(nest, cell, plastic, makes[0], others, start, unit)
    nest.end()
    ours = learning_network.learn(greenmorph, cell, plastic, makes[1], others, start)
    greenmorph.end()
    assert sum(map(len, theirs.spikes)) > 5_000
    assert max(train[-1] for train in theirs.spikes if train) < 3_800  # nothing is on its way
    assert ours.spikes == theirs.spikes
    np.testing.assert_allclose(ours.before, theirs.before, rtol=1e-15)
    assert np.abs(ours.after - theirs.after).max() < TOLERANCE
    assert np.abs(ours.after - ours.before).max() > 0.2


@pytest.mark.parametrize("cell", learning_network.WEIGHTS)
def test_a_network_that_inhibition_balances(cell: str) -> None:
    """Inhibition grows from a fiftieth of the largest weight on."""
    tau, eta, rho = 20.0, 0.003, 5.0

    def ours_of(sim: Any, w_max: float) -> Any:
        return sim.STDPMechanism(
            timing_dependence=sim.Vogels2011Rule(tau=tau, eta=eta * abs(w_max), rho=rho),
            weight_dependence=sim.AdditiveWeightDependence(w_max=w_max),
        )

    def theirs_of(sim: Any, w_max: float) -> Any:
        # Native weights of inhibition are negative, in pA or nS; the default has another sign.
        largest = 1e3 * abs(w_max)
        return sim.native_synapse_type("vogels_sprekeler_synapse")(
            weight=-1.0, tau=tau, eta=eta * largest, alpha=2e-3 * rho * tau, Wmax=-largest,
            tau_minus=tau,
        )  # fmt: skip

    makes = theirs_of, ours_of
    compare_networks(cell, "inh", makes, lambda sim: sim.StaticSynapse(), 0.02, 1e3)


@pytest.mark.parametrize(
    ("cell", "dependence"), list(zip(learning_network.WEIGHTS, DEPENDENCES[::3], strict=True))
)
def test_a_network_that_learns_pairs(cell: str, dependence: str) -> None:
    """Excitation learns, and all other synapses depress and recover."""

    def make(sim: Any, w_max: float) -> Any:
        return sim.STDPMechanism(
            timing_dependence=sim.SpikePairRule(**PAIR),
            weight_dependence=getattr(sim, dependence)(w_max=w_max),
        )

    def others(sim: Any) -> Any:
        return sim.TsodyksMarkramSynapse(U=0.4, tau_rec=100.0, tau_facil=20.0)

    compare_networks(cell, "exc", (make, make), others, 0.5, 1.0)


def short_term(sim: Any, cell: str, receptor: str, synapse: dict[str, Any]) -> np.ndarray:
    """Recorded inputs of cells with different time constants, driven through dynamic synapses."""
    sim.setup(timestep=DT, min_delay=DT, max_delay=10.0, spike_precision="on_grid")
    draw = np.random.RandomState(6)
    steps = [np.unique(draw.randint(20, 4000, size=25)) for _ in range(4)]
    source = sim.Population(4, sim.SpikeSourceArray(spike_times=[on_grid(one) for one in steps]))
    tau = "tau_syn_E" if receptor == "excitatory" else "tau_syn_I"
    cells = sim.Population(3, getattr(sim, cell)(**{tau: [1.2, 6.7, 4.3]}))
    variable = "gsyn_exc" if receptor == "excitatory" else "gsyn_inh"
    cells.record([variable, "v"])
    rows = [
        (i, j, 0.001 * (1 + i), [0.1, 1.3, 5.0][(i + j) % 3]) for i in range(4) for j in range(3)
    ]
    sim.Projection(
        source, cells, sim.FromListConnector(rows), sim.TsodyksMarkramSynapse(**synapse),
        receptor_type=receptor,
    )  # fmt: skip
    sim.run(420.0)
    signals = {s.name: np.asarray(s.magnitude) for s in cells.get_data().segments[0].analogsignals}
    return np.hstack([signals[variable], signals["v"] + 65.0])


@pytest.mark.parametrize("receptor", ["excitatory", "inhibitory"])
@pytest.mark.parametrize(
    "synapse",
    [
        {"U": 0.5, "tau_rec": 800.0, "tau_facil": 0.0},
        {"U": 0.04, "tau_rec": 100.0, "tau_facil": 1000.0},
        {"U": 0.3, "tau_rec": 17.0, "tau_facil": 40.0},
    ],
    ids=["depressing", "facilitating", "both"],
)
def test_tsodyks_markram(synapse: dict[str, float], receptor: str) -> None:
    """Conductances (uS) and potentials (mV)."""
    import pyNN.greenmorph as greenmorph
    import pyNN.nest as nest

    theirs = short_term(nest, "IF_cond_exp", receptor, synapse)
    nest.end()
    ours = short_term(greenmorph, "IF_cond_exp", receptor, synapse)
    greenmorph.end()
    assert np.abs(ours[:, :3]).max() > 1e-4
    assert np.abs(ours[:, :3] - theirs[:, :3]).max() < 1e-15
    assert np.abs(ours[1:, 3:] - theirs[1:, 3:]).max() < 1e-12
