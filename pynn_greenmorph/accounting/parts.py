"""The joules of the charges by population, projection, component and phase."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .charges import Charges
from .components import COUNTERS, Component, no_counts
from .ledger import Ledger
from .phases import Duration
from .priced import Part

__all__ = ["add_up", "given_phases", "own_phases", "owners"]

FloatArray = NDArray[np.float64]

_LEARNING = ("plastic_events", "write_pulses")


def add_up(index: NDArray[np.int64], energy: FloatArray, length: int) -> FloatArray:
    """Return the joules of each of ``length`` groups, (length,) float64."""
    return np.bincount(index, energy, length).astype(np.float64)  # integers if it is empty


def owners(
    ledger: Ledger, charges: Charges, energy: FloatArray
) -> tuple[dict[str, Part], dict[str, Part]]:
    """Return the populations and the projections with their joules, by label."""
    sums = add_up(charges.owner, energy, len(charges.counters))
    pairs = zip(sums, charges.counters, strict=True)
    parts = [Part(float(joule), counters) for joule, counters in pairs]
    labels = [row.label for row in ledger.populations]
    labels += [row.label for row in ledger.projections]
    rows = list(zip(labels, parts, strict=True))
    split = len(ledger.populations)
    return dict(rows[:split]), dict(rows[split:])


def own_phases(
    charges: Charges, components: Sequence[Component], energy: FloatArray, static: Part
) -> dict[str, Part]:
    """Return the run and, where synapses learned, what of its dynamic part that took.

    ``static`` is a part with the static energy of the run and no counts.
    """
    total = {key: sum(row[key] for row in charges.counters) for key in COUNTERS}
    pays = [i for i, component in enumerate(components) if component.name in _LEARNING]
    learning = np.isin(charges.component, pays)
    events = {"plastic_events": total["plastic_events"]}
    run = Part(
        float(energy[~learning].sum()),
        total | {"plastic_events": 0},
        static.known_static_j,
        static.board,
        static.missing,
    )
    if not events["plastic_events"]:
        return {"run": run}
    return {"run": run, "learn": Part(float(energy[learning].sum()), no_counts() | events)}


def given_phases(
    durations: Sequence[Duration], static_w: float, board: str, missing: tuple[str, ...]
) -> dict[str, Part]:
    """Return the phases that the user gave, at their own power or at the static one."""
    found = {}
    for given in durations:
        if given.power_w is None:
            joule, unknown = static_w * given.duration_s, missing
        else:
            joule, unknown = given.power_w * given.duration_s, ()
        found[given.phase] = Part(0.0, no_counts(), joule, board, unknown)
    return found
