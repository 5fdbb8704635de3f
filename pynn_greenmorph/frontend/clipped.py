"""Clipped normal numbers for many columns of connections at once.

PyNN draws a column (the connections of one target), then draws what lies
outside the limits again and again, then goes on with the next column. All
numbers come from one stream, in that order, however many are drawn by one call;
so the stream is drawn in bulk and dealt out to the columns afterwards.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyNN.random import MAX_REDRAWS

from ..engine.compiled import compile_function

__all__ = ["deal", "normal_clipped"]

FloatArray = NDArray[np.float64]
Int64Array = NDArray[np.int64]

#: Numbers dealt out at a time: they stay in the cache.
_CHUNK = 1 << 16


def deal(
    stream: FloatArray,
    at: int,
    ends: Int64Array,
    column: int,
    low: float,
    high: float,
    limit: int,
    bad: Int64Array,
    values: FloatArray,
) -> tuple[int, int, int]:
    """Deal a stream of numbers out to columns; those outside the limits are replaced.

    Parameters
    ----------
    stream : (n,) float64
    at : int
        Next number of the stream.
    ends : (k,) int64
        Where each column ends in ``values``.
    column : int
        First column to fill.
    low, high : float
        Limits, both allowed.
    limit : int
        Number of replacements of one column after which PyNN gives up.
    bad : (m,) int64
        Room for as many indices as the longest column has.
    values : (ends[-1],) float64
        What is dealt out.

    Returns
    -------
    column, at : int
        First column that is not filled, -1 where replacements are too many;
        next number of the stream.
    needed : int
        How far the stream must reach for that column, at least.
    """
    while column < len(ends):
        begin = ends[column - 1] if column else 0
        count = ends[column] - begin
        if at + count > len(stream):
            return column, at, at + count
        position = at
        n_bad = 0
        for i in range(count):
            value = stream[position + i]
            values[begin + i] = value
            bad[n_bad] = begin + i
            n_bad += 1 if (value > high or value < low) else 0
        position += count
        rounds = 0
        while n_bad > 0:
            if rounds > limit:
                return -1, at, at
            if position + n_bad > len(stream):
                return column, at, position + n_bad
            still_bad = 0
            for i in range(n_bad):
                value = stream[position + i]
                values[bad[i]] = value
                bad[still_bad] = bad[i]
                still_bad += 1 if (value > high or value < low) else 0
            position += n_bad
            n_bad = still_bad
            rounds += 1
        at = position
        column += 1
    return column, at, at


def normal_clipped(distribution: Any, counts: Int64Array) -> FloatArray:
    """Draw the numbers of all columns.

    Parameters
    ----------
    distribution : pyNN.random.RandomDistribution
        ``normal_clipped`` with a ``NumpyRNG``, which is advanced as PyNN advances it.
    counts : (k,) int64
        Numbers of each column, greater than 0.

    Returns
    -------
    (counts.sum(),) float64

    Raises
    ------
    RuntimeError
        When numbers are drawn again too often.
    """
    run = compile_function(deal, n_results=3, what="wiring (clipped numbers)")
    if run is None:  # plain Python is slower than PyNN's calls
        return np.concatenate([np.zeros(0), *[distribution.next(int(n)) for n in counts]])
    return _deal_in_chunks(run, distribution, counts)


def _deal_in_chunks(run: Any, distribution: Any, counts: Int64Array) -> FloatArray:
    parameters = distribution.parameters
    low, high = float(parameters["low"]), float(parameters["high"])
    normal, mu, sigma = distribution.rng.rng.normal, parameters["mu"], parameters["sigma"]
    ends = np.cumsum(counts)
    values = np.empty(int(ends[-1]) if len(ends) else 0)
    bad = np.empty(int(counts.max(initial=0)) + 1, dtype=np.int64)
    first, begin = 0, 0
    while first < len(counts):
        last = max(first + 1, int(np.searchsorted(ends, begin + _CHUNK, side="right")))
        chunk, part = ends[first:last] - begin, values[begin : ends[last - 1]]
        stream, column, at, needed = np.empty(0), 0, 0, int(counts[first])
        while column < len(chunk):
            # No more than what is surely used: the generator cannot go back.
            more = needed - len(stream) + int(chunk[-1] - chunk[column])
            stream = np.concatenate([stream[at:], normal(loc=mu, scale=sigma, size=more)])
            column, at, needed = run(stream, 0, chunk, column, low, high, MAX_REDRAWS, bad, part)
            if column < 0:
                raise RuntimeError(
                    "Maximum number of redraws exceeded. "
                    "Check the parameterization of your distribution."
                )
        first, begin = last, int(ends[last - 1])
    return values
