"""Call the block kernel of a cell type on arrays, compiled or plain."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from pynn_greenmorph.engine.generate import load_block
from pynn_greenmorph.registry import CellModel

_KERNEL = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_void_p] * 5, *[ctypes.c_int64] * 5)


def run_block(model: CellModel, scalar_parameters: bool, *arguments: Any) -> int:
    """Advance a block.

    Parameters
    ----------
    model : CellModel
    scalar_parameters : bool
    *arguments
        ``state``, ``param``, ``inputs``, ``injected``, ``count``: C-contiguous arrays;
        ``n_cells``, ``first_cell``, ``step_index``, ``trial``, ``key``.

    Returns
    -------
    int
        Number of spikes; -1 when the step raised.
    """
    address, plain = load_block(model, scalar_parameters)
    if plain is not None:
        return plain(*arguments)
    arrays, numbers = arguments[:5], arguments[5:]
    assert all(array.flags.c_contiguous for array in arrays)
    assert arrays[4].dtype == np.int32
    spikes: int = _KERNEL(address)(*[array.ctypes.data for array in arrays], *map(int, numbers))
    return spikes
