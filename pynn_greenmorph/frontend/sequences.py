"""Parameters that are a sequence for each cell: spike times and histograms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyNN import errors as pynn_errors

from ..errors import explain
from ..network import CellGroup
from ..registry import CellModel
from .deviations import NOISE_STEPS, note_lost_times, note_rounded_times
from .session import Session
from .values import check_column, check_spike_times

__all__ = [
    "Sequences",
    "check_sequences",
    "merged",
    "note_sequences",
    "padded_histograms",
    "sequence_columns",
    "set_sequences",
]

FloatArray = NDArray[np.float64]
Int64Array = NDArray[np.int64]

#: The sequences of each cell, by column.
Sequences = Mapping[str, list[FloatArray]]


def sequence_columns(model: CellModel) -> tuple[str, ...]:
    """Return the columns of a model that hold a sequence for each cell."""
    ragged = (model.ragged,) if model.ragged else ()
    return ragged + tuple(parameter.column for parameter in model.histogram)


def check_sequences(model: CellModel, values: Mapping[str, Any]) -> dict[str, list[FloatArray]]:
    """Return the sequences of each cell as float64 arrays.

    Parameters
    ----------
    model : CellModel
    values : mapping of str to sequence of array-like
        By column; columns without sequences are left out.

    Returns
    -------
    dict of str to list of (k,) float64

    Raises
    ------
    pyNN.errors.InvalidParameterValueError
        For values that are not allowed, times that do not increase, and sequences
        of a cell that differ in length.
    """
    checked: dict[str, list[FloatArray]] = {}
    if model.ragged and model.ragged in values:
        checked[model.ragged] = [check_spike_times(value) for value in values[model.ragged]]
    for parameter in model.histogram:
        if parameter.column in values:
            cells = [
                np.array(getattr(value, "value", value), dtype=np.float64).ravel()
                for value in values[parameter.column]
            ]
            checked[parameter.column] = [
                check_column(model, parameter, cell, len(cell)) for cell in cells
            ]
    return checked


def padded_histograms(model: CellModel, sequences: Sequences) -> dict[str, FloatArray]:
    """Check that histograms fit together, and return them as (n, bins) arrays by column.

    Cells with fewer bins than others have their last value repeated.

    Parameters
    ----------
    model : CellModel
    sequences : Sequences

    Raises
    ------
    pyNN.errors.InvalidParameterValueError
        When a cell has no bins, sequences of different lengths, or times that do
        not increase.
    """
    if not model.histogram:
        return {}
    times = sequences[model.histogram[0].column]
    names = ", ".join(parameter.name for parameter in model.histogram)
    for cell in range(len(times)):
        lengths = [len(sequences[parameter.column][cell]) for parameter in model.histogram]
        if len(set(lengths)) > 1 or not lengths[0]:
            problem = f"the sequences of cell {cell} have different lengths, or none"
            allowed, given = "equal lengths of at least 1", ", ".join(map(str, lengths))
        elif (np.diff(times[cell]) <= 0).any():
            problem = f"the times of cell {cell} do not increase"
            allowed = f"increasing {model.histogram[0].name} (ms)"
            given = np.array2string(times[cell], threshold=8)
        else:
            continue
        where = f"{model.name}, parameters {names}"
        raise pynn_errors.InvalidParameterValueError(
            explain(problem, where=where, allowed=allowed, given=given)
        )
    width = max(map(len, times))
    return {
        parameter.column: np.array(
            [np.pad(one, (0, width - len(one)), "edge") for one in sequences[parameter.column]]
        )
        for parameter in model.histogram
    }


def note_sequences(
    session: Session, label: str, model: CellModel, fresh: Sequences, new_times: list[FloatArray]
) -> None:
    """Report times that are off the grid, and new spike times that are over.

    Parameters
    ----------
    session : Session
    label : str
        The population's label.
    model : CellModel
    fresh : Sequences
        What was given.
    new_times : list of (k,) float64, ms
        Spike times that the cells did not have before.
    """
    if model.ragged and model.ragged in fresh:
        note_lost_times(session, label, new_times)
        note_rounded_times(session, label, fresh[model.ragged])
    for parameter in model.histogram[:1]:
        every = np.concatenate([np.zeros(0), *fresh.get(parameter.column, [])])
        dt = session.network.dt_ms
        moved = np.abs(every / dt - np.round(every / dt))
        count = int((moved > NOISE_STEPS).sum())
        if count:
            session.fidelity.add(
                "parameter rounded",
                f"Population {label!r}, {parameter.name}",
                f"{{count}} values are no multiple of the timestep ({dt:g} ms) and were rounded "
                "to whole steps",
                count=count,
                largest=float(moved.max()) * dt,
                unit="ms",
            )


def set_sequences(
    session: Session, label: str, group: CellGroup, rows: Int64Array, fresh: Sequences
) -> None:
    """Replace sequences of some cells of a group.

    Parameters
    ----------
    session : Session
    label : str
        The population's label.
    group : CellGroup
    rows : (n,) int64
        Indices within the group.
    fresh : Sequences
        Of these cells.
    """
    model = group.model
    # Times that are over are harmless where they were there before.
    new_times = [
        times[~np.isin(times, group.spike_times_ms[row])]
        for row, times in zip(rows, fresh.get(model.ragged or "", []), strict=False)
    ]
    for column, sequences in fresh.items():
        all_cells = group.spike_times_ms if column == model.ragged else group.histograms[column]
        for row, sequence in zip(rows, sequences, strict=True):
            all_cells[row] = sequence
    note_sequences(session, label, model, fresh, new_times)
    session.simulation.sequences_changed()


def merged(group: CellGroup, rows: Int64Array, fresh: Sequences) -> dict[str, list[FloatArray]]:
    """Return all histograms of some cells, as they would be with fresh ones.

    Parameters
    ----------
    group : CellGroup
    rows : (n,) int64
    fresh : Sequences
        Of the cells in ``rows``.
    """
    return {
        column: fresh.get(column, [present[row] for row in rows])
        for column, present in group.histograms.items()
    }
