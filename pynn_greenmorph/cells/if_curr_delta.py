"""IF_curr_delta: leaky integrate-and-fire cell whose potential jumps at each input.

The step is that of NEST's ``iaf_psc_delta``: weights are mV, an input moves the
potential in the sample in which it arrives, and is lost while the cell is
refractory.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..registry import CellModel, Variable
from ._linear import apply, membrane_constants
from ._parameters import MEMBRANE, VOLTAGE_RECEPTORS

__all__ = ["MODEL", "derive", "step"]

FloatArray = NDArray[np.float64]


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
        One entry for each name in ``MODEL.constants``: propagators of the
        potential (``p33``) and from a constant current (``p30``, mV/pA), offset
        current (pA), threshold and reset relative to rest (mV), refractory steps.
    """
    tau_m_ms = columns["tau_m_ms"]
    p33 = apply(math.exp, -dt_ms / tau_m_ms)
    p30 = 1.0 / (columns["cm_nf"] * 1000.0) * (1.0 - p33) * tau_m_ms
    return {"p33": p33, "p30": p30} | membrane_constants(columns, dt_ms)


def step(  # type: ignore[no-untyped-def]
    v_mv, refractory, in_excitatory, in_inhibitory, i_inj_pa,
    p33, p30, i_offset_pa, theta_mv, v_reset_mv, refractory_steps,
):  # fmt: skip
    """Advance one cell by one step; all arguments and results are scalars.

    Returns the new ``v_mv`` (relative to rest), ``refractory`` (steps left) and
    the number of spikes.
    """
    if refractory == 0.0:
        v_mv = p30 * (i_inj_pa + i_offset_pa) + p33 * v_mv + (in_excitatory + in_inhibitory)
    else:
        refractory = refractory - 1.0
    spikes = 0
    if v_mv >= theta_mv:
        refractory = refractory_steps
        v_mv = v_reset_mv
        spikes = 1
    return v_mv, refractory, spikes


_EXACT = CellModel(
    name="IF_curr_delta",
    kind="neuron",
    parameters=MEMBRANE,
    states=("v_mv", "refractory"),
    variables=(Variable("v", "v_mv", "mV", -65.0, offset="v_rest_mv"),),
    receptors=VOLTAGE_RECEPTORS,
    conductance_based=False,
    injectable=True,
    constants=("p33", "p30", "i_offset_pa", "theta_mv", "v_reset_mv", "refractory_steps"),
    derive=derive,
    step=step,
    ordered=(("v_reset", "v_thresh"),),
    doc="Leaky integrate-and-fire cell, inputs are jumps of the potential, exact steps.",
)

#: The same step in float32.
MODEL = replace(_EXACT, fast=_EXACT)
