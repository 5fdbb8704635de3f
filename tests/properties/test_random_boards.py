"""Random networks on random profiles: joules balance, hops and fan-in equal brute force."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pynn_greenmorph.accounting.components import COUNTERS, MODELS
from pynn_greenmorph.accounting.counting import NEEDS_MESH
from pynn_greenmorph.accounting.hops import Mesh, mesh_of
from pynn_greenmorph.accounting.intervals import interval
from pynn_greenmorph.accounting.ledger import Ledger
from pynn_greenmorph.accounting.phases import check_phases
from pynn_greenmorph.accounting.pricing import price
from pynn_greenmorph.boards.profile import Board, Boundary, Coefficient, Source, Timing, load_board
from pynn_greenmorph.mapping.place import place
from tests.ledgers import Wires, make_ledger
from tests.properties.test_ledger_pricing import Model, models

LATENCIES = tuple(load_board("loihi1").latency)

#: Terms that the formula of a model cannot do without; the others are there by chance.
WHOLE = ("software_cores", "loihi", "truenorth")


def number(name: str, value: float, unit: str, rel_std: float, source: str) -> Coefficient:
    return Coefficient(name, value, unit, rel_std, source, "low", "", "board")


@st.composite
def boards(draw: st.DrawFn) -> Board:
    """Return a random profile that the checker would let pass."""
    model = draw(st.sampled_from(list(MODELS)))
    source = st.sampled_from(["A", "B", "C"])
    spread, event = st.floats(0, 1), st.floats(1e-12, 1e-3)
    names = [component.coefficient for component in MODELS[model]]
    if model not in WHOLE:
        names = [name for name in names if draw(st.booleans())]
    dynamic = {n: number(n, draw(event), "J/event", draw(spread), draw(source)) for n in names}
    if model == "software_cores":
        cap = draw(st.floats(1e-6, 1.0))
        dynamic["core_busy_W"] = number("core_busy_W", cap, "W", draw(spread), draw(source))
    static = {
        n: replace(
            number(n, draw(st.floats(0, 100)), "W", draw(spread), draw(source)),
            per=draw(st.sampled_from(["board", "chip", "frame"])),
        )
        for n in ("one_W", "two_W")
    }
    limits = {"chips": draw(st.integers(1, 3)), "neurons_per_core": draw(st.integers(1, 6))}
    limits["app_cores_per_chip"] = limits["cores_per_chip"] = draw(st.integers(1, 4))
    if model == "loihi" or draw(st.booleans()):
        limits |= {"cores_per_tile": draw(st.integers(1, 3)), "mesh_width": draw(st.integers(1, 3))}
    if draw(st.booleans()):
        limits["fan_in_per_core"] = draw(st.integers(1, 8))
    latency = dict.fromkeys(LATENCIES, 1e-8) if model == "loihi" else {}
    mode = "as_fast_as_possible" if model == "loihi" else "realtime"
    return Board(
        name="random",
        label="random",
        subject="random board",
        model=model,
        path=Path("random.toml"),
        default_boundary="all",
        time=Timing(mode),
        boundaries={"all": Boundary("all", "all", ("one_W", "two_W"))},
        static=static,
        dynamic=dynamic,
        latency={n: number(n, value, "s", 0.0, "A") for n, value in latency.items()},
        limits={n: number(n, value, "1", 0.0, "A") for n, value in limits.items()},
        sources={key: Source(key, key) for key in "ABC"},
    )


def onto_neurons(model: Model) -> Model:
    """Return a model whose connections all end on neurons, as sources take no input."""
    kinds = [kind for _, kind, size in model.populations for _ in range(size)]
    wires = []
    for wire in model.wires:
        pairs = zip(wire.pre, wire.post, strict=True)
        kept = [(pre, post) for pre, post in pairs if kinds[post] == "neuron"]
        pre, post = [a for a, _ in kept], [b for _, b in kept]
        wires.append(Wires(wire.label, pre, post, wire.plastic, wire.emitted))
    return replace(model, wires=wires)


@settings(deadline=None, max_examples=150)
@given(models(most_spikes=1000), boards(), st.floats(0, 1e3))
def test_joules_balance_on_every_board(model: Model, board: Board, seconds: float) -> None:
    phases = check_phases(
        {"load": {"duration_s": seconds}, "map": {"duration_s": seconds, "power_w": 2.0}}
    )
    priced = price(onto_neurons(model).ledger(), board, durations=phases)
    static_j = priced.static_j + priced.given_j
    total = sum(part.energy_j for part in priced.phases.values())
    owners = [*priced.populations.values(), *priced.projections.values()]
    by_owner = static_j + sum(part.energy_j for part in owners)
    by_component = static_j + float(priced.components_j.sum())
    assert by_owner == pytest.approx(total, rel=1e-9, abs=1e-300)
    assert by_component == pytest.approx(total, rel=1e-9, abs=1e-300)
    for name in COUNTERS:
        assert sum(part.counters[name] for part in priced.phases.values()) == priced.counters[name]
        assert sum(part.counters[name] for part in owners) == priced.counters[name]
    names = [component.name for component in priced.components]
    for name, count, joule in zip(names, priced.charged, priced.components_j, strict=True):
        assert count >= 0
        assert joule >= 0
        same = name in COUNTERS and name not in ("spikes", "source_ticks")
        assert not same or count == priced.counters[name]
    if "active_updates" in names:
        updates = priced.charged[names.index("active_updates")]
        updates += priced.charged[names.index("inactive_updates")]
        assert updates == priced.counters["neuron_updates"]
    assert NEEDS_MESH.isdisjoint(names) or "mesh_width" in board.limits
    low, high = interval(priced.samples.energy_j)
    assert 0 <= low <= high
    shares = priced.uncertainty("total").by_coefficient
    assert not shares or sum(shares.values()) == pytest.approx(1.0)


def brute_hops(model: Model, ledger: Ledger, core: list[int], mesh: Mesh) -> dict[str, int]:
    """Count hops and local spikes, spike by spike."""
    hops = Counter[str]()
    for source, spikes in enumerate(model.spikes):
        for spike in range(spikes):
            reached = set()
            for row in ledger.projections:
                if spike >= spikes - int(row.emitted[source]):  # else it did not exist yet
                    pairs = zip(row.pre, row.post, strict=True)
                    reached |= {core[post] for pre, post in pairs if pre == source}
            for target in reached:
                here = max(core[source], 0) // mesh.cores_per_tile
                there = target // mesh.cores_per_tile
                across = abs(here % mesh.width - there % mesh.width)
                along = abs(here // mesh.width - there // mesh.width)
                hops["hops_ew"] += across
                hops["hops_ns"] += along
                hops["hops"] += across + along
                hops["local_spikes"] += across + along == 0 and core[source] >= 0
    return hops


@settings(deadline=None, max_examples=100)
@given(models(), boards())
def test_hops_equal_brute_force(model: Model, board: Board) -> None:
    model = onto_neurons(model)
    ledger, mesh = model.ledger(), mesh_of(board)
    priced = price(ledger, board)
    names = [component.name for component in priced.components]
    travelled = NEEDS_MESH & set(names)
    if mesh is None:
        assert not travelled
        return
    expected = brute_hops(model, ledger, priced.placement.core.tolist(), mesh)
    for name in travelled:
        assert priced.charged[names.index(name)] == expected[name]


def population(model: Model, cell: int) -> int:
    """Return the number of the population of a cell."""
    ends = np.cumsum([size for _, _, size in model.populations])
    return int(np.searchsorted(ends, cell, side="right"))


@settings(deadline=None, max_examples=100)
@given(models(), boards())
def test_no_core_holds_more_than_its_limits(model: Model, board: Board) -> None:
    model = onto_neurons(model)
    core = place(model.ledger(), board).core.tolist()
    inputs: dict[int, set[int]] = {}
    for wire in model.wires:
        for pre, post in zip(wire.pre, wire.post, strict=True):
            inputs.setdefault(core[post], set()).add(pre)
    held = Counter(one for one in core if one >= 0)
    assert sorted(held) == list(range(len(held)))
    assert max(held.values(), default=0) <= (board.limit("neurons_per_core") or 0)
    most = board.limit("fan_in_per_core")
    for one, sources in inputs.items():
        assert most is None or len(sources) <= most or held[one] == 1
    # Greedy: the first cell of a core would have been too much for the core before.
    sources_of: dict[int, set[int]] = {}
    for wire in model.wires:
        for pre, post in zip(wire.pre, wire.post, strict=True):
            sources_of.setdefault(post, set()).add(pre)
    for one in range(1, len(held)):
        first, last = core.index(one), [cell for cell, c in enumerate(core) if c == one - 1][-1]
        full = held[one - 1] == board.limit("neurons_per_core")
        together = inputs.get(one - 1, set()) | sources_of.get(first, set())
        other = board.model == "software_cores" and population(model, first) != population(
            model, last
        )
        assert full or other or (most is not None and len(together) > most)
    outside = "e_source_tick" not in board.dynamic
    kinds = [kind for _, kind, size in model.populations for _ in range(size)]
    for one, kind in zip(core, kinds, strict=True):
        assert (one < 0) == (kind == "source" and outside)


@settings(deadline=None, max_examples=60)
@given(models(most_spikes=50), boards())
def test_more_spikes_never_cost_less_and_slices_change_nothing(model: Model, board: Board) -> None:
    model = onto_neurons(model)
    ledger = model.ledger()
    priced = price(ledger, board)
    assert price(ledger, board).components_j.tolist() == priced.components_j.tolist()
    doubled = [wire.emitted for wire in model.wires]
    wires = [
        Wires(w.label, w.pre, w.post, w.plastic, 2 * np.asarray(e))
        for w, e in zip(model.wires, doubled, strict=True)
    ]
    more = make_ledger(
        model.populations,
        wires,
        [2 * count for count in model.spikes],
        steps=model.steps,
        dt_ms=model.dt_ms,
    )
    again = price(more, board)
    if "e_neuron_update_active" in board.dynamic:
        return  # an update without an input may cost more than one with an input
    assert again.dynamic_j >= priced.dynamic_j * (1 - 1e-12)
