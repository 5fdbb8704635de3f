"""The state of projections whose synapses are more than a weight, in order of insertion.

While the network runs this state lies with the parts, see ``plastic``. It is
brought back here when weights are read, and before the network is shared out
anew, so that the layout may change while the state does not.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..network import SynapseGroup
from .plastic import Plastic

__all__ = ["History", "Mechanism", "Piece"]

Int64Array = NDArray[np.int64]
FloatArray = NDArray[np.float64]


def _no_int() -> Int64Array:
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class History:
    """Spikes of the targets of one projection, ascending by cell, then step.

    Attributes
    ----------
    cell, step, number : (k,) int64
        Global id, step, number of spikes in that step.
    trace : (k, n_traces) float64
        Traces of the target right after them.
    """

    cell: Int64Array
    step: Int64Array
    number: Int64Array
    trace: FloatArray

    @classmethod
    def empty(cls, n_traces: int) -> History:
        """Return a history without spikes."""
        return cls(_no_int(), _no_int(), _no_int(), np.zeros((0, n_traces)))

    def take(self, chosen: NDArray[np.bool_]) -> History:
        """Return the chosen spikes (k,)."""
        return History(
            self.cell[chosen], self.step[chosen], self.number[chosen], self.trace[chosen]
        )

    @classmethod
    def joined(cls, parts: list[History], n_traces: int) -> History:
        """Return the histories of parts as one."""
        every = [cls.empty(n_traces), *parts]
        cell, step, number, trace = (
            np.concatenate([getattr(one, name) for one in every])
            for name in ("cell", "step", "number", "trace")
        )
        order = np.lexsort((step, cell))
        return cls(cell[order], step[order], number[order], trace[order])


@dataclass(eq=False)
class Mechanism:
    """A projection whose synapses are more than a weight.

    Attributes
    ----------
    group : SynapseGroup
    number : int
        Position of the projection in order of creation.
    born : int
        Step of the present trial at which it was made; 0 in later trials.
    epoch : int
        Last step whose spikes it does not deliver.
    silent : int
        Last step whose spikes it only learns from, see :class:`.Plastic`.
    weight : (n,) float64, nA, uS or mV
        Weights as they are now. Like ``previous`` and ``state`` a view, not to be
        written to, before anything is brought back from the parts: one number may
        stand for all.
    previous : (n,) int64
        Step of the source's last spike that arrived; ``-1 - born`` before the first.
    state : (n, n_states) float64
    history : History
    applied : dict of str to array
        The arrays of the group that are in use; they are replaced, never changed in place.
    partly_set : (array, array, array) or None
        Initial weights of which the user replaced some, which rows these are, and their
        new weights; the others go on as learned.
    """

    group: SynapseGroup
    number: int
    born: int
    epoch: int
    silent: int = -1
    weight: FloatArray = field(default_factory=lambda: np.zeros(0))
    previous: Int64Array = field(default_factory=_no_int)
    state: FloatArray = field(default_factory=lambda: np.zeros((0, 0)))
    history: History = field(default_factory=lambda: History.empty(0))
    applied: dict[str, object] = field(default_factory=dict)
    partly_set: tuple[FloatArray, Int64Array, FloatArray] | None = None

    def __post_init__(self) -> None:
        """Begin with the weights that the user gave."""
        self.restart()

    @property
    def n_states(self) -> int:
        """Numbers that a synapse remembers of its source's spikes."""
        return len(self.group.model.states)

    @property
    def n_traces(self) -> int:
        """Numbers that are remembered of a target's spikes."""
        rule = self.group.model.rule
        return len(rule.post_traces) if rule else 0

    def _given(self) -> dict[str, object]:
        group = self.group
        given: dict[str, object] = {"weight": group.weight, "delay": group.delay_steps}
        given |= {f"column {name}": values for name, values in group.columns.items()}
        return given | {f"initial {name}": values for name, values in group.initial.items()}

    @property
    def replaced(self) -> set[str]:
        """What the user replaced: ``weight``, ``delay``, columns, initial values."""
        given = self._given()
        return {name for name, values in given.items() if self.applied.get(name) is not values}

    def next_weight(self) -> FloatArray:
        """Weights (n,) to go on with where the user replaced all or some of them."""
        if self.partly_set is None or self.partly_set[0] is not self.group.weight:
            return self.group.weight
        _, rows, values = self.partly_set
        weight = np.array(self.weight)
        weight[rows] = values
        return weight

    def set_some(self, rows: Int64Array, values: FloatArray) -> None:
        """Set some weights (k,), now and for later trials."""
        given, partly = self.group.weight, self.partly_set
        if partly is not None and partly[0] is given:
            rows = np.concatenate([partly[1], rows])
            values = np.concatenate([partly[2], values])
        elif "weight" in self.replaced:
            rows = np.concatenate([np.arange(len(given)), rows])
            values = np.concatenate([given, values])
        self.group.weight = np.array(given)
        # Of a row that is set twice the last value counts.
        self.group.weight[rows] = values
        self.partly_set = self.group.weight, rows, values

    def apply(self) -> None:
        """Take what the user replaced; what was learned remains where weights were not replaced."""
        replaced = self.replaced
        if "weight" in replaced:
            self.weight = _read_only(self.next_weight())
            self.partly_set = None
        for column, state in enumerate(self.group.model.states):
            if f"initial {state.name}" in replaced:
                self.state = _writable(self.state)
                self.state[:, column] = self.group.initial[state.name]
        self.applied = self._given()

    def restart(self) -> None:
        """Begin at initial weights, having seen no spike."""
        self.weight = _read_only(self.group.weight)
        self.previous = np.broadcast_to(np.int64(-1 - self.born), self.group.size)
        self.set_initial_states()
        self.history = History.empty(self.n_traces)
        self.applied = self._given()

    def set_initial_states(self) -> None:
        """Set the states to their initial values."""
        group, columns = self.group, []
        for state in group.model.states:
            initial: float | FloatArray = (
                group.columns[state.initial] if isinstance(state.initial, str) else state.initial
            )
            columns.append(np.asarray(group.initial.get(state.name, initial)))
        shape = group.size, self.n_states
        if all(column.ndim == 0 or column.strides[0] == 0 for column in columns):
            self.state = np.broadcast_to(np.array([c.flat[0] for c in columns]), shape)
        else:
            self.state = np.stack(np.broadcast_arrays(*columns), axis=1)


def _writable(values: NDArray[Any]) -> NDArray[Any]:
    return values if values.flags.writeable else np.array(values)


def _read_only(values: FloatArray) -> FloatArray:
    view = values.view()
    view.flags.writeable = False
    return view


@dataclass(frozen=True)
class Piece:
    """Where a part has the synapses of one mechanism.

    Attributes
    ----------
    mechanism : Mechanism
    synapses : slice
        Its synapses in the part's arrays.
    ranks : slice
        Its rows with synapses.
    lengths : (r,) int64
        Synapses of each of these rows.
    states : slice
        Its numbers in the flat array of states.
    own : bool
        Whether every synapse has its own states.
    histories : slice
        Histories of its targets.
    cells : (h,) int64
        Global ids of these targets.
    """

    mechanism: Mechanism
    synapses: slice
    ranks: slice
    lengths: Int64Array
    states: slice
    own: bool
    histories: slice
    cells: Int64Array

    def changing(self, plastic: Plastic) -> list[FloatArray | Int64Array]:
        """Views of what spikes of the sources change in a part's arrays."""
        return [
            plastic.weight[self.synapses],
            plastic.previous[self.ranks],
            plastic.state[self.states],
        ]

    def bring_back_weights(self, plastic: Plastic) -> None:
        """Copy the weights of a part to the mechanism."""
        mechanism = self.mechanism
        mechanism.weight = _writable(mechanism.weight)
        mechanism.weight[plastic.connection[self.synapses]] = plastic.weight[self.synapses]

    def bring_back(self, plastic: Plastic) -> History:
        """Copy weights and states of a part to the mechanism; returns the part's histories."""
        self.bring_back_weights(plastic)
        mechanism, rows = self.mechanism, plastic.connection[self.synapses]
        mechanism.previous, mechanism.state = map(_writable, (mechanism.previous, mechanism.state))
        mechanism.previous[rows] = np.repeat(plastic.previous[self.ranks], self.lengths)
        n_kept = len(rows) if self.own else len(self.lengths)
        state = plastic.state[self.states].reshape(n_kept, mechanism.n_states)
        mechanism.state[rows] = state if self.own else np.repeat(state, self.lengths, axis=0)
        return self.part_history(plastic)

    def part_history(self, plastic: Plastic) -> History:
        """The histories of the targets of one part."""
        oldest, end = plastic.oldest[self.histories], plastic.end[self.histories]
        lengths, n = end - oldest, self.mechanism.n_traces
        owner = np.repeat(np.arange(len(lengths)), lengths)
        within = np.arange(len(owner)) - (np.cumsum(lengths) - lengths)[owner]
        entry = oldest[owner] + within
        at = plastic.trace_at[self.histories][owner] + within * n
        return History(
            self.cells[owner],
            plastic.step[entry],
            plastic.number[entry].astype(np.int64),
            plastic.trace[at[:, np.newaxis] + np.arange(n)],
        )
