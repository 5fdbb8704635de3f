"""The words that a profile may use: kinds, models, units, and what each model cannot do without."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = [
    "CONFIDENCES",
    "COUNT_UNITS",
    "DEVICES",
    "ENERGY_UNITS",
    "FORMULAS",
    "KINDS",
    "NEEDS",
    "SCHEMA_VERSION",
    "TIME_MODES",
    "UNITS",
    "UNPUBLISHED",
]

SCHEMA_VERSION = 1

#: What stands in a profile as ``value`` where nothing is published.
UNPUBLISHED = "unpublished"

#: Words for confidence, best first.
CONFIDENCES = ("high", "medium", "low", "none")

#: What a profile describes: hardware that the user's network is priced on, or
#: a measurement of other hardware, on another network.
KINDS = ("board", "comparator")

#: Models that energy can follow, by kind, each with its formula.
FORMULAS: Mapping[str, Mapping[str, str]] = {
    "board": {
        "ideal": "no prices of its own",
        "software_cores": "E = P_static T_wall + sum over cores of min(sum n_i e_i, P_busy T_wall)",
        "event": "E = P_static T_wall + sum n_i e_i",
        "loihi": "E = P_static T_wall + n_timesteps e_timestep + sum n_i e_i",
        "truenorth": "E = (V / V_reference)^2 (P_leak T_wall + n_ticks e_tick + n_events e_event)",
        "constant_power": "E = P T_wall + sum n_i e_i, T_wall = T_bio / speed-up",
    },
    "comparator": {
        "power_time": "E = P T_wall, both as measured",
        "operations": "energy of single operations",
    },
}

#: What a comparator is; "logic" is a table of single operations.
DEVICES = ("cpu", "gpu", "fpga", "logic")

#: How a board's time can run, each with words for users.
TIME_MODES = {
    "realtime": "real time",
    "accelerated": "accelerated",
    "as_fast_as_possible": "as fast as possible",
}

#: Units of what is counted: whole numbers from 1 on.
COUNT_UNITS = (
    *("step", "bit", "entry", "chip", "core", "neuron", "synapse", "input", "level", "tile"),
    *("chip/board", "board/frame", "core/chip", "core/tile"),
    *("neuron/core", "input/core", "input/neuron"),
)

ENERGY_UNITS = (
    "J/update",
    "J/(source*tick)",
    "J/spike",
    "J/(spike*target core)",
    "J/event",
    "J/plastic event",
    "J/packet/router",
    "J/hop",
    "J/timestep",
    "J/tick",
    "J/conversion",
    "J/write pulse",
    "J/operation",
)

#: The whole vocabulary of units.
UNITS = (
    *ENERGY_UNITS,
    *COUNT_UNITS,
    *("W", "V", "S", "s", "ms", "1", "kB", "MB", "MHz", "event/s"),
)

#: What the pricing of a model cannot do without: section -> keys. A key
#: "a|b" is one of a and b. A board that states no neurons per core is one core.
NEEDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "software_cores": {
        "dynamic": (
            "e_neuron_update",
            "e_source_tick",
            "e_spike",
            "e_delivery",
            "e_syn_event",
            "e_plastic_event",
            "core_busy_W",
        ),
        "limits": ("chips", "app_cores_per_chip", "neurons_per_core", "timestep_ms_min_realtime"),
    },
    "event": {"dynamic": ("e_syn_event",)},
    "loihi": {
        "dynamic": (
            "e_timestep",
            "e_neuron_update_active",
            "e_neuron_update_inactive",
            "e_syn_event",
            "e_plastic_event",
            "e_spike_local",
            "e_hop_ew",
            "e_hop_ns",
        ),
        "latency": (
            "neuron_active",
            "neuron_inactive",
            "syn_event",
            "plastic",
            "spike_local",
            "hop_ew",
            "hop_ns",
            "barrier_min",
            "barrier_max",
        ),
        "limits": ("chips", "cores_per_chip", "neurons_per_core", "cores_per_tile", "mesh_width"),
    },
    "truenorth": {
        "dynamic": ("e_tick", "e_syn_event"),
        "limits": ("chips", "cores_per_chip", "neurons_per_core", "reference_voltage"),
    },
    "constant_power": {"limits": ("chips", "cores_per_chip", "neurons_per_core")},
    "power_time": {"measured": ("e_syn_event|active_W|sim_W",)},
}
