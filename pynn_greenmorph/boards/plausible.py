"""What the pricing reads: each number's unit, and bounds that a slip of a thousand leaves.

A number in another unit than its formula takes would give joules that are wrong
without any sign of it, so every name that a formula reads has its unit here.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["BOUNDS", "MOST_REL_STD", "NUMBERS", "READ_LIMITS"]

#: Limits that placement and pricing read, with their unit.
READ_LIMITS: Mapping[str, tuple[str, ...]] = {
    "chips": ("chip/board",),
    "cores_per_chip": ("core/chip",),
    "app_cores_per_chip": ("core/chip",),
    "neurons_per_core": ("neuron/core",),
    "boards_per_frame": ("board/frame",),
    "fan_in_per_core": ("input/core",),
    "fan_in_per_neuron": ("input/neuron",),
    "cores_per_tile": ("core/tile",),
    "mesh_width": ("tile",),
    "timestep_ms_min_realtime": ("ms",),
    "reference_voltage": ("V",),
}

#: Units that the numbers with a known name may have, by section.
NUMBERS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "dynamic": {
        "e_neuron_update": ("J/update",),
        "e_neuron_update_active": ("J/update",),
        "e_neuron_update_inactive": ("J/update",),
        "e_source_tick": ("J/(source*tick)",),
        "e_spike": ("J/spike",),
        "e_spike_local": ("J/spike",),
        "e_delivery": ("J/(spike*target core)",),
        "e_syn_event": ("J/event",),
        "e_plastic_event": ("J/plastic event",),
        "e_hop": ("J/hop", "J/packet/router"),
        "e_hop_ew": ("J/hop",),
        "e_hop_ns": ("J/hop",),
        "e_timestep": ("J/timestep",),
        "e_tick": ("J/tick",),
        "e_adc_per_output": ("J/conversion",),
        "e_program": ("J/write pulse",),
        "core_busy_W": ("W",),
    },
    "latency": dict.fromkeys(
        (
            *("neuron_active", "neuron_inactive", "syn_event", "plastic", "spike_local"),
            *("hop_ew", "hop_ns", "barrier_min", "barrier_max"),
        ),
        ("s",),
    ),
    "limits": {
        **READ_LIMITS,
        "neurons": ("neuron",),
        "synapses": ("synapse",),
        "fanout_cores": ("core",),
        "mesh_height": ("tile",),
        "delay_steps_max": ("step",),
        "delay_steps_native": ("step",),
        "weight_bits": ("bit",),
        "weight_bits_min": ("bit",),
    },
    "measured": {"rtf": ("1",), "e_syn_event": ("J/event",), "syn_event_rate": ("event/s",)},
}

#: Lowest and highest value, by unit or, for energies, by "J"; 0 is allowed where a value may be 0.
BOUNDS: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "static": {"W": (1e-6, 1e6)},
    "dynamic": {"W": (1e-6, 1e6), "J": (1e-18, 1.0)},
    "latency": {"s": (1e-10, 1.0)},
    "limits": {"V": (0.1, 5.0), "ms": (0.01, 1000.0)},
    "measured": {"W": (1e-6, 1e6), "J": (1e-18, 1.0)},
}

#: The widest relative standard deviation; more is a percentage, or no knowledge at all.
MOST_REL_STD = 5.0
