"""Check the parameters of synapses at the border, before any work is lost."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyNN import errors as pynn_errors

from ..errors import explain
from ..network import SynapseGroup
from ..registry import Parameter
from .synapses import FRACTION
from .values import allowed_values, refused

__all__ = ["check_plasticity", "checked_fraction", "checked_parameter"]

FloatArray = NDArray[np.float64]

#: Most different fractions: each has tables of its own, with all sources.
_MOST_FRACTIONS = 256


def _seen(values: FloatArray) -> FloatArray:
    """All values, or the only one where it was broadcast."""
    return values[:1] if values.strides == (0,) else values


def checked_parameter(projection: Any, parameter: Parameter, values: FloatArray) -> FloatArray:
    """Check the values of a parameter of connections.

    Parameters
    ----------
    projection : Projection
    parameter : Parameter
    values : (n,) float64
        A fresh array, or one number that was broadcast.

    Returns
    -------
    (n,) float64
        The same numbers, contiguous or broadcast.

    Raises
    ------
    pyNN.errors.InvalidParameterValueError
        For values that are not finite or against ``parameter.check``.
    """
    seen = _seen(values)
    bad = refused(parameter.check, seen)
    if bad.any():
        raise pynn_errors.InvalidParameterValueError(
            explain(
                f"a value of {parameter.name} is not allowed",
                where=f"Projection {projection.label!r}",
                allowed=allowed_values(parameter),
                given=f"{seen[bad][0]:g}",
            )
        )
    return values if values.strides == (0,) else np.ascontiguousarray(values)


def checked_fraction(projection: Any, values: FloatArray) -> FloatArray:
    """Check which fractions of delays are dendritic.

    Parameters
    ----------
    projection : Projection
    values : (n,) float64
        A fresh array, or one number that was broadcast.

    Returns
    -------
    (n,) float64
        The same numbers, contiguous or broadcast.

    Raises
    ------
    pyNN.errors.InvalidParameterValueError
        For values that are not from 0 to 1, and for too many different ones.
    """
    values = checked_parameter(
        projection, Parameter(FRACTION, FRACTION, "", 1.0, "fraction"), values
    )
    count = len(np.unique(_seen(values)))
    if count > _MOST_FRACTIONS:
        raise pynn_errors.InvalidParameterValueError(
            explain(
                f"{FRACTION} has too many different values",
                where=f"Projection {projection.label!r}",
                allowed=f"at most {_MOST_FRACTIONS} in one projection",
                given=f"{count}",
                todo="Round the values, for example to two digits",
            )
        )
    return values


def check_plasticity(projection: Any, group: SynapseGroup) -> None:
    """Check what the weights and parameters of plastic connections must be together.

    Parameters
    ----------
    projection : Projection
    group : SynapseGroup

    Raises
    ------
    pyNN.errors.ConnectionError
        For bounds that are no range, or of another sign than the weights.
    pyNN.errors.InvalidParameterValueError
        For a time constant of the target's traces that differs between connections.
    """
    if group.model.rule is None or not group.size:
        return
    _check_traces(projection, group)
    w_min, w_max = _seen(group.columns["w_min"]), _seen(group.columns["w_max"])
    where = f"Projection {projection.label!r}"
    if (w_max == 0.0).any():
        raise pynn_errors.ConnectionError(
            explain(
                "w_max is 0",
                where=where,
                allowed="the largest weight, of the sign of the weights (nA, uS or mV)",
                todo="Give w_max to the weight dependence",
            )
        )
    low = w_min / w_max
    if (low < 0.0).any() or (low >= 1.0).any():
        raise pynn_errors.ConnectionError(
            explain(
                "w_min and w_max are no range of weights",
                where=where,
                allowed="w_min nearer to 0 than w_max, both of the sign of the weights",
                given=f"w_min = {w_min[0]:g}, w_max = {w_max[0]:g}",
            )
        )
    _check_weights(projection, group, low)


def _check_traces(projection: Any, group: SynapseGroup) -> None:
    rule = group.model.rule
    assert rule is not None
    shared = [] if rule.post_trace is None else list(inspect.signature(rule.post_trace).parameters)
    for parameter in rule.parameters:
        values = _seen(group.columns[parameter.column])
        if parameter.column in shared and (values != values[0]).any():
            raise pynn_errors.InvalidParameterValueError(
                explain(
                    f"{parameter.name} differs between connections",
                    where=f"Projection {projection.label!r} ({rule.name})",
                    allowed="one value for all connections of a projection, because all "
                    "connections of a target share a trace of its spikes",
                    todo="Make one projection for each value",
                )
            )


def _check_weights(projection: Any, group: SynapseGroup, low: FloatArray) -> None:
    where = f"Projection {projection.label!r}"
    x = _seen(group.weight) / _seen(group.columns["w_max"])
    if (x < 0.0).any():
        raise pynn_errors.ConnectionError(
            explain(
                "the weights and w_max have different signs",
                where=where,
                allowed="w_max (nA, uS or mV) of the sign of the weights",
                todo="Change w_max of the weight dependence",
            )
        )
    outside = (x > 1.0) | (x < low)
    if outside.any():
        projection._session.fidelity.add(
            "weight out of bounds",
            where,
            "{count} weights are not between w_min and w_max; each is moved between them when "
            "it is first changed",
            count=int(outside.sum()) if len(x) == group.size else group.size,
        )
