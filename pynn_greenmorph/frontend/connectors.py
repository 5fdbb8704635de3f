"""PyNN's connectors, with vectorised paths that make the identical network.

PyNN's own code makes the connections of every connector. For those that models
use most, the same random numbers are drawn in bulk: connections are made
target by target, a wiring map draws all ``n_pre`` numbers of each target,
and each synapse parameter draws from a copy of its own generator, in the order
of the connections. What the bulk paths cannot draw identically goes PyNN's way.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyNN import connectors as pynn_connectors
from pyNN.random import NumpyRNG

from ..errors import explain
from .bulk import ROWS, bulk_parameters, connect, connect_list, not_self, worth_compiling
from .columns import ArrayColumns
from .connections import global_ids
from .fixed_number_connectors import (
    FixedNumberPostConnector,
    FixedNumberPreConnector,
    FixedTotalNumberConnector,
)
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

#: Numbers drawn at a time by a wiring map, to bound memory (32 MiB).
_CHUNK = 1 << 22


class AllToAllConnector(ArrayColumns, pynn_connectors.AllToAllConnector):
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


class OneToOneConnector(ArrayColumns, pynn_connectors.OneToOneConnector):
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


class FixedProbabilityConnector(ArrayColumns, pynn_connectors.FixedProbabilityConnector):
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
        if worth_compiling(n_pre * n_post):
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


class DistanceDependentProbabilityConnector(
    ArrayColumns, pynn_connectors.DistanceDependentProbabilityConnector
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


class IndexBasedProbabilityConnector(ArrayColumns, pynn_connectors.IndexBasedProbabilityConnector):
    """PyNN's ``IndexBasedProbabilityConnector``, as documented in ``pyNN.connectors``."""


class DisplacementDependentProbabilityConnector(
    ArrayColumns, pynn_connectors.DisplacementDependentProbabilityConnector
):
    """As documented in ``pyNN.connectors.DisplacementDependentProbabilityConnector``."""


class ArrayConnector(ArrayColumns, pynn_connectors.ArrayConnector):
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


class CloneConnector(ArrayColumns, pynn_connectors.CloneConnector):
    """PyNN's ``CloneConnector``, as documented in ``pyNN.connectors``."""


class CSAConnector(ArrayColumns, pynn_connectors.CSAConnector):
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
