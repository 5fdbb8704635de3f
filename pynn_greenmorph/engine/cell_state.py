"""State, constants and inputs of all cells, block by block."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import SimulationError, explain
from ..network import CellGroup, CurrentGroup
from . import tables
from .block_steps import PLAIN_BLOCKS
from .block_variants import Variant, leaves_currents_out, makes_two_steps, takes_counts
from .generate import BLOCK, ROW, load_block
from .tables import CellLayout

__all__ = ["CellState"]

Int64Array = NDArray[np.int64]
FloatArray = NDArray[np.float64]


class CellState:
    """The flat arrays that block kernels work on.

    Parameters
    ----------
    dt_ms : float, ms
        Time step.
    precision : {"exact", "fast"}
        See :class:`.Network`.

    Attributes
    ----------
    layouts : list of CellLayout
        One per group, in order of creation.
    state, param : flat float64
    state32 : flat float32
        Rows of all blocks; see ``tables``. States of a group are in one of the two.
    real : type
        Of inputs, and of injected currents.
    injected : flat, of type ``real``
    n_inputs : int
        Input slots of one step.
    blocks : Blocks
    """

    def __init__(self, dt_ms: float, precision: str) -> None:
        self._dt_ms, self._precision = dt_ms, precision
        self.layouts: list[CellLayout] = []
        self.state = np.zeros(0)
        self.state32 = np.zeros(0, dtype=np.float32)
        self.real: type = np.float32 if precision == "fast" else np.float64
        self.injected: NDArray[Any] = np.zeros(0, dtype=self.real)
        self.n_inputs = 0
        self.param = np.zeros(0)
        self.blocks = tables.Blocks(*(np.zeros(0, dtype=np.int64) for _ in tables.Blocks._fields))
        self._index: dict[int, int] = {}
        self._constants: list[tuple[FloatArray, bool]] = []
        self._applied: list[dict[str, FloatArray]] = []
        self._counting: dict[tuple[int, int], int] = {}
        self._injected: set[int] = set()

    def knows(self, group: CellGroup) -> bool:
        """Whether the group is laid out."""
        return id(group) in self._index

    def layout(self, group: CellGroup) -> CellLayout:
        """Return where the group lies."""
        return self.layouts[self._index[id(group)]]

    def layout_of(self, cell: int) -> CellLayout:
        """Return where the group of a cell lies, by global id."""
        firsts = [lay.group.first for lay in self.layouts]
        return self.layouts[bisect_right(firsts, cell) - 1]

    def states(self, lay: CellLayout) -> NDArray[Any]:
        """Return the flat array that has the states of a group."""
        return self.state32 if lay.single else self.state

    def add(self, group: CellGroup) -> None:
        """Lay out a new group behind the others, at its initial values."""
        single = self._precision == "fast" and group.model.fast is not None
        state_at = len(self.state32 if single else self.state)
        lay = tables.lay_out_group(group, single, state_at, self.n_inputs, len(self.injected))
        self._index[id(group)] = len(self.layouts)
        self.layouts.append(lay)
        self._constants.append((np.zeros((0, 0)), True))
        self._applied.append({})
        if group.model.step is not None:
            n_blocks = lay.n_blocks
            n_state = n_blocks * lay.n_states * ROW
            if single:
                self.state32 = tables.aligned(state_at + n_state, self.state32, np.float32)
            else:
                self.state = tables.aligned(state_at + n_state, self.state)
            self.injected = tables.aligned(
                len(self.injected) + n_blocks * BLOCK, self.injected, self.real
            )
            self.n_inputs += n_blocks * lay.n_inputs * ROW
        self._derive(group)
        self.initialise(group)

    def expect_currents(self, currents: Sequence[CurrentGroup]) -> bool:
        """Note into which groups currents are injected; they need the kernel that takes them.

        Parameters
        ----------
        currents : sequence of CurrentGroup
            All there are.

        Returns
        -------
        bool
            Whether blocks must be built again: a group has had a kernel without currents.
        """
        cells = np.concatenate([np.zeros(0, np.int64), *(one.cells for one in currents)])
        firsts = np.array([lay.group.first for lay in self.layouts])
        groups = set((np.searchsorted(firsts, cells, side="right") - 1).tolist())
        new = groups - self._injected
        self._injected |= new
        models = [self.layouts[index].model for index in new]
        return any(leaves_currents_out(model, self._precision) for model in models)

    def _derive(self, group: CellGroup) -> None:
        index = self._index[id(group)]
        model = self.layouts[index].model
        if model.step is not None:
            self._constants[index] = tables.constant_columns(group, model, self._dt_ms)
        self._applied[index] = dict(group.columns)

    def initialise(self, group: CellGroup) -> None:
        """Set the state of a group to its initial values."""
        if group.model.step is None:
            return
        lay = self.layout(group)
        values = np.zeros((lay.n_states, group.size))
        for variable in lay.model.variables:
            offset = group.columns[variable.offset] if variable.offset else 0.0
            row = lay.model.states.index(variable.state)
            values[row] = (group.initial[variable.name] - offset) / variable.scale
        end = lay.state_at + lay.n_blocks * lay.n_states * ROW
        self.states(lay)[lay.state_at : end] = tables.pad_lanes(values).ravel()

    def apply_columns(self, group: CellGroup) -> None:
        """Derive constants again, keeping what is held relative to a column where it is."""
        old = self._applied[self._index[id(group)]]
        self._derive(group)
        lay = self.layout(group)
        for variable in lay.model.variables:
            if variable.offset:
                shift = old[variable.offset] - group.columns[variable.offset]
                slots = self.slots(group, variable.name, np.arange(group.size))
                self.states(lay)[slots] += shift / variable.scale

    def build_blocks(self) -> None:
        """Make the table of blocks and the flat array of constants."""
        PLAIN_BLOCKS.clear()
        self._counting = {}
        rows: list[tuple[int, ...]] = []
        params: list[FloatArray] = [np.zeros(0)]
        for lay, (constants, scalar) in zip(self.layouts, self._constants, strict=True):
            if lay.group.model.step is None:
                group = lay.group
                rows.append((tables.TABLE_BLOCK, 0, group.first, group.size, 0, 0, 0, 0, 0))
            else:
                param_at = sum(len(part) for part in params)
                rows += self._kernel_rows(lay, len(constants), scalar, param_at)
                params.append(constants[:, 0] if scalar else tables.pad_lanes(constants).ravel())
        columns = np.array(rows, dtype=np.int64).reshape(len(rows), 9).T.copy()
        self.blocks = tables.Blocks(*columns)
        self.param = tables.aligned(sum(map(len, params)), np.concatenate(params))

    def _kernel_rows(
        self, lay: CellLayout, n_constants: int, scalar: bool, param_at: int
    ) -> list[tuple[int, ...]]:
        group = lay.group
        address = self._kernel(lay, n_constants, scalar)
        return [
            (
                tables.SINGLE_BLOCK if lay.single else tables.KERNEL_BLOCK,
                address,
                group.first + block * BLOCK,
                min(BLOCK, group.size - block * BLOCK),
                lay.state_at + block * lay.n_states * ROW,
                lay.state_at + (block + 1) * lay.n_states * ROW,
                param_at if scalar else param_at + block * n_constants * ROW,
                lay.input_at + block * lay.n_inputs * ROW,
                lay.injected_at + block * BLOCK,
            )
            for block in range(lay.n_blocks)
        ]

    def _kernel(
        self, lay: CellLayout, n_constants: int, scalar: bool, *, counted: bool = False,
        steps: int = 1,
    ) -> int:  # fmt: skip
        injected = self._index[id(lay.group)] in self._injected
        injected = injected or not leaves_currents_out(lay.model, self._precision)
        variant = Variant(scalar, self._precision, lay.single, counted, injected, steps)
        address, plain = load_block(lay.model, variant)
        if plain is not None:
            shape = (n_constants,) if scalar else (n_constants, ROW)
            address = len(PLAIN_BLOCKS)
            PLAIN_BLOCKS.append((plain, lay.n_states, shape, lay.n_inputs))
        return address

    def counting(self, lay: CellLayout, steps: int) -> int:
        """Return the address of a kernel that takes counts of events; -1 where there is none.

        Parameters
        ----------
        lay : CellLayout
        steps : int
            1, or 2 for a kernel that makes two steps at once.

        Returns
        -------
        int
        """
        index, model = self._index[id(lay.group)], lay.model
        if not takes_counts(model, self._precision):
            return -1
        if steps > 1 and (index in self._injected or not makes_two_steps(model, self._precision)):
            return -1
        if (index, steps) not in self._counting:
            constants, scalar = self._constants[index]
            address = self._kernel(lay, len(constants), scalar, counted=True, steps=steps)
            self._counting[index, steps] = address
        return self._counting[index, steps]

    def slots(self, group: CellGroup, variable: str, cells: Int64Array) -> Int64Array:
        """Indices into :meth:`states` of a variable of cells of a group."""
        lay = self.layout(group)
        row = lay.model.states.index(lay.model.variable(variable).state)
        return lay.state_slots(row, cells)

    def value(self, group: CellGroup, variable: str, cells: Int64Array) -> FloatArray:
        """Present value of a variable.

        Parameters
        ----------
        group : CellGroup
        variable : str
        cells : (n,) int64
            Indices within the group.

        Returns
        -------
        (n,) float64, in PyNN's unit
        """
        values = self.states(self.layout(group))[self.slots(group, variable, cells)]
        return self.shown(group, variable, cells, values.astype(np.float64))

    def shown(
        self, group: CellGroup, variable: str, cells: Int64Array, values: FloatArray
    ) -> FloatArray:
        """Turn raw state (..., n) of cells into PyNN's unit, with the present columns."""
        definition = self.layout(group).model.variable(variable)
        result = values * definition.scale
        if definition.offset:
            result += group.columns[definition.offset][cells]
        return result

    def set_value(
        self, group: CellGroup, variable: str, cells: Int64Array, values: FloatArray
    ) -> None:
        """Set a variable now; see :meth:`value`."""
        lay = self.layout(group)
        definition = lay.model.variable(variable)
        offset = group.columns[definition.offset][cells] if definition.offset else 0.0
        raw = (values - offset) / definition.scale
        self.states(lay)[self.slots(group, variable, cells)] = raw

    def check_finite(self, from_ms: float, to_ms: float) -> None:
        """Raise ``SimulationError`` when a state is no longer a finite number."""
        if np.isfinite(self.state).all() and np.isfinite(self.state32).all():
            return
        for lay in self.layouts:
            for row, state in enumerate(lay.model.states):
                values = self.states(lay)[lay.state_slots(row, np.arange(lay.group.size))]
                if not np.isfinite(values).all():
                    cell = int(np.argmin(np.isfinite(values)))
                    raise SimulationError(
                        explain(
                            f"state {state} of cell {cell} became {values[cell]} "
                            f"between t = {from_ms:g} and {to_ms:g} ms",
                            where=f"population {lay.group.label!r} ({lay.group.model.name})",
                            todo="Check weights, currents and parameters for extreme values",
                        )
                    )
