"""IF_curr_exp: leaky integrate-and-fire cell with exponentially decaying currents.

The step is the exact integration of Rotter and Diesmann (1999,
doi:10.1007/s004220050570) in the order of NEST's ``iaf_psc_exp`` on the grid.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..registry import CellModel, Parameter, Receptor, Variable
from ._linear import apply, membrane_constants, psc_exp_propagator

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
        One entry for each name in ``MODEL.constants``: propagators (mV/mV,
        mV/pA), offset current (pA), threshold and reset relative to rest (mV),
        refractory steps.
    """
    c_m_pf = columns["cm_nf"] * 1000.0
    tau_m_ms = columns["tau_m_ms"]
    tau_exc_ms = columns["tau_syn_e_ms"]
    tau_inh_ms = columns["tau_syn_i_ms"]
    p22 = apply(math.exp, -dt_ms / tau_m_ms)
    return {
        "p22": p22,
        "p21_exc": psc_exp_propagator(tau_exc_ms, tau_m_ms, c_m_pf, dt_ms),
        "p21_inh": psc_exp_propagator(tau_inh_ms, tau_m_ms, c_m_pf, dt_ms),
        "p20": tau_m_ms / c_m_pf * (1.0 - p22),
        "p11_exc": apply(math.exp, -dt_ms / tau_exc_ms),
        "p11_inh": apply(math.exp, -dt_ms / tau_inh_ms),
    } | membrane_constants(columns, dt_ms)


def step(  # type: ignore[no-untyped-def]
    v_mv,
    i_exc_pa,
    i_inh_pa,
    refractory,
    in_excitatory,
    in_inhibitory,
    i_inj_pa,
    p22,
    p21_exc,
    p21_inh,
    p20,
    p11_exc,
    p11_inh,
    i_offset_pa,
    theta_mv,
    v_reset_mv,
    refractory_steps,
):
    """Advance one cell by one step; all arguments and results are scalars.

    Returns the new ``v_mv`` (relative to rest), ``i_exc_pa``, ``i_inh_pa``,
    ``refractory`` (steps left) and the number of spikes.
    """
    if refractory == 0.0:
        v_mv = v_mv * p22 + i_exc_pa * p21_exc + i_inh_pa * p21_inh + (i_offset_pa + i_inj_pa) * p20
    else:
        refractory = refractory - 1.0
    i_exc_pa = i_exc_pa * p11_exc + in_excitatory
    i_inh_pa = i_inh_pa * p11_inh + in_inhibitory
    spikes = 0
    if v_mv >= theta_mv:
        refractory = refractory_steps
        v_mv = v_reset_mv
        spikes = 1
    return v_mv, i_exc_pa, i_inh_pa, refractory, spikes


_EXACT = CellModel(
    name="IF_curr_exp",
    kind="neuron",
    parameters=(
        Parameter("v_rest", "v_rest_mv", "mV", -65.0),
        Parameter("cm", "cm_nf", "nF", 1.0, "positive"),
        Parameter("tau_m", "tau_m_ms", "ms", 20.0, "positive"),
        Parameter("tau_refrac", "tau_refrac_ms", "ms", 0.1, "nonnegative", in_steps=True),
        Parameter("tau_syn_E", "tau_syn_e_ms", "ms", 5.0, "positive"),
        Parameter("tau_syn_I", "tau_syn_i_ms", "ms", 5.0, "positive"),
        Parameter("i_offset", "i_offset_na", "nA", 0.0),
        Parameter("v_reset", "v_reset_mv", "mV", -65.0),
        Parameter("v_thresh", "v_thresh_mv", "mV", -50.0),
    ),
    states=("v_mv", "i_exc_pa", "i_inh_pa", "refractory"),
    variables=(
        Variable("v", "v_mv", "mV", -65.0, offset="v_rest_mv"),
        Variable("isyn_exc", "i_exc_pa", "nA", 0.0, scale=1e-3),
        Variable("isyn_inh", "i_inh_pa", "nA", 0.0, scale=1e-3),
    ),
    receptors=(
        Receptor("excitatory", 1000.0, tau="tau_syn_e_ms"),
        Receptor("inhibitory", 1000.0, tau="tau_syn_i_ms"),
    ),
    conductance_based=False,
    injectable=True,
    constants=(
        "p22",
        "p21_exc",
        "p21_inh",
        "p20",
        "p11_exc",
        "p11_inh",
        "i_offset_pa",
        "theta_mv",
        "v_reset_mv",
        "refractory_steps",
    ),
    derive=derive,
    step=step,
    ordered=(("v_reset", "v_thresh"),),
    doc="Leaky integrate-and-fire cell, exponentially decaying synaptic currents, exact steps.",
)

#: The same step in float32.
MODEL = replace(_EXACT, fast=_EXACT)
