"""PyNN's connectors, with vectorised paths that make the identical network.

PyNN's own code makes the connections of every connector. For those that models
use most, the same random numbers are drawn in bulk: connections are made
target by target, a wiring map draws all ``n_pre`` numbers of each target,
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
from pyNN.random import NumpyRNG, RandomDistribution

from ..errors import explain
from .bulk import ROWS, bulk_parameters, connect, connect_list, not_self
from .connections import global_ids
from .deviations import note_chosen_again
from .fixed_numbers import choose_for_each, draw_pairs, order_by_target
from .mersenne import find_pairs
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

Int32Array = NDArray[np.int32]
Int64Array = NDArray[np.int64]

#: From so many pairs of cells on, a compiled generator is worth its loading.
_MANY_CANDIDATES = 1 << 16

#: Numbers drawn at a time by a wiring map, to bound memory (32 MiB).
_CHUNK = 1 << 22


class _Columns:
    """Makes every column of a connection map an array, whatever its size.

    NumPy 2.1 refuses ``nonzero`` of the 0-d arrays that PyNN's maps give for a
    single source cell, and PyNN's loop has no case for a plain ``False``.
    """

    def _standard_connect(
        self,
        projection: Any,
        connection_map_generator: Callable[..., Any],
        distance_map: Any = None,
    ) -> None:
        def columns(*mask: Any) -> Iterator[Any]:
            for column in connection_map_generator(*mask):
                if column is True:
                    yield column
                else:
                    none = np.zeros(projection.pre.size, dtype=bool)
                    yield none if column is False else np.atleast_1d(column)

        super()._standard_connect(projection, columns, distance_map)  # type: ignore[misc]


class AllToAllConnector(_Columns, pynn_connectors.AllToAllConnector):
    """PyNN's ``AllToAllConnector``, as documented in ``pyNN.connectors``."""

    def connect(self, projection: Any) -> None:
        """Connect all cells, at once where possible."""
        lazy = bulk_parameters(self, projection)
        if lazy is None:
            super().connect(projection)
            return
        n_pre, n_post = projection.shape
        pre = np.tile(np.arange(n_pre, dtype=np.int32), n_post)
        post = np.repeat(np.arange(n_post, dtype=np.int32), n_pre)
        if not self.allow_self_connections:
            keep = not_self(projection, pre, post)
            pre, post = pre[keep], post[keep]
        connect(self, projection, lazy, pre, post)


class OneToOneConnector(_Columns, pynn_connectors.OneToOneConnector):
    """PyNN's ``OneToOneConnector``, as documented in ``pyNN.connectors``."""

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
        lazy = bulk_parameters(self, projection)
        if lazy is None:
            super().connect(projection)
            return
        both = np.arange(min(n_pre, n_post), dtype=np.int32)
        connect(self, projection, lazy, both, both.copy())


class FixedProbabilityConnector(_Columns, pynn_connectors.FixedProbabilityConnector):
    """PyNN's ``FixedProbabilityConnector``, as documented in ``pyNN.connectors``."""

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
        plain = type(self.rng) is NumpyRNG and self.allow_self_connections in (True, False)
        lazy = bulk_parameters(self, projection) if plain else None
        if lazy is None:
            super().connect(projection)
            return
        connect(self, projection, lazy, *self._pairs(projection))

    def _pairs(self, projection: Any) -> tuple[Int32Array, Int32Array]:
        """Indices of source and target, (n,) each, ascending by target, then source."""
        n_pre, n_post = projection.shape
        if n_pre * n_post >= _MANY_CANDIDATES:
            sources, targets = global_ids(projection.pre), global_ids(projection.post)
            found = find_pairs(
                self.rng.rng, self.p_connect, sources, targets,
                apart=not self.allow_self_connections,
            )  # fmt: skip
            if found is not None:
                return found
        generator = deepcopy(self.rng).rng
        rows = max(1, _CHUNK // n_pre)
        pres, posts = [], []
        for first in range(0, n_post, rows):
            count = min(rows, n_post - first)
            hit = generator.uniform(0, 1, size=(count, n_pre)) < self.p_connect
            target, source = np.nonzero(hit)
            pres.append(source.astype(np.int32))
            posts.append(target.astype(np.int32) + np.int32(first))
        pre, post = np.concatenate(pres), np.concatenate(posts)
        if not self.allow_self_connections:
            keep = not_self(projection, pre, post)
            pre, post = pre[keep], post[keep]
        return pre, post


class FromListConnector(pynn_connectors.FromListConnector):
    """PyNN's ``FromListConnector``, as documented in ``pyNN.connectors``."""

    def __init__(self, conn_list: Any, *args: Any, **kwargs: Any) -> None:
        """Make a connector; see the class."""
        try:
            super().__init__(conn_list, *args, **kwargs)
        except ValueError as error:
            if "inhomogeneous" not in str(error):
                raise
            raise ValueError(
                explain(
                    "the rows are not of one length, or a value is a list",
                    where="FromListConnector",
                    allowed=ROWS,
                )
            ) from None

    def connect(self, projection: Any) -> None:
        """Connect as listed, target by target."""
        connect_list(self, projection, "FromListConnector")


class FromFileConnector(pynn_connectors.FromFileConnector):
    """PyNN's ``FromFileConnector``, as documented in ``pyNN.connectors``."""

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
        connect_list(self, projection, f"file {name!r}")


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


class _FixedNumber(_Columns, pynn_connectors.FixedNumberConnector):
    """Mends PyNN's connectors with fixed numbers for n = 0 and for a self-hit drawn twice."""

    rng: Any
    n: Any

    #: The axis of the projection that cells are chosen from; None where pairs are drawn.
    _axis: int | None = None

    def __init__(self, n: Any, *args: Any, **kwargs: Any) -> None:
        """Make a connector; see the class."""
        _check_number(self, n)
        super().__init__(n, *args, **kwargs)

    def connect(self, projection: Any) -> None:
        """Connect, at once where possible; PyNN's code cannot draw no cells at all."""
        note_chosen_again(projection, self, self._axis)
        if isinstance(self.n, int) and (self.n == 0 or self._connect_at_once(projection)):
            return
        try:
            super().connect(projection)
        except ValueError as error:
            if "at least one array" not in str(error):
                raise
            raise ValueError(
                explain(
                    "the distribution of n gave 0 for a cell",
                    where=f"{type(self).__name__}, projection {projection.label!r}",
                    allowed="distributions of integers greater than 0",
                    todo="Use with_replacement=True, or a distribution that starts at 1",
                )
            ) from error

    def _connect_at_once(self, projection: Any) -> bool:
        """Connect a number that is fixed, unless PyNN's own loop is needed."""
        n_pre, n_post = projection.shape
        worth = max(n_pre * n_post, self.n * max(n_pre, n_post)) >= _MANY_CANDIDATES
        plain = worth and type(self.rng) is NumpyRNG and n_pre > 1 and n_post > 1
        lazy = bulk_parameters(self, projection) if plain else None
        if lazy is None:
            return False
        pairs = self._draw(projection)
        if pairs is None:
            return False
        if self._draws_first:
            # The synapse's distributions are copied after the draws: they may share the generator.
            lazy = bulk_parameters(self, projection)
            assert lazy is not None
        connect(self, projection, lazy, *pairs)
        return True

    #: Whether PyNN draws all pairs before it copies the synapse's distributions.
    _draws_first = True

    def _draw(self, projection: Any) -> tuple[Int32Array, Int32Array] | None:
        """Indices of source and target, (n,) each, ascending by target; None leaves it to PyNN."""
        raise NotImplementedError

    def _choose(self, projection: Any, rows: int, size: int) -> Int32Array | None:
        """Choose ``n`` of ``size`` cells for each of ``rows`` cells."""
        apart = not self.allow_self_connections and projection.pre == projection.post
        return choose_for_each(
            self.rng.rng, rows, size, self.n, replacement=self.with_replacement, apart=apart
        )

    def _rng_uniform_int_exclude(self, n: int, size: int, exclude: int) -> Int64Array:
        """Draw ``n`` integers below ``size``; those that hit ``exclude`` are drawn again."""
        limits = {"low": 0, "high": size}
        drawn: Int64Array = self.rng.next(n, "uniform_int", limits, mask=None)
        while (again := np.flatnonzero(drawn == exclude)).size:
            drawn[again] = self.rng.next(again.size, "uniform_int", limits, mask=None)
        return drawn


class FixedNumberPreConnector(_FixedNumber, pynn_connectors.FixedNumberPreConnector):
    """PyNN's ``FixedNumberPreConnector``, as documented in ``pyNN.connectors``."""

    _axis = 0
    _draws_first = False

    def _draw(self, projection: Any) -> tuple[Int32Array, Int32Array] | None:
        n_pre, n_post = projection.shape
        sources = self._choose(projection, n_post, n_pre)
        targets = np.repeat(np.arange(n_post, dtype=np.int32), self.n)
        return None if sources is None else (sources, targets)


class FixedNumberPostConnector(_FixedNumber, pynn_connectors.FixedNumberPostConnector):
    """PyNN's ``FixedNumberPostConnector``, as documented in ``pyNN.connectors``."""

    _axis = 1

    def _draw(self, projection: Any) -> tuple[Int32Array, Int32Array] | None:
        n_pre, n_post = projection.shape
        targets = self._choose(projection, n_pre, n_post)
        sources = np.repeat(np.arange(n_pre, dtype=np.int32), self.n)
        return None if targets is None else order_by_target(sources, targets, n_post)


class FixedTotalNumberConnector(_FixedNumber, pynn_connectors.FixedTotalNumberConnector):
    """PyNN's ``FixedTotalNumberConnector``, as documented in ``pyNN.connectors``."""

    def _draw(self, projection: Any) -> tuple[Int32Array, Int32Array] | None:
        n_pre, n_post = projection.shape
        before = self.rng.rng.get_state(legacy=False)
        # PyNN draws this process's share of all connections, which is all of them.
        share = RandomDistribution("binomial", (self.n, 1.0), rng=self.rng).next()
        pairs = draw_pairs(self.rng.rng, int(share), n_pre, n_post)
        if pairs is None:
            self.rng.rng.set_state(before)
            return None
        return order_by_target(*pairs, n_post)


class DistanceDependentProbabilityConnector(
    _Columns, pynn_connectors.DistanceDependentProbabilityConnector
):
    """PyNN's ``DistanceDependentProbabilityConnector``, as documented in ``pyNN.connectors``."""

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
    """PyNN's ``IndexBasedProbabilityConnector``, as documented in ``pyNN.connectors``."""


class DisplacementDependentProbabilityConnector(
    _Columns, pynn_connectors.DisplacementDependentProbabilityConnector
):
    """As documented in ``pyNN.connectors.DisplacementDependentProbabilityConnector``."""


class ArrayConnector(_Columns, pynn_connectors.ArrayConnector):
    """PyNN's ``ArrayConnector``, as documented in ``pyNN.connectors``."""

    def connect(self, projection: Any) -> None:
        """Connect as the array says; PyNN would take its 0s and 1s for indices of cells."""
        array = np.asarray(self.array)
        if array.dtype != bool or array.shape != projection.shape:
            raise ValueError(
                explain(
                    "the array does not fit",
                    where=f"ArrayConnector, projection {projection.label!r}",
                    allowed=f"booleans of shape {projection.shape}",
                    given=f"{array.dtype} of shape {array.shape}",
                    todo="Make a matrix of 0 and 1 boolean with array.astype(bool)",
                )
            )
        super().connect(projection)


class CloneConnector(_Columns, pynn_connectors.CloneConnector):
    """PyNN's ``CloneConnector``, as documented in ``pyNN.connectors``."""


class CSAConnector(_Columns, pynn_connectors.CSAConnector):
    """PyNN's ``CSAConnector``, as documented in ``pyNN.connectors``."""

    cset: Any

    def connect(self, projection: Any) -> None:
        """Connect; of a set with values PyNN's code takes the cells' ids for indices."""
        csa = pynn_connectors.csa
        if csa.arity(self.cset) != 2:
            super().connect(projection)
            return
        n_pre, n_post = projection.shape
        for pre, post, weight, delay in csa.cross((0, n_pre - 1), (0, n_post - 1)) * self.cset:
            projection._convergent_connect([pre], post, weight=weight, delay=delay)


class SmallWorldConnector(pynn_connectors.SmallWorldConnector):
    """PyNN's ``SmallWorldConnector``, which PyNN 0.13 only declares."""

    def connect(self, projection: Any) -> None:
        """Raise ``NotImplementedError``, as in every PyNN backend."""
        raise NotImplementedError(
            explain(
                "SmallWorldConnector is only declared in PyNN 0.13, no backend has it",
                where=f"Projection {projection.label!r}",
                todo="Draw the pairs yourself and use FromListConnector",
            )
        )
