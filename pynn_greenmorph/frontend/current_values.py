"""Check the parameters of current sources at the border."""

from __future__ import annotations

from typing import Any

import numpy as np
from lazyarray import larray
from numpy.typing import NDArray
from pyNN import errors as pynn_errors
from pyNN.parameters import Sequence

from ..errors import explain
from .values import refuse_no_numbers

__all__ = ["check_amplitudes", "check_times", "checked_currents", "values_of"]

FloatArray = NDArray[np.float64]

#: Parameters of a current that are lists.
_LISTS = ("times", "amplitudes")


def checked_currents(where: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """Return parameters as PyNN takes them, lists that were read from a source as arrays.

    Raises
    ------
    InvalidParameterValueError
        For what is no number, or no list of numbers.
    """
    refuse_no_numbers(where, parameters)
    checked = dict(parameters)
    for name, value in parameters.items():
        several = name in _LISTS
        if isinstance(value, larray):  # what was read from a source
            bad = several and value.shape is None
            if several and not bad:
                # PyNN would take its values for one value per source.
                checked[name] = value.evaluate()
        else:
            bad = callable(value) if several else np.size(value) != 1
        if bad:
            raise pynn_errors.InvalidParameterValueError(
                explain(
                    f"{name} is {'no list' if several else 'not one number'}",
                    where=where,
                    allowed="a list or array of numbers" if several else "a number",
                    given=repr(value),
                )
            )
    return checked


def check_times(times: FloatArray, where: str) -> None:
    """Raise ``ValueError`` for times (n,), ms, that are not finite, negative or not sorted."""
    if not np.isfinite(times).all():
        problem = "a time is not a finite number"
    elif (times < 0).any():
        problem = "a time is negative"
    elif (np.diff(times) < 0).any():
        problem = "times are not monotonically increasing"
    else:
        return
    raise ValueError(
        explain(problem, where=where, allowed="finite times >= 0 in increasing order (ms)",
                given=np.array2string(times, threshold=8))
    )  # fmt: skip


def check_amplitudes(amplitudes: FloatArray, where: str) -> None:
    """Raise ``ValueError`` for amplitudes (n,), nA, that are not finite."""
    if not np.isfinite(amplitudes).all():
        raise ValueError(
            explain(
                "amplitude is not a finite number",
                where=where,
                allowed="finite amplitudes (nA)",
                given=np.array2string(amplitudes, threshold=8),
            )
        )


def values_of(sequence: Any) -> FloatArray:
    """A parameter's sequence as an array (n,)."""
    if isinstance(sequence, np.ndarray) and sequence.dtype == object:
        sequence = sequence[0]
    if isinstance(sequence, Sequence):
        sequence = sequence.value
    return np.atleast_1d(np.array(sequence, dtype=np.float64))
