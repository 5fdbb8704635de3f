"""SpikeSourcePoissonRefractory: Poisson trains with dead time.

Intervals are ``tau_refrac`` plus an exponential time; ``rate`` is the mean
frequency of the train, dead time included, so the exponential's mean is
``1000 / rate - tau_refrac`` ms. ``tau_refrac`` is rounded up to whole steps, as
for neurons. Between spikes time is continuous; a spike is stamped with the end
of the step in which it falls, so no two stamps are nearer than ``tau_refrac``.

A train is in equilibrium when it starts: its rate is ``rate`` from ``start``
on. A new rate acts at once, a new ``tau_refrac`` from the next spike on.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..draws import PURPOSE_RENEWAL, exponential, philox, uniform
from ..registry import CellModel, Parameter
from ._linear import refractory_steps
from ._renewal import check_expectation, refuse, window

__all__ = ["MODEL", "check", "derive", "step"]

FloatArray = NDArray[np.float64]

NAME = "SpikeSourcePoissonRefractory"


def derive(columns: Mapping[str, FloatArray], dt_ms: float) -> dict[str, FloatArray]:
    """Compute the constants of the step from the parameter columns.

    Parameters
    ----------
    columns : mapping of str to (n,) float64
        ``rate_hz``, ``tau_refrac_ms``, ``start_ms``, ``duration_ms``.
    dt_ms : float, ms
        Time step.

    Returns
    -------
    dict of str to (n,) float64
        ``hazard`` (per step, outside dead time), ``dead_steps``, ``dead_share``
        (of the time that is dead time), and ``first`` and ``last`` (spikes
        occur in steps ``first < k <= last``).
    """
    dead_steps = refractory_steps(columns["tau_refrac_ms"], dt_ms)
    rate = columns["rate_hz"] * (dt_ms * 1e-3)
    share = rate * dead_steps
    return {
        "hazard": rate / (1.0 - share),
        "dead_steps": dead_steps,
        "dead_share": share,
        **window(columns, dt_ms),
    }


def check(columns: Mapping[str, FloatArray], dt_ms: float) -> None:
    """Refuse rates that dead time leaves no room for, or that are too high for the step."""
    rate_hz = columns["rate_hz"]
    check_expectation(NAME, "rate", rate_hz, dt_ms)
    dead_ms = refractory_steps(columns["tau_refrac_ms"], dt_ms) * dt_ms
    refuse(
        NAME, "rate", rate_hz, rate_hz * dead_ms * 1e-3 >= 1.0,
        "rate * tau_refrac < 1000 (Hz, ms): intervals cannot be shorter than tau_refrac on "
        f"average (tau_refrac counts in whole steps of {dt_ms:g} ms)",
    )  # fmt: skip


def step(  # type: ignore[no-untyped-def]
    left, dead, key, trial, cell, step_index, hazard, dead_steps, dead_share, first, last
):
    """Advance one cell by one step; all arguments and results are scalars.

    ``left`` is what is left of a unit exponential until the next spike, 0
    before the train has begun; ``dead`` what is left of the dead time (steps).
    """
    spikes = 0
    if step_index > first and step_index <= last:
        if left == 0.0:
            # In equilibrium a source is in dead time for its share of the time.
            u = uniform(key, trial, PURPOSE_RENEWAL, cell, step_index, 0)
            if u < dead_share:
                dead = dead_steps * (u / dead_share)
            left = exponential(key, trial, PURPOSE_RENEWAL, cell, step_index, 1)
        free = 1.0
        while free > dead and left <= (free - dead) * hazard:
            free -= dead + left / hazard
            spikes += 1
            dead = dead_steps
            left = exponential(key, trial, PURPOSE_RENEWAL, cell, step_index, 1 + spikes)
        if free > dead:
            left -= (free - dead) * hazard
            dead = 0.0
        else:
            dead -= max(free, 0.0)
    return left, dead, spikes


MODEL = CellModel(
    name=NAME,
    kind="source",
    parameters=(
        Parameter("rate", "rate_hz", "Hz", 1.0, "nonnegative"),
        Parameter("tau_refrac", "tau_refrac_ms", "ms", 0.0, "nonnegative", in_steps=True),
        Parameter("start", "start_ms", "ms", 0.0, "nonnegative", in_steps=True),
        Parameter("duration", "duration_ms", "ms", 1e10, "nonnegative", in_steps=True),
    ),
    states=("left", "dead"),
    injectable=False,
    constants=("hazard", "dead_steps", "dead_share", "first", "last"),
    derive=derive,
    step=step,
    check=check,
    helpers=(philox, uniform, exponential),
    doc="Poisson trains with dead time; draws keyed by seed, trial, cell and step.",
)
