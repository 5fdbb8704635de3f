"""SIGTERM, with which batch systems end a process, as an exception that can be recorded."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["TERMINATED", "Terminated", "deliver", "held_back", "watched"]

#: What shells report for a program that SIGTERM ended: 128 + SIGTERM.
TERMINATED = 128 + signal.SIGTERM


class Terminated(SystemExit):
    """SIGTERM asked this process to end; it ends with status 143 and without a traceback."""

    def __init__(self) -> None:
        super().__init__(TERMINATED)

    def __str__(self) -> str:
        return "the process was asked to end (SIGTERM)"


class _Watch:
    """What this process knows of a SIGTERM that came while somebody watched."""

    def __init__(self) -> None:
        self.holders = 0
        self.waiting = False
        self.mask: set[int] | None = None

    def hear(self, _number: int, _frame: object) -> None:
        """Handle the signal."""
        if not self.holders:
            raise Terminated
        self.waiting = True

    @property
    def hears(self) -> bool:
        """Whether the signal comes here."""
        return signal.getsignal(signal.SIGTERM) == self.hear

    def forget(self) -> None:
        """Let the signal end the process again, unless somebody else handles it."""
        if self.hears:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)

    # A forked process does not leave its parent's blocks, it ends at once. Python drops the
    # signals that reach a process between its birth and its first instruction, so that one which is
    # ended there would live on: the signal is blocked meanwhile.

    def before_fork(self) -> None:
        if self.hears:
            self.mask = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])

    def after_fork(self) -> None:
        mask, self.mask = self.mask, None
        if mask is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    def born(self) -> None:
        self.forget()
        self.after_fork()


_watch = _Watch()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_watch.before_fork,
        after_in_parent=_watch.after_fork,
        after_in_child=_watch.born,
    )


def _in_main_thread() -> bool:
    """Whether this is the thread to which Python delivers signals."""
    return threading.current_thread() is threading.main_thread()


@contextmanager
def watched() -> Iterator[None]:
    """Let SIGTERM raise :class:`Terminated` in the block.

    Whoever handles or ignores the signal before the block, or from within it,
    goes on doing so. In other threads than the main one nothing is done.
    """
    handled = signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
    if handled or not _in_main_thread():
        yield
        return
    _watch.holders, _watch.waiting = 0, False
    signal.signal(signal.SIGTERM, _watch.hear)
    try:
        yield
    finally:
        _watch.forget()
        if _watch.waiting:
            # It came while an exception was on its way, which has been recorded by now.
            _watch.waiting = False
            signal.raise_signal(signal.SIGTERM)


@contextmanager
def held_back() -> Iterator[None]:
    """Let SIGTERM wait until the block ends, or calls :func:`deliver`."""
    if not _in_main_thread():
        yield
        return
    _watch.holders += 1
    try:
        yield
    finally:
        _watch.holders -= 1
    if not _watch.holders:
        deliver()


def deliver() -> None:
    """Raise :class:`Terminated` if SIGTERM has come meanwhile."""
    if _watch.waiting and _in_main_thread():
        _watch.waiting = False
        raise Terminated
