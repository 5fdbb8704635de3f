"""Cells laid out as typed arrays for the run loop.

Cells are cut into blocks of 512 lanes of one population. The rows of a block
lie one after the other, 544 numbers apart. Of the last block of a population
only the lanes in use are computed; its constants are padded with those of the
last cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import GreenmorphError, explain
from ..network import CellGroup
from ..registry import CellModel
from .generate import BLOCK, ROW

__all__ = [
    "KERNEL_BLOCK",
    "SINGLE_BLOCK",
    "TABLE_BLOCK",
    "Blocks",
    "CellLayout",
    "aligned",
    "constant_columns",
    "lay_out_group",
    "pad_lanes",
]

Int64Array = NDArray[np.int64]
FloatArray = NDArray[np.float64]

#: Kind of a block: spikes from a table, or from a kernel with states in float64 or float32.
TABLE_BLOCK, KERNEL_BLOCK, SINGLE_BLOCK = 0, 1, 2


class Blocks(NamedTuple):
    """One row per block, in order of global cell ids.

    Attributes
    ----------
    kind : (b,) int64
        ``TABLE_BLOCK``, ``KERNEL_BLOCK`` or ``SINGLE_BLOCK``.
    address : (b,) int64
        Address of the compiled kernel.
    first_cell, n_cells : (b,) int64
        Global id of the first lane, number of lanes in use.
    state_at, state_end : (b,) int64
        Where the block's rows of state begin, and end, among the states of its precision.
    param_at, input_at, injected_at : (b,) int64
        Where its constants, the inputs of one step and its injected currents begin.
    """

    kind: Int64Array
    address: Int64Array
    first_cell: Int64Array
    n_cells: Int64Array
    state_at: Int64Array
    state_end: Int64Array
    param_at: Int64Array
    input_at: Int64Array
    injected_at: Int64Array


@dataclass
class CellLayout:
    """Where the cells of one group lie in the flat arrays.

    Attributes
    ----------
    group : CellGroup
    model : CellModel
        What is computed: the group's model or its ``fast``.
    single : bool
        Whether its states are float32.
    n_blocks : int
    state_at, input_at, injected_at : int
        Where the group's first block begins.
    """

    group: CellGroup
    model: CellModel
    single: bool
    n_blocks: int
    state_at: int
    input_at: int
    injected_at: int

    @property
    def n_states(self) -> int:
        """Rows of state per block; a block without state still has one row."""
        return max(len(self.model.states), 1)

    @property
    def n_inputs(self) -> int:
        """Rows of input per block: one for each receptor."""
        return len(self.model.receptors)

    def state_slots(self, row: int, cells: Int64Array) -> Int64Array:
        """Indices into the states of its precision, of state ``row`` of cells of the group."""
        return self.state_at + (cells // BLOCK * self.n_states + row) * ROW + cells % BLOCK

    def input_slots(self, row: int, cells: Int64Array) -> Int64Array:
        """Indices into the input of one step, of receptor ``row`` of cells of the group."""
        return self.input_at + (cells // BLOCK * self.n_inputs + row) * ROW + cells % BLOCK

    def injected_slots(self, cells: Int64Array) -> Int64Array:
        """Indices into the flat array of injected currents, of cells of the group."""
        return self.injected_at + cells


def lay_out_group(
    group: CellGroup, single: bool, state_at: int, input_at: int, injected_at: int
) -> CellLayout:
    """Place a group behind what is already laid out.

    Parameters
    ----------
    group : CellGroup
    single : bool
        Whether it is computed in float32, as ``group.model.fast`` says.
    state_at, input_at, injected_at : int
        Present lengths of the flat arrays.

    Returns
    -------
    CellLayout
    """
    model = group.model
    if single:
        assert model.fast is not None
        model = model.fast
    n_blocks = -(-group.size // BLOCK)
    return CellLayout(group, model, single, n_blocks, state_at, input_at, injected_at)


def constant_columns(group: CellGroup, model: CellModel, dt_ms: float) -> tuple[FloatArray, bool]:
    """Derive a group's constants from its parameter columns.

    Parameters
    ----------
    group : CellGroup
    model : CellModel
        What is computed: the group's model or its ``fast``.
    dt_ms : float, ms

    Returns
    -------
    constants : (n_constants, size) float64
        In the order of ``model.constants``.
    scalar : bool
        Whether every constant has one value for all cells.

    Raises
    ------
    GreenmorphError
        When ``derive`` forgets a constant or returns one that is not finite.
    """
    if model.derive is None:
        return np.zeros((0, group.size)), True
    derived = model.derive(group.columns, dt_ms)
    missing = [name for name in model.constants if name not in derived]
    if missing:
        raise GreenmorphError(
            explain(
                f"derive() did not return {', '.join(missing)}", where=f"cell type {model.name}"
            )
        )
    constants = np.empty((len(model.constants), group.size))
    for row, name in enumerate(model.constants):
        constants[row] = derived[name]
    bad = ~np.isfinite(constants).all(axis=1)
    if bad.any():
        names = ", ".join(np.array(model.constants)[bad])
        raise GreenmorphError(
            explain(
                f"the parameters give constants that are not finite ({names})",
                where=f"population {group.label!r} ({model.name})",
                todo="Check for extreme parameter values",
            )
        )
    return constants, bool((constants == constants[:, :1]).all())


def pad_lanes(values: FloatArray) -> FloatArray:
    """Cut (rows, size) into (blocks, rows, 544).

    Lanes without a cell are as the last cell; what is no lane is 0.
    """
    rows, size = values.shape
    n_blocks = -(-size // BLOCK)
    padded = np.empty((rows, n_blocks * BLOCK))
    padded[:, :size] = values
    padded[:, size:] = values[:, -1:]
    blocks = np.zeros((n_blocks, rows, ROW))
    blocks[:, :, :BLOCK] = padded.reshape(rows, n_blocks, BLOCK).transpose(1, 0, 2)
    return blocks


def aligned(n: int, values: NDArray[Any] | None = None, dtype: Any = np.float64) -> NDArray[Any]:
    """Return (n,) zeros of ``dtype`` at the beginning of a page, the first ones ``values``.

    NumPy's own arrays begin in the middle of a cache line: every vector of
    eight is then read from two lines. Arrays at different places within a page
    also make loads wait for unrelated stores. Together up to 1.7 times slower,
    and differently in every process.
    """
    size = np.dtype(dtype).itemsize
    page = 4096 // size
    memory = np.zeros(n + page, dtype=dtype)
    first = -(memory.ctypes.data // size) % page
    result = memory[first : first + n]
    if values is not None:
        result[: len(values)] = values
    return result
