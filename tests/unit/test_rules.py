"""Timing rules, weight dependences and synapse types that somebody else adds."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyNN.greenmorph as sim
import pytest

from pynn_greenmorph import registry, rules
from pynn_greenmorph.arithmetic import fused
from pynn_greenmorph.engine import generate_synapse, plastic
from pynn_greenmorph.engine.machine_code import compiles
from pynn_greenmorph.errors import GreenmorphError, SimulationError, UnknownNameError
from pynn_greenmorph.frontend import synapses
from pynn_greenmorph.registry import Parameter, State, SynapseModel
from pynn_greenmorph.rules import TimingRule, WeightDependence
from tests.models import DT


@pytest.fixture(autouse=True)
def _end() -> Iterator[None]:
    yield
    sim.end()


LIMIT = 3.0


def capped(value: float) -> float:
    return min(value, LIMIT)


def fast_and_slow(fast, slow, elapsed_ms, tau_ms):  # type: ignore[no-untyped-def]
    """Two traces of the source."""
    decay = math.exp(-elapsed_ms / tau_ms)
    return capped(fast * decay + 1.0), slow * decay**0.1 + 1.0


def count(n, elapsed_ms):  # type: ignore[no-untyped-def]
    """Number of spikes of the target."""
    return n + 1.0


def at_post(fast, slow, since_pre_ms, gain):  # type: ignore[no-untyped-def]
    return gain * fast * slow / (1.0 + since_pre_ms), 0.0


def at_pre(n, slow, loss):  # type: ignore[no-untyped-def]
    return 0.0, loss * n * slow


def lift(x, amount, steepness):  # type: ignore[no-untyped-def]
    return x + amount * (1.0 - x) ** steepness


def lower(x, amount):  # type: ignore[no-untyped-def]
    return x - amount * x


RULE = TimingRule(
    name="FastAndSlowRule",
    parameters=(
        Parameter("tau", "tau_ms", "ms", 10.0, "positive"),
        Parameter("gain", "gain", "", 0.1),
        Parameter("loss", "loss", "", 0.01),
    ),
    change_at_post=at_post,
    change_at_pre=at_pre,
    pre_traces=(State("fast"), State("slow")),
    post_traces=(State("n"),),
    pre_trace=fast_and_slow,
    post_trace=count,
    helpers=(capped,),
    doc="A rule of somebody else.",
)
DEPENDENCE = WeightDependence(
    name="SteepDependence",
    parameters=(
        Parameter("w_min", "w_min", "nA", 0.0),
        Parameter("w_max", "w_max", "nA", 1.0),
        Parameter("steepness", "steepness", "", 2.0),
    ),
    potentiate=lift,
    depress=lower,
)


def noted(elapsed_ms, seen, gain):  # type: ignore[no-untyped-def]
    """Every further spike counts more."""
    return seen + 1.0, fused(gain, seen, 0.0)


SYNAPSE = SynapseModel(
    name="CountingSynapse",
    parameters=(Parameter("gain", "gain", "", 2.0),),
    states=(State("seen", 1.0),),
    transmit=noted,
)


@pytest.fixture
def added(monkeypatch: pytest.MonkeyPatch) -> None:
    """The parts, found as those of an entry point are."""
    found = registry.parts

    def parts(kind: str) -> dict[str, Any]:
        more = (RULE, DEPENDENCE, SYNAPSE) if kind == "synapses" else ()
        return found(kind) | {one.name: one for one in more}

    monkeypatch.setattr(registry, "parts", parts)
    monkeypatch.setattr(rules, "parts", parts)


def run(synapse: Any) -> tuple[Any, Any]:
    sim.setup(timestep=DT)
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[10.0, 13.0, 50.0]))
    driver = sim.Population(1, sim.SpikeSourceArray(spike_times=[4.8, 20.8]))
    target = sim.Population(1, sim.IF_curr_exp(tau_m=0.5, tau_syn_E=0.1, cm=0.1))
    target.record(["spikes", "isyn_inh"])
    kick = sim.StaticSynapse(weight=100.0, delay=0.1)
    sim.Projection(driver, target, sim.OneToOneConnector(), kick)
    projection = sim.Projection(
        source, target, sim.OneToOneConnector(), synapse, receptor_type="inhibitory"
    )
    sim.run(60.0)
    return projection, target


@pytest.mark.usefixtures("added")
def test_a_rule_of_somebody_else() -> None:
    """Classes are made for it, and it does what its functions say; target spikes at 5 and 21."""
    classes = synapses.synapse_classes()
    rule = classes["FastAndSlowRule"](tau=20.0, gain=0.2)
    dependence = classes["SteepDependence"](w_max=-1.0, steepness=3.0)
    synapse = sim.STDPMechanism(rule, dependence, weight=-0.4, delay=1.0)
    projection, target = run(synapse)
    (train,) = target.get_data("spikes").segments[0].spiketrains
    assert np.round(train.magnitude, 6).tolist() == [5.0, 21.0]
    decay = math.exp(-3.0 / 20.0)
    x = 0.4
    x -= 0.01 * 1.0 * 0.0 * x  # at 10: one target spike, no trace yet
    x -= 0.01 * 1.0 * 1.0 * x  # at 13, with the traces of 10
    fast, slow = decay + 1.0, decay**0.1 + 1.0
    x += 0.2 * fast * slow / (1.0 + 9.0) * (1.0 - x) ** 3.0  # 21 + 1 - 13
    x -= 0.01 * 2.0 * slow * x
    assert projection.get("weight", format="list", with_address=False) == [
        pytest.approx(-x, abs=1e-14)
    ]
    assert projection[0].steepness == 3.0


def test_an_edited_constant_is_never_served_by_old_machine_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Machine code is kept under its text: numbers of the rule and the engine stand in it."""
    model = rules.compose(RULE, DEPENDENCE)
    texts = {generate_synapse.row_source(model, own=False)}
    for where, name in (
        (None, "LIMIT"),
        *((plastic, name) for name in ("LONG", "NEAR", "NO_SPIKE", "STRETCH")),
    ):
        with monkeypatch.context() as edited:
            if where is None:
                edited.setitem(globals(), name, 7)
            else:
                edited.setattr(where, name, 7)
            texts.add(generate_synapse.row_source(model, own=False))
    assert len(texts) == 6


@pytest.mark.usefixtures("added")
def test_a_synapse_type_of_somebody_else() -> None:
    synapse = synapses.synapse_classes()["CountingSynapse"](weight=-0.001, delay=1.0, gain=3.0)
    _, target = run(synapse)
    (signal,) = target.get_data("isyn_inh").segments[0].analogsignals
    current = signal.magnitude[:, 0]
    found = [current[s] - current[s - 1] * math.exp(-DT / 5.0) for s in (110, 140, 510)]
    assert found == pytest.approx([-0.003, -0.006, -0.009], abs=1e-12)


def failing(k, elapsed_ms):  # type: ignore[no-untyped-def]
    """Raise at the second spike."""
    if k > 0.0:
        raise ValueError
    return 1.0


def test_a_function_that_raises_ends_the_run() -> None:
    rule = TimingRule("Failing", (), at_none, at_none, (State("k"),), (), failing)
    model = synapses._class_of(rule)
    synapse = sim.STDPMechanism(
        model(), sim.AdditiveWeightDependence(w_max=-1.0), weight=-0.4, delay=1.0
    )
    kind = SimulationError if compiles() else ValueError
    with pytest.raises(kind, match="projection .*STDPMechanism" if compiles() else None):
        run(synapse)
    with pytest.raises(sim.errors.LifecycleError, match="failed in the middle"):
        sim.run(1.0)


def at_none():  # type: ignore[no-untyped-def]
    return 0.0, 0.0


def test_an_unknown_argument_is_named() -> None:
    rule = TimingRule("Unknown", (), lambda tau: (0.0, 0.0), at_none)
    model = rules.compose(rule, rules.weight_dependence("AdditiveWeightDependence"))
    with pytest.raises(GreenmorphError, match=r"unknown argument 'tau'.*Allowed: w_min, w_max"):
        generate_synapse.load_row(model, False)


def test_names_that_are_not_known() -> None:
    with pytest.raises(UnknownNameError, match="SpikePairRule"):
        rules.timing_rule("SpikePairRul")
    with pytest.raises(UnknownNameError, match="GutigWeightDependence"):
        rules.weight_dependence("Guetig")
    with pytest.raises(TypeError, match=r"timing_dependence is not of this backend.*SpikePairRule"):
        sim.STDPMechanism(weight_dependence=sim.AdditiveWeightDependence())


def test_mechanisms_do_not_share_their_words() -> None:
    """PyNN adds the parameters of all mechanisms to one dictionary of the class."""
    one = sim.STDPMechanism(sim.SpikePairRule(), sim.AdditiveWeightDependence())
    two = sim.STDPMechanism(sim.Vogels2011Rule(), sim.GutigWeightDependence())
    assert "eta" not in one.translations
    assert "tau_plus" not in two.translations
    assert set(one.get_parameter_names()) == set(one.translations)
