"""PyNN's connectors, with vectorised paths that make the identical network.

PyNN's own code makes the connections of every connector. For the four that
models use most, the same random numbers are drawn in bulk: connections are
made target by target, a wiring map draws all ``n_pre`` numbers of each target,
and each synapse parameter draws from a copy of its own generator, in the order
of the connections. What the bulk paths cannot draw identically goes PyNN's way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyNN import connectors as pynn_connectors
from pyNN import errors as pynn_errors
from pyNN.random import NumpyRNG, RandomDistribution

from ..errors import explain
from .state import state

__all__ = [
    "AllToAllConnector",
    "ArrayConnector",
    "CSAConnector",
    "CloneConnector",
    "DisplacementDependentProbabilityConnector",
    "DistanceDependentProbabilityConnector",
    "FixedNumberPostConnector",
    "FixedNumberPreConnector",
    "FixedProbabilityConnector",
    "FixedTotalNumberConnector",
    "FromFileConnector",
    "FromListConnector",
    "IndexBasedProbabilityConnector",
    "OneToOneConnector",
    "SmallWorldConnector",
]

Int64Array = NDArray[np.int64]

#: Distributions whose numbers do not depend on how many are drawn at a time.
#: ``normal_clipped`` is not one: it redraws within each call.
_BULK = frozenset(
    ["uniform", "uniform_int", "normal", "lognormal", "exponential", "gamma", "poisson",
     "binomial", "vonmises", "normal_clipped_to_boundary"]
)  # fmt: skip

#: Numbers drawn at a time by a wiring map, to bound memory (32 MiB).
_CHUNK = 1 << 22


class _Columns:
    """Makes every column of a connection map an array, whatever its size.

    NumPy 2.1 refuses ``nonzero`` of the 0-d arrays that PyNN's maps give for a
    single source cell, and PyNN's loop has no case for a plain ``False``.
    """

    def _standard_connect(
        self, projection: Any, connection_map_generator: Callable[..., Any], distance_map: Any = None
    ) -> None:
        def columns(*mask: Any) -> Iterator[Any]:
            for column in connection_map_generator(*mask):
                if column is False:
                    column = np.zeros(projection.pre.size, dtype=bool)
                yield column if column is True else np.atleast_1d(column)

        super()._standard_connect(projection, columns, distance_map)  # type: ignore[misc]


# ---------------------------------------------------------------- bulk parameters


def _can_draw(lazy: Any) -> bool:
    """Whether :func:`_draw` gives what PyNN's loop would give."""
    if lazy.is_homogeneous:
        return True
    base = lazy.base_value
    if lazy.operations:
        return False
    if isinstance(base, RandomDistribution):
        return isinstance(base.rng, NumpyRNG)
    return isinstance(base, np.ndarray)


def _draw(lazy: Any, pre: Int64Array, post: Int64Array, counts: Int64Array) -> Any:
    """Values of one synapse parameter for all connections, in order."""
    if lazy.is_homogeneous:
        return lazy.evaluate(simplify=True)
    base = lazy.base_value
    if isinstance(base, np.ndarray):
        return base[pre, post]
    if base.name in _BULK:
        return base.next(int(counts.sum()))
    drawn = [base.next(int(count)) for count in counts[counts > 0]]
    return np.concatenate([np.zeros(0), *drawn])


def _bulk_parameters(connector: Any, projection: Any) -> dict[str, Any] | None:
    """Lazy parameters, or None where PyNN's own loop is needed."""
    if connector.location_selector is not None or connector.callback is not None:
        return None
    lazy = dict(connector._parameters_from_synapse_type(projection).items())
    return lazy if all(_can_draw(values) for values in lazy.values()) else None


def _connect(
    connector: Any, projection: Any, lazy: dict[str, Any], pre: Int64Array, post: Int64Array
) -> None:
    """Draw parameters, check them as PyNN does, and hand over all connections."""
    counts = np.bincount(post, minlength=projection.post.size)
    parameters = {name: _draw(values, pre, post, counts) for name, values in lazy.items()}
    if connector.safe and len(pre):
        synapse_type = projection.synapse_type
        for name, check in synapse_type.parameter_checks.items():
            check(parameters[synapse_type.translations[name]["translated_name"]], projection)
    projection.connect_bulk(pre, post, parameters)


def _not_self(projection: Any, pre: Int64Array, post: Int64Array) -> NDArray[np.bool_]:
    """Whether source and target are different cells, for each connection."""
    sources = np.array([int(cell) for cell in projection.pre.all_cells])
    targets = np.array([int(cell) for cell in projection.post.all_cells])
    different: NDArray[np.bool_] = sources[pre] != targets[post]
    return different


# ---------------------------------------------------------------- connectors


class AllToAllConnector(_Columns, pynn_connectors.AllToAllConnector):
    __doc__ = pynn_connectors.AllToAllConnector.__doc__

    def connect(self, projection: Any) -> None:
        """Connect all cells, at once where possible."""
        lazy = _bulk_parameters(self, projection)
        if lazy is None:
            super().connect(projection)
            return
        n_pre, n_post = projection.shape
        pre = np.tile(np.arange(n_pre, dtype=np.int64), n_post)
        post = np.repeat(np.arange(n_post, dtype=np.int64), n_pre)
        if not self.allow_self_connections:
            keep = _not_self(projection, pre, post)
            pre, post = pre[keep], post[keep]
        _connect(self, projection, lazy, pre, post)


class OneToOneConnector(_Columns, pynn_connectors.OneToOneConnector):
    __doc__ = pynn_connectors.OneToOneConnector.__doc__

    def connect(self, projection: Any) -> None:
        """Connect cell ``i`` to cell ``i``, at once where possible."""
        n_pre, n_post = projection.shape
        if n_pre != n_post:
            projection._session.fidelity.add(
                "unequal sizes",
                f"Projection {projection.label!r}",
                f"OneToOneConnector: sizes {n_pre} and {n_post} are not equal; "
                f"the first {min(n_pre, n_post)} cells of each were connected",
            )
        lazy = _bulk_parameters(self, projection)
        if lazy is None:
            super().connect(projection)
            return
        both = np.arange(min(n_pre, n_post), dtype=np.int64)
        _connect(self, projection, lazy, both, both.copy())


class FixedProbabilityConnector(_Columns, pynn_connectors.FixedProbabilityConnector):
    __doc__ = pynn_connectors.FixedProbabilityConnector.__doc__

    def __init__(self, p_connect: float, *args: Any, **kwargs: Any) -> None:
        """Make a connector; see the class."""
        if not 0 <= float(p_connect) <= 1:
            raise ValueError(
                explain(
                    "p_connect is not a probability",
                    where="FixedProbabilityConnector",
                    allowed="a number between 0 and 1",
                    given=p_connect,
                )
            )
        super().__init__(p_connect, *args, **kwargs)

    def connect(self, projection: Any) -> None:
        """Connect with a fixed probability, at once where possible."""
        plain = isinstance(self.rng, NumpyRNG) and self.allow_self_connections in (True, False)
        lazy = _bulk_parameters(self, projection) if plain else None
        if lazy is None:
            super().connect(projection)
            return
        n_pre, n_post = projection.shape
        generator = deepcopy(self.rng).rng
        rows = max(1, _CHUNK // n_pre)
        pres, posts = [], []
        for first in range(0, n_post, rows):
            count = min(rows, n_post - first)
            hit = generator.uniform(0, 1, size=(count, n_pre)) < self.p_connect
            target, source = np.nonzero(hit)
            pres.append(source.astype(np.int64))
            posts.append(target.astype(np.int64) + first)
        pre, post = np.concatenate(pres), np.concatenate(posts)
        if not self.allow_self_connections:
            keep = _not_self(projection, pre, post)
            pre, post = pre[keep], post[keep]
        _connect(self, projection, lazy, pre, post)


class FromListConnector(pynn_connectors.FromListConnector):
    __doc__ = pynn_connectors.FromListConnector.__doc__

    def connect(self, projection: Any) -> None:
        """Connect as listed, target by target."""
        _connect_list(self, projection, "FromListConnector")


class FromFileConnector(pynn_connectors.FromFileConnector):
    __doc__ = pynn_connectors.FromFileConnector.__doc__

    def connect(self, projection: Any) -> None:
        """Read the file and connect as listed."""
        name = self.file.name
        if self.distributed:
            self.file.rename(f"{name}.{state.mpi_rank}")
        try:
            columns = self.file.get_metadata().get("columns", ("weight", "delay"))
            self.conn_list = np.atleast_2d(np.asarray(self.file.read(), dtype=float))
        except (TypeError, ValueError, SyntaxError) as error:
            raise ValueError(
                explain(f"a line cannot be read ({error})", where=f"file {name!r}",
                        allowed="rows of numbers of one length: i j weight delay ...")
            ) from error  # fmt: skip
        self.column_names = tuple(column for column in columns if column not in ("i", "j"))
        _connect_list(self, projection, f"file {name!r}")


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


def _connect_list(connector: Any, projection: Any, where: str) -> None:
    names = projection.synapse_type.get_parameter_names()
    for name in connector.column_names:
        if name not in names:
            raise ValueError(
                f"{name} is not a valid parameter for {type(projection.synapse_type).__name__}; "
                f"allowed: {', '.join(names)}"
            )
    if connector.conn_list.size == 0:
        return
    rows = np.asarray(connector.conn_list, dtype=np.float64)
    _check_list(rows, projection, where)
    # The very call of PyNN's code: its order within one target is not stable,
    # and it decides the order of the connections.
    rows = rows[np.argsort(connector.conn_list[:, 1])]
    pre, post = rows[:, 0].astype(np.int64), rows[:, 1].astype(np.int64)
    given = {name: rows[:, 2 + column] for column, name in enumerate(connector.column_names)}
    parameters: dict[str, Any] = {}
    counts = np.bincount(post)
    for name, lazy in projection.synapse_type.native_parameters.items():
        if name in given:
            parameters[name] = given[name]
            continue
        if not lazy.is_homogeneous:
            # PyNN evaluates a fresh copy for each target, so that every target
            # gets the same first numbers.
            lazy.shape = None
            parameters[name] = np.concatenate(
                [_fresh(lazy, int(count)) for count in counts[counts > 0]]
            )
        else:
            lazy.shape = (len(pre),)
            parameters[name] = lazy.evaluate(simplify=True)
    projection.connect_bulk(pre, post, parameters)


def _fresh(lazy: Any, count: int) -> NDArray[np.float64]:
    copy = deepcopy(lazy)
    copy.shape = (count,)
    return np.atleast_1d(np.asarray(copy.evaluate(simplify=False), dtype=np.float64))


def _check_number(connector: Any, n: Any) -> None:
    """Raise ``ValueError`` for a negative number of connections."""
    if isinstance(n, int) and n < 0:
        raise ValueError(
            explain(
                "the number of connections n is negative",
                where=type(connector).__name__,
                allowed="an integer >= 0, or a RandomDistribution",
                given=n,
            )
        )


class FixedNumberPreConnector(_Columns, pynn_connectors.FixedNumberPreConnector):
    __doc__ = pynn_connectors.FixedNumberPreConnector.__doc__

    def __init__(self, n: Any, *args: Any, **kwargs: Any) -> None:
        """Make a connector; see the class."""
        _check_number(self, n)
        super().__init__(n, *args, **kwargs)


class FixedNumberPostConnector(_Columns, pynn_connectors.FixedNumberPostConnector):
    __doc__ = pynn_connectors.FixedNumberPostConnector.__doc__

    def __init__(self, n: Any, *args: Any, **kwargs: Any) -> None:
        """Make a connector; see the class."""
        _check_number(self, n)
        super().__init__(n, *args, **kwargs)


class FixedTotalNumberConnector(_Columns, pynn_connectors.FixedTotalNumberConnector):
    __doc__ = pynn_connectors.FixedTotalNumberConnector.__doc__

    def __init__(self, n: Any, *args: Any, **kwargs: Any) -> None:
        """Make a connector; see the class."""
        _check_number(self, n)
        super().__init__(n, *args, **kwargs)


class DistanceDependentProbabilityConnector(
    _Columns, pynn_connectors.DistanceDependentProbabilityConnector
):
    __doc__ = pynn_connectors.DistanceDependentProbabilityConnector.__doc__

    def __init__(self, d_expression: Any, *args: Any, **kwargs: Any) -> None:
        """Make a connector; see the class."""
        try:
            super().__init__(d_expression, *args, **kwargs)
        except (SyntaxError, NameError, AssertionError) as error:
            raise ValueError(
                explain(
                    f"the distance expression cannot be used ({error})",
                    where="DistanceDependentProbabilityConnector",
                    allowed="an expression in d that is not negative, e.g. 'exp(-d)'",
                    given=d_expression,
                )
            ) from error


class IndexBasedProbabilityConnector(_Columns, pynn_connectors.IndexBasedProbabilityConnector):
    __doc__ = pynn_connectors.IndexBasedProbabilityConnector.__doc__


class DisplacementDependentProbabilityConnector(
    _Columns, pynn_connectors.DisplacementDependentProbabilityConnector
):
    __doc__ = pynn_connectors.DisplacementDependentProbabilityConnector.__doc__


class ArrayConnector(_Columns, pynn_connectors.ArrayConnector):
    __doc__ = pynn_connectors.ArrayConnector.__doc__


class CloneConnector(_Columns, pynn_connectors.CloneConnector):
    __doc__ = pynn_connectors.CloneConnector.__doc__


class CSAConnector(_Columns, pynn_connectors.CSAConnector):
    __doc__ = pynn_connectors.CSAConnector.__doc__


class SmallWorldConnector(pynn_connectors.SmallWorldConnector):
    __doc__ = pynn_connectors.SmallWorldConnector.__doc__
