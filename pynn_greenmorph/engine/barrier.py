"""Where threads meet: a barrier that can be left early, compiled into the run loop.

The words are one int64 array, 128 bytes apart so that no two share a cache
line. Measured on shared two-core machines: 0.2 us when both cores are free,
microseconds when they are not; waiting threads give way after a short spin,
because an unbounded one costs milliseconds when two threads share a core, and
sleep after some more: one that gives way without end is still in the queue of
its core, before the thread that it waits for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .threads import ARRIVED, GENERATION, LEAVE, STOP

if TYPE_CHECKING:  # they import Numba, and only compiled code needs them
    from .intrinsics import atomic_add, atomic_load, atomic_store, give_way, pause, rest

__all__ = ["leave_together", "meet"]

#: Turns of the waiting loop before a thread gives way, about 2 us. With 20 a
#: network of 4 000 cells on two threads took 1.5 times as long (median of four
#: runs in turns, shared two-core Zen 4): the other thread is nearly there.
SPINS = 200

#: How often it gives way before it sleeps, some 150 us when nobody takes the core. Three threads
#: on two cores beside a busy process: 1.2 s instead of 81 s for 5 s of a network of 4 000 cells;
#: two threads beside it 0.9 s instead of 1.7 s. With 64, two threads alone slept within windows
#: of 20 000 cells (barrier 18 instead of 7 % of the run); with 4 000, three threads beside the
#: process took as long as without sleep (Emerald Rapids, Linux 6.18).
YIELDS = 500


def meet(words, n_parts):  # type: ignore[no-untyped-def]
    """Wait until all parts are here; returns whether one was told to stop instead."""
    generation = atomic_load(words, GENERATION)
    if atomic_add(words, ARRIVED, 1) == n_parts - 1:
        atomic_store(words, ARRIVED, 0)
        atomic_store(words, GENERATION, generation + 1)
        return False
    waited = 0
    while atomic_load(words, GENERATION) == generation:
        if atomic_load(words, STOP) != 0:
            return True
        waited += 1
        if waited < SPINS:
            pause()
        elif waited < SPINS + YIELDS:
            give_way()
        else:
            rest()
    return False


def leave_together(words, n_parts, leave, n_window):  # type: ignore[no-untyped-def]
    """Meet after a window; 1 when all leave here, 0 when all go on, -1 when told to stop."""
    if n_parts == 1:
        return 1 if leave else 0
    if leave:
        atomic_store(words, LEAVE, n_window)
    if meet(words, n_parts):
        return -1
    # A faster part may already ask to leave after the next window.
    asked = atomic_load(words, LEAVE)
    return 1 if 0 < asked <= n_window else 0
