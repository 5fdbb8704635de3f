"""Sorted connections: placement, inputs, reach and routes equal a count one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pynn_greenmorph.accounting import deliveries
from pynn_greenmorph.accounting.deliveries import count_deliveries
from pynn_greenmorph.accounting.hops import Mesh
from pynn_greenmorph.accounting.ledger import Ledger
from pynn_greenmorph.boards.profile import Board, load_board
from pynn_greenmorph.mapping import cores, wiring
from pynn_greenmorph.mapping.place import place
from tests.ledgers import Wires, make_ledger

TRUENORTH = load_board("truenorth")


@contextmanager
def sizes(block: int, chunk: int, together: int) -> Iterator[None]:
    """Let so many connections and cells be looked at at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wiring, "BLOCK", block)
        patch.setattr(wiring, "CHUNK", chunk)
        patch.setattr(cores, "TOGETHER", together)
        yield


def limited(slots: int, fan_in: int) -> Board:
    """Return a board with so many neurons and inputs for each core."""
    new = {"neurons_per_core": slots, "fan_in_per_core": fan_in}
    limits = {n: replace(TRUENORTH.limits[n], value=value) for n, value in new.items()}
    return replace(TRUENORTH, limits={**TRUENORTH.limits, **limits})


@st.composite
def ledgers(draw: st.DrawFn) -> Ledger:
    """Return sources and neurons in turn, and projections of all densities; some are empty."""
    kinds = draw(st.lists(st.sampled_from(["neuron", "source"]), min_size=1, max_size=5))
    populations = [(f"p{i}", kind, draw(st.integers(0, 25))) for i, kind in enumerate(kinds)]
    n = sum(size for _, _, size in populations)
    ends = [k for _, k, size in populations for _ in range(size)]
    neurons = [cell for cell, kind in enumerate(ends) if kind == "neuron"]
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    wires = []
    for number in range(draw(st.integers(0, 5))):
        count = draw(st.sampled_from([0, 3, 40, 400])) if neurons else 0
        local = draw(st.booleans())
        pre = rng.integers(0, n, count) if neurons else []
        post = np.array(neurons, np.int64)[rng.integers(0, len(neurons) or 1, count)]
        if local and count:  # sources that neighbours share
            pre = np.clip(post + rng.integers(-2, 3, count), 0, n - 1)
        wires.append(Wires(f"w{number}", pre, post, emitted=rng.integers(0, 4, n)))
    return make_ledger(populations, wires, rng.integers(0, 4, n))


def inputs_of(ledger: Ledger) -> list[set[int]]:
    """Return the sources of each cell."""
    found: list[set[int]] = [set() for _ in range(ledger.n_cells)]
    for row in ledger.projections:
        for pre, post in zip(row.pre.tolist(), row.post.tolist(), strict=True):
            found[post].add(pre)
    return found


def greedy(ledger: Ledger, slots: int, fan_in: int) -> list[int]:
    """Place one cell at a time."""
    inputs, core, here, held = inputs_of(ledger), [], -1, slots
    taken: set[int] = set()
    for row in ledger.populations:
        for cell in range(row.first, row.first + row.size):
            if row.kind == "source":
                core.append(-1)
                continue
            if held == slots or (held and len(taken | inputs[cell]) > fan_in):
                here, held, taken = here + 1, 0, set()
            held, taken = held + 1, taken | inputs[cell]
            core.append(here)
    return core


@settings(deadline=None, max_examples=300)
@given(
    ledgers(),
    st.integers(1, 30),
    st.integers(1, 40),
    st.sampled_from([1, 7, 50, 1 << 20]),
    st.sampled_from([1, 5, 60, 1 << 20]),
    st.sampled_from([1, 16, 1 << 10]),
)
def test_cores_are_filled_as_one_by_one(
    ledger: Ledger, slots: int, fan_in: int, block: int, chunk: int, together: int
) -> None:
    with sizes(block, chunk, together):
        placed = place(ledger, limited(slots, fan_in))
    core = greedy(ledger, slots, fan_in)
    assert placed.core.tolist() == core
    assert placed.cores == max(core, default=-1) + 1
    sources: dict[int, set[int]] = {}
    targets: dict[int, set[int]] = {}
    for row in ledger.projections:
        for pre, post in zip(row.pre.tolist(), row.post.tolist(), strict=True):
            sources.setdefault(core[post], set()).add(pre)
            if core[pre] >= 0:
                targets.setdefault(pre, set()).add(core[post])
    usage = {row.what: row.used for row in placed.usage}
    assert usage["inputs of the fullest core"] == max(map(len, sources.values()), default=0)
    assert usage["cores that one neuron reaches"] == max(map(len, targets.values()), default=0)
    assert usage["synapses"] == sum(len(row.pre) for row in ledger.projections)


def brute_routes(ledger: Ledger, core: list[int], tile_of: int | None) -> list[Counter[object]]:
    """Return the deliveries of each projection, by tile of the source and core of the target."""
    found: list[Counter[object]] = []
    seen: set[tuple[int, int]] = set()
    for row in ledger.projections:
        routes: Counter[object] = Counter()
        for pre, post in zip(row.pre.tolist(), row.post.tolist(), strict=True):
            if (pre, core[post]) not in seen and row.emitted[pre]:
                tile = 0 if tile_of is None else core[pre] // tile_of
                routes[tile, core[post]] += int(row.emitted[pre])
            seen.add((pre, core[post]))
        found.append(routes)
    return found


@settings(deadline=None, max_examples=300)
@given(
    ledgers(),
    st.integers(1, 30),
    st.sampled_from([None, 1, 3]),
    st.sampled_from([1, 7, 50, 1 << 20]),
    st.sampled_from([1, 5, 60, 1 << 20]),
    st.sampled_from([0, 1 << 20]),
)
def test_deliveries_equal_a_count_one_by_one(
    ledger: Ledger, slots: int, per_tile: int | None, block: int, chunk: int, table: int
) -> None:
    core = np.array(greedy(ledger, slots, 1 << 30), np.int32)
    mesh = None if per_tile is None else Mesh(per_tile, 2)
    with sizes(block, chunk, 1), pytest.MonkeyPatch.context() as patch:
        patch.setattr(deliveries, "TABLE", table)
        routes = count_deliveries(ledger, core, mesh)
    found = []
    for row in routes:
        assert (row.count > 0).all()
        counted: Counter[object] = Counter()
        for tile, target, count in zip(row.source, row.target, row.count, strict=True):
            counted[int(tile), int(target)] += int(count)
        found.append(counted)
    assert found == brute_routes(ledger, core.tolist(), per_tile)


def test_boards_with_the_same_places_share_what_was_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wires = [Wires("w", [0, 0, 3], [1, 4, 5])]
    for kept in (1, 1 << 22):
        monkeypatch.setattr(deliveries, "KEPT", kept)
        ledger = make_ledger([("a", "neuron", 6)], wires, [1] * 6)
        core = np.array([0, 0, 1, 1, 2, 2], np.int32)
        first = count_deliveries(ledger, core)
        assert (count_deliveries(ledger, core.copy()) is first) == (kept > 1)
        other = count_deliveries(ledger, core, Mesh(1, 2))
        assert [row.source.tolist() for row in first] == [[0, 0]]
        assert [row.source.tolist() for row in other] == [[0, 0, 1]]
