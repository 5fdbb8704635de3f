"""Which cells the connections of a projection join, and matrices of their values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyNN import errors as pynn_errors
from pyNN.random import NumpyRNG, RandomDistribution

from ..errors import explain
from .bulk import draws_in_bulk

__all__ = ["CellIndices", "draw_for_pairs", "matrix_of", "pair_keys", "values_of"]

FloatArray = NDArray[np.float64]
Int32Array = NDArray[np.int32]
Int64Array = NDArray[np.int64]

#: Numbers drawn at a time.
_CHUNK = 1 << 18


@dataclass(frozen=True)
class CellIndices:
    """One end of all connections: global ids, and indices in the projection's group of cells.

    Attributes
    ----------
    ids : (n,) int32
        Global ids.
    first : int
        An index is an id less ``first``, where ids of the group are consecutive.
    own : (n,) int32 or None
        Indices where they are not.
    """

    ids: Int32Array
    first: int
    own: Int32Array | None

    @classmethod
    def of(cls, cells: Int32Array, indices: Int32Array) -> CellIndices:
        """Make it of the ids of a group of cells (m,) and of indices (n,), which may be kept."""
        first = int(cells[0])
        if not np.array_equal(cells, np.arange(first, first + len(cells), dtype=np.int32)):
            return cls(cells[indices], 0, indices)
        if first:
            indices += np.int32(first)
        return cls(indices, first, None)

    def indices(self, rows: Any = slice(None)) -> Any:
        """Indices in the group of cells, (k,) int32, or one for a row that is an integer."""
        if self.own is not None:
            return self.own[rows]
        return self.ids[rows] - np.int32(self.first) if self.first else self.ids[rows]


def pair_keys(pre: Int32Array, post: Int32Array, n_post: int) -> Int64Array:
    """Number the pairs of cells source by source: (n,), equal for equal pairs."""
    keys = pre.astype(np.int64)
    keys *= n_post
    keys += post
    return keys


def draw_for_pairs(distribution: Any, size: int, keys: Int64Array) -> FloatArray:
    """Draw a number for every pair of cells, as PyNN does, and keep those of connections.

    Parameters
    ----------
    distribution : pyNN.random.RandomDistribution
    size : int
        Number of pairs.
    keys : (n,) int64
        Numbers of the connected pairs, below ``size``.

    Returns
    -------
    (n,) float64
    """
    if size <= _CHUNK or not draws_in_bulk(distribution):
        return np.asarray(distribution.next(size), dtype=np.float64)[keys]
    order = np.argsort(keys)
    ordered = keys[order]
    result = np.empty(len(keys))
    for start in range(0, size, _CHUNK):
        drawn = distribution.next(min(_CHUNK, size - start))
        low, high = np.searchsorted(ordered, (start, start + _CHUNK))
        result[order[low:high]] = drawn[ordered[low:high] - start]
    return result


def _are_distinct(pre: Int32Array, post: Int32Array, keys: Int64Array) -> bool:
    """Whether no pair of cells has two connections."""
    # Most connectors go target by target and then source by source, which is quick to see.
    later = post[1:] > post[:-1]
    later |= (post[1:] == post[:-1]) & (pre[1:] > pre[:-1])
    return bool(later.all()) or len(np.unique(keys)) == len(keys)


def matrix_of(
    shape: tuple[int, int],
    pre: Int32Array,
    post: Int32Array,
    columns: list[FloatArray],
    multiple_synapses: str,
) -> list[FloatArray]:
    """Make a matrix of each column of values.

    Parameters
    ----------
    shape : (int, int)
        Numbers of sources and targets.
    pre, post : (n,) int32
        Indices of source and target, in order of insertion.
    columns : list of (n,) float64
    multiple_synapses : {"last", "first", "sum", "min", "max"}
        What to take where several connections join one pair of cells.

    Returns
    -------
    list of (n_pre, n_post) float64
        NaN where there is no connection.
    """
    keys = pair_keys(pre, post, shape[1])
    how = "any" if _are_distinct(pre, post, keys) else multiple_synapses
    result = []
    for values in columns:
        matrix = np.full(shape, np.nan)
        _fill(matrix.reshape(-1), keys, values, how)
        result.append(matrix)
    return result


def _fill(flat: FloatArray, keys: Int64Array, values: FloatArray, how: str) -> None:
    """Put values (n,) at their keys (n,)."""
    if how == "any":
        flat[keys] = values
    elif how in ("first", "last"):
        order = np.argsort(keys, kind="stable")
        ordered = keys[order]
        change = ordered[1:] != ordered[:-1]
        chosen = order[np.append(change, True) if how == "last" else np.append(True, change)]
        flat[keys[chosen]] = values[chosen]
    elif how == "sum":
        flat[keys] = 0.0
        np.add.at(flat, keys, values)
    else:
        pick = np.minimum if how == "min" else np.maximum
        flat[keys] = np.inf if how == "min" else -np.inf
        pick.at(flat, keys, values)


def values_of(
    shape: tuple[int, int],
    ends: Callable[[], tuple[Int32Array, Int32Array]],
    name: str,
    value: Any,
    where: str,
) -> FloatArray | None:
    """Return what a user gave for an attribute of all connections.

    Parameters
    ----------
    shape : (int, int)
        Numbers of sources and targets.
    ends : callable
        Returns the indices of source and target, (n,) each; called if needed.
    name : str
        Of the attribute.
    value : object
        ``None``, a list, an array or a ``RandomDistribution``, or anything else.
    where : str
        For messages.

    Returns
    -------
    (n,) float64 or None
        A new array; ``None`` where PyNN finds the values.

    Raises
    ------
    pyNN.errors.InvalidDimensionsError
        For None, and a list that does not fit the pairs.
    """
    if value is None or isinstance(value, list):
        return _listed(shape, ends, name, value, where)
    if isinstance(value, np.ndarray) and np.can_cast(value.dtype, np.float64):
        if value.ndim == 1:
            return _listed(shape, ends, name, value, where)
        if value.shape == shape:
            return value[ends()].astype(np.float64, copy=False)
    if isinstance(value, RandomDistribution) and type(value.rng) is NumpyRNG:
        return draw_for_pairs(value, shape[0] * shape[1], pair_keys(*ends(), shape[1]))
    return None


def _listed(
    shape: tuple[int, int],
    ends: Callable[[], tuple[Int32Array, Int32Array]],
    name: str,
    value: Any,
    where: str,
) -> FloatArray:
    """Values (n,) of a list for the connected pairs of cells, source by source."""
    pairs, place = np.unique(pair_keys(*ends(), shape[1]), return_inverse=True)
    if value is None or len(value) != len(pairs):
        raise pynn_errors.InvalidDimensionsError(
            explain(
                f"the values of {name} do not fit the connections",
                where=where,
                allowed=f"a number, a list of {len(pairs)} values (one for each connected pair "
                f"of cells, source by source), an array of shape {shape}, a function of "
                "distance or a RandomDistribution",
                given="None" if value is None else f"{len(value)} values",
            )
        )
    return np.asarray(value, dtype=np.float64)[place]
