"""The models of the benchmark networks: cells, weights, noise, plasticity.

``CUBA`` and ``COBA`` are those of PyNN's ``examples/VAbenchmarks.py`` (Vogels and
Abbott 2005, doi:10.1523/JNEUROSCI.3508-05.2005), with currents and with
conductances. ``BRUNEL`` is case C of PyNN's ``examples/brunel.py`` (Brunel 2000,
doi:10.1023/A:1008925309027) with his own cells, whose inputs are jumps of the
potential; ``BRUNEL_STDP`` is the same with plastic synapses between excitatory
cells.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

__all__ = ["BRUNEL", "BRUNEL_STDP", "COBA", "CUBA", "Model", "Stdp", "nest_parameters"]

_VA = {
    "tau_m": 20.0, "tau_syn_E": 5.0, "tau_syn_I": 10.0, "v_reset": -60.0, "v_thresh": -50.0,
    "cm": 0.2, "tau_refrac": 5.0,
}  # fmt: skip


@dataclass(frozen=True)
class Stdp:
    """Additive plasticity by pairs of spikes, in PyNN's names.

    Attributes
    ----------
    tau_ms : float, ms
        Both time constants.
    a_plus, a_minus : float
        Fractions of ``w_max``.
    w_max : float
        In multiples of the excitatory weight.
    """

    tau_ms: float
    a_plus: float
    a_minus: float
    w_max: float


@dataclass(frozen=True)
class Model:
    """Cells and how they are connected.

    Attributes
    ----------
    title : str
        What tables call it, empty for the usual one.
    cell, nest_cell : str
        Cell type in PyNN and in NEST.
    parameters : mapping of str to float
        Of all cells, in PyNN's names and units.
    weights : (float, float), nA, uS or mV
        Of excitatory and inhibitory connections, for ``degree`` inputs of a cell.
    degree : float
    delay_ms : float, ms
    first_mv : (float, float), mV
        Initial potentials are between these.
    noise_hz : float, Hz
        Rate of the Poisson train onto each cell, with the weight of excitation, for
        ``degree`` inputs of a cell.
    stdp : Stdp or None
        What excitatory synapses onto excitatory cells learn by.
    """

    title: str
    cell: str
    nest_cell: str
    parameters: Mapping[str, float]
    weights: tuple[float, float]
    degree: float
    delay_ms: float
    first_mv: tuple[float, float]
    noise_hz: float = 0.0
    stdp: Stdp | None = None

    @property
    def per_unit(self) -> float:
        """From PyNN's unit of weights to NEST's: nA to pA, uS to nS, mV."""
        return 1.0 if self.cell == "IF_curr_delta" else 1000.0


CUBA = Model("", "IF_curr_exp", "iaf_psc_exp", _VA, (0.0162, -0.09), 80.0, 0.2, (-60.0, -50.0))
COBA = Model(
    "conductances",
    "IF_cond_exp",
    "iaf_cond_exp",
    {**_VA, "e_rev_E": 0.0, "e_rev_I": -80.0},
    (0.004, 0.051),
    80.0,
    0.2,
    (-60.0, -50.0),
)
BRUNEL = Model(
    "Brunel",
    "IF_curr_delta",
    "iaf_psc_delta",
    {
        "tau_m": 20.0, "cm": 1.0, "tau_refrac": 2.0, "v_rest": 0.0, "v_reset": 0.0,
        "v_thresh": 20.0,
    },
    (0.1, -0.5),
    1250.0,
    1.5,
    (0.0, 20.0),
    noise_hz=20_000.0,
)  # fmt: skip
BRUNEL_STDP = replace(BRUNEL, title="Brunel, plastic", stdp=Stdp(20.0, 0.005, 0.00525, 2.0))


def nest_parameters(parameters: Mapping[str, float]) -> dict[str, float]:
    """Return parameters of cells in NEST's names and units."""
    names = {
        "tau_refrac": "t_ref", "v_rest": "E_L", "v_thresh": "V_th", "v_reset": "V_reset",
        "tau_syn_E": "tau_syn_ex", "tau_syn_I": "tau_syn_in", "e_rev_E": "E_ex", "e_rev_I": "E_in",
    }  # fmt: skip
    found = {names[name]: value for name, value in parameters.items() if name in names}
    capacitance_pf = parameters["cm"] * 1000.0
    if "e_rev_E" in parameters:
        return {**found, "C_m": capacitance_pf, "g_L": parameters["cm"] / parameters["tau_m"] * 1e3}
    return {**found, "C_m": capacitance_pf, "tau_m": parameters["tau_m"]}
