"""Linear least squares with coefficients that are not negative."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["non_negative"]

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


def non_negative(matrix: FloatArray, target: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Minimise ``|matrix @ x - target|`` over all ``x >= 0``, by Lawson and Hanson's active sets.

    Parameters
    ----------
    matrix : (n, k) float64
        Of full column rank.
    target : (n,) float64

    Returns
    -------
    x : (k,) float64
    free : (k,) bool
        Coefficients that are not held at 0.

    Notes
    -----
    C. L. Lawson and R. J. Hanson, Solving Least Squares Problems, 1974, chapter 23.
    """
    # Columns of one length: counts of 10**9 stand beside seconds. It does not change the minimum.
    length = np.linalg.norm(matrix, axis=0)
    scaled = matrix / length
    x = np.zeros(matrix.shape[1])
    free = np.zeros(len(x), np.bool_)
    tolerance = 1e-12 * max(float(np.abs(scaled.T @ target).max(initial=0.0)), 1e-300)
    while not free.all():
        gain = scaled.T @ (target - scaled @ x)
        gain[free] = -np.inf
        best = int(gain.argmax())
        if gain[best] <= tolerance:
            break
        free[best] = True
        x = _step(scaled, target, x, free)
    return x / length, free


def _step(matrix: FloatArray, target: FloatArray, x: FloatArray, free: BoolArray) -> FloatArray:
    """Go to the best point with these free coefficients; those that reach 0 are held there."""
    while True:
        best = np.zeros(len(x))
        best[free] = np.linalg.lstsq(matrix[:, free], target, rcond=None)[0]
        below = free & (best <= 0)
        if not below.any():
            return best
        share = np.min(x[below] / (x[below] - best[below]), initial=1.0)
        x = x + share * (best - x)
        free &= x > 1e-15 * max(float(x.max(initial=0.0)), 1e-300)
        x[~free] = 0.0
