"""Plastic synapses against closed forms and a brute-force sum over all pairs of spikes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyNN.greenmorph as sim
import pytest

from pynn_greenmorph.engine import histories
from pynn_greenmorph.errors import FidelityWarning
from tests.models import DT
from tests.plastic_models import N_POST, N_PRE, W_MAX, learn

PAIR = {"tau_plus": 16.8, "tau_minus": 33.7, "A_plus": 0.011, "A_minus": 0.0052}


@pytest.fixture(autouse=True)
def _end() -> Iterator[None]:
    yield
    sim.end()


def one_synapse(
    pre: list[float], post: list[float], mechanism: Any, *, current: bool = True
) -> tuple[Any, Any]:
    """A source and a target with given spike times (ms), joined by a plastic synapse."""
    sim.setup(timestep=DT)
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=pre))
    driver = sim.Population(1, sim.SpikeSourceArray(spike_times=np.array(post) - 0.2))
    target = sim.Population(1, sim.IF_curr_exp(tau_m=0.5, tau_syn_E=0.1, tau_refrac=0.1, cm=0.1))
    target.record("spikes")
    kick = sim.StaticSynapse(weight=100.0, delay=0.1)
    sim.Projection(driver, target, sim.OneToOneConnector(), kick)
    kind = "excitatory" if current else "inhibitory"
    projection = sim.Projection(
        source, target, sim.OneToOneConnector(), mechanism, receptor_type=kind
    )
    return projection, target


def weight_of(projection: Any) -> float:
    (weight,) = projection.get("weight", format="list", with_address=False)
    return float(weight)


def mechanism(
    rule: Any, dependence: str = "AdditiveWeightDependence", fraction: float = 1.0,
    delay: float = 1.0, w_max: float = W_MAX, weight: float | None = None, **bounds: Any,
) -> Any:  # fmt: skip
    return sim.STDPMechanism(
        timing_dependence=rule,
        weight_dependence=getattr(sim, dependence)(w_max=w_max, **bounds),
        dendritic_delay_fraction=fraction,
        weight=0.5 * w_max if weight is None else weight,
        delay=delay,
    )


def test_a_read_between_spikes_is_what_the_last_spike_left() -> None:
    """Potentiation waits for the source's next spike, and reading changes nothing."""
    rule = sim.SpikePairRule(tau_plus=20.0, tau_minus=20.0, A_plus=0.01, A_minus=0.01)
    synapse = mechanism(rule, w_max=1.0, weight=0.02)
    projection, target = one_synapse([10.0, 100.0], [14.4, 20.0, 27.1], synapse)
    for time in (60.0, 99.9, 100.9):
        sim.run_until(time)
        assert weight_of(projection) == 0.02
    sim.run_until(101.0)
    (train,) = target.get_data("spikes").segments[0].spiketrains
    assert np.round(train.magnitude, 6).tolist() == [14.4, 20.0, 27.1]
    up = sum(math.exp(-(q + 1.0 - 10.0) / 20.0) for q in (14.4, 20.0, 27.1))
    down = sum(math.exp(-(100.0 - 1.0 - q) / 20.0) for q in (14.4, 20.0, 27.1))
    assert weight_of(projection) == pytest.approx(0.02 + 0.01 * up - 0.01 * down, abs=1e-15)
    assert weight_of(projection) == pytest.approx(0.0368360, abs=5e-8)


@pytest.mark.parametrize("fraction", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("lag", [-40.0, -8.0, -2.0, -0.1, 0.0, 0.1, 2.0, 8.0, 40.0])
def test_the_window_of_one_pair(lag: float, fraction: float) -> None:
    """One pair at the synapse: exp(-|lag| / tau), up for post after pre, nothing for 0."""
    delay, pre, last = 2.0, 100.0, 1000.0
    # Spikes reach the synapse (1 - f) d after the source's, f d after the target's.
    post = pre + (1.0 - fraction) * delay + lag - fraction * delay
    rule = sim.SpikePairRule(**PAIR)
    synapse = mechanism(rule, fraction=fraction, delay=delay)
    projection, _ = one_synapse([pre, last], [round(post, 1)], synapse)
    sim.run(1010.0)
    expected = 0.5
    if lag > 0.0:
        expected += PAIR["A_plus"] * math.exp(-lag / PAIR["tau_plus"])
    elif lag < 0.0:
        expected -= PAIR["A_minus"] * math.exp(lag / PAIR["tau_minus"])
    late = last + (1.0 - 2.0 * fraction) * delay - post
    expected -= PAIR["A_minus"] * math.exp(-late / PAIR["tau_minus"])
    assert weight_of(projection) / W_MAX == pytest.approx(expected, abs=1e-14)


Change = Callable[[float, float], float]

#: What an amount does to a weight, as fractions of the largest; smallest 0.1 of it.
UP: dict[str, Change] = {
    "AdditiveWeightDependence": lambda x, a: x + a,
    "MultiplicativeWeightDependence": lambda x, a: x + a * (1.0 - x),
    "AdditivePotentiationMultiplicativeDepression": lambda x, a: x + a,
    "GutigWeightDependence": lambda x, a: x + a * (1.0 - x) ** 0.3,
    "LogisticWeightDependence": lambda x, a: x + a * x * (1.0 - x),
}
DOWN: dict[str, Change] = {
    "AdditiveWeightDependence": lambda x, a: x - a,
    "MultiplicativeWeightDependence": lambda x, a: x - a * (x - 0.1),
    "AdditivePotentiationMultiplicativeDepression": lambda x, a: x - a * x,
    "GutigWeightDependence": lambda x, a: x - a * (x - 0.1) ** 0.7,
    "LogisticWeightDependence": lambda x, a: x - a * x * (1.0 - x),
}


def clipped(x: float) -> float:
    return min(max(x, 0.1), 1.0)


class Pairs:
    """SpikePairRule, summed over all pairs."""

    def __init__(self) -> None:
        self.rule = sim.SpikePairRule(**PAIR)

    @staticmethod
    def at_post(x: float, lags: list[float], dependence: str) -> float:
        amount = PAIR["A_plus"] * sum(math.exp(-lag / PAIR["tau_plus"]) for lag in lags if lag > 0)
        return clipped(UP[dependence](x, amount))

    @staticmethod
    def at_pre(x: float, lags: list[float], dependence: str) -> float:
        amount = sum(math.exp(-lag / PAIR["tau_minus"]) for lag in lags if lag > 0)
        return clipped(DOWN[dependence](x, PAIR["A_minus"] * amount))


class Vogels:
    """Vogels2011Rule, summed over all pairs."""

    tau, eta, rho = 23.0, 0.004, 15.0

    def __init__(self) -> None:
        self.rule = sim.Vogels2011Rule(tau=self.tau, eta=self.eta * W_MAX, rho=self.rho)

    @classmethod
    def trace(cls, lags: list[float]) -> float:
        return sum(math.exp(-lag / cls.tau) for lag in lags if lag > 0)

    @classmethod
    def at_post(cls, x: float, lags: list[float], dependence: str) -> float:
        return clipped(UP[dependence](x, cls.eta * cls.trace(lags)))

    @classmethod
    def at_pre(cls, x: float, lags: list[float], dependence: str) -> float:
        x = clipped(UP[dependence](x, cls.eta * cls.trace(lags)))
        return clipped(DOWN[dependence](x, cls.eta * 2.0 * cls.rho * 1e-3 * cls.tau))


class Sign:
    """SignTimingRule."""

    plus, minus = 0.03, 0.02

    def __init__(self) -> None:
        self.rule = sim.SignTimingRule(a_plus=self.plus, a_minus=self.minus)

    @classmethod
    def at_post(cls, x: float, lags: list[float], dependence: str) -> float:
        return clipped(UP[dependence](x, cls.plus)) if any(lag >= 0 for lag in lags) else x

    @classmethod
    def at_pre(cls, x: float, lags: list[float], dependence: str) -> float:
        return clipped(DOWN[dependence](x, cls.minus)) if any(lag > 0 for lag in lags) else x


def brute_force(
    x: float, pre: np.ndarray, post: np.ndarray, delay: int, fraction: float, rule: Any,
    dependence: str,
) -> float:  # fmt: skip
    """The weight after all spikes of the source, from the lags of all pairs in order of time."""
    # A source's spike reaches the synapse (1 - f) d after its emission, a target's f d.
    arrivals = np.round(np.asarray(pre, dtype=float) + (1.0 - 2.0 * fraction) * delay, 6)
    # With axonal delays only, the target's spike of that very step is not known yet.
    first_is_pre = rule is Sign or fraction == 0.0
    events = [(time, not first_is_pre, "pre") for time in arrivals]
    events += [(float(time), first_is_pre, "post") for time in post]
    for time, _, kind in sorted(events):
        # What comes after the source's last spike waits; so does the target's spike at
        # its very time where it counts as later.
        late = time > arrivals[-1] or (time == arrivals[-1] and first_is_pre and kind == "post")
        if not late:
            others = post if kind == "pre" else arrivals
            lags = ((time - np.asarray(others)) * DT).tolist()
            change = rule.at_pre if kind == "pre" else rule.at_post
            x = change(x, lags, dependence)
    return x


@pytest.mark.parametrize("delays", [[0.1], [0.1, 1.0, 3.4, 10.0]], ids=["one delay", "delays"])
@pytest.mark.parametrize("fraction", [0.0, 0.3, 0.5, 1.0])
@pytest.mark.parametrize("dependence", UP)
@pytest.mark.parametrize("rule", [Pairs, Vogels, Sign])
def test_random_trains(rule: Any, dependence: str, fraction: float, delays: list[float]) -> None:
    """Every pair of spikes counts as it should, for sources and targets at 30 Hz."""
    bounds: dict[str, float] = {"w_min": 0.1 * W_MAX}
    if dependence.startswith("Gutig"):
        bounds |= {"mu_plus": 0.3, "mu_minus": 0.7}

    def make(_: Any) -> Any:
        return mechanism(rule().rule, dependence, fraction, **bounds)

    run = learn(sim, make, 30.0, delays, t_stop=600.0)
    assert min(map(len, [*run.pre, *run.post])) > 5
    for i in range(N_PRE):
        for j in range(N_POST):
            expected = brute_force(
                run.before[i, j], run.pre[i], run.post[j], run.delay[i, j], fraction, rule,
                dependence,
            )  # fmt: skip
            assert abs(run.after[i, j] - expected) < 1e-12
    assert np.abs(run.after - run.before).max() > 0.01


def test_vogels_rule_rests_at_its_target_rate() -> None:
    """Regular trains far apart in phase: the weight moves by eta (sum of both traces - alpha)."""
    tau, rho = 20.0, 5.0
    changes = {}
    for interval in (100.0, 200.0, 400.0):
        # The source's spikes lie in all phases of the target's.
        pre = np.arange(2000.0, 18000.0, 37.3).round(1)
        post = np.arange(100.0, 20000.0, interval)
        rule = sim.Vogels2011Rule(tau=tau, eta=1e-6 * W_MAX, rho=rho)
        projection, _ = one_synapse(list(pre), list(post), mechanism(rule))
        sim.run(20000.0)
        changes[1000.0 / interval] = (weight_of(projection) / W_MAX - 0.5) / 1e-6 / len(pre)
    for rate, change in changes.items():
        assert change == pytest.approx(2.0 * tau * 1e-3 * (rate - rho), abs=0.004)


def test_the_sign_of_the_lag_moves_a_logistic_map() -> None:
    """n pairs of one order: x -> x + a x (1 - x), n times, whatever the time between spikes."""
    for lag, amplitude in ((0.0, 0.25), (0.1, 0.25), (45.0, 0.25), (-0.1, -0.2), (-45.0, -0.2)):
        pre = np.arange(100.0, 2000.0, 300.0)
        rule = sim.SignTimingRule(a_plus=0.25, a_minus=0.2)
        synapse = mechanism(rule, "LogisticWeightDependence", fraction=0.5, delay=2.0)
        projection, _ = one_synapse(list(pre), list(pre + lag), synapse)
        sim.run(2500.0)
        # Between two pairs lies one of the other order.
        x, other = 0.5, -0.2 if amplitude > 0 else 0.25
        for k in range(len(pre)):
            if amplitude > 0:
                x += other * x * (1.0 - x) if k else 0.0
                x += amplitude * x * (1.0 - x) if k < len(pre) - 1 else 0.0
            else:
                x += amplitude * x * (1.0 - x)
                x += other * x * (1.0 - x) if k < len(pre) - 1 else 0.0
        assert weight_of(projection) / W_MAX == pytest.approx(x, abs=1e-14)


@pytest.mark.parametrize("delay", [0.1, 2.0])
def test_the_history_of_a_target_is_bounded(delay: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule that asks for the order only: spikes of the target between two of a source are one."""
    monkeypatch.setattr(histories, "RECENT_STEPS", 200)
    rule = sim.SignTimingRule(a_plus=0.0003, a_minus=0.02)
    # One source has been silent since the beginning, the other one fires again.
    trains = [[10.0, 5000.0], [17.0, 1500.0, 2222.0, 5000.0]]
    post = np.arange(13.0, 4990.0, 4.0)
    sim.setup(timestep=DT)
    sources = sim.Population(2, sim.SpikeSourceArray(spike_times=trains))
    driver = sim.Population(1, sim.SpikeSourceArray(spike_times=post - 0.2))
    target = sim.Population(1, sim.IF_curr_exp(tau_m=0.5, tau_syn_E=0.1, tau_refrac=0.1, cm=0.1))
    kick = sim.StaticSynapse(weight=100.0, delay=0.1)
    sim.Projection(driver, target, sim.OneToOneConnector(), kick)
    synapse = mechanism(rule, "MultiplicativeWeightDependence", 0.5, delay)
    projection = sim.Projection(sources, target, sim.AllToAllConnector(), synapse)
    room = []
    for _ in range(51):
        sim.run(100.0)
        (part,) = sim.state.session.simulation._parts
        room.append(len(part.plastic.step))
    assert max(room) < 300 < len(post) / 4
    for found, pre in zip(
        projection.get("weight", "list", with_address=False), trains, strict=True
    ):
        x = 0.5
        for k, time in enumerate(pre):
            n = ((post >= pre[k - 1]) & (post < time)).sum() if k else 0
            for _ in range(n):
                x += 0.0003 * (1.0 - x)
            x -= 0.02 * x * (post < time).any()
        assert found / W_MAX == pytest.approx(x, abs=1e-12)


def test_weights_stay_within_their_bounds() -> None:
    """Large amplitudes take weights to w_min and w_max, and no further."""
    for sign, bound in ((1.0, 1.0), (-1.0, 0.2)):
        rule = sim.SpikePairRule(A_plus=0.4 * sign, A_minus=-0.4 * sign)
        synapse = mechanism(rule, w_min=0.2 * W_MAX)
        projection, _ = one_synapse(
            list(np.arange(10.0, 200.0, 20.0)), list(np.arange(15.0, 200.0, 20.0)), synapse
        )
        sim.run(220.0)
        assert weight_of(projection) == bound * W_MAX


def test_negative_weights_learn_like_positive_ones() -> None:
    """Inhibitory currents have negative weights and a negative w_max."""
    found = []
    for sign in (1.0, -1.0):
        rule = sim.SpikePairRule(**PAIR)
        synapse = mechanism(rule, "GutigWeightDependence", w_max=sign * W_MAX)
        projection, _ = one_synapse(
            [10.0, 30.0, 61.0], [14.0, 25.0, 40.0], synapse, current=sign > 0
        )
        sim.run(100.0)
        found.append(sign * weight_of(projection))
    assert found[0] == found[1] != 0.5 * W_MAX


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"w_max": 0.0, "weight": 0.0}, ["w_max is 0"]),
        ({"w_min": 2.0 * W_MAX}, ["w_min", "w_max", "range"]),
        ({"w_max": -W_MAX, "weight": 0.5 * W_MAX}, ["different signs", "w_max"]),
    ],
)
def test_bounds_that_cannot_be(change: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(sim.errors.ConnectionError) as caught:
        one_synapse([1.0], [2.0], mechanism(sim.SpikePairRule(), **change))
    assert all(word in str(caught.value) for word in words)


def test_weights_out_of_bounds_are_reported() -> None:
    synapse = mechanism(sim.SpikePairRule(), w_max=W_MAX, weight=3.0 * W_MAX)
    with pytest.warns(FidelityWarning, match="1 weights are not between w_min and w_max"):
        one_synapse([1.0], [2.0], synapse)


def learned_pair() -> tuple[Any, float, float]:
    """A projection after a run, its initial weight and the one it has learned."""
    rule = sim.SpikePairRule(**PAIR)
    projection, _ = one_synapse([10.0, 30.0, 61.0], [14.0, 25.0, 40.0], mechanism(rule))
    before = weight_of(projection)
    sim.run(100.0)
    return projection, before, weight_of(projection)


def test_a_reset_restores_initial_weights_and_says_so() -> None:
    projection, before, after = learned_pair()
    assert after != before
    with pytest.warns(FidelityWarning, match="1 learned weights went back") as caught:
        sim.reset()
    assert len(caught) == 1
    assert weight_of(projection) == before
    sim.run(100.0)
    assert weight_of(projection) == after
    sim.reset()  # the second time there is only a row
    (row,) = [r for r in sim.energy_report().to_dict()["fidelity"] if "learned" in r["kind"]]
    assert row["count"] == 2
    assert weight_of(projection) == before


def test_a_reset_may_keep_what_was_learned() -> None:
    """The second trial goes on from there, as a network does that begins with those weights."""
    projection, before, after = learned_pair()
    sim.reset(keep_weights=True)
    assert weight_of(projection) == after
    sim.run(100.0)
    twice = weight_of(projection)
    synapse = mechanism(sim.SpikePairRule(**PAIR), weight=after)
    projection, _ = one_synapse([10.0, 30.0, 61.0], [14.0, 25.0, 40.0], synapse)
    sim.run(100.0)
    assert weight_of(projection) == twice
    assert len({before, after, twice}) == 3


def test_weights_that_were_set_are_the_initial_ones() -> None:
    projection, _, after = learned_pair()
    projection.set(weight=0.3 * W_MAX)
    assert weight_of(projection) == 0.3 * W_MAX != after
    sim.reset()
    assert weight_of(projection) == 0.3 * W_MAX


def two_synapses() -> tuple[Any, np.ndarray]:
    sim.setup(timestep=DT)
    source = sim.Population(2, sim.SpikeSourceArray(spike_times=[10.0, 40.0]))
    driver = sim.Population(1, sim.SpikeSourceArray(spike_times=[20.0]))
    target = sim.Population(1, sim.IF_curr_exp(tau_m=0.5, tau_syn_E=0.1, cm=0.1))
    kick = sim.StaticSynapse(weight=100.0, delay=0.1)
    sim.Projection(driver, target, sim.OneToOneConnector(), kick)
    synapse = mechanism(sim.SpikePairRule(**PAIR))
    projection = sim.Projection(source, target, sim.AllToAllConnector(), synapse)
    sim.run(50.0)
    return projection, np.array(projection.get("weight", format="list", with_address=False))


def test_one_connection_is_set_and_the_others_go_on_as_learned() -> None:
    projection, learned = two_synapses()
    assert learned[0] == learned[1] != 0.5 * W_MAX
    projection[1].weight = 0.3 * W_MAX
    assert projection.get("weight", format="list", with_address=False) == [learned[0], 0.3 * W_MAX]
    sim.run(10.0)
    assert projection.get("weight", format="list", with_address=False) == [learned[0], 0.3 * W_MAX]
    assert projection[0].weight == learned[0]
    with pytest.warns(FidelityWarning, match="1 learned weights"):
        sim.reset()
    weights = projection.get("weight", format="list", with_address=False)
    assert weights == [0.5 * W_MAX, 0.3 * W_MAX]


def arrival(actions: list[tuple[float, Callable[[Any], None]]], fraction: float) -> Any:
    """Inputs (nA, by step) of a target to which a spike of 10 ms takes 5 ms."""
    sim.setup(timestep=DT)
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[2.0, 10.0, 30.0]))
    driver = sim.Population(1, sim.SpikeSourceArray(spike_times=[3.0, 7.8]))
    target = sim.Population(1, sim.IF_curr_exp(tau_m=0.5, tau_syn_E=0.1, tau_syn_I=3.0, cm=0.1))
    kick = sim.StaticSynapse(weight=100.0, delay=0.1)
    sim.Projection(driver, target, sim.OneToOneConnector(), kick)
    rule = sim.SpikePairRule(**PAIR)
    synapse = mechanism(rule, fraction=fraction, delay=5.0, w_max=-W_MAX)
    projection = sim.Projection(
        source, target, sim.OneToOneConnector(), synapse, receptor_type="inhibitory"
    )
    target.record("isyn_inh")
    for time, action in actions:
        sim.run_until(time)
        action(projection)
    sim.run_until(40.0)
    (signal,) = target.get_data().segments[0].analogsignals
    current = signal.magnitude[:, 0]
    jumps = current[1:] - current[:-1] * math.exp(-DT / 3.0)
    steps = np.flatnonzero(np.abs(jumps) > 0.02 * W_MAX) + 1
    return [(int(step), float(jumps[step - 1]) / -W_MAX) for step in steps]


@pytest.mark.parametrize("fraction", [0.0, 0.5, 1.0])
def test_a_spike_in_flight_keeps_delay_and_learned_weight(fraction: float) -> None:
    """The table of a static spike in flight holds for plastic ones, with what they have learned."""
    plain = arrival([], fraction)
    assert [step for step, _ in plain] == [70, 150, 350]
    for change, late in (
        ({"weight": -0.9 * W_MAX}, 350),
        ({"delay": 1.0}, 310),
        ({"delay": 9.0}, 390),
    ):
        found = arrival([(12.0, lambda p, change=change: p.set(**change))], fraction)
        assert [step for step, _ in found] == [70, 150, late]
        assert found[1][1] == pytest.approx(plain[1][1], abs=1e-12)
    # Nothing but the change itself: what was made of other projections does not matter.
    other = arrival([(12.0, lambda p: p._session.simulation.synapses_changed())], fraction)
    assert other == plain


def test_new_projections_know_no_earlier_spikes() -> None:
    """Neither the source's spikes in flight, nor the target's earlier ones."""
    projection, target = one_synapse(
        [10.0, 60.0], [5.0, 12.0, 70.0], mechanism(sim.SpikePairRule(**PAIR))
    )
    source = projection.pre
    sim.run_until(10.5)
    late = sim.Projection(
        source, target, sim.OneToOneConnector(), mechanism(sim.SpikePairRule(**PAIR))
    )
    sim.run_until(80.0)
    down = PAIR["A_minus"] * math.exp(-(59.0 - 12.0) / PAIR["tau_minus"])
    assert weight_of(late) / W_MAX == pytest.approx(0.5 - down, abs=1e-14)
    ledgers = sim.state.session.ledger().projections
    assert [int(one.plastic_events.sum()) for one in ledgers] == [0, 2, 1]


def test_every_event_at_a_plastic_synapse_is_counted() -> None:
    """Spikes times connections, less what is in flight; other dynamic synapses are not plastic."""
    sim.setup(timestep=DT)
    source = sim.Population(3, sim.SpikeSourceArray(spike_times=[1.0, 2.0, 9.5]), label="source")
    target = sim.Population(4, sim.IF_curr_exp(), label="target")
    synapse = mechanism(sim.SpikePairRule(), delay=1.0)
    sim.Projection(source, target, sim.AllToAllConnector(), synapse, label="plastic")
    dynamic = sim.TsodyksMarkramSynapse(weight=0.001, delay=1.0)
    sim.Projection(source, target, sim.AllToAllConnector(), dynamic, label="dynamic")
    sim.run(10.0)
    report = sim.energy_report()
    assert report.counters["plastic_events"] == 2 * 12
    assert report.counters["synaptic_events"] == 2 * 24
    assert report.projections["plastic"].counters["plastic_events"] == 24
    assert report.projections["dynamic"].counters["plastic_events"] == 0


def test_several_spikes_in_one_step_are_several_spikes() -> None:
    """Equal times of a source: each is an event of its own, the second 0 ms after the first."""
    found = []
    for times in ([10.0, 10.0, 40.0], [10.0, 40.0]):
        projection, _ = one_synapse(times, [14.0, 20.0], mechanism(sim.SpikePairRule(**PAIR)))
        sim.run(60.0)
        found.append(weight_of(projection) / W_MAX - 0.5)
    up = PAIR["A_plus"] * sum(math.exp(-lag / PAIR["tau_plus"]) for lag in (5.0, 11.0))
    down = PAIR["A_minus"] * sum(math.exp(-lag / PAIR["tau_minus"]) for lag in (25.0, 19.0))
    assert found[0] == pytest.approx(2.0 * up - down, abs=1e-14)
    assert found[1] == pytest.approx(up - down, abs=1e-14)


@pytest.mark.parametrize("fraction", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("rule", [Pairs, Vogels, Sign])
def test_several_spikes_in_one_step_meet_a_target_spike(rule: Any, fraction: float) -> None:
    """Up to three spikes of the source in a step, many at the very time of a target's spike."""
    draw, delay = np.random.RandomState(5), 20
    steps = np.sort(draw.choice(np.arange(50, 900, 5), size=12, replace=False))
    pre = np.repeat(steps, draw.randint(1, 4, size=len(steps)))
    shift = round((1.0 - 2.0 * fraction) * delay)
    post = np.unique([*(steps[::2] + shift), *(5 * draw.randint(6, 180, size=4))])
    bounds = {"w_min": 0.1 * W_MAX}
    synapse = mechanism(rule().rule, fraction=fraction, delay=delay * DT, **bounds)
    times = (list((DT * train).round(1)) for train in (pre, post))
    projection, target = one_synapse(*times, synapse)
    sim.run(100.0)
    (train,) = target.get_data("spikes").segments[0].spiketrains
    assert np.round(train.magnitude / DT).astype(int).tolist() == post.tolist()
    dependence = "AdditiveWeightDependence"
    expected = brute_force(0.5, pre, post, delay, fraction, rule, dependence)
    assert 0.1 < expected < 1.0
    assert weight_of(projection) / W_MAX == pytest.approx(expected, abs=1e-12)


def test_parameters_are_got_and_set() -> None:
    """By name, for all and for one connection; a change acts on later spikes."""
    projection, _ = two_synapses()
    names = ["tau_plus", "A_minus", "w_max", "dendritic_delay_fraction"]
    rows = projection.get(names, format="list", with_address=False)
    assert rows == [(16.8, 0.0052, W_MAX, 1.0)] * 2
    projection.set(A_minus=[0.001, 0.002], tau_plus=10.0)
    projection[0].w_max = 2.0 * W_MAX
    rows = projection.get(names[:3], format="list", with_address=False)
    assert rows == [(10.0, 0.001, 2.0 * W_MAX), (10.0, 0.002, W_MAX)]
    with pytest.raises(sim.errors.InvalidParameterValueError, match="tau_plus is not allowed"):
        projection.set(tau_plus=-1.0)
    with pytest.raises(sim.errors.InvalidParameterValueError, match="tau_minus differs"):
        projection.set(tau_minus=[10.0, 20.0])
    with pytest.raises(sim.errors.ConnectionError, match="w_max is 0"):
        projection.set(A_plus=0.5, w_max=0.0)
    assert projection[1].A_plus == 0.011  # all or nothing
    with pytest.raises(AttributeError, match=r"dendritic_delay_fraction cannot be set.*A_plus"):
        projection.set(dendritic_delay_fraction=0.5)
    with pytest.raises(AttributeError, match="dendritic_delay_fraction cannot be set"):
        projection[0].dendritic_delay_fraction = 0.5


def fractions_as(kind: str, fractions: np.ndarray, delays: np.ndarray) -> np.ndarray:
    """Weights that 12 synapses with fractions (4, 3) of delays learn, given in different ways."""
    sim.setup(timestep=DT, max_delay=10.0, threads=2)
    draw = np.random.RandomState(3)
    grid = np.arange(20, 900, 4)
    times = [(np.sort(draw.choice(grid, 25, replace=False)) * DT).round(1) for _ in range(7)]
    source = sim.Population(4, sim.SpikeSourceArray(spike_times=times[:4]))
    driver = sim.Population(3, sim.SpikeSourceArray(spike_times=times[4:]))
    target = sim.Population(3, sim.IF_curr_exp(tau_m=0.5, tau_syn_E=0.1, tau_refrac=0.1, cm=0.1))
    kick = sim.StaticSynapse(weight=100.0, delay=0.1)
    sim.Projection(driver, target, sim.OneToOneConnector(), kick)
    if kind == "list":
        rows = [(*at, delays[at], fractions[at]) for at in np.ndindex(4, 3)]
        names = ["delay", "dendritic_delay_fraction"]
        connector = sim.FromListConnector(rows, column_names=names)
        whole = sim.Projection(source, target, connector, mechanism(sim.SpikePairRule(**PAIR)))
    elif kind == "array":
        synapse = mechanism(sim.SpikePairRule(**PAIR), fraction=fractions, delay=delays)
        whole = sim.Projection(source, target, sim.AllToAllConnector(), synapse)
    else:
        singles = []
        for i, j in np.ndindex(4, 3):
            synapse = mechanism(
                sim.SpikePairRule(**PAIR), fraction=fractions[i, j], delay=delays[i, j]
            )
            pair = source[i : i + 1], target[j : j + 1]
            singles.append(sim.Projection(*pair, sim.AllToAllConnector(), synapse))
        sim.run(100.0)
        return np.array([weight_of(one) for one in singles]).reshape(4, 3)
    got = whole.get("dendritic_delay_fraction", format="array")
    np.testing.assert_array_equal(got, fractions)
    sim.run(100.0)
    return np.asarray(whole.get("weight", format="array"))


def test_each_connection_may_have_its_dendritic_fraction() -> None:
    """A column of a list or an array gives what projections of single connections give."""
    draw = np.random.RandomState(1)
    fractions = draw.choice([0.0, 0.3, 1.0], size=(4, 3))
    delays = draw.choice([0.8, 2.0], size=(4, 3))
    singles, listed, array = (
        fractions_as(kind, fractions, delays) for kind in ("singles", "list", "array")
    )
    np.testing.assert_array_equal(listed, singles)
    np.testing.assert_array_equal(array, singles)
    assert len(np.unique(singles)) == 12


@pytest.mark.parametrize("fraction", [-0.1, 1.1, np.nan])
def test_dendritic_fractions_that_cannot_be(fraction: float) -> None:
    with pytest.raises(sim.errors.InvalidParameterValueError, match="dendritic_delay_fraction"):
        one_synapse([1.0], [2.0], mechanism(sim.SpikePairRule(), fraction=fraction))


def test_too_many_dendritic_fractions() -> None:
    sim.setup()
    cells = sim.Population(20, sim.IF_curr_exp())
    drawn: Any = sim.RandomDistribution("uniform", (0.0, 1.0))
    synapse = mechanism(sim.SpikePairRule(), fraction=drawn)
    with pytest.raises(sim.errors.InvalidParameterValueError, match=r"at most 256.*Given: 400"):
        sim.Projection(cells, cells, sim.AllToAllConnector(), synapse)


def test_drawn_parameters_act_connection_by_connection() -> None:
    """Amplitudes and time constants that differ give what single projections give."""
    amplitudes, taus = [0.01, 0.02], [10.0, 20.0]
    found = []
    for chosen in ((0, 1), (0,), (1,)):
        sim.setup(timestep=DT)
        source = sim.Population(2, sim.SpikeSourceArray(spike_times=[10.0, 40.0, 47.0]))
        driver = sim.Population(1, sim.SpikeSourceArray(spike_times=[20.0, 44.0]))
        target = sim.Population(1, sim.IF_curr_exp(tau_m=0.5, tau_syn_E=0.1, cm=0.1))
        kick = sim.StaticSynapse(weight=100.0, delay=0.1)
        sim.Projection(driver, target, sim.OneToOneConnector(), kick)
        rows = [(i, 0, amplitudes[i], taus[i]) for i in chosen]
        connector = sim.FromListConnector(rows, column_names=["A_plus", "tau_plus"])
        synapse = mechanism(sim.SpikePairRule())
        projection = sim.Projection(source, target, connector, synapse)
        sim.run(60.0)
        found.append(projection.get("weight", format="list", with_address=False))
    assert found[0] == found[1] + found[2]
    assert found[1] != found[2]
