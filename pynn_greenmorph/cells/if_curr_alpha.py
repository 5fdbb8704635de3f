"""IF_curr_alpha: leaky integrate-and-fire cell with alpha-shaped synaptic currents.

The step is the exact integration of Rotter and Diesmann (1999,
doi:10.1007/s004220050570) in the order of NEST's ``iaf_psc_alpha``. A weight
is the peak of the current that one spike causes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..registry import CellModel, Variable
from ._linear import apply, expm1, membrane_constants, psc_alpha_propagator, psc_exp_propagator
from ._parameters import CURRENT_RECEPTORS, MEMBRANE, synaptic_times

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
        One entry for each name in ``MODEL.constants``: propagators (``p31`` from
        the slope of a current to the potential, ``p32`` from the current,
        ``p30`` from a constant current, ``p21`` from the slope of a current to
        the current), offset current (pA), threshold and reset relative to rest
        (mV), refractory steps. ``expm1_m`` is exp(-h/tau_m) - 1; ``peak`` turns
        a peak current into the initial slope (1/ms).
    """
    c_m_pf, tau_m_ms = columns["cm_nf"] * 1000.0, columns["tau_m_ms"]
    expm1_m = apply(expm1, -dt_ms / tau_m_ms)
    constants = {"expm1_m": expm1_m, "p30": -tau_m_ms / c_m_pf * expm1_m}
    for name, tau_ms in (("exc", columns["tau_syn_e_ms"]), ("inh", columns["tau_syn_i_ms"])):
        p11 = apply(math.exp, -dt_ms / tau_ms)
        constants |= {
            f"p31_{name}": psc_alpha_propagator(tau_ms, tau_m_ms, c_m_pf, dt_ms),
            f"p32_{name}": psc_exp_propagator(tau_ms, tau_m_ms, c_m_pf, dt_ms),
            f"p11_{name}": p11,
            f"p21_{name}": dt_ms * p11,
            f"peak_{name}": math.e / tau_ms,
        }
    return constants | membrane_constants(columns, dt_ms)


def step(  # type: ignore[no-untyped-def]
    v_mv, di_exc, i_exc_pa, di_inh, i_inh_pa, refractory, in_excitatory, in_inhibitory, i_inj_pa,
    expm1_m, p30, p31_exc, p32_exc, p11_exc, p21_exc, peak_exc,
    p31_inh, p32_inh, p11_inh, p21_inh, peak_inh,
    i_offset_pa, theta_mv, v_reset_mv, refractory_steps,
):  # fmt: skip
    """Advance one cell by one step; all arguments and results are scalars.

    Returns the new states in order (``v_mv`` relative to rest, ``di_exc`` and
    ``di_inh`` in pA/ms) and the number of spikes.
    """
    if refractory == 0.0:
        v_mv = (
            p30 * (i_inj_pa + i_offset_pa)
            + p31_exc * di_exc
            + p32_exc * i_exc_pa
            + p31_inh * di_inh
            + p32_inh * i_inh_pa
            + expm1_m * v_mv
            + v_mv
        )
    else:
        refractory = refractory - 1.0
    i_exc_pa = p21_exc * di_exc + p11_exc * i_exc_pa
    di_exc = di_exc * p11_exc + peak_exc * in_excitatory
    i_inh_pa = p21_inh * di_inh + p11_inh * i_inh_pa
    di_inh = di_inh * p11_inh + peak_inh * in_inhibitory
    spikes = 0
    if v_mv >= theta_mv:
        refractory = refractory_steps
        v_mv = v_reset_mv
        spikes = 1
    return v_mv, di_exc, i_exc_pa, di_inh, i_inh_pa, refractory, spikes


_EXACT = CellModel(
    name="IF_curr_alpha",
    kind="neuron",
    parameters=(*MEMBRANE, *synaptic_times(0.5, 0.5)),
    states=("v_mv", "di_exc", "i_exc_pa", "di_inh", "i_inh_pa", "refractory"),
    variables=(
        Variable("v", "v_mv", "mV", -65.0, offset="v_rest_mv"),
        Variable("isyn_exc", "i_exc_pa", "nA", 0.0, scale=1e-3),
        Variable("isyn_inh", "i_inh_pa", "nA", 0.0, scale=1e-3),
    ),
    receptors=CURRENT_RECEPTORS,
    conductance_based=False,
    injectable=True,
    constants=(
        "expm1_m",
        "p30",
        *(f"{name}_exc" for name in ("p31", "p32", "p11", "p21", "peak")),
        *(f"{name}_inh" for name in ("p31", "p32", "p11", "p21", "peak")),
        "i_offset_pa",
        "theta_mv",
        "v_reset_mv",
        "refractory_steps",
    ),
    derive=derive,
    step=step,
    ordered=(("v_reset", "v_thresh"),),
    doc="Leaky integrate-and-fire cell, alpha-shaped synaptic currents, exact steps.",
)

#: The same step in float32.
MODEL = replace(_EXACT, fast=_EXACT)
