"""Parameters that all weight dependences have."""

from __future__ import annotations

from ..registry import Parameter

__all__ = ["BOUNDS"]

#: Smallest and largest weight, in the unit of the weight (nA, uS or mV).
BOUNDS = (
    Parameter("w_min", "w_min", "nA, uS or mV", 0.0),
    Parameter("w_max", "w_max", "nA, uS or mV", 1.0),
)
