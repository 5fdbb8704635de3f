"""SpikeSourceInhGamma: gamma trains whose parameters change in time, by thinning.

The hazard of a spike at age ``x`` (time since the last one) is that of a gamma
distribution with the present shape ``a`` and scale ``b`` (seconds): Muller,
Buesing, Schemmel and Meier (2007) Spike-frequency adapting neural ensembles:
beyond mean adaptation and renewal theories, Neural Computation 19: 2958-3010,
doi:10.1162/neco.2007.19.11.2958. ``a[i]`` and ``b[i]`` hold from ``tbins[i]``
to ``tbins[i + 1]``, the last ones for ever; before ``tbins[0]`` there are no
spikes. Times are rounded to the grid.

Candidates come at the rate ``1 / b``, the largest hazard there is for shapes of
1 and more, and are accepted with the ratio of hazards. Between spikes time is
continuous; a spike is stamped with the end of the step in which it falls. A
train is in equilibrium when it starts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..draws import PURPOSE_RENEWAL, exponential, gamma, normal_of, philox, uniform
from ..registry import CellModel, Parameter
from ._renewal import check_expectation, refuse, window

__all__ = ["MODEL", "acceptance", "check", "derive", "step"]

FloatArray = NDArray[np.float64]

NAME = "SpikeSourceInhGamma"


def derive(columns: Mapping[str, FloatArray], dt_ms: float) -> dict[str, FloatArray]:
    """Compute the constants of the step from the parameter columns.

    Parameters
    ----------
    columns : mapping of str to (n,) float64
        ``start_ms``, ``duration_ms``.
    dt_ms : float, ms
        Time step.

    Returns
    -------
    dict of str to (n,) float64
        ``steps_per_s``, and ``first`` and ``last`` (spikes occur in steps
        ``first < k <= last``).
    """
    steps_per_s = np.full(len(columns["start_ms"]), 1000.0 / dt_ms)
    return {"steps_per_s": steps_per_s, **window(columns, dt_ms)}


def check(columns: Mapping[str, FloatArray], dt_ms: float) -> None:
    """Refuse shapes below 1, whose hazard has no bound, and too many candidates per step."""
    allowed = "shapes of at least 1 (dimensionless): below, the hazard has no upper bound"
    refuse(NAME, "a", columns["a"], columns["a"] < 1.0, allowed)
    check_expectation(NAME, "1 / b", 1.0 / columns["b_s"], dt_ms)


def acceptance(a, x):  # type: ignore[no-untyped-def]
    """Return the hazard of a gamma distribution, in units of its bound.

    Parameters
    ----------
    a : float64
        Shape, at least 1.
    x : float64
        Age in units of the scale, greater than 0.

    Returns
    -------
    float64
        ``x^(a-1) exp(-x) / Gamma(a, x)``, from 0 to 1. The upper incomplete
        gamma function is 1 less the series DLMF 8.7.1 for ``x < a + 1``, else the
        continued fraction DLMF 8.9.2, each to the last bits.
    """
    if x < a + 1.0:
        term = 1.0 / a
        total = term
        n = a
        while term > 1e-17 * total:
            n += 1.0
            term *= x / n
            total += term
        density = math.exp((a - 1.0) * math.log(x) - x - math.lgamma(a))
        return density / (1.0 - density * x * total)
    b = x + 1.0 - a
    c = 1e300
    d = 1.0 / b
    fraction = d
    # The last bits are there after some tens of rounds; the bound only ends what rounding
    # might keep going.
    for i in range(1, 10_000):
        an = -i * (i - a)
        b += 2.0
        d = 1.0 / (an * d + b)
        c = b + an / c
        fraction *= c * d
        if abs(c * d - 1.0) < 1e-16:
            break
    return 1.0 / (x * fraction)


def step(  # type: ignore[no-untyped-def]
    a, b_s, left, age, key, trial, cell, step_index, steps_per_s, first, last
):
    """Advance one cell by one step; all arguments and results are scalars.

    ``a`` and ``b_s`` are those of the present bin, ``left`` what is left of a
    unit exponential until the next candidate, 0 before the train has begun,
    ``age`` the time since the last spike (steps).
    """
    spikes = 0
    if step_index > first and step_index <= last and b_s > 0.0:
        b = b_s * steps_per_s
        draw = 128
        if left == 0.0:
            # The age of a train in equilibrium: see SpikeSourceGamma.
            age = gamma(key, trial, PURPOSE_RENEWAL, cell, step_index, 0, a + 1.0) * b
            age *= 1.0 - uniform(key, trial, PURPOSE_RENEWAL, cell, step_index, 0)
            left = exponential(key, trial, PURPOSE_RENEWAL, cell, step_index, 127)
        free = 1.0
        while left * b <= free:
            free -= left * b
            age += left * b
            u = uniform(key, trial, PURPOSE_RENEWAL, cell, step_index, draw)
            left = exponential(key, trial, PURPOSE_RENEWAL, cell, step_index, draw + 1)
            draw += 2
            if u < acceptance(a, age / b):
                spikes += 1
                age = 0.0
        left = max(left - free / b, 1e-30)
        age += free
    return a, b_s, left, age, spikes


MODEL = CellModel(
    name=NAME,
    kind="source",
    parameters=(
        Parameter("start", "start_ms", "ms", 0.0, "nonnegative", in_steps=True),
        Parameter("duration", "duration_ms", "ms", 1e10, "nonnegative", in_steps=True),
    ),
    histogram=(
        Parameter("tbins", "tbins_ms", "ms", 0.0, "nonnegative"),
        Parameter("a", "a", "dimensionless", 1.0, "positive"),
        Parameter("b", "b_s", "s", 1.0, "positive"),
    ),
    states=("a", "b_s", "left", "age"),
    injectable=False,
    constants=("steps_per_s", "first", "last"),
    derive=derive,
    step=step,
    check=check,
    helpers=(philox, uniform, exponential, normal_of, gamma, acceptance),
    doc="Gamma trains with parameters by time bin; draws keyed by seed, trial, cell and step.",
)
