"""Izhikevich: quadratic cell with recovery variable whose potential jumps at each input.

The model is that of Izhikevich (2003, doi:10.1109/TNN.2003.820440); the step is
NEST's ``izhikevich`` with its consistent integration: one forward Euler step of
both variables from their old values, after which the potential is compared
with the peak. Weights are mV.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..registry import CellModel, Parameter, Variable
from ._parameters import VOLTAGE_RECEPTORS

__all__ = ["MODEL", "derive", "step"]

FloatArray = NDArray[np.float64]

#: Peak of a spike, from the paper.
PEAK_MV = 30.0


def derive(columns: Mapping[str, FloatArray], dt_ms: float) -> dict[str, FloatArray]:
    """Compute the constants of the step from the parameter columns.

    Parameters
    ----------
    columns : mapping of str to (n,) float64
        Parameter columns in PyNN's units.
    dt_ms : float, ms
        Time step.

    Returns
    -------
    dict of str to (n,) float64
        ``h`` (ms), ``h_a`` (``h`` times ``a``), ``b``, ``c``, ``d``, and the
        offset current, whose pA the model takes as mV/ms.
    """
    return {
        "h": np.full_like(columns["a"], dt_ms),
        "h_a": dt_ms * columns["a"],
        "b": columns["b"],
        "c": columns["c"],
        "d": columns["d"],
        "i_offset_pa": columns["i_offset_na"] * 1000.0,
    }


def step(v_mv, u, in_excitatory, in_inhibitory, i_inj_pa, h, h_a, b, c, d, i_offset_pa):  # type: ignore[no-untyped-def]
    """Advance one cell by one step; all arguments and results are scalars.

    Returns the new ``v_mv``, ``u`` (mV/ms) and the number of spikes.
    """
    slope = 0.04 * v_mv * v_mv + 5.0 * v_mv + 140.0 - u + i_inj_pa + i_offset_pa
    v_new = v_mv + (h * slope + (in_excitatory + in_inhibitory))
    u = u + h_a * (b * v_mv - u)
    spikes = 0
    if v_new >= PEAK_MV:
        v_new = c
        u = u + d
        spikes = 1
    return v_new, u, spikes


_EXACT = CellModel(
    name="Izhikevich",
    kind="neuron",
    parameters=(
        Parameter("a", "a", "/ms", 0.02),
        Parameter("b", "b", "/ms", 0.2),
        Parameter("c", "c", "mV", -65.0),
        Parameter("d", "d", "mV/ms", 2.0),
        Parameter("i_offset", "i_offset_na", "nA", 0.0),
    ),
    states=("v_mv", "u"),
    variables=(
        Variable("v", "v_mv", "mV", -70.0),
        Variable("u", "u", "mV/ms", -14.0),
    ),
    receptors=VOLTAGE_RECEPTORS,
    conductance_based=False,
    injectable=True,
    constants=("h", "h_a", "b", "c", "d", "i_offset_pa"),
    derive=derive,
    step=step,
    doc="Quadratic cell with recovery variable, inputs are jumps of the potential, Euler steps.",
)

#: The same step in float32.
MODEL = replace(_EXACT, fast=_EXACT)
