"""SpikeSourceGamma: trains whose intervals are gamma distributed.

Intervals have shape ``alpha`` and rate ``beta`` (Hz): their mean is ``alpha /
beta`` seconds and their coefficient of variation ``1 / sqrt(alpha)``. Between
spikes time is continuous; a spike is stamped with the end of the step in which
it falls, and several spikes in one step are kept.

A train is in equilibrium when it starts: its rate is ``beta / alpha`` from
``start`` on. A new ``beta`` stretches what is left of an interval at once; a
new ``alpha`` acts from the next spike on.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..draws import PURPOSE_RENEWAL, gamma, normal_of, philox, uniform
from ..registry import CellModel, Parameter
from ._renewal import check_expectation, refuse, window

__all__ = ["MODEL", "check", "derive", "step"]

FloatArray = NDArray[np.float64]

NAME = "SpikeSourceGamma"

#: Below this shape spikes come in clumps of hundreds within one step.
SMALLEST_SHAPE = 0.01


def derive(columns: Mapping[str, FloatArray], dt_ms: float) -> dict[str, FloatArray]:
    """Compute the constants of the step from the parameter columns.

    Parameters
    ----------
    columns : mapping of str to (n,) float64
        ``alpha``, ``beta_hz``, ``start_ms``, ``duration_ms``.
    dt_ms : float, ms
        Time step.

    Returns
    -------
    dict of str to (n,) float64
        ``shape``, ``per_step`` (a step in units of ``1 / beta``), and ``first``
        and ``last`` (spikes occur in steps ``first < k <= last``).
    """
    return {
        "shape": columns["alpha"],
        "per_step": columns["beta_hz"] * (dt_ms * 1e-3),
        **window(columns, dt_ms),
    }


def check(columns: Mapping[str, FloatArray], dt_ms: float) -> None:
    """Refuse shapes that are too small, and rates that are too high for the step."""
    alpha = columns["alpha"]
    allowed = f"a shape of at least {SMALLEST_SHAPE:g} (dimensionless)"
    refuse(NAME, "alpha", alpha, alpha < SMALLEST_SHAPE, allowed)
    check_expectation(NAME, "beta / alpha", columns["beta_hz"] / alpha, dt_ms)


def step(  # type: ignore[no-untyped-def]
    left, key, trial, cell, step_index, shape, per_step, first, last
):
    """Advance one cell by one step; all arguments and results are scalars.

    ``left`` is the time until the next spike in units of ``1 / beta``, 0 before
    the train has begun.
    """
    spikes = 0
    if step_index > first and step_index <= last:
        if left == 0.0:
            # An interval of a train in equilibrium is met in proportion to its
            # length, which adds 1 to the shape, and anywhere within it.
            left = gamma(key, trial, PURPOSE_RENEWAL, cell, step_index, 0, shape + 1.0)
            left *= 1.0 - uniform(key, trial, PURPOSE_RENEWAL, cell, step_index, 0)
        left -= per_step
        while left <= 0.0:
            spikes += 1
            left += gamma(key, trial, PURPOSE_RENEWAL, cell, step_index, spikes, shape)
    return left, spikes


MODEL = CellModel(
    name=NAME,
    kind="source",
    parameters=(
        Parameter("alpha", "alpha", "dimensionless", 2.0, "positive"),
        Parameter("beta", "beta_hz", "Hz", 1.0, "nonnegative"),
        Parameter("start", "start_ms", "ms", 0.0, "nonnegative", in_steps=True),
        Parameter("duration", "duration_ms", "ms", 1e10, "nonnegative", in_steps=True),
    ),
    states=("left",),
    injectable=False,
    constants=("shape", "per_step", "first", "last"),
    derive=derive,
    step=step,
    check=check,
    helpers=(philox, uniform, normal_of, gamma),
    doc="Trains with gamma distributed intervals; draws keyed by seed, trial, cell and step.",
)
