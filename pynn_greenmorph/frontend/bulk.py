"""Connections made at once, identical to those of PyNN's loop over targets."""

from __future__ import annotations

from copy import deepcopy
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyNN import errors as pynn_errors
from pyNN.random import NumpyRNG, RandomDistribution

from ..errors import explain
from .clipped import normal_clipped
from .connections import global_ids
from .synapses import native_names

__all__ = [
    "ROWS",
    "bulk_parameters",
    "connect",
    "connect_list",
    "draws_in_bulk",
    "not_self",
    "worth_compiling",
]

Int32Array = NDArray[np.int32]

#: Distributions whose numbers do not depend on how many are drawn at a time.
#: ``normal_clipped`` is not one: it redraws within each call.
_BULK = frozenset(
    ["uniform", "uniform_int", "normal", "lognormal", "exponential", "gamma", "poisson",
     "binomial", "vonmises", "normal_clipped_to_boundary"]
)  # fmt: skip

#: From so many pairs of cells on, a compiled generator is worth its loading.
_MANY_PAIRS = 1 << 16

#: Fewer columns are drawn one by one: no kernel is loaded for a small network.
_MANY_COLUMNS = 256


def draws_in_bulk(distribution: Any) -> bool:
    """Whether a distribution's numbers do not depend on how many are drawn at a time."""
    return type(distribution.rng) is NumpyRNG and distribution.name in _BULK


def worth_compiling(n_pairs: int) -> bool:
    """Whether so many pairs of cells are worth a compiled generator."""
    return n_pairs >= _MANY_PAIRS


def _can_draw(lazy: Any) -> bool:
    """Whether :func:`_draw` gives what PyNN's loop would give."""
    if lazy.is_homogeneous:
        return True
    base = lazy.base_value
    if lazy.operations:
        return False
    if isinstance(base, RandomDistribution):
        return type(base.rng) is NumpyRNG
    return isinstance(base, np.ndarray)


def _draw(lazy: Any, pre: Int32Array, post: Int32Array) -> Any:
    """Values of one synapse parameter for all connections, in order."""
    if lazy.is_homogeneous:
        return lazy.evaluate(simplify=True)
    base = lazy.base_value
    if isinstance(base, np.ndarray):
        return base[pre, post]
    if draws_in_bulk(base):
        return base.next(len(post))
    counts = _column_sizes(post)
    if base.name == "normal_clipped" and len(counts) >= _MANY_COLUMNS:
        return normal_clipped(base, counts)
    return np.concatenate([np.zeros(0), *[base.next(int(count)) for count in counts]])


def _column_sizes(post: Int32Array) -> NDArray[np.int64]:
    """Numbers of connections of the targets that have any; ``post`` is ascending."""
    starts = np.flatnonzero(post[1:] != post[:-1]) + 1
    return np.diff(starts, prepend=0, append=len(post)) if len(post) else starts[:0]


def bulk_parameters(connector: Any, projection: Any) -> dict[str, Any] | None:
    """Lazy parameters, or None where PyNN's own loop is needed."""
    if connector.location_selector is not None or connector.callback is not None:
        return None
    lazy = dict(connector._parameters_from_synapse_type(projection).items())
    return lazy if all(_can_draw(values) for values in lazy.values()) else None


def connect(
    connector: Any, projection: Any, lazy: dict[str, Any], pre: Int32Array, post: Int32Array
) -> None:
    """Draw parameters, check them as PyNN does, and hand over all connections.

    Parameters
    ----------
    connector : Connector
    projection : Projection
    lazy : dict of str to LazyArray
        What :func:`bulk_parameters` gave.
    pre, post : (n,) int32
        Indices of source and target, ascending by target; the projection may keep them.
    """
    parameters = {name: _draw(values, pre, post) for name, values in lazy.items()}
    if connector.safe and len(pre):
        synapse_type = projection.synapse_type
        for name, check in synapse_type.parameter_checks.items():
            check(parameters[synapse_type.translations[name]["translated_name"]], projection)
    projection.connect_bulk(pre, post, parameters)


def not_self(projection: Any, pre: Int32Array, post: Int32Array) -> NDArray[np.bool_]:
    """Whether source and target are different cells, for each connection."""
    different: NDArray[np.bool_] = (
        global_ids(projection.pre)[pre] != global_ids(projection.post)[post]
    )
    return different


def _check_list(rows: NDArray[np.float64], projection: Any, where: str) -> None:
    """Raise ``ConnectionError`` for indices that are not whole or out of range."""
    for column, cells, name in ((0, projection.pre, "pre"), (1, projection.post, "post")):
        index = rows[:, column]
        bad = ~np.isfinite(index) | (index != np.floor(index)) | (index < 0)
        bad |= index >= cells.size
        if bad.any():
            raise pynn_errors.ConnectionError(
                explain(
                    f"{name}-synaptic index in row {int(np.argmax(bad))} is out of range "
                    "or not an integer",
                    where=f"{where}, projection {projection.label!r}",
                    allowed=f"integers from 0 to {cells.size - 1}",
                    given=f"{index[bad][0]:g}",
                )
            )


#: What a list of connections is made of.
ROWS = "rows of numbers: i, j and one for each of column_names"


def _numbers(rows: Any, projection: Any, where: str) -> NDArray[np.float64]:
    """The rows of a list as numbers; raises ``InvalidParameterValueError`` where one is none."""
    plain = rows.dtype.kind in "biuf"
    bad = [] if plain else [one for one in rows.flat if not isinstance(one, Real)]
    if bad:
        raise pynn_errors.InvalidParameterValueError(
            explain(
                "a value is not a number",
                where=f"{where}, projection {projection.label!r}",
                allowed=ROWS,
                given=repr(bad[0]),
            )
        )
    return np.asarray(rows, dtype=np.float64)


def connect_list(connector: Any, projection: Any, where: str) -> None:
    """Make the connections of a list, in the order of PyNN's ``FromListConnector``.

    Parameters
    ----------
    connector : FromListConnector
        Its ``conn_list`` has rows of source index, target index, values.
    projection : Projection
    where : str
        Where the list comes from, for messages.

    Raises
    ------
    pyNN.errors.InvalidParameterValueError
        For a value that is not a number.
    ValueError
        For a column that is no attribute of the synapse type.
    pyNN.errors.ConnectionError
        For an index that is not whole or out of range.
    """
    names = projection.synapse_type.get_parameter_names()
    for name in connector.column_names:
        if name not in names:
            raise ValueError(
                f"{name} is not a valid parameter for {type(projection.synapse_type).__name__}; "
                f"allowed: {', '.join(names)}"
            )
    if connector.conn_list.size == 0:
        return
    rows = _numbers(connector.conn_list, projection, where)
    _check_list(rows, projection, where)
    # The very call of PyNN's code: its order within one target is not stable,
    # and it decides the order of the connections.
    rows = rows[np.argsort(connector.conn_list[:, 1])]
    pre, post = rows[:, 0].astype(np.int32), rows[:, 1].astype(np.int32)
    native = native_names(projection.synapse_type)
    given = {
        native[name]: rows[:, 2 + column] for column, name in enumerate(connector.column_names)
    }
    parameters: dict[str, Any] = {}
    for name, lazy in projection.synapse_type.native_parameters.items():
        if name in given:
            parameters[name] = given[name]
            continue
        if not lazy.is_homogeneous:
            # PyNN evaluates a fresh copy for each target, so that every target
            # gets the same first numbers.
            lazy.shape = None
            parameters[name] = np.concatenate(
                [_fresh(lazy, int(count)) for count in _column_sizes(post)]
            )
        else:
            lazy.shape = (len(pre),)
            parameters[name] = lazy.evaluate(simplify=True)
    projection.connect_bulk(pre, post, parameters)


def _fresh(lazy: Any, count: int) -> NDArray[np.float64]:
    copy = deepcopy(lazy)
    copy.shape = (count,)
    return np.atleast_1d(np.asarray(copy.evaluate(simplify=False), dtype=np.float64))
