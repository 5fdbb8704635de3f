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
    check_cells,
    check_shapes,
    checked_delay,
    checked_weight,
    global_ids,
    populations_of,
)
from .models import StaticSynapse
from .session import Session

__all__ = ["Projection"]

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
        if not hasattr(self.synapse_type, "model_name"):
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
        self._columns: list[tuple[Int64Array, int, dict[str, Any]]] = []
        self._bulk: tuple[Int64Array, Int64Array, dict[str, Any]] | None = None
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
        sources = np.asarray(presynaptic_indices, dtype=np.int64)
        self._columns.append((sources, int(postsynaptic_index), connection_parameters))

    def connect_bulk(self, pre: Int64Array, post: Int64Array, parameters: dict[str, Any]) -> None:
        """Add all connections at once.

        Parameters
        ----------
        pre, post : (n,) int64
            Indices of source and target cells, in order of insertion.
        parameters : dict of str to float or (n,) float64
            Values of the synapse type's attributes.
        """
        self._bulk = (pre, post, parameters)

    def _gather_columns(self) -> tuple[Int64Array, Int64Array, dict[str, Any]]:
        if self._bulk is not None:
            return self._bulk
        none = np.zeros(0, dtype=np.int64)
        pre = np.concatenate([none, *[sources for sources, _, _ in self._columns]])
        counts = np.array([len(sources) for sources, _, _ in self._columns], dtype=np.int64)
        targets = np.array([target for _, target, _ in self._columns], dtype=np.int64)
        parameters = {}
        for name in self.synapse_type.get_parameter_names():
            values = [
                np.broadcast_to(np.asarray(columns[name], dtype=np.float64), (len(sources),))
                for sources, _, columns in self._columns
            ]
            parameters[name] = np.concatenate([np.zeros(0), *values])
        return pre, np.repeat(targets, counts), parameters

    def _store(self) -> None:
        """Check the new connections and put them into the synapse table."""
        self._pre, self._post, parameters = self._gather_columns()
        self._columns, self._bulk = [], None
        n = len(self._pre)
        weight = checked_weight(self, np.broadcast_to(parameters["weight"], (n,)))
        delay = checked_delay(self, np.broadcast_to(parameters["delay"], (n,)))
        self._group = SynapseGroup(
            label=self._ledger_label,
            model=self.synapse_type.model_name,
            receptor=self.receptor_type,
            created=self._session.simulation.lifetime,
            pre=global_ids(self.pre)[self._pre],
            post=global_ids(self.post)[self._post],
            weight=weight,
            delay_steps=delay,
        )
        self._session.network.synapses.append(self._group)
        self._session.simulation.synapses_changed()

    # -- reading -----------------------------------------------------------------

    def __len__(self) -> int:
        """Number of connections."""
        return len(self._pre)

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

    def column(self, name: str) -> NDArray[Any]:
        """Return a column of the projection.

        Parameters
        ----------
        name : str
            ``presynaptic_index``, ``postsynaptic_index``, ``weight`` or ``delay``.

        Returns
        -------
        (n,) int64 or float64
            In order of insertion; weight in nA or uS, delay in ms on the grid.
        """
        if name == "presynaptic_index":
            return self._pre
        if name == "postsynaptic_index":
            return self._post
        if name == "delay":
            delays: NDArray[Any] = self._session.to_ms(self._group.delay_steps.astype(np.int64))
            return np.atleast_1d(delays)
        if name == "weight":
            return self._group.weight
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
        pre, post = self._pre, self._post
        result = []
        for name in names:
            values = self.column(name)
            matrix = np.full(self.shape, np.nan)
            if multiple_synapses == "last":
                matrix[pre, post] = values
            elif multiple_synapses == "first":
                # Copies: NumPy walks reversed views in the order of memory.
                matrix[pre[::-1].copy(), post[::-1].copy()] = values[::-1].copy()
            elif multiple_synapses == "sum":
                matrix[pre, post] = 0.0
                np.add.at(matrix, (pre, post), values)
            else:
                start = np.inf if multiple_synapses == "min" else -np.inf
                matrix[pre, post] = start
                pick = np.minimum if multiple_synapses == "min" else np.maximum
                pick.at(matrix, (pre, post), values)
            result.append(matrix)
        return result

    # -- changing ----------------------------------------------------------------

    def set(self, **attributes: Any) -> None:
        """Set attributes of all connections; see ``pyNN.common.Projection.set``.

        A change acts on spikes emitted from now on: what is in flight arrives
        with the weight and delay it was sent with.

        Raises
        ------
        pyNN.errors.NonExistentParameterError
            For an unknown attribute.
        pyNN.errors.ConnectionError
            For values that are not finite or out of limits.
        """
        simulator.state.check_mine(self._session, "Projection.set()")
        before = self._group.weight, self._group.delay_steps
        try:
            for name, value in attributes.items():
                self._set_attribute(name, value)
        except Exception:
            # All or none: what a bad value came after is taken back.
            self._group.weight, self._group.delay_steps = before
            raise

    def _set_attribute(self, name: str, value: Any) -> None:
        self._check_attribute(name)
        if isinstance(value, int | float | np.floating | np.integer):
            self.set_rows(name, None, np.full(len(self), float(value)))
        else:
            self._check_values(name, value)
            super().set(**{name: value})

    def _check_values(self, name: str, value: Any) -> None:
        """Raise ``InvalidDimensionsError`` for None, and a list that does not fit the pairs."""
        listed = isinstance(value, list) or (isinstance(value, np.ndarray) and value.ndim == 1)
        if not listed and value is not None:
            return
        pairs = len(np.unique(self._pre * self.shape[1] + self._post))
        if value is None or len(value) != pairs:
            raise pynn_errors.InvalidDimensionsError(
                explain(
                    f"the values of {name} do not fit the connections",
                    where=f"Projection {self.label!r}, set()",
                    allowed=f"a number, a list of {pairs} values (one for each connected pair of "
                    f"cells, source by source), an array of shape {self.shape}, a function of "
                    "distance or a RandomDistribution",
                    given="None" if value is None else f"{len(value)} values",
                )
            )

    def _set_attributes(self, parameter_space: ParameterSpace) -> None:
        parameter_space.evaluate(simplify=False)
        for name, values in parameter_space.items():
            self.set_rows(name, None, values[self._pre, self._post])

    def _set_initial_value_array(self, variable: str, initial_value: Any) -> None:
        raise pynn_errors.InvalidParameterValueError(
            explain(
                f"{type(self.synapse_type).__name__} has no state variable {variable!r}",
                where=f"Projection {self.label!r}",
                allowed="static synapses have no state",
            )
        )

    def set_rows(self, name: str, rows: Int64Array | None, values: FloatArray) -> None:
        """Replace values of a column.

        Parameters
        ----------
        name : {"weight", "delay"}
        rows : (k,) int64 or None
            Which connections; None for all.
        values : (k,) float64
            nA or uS, or ms.
        """
        simulator.state.check_mine(self._session, "setting connections")
        column = self.column(name).copy()
        column[slice(None) if rows is None else rows] = values
        if name == "weight":
            self._group.weight = checked_weight(self, column)
        elif name == "delay":
            self._group.delay_steps = checked_delay(self, column)
        else:
            raise AttributeError(f"{name!r} of a connection cannot be set")
        self._session.simulation.synapses_changed()
