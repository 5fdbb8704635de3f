"""Cores that are filled one after the other, by cells and by distinct inputs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .inputs import Inputs

__all__ = ["NO_CORE", "Cores"]

#: Core of a cell that sits outside of the board.
NO_CORE = -1

#: Cells that are looked at together, over all cores that may begin there. Many small cores at
#: once, because one by one in Python takes ten times as long.
TOGETHER = 256


class Cores:
    """Fills cores in order of cells.

    Parameters
    ----------
    core : (n_cells,) int32
        Core of every cell, written by :meth:`take`.
    fan_in : (Inputs, int), optional
        The inputs of every cell, and how many distinct ones a core can take.

    Attributes
    ----------
    count : int
        Cores in use.
    most_inputs : int
        Distinct inputs of the core with most of them; counted only with ``fan_in``.
    """

    def __init__(self, core: NDArray[np.int32], fan_in: tuple[Inputs, int] | None) -> None:
        self.core, self.count, self.most_inputs = core, 0, 0
        self._fan_in = fan_in
        self._used = self._first = 0  # cells on the last core, and the first of them
        self._open = False

    def close(self) -> None:
        """Leave the last core as it is: the next cell begins a new one."""
        self._open = False

    def take(self, first: int, size: int, slots: int) -> None:
        """Place cells ``first`` to ``first + size - 1``, at most ``slots`` on a core."""
        if size == 0:
            return
        if self._fan_in is not None:
            self._take_by_inputs(first, first + size, slots, *self._fan_in)
            return
        used = min(self._used, slots) if self._open else slots
        index = used + np.arange(size)
        self.core[first : first + size] = self.count - 1 + index // slots
        self.count += int(index[-1]) // slots
        self._used, self._open = int(index[-1]) % slots + 1, True

    def _take_by_inputs(self, at: int, end: int, slots: int, inputs: Inputs, most: int) -> None:
        """Place cells so that no core has more than ``most`` distinct sources, if it can be."""
        if self._open and self._used < slots:
            at = self._continue(at, min(end, at + slots - self._used), inputs, most)
        starts = self._starts(at, end, slots, inputs, most)
        if not starts:
            return
        lengths = np.diff([*starts, end])
        self.core[at:end] = np.repeat(np.arange(self.count, self.count + len(starts)), lengths)
        self.count += len(starts)
        self._first, self._used, self._open = starts[-1], int(lengths[-1]), True

    def _continue(self, at: int, end: int, inputs: Inputs, most: int) -> int:
        """Place cells on the last core as long as they fit; return the next one."""
        distinct = inputs.distinct(self._first, end - self._first)[0, at - self._first :]
        fits = int(np.searchsorted(distinct, most, side="right"))
        self.most_inputs = max(self.most_inputs, int(distinct[:fits].max(initial=0)))
        self.core[at : at + fits] = self.count - 1
        self._used += fits
        return at + fits

    def _starts(self, at: int, end: int, slots: int, inputs: Inputs, most: int) -> list[int]:
        """Return the first cell of each core that cells ``at`` to ``end - 1`` take."""
        starts: list[int] = []
        width = 8  # cells that are looked at for one core
        while at < end:
            width, base = min(width, slots), at
            distinct = inputs.distinct(at, width, min(end - at, max(1, TOGETHER // width)))
            fits = (distinct <= most).sum(axis=1).tolist()
            while at < base + len(fits):
                fit = max(1, fits[at - base])  # a cell that alone has too many
                if fit == width < min(slots, end - at):
                    break  # perhaps more would fit
                starts.append(at)
                fit = min(fit, end - at)
                self.most_inputs = max(self.most_inputs, int(distinct[at - base, fit - 1]))
                at += fit
            width = 2 * fit
        return starts
