"""Spike trains as one array, taken apart for all cells at once."""

from __future__ import annotations

from typing import Any, Literal

import neo
import numpy as np

__all__ = ["Trains"]

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

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Pickle as Neo's class, so that a file can be read without this package."""
        return neo.spiketrainlist.SpikeTrainList, (), dict(self.__dict__)
