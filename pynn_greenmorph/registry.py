"""What a part of the package is (cell, synapse, board), and how parts are found.

A *part* is one file: a module in ``cells/`` or ``synapses/`` with a ``MODEL``,
or a ``.toml`` profile in ``boards/``. Another distribution adds a part through
an entry point in one of the groups in :data:`ENTRY_POINT_GROUPS`. Parts are
looked up by name when they are asked for, never at import, so that importing
this module needs neither PyNN nor Numba.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .errors import UnknownNameError, unknown_name

if TYPE_CHECKING:
    from .rules import TimingRule, WeightDependence

__all__ = [
    "ENTRY_POINT_GROUPS",
    "CellModel",
    "Parameter",
    "Receptor",
    "State",
    "SynapseModel",
    "Variable",
    "cell_model",
    "cell_models",
    "parts",
    "synapse_model",
    "synapse_models",
]

#: Entry-point group by kind of part. A cell entry point names a ``CellModel``; one of
#: a synapse a ``SynapseModel``, ``TimingRule`` or ``WeightDependence``; one of a board
#: or a comparator a ``pathlib.Path``, and its name is the profile's.
ENTRY_POINT_GROUPS = {
    "cells": "pynn_greenmorph.cells",
    "synapses": "pynn_greenmorph.synapses",
    "boards": "pynn_greenmorph.boards",
    "comparators": "pynn_greenmorph.comparators",
}

FloatArray = NDArray[np.float64]
Columns = Mapping[str, FloatArray]


@dataclass(frozen=True)
class Parameter:
    """One parameter of a cell type, as PyNN's users write it.

    Attributes
    ----------
    name : str
        PyNN's name, for example ``"tau_m"``.
    column : str
        Name of the column in the cell table, with the unit as suffix
        (``"tau_m_ms"``). Columns hold PyNN's own values, unscaled, so that
        ``get`` returns to the last bit what was set.
    unit : str
        Unit as PyNN writes it (``"ms"``).
    default : float
        Default value in ``unit``.
    check : {"finite", "positive", "nonnegative", "fraction", "count"}
        What a value must be; all must be finite. A fraction is from 0 to 1, a
        count a whole number from 1 to 1000.
    in_steps : bool
        Whether the value is a time (ms) that the step uses in whole time steps,
        so that a value off the grid is reported.
    """

    name: str
    column: str
    unit: str
    default: float
    check: str = "finite"
    in_steps: bool = False


@dataclass(frozen=True)
class Variable:
    """A state variable as PyNN's users see it: it can be initialised and recorded.

    The value shown is ``state * scale + columns[offset]``.

    Attributes
    ----------
    name : str
        PyNN's name, for example ``"v"``.
    state : str
        The state of ``CellModel.states`` behind it.
    unit : str
        Unit as PyNN writes it.
    initial : float
        Default initial value in ``unit``.
    scale : float
        Factor from the state's unit to ``unit``.
    offset : str or None
        Column that is added, for states that are held relative to it.
    recordable : bool
        Whether ``record()`` accepts it.
    """

    name: str
    state: str
    unit: str
    initial: float
    scale: float = 1.0
    offset: str | None = None
    recordable: bool = True


@dataclass(frozen=True)
class Receptor:
    """A synaptic input of a cell.

    Attributes
    ----------
    name : str
        PyNN's receptor type, for example ``"excitatory"``. The step function
        receives the sum of the weights that arrive in this step as
        ``in_<name>``.
    scale : float
        Factor from PyNN's unit of weight (nA, uS or mV) to the unit the step uses.
    tau : str or None
        Column of the time constant (ms) with which an input decays; None where
        an input acts in one step only.
    """

    name: str
    scale: float
    tau: str | None = None


@dataclass(frozen=True)
class CellModel:
    """A cell type: everything the engine and the front end know about it.

    Attributes
    ----------
    name : str
        PyNN's name of the cell type.
    kind : {"neuron", "source"}
        Neurons are charged as neuron updates, sources as source ticks.
    parameters : tuple of Parameter
        All numeric parameters.
    states : tuple of str
        Names of the float64 state variables, unit as suffix where it has one.
    variables : tuple of Variable
        What can be initialised and recorded.
    receptors : tuple of Receptor
        Synaptic inputs; empty for sources.
    conductance_based : bool
        Whether weights are conductances (uS) rather than currents (nA).
    injectable : bool
        Whether current can be injected.
    constants : tuple of str
        What ``derive`` returns and ``step`` receives, in this order.
    derive : callable or None
        ``derive(columns, dt_ms) -> {constant: (n,) float64}``.
    step : callable or None
        Plain Python function of scalars that advances one cell by one step and
        returns all states in order and the number of spikes. Its arguments are
        named after states, constants, ``in_<receptor>``, ``i_inj_pa`` and, for
        random sources, ``key``, ``trial``, ``cell`` and ``step_index``.
        ``None`` means that the spike times are given as a table.
    methods : tuple of two or three callables, or None
        What ``step`` gets as its argument ``method``: first, for all cells of a
        block, a function without loops and jumps, which the compiler makes
        into vectors; last, for each cell for which that did not hold, a function
        that always holds. ``step`` then returns, last, whether what it returns
        holds. Of three, the second is like the first; it is tried, for all cells
        of a block once more, when for one of them the first returned 0: it holds
        (1), perhaps the second does (0), only the last does (-1).
    ordered : tuple of (str, str)
        Pairs of parameters of which the first must be below the second.
    not_above : tuple of (str, str)
        Pairs of parameters of which the first must not be above the second.
    check : callable or None
        ``check(columns, dt_ms)`` raises ``InvalidValueError`` for parameters that
        are not allowed together or with this time step. Columns of ``histogram``
        are (n, bins); cells with fewer bins have their last one repeated.
    helpers : tuple of callable
        Plain Python functions that ``step`` calls.
    fast : CellModel or None
        The same cell type as ``precision="fast"`` computes it, in float32: other
        states, constants, ``derive``, ``step``, ``methods``, ``helpers``. Its
        variables and receptors have the same names and units. None: in float64,
        as ever. Numbers in its functions are made float32; where a whole number
        meets one, write it with a point, or the compiler goes on in float64.
    histogram : tuple of Parameter
        Parameters that are sequences per cell, of equal lengths: first the times
        (ms) from which on the values of the others hold. The present values are
        in the states named by ``Parameter.column``; 0 before the first time.
    ragged : str or None
        Name of the one parameter that is a sequence per cell (spike times, ms).
    doc : str
        One line for users, with the source of the model.
    """

    name: str
    kind: str
    parameters: tuple[Parameter, ...] = ()
    states: tuple[str, ...] = ()
    variables: tuple[Variable, ...] = ()
    receptors: tuple[Receptor, ...] = ()
    conductance_based: bool = False
    injectable: bool = True
    constants: tuple[str, ...] = ()
    derive: Callable[[Columns, float], dict[str, FloatArray]] | None = None
    step: Callable[..., tuple[Any, ...]] | None = None
    methods: tuple[Callable[..., Any], ...] | None = None
    ordered: tuple[tuple[str, str], ...] = ()
    not_above: tuple[tuple[str, str], ...] = ()
    check: Callable[[Columns, float], None] | None = None
    helpers: tuple[Callable[..., Any], ...] = ()
    fast: CellModel | None = None
    histogram: tuple[Parameter, ...] = ()
    ragged: str | None = None
    doc: str = ""

    def variable(self, name: str) -> Variable:
        """Return the variable called ``name``; raises ``UnknownNameError``."""
        for variable in self.variables:
            if variable.name == name:
                return variable
        names = [variable.name for variable in self.variables]
        raise UnknownNameError(unknown_name(f"state variable of {self.name}", name, names))

    def receptor_index(self, name: str) -> int:
        """Return the position of the receptor called ``name``; raises ``UnknownNameError``."""
        names = [receptor.name for receptor in self.receptors]
        if name not in names:
            raise UnknownNameError(unknown_name(f"receptor of {self.name}", name, names))
        return names.index(name)


@dataclass(frozen=True)
class State:
    """What a connection remembers from one of its spikes to the next.

    Attributes
    ----------
    name : str
        Its name, an argument of the synapse's functions.
    initial : float or str
        Its value before the first spike, or the column of the parameter that is its value.
    """

    name: str
    initial: float | str = 0.0


@dataclass(frozen=True)
class SynapseModel:
    """A synapse type.

    Attributes
    ----------
    name : str
        PyNN's name of the synapse type.
    plastic : bool
        Whether spikes change the weights for good; their events are counted as plastic.
    parameters : tuple of Parameter
        What users set for each connection beside weight and delay.
    states : tuple of State
        What a connection remembers from one of its spikes to the next.
    transmit : callable or None
        Plain Python function of scalars, called for each spike of the source
        when it arrives. Returns all states in order and the factor with which
        the weight acts. Its arguments are named after states, columns of
        parameters, ``elapsed_ms`` (since the source's last spike, or since the
        connection was made), ``tau_psc_ms`` (time constant of the input at the
        target, 0 where it has none) and, for random synapses, ``key``,
        ``trial``, ``connection``, ``step_index`` and ``draw``. None: the factor is 1.
    rule : TimingRule or None
        How the weight changes with the times of spikes; see :mod:`.rules`.
    dependence : WeightDependence or None
        How much a change changes the weight; see :mod:`.rules`.
    helpers : tuple of callable
        Plain Python functions that ``transmit`` calls.
    doc : str
        One line for users.
    """

    name: str
    plastic: bool = False
    parameters: tuple[Parameter, ...] = ()
    states: tuple[State, ...] = ()
    transmit: Callable[..., tuple[Any, ...]] | None = None
    rule: TimingRule | None = None
    dependence: WeightDependence | None = None
    helpers: tuple[Callable[..., Any], ...] = ()
    doc: str = ""

    @property
    def attributes(self) -> tuple[str, ...]:
        """Names of the attributes of a connection, ``weight`` and ``delay`` first."""
        return ("weight", "delay", *(parameter.name for parameter in self.parameters))

    @property
    def static(self) -> bool:
        """Whether every spike acts with the weight that the user gave."""
        return self.transmit is None and self.rule is None


def _entry_points(kind: str) -> dict[str, Any]:
    group = ENTRY_POINT_GROUPS[kind]
    return {point.name: point for point in importlib.metadata.entry_points(group=group)}


@cache
def _own_modules(kind: str) -> tuple[str, ...]:
    package = importlib.import_module(f"{__package__}.{kind}")
    names = (info.name for info in pkgutil.iter_modules(package.__path__))
    return tuple(name for name in names if not name.startswith("_"))


def _own_models(kind: str) -> dict[str, Any]:
    models = {}
    for module_name in _own_modules(kind):
        module = importlib.import_module(f"{__package__}.{kind}.{module_name}")
        models[module.MODEL.name] = module.MODEL
    return models


def parts(kind: str) -> dict[str, Any]:
    """Return all parts of one kind, own and third parties', by name, sorted.

    Parameters
    ----------
    kind : {"cells", "synapses"}

    Returns
    -------
    dict
        Synapses are synapse types, timing rules and weight dependences.
    """
    models = _own_models(kind)
    for name, point in _entry_points(kind).items():
        models.setdefault(name, point.load())
    return dict(sorted(models.items()))


def cell_models() -> dict[str, CellModel]:
    """Return all cell types, own and third parties', by name, sorted."""
    return parts("cells")


def cell_model(name: str) -> CellModel:
    """Return the cell type called ``name``; raises ``UnknownNameError``."""
    models = cell_models()
    if name not in models:
        raise UnknownNameError(unknown_name("cell type", name, models))
    return models[name]


def synapse_models() -> dict[str, SynapseModel]:
    """Return all synapse types, own and third parties', by name, sorted."""
    found = parts("synapses")
    return {name: part for name, part in found.items() if isinstance(part, SynapseModel)}


def synapse_model(name: str) -> SynapseModel:
    """Return the synapse type called ``name``; raises ``UnknownNameError``."""
    models = synapse_models()
    if name not in models:
        raise UnknownNameError(unknown_name("synapse type", name, models))
    return models[name]
