"""Hops: how far a delivery travels over the mesh of tiles between two cores.

Cores are numbered through the tiles, tiles row by row. A message goes east or
west to the column of its target, then north or south to its row; that is a
shortest way. Several chips are taken as one mesh that goes on southwards, and
a spike from outside of the board enters at the first tile.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..boards.profile import Board

__all__ = ["Mesh", "mesh_of"]

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Mesh:
    """The tiles of a board.

    Attributes
    ----------
    cores_per_tile : int
    width : int
        Tiles in a row.
    """

    cores_per_tile: int
    width: int

    def tiles(self, cores: int) -> int:
        """Return how many tiles so many cores take."""
        return -(-cores // self.cores_per_tile)

    def steps(
        self, source: NDArray[np.integer], target: NDArray[np.integer]
    ) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
        """Return the hops of routes, east or west and north or south: two (n,) int64.

        Parameters
        ----------
        source : (n,) int
            Tiles; -1 is outside of the board.
        target : (n,) int
            Cores.
        """
        # Where each core is, looked up: dividing for every route takes several times as long.
        cores = np.arange(
            1 + max(target.max(initial=0), source.max(initial=0) * self.cores_per_tile)
        )
        line, column = np.divmod(cores // self.cores_per_tile, self.width)
        here = np.maximum(source, 0) * self.cores_per_tile
        return np.abs(column[here] - column[target]), np.abs(line[here] - line[target])


def mesh_of(board: Board) -> Mesh | None:
    """Return the mesh of a board, or ``None`` if its profile does not know it."""
    per_tile, width = board.limit("cores_per_tile"), board.limit("mesh_width")
    if per_tile is None or width is None:
        return None
    return Mesh(int(per_tile), int(width))
