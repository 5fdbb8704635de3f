"""Call the block kernel of a cell type on arrays, compiled or plain."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from pynn_greenmorph.engine.generate import BLOCK, ROW, load_block
from pynn_greenmorph.registry import CellModel

_KERNEL = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_void_p] * 5, *[ctypes.c_int64] * 5)


def run_block(model: CellModel, scalar_parameters: bool, *arguments: Any) -> int:
    """Advance a block.

    Parameters
    ----------
    model : CellModel
    scalar_parameters : bool
    *arguments
        ``state``, ``param``, ``inputs`` with rows of 512, ``injected``, ``count``;
        ``n_cells``, ``first_cell``, ``step_index``, ``trial``, ``key``.

    Returns
    -------
    int
        Number of spikes; -1 when the step raised.
    """
    address, plain = load_block(model, scalar_parameters)
    given, numbers = arguments[:5], arguments[5:]
    arrays = [_spread(array) for array in given]
    if plain is not None:
        spikes = plain(*arrays, *numbers)
    else:
        spikes = _KERNEL(address)(*[array.ctypes.data for array in arrays], *map(int, numbers))
    for array, used in zip(given, arrays, strict=True):
        array[...] = used[..., : array.shape[-1]]
    return spikes


def _spread(array: Any) -> Any:
    """A copy with rows as far apart as the engine has them."""
    assert array.dtype in (np.float64, np.int32)
    if array.ndim == 1:
        return array.copy()
    wide = np.zeros((len(array), ROW), dtype=array.dtype)
    wide[:, :BLOCK] = array
    return wide
