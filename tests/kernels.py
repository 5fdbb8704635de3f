"""Call the block kernel of a cell type on arrays, compiled or plain."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from pynn_greenmorph.engine.block_variants import Variant
from pynn_greenmorph.engine.generate import BLOCK, ROW, load_block
from pynn_greenmorph.registry import CellModel

_KERNEL = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_void_p] * 5, *[ctypes.c_int64] * 7)


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
        1 where a cell has spiked, else 0; -1 when the step raised.
    """
    address, plain = load_block(model, Variant(scalar_parameters))
    # Neither weights nor the inputs of a second step.
    given, numbers = arguments[:5], (*arguments[5:], 0, 0)
    arrays = [_spread(array) for array in given]
    if plain is not None:
        spikes = plain(*arrays, *numbers)
    else:
        spikes = _KERNEL(address)(*[array.ctypes.data for array in arrays], *map(int, numbers))
    for array, used in zip(given, arrays, strict=True):
        array[...] = used[..., : array.shape[-1]]
    return spikes


def run_counts(
    model: CellModel, scalar_parameters: bool, state: Any, param: Any, counts: Any, weights: Any,
    step_index: int,
) -> tuple[int, Any]:  # fmt: skip
    """Advance a block by one or two steps from counts of events.

    Parameters
    ----------
    model : CellModel
    scalar_parameters : bool
    state, param
        As in :func:`run_block`.
    counts : (steps, receptors, 512) uint8
        Set to 0.
    weights : (receptors,) float64
    step_index : int

    Returns
    -------
    spiked : int
        What the kernel returns.
    spikes : (steps, 512) int32
    """
    steps = len(counts)
    variant = Variant(scalar_parameters, counted=True, injected=False, steps=steps)
    address, plain = load_block(model, variant)
    now, constants, given, later = map(_spread, (state, param, counts[0], counts[-1]))
    spikes, injected = np.zeros((steps, BLOCK), dtype=np.int32), np.zeros(BLOCK)
    arrays = now, constants, given, injected, spikes
    numbers = BLOCK, 0, step_index, 0, 0
    if plain is not None:
        spiked = plain(*arrays, *numbers, weights, later)
    else:
        data = [array.ctypes.data for array in arrays]
        spiked = _KERNEL(address)(*data, *numbers, weights.ctypes.data, later.ctypes.data)
    state[...], counts[0] = now[:, :BLOCK], given[:, :BLOCK]
    if steps > 1:
        counts[1] = later[:, :BLOCK]
    return spiked, spikes


def _spread(array: Any) -> Any:
    """A copy with rows as far apart as the engine has them."""
    assert array.dtype in (np.float64, np.int32, np.uint8)
    if array.ndim == 1:
        return array.copy()
    wide = np.zeros((len(array), ROW), dtype=array.dtype)
    wide[:, :BLOCK] = array
    return wide
