"""What to say when the run loop did not end well."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import SimulationError, explain
from ..network import CellGroup
from . import loop
from .cell_state import CellState
from .parts import Part
from .share import Memory
from .tables import constant_columns

__all__ = ["check_ends"]


def check_ends(
    ends: Sequence[loop.End],
    parts: Sequence[Part],
    cells: CellState,
    memory: Memory,
    since_ms: float,
    dt_ms: float,
    keys: tuple[int, int],
) -> None:
    """Raise ``SimulationError`` when a part did not end well.

    Parameters
    ----------
    ends : sequence of End
        By part.
    parts : sequence of Part
    cells : CellState
    memory : Memory
    since_ms : float, ms
        When the states were last known to be finite.
    dt_ms : float, ms
    keys : (int, int)
        Trial and key of random numbers.
    """
    for part, (step, _, status, block) in zip(parts, ends, strict=True):
        if status == loop.FAILED_STEP:
            raise _failed_step(part, block, step, cells, memory, dt_ms, keys)
    if any(status == loop.NOT_FINITE for _, _, status, _ in ends):
        cells.check_finite(since_ms, min(step for step, _, _, _ in ends) * dt_ms)


def _failed_step(
    part: Part,
    block: int,
    step: int,
    cells: CellState,
    memory: Memory,
    dt_ms: float,
    keys: tuple[int, int],
) -> SimulationError:
    """Find the cell by calling ``step()`` as plain Python: machine code keeps no exception."""
    first, n_cells = int(part.blocks.first_cell[block]), int(part.blocks.n_cells[block])
    group = next(
        lay.group
        for lay in cells.layouts
        if lay.group.first <= first < lay.group.first + lay.group.size
    )
    where = f"population {group.label!r} ({group.model.name})"
    names = dict(zip(("trial", "key"), keys, strict=True)) | {"step_index": step}
    for lane in range(n_cells):
        values = _arguments(part, block, lane, group, cells, memory, step, dt_ms) | names
        try:
            _call(group, values)
        except Exception as error:  # noqa: BLE001 - whatever the user's step raises
            index = first + lane - group.first
            failure = SimulationError(
                explain(
                    f"step() of cell {index} raised {type(error).__name__}: {error}, "
                    f"at t = {step * dt_ms:g} ms",
                    where=where,
                )
            )
            failure.__cause__ = error
            return failure
    return SimulationError(
        explain(
            f"step() raised an exception at t = {step * dt_ms:g} ms",
            where=f"{where}, a cell from {first - group.first} to {first + n_cells - 1}",
            todo="Set NUMBA_DISABLE_JIT=1 to see the exception",
        )
    )


def _arguments(
    part: Part,
    block: int,
    lane: int,
    group: CellGroup,
    cells: CellState,
    memory: Memory,
    step: int,
    dt_ms: float,
) -> dict[str, Any]:
    """What ``step()`` of one cell may take, by name."""
    lay = next(lay for lay in cells.layouts if lay.group is group)
    cell: NDArray[np.int64] = np.array([part.blocks.first_cell[block] + lane - group.first])
    model = group.model
    ring_steps = len(memory.inputs) // max(cells.n_inputs, 1)
    ring_row = step % max(ring_steps, 1) * cells.n_inputs
    values: dict[str, Any] = {"cell": int(cell[0]) + group.first}
    for row, name in enumerate(model.states):
        values[name] = float(memory.state[lay.state_slots(row, cell)[0]])
    for row, receptor in enumerate(model.receptors):
        slot = ring_row + lay.input_slots(row, cell)[0]
        values[f"in_{receptor.name}"] = float(memory.inputs[slot])
    values["i_inj_pa"] = float(memory.injected[lay.injected_slots(cell)[0]])
    constants, _ = constant_columns(group, dt_ms)
    for name, column in zip(model.constants, constants, strict=True):
        values[name] = float(column[cell[0]])
    return values


def _call(group: CellGroup, values: dict[str, Any]) -> None:
    step = group.model.step
    assert step is not None
    step(*[values[name] for name in inspect.signature(step).parameters])
