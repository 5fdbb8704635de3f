"""What a plasticity rule is: how spike times change weights, and by how much.

A *timing rule* sees the spikes of both cells as they reach the synapse, and
asks for changes; a *weight dependence* says what a change does to the weight.
Both are plain Python functions of scalars, compiled together for each pair that
a network uses.

A connection with delay ``d`` of which the fraction ``f`` is dendritic sees a
source's spike ``(1 - f) d`` after its emission, and a target's spike ``f d``
after it. All changes are made when the source's next spike arrives at the
target: first those of the target's spikes since its last one, oldest first,
then that of the source's spike itself, which then acts with the new weight.

Weights are handed over as fractions ``x`` of ``w_max``. After each change they
are kept between ``x_min`` (``w_min / w_max``) and 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from .errors import UnknownNameError, unknown_name
from .registry import Parameter, State, SynapseModel, parts

__all__ = [
    "TimingRule",
    "WeightDependence",
    "compose",
    "timing_rule",
    "timing_rules",
    "weight_dependence",
    "weight_dependences",
]

Function = Callable[..., Any]


@dataclass(frozen=True)
class TimingRule:
    """How the times of spikes change a weight.

    All functions are plain Python functions of scalars that take their
    arguments by name. Every one may take the columns of the parameters of the
    rule and of the weight dependence.

    Attributes
    ----------
    name : str
        PyNN's name, for example ``"SpikePairRule"``.
    parameters : tuple of Parameter
        Those that ``post_trace`` takes must be the same for all connections of
        a projection, because all connections of a target share its traces.
    change_at_post : callable
        What a spike of the target asks for: ``(up, down)``, fractions of
        ``w_max`` that are handed to ``potentiate`` and then ``depress``. Also
        takes the traces of the source, and ``since_pre_ms``, the time since the
        last spike of the source. Not called before the source's first spike.
    change_at_pre : callable
        What a spike of the source asks for. Also takes the traces of the
        target, and ``since_post_ms``, the time since the target's last spike
        (infinite before the first).
    pre_traces, post_traces : tuple of State
        What is remembered of the spikes of the source, and of the target: the
        values right after the last spike.
    pre_trace, post_trace : callable or None
        The traces after a spike, from those after the spike before it and
        ``elapsed_ms`` between the two; one number, or a tuple of several.
    simultaneous : {"post first", "pre first"}
        Which of two spikes that reach the synapse at the same time counts as
        the earlier one. With "post first" the target's spike is paired with
        earlier spikes of the source, and the source's spike with earlier ones
        of the target, but the two are not paired with each other. With "pre
        first" the target's spike follows the source's after 0 ms.
        Where delays are wholly axonal a target's spike is handed over after
        the source's of the same time in both cases, with ``since_pre_ms`` 0; a
        rule with "post first" leaves out the source's spikes of that time.
    horizon : callable or None
        From parameters, the time (ms) after a spike of the source from which on
        the target's spikes change nothing until the source spikes again.
        None where there is no such time: all spikes of the target are kept.
    helpers : tuple of callable
        Plain Python functions that the others call.
    doc : str
        One line for users, with the source of the rule.
    """

    name: str
    parameters: tuple[Parameter, ...]
    change_at_post: Function
    change_at_pre: Function
    pre_traces: tuple[State, ...] = ()
    post_traces: tuple[State, ...] = ()
    pre_trace: Function | None = None
    post_trace: Function | None = None
    simultaneous: str = "post first"
    horizon: Function | None = None
    helpers: tuple[Function, ...] = ()
    doc: str = ""


@dataclass(frozen=True)
class WeightDependence:
    """What a change that a timing rule asks for does to a weight.

    Attributes
    ----------
    name : str
        PyNN's name, for example ``"AdditiveWeightDependence"``.
    parameters : tuple of Parameter
        Must hold ``w_min`` and ``w_max``, with columns of these names.
    potentiate, depress : callable
        The new weight, a fraction of ``w_max``, from ``x``, the weight, and
        ``amount``, both fractions of ``w_max``. Also take ``x_min`` and columns
        of parameters.
    helpers : tuple of callable
        Plain Python functions that the others call.
    doc : str
        One line for users.
    """

    name: str
    parameters: tuple[Parameter, ...]
    potentiate: Function
    depress: Function
    helpers: tuple[Function, ...] = ()
    doc: str = ""


@cache
def compose(rule: TimingRule, dependence: WeightDependence) -> SynapseModel:
    """Return the synapse type of a rule and a weight dependence, always the same one."""
    return SynapseModel(
        name="STDPMechanism",
        plastic=True,
        parameters=rule.parameters + dependence.parameters,
        states=rule.pre_traces,
        rule=rule,
        dependence=dependence,
        doc=f"{rule.doc} {dependence.doc}",
    )


def timing_rules() -> dict[str, TimingRule]:
    """Return all timing rules, own and third parties', by name, sorted."""
    found = parts("synapses")
    return {name: part for name, part in found.items() if isinstance(part, TimingRule)}


def timing_rule(name: str) -> TimingRule:
    """Return the timing rule called ``name``; raises ``UnknownNameError``."""
    rules = timing_rules()
    if name not in rules:
        raise UnknownNameError(unknown_name("timing rule", name, rules))
    return rules[name]


def weight_dependences() -> dict[str, WeightDependence]:
    """Return all weight dependences, own and third parties', by name, sorted."""
    found = parts("synapses")
    return {name: part for name, part in found.items() if isinstance(part, WeightDependence)}


def weight_dependence(name: str) -> WeightDependence:
    """Return the weight dependence called ``name``; raises ``UnknownNameError``."""
    dependences = weight_dependences()
    if name not in dependences:
        raise UnknownNameError(unknown_name("weight dependence", name, dependences))
    return dependences[name]
