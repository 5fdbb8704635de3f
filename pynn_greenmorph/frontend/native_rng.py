"""PyNN's ``NativeRNG``: the random number generator of this backend's own."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
from pyNN import random as pynn_random

from ..errors import InvalidValueError, explain
from . import state as simulator

__all__ = ["NativeRNG"]


class NativeRNG(pynn_random.NativeRNG, pynn_random.NumpyRNG):
    """A generator for connectors and ``RandomDistribution``, like ``NumpyRNG``.

    It draws from NumPy's Philox generator with the distributions of ``NumpyRNG``, all of them. It
    may be used wherever a ``NumpyRNG`` may be; its numbers are no other simulator's.

    Parameters
    ----------
    seed : int, optional
        Not negative. Without it each generator has a seed of its own, which follows from the seed
        of ``setup()`` and how many such generators were made before.
    parallel_safe : bool
        PyNN's; without effect in one process.

    Raises
    ------
    InvalidValueError
        For a seed that is not allowed.
    LifecycleError
        Without a seed, before ``setup()``.
    """

    def __init__(self, seed: Any = None, parallel_safe: bool = True) -> None:
        if seed is None:
            session = simulator.state.require("NativeRNG()")
            session.native_rngs += 1
            # Beyond the 64 bits of the session's seed, so that no two are equal.
            seed = session.network.seed + (session.native_rngs << 64)
        elif not isinstance(seed, int | np.integer) or isinstance(seed, bool) or seed < 0:
            raise InvalidValueError(
                explain(
                    "the seed is not allowed",
                    where="NativeRNG()",
                    allowed="an integer of 0 or more",
                    given=seed,
                )
            )
        pynn_random.WrappedRNG.__init__(self, int(seed), parallel_safe)
        self.rng = np.random.RandomState(np.random.Philox(int(seed)))

    def __deepcopy__(self, memo: dict[int, Any]) -> NativeRNG:
        """Copy with the present position; PyNN's own would make a ``NumpyRNG`` of it."""
        copied = NativeRNG(self.seed, self.parallel_safe)
        copied.rng = deepcopy(self.rng, memo)
        return copied
