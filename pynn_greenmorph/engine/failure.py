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

#: Most spikes of a cell in a step.
LARGEST_NUMBER = np.iinfo(np.int32).max


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
    failures = [
        (failed_at, index, block)
        for index, (_, _, status, block, failed_at) in enumerate(ends)
        if status == loop.FAILED_STEP
    ]
    if failures:
        step, index, block = min(failures)
        raise _failed_step(parts[index], block, step, cells, memory, dt_ms, keys)
    if any(end[2] == loop.NOT_FINITE for end in ends):
        cells.check_finite(since_ms, ends[0][0] * dt_ms)


def _failed_step(
    part: Part,
    block: int,
    step: int,
    cells: CellState,
    memory: Memory,
    dt_ms: float,
    keys: tuple[int, int],
) -> SimulationError:
    """Call ``step()`` of the cell as plain Python: machine code keeps no exception."""
    first = int(part.blocks.first_cell[block])
    group = next(
        lay.group
        for lay in cells.layouts
        if lay.group.first <= first < lay.group.first + lay.group.size
    )
    lane = int(part.scratch.positions[5])
    values = _arguments(part, block, lane, group, cells, memory, dt_ms)
    values |= dict(zip(("trial", "key"), keys, strict=True)) | {"step_index": step}
    model = cells.layout(group).model
    step_function = model.step
    assert step_function is not None
    if model.methods:
        values["method"] = model.methods[-1]
    arguments = [values[name] for name in inspect.signature(step_function).parameters]
    cause: Exception | None = None
    try:
        n_spikes = step_function(*arguments)[len(model.states)]
        what = f"returned {n_spikes!r} as its number of spikes, which is no count"
        if 0 <= n_spikes <= LARGEST_NUMBER and n_spikes == int(n_spikes):
            # Machine code looks at it after the step: the state is the new one by then.
            what = "returned a number of spikes that is no count"
    except Exception as error:  # noqa: BLE001 - whatever the user's step raises
        cause = error
        what = f"raised {type(cause).__name__}: {cause}"
    failure = SimulationError(
        explain(
            f"step() of cell {first + lane - group.first} {what}, at t = {step * dt_ms:g} ms",
            where=f"population {group.label!r} ({group.model.name})",
        )
    )
    failure.__cause__ = cause
    return failure


def _arguments(
    part: Part,
    block: int,
    lane: int,
    group: CellGroup,
    cells: CellState,
    memory: Memory,
    dt_ms: float,
) -> dict[str, Any]:
    """What ``step()`` of one cell may take, by name."""
    lay = cells.layout(group)
    cell: NDArray[np.int64] = np.array([part.blocks.first_cell[block] + lane - group.first])
    model, state = lay.model, cells.states(lay)
    values: dict[str, Any] = {"cell": int(cell[0]) + group.first}
    for row, name in enumerate(model.states):
        values[name] = float(state[lay.state_slots(row, cell)[0]])
    for row, receptor in enumerate(model.receptors):
        values[f"in_{receptor.name}"] = float(part.scratch.failed[row])
    values["i_inj_pa"] = float(memory.injected[lay.injected_slots(cell)[0]])
    constants, _ = constant_columns(group, model, dt_ms)
    for name, column in zip(model.constants, constants, strict=True):
        values[name] = float(column[cell[0]])
    return values
