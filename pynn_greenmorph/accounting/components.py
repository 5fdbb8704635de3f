"""The components of the dynamic energy: what is counted, and which coefficient prices it.

``E = P_static(boundary, boards) * T_wall + sum over cores of min(sum_k N_k e_k, cap * T_wall)``

A hop from router to router has no component of its own: on one board its energy
is inside the delivery, as that was calibrated.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["COMPONENTS", "COUNTERS", "Component", "no_counts"]


@dataclass(frozen=True)
class Component:
    """One term ``N_k e_k``.

    Attributes
    ----------
    name : str
        Name of the component and of its counter.
    coefficient : str
        Name of the energy per event in a board's profile.
    owner : {"population", "projection"}
        To what the energy is charged.
    meaning : str
        What is counted and on which core, for users.
    """

    name: str
    coefficient: str
    owner: str
    meaning: str


COMPONENTS = (
    Component(
        "neuron_updates",
        "e_neuron_update",
        "population",
        "one neuron advanced by one time step, on its core",
    ),
    Component(
        "source_ticks",
        "e_source_tick",
        "population",
        "one spike source advanced by one time step, on its core; as calibrated, this includes "
        "sending the source's spikes",
    ),
    Component(
        "spikes",
        "e_spike",
        "population",
        "one spike sent by a neuron, on its core; spikes of sources are counted, but are paid "
        "for in the source ticks",
    ),
    Component(
        "deliveries",
        "e_delivery",
        "projection",
        "one spike arriving at one target core (packet interrupt and row fetch), on that core; "
        "hops on the board are included",
    ),
    Component(
        "synaptic_events",
        "e_syn_event",
        "projection",
        "one spike processed at one synapse, on the core of the target cell",
    ),
    Component(
        "plastic_events",
        "e_plastic_event",
        "projection",
        "one synaptic event at a plastic synapse, in addition to the synaptic event",
    ),
)

#: Names of the six counters, in the order of :data:`COMPONENTS`.
COUNTERS = tuple(component.name for component in COMPONENTS)


def no_counts() -> dict[str, int]:
    """Return the six counters, all zero."""
    return dict.fromkeys(COUNTERS, 0)
