"""Populations and views: PyNN's classes over columns of the cell table."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyNN import common
from pyNN import errors as pynn_errors
from pyNN.parameters import ArrayParameter, LazyArray, ParameterSpace, Sequence, simplify

from ..errors import explain, unknown_name
from ..network import CellGroup
from ..registry import CellModel
from . import state as simulator
from .assemblies import Assembly
from .deviations import note_rounded_parameters
from .files import check_file
from .memory import check_population
from .recording import Recorder, write_on_end
from .sequences import (
    check_sequences,
    merged,
    note_sequences,
    padded_histograms,
    sequence_columns,
    set_sequences,
)
from .session import Session
from .spynnaker import POPULATION_KEYWORDS, refuse_keywords
from .values import check_column, check_columns, refuse_units

__all__ = ["Population", "PopulationView"]

Int64Array = NDArray[np.int64]


class _Cells:
    """What populations and views share: access to rows of the cell table.

    ``_root`` is the population and ``_rows`` the indices of the cells in it.
    """

    _root: Any
    _rows: Int64Array
    size: int
    celltype: Any

    def _group(self, what: str) -> tuple[Session, CellGroup]:
        session = simulator.state.check_mine(self._root._session, what)
        return session, self._root._cells

    def _get_view(self, selector: Any, label: str | None = None) -> PopulationView:
        return PopulationView(self, selector, label)

    def _get_parameters(self, *names: str) -> ParameterSpace:
        for name in names:
            if name not in self.celltype.translations:
                raise pynn_errors.NonExistentParameterError(
                    name, self.celltype.__class__.__name__, self.celltype.get_parameter_names()
                )
        native = self._get_native_parameters(*self.celltype.get_native_names(*names))
        return self.celltype.reverse_translate(native)

    def _get_native_parameters(self, *names: str) -> ParameterSpace:
        group = self._root._cells
        values: dict[str, Any] = {}
        for name in names:
            if name in sequence_columns(group.model):
                ragged = name == group.model.ragged
                every = group.spike_times_ms if ragged else group.histograms[name]
                column = np.empty(self.size, dtype=object)
                column[:] = [Sequence(every[row]) for row in self._rows]
            else:
                column = group.columns[name][self._rows]
            values[name] = simplify(column)
        return ParameterSpace(values, shape=(self.size,))

    def _set_parameters(self, parameter_space: ParameterSpace) -> None:
        session, group = self._group("set()")
        model = group.model
        values = _evaluated(parameter_space, model)
        sequences = check_sequences(model, values)
        columns = dict(group.columns)
        for parameter in model.parameters:
            if parameter.column in values:
                column = columns[parameter.column].copy()
                column[self._rows] = check_column(
                    model, parameter, values[parameter.column], self.size
                )
                columns[parameter.column] = column
        histograms = padded_histograms(model, merged(group, self._rows, sequences))
        check_columns(model, {**columns, **histograms}, session.network.dt_ms)
        if sequences:
            set_sequences(session, self._root.label, group, self._rows, sequences)
        if len(values) > len(sequences):
            note_rounded_parameters(session, self._root.label, model, values, columns)
            group.columns = columns
            session.simulation.columns_changed(group)

    def set(self, **parameters: Any) -> None:
        """Set parameters of all cells; see ``pyNN.common.BasePopulation.set``."""
        refuse_units(f"Population {self._root.label!r}, set()", parameters)
        super().set(**parameters)  # type: ignore[misc]

    def initialize(self, **initial_values: Any) -> None:
        """Set initial values of state variables; in mid-run, set them now.

        Parameters
        ----------
        **initial_values
            By name of variable: a number, RandomDistribution, array of the
            size of the population, or function of the cell's index.

        Raises
        ------
        ValueError
            For an unknown variable or a value that is not finite.
        """
        _, group = self._group("initialize()")
        refuse_units(f"Population {self._root.label!r}, initialize()", initial_values)
        known = [variable.name for variable in group.model.variables]
        for name, value in initial_values.items():
            if name not in known:
                raise pynn_errors.InvalidParameterValueError(
                    unknown_name(f"state variable of {group.model.name}", name, known)
                )
            # Evaluated once: a distribution is never drawn a second time.
            if isinstance(value, list | np.ndarray) and np.shape(value) != (self.size,):
                raise pynn_errors.InvalidDimensionsError(
                    explain(
                        f"the initial values of {name} have the wrong shape",
                        where=f"Population {self._root.label!r}",
                        allowed=f"one number, or {self.size}",
                        given=f"shape {np.shape(value)}",
                    )
                )
            lazy = LazyArray(value, shape=(self.size,), dtype=float)
            drawn = np.array(lazy.evaluate(simplify=False), dtype=np.float64)
            if not np.isfinite(drawn).all():
                raise pynn_errors.InvalidParameterValueError(
                    explain(
                        f"initial value of {name} is not a finite number",
                        where=f"Population {self._root.label!r}",
                        allowed=f"finite values ({group.model.variable(name).unit})",
                        given=f"{drawn[~np.isfinite(drawn)][0]}",
                    )
                )
            self._set_initial_value_array(name, LazyArray(drawn, shape=(self.size,)))

    def _set_initial_value_array(self, variable: str, initial_values: LazyArray) -> None:
        session, group = self._group("initialize()")
        values = np.array(initial_values.evaluate(simplify=False), dtype=np.float64)
        column = group.initial[variable].copy()
        column[self._rows] = values
        group.initial[variable] = column
        self._root.initial_values[variable] = _lazy(column)
        session.simulation.initial_changed(group, variable, self._rows, values)

    def record(
        self,
        variables: Any,
        to_file: Any = None,
        sampling_interval: float | None = None,
        locations: Any = None,
    ) -> None:
        """Record variables; see ``pyNN.common.BasePopulation.record``."""
        self._group("record()")
        check_file(to_file)
        super().record(variables, None, sampling_interval, locations)  # type: ignore[misc]
        write_on_end(self, variables, to_file)


class PopulationView(_Cells, common.PopulationView):
    """PyNN's ``PopulationView``, as documented in ``pyNN.common``."""

    _assembly_class = Assembly
    _simulator = simulator

    def __init__(self, parent: Any, selector: Any, label: str | None = None) -> None:
        """Make a view; see ``pyNN.common.PopulationView``."""
        mask = np.asarray(selector) if not isinstance(selector, slice) else np.zeros(0)
        if mask.dtype == bool and len(mask) != parent.size:
            raise IndexError(
                explain(
                    "the mask has the wrong size",
                    where=f"view of population {parent.label!r}",
                    allowed=f"{parent.size} booleans, or indices",
                    given=f"{len(mask)} booleans",
                )
            )
        if len(parent.all_cells[selector]) == 0:
            raise IndexError(
                explain(
                    "the selector selects no cells",
                    where=f"view of population {parent.label!r}",
                    allowed="at least one cell",
                )
            )
        common.PopulationView.__init__(self, parent, selector, label)
        self._root = self.grandparent
        self._rows = parent._rows[self.mask]

    @property
    def initial_values(self) -> dict[str, LazyArray]:
        """Initial values of the cells of the view, by variable."""
        return {
            name: _lazy(np.asarray(values.evaluate(simplify=False))[self._rows])
            for name, values in self._root.initial_values.items()
        }


class Population(_Cells, common.Population):
    """PyNN's ``Population``, as documented in ``pyNN.common``."""

    _simulator = simulator
    _recorder_class = Recorder
    _assembly_class = Assembly

    def __init__(
        self,
        size: Any,
        cellclass: Any,
        cellparams: Any = None,
        structure: Any = None,
        initial_values: Any = None,
        label: str | None = None,
        **others: Any,
    ) -> None:
        """Make a population; see ``pyNN.common.Population``."""
        refuse_keywords("Population()", others, POPULATION_KEYWORDS)
        self._session = simulator.state.require("Population()")
        self._root = self
        _check_size(size)
        if not hasattr(cellclass, "default_parameters"):
            raise TypeError(
                explain(
                    "cellclass is not a cell type",
                    where="Population()",
                    allowed="an instance of a cell type, e.g. IF_curr_exp(tau_m=10.0)",
                    given=cellclass,
                )
            )
        if isinstance(cellclass, type) and cellparams is None:
            cellparams = {}
        if hasattr(cellclass, "model"):
            check_population(cellclass.model, int(np.prod(size, dtype=float)), label)
        common.Population.__init__(
            self, size, cellclass, cellparams, structure, initial_values or {}, label
        )

    def _set_cell_initial_value(self, id: Any, variable: str, value: Any) -> None:  # noqa: A002
        """Set one cell's initial value; PyNN's own changes only what is shown."""
        id.as_view().initialize(**{variable: value})

    def _create_cells(self) -> None:
        session = self._session
        model = getattr(self.celltype, "model", None)
        if model is None:
            raise TypeError(
                explain(
                    f"{type(self.celltype).__name__} is not a cell type of this backend",
                    where="Population()",
                    allowed="cell types from the same module as Population",
                    todo="Use sim.<cell type>, not the class of another backend",
                )
            )
        network, size = session.network, self.size
        space = self.celltype.native_parameters
        try:
            space.shape = (size,)
        except ValueError as error:
            names = ", ".join(sorted(space.keys()))
            raise pynn_errors.InvalidDimensionsError(
                f"{model.name}: a parameter has the wrong size ({names}): {error}"
            ) from None
        values = _evaluated(space, model)
        columns = {
            parameter.column: check_column(model, parameter, values[parameter.column], size)
            for parameter in model.parameters
        }
        sequences = check_sequences(model, values)
        check_columns(model, {**columns, **padded_histograms(model, sequences)}, network.dt_ms)
        note_rounded_parameters(session, self.label, model, columns, columns)
        times = sequences.pop(model.ragged, []) if model.ragged else []
        first = network.n_cells
        self._cells = CellGroup(
            label=self.label,
            model=model,
            first=first,
            size=size,
            created=session.simulation.lifetime,
            columns=columns,
            initial={v.name: np.full(size, v.initial) for v in model.variables},
            spike_times_ms=times,
            histograms=sequences,
        )
        fresh = {**sequences, **({model.ragged: times} if model.ragged else {})}
        note_sequences(session, self.label, model, fresh, times)
        self._rows = np.arange(size, dtype=np.int64)
        self.all_cells = simulator.make_ids(self, first + 1, size)
        self._mask_local = np.ones(size, dtype=bool)
        network.cells.append(self._cells)


def _lazy(column: NDArray[np.float64]) -> LazyArray:
    """A column as PyNN's lazy array, as one number where all values are equal."""
    same = bool((column == column[0]).all())
    return LazyArray(float(column[0]) if same else column, shape=(len(column),))


def _evaluated(space: ParameterSpace, model: CellModel) -> dict[str, Any]:
    """Evaluate a native parameter space; an error names the parameter."""
    try:
        values = dict(space.evaluate(simplify=False).as_dict())
    except (TypeError, ValueError) as error:
        names = {parameter.column: parameter.name for parameter in model.parameters}
        for column, value in space.items():
            base = getattr(value, "base_value", 0.0)
            if base is None or isinstance(base, str):
                raise pynn_errors.InvalidParameterValueError(
                    explain(
                        "not a number",
                        where=f"{model.name}, parameter {names.get(column, column)}",
                        allowed="a number, array, function of the index or RandomDistribution",
                        given=repr(base),
                    )
                ) from None
        raise pynn_errors.InvalidParameterValueError(f"{model.name}: {error}") from error
    for column in sequence_columns(model):
        if isinstance(values.get(column), ArrayParameter) and space.shape == (1,):
            # lazyarray evaluates an array of one sequence to the sequence.
            values[column] = [values[column]]
        if np.ndim(values.get(column, [0])) == 0:
            raise pynn_errors.InvalidParameterValueError(
                explain(
                    "the function did not give a Sequence for each cell",
                    where=f"{model.name}, parameter {column}",
                    allowed="a list of Sequences for an array of indices, a Sequence for one index",
                )
            )
    return values


def _check_size(size: Any) -> None:
    """Raise ``ValueError`` for a size that is not a positive integer or a tuple of them."""
    numbers = size if isinstance(size, tuple) else (size,)
    for number in numbers:
        whole = isinstance(number, int | np.integer) and not isinstance(number, bool)
        if not whole or number < 1:
            raise ValueError(
                explain(
                    "size is not allowed",
                    where="Population()",
                    allowed="a positive integer number of cells, or a tuple of them",
                    given=size,
                )
            )
