"""StaticSynapse: a fixed weight and a fixed delay."""

from __future__ import annotations

from ..registry import SynapseModel

__all__ = ["MODEL"]

MODEL = SynapseModel(
    name="StaticSynapse",
    doc="Connection with a fixed weight and a fixed delay.",
)
