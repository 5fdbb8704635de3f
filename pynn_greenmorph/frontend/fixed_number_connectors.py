"""PyNN's connectors with fixed numbers of connections, drawn at once where that is identical."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyNN import connectors as pynn_connectors
from pyNN.random import NumpyRNG, RandomDistribution

from ..errors import explain
from .bulk import bulk_parameters, connect, worth_compiling
from .columns import ArrayColumns
from .deviations import note_chosen_again
from .fixed_numbers import choose_for_each, draw_pairs, order_by_target

__all__ = ["FixedNumberPostConnector", "FixedNumberPreConnector", "FixedTotalNumberConnector"]

Int32Array = NDArray[np.int32]
Int64Array = NDArray[np.int64]


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


class _FixedNumber(ArrayColumns, pynn_connectors.FixedNumberConnector):
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
        worth = worth_compiling(max(n_pre * n_post, self.n * max(n_pre, n_post)))
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
