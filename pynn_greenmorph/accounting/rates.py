"""A report's energy per event and per second, and in other words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .equivalents import BRAIN_W, HOUSEHOLD_YEAR_KWH
from .nature import JOULE_PER_KWH
from .numbers import quantity
from .phases import MODELLED

__all__ = ["rates"]


def rates(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return names and words of what follows from a report's energy.

    Parameters
    ----------
    document : mapping
        See :mod:`.document`.

    Returns
    -------
    list of (str, str)
        What is per event and per second is of the run alone, the rest of the total, with the
        phases that the user gave. A row whose divisor is 0, or whose energy is not published,
        is left out.
    """
    counters, time = document["counters"], document["time"]
    total, dynamic = document["energy_j"], document["dynamic_j"]
    # Loading does not belong to the events of the run, nor to its seconds.
    parts = [part["energy_j"] for name, part in document["phases"].items() if name in MODELLED]
    run = None if total is None else sum(parts)
    rows = []
    for unit, name in (("synaptic event", "synaptic_events"), ("spike", "spikes")):
        if counters[name]:
            words = f"dynamic {quantity(dynamic / counters[name], 'J')}"
            if run is not None:
                words = f"{quantity(run / counters[name], 'J')}, of which {words}"
            rows.append((f"per {unit}", words))
    if run is None or not time["t_wall_s"]:
        return rows
    rows.append(("per biological second", quantity(run / time["t_bio_s"], "J")))
    rows.append(("mean power during T_wall", quantity(run / time["t_wall_s"], "W")))
    kwh = total / JOULE_PER_KWH
    rows.append(("in kilowatt-hours", f"{kwh:.4g} kWh"))
    rows.append((f"seconds of a brain of {BRAIN_W:g} W", f"{total / BRAIN_W:.4g} s"))
    household = f"years of a US household of {HOUSEHOLD_YEAR_KWH:g} kWh"
    rows.append((household, f"{kwh / HOUSEHOLD_YEAR_KWH:.4g}"))
    return rows
