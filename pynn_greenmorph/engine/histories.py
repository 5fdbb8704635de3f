"""Histories of target spikes: room for more, and dropping what nobody will ask for.

A target spike that a synapse has not yet taken into account is kept until the
source's next spike, however long that takes. Dropping the others changes no
result, so it does not matter when it is done. A rule that does not ask when the
target's spikes were needs only their number between two spikes of a source:
those that all synapses see between the same two are kept as one entry, so that
a history is no longer than the number of its synapses asks for.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..rules import TimingRule
from .arrivals import expand
from .mechanisms import History, Piece
from .plastic import FULL, NEAR, NO_SPIKE, Plastic, near_words
from .rows import column_and_stride
from .tables import aligned

__all__ = ["lay_out_histories", "make_room", "nearly_full"]

Int64Array = NDArray[np.int64]
FloatArray = NDArray[np.float64]

#: Steps for which all spikes are kept; at most as long as the rule remembers.
RECENT_STEPS = 1 << 14

#: Entries for which a history has room at least.
SMALLEST = 16


def lay_out_histories(
    plastic: Plastic, histories: Sequence[tuple[Piece, History]], window: int
) -> Plastic:
    """Put histories one behind the other, each with room for as many spikes again.

    Parameters
    ----------
    plastic : Plastic
    histories : sequence of (Piece, History)
        By mechanism, with the spikes of its targets.
    window : int, steps
        Steps between two barriers: a history may grow by that many entries
        before anybody looks whether it is full.

    Returns
    -------
    Plastic
        With the histories, and the flag of a full one cleared.
    """
    columns: dict[str, list[NDArray[np.int64]]] = {
        name: [] for name in ("oldest", "end", "limit", "trace_at")
    }
    at, trace_at = 0, 0
    places, near = [], [np.zeros(0)]
    for piece, past in histories:
        cells = piece.cells
        lengths = np.searchsorted(past.cell, cells, side="right")
        lengths -= np.searchsorted(past.cell, cells)
        n = past.trace.shape[1]
        sizes = lengths + np.maximum(lengths, SMALLEST) + window + 1
        oldest = at + np.cumsum(sizes) - sizes
        traces = trace_at + (oldest - at) * n
        columns["oldest"].append(oldest)
        columns["end"].append(oldest + lengths)
        columns["limit"].append(oldest + sizes)
        columns["trace_at"].append(traces)
        owner = np.repeat(np.arange(len(cells)), lengths)
        within = np.arange(len(owner)) - (np.cumsum(lengths) - lengths)[owner]
        near.append(_newest(past, owner, len(cells), piece.mechanism.group.model.rule))
        places.append((past, oldest[owner] + within, traces[owner] + within * n))
        at += int(sizes.sum())
        trace_at += int(sizes.sum()) * n
    step = np.zeros(at, dtype=np.int64)
    number = np.zeros(at, dtype=np.int32)
    trace = np.zeros(trace_at)
    for past, entry, first in places:
        step[entry], number[entry] = past.step, past.number
        trace[first[:, np.newaxis] + np.arange(past.trace.shape[1])] = past.trace
    plastic.flags[FULL] = 0
    none = np.zeros(0, dtype=np.int64)
    indices = {name: np.concatenate([none, *values]) for name, values in columns.items()}
    flat = np.concatenate(near)
    together = aligned(len(flat), flat)
    return plastic._replace(
        **indices,
        step=step,
        number=number,
        trace=trace,
        near=together,
        near_step=together.view(np.int64),
    )


def _newest(
    past: History, owner: Int64Array, n_histories: int, rule: TimingRule | None
) -> FloatArray:
    """The newest spikes of each history; see ``Plastic.near``."""
    assert rule is not None
    traces = rule.post_traces
    near = np.empty((n_histories, near_words(len(traces))))
    near_step = near.view(np.int64)
    near_step[:, :NEAR] = NO_SPIKE
    near[:, NEAR:] = np.tile([float(trace.initial) for trace in traces], NEAR)
    entry = np.repeat(np.arange(len(owner)), np.minimum(past.number, NEAR))
    mine = owner[entry]
    place = np.searchsorted(mine, mine, side="right") - 1 - np.arange(len(mine))
    mine, entry, place = mine[place < NEAR], entry[place < NEAR], place[place < NEAR]
    near_step[mine, place] = past.step[entry]
    for k in range(len(traces)):
        near[mine, NEAR + place * len(traces) + k] = past.trace[entry, k]
    return near.ravel()


def nearly_full(plastic: Plastic, window: int) -> bool:
    """Whether a history may have no room for the spikes of one window."""
    return bool((plastic.end + window >= plastic.limit).any())


def make_room(plastic: Plastic, pieces: Sequence[Piece], now: int, window: int) -> Plastic:
    """Drop target spikes that nobody will ask for, and give every history room.

    Parameters
    ----------
    plastic : Plastic
    pieces : sequence of Piece
        The part's mechanisms.
    now : int
        Last step done.
    window : int, steps

    Returns
    -------
    Plastic
    """
    histories = []
    for piece in pieces:
        if piece.mechanism.group.model.rule is not None:
            past = piece.part_history(plastic)
            histories.append((piece, _needed(past, piece, plastic, now)))
    return lay_out_histories(plastic, histories, window)


def _needed(past: History, piece: Piece, plastic: Plastic, now: int) -> History:
    """The spikes of the targets that a synapse may still ask for.

    Recent ones are all kept, so only synapses with older questions are looked at:
    those of sources that have been silent for a while.
    """
    group = piece.mechanism.group
    delays, stride = column_and_stride(group.delay_steps)
    longest = int(delays.max())
    horizon = float(plastic.horizon[_first_table(plastic, piece)])
    dt_ms = float(plastic.dt_ms[0])
    reach = now if not np.isfinite(horizon) else min(int(horizon / dt_ms) + 2, now)
    # A spike that is in flight was emitted at most the delay ago, and looks back by
    # at most the delay again; it also asks for the last target spike before that.
    since = now - 2 * longest - min(reach, RECENT_STEPS)
    recent = past.step > since
    is_last = np.append(past.cell[1:] != past.cell[:-1], True)
    asked = recent | is_last | np.append(recent[1:] & (past.cell[1:] == past.cell[:-1]), False)
    previous = plastic.previous[piece.ranks]
    silent = np.flatnonzero((previous >= 0) & (previous - longest <= since))
    if not len(silent):
        return past.take(asked) if _asks_when(piece) else _counted(past, asked, recent, is_last)
    ends = np.cumsum(piece.lengths) + piece.synapses.start
    synapses, row = expand(ends[silent] - piece.lengths[silent], ends[silent])
    seen = previous[silent][row]
    delay = delays[plastic.connection[synapses] * stride].astype(np.int64)
    target = plastic.target[synapses].astype(np.int64) - piece.histories.start
    entries = _Entries(past, piece.cells, target)
    # From the source's last spike as the target sees it, one delay either way to be safe.
    low, high = np.maximum(seen - delay, 0), seen + delay
    asked |= entries.covered(entries.from_(low), entries.behind(high + reach))
    if _asks_when(piece):
        return past.take(asked)
    # An entry ends a group where a source's last spike may lie between it and the next.
    ends = entries.covered(np.maximum(entries.from_(low) - 1, 0), entries.behind(high))
    return _counted(past, asked, recent, is_last | ends)


class _Entries:
    """Finds entries of the histories of the ``targets`` (k,) of synapses by step."""

    def __init__(self, past: History, cells: Int64Array, targets: Int64Array) -> None:
        self.base = int(past.step.max(initial=0)) + 1
        self.keys = np.searchsorted(cells, past.cell) * self.base + past.step
        self.targets = targets * self.base

    def from_(self, steps: Int64Array) -> Int64Array:
        """The first entry at or after a step (k,), or the end of the history."""
        return np.searchsorted(self.keys, self.targets + np.minimum(steps, self.base))

    def behind(self, steps: Int64Array) -> Int64Array:
        """The first entry after a step (k,), or the end of the history."""
        last = self.targets + np.minimum(steps, self.base - 1)
        return np.searchsorted(self.keys, last, side="right")

    def covered(self, begins: Int64Array, ends: Int64Array) -> NDArray[np.bool_]:
        """Which entries lie within one of the ranges (k,)."""
        n = len(self.keys) + 1
        change = np.bincount(begins, minlength=n)
        change -= np.bincount(np.maximum(ends, begins), minlength=n)
        return np.cumsum(change)[:-1] > 0


def _asks_when(piece: Piece) -> bool:
    """Whether it matters to a rule when a target's spikes were, not only how many.

    With a horizon it does: entries beyond it do not count.
    """
    rule = piece.mechanism.group.model.rule
    assert rule is not None
    named = inspect.signature(rule.change_at_post).parameters
    return rule.horizon is not None or "since_pre_ms" in named


def _counted(
    past: History, kept: NDArray[np.bool_], recent: NDArray[np.bool_], ends: NDArray[np.bool_]
) -> History:
    """Kept spikes, those up to the end of a group as one entry at its last; recent ones apart."""
    ends = ends | recent | np.append(recent[1:], True)
    group: Int64Array = np.cumsum(ends) - ends
    number = np.bincount(group[kept], past.number[kept], minlength=int(ends.sum()))
    last = kept & np.append(group[kept][1:] != group[kept][:-1], True)[np.cumsum(kept) - 1]
    return History(
        past.cell[last], past.step[last], number[group[last]].astype(np.int64), past.trace[last]
    )


def _first_table(plastic: Plastic, piece: Piece) -> int:
    """A table of a mechanism: all have one horizon."""
    return int(np.searchsorted(plastic.draw, piece.mechanism.number << 16))
