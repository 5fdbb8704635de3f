"""Parts of recorded segments, and those of several populations in one.

All that is returned is new: what is kept of earlier trials does not change with
what is done to a block. Samples and spike times are shared, not copied, where all
cells are wanted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import neo
import numpy as np
from numpy.typing import NDArray

from .trains import Trains

__all__ = ["joined_segments", "part_of"]

Int64Array = NDArray[np.int64]


def _empty_like(segment: neo.Segment) -> neo.Segment:
    """Return a segment with the same name, times and annotations, and without data."""
    return neo.Segment(
        name=segment.name,
        description=segment.description,
        rec_datetime=segment.rec_datetime,
        **segment.annotations,
    )


def _add_signals(segment: neo.Segment, signals: Iterable[neo.AnalogSignal]) -> None:
    for signal in signals:
        segment.analogsignals.append(signal)
        signal.segment = segment


def _add_trains(segment: neo.Segment, trains: Any) -> None:
    segment.spiketrains = trains
    segment.spiketrains.segment = segment
    if not isinstance(trains, Trains):
        for train in trains:
            train.segment = segment


def _signal(
    of: Sequence[neo.AnalogSignal], samples: NDArray[Any], ids: Int64Array, index: Int64Array
) -> neo.AnalogSignal:
    """Make a signal of samples (n, k) of the cells with these ids and indices."""
    first = of[0]
    return neo.AnalogSignal(
        samples,
        units=first.units,
        t_start=first.t_start,
        sampling_rate=first.sampling_rate,
        name=first.name,
        channel_ids=ids,
        # Neo joins what differs in this way.
        source_population=";".join(
            dict.fromkeys(signal.annotations["source_population"] for signal in of)
        ),
        array_annotations={"channel_index": index},
    )


def part_of(
    segment: neo.Segment, names: Collection[str] | None, ids: Int64Array | None
) -> neo.Segment:
    """Return a part of a segment that was recorded.

    Parameters
    ----------
    segment : neo.Segment
        Of one population; it is not changed.
    names : collection of str or None
        Variables that are wanted, or None for all.
    ids : (k,) int64 or None
        Cells that are wanted, or None for all.

    Returns
    -------
    neo.Segment
    """
    part = _empty_like(segment)
    for signal in segment.analogsignals:
        if names is not None and signal.name not in names:
            continue
        channels, index = signal.annotations["channel_ids"], signal.array_annotations
        samples = np.asarray(signal.magnitude)
        if ids is None or np.isin(channels, ids).all():
            columns = np.arange(len(channels))
        else:
            columns = np.flatnonzero(np.isin(channels, ids))
            samples = samples[:, columns]
        if len(columns):
            new = _signal([signal], samples, channels[columns], index["channel_index"][columns])
            _add_signals(part, [new])
    if isinstance(segment.spiketrains, Trains) and (names is None or "spikes" in names):
        _add_trains(part, segment.spiketrains.part(ids))
    return part


def joined_segments(
    blocks: Sequence[neo.Block], rows: Sequence[Int64Array], description: str
) -> list[neo.Segment]:
    """Join the segments of the members of an assembly, trial by trial.

    Parameters
    ----------
    blocks : sequence of neo.Block
        Data of each member.
    rows : sequence of (k,) int64
        Indices of each member's cells in its population; a signal's ``channel_index``
        becomes the index in the assembly.
    description : str
        Of the segments.

    Returns
    -------
    list of neo.Segment
        Signals of one variable are one signal where they have the same times, with the cells
        of one member after those of the one before.
    """
    names = sorted({segment.name for block in blocks for segment in block.segments})
    firsts = np.cumsum([0, *map(len, rows)])
    joined = []
    for name in names:
        parts = [
            (segment, own, int(first))
            for block, own, first in zip(blocks, rows, firsts[:-1], strict=True)
            for segment in block.segments
            if segment.name == name
        ]
        whole = _empty_like(parts[0][0])
        whole.description = description
        for segment, _, _ in parts[1:]:
            whole.annotate(**{**segment.annotations, **whole.annotations})
        _add_signals(whole, _joined_signals(parts))
        trains = [one.spiketrains for one, _, _ in parts if isinstance(one.spiketrains, Trains)]
        if trains:
            _add_trains(whole, Trains.joined(trains))
        joined.append(whole)
    return joined


def _joined_signals(
    parts: Sequence[tuple[neo.Segment, Int64Array, int]],
) -> Iterable[neo.AnalogSignal]:
    """Join signals of one variable with the same times; (segment, rows, first index) of each."""
    groups: dict[Any, list[tuple[neo.AnalogSignal, Int64Array]]] = {}
    for segment, rows, first in parts:
        order = np.argsort(rows)
        for signal in segment.analogsignals:
            channels = signal.array_annotations["channel_index"]
            index = first + order[np.searchsorted(rows, channels, sorter=order)]
            times = float(signal.t_start), float(signal.sampling_rate), len(signal)
            key = (signal.name, str(signal.units), *times)
            groups.setdefault(key, []).append((signal, index))
    for group in groups.values():
        signals = [signal for signal, _ in group]
        samples = [np.asarray(signal.magnitude) for signal in signals]
        yield _signal(
            signals,
            samples[0] if len(samples) == 1 else np.concatenate(samples, axis=1),
            np.concatenate([signal.annotations["channel_ids"] for signal in signals]),
            np.concatenate([index for _, index in group]),
        )
