"""Writing an attempt: started before anything runs, then each session, then how it ended."""

from __future__ import annotations

import json
import math
import os
import sqlite3
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ...errors import ReportError, explain
from ..files import StrPath
from . import file
from .key import Key, words_of
from .measure import Measured
from .process import this_process

__all__ = ["Attempt", "start"]


class Attempt:
    """An attempt that has been started; make one with :func:`start`.

    Attributes
    ----------
    path : Path
        Of the ledger.
    id : str
        Names the attempt in all ledgers.
    """

    def __init__(self, path: Path, attempt_id: str) -> None:
        self.path = path
        self.id = attempt_id
        self._pid = os.getpid()
        self._begun = time.monotonic()  # a clock that nobody sets

    @property
    def mine(self) -> bool:
        """Whether this process started it; a forked one may add sessions, but not end it."""
        return os.getpid() == self._pid

    def settle(self, seed: int, board: str) -> None:
        """Record the seed and board of the first session, which complete the key."""
        change = "UPDATE attempts SET seed = ?, board = ? WHERE id = ? AND seed IS NULL"
        file.write(self.path, lambda db: db.execute(change, (str(seed), board, self.id)))

    def add(self, measured: Measured) -> None:
        """Record what a session cost.

        Raises
        ------
        ReportError
            If an energy, a time or a count is negative or no finite number, or
            the ledger cannot be written.
        """
        _check(measured)
        draws = None
        if measured.draws is not None:
            draws = measured.draws.astype("<f4").tobytes()
        row = (
            self.id,
            measured.board,
            measured.boundary,
            measured.subject,
            json.dumps(measured.sources),
            measured.static_j,
            measured.dynamic_j,
            measured.missing,
            measured.t_wall_s,
            measured.t_bio_s,
            json.dumps(dict(measured.counters)),
            draws,
        )
        change = (
            "INSERT INTO sessions (attempt, board, boundary, subject, sources, static_j, dynamic_j,"
            " missing, t_wall_s, t_bio_s, counters, draws) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)"
        )
        file.write(self.path, lambda db: db.execute(change, row))

    def end(self, status: str, error: str = "", result: Any = None) -> None:
        """Record how it ended.

        Parameters
        ----------
        status : {"finished", "failed", "interrupted", "terminated"}
        error : str
            What ended it early, in words.
        result : object
            What came out, as plain values; ``None`` if nothing did.
        """
        words = None if result is None else words_of(result)
        duration_s = time.monotonic() - self._begun
        row = (status, error, words, duration_s, self.id)
        change = (
            "UPDATE attempts SET status = ?, error = ?, result = ?, duration_s = ?"
            " WHERE id = ? AND status = 'started'"
        )
        file.write(self.path, lambda db: db.execute(change, row))


def _check(measured: Measured) -> None:
    """Refuse what no session can cost, before it spoils the sum of a study."""
    names = ("static_j", "dynamic_j", "t_wall_s", "t_bio_s")
    numbers = {name: getattr(measured, name) for name in names} | dict(measured.counters)
    for name, value in numbers.items():
        if value is not None and not 0 <= value < math.inf:
            what = f"{name} of a session on board {measured.board!r} is not possible"
            allowed = "a finite number of at least 0"
            raise ReportError(explain(what, where="ledger", allowed=allowed, given=value))


def start(
    path: StrPath,
    key: Key,
    epochs: int = 1,
    overhead: tuple[float, float] = (0.0, 0.0),
    driver: Attempt | None = None,
) -> Attempt:
    """Commit that an attempt was started, before anything of it runs.

    Parameters
    ----------
    path : str or path
        Of the ledger; it is created if it does not exist.
    key : Key
    epochs : int
        Passes over the data that one session stands for.
    overhead : (float, float), s and J
        Fixed time and energy of this attempt.
    driver : Attempt, optional
        The attempt of a whole script, in which this one starts. It is no
        experiment itself then; its own sessions still cost joules.

    Returns
    -------
    Attempt

    Raises
    ------
    ReportError
        If the ledger cannot be written.
    """
    target = file.prepare(path)
    attempt = Attempt(target, uuid.uuid4().hex)
    here = this_process()
    row = {
        "id": attempt.id,
        **vars(key),
        "epochs": epochs,
        "overhead_s": overhead[0],
        "overhead_j": overhead[1],
        "host": here.host,
        "boot_id": here.boot_id,
        "pid_space": here.pid_space,
        "pid": here.pid,
        "process_started": here.started,
        "started_utc": datetime.now(UTC).isoformat(timespec="seconds"),  # to be read, not compared
    }
    names = ", ".join(row)
    marks = ", ".join(f":{name}" for name in row)

    def change(db: sqlite3.Connection) -> None:
        db.execute(f"INSERT INTO attempts ({names}) VALUES ({marks})", row)  # noqa: S608 - our names
        if driver is not None and driver.path == target:
            db.execute("UPDATE attempts SET role = 'driver' WHERE id = ?", (driver.id,))

    file.write(target, change)
    return attempt
