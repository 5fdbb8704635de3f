"""Hold Ctrl-C back while state, log and samples do not belong together."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["interrupt_held_back"]


@contextmanager
def interrupt_held_back() -> Iterator[None]:
    """Deliver SIGINT, to whoever handled it before, when the block ends.

    In other threads than the main one Python delivers no signals, and nothing is done.
    """
    previous: Any = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(previous):
        yield
        return
    seen: list[tuple[int, Any]] = []
    signal.signal(signal.SIGINT, lambda number, frame: seen.append((number, frame)))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)
    if seen:
        previous(*seen[0])
