"""Declarations that several cell types share: parameters, variables, receptors.

Names, units and default values are those of ``pyNN.standardmodels.cells``.
"""

from __future__ import annotations

from ..registry import Parameter, Receptor, Variable

__all__ = [
    "CONDUCTANCE_RECEPTORS",
    "CURRENT_RECEPTORS",
    "MEMBRANE",
    "SYNAPTIC_CONDUCTANCES",
    "VOLTAGE_RECEPTORS",
    "reversal_potentials",
    "synaptic_times",
]

#: A leaky membrane with a fixed threshold.
MEMBRANE = (
    Parameter("v_rest", "v_rest_mv", "mV", -65.0),
    Parameter("cm", "cm_nf", "nF", 1.0, "positive"),
    Parameter("tau_m", "tau_m_ms", "ms", 20.0, "positive"),
    Parameter("tau_refrac", "tau_refrac_ms", "ms", 0.1, "nonnegative", in_steps=True),
    Parameter("v_thresh", "v_thresh_mv", "mV", -50.0),
    Parameter("v_reset", "v_reset_mv", "mV", -65.0),
    Parameter("i_offset", "i_offset_na", "nA", 0.0),
)

#: Weights in nA that act in pA, in uS that act in nS, and in mV that act as they are.
CURRENT_RECEPTORS = (
    Receptor("excitatory", 1000.0, tau="tau_syn_e_ms"),
    Receptor("inhibitory", 1000.0, tau="tau_syn_i_ms"),
)
CONDUCTANCE_RECEPTORS = CURRENT_RECEPTORS
VOLTAGE_RECEPTORS = (Receptor("excitatory", 1.0), Receptor("inhibitory", 1.0))

#: Conductances of the two receptors: computed in nS, shown in uS.
SYNAPTIC_CONDUCTANCES = (
    Variable("gsyn_exc", "g_exc_ns", "uS", 0.0, scale=1e-3),
    Variable("gsyn_inh", "g_inh_ns", "uS", 0.0, scale=1e-3),
)


def synaptic_times(exc_ms: float, inh_ms: float) -> tuple[Parameter, ...]:
    """Time constants of the two receptors.

    Parameters
    ----------
    exc_ms, inh_ms : float, ms
        Default values.

    Returns
    -------
    tuple of Parameter
    """
    return (
        Parameter("tau_syn_E", "tau_syn_e_ms", "ms", exc_ms, "positive"),
        Parameter("tau_syn_I", "tau_syn_i_ms", "ms", inh_ms, "positive"),
    )


def reversal_potentials(inh_mv: float) -> tuple[Parameter, ...]:
    """Reversal potentials of the two receptors.

    Parameters
    ----------
    inh_mv : float, mV
        Default of the inhibitory one; the excitatory one's is 0 mV.

    Returns
    -------
    tuple of Parameter
    """
    return (
        Parameter("e_rev_E", "e_rev_e_mv", "mV", 0.0),
        Parameter("e_rev_I", "e_rev_i_mv", "mV", inh_mv),
    )
