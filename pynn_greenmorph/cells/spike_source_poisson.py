"""SpikeSourcePoisson: independent Poisson trains, with draws keyed by cell and step.

In the steps that lie between ``start`` and ``start + duration`` the number of
spikes in a step is Poisson distributed with expectation ``rate * dt``; several
spikes in one step are kept. ``start`` and the end are rounded to the grid. The
rate may change between runs and is new from the present time on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..draws import philox, poisson, uniform
from ..registry import CellModel, Parameter
from ._linear import apply
from ._renewal import check_expectation, window

__all__ = ["MODEL", "check", "derive", "step"]

FloatArray = NDArray[np.float64]

#: Largest expectation that is drawn by one inversion; see ``draws.poisson``.
LARGEST_PART = 16.0


def derive(columns: Mapping[str, FloatArray], dt_ms: float) -> dict[str, FloatArray]:
    """Compute the constants of the step from the parameter columns.

    Parameters
    ----------
    columns : mapping of str to (n,) float64
        ``rate_hz``, ``start_ms``, ``duration_ms``.
    dt_ms : float, ms
        Time step.

    Returns
    -------
    dict of str to (n,) float64
        ``mean`` (expectation of a part), ``exp_minus_mean``, ``parts``, and
        ``first`` and ``last`` (spikes occur in steps ``first < k <= last``).
    """
    expectation = columns["rate_hz"] * (dt_ms * 1e-3)
    parts = np.maximum(np.ceil(expectation / LARGEST_PART), 1.0)
    mean = expectation / parts
    return {
        "mean": mean,
        "exp_minus_mean": apply(math.exp, -mean),
        "parts": parts,
        **window(columns, dt_ms),
    }


def check(columns: Mapping[str, FloatArray], dt_ms: float) -> None:
    """Refuse rates of which a step would hold too many spikes; see ``check_expectation``."""
    check_expectation("SpikeSourcePoisson", "rate", columns["rate_hz"], dt_ms)


def step(key, trial, cell, step_index, mean, exp_minus_mean, parts, first, last):  # type: ignore[no-untyped-def]
    """Return the number of spikes of one cell in one step, as a tuple of one."""
    spikes = 0
    if step_index > first and step_index <= last:
        spikes = poisson(key, trial, cell, step_index, mean, exp_minus_mean, int(parts))
    return (spikes,)


MODEL = CellModel(
    name="SpikeSourcePoisson",
    kind="source",
    parameters=(
        Parameter("rate", "rate_hz", "Hz", 1.0, "nonnegative"),
        Parameter("start", "start_ms", "ms", 0.0, "nonnegative", in_steps=True),
        Parameter("duration", "duration_ms", "ms", 1e10, "nonnegative", in_steps=True),
    ),
    injectable=False,
    constants=("mean", "exp_minus_mean", "parts", "first", "last"),
    derive=derive,
    step=step,
    check=check,
    helpers=(philox, uniform, poisson),
    doc="Independent Poisson trains; draws keyed by seed, trial, cell and step.",
)
