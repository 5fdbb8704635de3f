"""Assemblies: PyNN's class, and the data of several populations in one block."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import neo
import numpy as np
from pyNN import common

from ..errors import explain
from . import state as simulator
from .connections import global_ids
from .files import check_file, file_annotations, open_file
from .recording import check_recorded, write_on_end
from .segments import joined_segments

__all__ = ["Assembly"]


class Assembly(common.Assembly):
    """PyNN's ``Assembly``, as documented in ``pyNN.common``."""

    _simulator = simulator

    def record(
        self,
        variables: Any,
        to_file: Any = None,
        sampling_interval: float | None = None,
        locations: Any = None,
    ) -> None:
        """Record variables; one file holds all cells of the assembly."""
        check_file(to_file)
        super().record(variables, None, sampling_interval, locations)
        write_on_end(self, variables, to_file)

    def _insert(self, element: Any) -> None:
        """Add a member, or, with a line of PyNN's log, leave out a view that adds no cells.

        PyNN would leave out a view with some cells that are new, and have cells
        twice of a population that is added after its view.

        Raises
        ------
        ValueError
            For these.
        """
        if isinstance(element, common.BasePopulation) and element not in self.populations:
            cells = global_ids(element)
            shared = sum(np.isin(cells, global_ids(one)).sum() for one in self.populations)
            is_view = isinstance(element, common.PopulationView)
            if shared and not (is_view and shared == len(cells)):
                raise ValueError(
                    explain(
                        f"{shared} cells of {element.label!r} are in the assembly already",
                        where="Assembly",
                        allowed="populations and views without common cells",
                        todo="Use one view of all these cells, e.g. population[[0, 1, 2]]",
                    )
                )
        super()._insert(element)

    @property
    def local_size(self) -> int:
        """Number of cells in this process; PyNN's connectors ask for it to show progress."""
        return int(self.size)

    @property
    def receptor_types(self) -> list[str]:
        """Receptor types that all members have, in the order of the first member.

        PyNN's own makes a list of a set, so the default receptor would change
        with the hash seed of the process.
        """
        first, *others = (member.celltype.receptor_types for member in self.populations)
        return [name for name in first if all(name in types for types in others)]

    @property
    def position_generator(self) -> Callable[[Any], Any]:
        """Function of cell indices that returns positions, one row per cell.

        PyNN's own returns one column per cell, which its distances refuse.
        """
        positions = self.positions.T
        return lambda indices: positions[indices]

    def get_data(
        self,
        variables: Any = "all",
        gather: bool = True,
        clear: bool = False,
        annotations: Mapping[str, Any] | None = None,
    ) -> neo.Block:
        """Return the data of all members in one block.

        PyNN's own adds a member's data of earlier trials to another one's for good, and fails for
        signals with different times.

        Parameters
        ----------
        variables : str or sequence of str
            ``"all"``, or variables that at least one member records.
        gather : bool
            PyNN's; without effect in one process.
        clear : bool
            Whether to drop the data of all members, also those of cells that are in their
            populations and not in this assembly.
        annotations : mapping, optional
            Annotations of the block.

        Returns
        -------
        neo.Block
            A signal's ``channel_index`` is the index in the assembly. Signals of one variable are
            one signal where they have the same times.

        Raises
        ------
        pyNN.errors.RecordingError
            For a variable that no member records.
        """
        members = self.populations
        names = [variables] if isinstance(variables, str) else list(variables)
        recorded = {name for member in members for name in member.recorder.names}
        for name in [] if variables == "all" else names:
            check_recorded(name, recorded, f"assembly {self.label!r}")
        blocks = []
        for member in members:
            own = [name for name in names if name in member.recorder.names]
            blocks.append(member.get_data("all" if variables == "all" else own, gather))
        segments = joined_segments(blocks, [member._rows for member in members], self.describe())
        block = neo.Block(
            name=self.label,
            description=self.describe(),
            rec_datetime=segments[0].rec_datetime if segments else None,
        )
        block.annotate(**self._annotations_of(blocks), **(annotations or {}))
        block.segments = segments
        for segment in segments:
            segment.block = block
        if clear:
            for recorder in {id(member.recorder): member.recorder for member in members}.values():
                recorder.clear()
        return block

    def _annotations_of(self, blocks: list[neo.Block]) -> dict[str, Any]:
        """What no two members disagree in, and what describes the assembly."""
        every = [block.annotations for block in blocks]
        same = {
            name: value
            for annotations in every
            for name, value in annotations.items()
            if all(other.get(name, value) == value for other in every)
        }
        cells = [int(cell) for cell in self.all_cells]
        return {
            **same,
            "label": self.label,
            "size": len(cells),
            "first_index": 0,
            "last_index": len(cells),
            "first_id": min(cells, default=None),
            "last_id": max(cells, default=None),
            **self.annotations,
        }

    def write_data(
        self,
        io: Any,
        variables: Any = "all",
        gather: bool = True,
        clear: bool = False,
        annotations: Mapping[str, Any] | None = None,
    ) -> None:
        """Write what :meth:`get_data` returns; see ``pyNN.common.Assembly.write_data``."""
        io = open_file(io)
        super().write_data(io, variables, gather, clear, file_annotations(io, annotations))
