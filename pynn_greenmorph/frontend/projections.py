"""Projections: connections as array columns, one row per connection."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyNN import common
from pyNN import errors as pynn_errors
from pyNN.parameters import ParameterSpace
from pyNN.space import Space

from ..errors import explain
from ..network import SynapseGroup
from . import state as simulator
from .connections import (
    Connection,
    as_column,
    check_cells,
    check_shapes,
    checked_delay,
    checked_weight,
    global_ids,
    populations_of,
    replacing_weight,
    to_ms,
)
from .memory import check_connections
from .pairs import CellIndices, matrix_of, values_of
from .plastic_values import check_plasticity, checked_fraction, checked_parameter
from .session import Session
from .synapses import FRACTION, StaticSynapse, native_names
from .text_file import TextFile, names_to_save
from .values import refuse_no_numbers

__all__ = ["Projection"]

Int32Array = NDArray[np.int32]
Int64Array = NDArray[np.int64]
FloatArray = NDArray[np.float64]


class Projection(common.Projection):
    """PyNN's ``Projection``, as documented in ``pyNN.common``."""

    _simulator = simulator
    _static_synapse_class = StaticSynapse

    def __init__(
        self,
        presynaptic_neurons: Any,
        postsynaptic_neurons: Any,
        connector: Any,
        synapse_type: Any = None,
        source: Any = None,
        receptor_type: str | None = None,
        space: Any = None,
        label: str | None = None,
    ) -> None:
        """Make the connections; see ``pyNN.common.Projection``."""
        self._session: Session = simulator.state.require("Projection()")
        for cells in (presynaptic_neurons, postsynaptic_neurons):
            check_cells(self._session, cells)
        if not all(cells.receptor_types for cells in populations_of(postsynaptic_neurons)):
            raise pynn_errors.ConnectionError(
                explain(
                    "the post-synaptic cells are spike sources, which receive no input",
                    where="Projection()",
                    allowed="targets with a receptor",
                    given=f"{postsynaptic_neurons.label!r}",
                )
            )
        check_shapes(synapse_type, presynaptic_neurons.size, postsynaptic_neurons.size)
        common.Projection.__init__(
            self, presynaptic_neurons, postsynaptic_neurons, connector, synapse_type,
            source, receptor_type, space or Space(), label,
        )  # fmt: skip
        if not hasattr(self.synapse_type, "synapse_model"):
            raise TypeError(
                explain(
                    f"{type(self.synapse_type).__name__} is not a synapse type of this backend",
                    where=f"Projection {self.label!r}",
                    todo="Use the synapse types of the module that Projection comes from",
                )
            )
        # PyNN's own default label has an arrow that is hard to type.
        arrow = f"{presynaptic_neurons.label}->{postsynaptic_neurons.label}"
        self._ledger_label: str = label or arrow
        self._columns: list[tuple[Int32Array, int, dict[str, Any]]] = []
        self._bulk: tuple[Int32Array, Int32Array, dict[str, Any]] | None = None
        check_connections(
            self._session.network, connector, self.synapse_type, self.pre.size, self.post.size,
            f"Projection {self.label!r}",
        )  # fmt: skip
        connector.connect(self)
        self._store()

    # -- making connections ------------------------------------------------------

    def _convergent_connect(
        self,
        presynaptic_indices: Any,
        postsynaptic_index: int,
        location_selector: Any = None,
        **connection_parameters: Any,
    ) -> None:
        """Add the connections of one target; called by PyNN's connectors."""
        if location_selector is not None:
            raise NotImplementedError("cells with compartments are not supported")
        sources = np.asarray(presynaptic_indices, dtype=np.int32)
        self._columns.append((sources, int(postsynaptic_index), connection_parameters))

    def connect_bulk(self, pre: Int32Array, post: Int32Array, parameters: dict[str, Any]) -> None:
        """Add all connections at once.

        Parameters
        ----------
        pre, post : (n,) int32
            Indices of source and target cells, in order of insertion.
        parameters : dict of str to float or (n,) float64
            Values of the synapse type's attributes. All arrays are kept and
            may be changed: the caller does not use them any more.
        """
        self._bulk = (pre, post, parameters)

    def _gather_columns(self) -> tuple[Int32Array, Int32Array, dict[str, Any]]:
        if self._bulk is not None:
            return self._bulk
        none = np.zeros(0, dtype=np.int32)
        pre = np.concatenate([none, *[sources for sources, _, _ in self._columns]])
        counts = np.array([len(sources) for sources, _, _ in self._columns], dtype=np.int64)
        targets = np.array([target for _, target, _ in self._columns], dtype=np.int32)
        parameters = {}
        for name in native_names(self.synapse_type).values():
            values = [
                np.broadcast_to(np.asarray(columns[name], dtype=np.float64), (len(sources),))
                for sources, _, columns in self._columns
            ]
            parameters[name] = np.concatenate([np.zeros(0), *values])
        return pre, np.repeat(targets, counts), parameters

    def _store(self) -> None:
        """Check the new connections and put them into the synapse table."""
        pre, post, parameters = self._gather_columns()
        self._columns, self._bulk = [], None
        n = len(pre)
        model = self.synapse_type.synapse_model
        weight = checked_weight(self, as_column(parameters["weight"], n))
        delay = checked_delay(self, as_column(parameters["delay"], n))
        columns = {
            one.column: checked_parameter(self, one, as_column(parameters[one.column], n))
            for one in model.parameters
        }
        self._sources = CellIndices.of(global_ids(self.pre), pre)
        self._targets = CellIndices.of(global_ids(self.post), post)
        self._group = SynapseGroup(
            label=self._ledger_label,
            model=model,
            receptor=self.receptor_type,
            created=self._session.simulation.lifetime,
            pre=self._sources.ids,
            post=self._targets.ids,
            weight=weight,
            delay_steps=delay,
            columns=columns,
            dendritic_fraction=checked_fraction(self, as_column(parameters.get(FRACTION, 1.0), n)),
        )
        check_plasticity(self, self._group)
        self._session.network.synapses.append(self._group)
        self._session.simulation.synapses_changed()

    # -- reading -----------------------------------------------------------------

    def __len__(self) -> int:
        """Number of connections."""
        return self._group.size

    def __getitem__(self, i: Any) -> Any:
        """Return connection ``i``, or a list of connections for a slice."""
        if isinstance(i, slice):
            return [Connection(self, index) for index in range(*i.indices(len(self)))]
        index = range(len(self))[i]
        return Connection(self, index)

    @property
    def connections(self) -> Projection:
        """The connections in order of insertion: a sequence of :class:`Connection`."""
        return self

    def column(self, name: str, rows: Any = slice(None)) -> Any:
        """Return a column of the projection, not to be written to.

        Parameters
        ----------
        name : str
            ``presynaptic_index``, ``postsynaptic_index``, ``weight``, ``delay`` or
            a parameter of the synapse type, by name or column.
        rows : slice, int or (k,) int64, optional
            Which connections, in order of insertion.

        Returns
        -------
        (k,) int32 or float64, or a scalar
            Weight in nA, uS or mV, as learned so far, delay in ms on the grid; one
            number may be broadcast.
        """
        if name == "presynaptic_index":
            return self._sources.indices(rows)
        if name == "postsynaptic_index":
            return self._targets.indices(rows)
        if name == "delay":
            return to_ms(self._session, self._group.delay_steps[rows])
        if name == "weight":
            return self._session.simulation.plasticity.weights(self._group)[rows]
        if name == FRACTION and self._group.model.rule is not None:
            return np.broadcast_to(self._group.dendritic_fraction, (len(self),))[rows]
        # PyNN's own get() asks by column, a single connection by PyNN's name.
        column = native_names(self.synapse_type).get(name, name)
        if column in self._group.columns:
            return self._group.columns[column][rows]
        raise pynn_errors.NonExistentParameterError(
            name, type(self.synapse_type).__name__, self.synapse_type.get_parameter_names()
        )

    def get(self, attribute_names: Any, format: str, *args: Any, **kwargs: Any) -> Any:  # noqa: A002
        """Return values of attributes; see ``pyNN.common.Projection.get``."""
        names = [attribute_names] if isinstance(attribute_names, str) else attribute_names
        for name in names:
            self._check_attribute(name)
        return super().get(attribute_names, format, *args, **kwargs)

    def _check_attribute(self, name: str) -> None:
        known = self.synapse_type.get_parameter_names()
        if name not in known:
            model = type(self.synapse_type).__name__
            raise pynn_errors.NonExistentParameterError(name, model, known)

    def _get_attributes_as_list(self, names: Any) -> list[tuple[Any, ...]]:
        return list(zip(*[self.column(name).tolist() for name in names], strict=True))

    def _get_attributes_as_arrays(
        self, names: Any, multiple_synapses: str = "sum"
    ) -> list[FloatArray]:
        columns = [self.column(name) for name in names]
        return matrix_of(self.shape, *self._ends(), columns, multiple_synapses)

    def _ends(self) -> tuple[Int32Array, Int32Array]:
        """Indices of source and target, (n,) each."""
        return self._sources.indices(), self._targets.indices()

    def save(
        self,
        attribute_names: Any,
        file: Any,
        format: str = "list",  # noqa: A002
        gather: bool = True,
        with_address: bool = True,
    ) -> None:
        """Write values of attributes to a file; see ``pyNN.common.Projection.save``."""
        if isinstance(file, str):
            file = TextFile(file, mode="w")
        names = names_to_save(attribute_names, format)
        super().save(names, file, format, gather, with_address)

    # -- changing ----------------------------------------------------------------

    def set(self, **attributes: Any) -> None:
        """Set attributes of all connections; see ``pyNN.common.Projection.set``.

        A change of weights or delays acts on spikes emitted from now on: what is
        in flight arrives with the weight and delay it was sent with. Parameters
        of plastic and dynamic synapses act on what arrives from now on.

        Raises
        ------
        pyNN.errors.NonExistentParameterError
            For an unknown attribute.
        pyNN.errors.ConnectionError
            For values that are not finite or out of limits.
        """
        simulator.state.check_mine(self._session, "Projection.set()")
        # None, too, is explained where a list of another length is.
        refuse_no_numbers(f"Projection {self.label!r}, set()", attributes, optional=attributes)
        group = self._group
        before = group.weight, group.delay_steps, group.columns
        try:
            for name, value in attributes.items():
                self._set_attribute(name, value)
            check_plasticity(self, group)
        except Exception:
            # All or none: what a bad value came after is taken back.
            group.weight, group.delay_steps, group.columns = before
            raise

    def _set_attribute(self, name: str, value: Any) -> None:
        self._check_attribute(name)
        if isinstance(value, int | float | np.floating | np.integer):
            same = np.broadcast_to(np.float64(value), (len(self),))
            self._replace(native_names(self.synapse_type)[name], same)
            return
        values = values_of(self.shape, self._ends, name, value, f"Projection {self.label!r}, set()")
        if values is None:
            super().set(**{name: value})
        else:
            self._replace(native_names(self.synapse_type)[name], values)

    def _set_attributes(self, parameter_space: ParameterSpace) -> None:
        parameter_space.evaluate(simplify=False)
        for name, values in parameter_space.items():
            # A function of the distance may return anything.
            matrix = np.asarray(values, dtype=np.float64)
            self._replace(name, np.broadcast_to(matrix, self.shape)[self._ends()])

    def _set_initial_value_array(self, variable: str, initial_value: Any) -> None:
        states = [state.name for state in self._group.model.states]
        if variable not in states:
            raise pynn_errors.InvalidParameterValueError(
                explain(
                    f"{type(self.synapse_type).__name__} has no state variable {variable!r}",
                    where=f"Projection {self.label!r}",
                    allowed=", ".join(states) or "static synapses have no state",
                )
            )
        initial_value.shape = (len(self),)  # PyNN gives it a method instead of the number
        values = np.asarray(initial_value.evaluate(simplify=False), dtype=np.float64)
        self._group.initial = {**self._group.initial, variable: values}
        self._session.simulation.synapses_changed()

    def set_rows(self, name: str, rows: Int64Array, values: FloatArray) -> None:
        """Replace some values of a column.

        Parameters
        ----------
        name : str
            ``weight``, ``delay`` or a parameter of the synapse type.
        rows : (k,) int64
            Which connections.
        values : (k,) float64
            nA, uS or mV, or ms.
        """
        if name == "weight" and self._group.model.plastic:
            simulator.state.check_mine(self._session, "setting connections")
            replacing_weight(self, values)
            self._session.simulation.plasticity.set_weights(self._group, rows, values)
            self._session.simulation.synapses_changed()
            return
        column = np.array(self.column(name))
        column[rows] = values
        group = self._group
        before = group.weight, group.delay_steps, group.columns
        try:
            self._replace(native_names(self.synapse_type).get(name, name), column)
            check_plasticity(self, group)
        except Exception:
            group.weight, group.delay_steps, group.columns = before
            raise

    def _replace(self, column: str, values: FloatArray) -> None:
        """Replace a column by a new array (n,) or a number that was broadcast; nA, uS or ms."""
        simulator.state.check_mine(self._session, "setting connections")
        group = self._group
        if column == "weight":
            group.weight = replacing_weight(self, values)
        elif column == "delay":
            group.delay_steps = checked_delay(self, values)
        elif column in group.columns:
            parameter = next(one for one in group.model.parameters if one.column == column)
            group.columns = {**group.columns, column: checked_parameter(self, parameter, values)}
        else:
            raise AttributeError(
                explain(
                    f"{column} cannot be set",
                    where=f"Projection {self.label!r}",
                    allowed=", ".join(
                        ["weight", "delay", *(one.name for one in group.model.parameters)]
                    ),
                    todo="Give it to the synapse type or the connector when the projection is made",
                )
            )
        self._session.simulation.synapses_changed()
