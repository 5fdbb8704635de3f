"""SpikeSourceArray: spikes at given times.

A time is moved up to the next grid point, as NEST does; a time within one
millionth of a step of a grid point counts as that point, so that float noise
(``k * 0.1``) never costs a step. Equal times are two spikes. A spike at time 0
is emitted before the first step.
"""

from __future__ import annotations

from ..registry import CellModel

__all__ = ["MODEL"]

MODEL = CellModel(
    name="SpikeSourceArray",
    kind="source",
    injectable=False,
    ragged="spike_times",
    doc="Spikes at given times, each moved up to the next grid point.",
)
