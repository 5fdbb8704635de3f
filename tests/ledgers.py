"""Small ledgers for tests: cells, connections and spikes in, exact counts out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pynn_greenmorph.accounting.ledger import Ledger, PopulationLedger, ProjectionLedger


@dataclass(frozen=True)
class Wires:
    """A projection: connections, whether plastic, and each cell's spikes since it was made."""

    label: str
    pre: Sequence[int]
    post: Sequence[int]
    plastic: bool = False
    emitted: ArrayLike | None = None


def make_ledger(
    populations: Sequence[tuple[str, str, int]],
    wires: Sequence[Wires] = (),
    spikes: ArrayLike | None = None,
    *,
    steps: int = 1000,
    dt_ms: float = 1.0,
) -> Ledger:
    """Return a ledger in which every spike has arrived; populations are (label, kind, size)."""
    n_cells = sum(size for _, _, size in populations)
    fired = np.zeros(n_cells, np.int64) if spikes is None else np.asarray(spikes, np.int64)
    rows, first = [], 0
    for label, kind, size in populations:
        model = "IF_curr_exp" if kind == "neuron" else "SpikeSourcePoisson"
        own = fired[first : first + size]
        rows.append(PopulationLedger(label, model, kind, first, size, steps, own))
        first += size
    projections = tuple(_projection(wire, fired) for wire in wires)
    return Ledger(dt_ms, steps, n_cells, tuple(rows), projections, seed=1)


def _projection(wire: Wires, fired: np.ndarray) -> ProjectionLedger:
    pre, post = np.asarray(wire.pre, np.int32), np.asarray(wire.post, np.int32)
    emitted = fired if wire.emitted is None else np.asarray(wire.emitted, np.int64)
    events = np.zeros(len(fired), np.int64)
    np.add.at(events, post, emitted[pre])
    plastic = events if wire.plastic else np.zeros_like(events)
    return ProjectionLedger(wire.label, pre, post, emitted, events, plastic)
