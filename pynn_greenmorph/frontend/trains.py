"""Spike trains as one array, taken apart for all cells at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import neo
import numpy as np
from numpy.typing import NDArray

__all__ = ["Trains"]

Int64Array = NDArray[np.int64]

_SIDES: tuple[Literal["left", "right"], ...] = ("left", "right")


class Trains(neo.spiketrainlist.SpikeTrainList):
    """Neo's ``SpikeTrainList``; Neo's own looks through all spikes for each cell."""

    def _spiketrains_from_array(self) -> None:
        if self._spike_time_array is None:
            super()._spiketrains_from_array()
            return
        order = np.argsort(self._channel_id_array, kind="stable")
        times, channels = self._spike_time_array[order], self._channel_id_array[order]
        ids = np.asarray(self._all_channel_ids)
        first, last = (np.searchsorted(channels, ids, side=side).tolist() for side in _SIDES)
        self._items = []
        for i, channel in enumerate(self._all_channel_ids):
            train = neo.SpikeTrain(times[first[i] : last[i]], **self._spiketrain_metadata)
            for name, value in self._annotations.items():
                each = not isinstance(value, str) and hasattr(value, "__len__")
                train.annotate(**{name: value[i] if each else value})
            train.annotate(channel_id=channel)
            train.segment = self.segment
            self._items.append(train)

    @property
    def channel_ids(self) -> Int64Array:
        """Ids of the cells, (n,), those without spikes included."""
        return np.asarray(self._all_channel_ids, dtype=np.int64)

    def part(self, ids: Int64Array | None = None) -> Trains:
        """Return trains of their own for all cells, or for those with the given ids.

        Parameters
        ----------
        ids : (k,) int64, optional
            Others than these are left out.

        Returns
        -------
        Trains
        """
        channels, times = np.asarray(self._channel_id_array), self._spike_time_array
        kept = np.ones(len(self.channel_ids), dtype=bool)
        if ids is not None:
            kept = np.isin(self.channel_ids, ids)
            spikes = np.isin(channels, ids)
            channels, times = channels[spikes], times[spikes]
        each = {
            name: value if isinstance(value, str) else np.asarray(value)[kept]
            for name, value in self._annotations.items()
        }
        return Trains.from_spike_time_array(
            times, channels, self.channel_ids[kept], **self._spiketrain_metadata, **each
        )

    @staticmethod
    def joined(parts: Sequence[Trains]) -> neo.spiketrainlist.SpikeTrainList:
        """Return the trains of several populations, one after the other.

        Parameters
        ----------
        parts : sequence of Trains

        Returns
        -------
        neo.spiketrainlist.SpikeTrainList
            ``Trains``, unless the parts cover different times or a cell occurs twice.
        """
        ids = np.concatenate([np.zeros(0, dtype=np.int64), *[part.channel_ids for part in parts]])
        spans = {
            tuple(float(time.rescale("ms")) for time in part._spiketrain_metadata.values())
            for part in parts
        }
        if len(spans) != 1 or len(np.unique(ids)) < len(ids):
            trains = [train for part in parts for train in part.part()]
            return neo.spiketrainlist.SpikeTrainList(items=trains)
        labels = [part._annotations["source_population"] for part in parts]
        return Trains.from_spike_time_array(
            np.concatenate([part._spike_time_array.rescale("ms").magnitude for part in parts]),
            np.concatenate([part._channel_id_array for part in parts]),
            ids,
            **parts[0]._spiketrain_metadata,
            units="ms",
            source_population=[
                label for label, part in zip(labels, parts, strict=True) for _ in part.channel_ids
            ],
            source_index=np.concatenate([part._annotations["source_index"] for part in parts]),
        )

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Pickle as Neo's class, so that a file can be read without this package."""
        return neo.spiketrainlist.SpikeTrainList, (), dict(self.__dict__)
