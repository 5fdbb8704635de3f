"""What the random spike sources share: their window of time, and the largest rate."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..errors import InvalidValueError, explain

__all__ = ["LARGEST_EXPECTATION", "check_expectation", "refuse", "window"]

FloatArray = NDArray[np.float64]

#: Largest expected number of spikes of one cell in one step: 10 MHz at 0.1 ms.
#: More takes longer than anybody waits for, and is a wrong unit, not a model.
LARGEST_EXPECTATION = 1000.0


def window(columns: Mapping[str, FloatArray], dt_ms: float) -> dict[str, FloatArray]:
    """Return ``first`` and ``last``, (n,) float64: spikes occur in steps ``first < k <= last``.

    Parameters
    ----------
    columns : mapping of str to (n,) float64
        ``start_ms``, ``duration_ms``; start and end are rounded to the grid.
    dt_ms : float, ms
        Time step.
    """
    start_ms = columns["start_ms"]
    return {
        "first": np.floor(start_ms / dt_ms + 0.5),
        "last": np.floor((start_ms + columns["duration_ms"]) / dt_ms + 0.5),
    }


def refuse(model: str, name: str, values: FloatArray, bad: NDArray[np.bool_], allowed: str) -> None:
    """Raise ``InvalidValueError`` that names the first bad cell, if there is one.

    Parameters
    ----------
    model, name : str
        Names of the cell type and the parameter.
    values : (n,) or (n, bins) float64
    bad : the same shape, bool
    allowed : str
    """
    if bad.any():
        cell, *rest = np.argwhere(bad)[0]
        raise InvalidValueError(
            explain(
                f"value of cell {cell} is not allowed",
                where=f"{model}, parameter {name}",
                allowed=allowed,
                given=f"{values[(cell, *rest)]:g}",
            )
        )


def check_expectation(model: str, name: str, rate_hz: FloatArray, dt_ms: float) -> None:
    """Refuse rates above :data:`LARGEST_EXPECTATION` spikes per step; see :func:`refuse`."""
    limit_hz = LARGEST_EXPECTATION / (dt_ms * 1e-3)
    refuse(
        model, name, rate_hz, rate_hz > limit_hz,
        f"at most {limit_hz:g} Hz with a timestep of {dt_ms:g} ms, "
        f"which is {LARGEST_EXPECTATION:g} spikes per step (rates are in Hz)",
    )  # fmt: skip
