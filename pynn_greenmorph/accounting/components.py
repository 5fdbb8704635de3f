"""The components of the dynamic energy: what is counted, and which coefficient prices it.

``E = P_static(boundary, boards) * T_wall + sum over cores of min(sum_k N_k e_k, cap * T_wall)``

Each energy model has a table of components. A board has those of its model's
table for which its profile has a coefficient. On a SpiNNaker board a hop from
router to router has no component of its own: its energy is inside the delivery,
as that was calibrated.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..boards.profile import Board
from ..errors import BoardError, explain

__all__ = ["COUNTERS", "MODELS", "Component", "components_of", "no_counts", "unpriced_counters"]


@dataclass(frozen=True)
class Component:
    """One term ``N_k e_k``.

    Attributes
    ----------
    name : str
        Name of the component and of its count.
    coefficient : str
        Name of the energy per event in a board's profile.
    owner : {"population", "projection", "all"}
        To what the energy is charged; "all" is shared by the populations by
        their number of cells.
    meaning : str
        What is counted and on which core, for users.
    """

    name: str
    coefficient: str
    owner: str
    meaning: str


_UPDATES = Component(
    "neuron_updates",
    "e_neuron_update",
    "population",
    "one neuron advanced by one time step, on its core",
)
_TICKS = Component(
    "source_ticks",
    "e_source_tick",
    "population",
    "one spike source advanced by one time step, on its core; as calibrated, this includes "
    "sending the source's spikes",
)
_SPIKES = Component(
    "spikes",
    "e_spike",
    "population",
    "one spike sent by a neuron, on its core; spikes of sources are counted, but are paid "
    "for in the source ticks or come from outside of the board",
)
_DELIVERIES = Component(
    "deliveries",
    "e_delivery",
    "projection",
    "one spike arriving at one target core (packet interrupt and row fetch), on that core; "
    "hops on the board are included",
)
_EVENTS = Component(
    "synaptic_events",
    "e_syn_event",
    "projection",
    "one spike processed at one synapse, on the core of the target cell",
)
_PLASTIC = Component(
    "plastic_events",
    "e_plastic_event",
    "projection",
    "one synaptic event at a plastic synapse, in addition to the synaptic event",
)
_HOPS = Component(
    "hops",
    "e_hop",
    "projection",
    "one delivery passed on from one tile to the next on the shortest way along the mesh",
)
_CONVERSIONS = Component(
    "conversions",
    "e_adc_per_output",
    "population",
    "the current of one column read and converted, once for each neuron and time step",
)
_PULSES = Component(
    "write_pulses",
    "e_program",
    "projection",
    "one pulse that changes a conductance, one for each plastic event; the programming of the "
    "initial weights belongs to the phase load",
)
_TIMESTEPS = Component(
    "timesteps",
    "e_timestep",
    "all",
    "one time step of one chip: barrier and management; shared by the populations",
)
_CHIP_TICKS = Component(
    "ticks", "e_tick", "all", "one tick of one whole chip; shared by the populations"
)
_ACTIVE = Component(
    "active_updates",
    "e_neuron_update_active",
    "population",
    "one neuron advanced by one time step in which an input arrived; as many as inputs "
    "arrived at the neuron are counted, which is the most that there can be",
)
_INACTIVE = Component(
    "inactive_updates",
    "e_neuron_update_inactive",
    "population",
    "one neuron advanced by one time step without an input",
)
_LOCAL = Component(
    "local_spikes",
    "e_spike_local",
    "projection",
    "one delivery to a core of the tile that it comes from",
)
_HOPS_EW = Component(
    "hops_ew",
    "e_hop_ew",
    "projection",
    "one delivery passed on to the next tile in the east or west, on the shortest way",
)
_HOPS_NS = Component(
    "hops_ns",
    "e_hop_ns",
    "projection",
    "one delivery passed on to the next tile in the north or south, on the shortest way",
)

_SIX = (_UPDATES, _TICKS, _SPIKES, _DELIVERIES, _EVENTS, _PLASTIC)

#: Components by energy model. An ideal board and a comparator have no prices of events.
MODELS: dict[str, tuple[Component, ...]] = {
    "software_cores": _SIX,
    "event": (*_SIX, _HOPS, _CONVERSIONS, _PULSES, _TIMESTEPS),
    "loihi": (_TIMESTEPS, _ACTIVE, _INACTIVE, _LOCAL, _HOPS_EW, _HOPS_NS, _EVENTS, _PLASTIC),
    "truenorth": (_CHIP_TICKS, _EVENTS),
    "constant_power": _SIX,
}

#: Names of the six counters that every report has, whatever the board prices.
COUNTERS = tuple(component.name for component in _SIX)

#: For each counter, the components that price the same thing, so that it is not left out. Ticks
#: of sources are not here: where they have no price, sources are outside of the board.
_PRICED_BY = {
    "neuron_updates": (_UPDATES, _ACTIVE, _CONVERSIONS, _CHIP_TICKS),
    "spikes": (_SPIKES, _LOCAL),
    "deliveries": (_DELIVERIES, _LOCAL, _HOPS),
    "synaptic_events": (_EVENTS,),
    "plastic_events": (_PLASTIC, _PULSES),
}


def no_counts() -> dict[str, int]:
    """Return the six counters, all zero."""
    return dict.fromkeys(COUNTERS, 0)


def components_of(board: Board) -> tuple[Component, ...]:
    """Return the components of a board's dynamic energy, in order of its model's table.

    Raises
    ------
    BoardError
        If the board's energy model has no prices of events.
    """
    table = MODELS.get(board.model)
    if table is None:
        allowed = ", ".join(repr(name) for name in MODELS)
        what = f"energy model {board.model!r} has no pricing"
        raise BoardError(explain(what, where=f"board {board.name}", allowed=allowed))
    return tuple(component for component in table if component.coefficient in board.dynamic)


def unpriced_counters(priced: Iterable[Component]) -> tuple[str, ...]:
    """Return the names of the counters that none of these components pays for."""
    names = {component.name for component in priced}
    return tuple(
        counter
        for counter, payers in _PRICED_BY.items()
        if names.isdisjoint(payer.name for payer in payers)
    )
