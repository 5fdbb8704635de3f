"""Reading attempts back, and counting experiments."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import ReportError, explain
from ..files import StrPath
from . import file
from .measure import Measured
from .process import Process, fate

__all__ = ["Entry", "group", "read_entries"]


@dataclass(frozen=True)
class Entry:
    """One attempt as the ledger has it.

    Attributes
    ----------
    id, name, script, digest, version : str
    params : mapping
    seed, board : str or None
        Board that was priced, as in :func:`.key.board_words`. ``None`` if the attempt ended
        before ``setup()``.
    driver : bool
        Whether it is a script that started experiments itself, so that it is none.
    status : str
        ``"finished"``, ``"failed"``, ``"interrupted"``, ``"terminated"``, ``"killed"``,
        ``"running"``, or ``"unknown"`` if it did not end, on a host that cannot be asked from
        here.
    epochs : int
    overhead_s, overhead_j : float, s and J
    host, started_utc, error : str
    duration_s : float or None, s
        How long the attempt took on its own computer.
    result : object
    sessions : tuple of Measured
    """

    id: str
    name: str
    script: str
    digest: str
    params: dict[str, Any]
    words: str
    version: str
    seed: str | None
    board: str | None
    driver: bool
    status: str
    epochs: int
    overhead_s: float
    overhead_j: float
    host: str
    started_utc: str
    duration_s: float | None
    error: str
    result: Any
    sessions: tuple[Measured, ...]

    @property
    def passes(self) -> int:
        """How many times its sessions are charged: only a finished attempt made all epochs."""
        return self.epochs if self.status == "finished" else 1

    @property
    def charged_epochs(self) -> int:
        """Epochs that its sessions stand for; 0 if it simulated nothing.

        What an attempt simulated that did not finish is one epoch that was begun. What a script
        simulates outside of the experiments that it drives is no epoch of any.
        """
        return 0 if self.driver or not self.sessions else self.passes


def read_entries(paths: Iterable[StrPath]) -> tuple[Entry, ...]:
    """Read all attempts of one ledger or of several.

    Parameters
    ----------
    paths : iterable of str or path
        Ledgers, for example of several hosts. An attempt that is in two of
        them, because one is a copy, is taken once.

    Raises
    ------
    ReportError
        If one of them cannot be read, is damaged in the file or in a row, or is no ledger.
    """
    found: dict[str, Entry] = {}
    for path in paths:
        for entry in file.read(path, _look):
            known = found.get(entry.id)
            # The later of two copies knows more sessions, or how the attempt ended.
            if known is None or _knowledge(entry) > _knowledge(known):
                found[entry.id] = entry
    return tuple(found.values())


def _knowledge(entry: Entry) -> tuple[bool, int]:
    return entry.duration_s is not None, len(entry.sessions)


def _look(db: sqlite3.Connection) -> list[Entry]:
    db.row_factory = sqlite3.Row
    sessions: dict[str, list[Measured]] = defaultdict(list)
    for row in db.execute("SELECT * FROM sessions ORDER BY number"):
        with _decoded("sessions", row):
            sessions[row["attempt"]].append(_measured(row))
    rows = db.execute("SELECT * FROM attempts ORDER BY number")
    found = []
    for row in rows:
        with _decoded("attempts", row):
            found.append(_entry(row, tuple(sessions[row["id"]])))
    return found


@contextmanager
def _decoded(table: str, row: sqlite3.Row) -> Iterator[None]:
    """Say which row cannot be understood; left out it would be missing from every sum."""
    try:
        yield
    except (ValueError, TypeError) as error:
        what = f"row {row['number']} of {table!r} is damaged: {error}"
        todo = "Restore the ledger from a copy, or correct the row; this file was not changed"
        raise ReportError(explain(what, where="ledger", todo=todo)) from error


def _mapping(words: str) -> dict[str, Any]:
    values = json.loads(words)
    if not isinstance(values, dict):
        raise TypeError(f"a mapping in JSON is needed, not {words[:80]!r}")
    return values


def _entry(row: sqlite3.Row, sessions: tuple[Measured, ...]) -> Entry:
    status = row["status"]
    if status == "started":
        names = ("host", "boot_id", "pid_space", "pid", "process_started")
        status = fate(Process(*(row[name] for name in names)))
    same = ("id", "name", "script", "digest", "version", "seed", "board", "epochs", "overhead_s")
    more = ("overhead_j", "host", "started_utc", "duration_s", "error")
    return Entry(
        **{name: row[name] for name in (*same, *more)},
        params=_mapping(row["params"]),
        words=row["params"],
        driver=row["role"] == "driver",
        status=status,
        result=None if row["result"] is None else json.loads(row["result"]),
        sessions=sessions,
    )


def _measured(row: sqlite3.Row) -> Measured:
    draws = None
    if row["draws"] is not None:
        draws = np.frombuffer(row["draws"], "<f4").astype(np.float64).reshape(2, -1)
    return Measured(
        board=row["board"],
        boundary=row["boundary"],
        subject=row["subject"],
        sources=tuple(json.loads(row["sources"])),
        static_j=row["static_j"],
        dynamic_j=row["dynamic_j"],
        missing=row["missing"],
        t_wall_s=row["t_wall_s"],
        t_bio_s=row["t_bio_s"],
        counters=_mapping(row["counters"]),
        draws=draws,
    )


def group(entries: Sequence[Entry]) -> tuple[tuple[Entry, ...], ...]:
    """Put the attempts of each experiment together; their number is N_exp.

    An experiment is a distinct key (script, parameters, seed, board, version)
    that was started, finished or not. Seed and board are known with the first
    ``setup()``. An attempt that ended before it is one more attempt of the
    first experiment that agrees in the rest, and an experiment of its own only
    if there is none.

    Parameters
    ----------
    entries : sequence of Entry

    Returns
    -------
    tuple of tuple of Entry
        In the order of the ledger; scripts that only drive experiments are left out.
    """
    known: dict[tuple[Any, ...], list[Entry]] = {}
    first: dict[tuple[str, ...], list[Entry]] = {}
    own = [entry for entry in entries if not entry.driver]
    for entry in own:
        if entry.seed is not None:
            rest = _rest(entry)
            attempts = known.setdefault((*rest, entry.seed, entry.board), [])
            attempts.append(entry)
            first.setdefault(rest, attempts)
    for entry in own:
        if entry.seed is None:
            rest = _rest(entry)
            if rest not in first:
                first[rest] = known[(*rest, None, None)] = []
            first[rest].append(entry)
    return tuple(tuple(attempts) for attempts in known.values())


def _rest(entry: Entry) -> tuple[str, ...]:
    return entry.name, entry.script, entry.digest, entry.words, entry.version
