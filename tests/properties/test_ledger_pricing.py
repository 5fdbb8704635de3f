"""Random networks: counts equal brute force, joules balance, order does not matter."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pynn_greenmorph.accounting.components import COUNTERS
from pynn_greenmorph.accounting.ledger import Ledger
from pynn_greenmorph.accounting.pricing import price
from pynn_greenmorph.boards.profile import load_board
from tests.ledgers import Wires, make_ledger

SPINN5 = load_board("spinnaker1_spinn5")


@dataclass(frozen=True)
class Model:
    """A random model in the words that brute force reads."""

    populations: list[tuple[str, str, int]]
    wires: list[Wires]
    spikes: list[int]
    per_core: int
    steps: int
    dt_ms: float

    def ledger(self) -> Ledger:
        """Return its ledger."""
        return make_ledger(
            self.populations, self.wires, self.spikes, steps=self.steps, dt_ms=self.dt_ms
        )


@st.composite
def models(draw: st.DrawFn, most_spikes: int = 6) -> Model:
    kinds = draw(st.lists(st.sampled_from(["neuron", "source"]), min_size=1, max_size=4))
    sizes = [draw(st.integers(1, 9)) for _ in kinds]
    populations = [(f"p{i}", kind, n) for i, (kind, n) in enumerate(zip(kinds, sizes, strict=True))]
    n = sum(sizes)
    cell = st.integers(0, n - 1)
    spikes = draw(st.lists(st.integers(0, most_spikes), min_size=n, max_size=n))
    emitted, wires = list(spikes), []
    for number in range(draw(st.integers(0, 4))):
        pairs = draw(st.lists(st.tuples(cell, cell), max_size=30))
        pre, post = [a for a, _ in pairs], [b for _, b in pairs]
        wires.append(Wires(f"w{number}", pre, post, draw(st.booleans()), list(emitted)))
        # The next projection is made later: it has seen only some of the spikes.
        emitted = [draw(st.integers(0, seen)) for seen in emitted]
    per_core, steps = draw(st.integers(1, 10)), draw(st.integers(0, 50))
    return Model(populations, wires, spikes, per_core, steps, draw(st.sampled_from([0.1, 1.0])))


def brute_cores(model: Model) -> list[int]:
    """Return the core of every cell, one cell at a time."""
    cores, core = [], -1
    for _, _, size in model.populations:
        for index in range(size):
            core += index % model.per_core == 0
            cores.append(core)
    return cores


def brute_counters(model: Model) -> dict[str, list[int]]:
    """Count deliveries and events of each projection, spike by spike and synapse by synapse."""
    cores = brute_cores(model)
    result = {name: [0] * len(model.wires) for name in COUNTERS[3:]}
    for source, total in enumerate(model.spikes):
        for spike in range(total):
            reached = set()
            for number, wire in enumerate(model.wires):
                assert isinstance(wire.emitted, list)
                if spike < total - wire.emitted[source]:
                    continue  # the projection did not exist yet
                for pre, post in zip(wire.pre, wire.post, strict=True):
                    if pre != source:
                        continue
                    result["synaptic_events"][number] += 1
                    result["plastic_events"][number] += wire.plastic
                    if cores[post] not in reached:
                        reached.add(cores[post])
                        result["deliveries"][number] += 1
    return result


@settings(deadline=None, max_examples=150)
@given(models())
def test_counts_equal_brute_force(model: Model) -> None:
    priced = price(model.ledger(), SPINN5, neurons_per_core=model.per_core)
    assert priced.placement.core.tolist() == brute_cores(model)
    expected = brute_counters(model)
    for name, numbers in expected.items():
        found = [part.counters[name] for part in priced.projections.values()]
        assert found == numbers
    for (_, kind, size), part in zip(model.populations, priced.populations.values(), strict=True):
        name = "neuron_updates" if kind == "neuron" else "source_ticks"
        assert part.counters[name] == size * model.steps
    assert priced.counters["spikes"] == sum(model.spikes)
    parts = [*priced.populations.values(), *priced.projections.values()]
    for name in COUNTERS:
        assert priced.counters[name] == sum(part.counters[name] for part in parts)


@settings(deadline=None, max_examples=100)
@given(models(most_spikes=100_000), st.sampled_from([None, "boxed_board", "frame"]))
def test_joules_balance(model: Model, boundary: str | None) -> None:
    """Also where cores are clamped, which so many spikes in so few steps make common."""
    priced = price(model.ledger(), SPINN5, boundary, model.per_core)
    total = sum(part.energy_j for part in priced.phases.values())
    parts = [*priced.populations.values(), *priced.projections.values()]
    by_owner = priced.static_j + sum(part.energy_j for part in parts)
    assert by_owner == pytest.approx(total, rel=1e-9, abs=0)
    by_component = priced.static_j + float(priced.components_j.sum())
    assert by_component == pytest.approx(total, rel=1e-9, abs=0)
    assert priced.static_j + priced.dynamic_j == pytest.approx(total, rel=1e-9, abs=0)
    cap_j = 0.047 * priced.wall.t_wall_s * priced.placement.cores
    assert priced.dynamic_j <= cap_j * (1 + 1e-9)


@settings(deadline=None, max_examples=50)
@given(models(), st.randoms(use_true_random=False))
def test_order_of_connections_does_not_matter(model: Model, random: Random) -> None:
    shuffled = []
    for wire in model.wires:
        pairs = list(zip(wire.pre, wire.post, strict=True))
        random.shuffle(pairs)
        pre, post = [a for a, _ in pairs], [b for _, b in pairs]
        shuffled.append(Wires(wire.label, pre, post, wire.plastic, wire.emitted))
    other = Model(
        model.populations, shuffled, model.spikes, model.per_core, model.steps, model.dt_ms
    )
    one, two = (price(m.ledger(), SPINN5, None, m.per_core) for m in (model, other))
    assert one.counters == two.counters
    assert one.projections == two.projections
    assert one.components_j.tolist() == two.components_j.tolist()
