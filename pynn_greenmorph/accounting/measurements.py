"""Reading measurements of a board: a CSV file, checked as a whole before anything is fitted."""

from __future__ import annotations

import csv
import hashlib
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import InvalidValueError, ReportError, explain

__all__ = ["ENERGY", "LABEL", "SPREAD", "WALL", "Measurements", "read_measurements"]

#: Names of the columns that are not counts.
LABEL, ENERGY, WALL, SPREAD = "label", "energy_j", "t_wall_s", "std_j"


@dataclass(frozen=True)
class Measurements:
    """Measured energies with the counts behind them.

    Attributes
    ----------
    labels : tuple of str
        One per row.
    energy_j : (n,) float64, J
    t_wall_s : (n,) float64, s, or None
        ``None`` if the file has no such column: its energies then are dynamic ones.
    std_j : (n,) float64, J, or None
        Standard deviation of each energy.
    counts : dict of str to (n,) float64
        By component.
    origin : str
        Name and SHA-256 of the file.
    """

    labels: tuple[str, ...]
    energy_j: NDArray[np.float64]
    t_wall_s: NDArray[np.float64] | None
    std_j: NDArray[np.float64] | None
    counts: dict[str, NDArray[np.float64]]
    origin: str


def read_measurements(path: str | os.PathLike[str], components: Sequence[str]) -> Measurements:
    """Read a file of measurements.

    Parameters
    ----------
    path : str or path
        A CSV file with a header. It needs the column ``energy_j`` and those of
        components (``deliveries``); ``t_wall_s``, ``std_j`` and ``label`` are optional.
    components : sequence of str
        Names of the components that the board prices.

    Returns
    -------
    Measurements

    Raises
    ------
    ReportError
        If the file cannot be read.
    InvalidValueError
        If a column or a value is missing, or is not allowed; the message lists all faults.
    """
    where = f"measurements {os.fspath(path)!r}"
    try:
        raw = Path(path).read_bytes()
        rows = list(csv.reader(raw.decode("utf-8-sig").splitlines(), strict=True))
    except OSError as error:
        raise ReportError(explain(f"cannot be read: {error.strerror}", where=where)) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise ReportError(explain(f"not a CSV file: {error}", where=where)) from error
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    header = [cell.strip() for cell in rows[0]] if rows else []
    faults = _header_faults(header, components)
    columns: dict[str, list[float]] = {}
    if not faults:
        columns, faults = _numbers(header, rows[1:])
    if faults:
        lines = "\n".join(f"  {fault}" for fault in faults)
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        raise InvalidValueError(f"{where}: {count}\n{lines}")
    values = {name: np.array(column, np.float64) for name, column in columns.items()}
    names = [row[header.index(LABEL)].strip() for row in rows[1:]] if LABEL in header else []
    digest = hashlib.sha256(raw).hexdigest()
    return Measurements(
        labels=tuple(names) or tuple(f"row {number + 1}" for number in range(len(rows) - 1)),
        energy_j=values[ENERGY],
        t_wall_s=values.get(WALL),
        std_j=values.get(SPREAD),
        counts={name: values[name] for name in components if name in values},
        origin=f"{Path(path).name}, sha256 {digest}",
    )


def _header_faults(header: list[str], components: Sequence[str]) -> list[str]:
    allowed = (LABEL, ENERGY, WALL, SPREAD, *components)
    faults = [
        f"unknown column {name!r}; allowed: {', '.join(allowed)}"
        for name in header
        if name not in allowed
    ]
    faults += [f"column {name!r} stands there twice" for name in allowed if header.count(name) > 1]
    if ENERGY not in header:
        faults.append(f"column {ENERGY!r} is missing: the measured energy of each row (J)")
    if not {WALL, *components} & set(header):
        faults.append(f"no column to fit: give {WALL!r} or counts ({', '.join(components)})")
    return faults


def _numbers(header: list[str], rows: list[list[str]]) -> tuple[dict[str, list[float]], list[str]]:
    columns: dict[str, list[float]] = {name: [] for name in header if name != LABEL}
    faults = []
    for number, row in enumerate(rows, 1):
        if len(row) != len(header):
            faults.append(f"row {number}: {len(row)} cells, but the header has {len(header)}")
            continue
        for name, cell in zip(header, row, strict=True):
            if name != LABEL:
                value, fault = _number(name, cell)
                columns[name].append(value)
                faults += [f"row {number}, {name}: {fault}"] if fault else []
    return columns, faults


def _number(name: str, cell: str) -> tuple[float, str]:
    positive = name in (ENERGY, SPREAD)
    rule = "a finite number > 0" if positive else "a finite number >= 0"
    try:
        value = float(cell)
    except ValueError:
        return 0.0, f"must be {rule}, but is {cell!r}"
    if not math.isfinite(value) or value < 0 or (positive and value == 0):
        return 0.0, f"must be {rule}, but is {cell.strip()}"
    return value, ""
