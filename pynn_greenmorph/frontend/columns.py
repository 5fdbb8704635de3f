"""Connection maps whose columns PyNN's own loop can always read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

__all__ = ["ArrayColumns"]


class ArrayColumns:
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
