"""What scripts for sPyNNaker use that PyNN does not have: named in messages, not supported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import explain

__all__ = ["NAMES", "POPULATION_KEYWORDS", "refuse_keywords", "refused_name"]

_GUARD = "or guard it with 'if hasattr(sim, {name!r}):', sim being the module that you import"

#: Names in ``pyNN.spiNNaker`` that are sPyNNaker's own (version 7.4), and what there is instead.
NAMES: Mapping[str, str] = {
    "name": "",
    "set_number_of_neurons_per_core": "energy_report(neurons_per_core=...) for the joules",
    "set_number_of_synapse_cores": "",
    "set_allow_delay_extensions": "",
    "get_machine": "",
    "extra_models": "",
    "external_devices": "",
    "SpikeSourcePoissonVariable": "SpikeSourcePoisson and set(rate=...) between runs",
    "SpikeInjector": "SpikeSourceArray for spikes that are known beforehand",
    "StructuralMechanismStatic": "",
    "StructuralMechanismSTDP": "",
    "RandomSelection": "",
    "LastNeuronSelection": "",
    "DistanceDependentFormation": "",
    "RandomByWeightElimination": "",
    "Convolution": "",
    "ConvolutionConnector": "",
    "PoolDense": "",
    "PoolDenseConnector": "",
    "KernelConnector": "",
    "OneToOneOffsetConnector": "FromListConnector",
    "AllButMeConnector": "FromListConnector",
    "SpiNNakerProjection": "Projection",
}

#: Further arguments of sPyNNaker's ``Population``.
POPULATION_KEYWORDS = (
    "additional_parameters",
    "max_rate",
    "n_synapse_cores",
    "neurons_per_core",
    "seed",
    "splitter",
)


def refused_name(name: str) -> str:
    """Word the error for one of ``NAMES``.

    Parameters
    ----------
    name : str

    Returns
    -------
    str
    """
    instead = f"use {NAMES[name]}, " if NAMES[name] else ""
    return explain(
        f"{name!r} is sPyNNaker's own, not PyNN's, and is not supported here yet",
        where="pyNN.greenmorph",
        allowed="what PyNN's API has",
        todo=f"Remove what uses it, {instead}{_GUARD.format(name=name)}",
    )


def refuse_keywords(where: str, given: Mapping[str, Any], own: tuple[str, ...]) -> None:
    """Refuse arguments that PyNN does not have.

    Parameters
    ----------
    where : str
        The call, for the message.
    given : mapping of str to object
        The arguments that are left.
    own : tuple of str
        Those that sPyNNaker has.

    Raises
    ------
    TypeError
        For every argument; the message says which ones are sPyNNaker's.
    """
    for name, value in given.items():
        if name not in own:
            raise TypeError(f"{where} got an unexpected keyword argument {name!r}")
        raise TypeError(
            explain(
                f"the argument {name!r} is sPyNNaker's own, not PyNN's, and is not supported here"
                " yet",
                where=where,
                allowed="the arguments that PyNN has",
                given=value,
                todo="Remove it",
            )
        )
