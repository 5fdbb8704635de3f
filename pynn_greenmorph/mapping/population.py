"""What placement must know of a population."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Placeable"]


class Placeable(Protocol):
    """What a population must have to be placed; a row of a ledger has it."""

    @property
    def label(self) -> str:
        """Label of the population."""

    @property
    def model(self) -> str:
        """Name of the cell type."""

    @property
    def kind(self) -> str:
        """One of "neuron" and "source"."""

    @property
    def first(self) -> int:
        """Global id of the first cell."""

    @property
    def size(self) -> int:
        """Number of cells."""
