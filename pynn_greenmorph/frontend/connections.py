"""What a projection is made of: single connections, and the checks of their values."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyNN import common
from pyNN import errors as pynn_errors
from pyNN.standardmodels import check_weights

from ..errors import explain
from . import state as simulator
from .session import Session
from .values import refuse_units

__all__ = [
    "INDICES",
    "Connection",
    "as_column",
    "check_cells",
    "check_shapes",
    "checked_delay",
    "checked_weight",
    "global_ids",
    "populations_of",
    "replacing_weight",
    "to_ms",
]

FloatArray = NDArray[np.float64]

#: Longest delay: the log of spikes in flight then takes 8 MiB for its index alone.
LARGEST_DELAY_STEPS = 1 << 20

#: Delays rounded at a time: they stay in the cache.
_CHUNK = 1 << 15

#: Attributes of a connection that are indices of cells.
INDICES = ("presynaptic_index", "postsynaptic_index")


class Connection(common.Connection):
    """One connection of a projection; attributes read and write its columns.

    Parameters
    ----------
    projection : Projection
    index : int
        Position in order of insertion.
    """

    def __init__(self, projection: Any, index: int) -> None:
        """Make a handle; no values are copied."""
        object.__setattr__(self, "_projection", projection)
        object.__setattr__(self, "_index", index)

    def __getattr__(self, name: str) -> Any:
        """Read an attribute: ``weight``, ``delay``, or an index."""
        if name not in (*INDICES, *self._projection.synapse_type.get_parameter_names()):
            raise AttributeError(f"a connection has no attribute {name!r}")
        value = self._projection.column(name, self._index)
        return int(value) if name in INDICES else float(value)

    def __setattr__(self, name: str, value: Any) -> None:
        """Write ``weight`` or ``delay``."""
        where = f"Projection {self._projection.label!r}, connection {self._index}"
        if isinstance(value, np.ndarray) and value.ndim == 0:
            value = value[()]
        if isinstance(value, bool | np.bool_) or not isinstance(value, Real):
            refuse_units(where, {name: value})
            raise pynn_errors.InvalidParameterValueError(
                explain(f"{name} is not a number", where=where, allowed="one number", given=value)
            )
        self._projection.set_rows(name, np.array([self._index]), np.array([value], dtype=float))

    def as_tuple(self, *attribute_names: str) -> tuple[Any, ...]:
        """Return the named attributes."""
        return tuple(getattr(self, name) for name in attribute_names)


def _is_one_number(values: FloatArray) -> bool:
    """Whether a column is one number that was broadcast."""
    return values.ndim == 1 and values.strides == (0,)


def _first_of(values: FloatArray) -> FloatArray:
    """The part of a column that is worth looking at: all of it, or its only number."""
    return values[:1] if _is_one_number(values) else values


def checked_weight(projection: Any, weight: Any) -> FloatArray:
    """Check the weights of a column; raises ``ConnectionError`` where one is not finite.

    Parameters
    ----------
    projection : Projection
    weight : (n,) float64, nA, uS or mV
        A fresh array, or one number that was broadcast.

    Returns
    -------
    (n,) float64, nA, uS or mV
        The same numbers, contiguous or broadcast; perhaps the same array.
    """
    values = np.asarray(weight, dtype=np.float64)
    seen = _first_of(values)
    # The extremes are finite where all are, and make no array of booleans.
    if seen.size and not (np.isfinite(seen.min()) and np.isfinite(seen.max())):
        raise pynn_errors.ConnectionError(
            explain(
                "a weight is not a finite number",
                where=f"Projection {projection.label!r}",
                allowed="finite weights (nA, uS or mV)",
                given=f"{seen[~np.isfinite(seen)][0]}",
            )
        )
    return values if _is_one_number(values) else np.ascontiguousarray(values)


def replacing_weight(projection: Any, weight: Any) -> FloatArray:
    """Check weights that replace others, also their sign, as PyNN checks that of new connections.

    Parameters
    ----------
    projection : Projection
    weight : (n,) float64, nA, uS or mV
        As for :func:`checked_weight`.

    Returns
    -------
    (n,) float64, nA, uS or mV
        As of :func:`checked_weight`.

    Raises
    ------
    pyNN.errors.ConnectionError
        For weights that are not finite, or of a sign that does not go with the receptor type.
    """
    values = checked_weight(projection, weight)
    seen, post = _first_of(values), projection.post
    # PyNN does not check assemblies of cells with currents and with conductances.
    if not seen.size or not getattr(post, "_homogeneous_synapses", True):
        return values
    extremes = np.array([seen.min(), seen.max()])
    try:
        check_weights(extremes, projection)
    except pynn_errors.ConnectionError as error:
        kind = "conductances" if post.conductance_based else "currents"
        raise pynn_errors.ConnectionError(
            explain(
                str(error),
                where=f"Projection {projection.label!r}, receptor {projection.receptor_type!r} "
                f"of cells with {kind}",
                given=f"weights from {extremes[0]:g} to {extremes[1]:g}",
                todo="Use a projection of the other receptor type for weights of the other sign",
            )
        ) from None
    return values


def _check_delay_limits(projection: Any, values: FloatArray) -> None:
    """Raise ``ConnectionError`` for delays (n,), n > 0, that are not allowed."""
    dt = projection._session.network.dt_ms
    low, high = simulator.state.delay_limits
    smallest, largest = float(values.min()), float(values.max())
    # A billionth of a ms absorbs the noise of sums such as 0.1 + 0.2.
    if not (smallest >= low - 1e-9 and largest <= high + 1e-9 and np.isfinite(largest)):
        bad = ~np.isfinite(values) | (values < low - 1e-9) | (values > high + 1e-9)
        below = "below min_delay" if low > dt else "below the timestep"
        first = float(values[bad][0])
        problem = (
            "is not a finite number"
            if not np.isfinite(first)
            else f"is {below}"
            if first < low
            else "is greater than max_delay"
        )
        limit = "" if np.isinf(high) else f", at most {high:g} ms"
        raise pynn_errors.ConnectionError(
            explain(
                f"a delay {problem}",
                where=f"Projection {projection.label!r}",
                allowed=f"a delay of at least {low:g} ms (positive, not zero){limit}",
                given=f"{first:g}",
                todo="Change the delay, or min_delay and max_delay in setup()",
            )
        )
    if largest / dt > LARGEST_DELAY_STEPS:
        raise pynn_errors.ConnectionError(
            explain(
                "a delay is too long",
                where=f"Projection {projection.label!r}",
                allowed=f"at most {LARGEST_DELAY_STEPS * dt:g} ms ({LARGEST_DELAY_STEPS} steps), "
                "because the spike log is kept that long",
                given=f"{largest:g}",
            )
        )


def _rounded(values: FloatArray, dt_ms: float) -> tuple[NDArray[np.int32], int, float]:
    """Delays in steps (n,), how many of them moved off their values, the largest move in ms."""
    steps_per_ms = 1.0 / dt_ms
    if abs(steps_per_ms - round(steps_per_ms)) < 1e-9:
        steps_per_ms = round(steps_per_ms)
    result = np.empty(len(values), dtype=np.int32)
    count, largest = 0, 0.0
    for start in range(0, len(values), _CHUNK):
        part = values[start : start + _CHUNK]
        steps = part * steps_per_ms
        steps += 0.5
        np.floor(steps, out=steps)
        result[start : start + _CHUNK] = np.maximum(steps, 1)
        steps *= dt_ms
        steps -= part
        moved = np.abs(steps, out=steps)
        count += int(np.count_nonzero(moved > 1e-6 * dt_ms))
        largest = max(largest, float(moved.max()))
    return result, count, largest


def checked_delay(projection: Any, delay: Any) -> NDArray[np.int32]:
    """Round delays to steps, half up as NEST does, and check their limits.

    Parameters
    ----------
    projection : Projection
    delay : (n,) float64, ms

    Returns
    -------
    (n,) int32, steps
        Broadcast where ``delay`` is one number that was broadcast.

    Raises
    ------
    pyNN.errors.ConnectionError
        For a delay that is not finite or out of limits.
    """
    values = np.asarray(delay, dtype=np.float64)
    seen = _first_of(values)
    if seen.size == 0:
        return np.zeros(0, dtype=np.int32)
    _check_delay_limits(projection, seen)
    dt = projection._session.network.dt_ms
    steps, rounded, largest = _rounded(seen, dt)
    if rounded:
        projection._session.fidelity.add(
            "delay rounded",
            f"Projection {projection._ledger_label!r}",
            f"{{count}} delays were rounded to multiples of the timestep ({dt:g} ms)",
            count=rounded if len(seen) == len(values) else len(values),
            largest=largest,
            unit="ms",
        )
    return steps if len(seen) == len(values) else np.broadcast_to(steps, values.shape)


def check_shapes(synapse_type: Any, n_pre: int, n_post: int) -> None:
    """Raise ``InvalidDimensionsError`` for arrays that do not fit the projection."""
    space = getattr(synapse_type, "parameter_space", None)
    for name, value in space.items() if space is not None else ():
        shape = getattr(getattr(value, "base_value", None), "shape", ())
        if len(shape) and shape != (n_pre, n_post):
            raise pynn_errors.InvalidDimensionsError(
                explain(
                    f"the array of {name} has the wrong shape",
                    where="Projection()",
                    allowed=f"shape ({n_pre}, {n_post}): one value for each pair of cells",
                    given=f"shape {shape}",
                )
            )


def populations_of(cells: Any) -> list[Any]:
    """Return the populations and views of an assembly, or the one that is given."""
    return list(cells.populations) if isinstance(cells, common.Assembly) else [cells]


def check_cells(session: Session, cells: Any) -> None:
    """Raise when cells are no population, or of an earlier session."""
    if not isinstance(cells, common.BasePopulation | common.Assembly):
        raise pynn_errors.ConnectionError(
            explain(
                "not a Population, PopulationView or Assembly",
                where="Projection()",
                given=type(cells).__name__,
            )
        )
    for population in populations_of(cells):
        simulator.state.check_mine(population._root._session, "Projection()")


def global_ids(cells: Any) -> NDArray[np.int32]:
    """Global ids of all cells of a population, view or assembly, in its order."""
    parts = [
        population._root._cells.first + population._rows for population in populations_of(cells)
    ]
    return np.concatenate(parts, dtype=np.int32, casting="same_kind")


def as_column(values: Any, n: int) -> FloatArray:
    """A new array as it is, or one number broadcast to (n,)."""
    column = np.asarray(values, dtype=np.float64)
    return column if column.shape == (n,) else np.broadcast_to(column, (n,))


def to_ms(session: Session, steps: Any) -> Any:
    """Delays in ms, (n,) or one; as one number broadcast where the steps are that."""
    if np.ndim(steps) and steps.strides == (0,) and len(steps):
        return np.broadcast_to(session.to_ms(int(steps[0])), steps.shape)
    return session.to_ms(steps.astype(np.int64))
