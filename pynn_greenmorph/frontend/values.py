"""Check values at the border, before any work is lost."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from contextlib import suppress
from numbers import Real
from typing import Any

import numpy as np
import quantities as pq
from numpy.typing import NDArray
from pyNN import errors as pynn_errors
from pyNN.parameters import ArrayParameter, Sequence

from ..errors import InvalidValueError, explain
from ..registry import CellModel, Parameter

__all__ = [
    "PlainNumbers",
    "SynapseNumbers",
    "allowed_values",
    "check_column",
    "check_columns",
    "check_spike_times",
    "finite_number",
    "refuse_no_numbers",
    "refuse_units",
    "refused",
]

_RULES = {
    "finite": "a finite number",
    "positive": "a finite number greater than 0",
    "nonnegative": "a finite number, 0 or greater (not negative)",
    "fraction": "a number from 0 to 1",
    "count": "a whole number from 1 to 1000",
}


def refused(check: str, values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which values (n,) a parameter's check refuses, (n,)."""
    bad = ~np.isfinite(values)
    if check == "positive":
        bad |= values <= 0
    elif check == "nonnegative":
        bad |= values < 0
    elif check == "fraction":
        bad |= (values < 0) | (values > 1)
    elif check == "count":
        bad |= (values < 1) | (values > 1000) | (values != np.floor(values))
    return bad


def allowed_values(parameter: Parameter) -> str:
    """Return in words which values a parameter may have."""
    unit = f" ({parameter.unit})" if parameter.unit else ""
    return f"{_RULES[parameter.check]}{unit}"


def finite_number(
    value: Any, what: str, *, positive: bool = False, where: str = "", unit: str = "ms"
) -> float:
    """Return ``value`` as a float; raises ``ValueError`` or ``TypeError`` with a clear message.

    Parameters
    ----------
    value : object
    what : str
        Name of the value, for the message.
    positive : bool
        Whether it must be greater than 0.
    where : str
        The call, for the message.
    unit : str
        Unit of the value, for the message; empty for a pure number.
    """
    allowed = "a positive finite number" if positive else "a finite number"
    allowed += f" ({unit})" if unit else ""
    if isinstance(value, bool | str) or not np.isscalar(value):
        raise TypeError(
            explain(f"{what} is not a number", where=where, allowed=allowed, given=value)
        )
    number = float(value)  # type: ignore[arg-type]
    if not math.isfinite(number) or (positive and number <= 0):
        raise ValueError(
            explain(f"{what} is not allowed", where=where, allowed=allowed, given=value)
        )
    return number


def refuse_units(where: str, values: Mapping[str, Any]) -> None:
    """Raise ``InvalidParameterValueError`` for values with a unit, which PyNN would cut off.

    Parameters
    ----------
    where : str
        The call, for the message.
    values : mapping of str to object
        Values by name of parameter; lists and arrays of objects are looked through.
    """
    for name, value in values.items():
        objects = isinstance(value, np.ndarray) and value.dtype.hasobject
        several = objects or isinstance(value, list | tuple)
        if isinstance(value, pq.Quantity) or (
            several and any(isinstance(one, pq.Quantity) for one in value)
        ):
            raise pynn_errors.InvalidParameterValueError(
                explain(
                    f"{name} has a unit",
                    where=where,
                    allowed="plain numbers in PyNN's units: ms, mV, nA, nF, uS, Hz",
                    given=repr(value),
                    todo="Give the numbers in PyNN's unit, e.g. value.rescale('ms').magnitude",
                )
            )


def _is_expression(value: str) -> bool:
    """Whether PyNN reads a text as a function of the distance ``d``."""
    with suppress(ArithmeticError, TypeError, ValueError, AttributeError):  # no value at 0
        try:
            eval(f"lambda d: {value}")(0.0)  # noqa: S307
        except (SyntaxError, NameError):
            return False
    return True


def _are_numbers(values: Any) -> bool:
    """Whether a list or array holds numbers, or sequences of numbers."""
    if any(isinstance(one, Sequence) for one in values):
        return True
    try:
        return np.asarray(values).dtype.kind in "biuf"
    except ValueError:  # lists of different lengths
        return False


def _is_value(value: Any) -> bool:
    """Whether PyNN may make numbers of a value."""
    if isinstance(value, str):
        return _is_expression(value)
    if isinstance(value, ArrayParameter):
        value = value.value
    if isinstance(value, list | tuple | range) or (isinstance(value, np.ndarray) and value.ndim):
        return _are_numbers(value)
    if isinstance(value, Real | np.bool_ | np.ndarray):
        return np.asarray(value).dtype.kind in "biuf"
    # Functions, distributions, iterators, lazy arrays and sparse matrices are PyNN's own matter.
    return callable(value) or any(hasattr(value, name) for name in ("next", "__next__", "shape"))


def refuse_no_numbers(
    where: str, values: Mapping[str, Any], optional: Collection[str] = ()
) -> None:
    """Raise ``InvalidParameterValueError`` for values that PyNN can make no numbers of.

    Parameters
    ----------
    where : str
        The call, for the message.
    values : mapping of str to object
        Values by name of parameter.
    optional : collection of str
        Those that may be None.
    """
    refuse_units(where, values)
    for name, value in values.items():
        if not (value is None and name in optional) and not _is_value(value):
            raise pynn_errors.InvalidParameterValueError(
                explain(
                    f"{name} is not a number",
                    where=where,
                    allowed="numbers, arrays or lists of numbers, a RandomDistribution, a function "
                    "of the distance d",
                    given=repr(value),
                )
            )


class PlainNumbers:
    """Cell and synapse types whose parameters are numbers in PyNN's units."""

    def __init__(self, *args: Any, **parameters: Any) -> None:
        refuse_units(type(self).__name__, parameters)
        super().__init__(*args, **parameters)


class SynapseNumbers:
    """Synapse types and their parts; PyNN makes its defaults of a weight and delay of None."""

    def __init__(self, *args: Any, **parameters: Any) -> None:
        refuse_no_numbers(type(self).__name__, parameters, optional=("weight", "delay"))
        super().__init__(*args, **parameters)


def check_column(model: CellModel, parameter: Parameter, values: Any, size: int) -> NDArray[Any]:
    """Return the values of a parameter as a new float64 column.

    Parameters
    ----------
    model : CellModel
    parameter : Parameter
    values : scalar or (size,) array
    size : int

    Returns
    -------
    (size,) float64

    Raises
    ------
    pyNN.errors.InvalidParameterValueError
        For what is not a number, not finite or against ``parameter.check``.
    """
    where = f"{model.name}, parameter {parameter.name}"
    allowed = allowed_values(parameter)
    try:
        column = np.array(np.broadcast_to(np.asarray(values, dtype=np.float64), (size,)))
    except (TypeError, ValueError) as error:
        raise pynn_errors.InvalidParameterValueError(
            explain(f"not a number ({error})", where=where, allowed=allowed, given=values)
        ) from None
    bad = refused(parameter.check, column)
    if bad.any():
        cell = int(np.argmax(bad))
        raise pynn_errors.InvalidParameterValueError(
            explain(
                f"value of cell {cell} is not allowed",
                where=where,
                allowed=allowed,
                given=f"{column[cell]:g}",
            )
        )
    return column


def check_columns(model: CellModel, columns: dict[str, NDArray[np.float64]], dt_ms: float) -> None:
    """Check what depends on several parameters, or on the time step.

    Parameters
    ----------
    model : CellModel
        Its ``ordered`` and ``not_above`` name pairs of parameters; see ``check`` too.
    columns : dict of str to (n,) float64
        Those of ``model.histogram`` are (n, bins).
    dt_ms : float, ms
        Time step.

    Raises
    ------
    pyNN.errors.InvalidParameterValueError
        Where a pair is in the wrong order, or ``model.check`` refuses.
    """
    if model.check is not None:
        try:
            model.check(columns, dt_ms)
        except InvalidValueError as error:
            raise pynn_errors.InvalidParameterValueError(str(error)) from None
    column = {parameter.name: parameter.column for parameter in model.parameters}
    rules = [(lower, upper, True) for lower, upper in model.ordered]
    rules += [(lower, upper, False) for lower, upper in model.not_above]
    for lower, upper, strict in rules:
        low, high = columns[column[lower]], columns[column[upper]]
        bad = low >= high if strict else low > high
        if bad.any():
            cell = int(np.argmax(bad))
            raise pynn_errors.InvalidParameterValueError(
                explain(
                    f"{lower} of cell {cell} is {'not below' if strict else 'above'} {upper}",
                    where=model.name,
                    allowed=f"{lower} {'<' if strict else '<='} {upper}",
                    given=f"{lower} = {low[cell]:g}, {upper} = {high[cell]:g}",
                )
            )


def check_spike_times(values: Any) -> NDArray[np.float64]:
    """Return one cell's spike times as a float64 array.

    Parameters
    ----------
    values : array-like or pyNN.parameters.Sequence

    Returns
    -------
    (k,) float64, ms

    Raises
    ------
    pyNN.errors.InvalidParameterValueError
        For times that are not finite, negative or not in increasing order.
    """
    times = np.array(getattr(values, "value", values), dtype=np.float64).ravel()
    if not np.isfinite(times).all():
        problem, allowed = "a spike time is not a number", "finite times (ms)"
    elif (times < 0).any():
        problem, allowed = "a spike time is negative", "times >= 0 (ms)"
    elif (np.diff(times) < 0).any():
        problem = "Spike times given to SpikeSourceArray must be in increasing order"
        allowed = "sorted times, equal ones are two spikes"
    else:
        return times
    raise pynn_errors.InvalidParameterValueError(
        explain(
            problem,
            where="SpikeSourceArray",
            allowed=allowed,
            given=np.array2string(times, threshold=8),
        )
    )
