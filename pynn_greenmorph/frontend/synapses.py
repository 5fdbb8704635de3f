"""PyNN's synapse types, timing rules and weight dependences, made from the files in ``synapses/``.

What PyNN knows becomes a subclass of PyNN's class of that name; what a third
party adds becomes a standard model of its own.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from pyNN import errors as pynn_errors
from pyNN.standardmodels import (
    StandardSynapseType,
    STDPTimingDependence,
    STDPWeightDependence,
    build_translations,
    check_weights,
)
from pyNN.standardmodels import synapses as pynn_synapses

from ..errors import explain
from ..registry import SynapseModel, synapse_models
from ..rules import (
    TimingRule,
    WeightDependence,
    compose,
    timing_rules,
    weight_dependences,
)
from .state import state
from .values import SynapseNumbers, refuse_no_numbers

__all__ = ["FRACTION", "STDPMechanism", "StaticSynapse", "native_names", "synapse_classes"]

#: PyNN's name of the fraction of a delay that is dendritic.
FRACTION = "dendritic_delay_fraction"

Part = SynapseModel | TimingRule | WeightDependence

#: The part that is common to all synapse types; PyNN's names are kept.
_CONNECTION = (("weight", "weight"), ("delay", "delay"))

_made: dict[str, type] = {}


def check_synaptic_weights(weights: Any, projection: Any) -> None:
    """Check that weights are finite and have the sign that PyNN demands.

    Parameters
    ----------
    weights : float or (n,) float64, nA, uS or mV
    projection : pyNN.common.Projection

    Raises
    ------
    pyNN.errors.ConnectionError
    """
    values = np.asarray(weights, dtype=np.float64)
    if not np.isfinite(values).all():
        raise pynn_errors.ConnectionError(
            explain(
                "a weight is not a finite number",
                where=f"Projection {projection.label!r}",
                allowed="finite weights (nA, uS or mV)",
                given=f"{values[~np.isfinite(values)].flat[0]}",
            )
        )
    check_weights(weights, projection)


_CHECKS = {"weight": check_synaptic_weights}


def _minimum_delay(self: Any) -> float:
    """Delay of a synapse type that is made without one, ms."""
    return float(state.delay_limits[0])


def _attributes(part: Part) -> dict[str, Any]:
    """What every class has: PyNN's words for parameters, and the part itself."""
    names = [(parameter.name, parameter.column) for parameter in part.parameters]
    attributes: dict[str, Any] = {"__module__": __name__, "__qualname__": part.name}
    defaults: dict[str, Any] = {one.name: one.default for one in part.parameters}
    if isinstance(part, SynapseModel):
        attributes |= {
            "synapse_model": part,
            "translations": build_translations(*_CONNECTION, *names),
            "parameter_checks": _CHECKS,
            "_get_minimum_delay": _minimum_delay,
            "default_initial_values": {
                one.name: one.initial for one in part.states if not isinstance(one.initial, str)
            },
        }
        defaults = {"weight": 0.0, "delay": None, **defaults}
    else:
        attributes |= {
            "part": part,
            "translations": build_translations(*names),
            "possible_models": {"STDPMechanism"},
        }
    attributes["default_parameters"] = defaults
    return attributes


def _class_of(part: Part) -> type:
    """Return the PyNN class of a part; always the same one."""
    made = _made.get(part.name)
    if made is not None and part in (vars(made).get("synapse_model"), vars(made).get("part")):
        return made
    kind = (
        StandardSynapseType
        if isinstance(part, SynapseModel)
        else STDPTimingDependence
        if isinstance(part, TimingRule)
        else STDPWeightDependence
    )
    base = getattr(pynn_synapses, part.name, kind)
    attributes = _attributes(part) | {"__doc__": base.__doc__ if base is not kind else part.doc}
    made = type(part.name, (SynapseNumbers, base), attributes)
    _made[part.name] = made
    return made


def synapse_classes() -> dict[str, type]:
    """Return the classes of all synapse types, timing rules and weight dependences, by name."""
    parts: dict[str, Part] = {**synapse_models(), **timing_rules(), **weight_dependences()}
    return {"STDPMechanism": STDPMechanism} | {
        name: _class_of(part) for name, part in parts.items()
    }


def __getattr__(name: str) -> type:
    """Find a class by name, for pickle."""
    if not name.startswith("_") and name in (found := synapse_classes()):
        return found[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class STDPMechanism(pynn_synapses.STDPMechanism):
    """PyNN's ``STDPMechanism``, as documented in ``pyNN.standardmodels.synapses``."""

    base_translations = build_translations(*_CONNECTION, (FRACTION, FRACTION))
    parameter_checks: ClassVar[dict[str, Any]] = _CHECKS
    _get_minimum_delay = _minimum_delay

    def __init__(
        self,
        timing_dependence: Any = None,
        weight_dependence: Any = None,
        voltage_dependence: Any = None,
        dendritic_delay_fraction: Any = 1.0,
        weight: Any = 0.0,
        delay: Any = None,
    ) -> None:
        """Combine a timing rule and a weight dependence; see the class."""
        for given, kind, what in (
            (timing_dependence, TimingRule, "timing_dependence"),
            (weight_dependence, WeightDependence, "weight_dependence"),
        ):
            if not isinstance(getattr(given, "part", None), kind):
                rules = timing_rules() if kind is TimingRule else weight_dependences()
                raise TypeError(
                    explain(
                        f"{what} is not of this backend",
                        where="STDPMechanism",
                        allowed=", ".join(rules),
                        given=type(given).__name__,
                    )
                )
        if voltage_dependence is not None:
            raise NotImplementedError(
                explain("voltage_dependence is not supported", where="STDPMechanism")
            )
        given = {"weight": weight, "delay": delay, FRACTION: dendritic_delay_fraction}
        refuse_no_numbers("STDPMechanism", given, optional=("delay",))
        # PyNN asks whether the delay is true, which an array refuses.
        given_delay = self._get_minimum_delay() if delay is None else delay
        # PyNN takes one number only; here each connection may have its own.
        super().__init__(timing_dependence, weight_dependence, None, 1.0, weight, 1.0)
        self.dendritic_delay_fraction = dendritic_delay_fraction
        self.delay = given_delay

    def _build_translations(self) -> None:
        # PyNN's own adds to a dictionary of the class, that is, to all mechanisms.
        self.translations = {
            **self.base_translations,
            **self.timing_dependence.translations,
            **self.weight_dependence.translations,
        }

    @property
    def synapse_model(self) -> SynapseModel:
        """The synapse type that the engine knows."""
        return compose(self.timing_dependence.part, self.weight_dependence.part)


def native_names(synapse_type: Any) -> dict[str, str]:
    """Return the column of every parameter, by PyNN's name.

    Parameters
    ----------
    synapse_type : pyNN.standardmodels.StandardSynapseType

    Returns
    -------
    dict of str to str
    """
    return {name: entry["translated_name"] for name, entry in synapse_type.translations.items()}


StaticSynapse: Any = _class_of(synapse_models()["StaticSynapse"])
