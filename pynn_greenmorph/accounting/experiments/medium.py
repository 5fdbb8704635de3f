"""Whether SQLite can write where a ledger lies: permissions, room and locks.

It is tried before SQLite is asked: that takes a refused lock for another writer
and waits for it, and needs room to write even where it only reads.
"""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path
from typing import NamedTuple

try:
    import fcntl
except ImportError:  # Windows, where every file system has locks
    fcntl = None  # type: ignore[assignment]

__all__ = ["FULL", "LOCAL", "UNWRITABLE", "Obstacle", "obstacle"]

#: Bytes that SQLite needs beside a ledger while it is open.
_ROOM = 1 << 15


class Obstacle(NamedTuple):
    """What stands in the way, and what to do."""

    what: str
    todo: str


#: What to do where a file system is not good enough.
LOCAL = "Put the ledger on a local disk; ledgers of several hosts can be reported together"
FULL = Obstacle(
    "its disk or your quota is full", "Make room on it; what was recorded before is kept"
)
UNWRITABLE = Obstacle("it cannot be written", "Make the file and its folder writable")


def obstacle(target: Path) -> Obstacle | None:
    """Return why a ledger cannot be written, without touching it; ``None`` if it can.

    Parameters
    ----------
    target : Path
        Of the ledger; its folder exists.
    """
    folder = target.parent
    if not os.access(folder, os.W_OK) or (target.exists() and not os.access(target, os.W_OK)):
        return UNWRITABLE
    try:
        # Not the ledger itself: closing it would give up the locks that this process holds on it.
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(bytes(_ROOM))
            probe.flush()
            return _lock(probe.fileno())
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return FULL
        return Obstacle(f"it cannot be used: {error.strerror}", UNWRITABLE.todo)


def _lock(file: int) -> Obstacle | None:
    if fcntl is not None:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            return Obstacle(f"files cannot be locked there ({error.strerror})", LOCAL)
    return None
