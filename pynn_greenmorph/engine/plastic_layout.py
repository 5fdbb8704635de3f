"""Lay out the state of mechanisms for the parts of the run loop; see :mod:`.plastic`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import GreenmorphError, explain
from ..network import Network, SynapseGroup
from ..rules import TimingRule
from .generate_synapse import hidden_parameters, load_row, load_trace, needs_own, remembered
from .histories import lay_out_histories
from .mechanisms import History, Mechanism, Piece
from .plastic import NO_TIE, Plastic, near_words, no_plastic
from .remembered import MEMO_STEPS, memo_of
from .rows import column_and_stride
from .sorting import stable_order
from .tables import CellLayout

__all__ = ["check_count", "lay_out_mechanisms", "shifts"]

Int64Array = NDArray[np.int64]
FloatArray = NDArray[np.float64]

#: Differences of times below this, in steps, are rounding errors of products of
#: delays and fractions.
_NOISE = 1e-6


def check_count(n: int) -> None:
    """Raise ``GreenmorphError`` for more plastic and dynamic synapses (n) than a part numbers."""
    if n >= 1 << 32:
        raise GreenmorphError(
            explain(
                f"{n:,} plastic and dynamic synapses are too many for one thread",
                where="run()",
                allowed="fewer than 4,294,967,296",
                todo="Use more threads, see setup(threads=...)",
            )
        )


@dataclass(frozen=True)
class _Cells:
    """What the layout needs to know of all cells.

    ``population`` and ``part`` by global id; ``first`` the first id of each population.
    """

    population: NDArray[np.int32]
    part: Int64Array
    first: Int64Array
    layouts: Sequence[CellLayout]
    precision: str


def shifts(
    delay: Int64Array, fraction: FloatArray, rule: TimingRule | None
) -> dict[str, NDArray[Any]]:
    """Which target spikes come before a source's spike at the synapse, for each table.

    Parameters
    ----------
    delay : (t,) int64, steps
    fraction : (t,) float64
        Of the delay, that is dendritic.
    rule : TimingRule or None

    Returns
    -------
    dict
        ``shift`` (t,) float64, ``upper`` and ``tie`` (t,) int64; see :class:`Plastic`.
    """
    shift = (1.0 - 2.0 * fraction) * delay
    whole = np.round(shift)
    together = np.abs(shift - whole) < _NOISE
    shift = np.where(together, whole, shift)
    upper = np.where(together, whole, np.floor(shift)).astype(np.int64)
    # Where delays are wholly axonal, a target's spike is not known when the source's
    # spike of the same time arrives; the rule is told of it with the next one.
    known = (fraction > 0.0) & (rule is not None and rule.simultaneous == "post first")
    tie = np.where(together & known, upper, NO_TIE)
    upper -= together & ~known
    return {"shift": shift, "upper": upper, "tie": tie}


def _columns(mechanism: Mechanism, cells: _Cells) -> list[FloatArray]:
    """Parameters (n,) in the order of the kernel, those that users do not set behind the others."""
    group = mechanism.group
    columns = [group.columns[parameter.column] for parameter in group.model.parameters]
    scale, tau = np.ones(len(cells.part)), np.zeros(len(cells.part))
    for lay in cells.layouts:
        mine = slice(lay.group.first, lay.group.first + lay.group.size)
        for receptor in lay.group.model.receptors:
            if receptor.name == group.receptor:
                scale[mine] = receptor.scale
                if receptor.tau is not None:
                    tau[mine] = lay.group.columns[receptor.tau]
    hidden = {"scale": scale, "tau_psc_ms": tau}
    return columns + [hidden[name][group.post] for name in hidden_parameters(group.model)]


def _slots(mechanism: Mechanism, cells: _Cells) -> NDArray[np.int32]:
    """Input slot of every cell, (n_cells,)."""
    slots = np.zeros(len(cells.part), dtype=np.int32)
    for lay in cells.layouts:
        for row, receptor in enumerate(lay.group.model.receptors):
            if receptor.name == mechanism.group.receptor:
                mine = slice(lay.group.first, lay.group.first + lay.group.size)
                slots[mine] = lay.input_slots(row, np.arange(lay.group.size))
    return slots


class _Builder:
    """Collects the arrays of one part, mechanism by mechanism."""

    def __init__(self, part: int, cells: _Cells, dt_ms: float) -> None:
        self.part, self.cells, self.dt_ms = part, cells, dt_ms
        self.columns: dict[str, list[NDArray[Any]]] = {name: [] for name in Plastic._fields}
        names = ("row", "rank", "synapse", "param", "state", "memo", "history", "near")
        self.sizes = dict.fromkeys(names, 0)
        self.pieces: list[Piece] = []

    def put(self, **arrays: NDArray[Any]) -> None:
        """Append to columns."""
        for name, values in arrays.items():
            self.columns[name].append(values)

    def add(self, mechanism: Mechanism, order: NDArray[np.uint32], prepared: _Prepared) -> None:
        """Append the connections ``order`` of a mechanism, sorted as ``_Prepared`` does."""
        group, cells, sizes = mechanism.group, self.cells, self.sizes
        check_count(sizes["synapse"] + len(order))
        source = group.pre[order]
        differs = source[1:] != source[:-1]
        for column in (group.delay_steps, prepared.fraction):
            values, stride = column_and_stride(column)
            if stride:
                sorted_values = values[order]
                differs |= sorted_values[1:] != sorted_values[:-1]
        begins = np.concatenate([[0], np.flatnonzero(differs) + 1])
        # From here on by rows that have synapses.
        row_source = source[begins].astype(np.int64)
        row_delay = group.delay_steps[order[begins]].astype(np.int64)
        row_fraction = prepared.fraction[order[begins]]
        population = cells.population[row_source].astype(np.int64)
        keys = (row_delay, row_fraction, population)
        change = np.logical_or.reduce([key[1:] != key[:-1] for key in keys])
        at = np.concatenate([[0], np.flatnonzero(change) + 1])
        tables, first = row_delay[at], cells.first[population[at]]
        last = cells.first[population[at] + 1] - 1
        row_at = np.concatenate([[0], np.cumsum(last - first + 2)])
        table = np.repeat(np.arange(len(at)), np.diff([*at, len(begins)]))
        row = row_at[table] + row_source - first[table]
        lengths = np.diff([*begins, len(order)])
        start = np.zeros(row_at[-1], dtype=np.int64)
        rank = np.zeros(row_at[-1], dtype=np.int64)
        start[row], rank[row] = lengths, 1
        start, rank = np.cumsum(start) - start, np.cumsum(rank) - rank
        shift = shifts(tables, row_fraction[at], group.model.rule)
        self._tables(mechanism, prepared, tables, shift, first, last, row_at[:-1])
        self.put(
            start=(start + sizes["synapse"]).astype(np.uint32),
            rank=(rank + sizes["rank"]).astype(np.uint32),
            connection=order,
            weight=mechanism.weight[order],
        )
        histories, targets = self._channels(mechanism, order, prepared)
        kept = order if prepared.own else order[begins]
        self.put(previous=mechanism.previous[order[begins]], state=mechanism.state[kept].ravel())
        self.put(param=prepared.numbers(order), memo=prepared.memo.ravel())
        self.pieces.append(
            Piece(
                mechanism,
                synapses=slice(sizes["synapse"], sizes["synapse"] + len(order)),
                ranks=slice(sizes["rank"], sizes["rank"] + len(begins)),
                lengths=lengths,
                states=slice(sizes["state"], sizes["state"] + len(kept) * mechanism.n_states),
                own=prepared.own,
                histories=histories,
                cells=targets,
            )
        )
        sizes["row"] += len(start)
        sizes["rank"] += len(begins)
        sizes["synapse"] += len(order)
        sizes["state"] += len(kept) * mechanism.n_states
        sizes["param"] += len(self.columns["param"][-1])
        sizes["memo"] += prepared.memo.size
        sizes["near"] += len(targets) * near_words(mechanism.n_traces)

    def _tables(
        self, mechanism: Mechanism, prepared: _Prepared, delay: Int64Array,
        shift: dict[str, NDArray[Any]], first: Int64Array, last: Int64Array, row_at: Int64Array,
    ) -> None:  # fmt: skip
        sizes, n = self.sizes, len(delay)
        n_param, n_states = len(prepared.columns), mechanism.n_states

        def same(value: float) -> NDArray[Any]:
            return np.full(n, value)

        # Synapses with own parameters and states are counted from the part's first one.
        param_at, stride = sizes["param"], 1
        state_at = sizes["state"] - n_states * sizes["rank"]
        if prepared.own:
            param_at, stride = param_at + n_param - sizes["synapse"], prepared.stride(self.part)
            state_at = sizes["state"] - n_states * sizes["synapse"]
        whole = shift["shift"] == np.round(shift["shift"])
        self.put(
            near_at=same(self._near_at(mechanism)),
            memo_at=same(sizes["memo"]),
            memo_steps=np.where(whole, prepared.memo.shape[1] - 1, 0),
            address=same(prepared.address),
            delay=delay,
            epoch=same(mechanism.epoch),
            silent=same(mechanism.silent),
            first_cell=first,
            last_cell=last,
            row_at=row_at + sizes["row"],
            param_at=same(param_at),
            param_stride=same(stride),
            state_at=same(state_at),
            horizon=same(prepared.horizon_ms),
            draw=same(mechanism.number << 16),
            **shift,
        )

    def _near_at(self, mechanism: Mechanism) -> int:
        """Where the newest spikes of history 0 would lie if it were one of a mechanism."""
        return self.sizes["near"] - self.sizes["history"] * near_words(mechanism.n_traces)

    def _channels(
        self, mechanism: Mechanism, order: NDArray[np.uint32], prepared: _Prepared
    ) -> tuple[slice, Int64Array]:
        """Append histories for the targets of a mechanism; returns which, and their cells."""
        sizes, slots = self.sizes, prepared.slots
        begin, near_at = sizes["history"], self._near_at(mechanism)
        target = mechanism.group.post[order]
        if mechanism.group.model.rule is None:
            self.put(target=slots[target])
            return slice(begin, begin), np.zeros(0, dtype=np.int64)
        targets = []
        seen = np.zeros(len(self.cells.population), dtype=bool)
        seen[target] = True
        history = np.zeros(len(seen), dtype=np.int32)
        for first, last in pairwise(self.cells.first):
            mine = np.flatnonzero(seen[first:last])
            if not len(mine):
                continue
            cells = np.arange(first + mine[0], first + mine[-1] + 1)
            history[cells] = np.arange(sizes["history"], sizes["history"] + len(cells))
            self.put(
                channel_address=np.array([prepared.trace_address]),
                channel_first=cells[:1],
                channel_last=cells[-1:],
                channel_history=np.array([sizes["history"]]),
                channel_param=np.array([sizes["param"]]),
                channel_near=np.array([near_at]),
                slot=slots[cells],
            )
            sizes["history"] += len(cells)
            targets.append(cells)
        self.put(target=history[target])
        return slice(begin, sizes["history"]), np.concatenate(targets)

    def finish(self, window: int) -> Plastic:
        """Return the part's arrays."""
        result = Plastic(*(self._joined(name) for name in Plastic._fields))
        # One more: a synapse that need not wait is written behind those that do.
        longest = max((int(piece.lengths.max()) for piece in self.pieces), default=0)
        result = result._replace(
            dt_ms=np.array([self.dt_ms]),
            flags=np.zeros(2, dtype=np.int64),
            aside=np.zeros(longest + 1, dtype=np.uint32),
            up=np.zeros(MEMO_STEPS + 2),
            down=np.zeros(MEMO_STEPS + 2),
        )
        histories = [(piece, self._past(piece)) for piece in self.pieces if len(piece.cells)]
        return lay_out_histories(result, histories, window)

    def _joined(self, name: str) -> NDArray[Any]:
        """One array of the part; its pieces are given up, and one of its own is not copied."""
        pieces = self.columns.pop(name)
        dtype = getattr(no_plastic(), name).dtype
        if len(pieces) == 1 and pieces[0].dtype == dtype and pieces[0].flags.owndata:
            return np.ascontiguousarray(pieces[0])
        return np.concatenate([np.zeros(0, dtype), *pieces], dtype=dtype, casting="unsafe")

    @staticmethod
    def _past(piece: Piece) -> History:
        past = piece.mechanism.history
        return past.take(np.isin(past.cell, piece.cells))


class _Prepared:
    """What all parts share of one mechanism."""

    def __init__(self, mechanism: Mechanism, cells: _Cells, dt_ms: float) -> None:
        model = mechanism.group.model
        fraction = np.asarray(mechanism.group.dendritic_fraction)
        self.fraction: FloatArray = np.broadcast_to(fraction, mechanism.group.size)
        self.columns = _columns(mechanism, cells)
        self.slots = _slots(mechanism, cells)
        uniform = all(bool((column == column[0]).all()) for column in self.columns)
        same_states = bool((mechanism.state == mechanism.state[:1]).all())
        self.own = needs_own(model) or not uniform or not (same_states or self._by_row(mechanism))
        self.address = load_row(model, self.own, cells.precision)
        self.trace_address = load_trace(model)
        self.horizon_ms = _horizon(mechanism)
        self.memo = np.zeros((0, 1))
        if not self.own:
            values = {
                one.column: float(column[0])
                for one, column in zip(model.parameters, self.columns, strict=False)
            }
            self.memo = memo_of(remembered(model), values, dt_ms, self.horizon_ms)
        self.orders = self._orders(mechanism.group, cells.part)

    def _orders(self, group: SynapseGroup, part_of_cell: Int64Array) -> list[NDArray[np.uint32]]:
        """The connections of each part by delay, dendritic fraction, source cell and insertion."""
        part = part_of_cell.astype(np.int32)[group.post]
        delay, stride = column_and_stride(group.delay_steps)
        keys = [group.pre]
        if self.fraction.strides[0]:
            keys.append(np.unique(self.fraction, return_inverse=True)[1].astype(np.int32))
        keys += [*([delay] if stride else []), *([part] if part.any() else [])]
        order = stable_order(keys, group.size)
        edges = np.cumsum([0, *np.bincount(part)])
        return [order[low:high] for low, high in pairwise(edges)]

    def _by_row(self, mechanism: Mechanism) -> bool:
        """Whether all connections of one row remember the same."""
        group = mechanism.group
        order = np.lexsort((group.pre, self.fraction, group.delay_steps))
        keys = [column[order] for column in (group.pre, self.fraction, group.delay_steps)]
        together = np.logical_and.reduce([key[1:] == key[:-1] for key in keys])
        state = mechanism.state[order]
        return bool((state[1:] == state[:-1])[together].all())

    def stride(self, part: int) -> int:
        """Numbers from one parameter of a synapse to the next."""
        return len(self.orders[part])

    def numbers(self, order: NDArray[np.uint32]) -> FloatArray:
        """The parameters of the first connection, and, if needed, those of all in order."""
        n = len(self.columns)
        result = np.empty(n + n * len(order) * self.own)
        result[:n] = [column[0] for column in self.columns]
        if self.own:
            for column, values in zip(self.columns, result[n:].reshape(n, -1), strict=True):
                values[:] = column[order]
        return result


def _horizon(mechanism: Mechanism) -> float:
    """The rule's horizon, ms, at the parameters that make it longest."""
    rule, columns = mechanism.group.model.rule, mechanism.group.columns
    if rule is None or rule.horizon is None:
        return float("inf")
    names = rule.horizon.__code__.co_varnames[: rule.horizon.__code__.co_argcount]
    return float(rule.horizon(*[float(columns[name].max()) for name in names]))


def lay_out_mechanisms(
    mechanisms: Iterable[Mechanism], sizes: Sequence[int], part_of_cell: Int64Array,
    layouts: Sequence[CellLayout], n_parts: int, network: Network, window: int,
) -> tuple[list[Plastic], list[list[Piece]]]:  # fmt: skip
    """Give every part the synapses onto its cells.

    Parameters
    ----------
    mechanisms : iterable of Mechanism
        In order of creation.
    sizes : sequence of int
        Cells of each population.
    part_of_cell : (n_cells,) int64
    layouts : sequence of CellLayout
    n_parts : int
    network : Network
        For its time step and precision.
    window : int, steps
        Steps between two barriers.

    Returns
    -------
    plastic : list of Plastic
        By part.
    pieces : list of list of Piece
        By part, where each mechanism is found in it.
    """
    population = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
    first = np.cumsum([0, *sizes], dtype=np.int64)
    cells = _Cells(population, part_of_cell, first, layouts, network.precision)
    builders = [_Builder(part, cells, network.dt_ms) for part in range(n_parts)]
    for mechanism in mechanisms:
        prepared = _Prepared(mechanism, cells, network.dt_ms)
        for builder, order in zip(builders, prepared.orders, strict=False):
            if len(order):
                builder.add(mechanism, order, prepared)
    plastics = [builder.finish(window) for builder in builders]
    return plastics, [builder.pieces for builder in builders]
