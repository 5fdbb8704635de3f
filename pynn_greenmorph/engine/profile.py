"""Where the time of a run went."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["Profile", "Stopwatch"]


@dataclass(frozen=True)
class Profile:
    """Wall time of all ``run()`` calls of a session, by what it was spent on.

    The loop's time is split by cycle counters that are read in every eighth
    window between barriers, on the calling thread; where the processor has no
    counter for user programs, the split is not-a-number.

    Attributes
    ----------
    delivery_s, update_s, recording_s, barrier_s : float, s
        Bringing spikes to their targets; advancing cells and logging their
        spikes; copying samples; waiting for other threads.
    other_s : float, s
        Laying out tables, compiling, moving data out of the loop.
    total_s : float, s
        The sum of these.
    threads : int
        Threads of the last run.
    neuron_updates, synaptic_events : int
        As in the energy report.
    n_synapses : int
    bytes_per_synapse : float
        Size of the engine's tables of synapses; not-a-number without synapses.
    """

    delivery_s: float
    update_s: float
    recording_s: float
    barrier_s: float
    other_s: float
    total_s: float
    threads: int
    neuron_updates: int
    synaptic_events: int
    n_synapses: int
    bytes_per_synapse: float

    def __str__(self) -> str:
        """One line for each share."""
        lines = [f"run(): {self.total_s:.3f} s on {self.threads} thread(s)"]
        for name in ("update", "delivery", "recording", "barrier", "other"):
            seconds = getattr(self, f"{name}_s")
            share = seconds / self.total_s if self.total_s else 0.0
            lines.append(f"  {name:9} {seconds:9.3f} s  {share:6.1%}")
        return "\n".join(lines)


@dataclass
class Stopwatch:
    """Adds up what a :class:`Profile` shows.

    Attributes
    ----------
    shares_s : list of float, s
        Delivery, update, recording, barrier.
    loop_s, total_s : float, s
        In the loop; in ``run()``.
    """

    shares_s: list[float] = field(default_factory=lambda: [0.0] * 4)
    loop_s: float = 0.0
    total_s: float = 0.0

    def add_loop(self, seconds: float, clocks: NDArray[np.int64]) -> None:
        """Split one call of the loop by its clocks (4,), and clear them."""
        self.loop_s += seconds
        cycles = clocks.tolist()
        total = sum(cycles)
        self.shares_s = [
            share + (seconds * mine / total if total > 0 else math.nan)
            for share, mine in zip(self.shares_s, cycles, strict=True)
        ]
        clocks[:] = 0

    def profile(
        self,
        *,
        threads: int,
        neuron_updates: int,
        synaptic_events: int,
        n_synapses: int,
        table_bytes: int,
    ) -> Profile:
        """Return what was added up, with counts; see :class:`Profile`."""
        delivery, update, recording, barrier = self.shares_s
        return Profile(
            delivery_s=delivery,
            update_s=update,
            recording_s=recording,
            barrier_s=barrier,
            other_s=self.total_s - self.loop_s,
            total_s=self.total_s,
            threads=threads,
            neuron_updates=neuron_updates,
            synaptic_events=synaptic_events,
            n_synapses=n_synapses,
            bytes_per_synapse=table_bytes / n_synapses if n_synapses else float("nan"),
        )
