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

from ..draws import PURPOSE_POISSON, philox, poisson, uniform
from ..registry import CellModel, Parameter
from ._linear import apply
from ._renewal import check_expectation, window

__all__ = ["MODEL", "check", "derive", "few", "many", "step"]

FloatArray = NDArray[np.float64]

#: Largest expectation that is drawn by one inversion; see ``draws.poisson``.
LARGEST_PART = 16.0

#: Counts below this are found for eight cells at once; with the rates of the drive of a
#: network, about 2 spikes in a step, one in 10^6 is not among them.
MANY = 13


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


def few(key, trial, cell, step_index, mean, exp_minus_mean, parts):  # type: ignore[no-untyped-def]
    """Return a count as ``draws.poisson`` does, without jumps, and whether it is that small."""
    u = uniform(key, trial, PURPOSE_POISSON, cell, step_index, 0)
    count = 0
    probability = exp_minus_mean
    cumulative = probability
    for number in range(1, MANY):
        count += u >= cumulative
        probability *= mean / number
        cumulative += probability
    return count, (u < cumulative) & (parts == 1.0)


def many(key, trial, cell, step_index, mean, exp_minus_mean, parts):  # type: ignore[no-untyped-def]
    """Return a count of any size, and that it is right."""
    return poisson(key, trial, cell, step_index, mean, exp_minus_mean, int(parts)), True


def step(key, trial, cell, step_index, mean, exp_minus_mean, parts, first, last, method):  # type: ignore[no-untyped-def]
    """Return the number of spikes of one cell in one step, and whether it is right."""
    spikes, holds = method(key, trial, cell, step_index, mean, exp_minus_mean, parts)
    active = (step_index > first) & (step_index <= last)
    return spikes if active else 0, holds | (not active)


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
    methods=(few, many),
    check=check,
    helpers=(philox, uniform, poisson, few, many),
    doc="Independent Poisson trains; draws keyed by seed, trial, cell and step.",
)
