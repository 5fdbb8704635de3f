"""The file of a ledger: created whole, opened with checks, safe under parallel writers.

It is an SQLite file with write-ahead logging. A connection lives for one
transaction, so that nothing is held while an experiment runs and a forked
process inherits none. What is committed survives ``kill -9`` of any process.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from ...errors import ReportError, explain
from ..files import StrPath, usual_mode
from .medium import FULL, LOCAL, UNWRITABLE, obstacle

__all__ = ["APPLICATION_ID", "FORMAT", "prepare", "read", "write"]

#: Stands in the header of the file: "GrML".
APPLICATION_ID = 0x47724D4C
#: Version of the tables; other versions are refused.
FORMAT = 2

#: How long a writer waits for the others, s.
PATIENCE_S = 60.0

_TABLES = """
CREATE TABLE attempts (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL DEFAULT 'experiment' CHECK (role IN ('experiment', 'driver')),
    name TEXT NOT NULL, script TEXT NOT NULL, digest TEXT NOT NULL, params TEXT NOT NULL,
    version TEXT NOT NULL, seed TEXT, board TEXT,
    epochs INTEGER NOT NULL, overhead_s REAL NOT NULL, overhead_j REAL NOT NULL,
    host TEXT NOT NULL, boot_id TEXT NOT NULL, pid_space TEXT NOT NULL, pid INTEGER NOT NULL,
    process_started TEXT NOT NULL, started_utc TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'started'
        CHECK (status IN ('started', 'finished', 'failed', 'interrupted', 'terminated')),
    duration_s REAL, error TEXT NOT NULL DEFAULT '', result TEXT
);
CREATE TABLE sessions (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    attempt TEXT NOT NULL REFERENCES attempts (id),
    board TEXT NOT NULL, boundary TEXT NOT NULL, subject TEXT NOT NULL, sources TEXT NOT NULL,
    static_j REAL, dynamic_j REAL, missing TEXT NOT NULL,
    t_wall_s REAL NOT NULL, t_bio_s REAL NOT NULL, counters TEXT NOT NULL, draws BLOB
);
CREATE INDEX sessions_of_attempt ON sessions (attempt);
"""

T = TypeVar("T")


def prepare(path: StrPath) -> Path:
    """Create a ledger, or check one that exists, so that later writing will work.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    Path
        Absolute and without links, so that a ledger has one name however it is
        reached; a script may change the folder later.

    Raises
    ------
    ReportError
        If the file cannot be created or written, is damaged, or is no ledger of this format.
    """
    target = _resolved(path)
    with _explained(target):
        if not target.parent.is_dir():
            what = f"the folder {str(target.parent)!r} does not exist"
            raise ReportError(explain(what, where=_where(target), todo="Create it first"))
        if target.exists():
            _check_there(target)
        if found := obstacle(target):
            raise ReportError(explain(found.what, where=_where(target), todo=found.todo))
        if not target.exists():
            _create(target)
    write(target, lambda connection: _check_pages(connection, target))
    return target


def _resolved(path: StrPath) -> Path:
    """Return where a ledger really lies: beside that SQLite keeps what is not yet in the file."""
    text = os.fspath(path)
    if not text.strip() or text == "." or "\0" in text:  # Path("") is "."
        what = "the path of a ledger is empty or not a path"
        raise ReportError(explain(what, given=text, todo="Give the path of a file"))
    given = Path(text).absolute()
    try:
        target = given.resolve()
        dangling = given.is_symlink() and not target.exists()
    except (OSError, RuntimeError) as error:  # a loop of links, a name that is too long
        reason = getattr(error, "strerror", None) or error
        raise ReportError(explain(f"it cannot be used: {reason}", where=_where(given))) from error
    if dangling:
        what = f"this is a link to {str(target)!r}, which does not exist"
        todo = "Delete the link, or give the path of the ledger itself"
        raise ReportError(explain(what, where=_where(given), todo=todo))
    return target


def write(path: Path, change: Callable[[sqlite3.Connection], T]) -> T:
    """Carry out a change in one transaction, after those of other writers.

    Parameters
    ----------
    path : Path
        Of a ledger.
    change : callable
        Takes the connection; it is called again if the ledger was busy before it wrote anything.

    Raises
    ------
    ReportError
        If the ledger cannot be written; then nothing of the change was.
    """
    path = _resolved(path)
    with _explained(path):
        _check_there(path)
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            with _explained(path), _connected(path, "rw") as connection:
                connection.execute("BEGIN IMMEDIATE")
                found = change(connection)
                connection.execute("COMMIT")
                return found
        except _BusyError as error:
            if time.monotonic() > deadline:
                what = f"other processes have held it for {PATIENCE_S:g} s"
                raise ReportError(explain(what, where=_where(path))) from error
            time.sleep(0.02)


def read(path: StrPath, look: Callable[[sqlite3.Connection], T]) -> T:
    """Look into a ledger without changing it; whoever writes goes on writing.

    Parameters
    ----------
    path : str or path
    look : callable
        Takes the connection and returns what it found.

    Raises
    ------
    ReportError
        If the file cannot be read, is damaged, or is no ledger of this format.
    """
    target = _resolved(path)
    with _explained(target):
        _check_there(target)
    deadline = time.monotonic() + PATIENCE_S
    while True:
        mode, before = _mode(target), _traces(target)
        try:
            found = _read_once(target, mode, look)
        except ReportError:
            if mode != _ALONE or _traces(target) == before:
                raise
        else:
            if mode != _ALONE or _traces(target) == before:
                return found
        # Somebody who may write did so meanwhile, so what was read may be of two times.
        if time.monotonic() > deadline:
            what = f"it has been changing for {PATIENCE_S:g} s"
            raise ReportError(
                explain(what, where=_where(target), todo="Copy it, and read the copy")
            )


#: How a ledger is opened that nobody seems to use: SQLite then makes no files beside it.
_ALONE = "ro&immutable=1"


def _mode(target: Path) -> str:
    """Say how to open a ledger to read it.

    Who may write tidies up behind itself. Who may not would leave a file beside it that
    nobody can write to, so that the ledger could not be written even by its owner.
    """
    found = obstacle(target)
    if found is None:
        return "rw"
    if not _waiting(target):
        return _ALONE
    if found.todo == LOCAL:
        raise ReportError(explain(found.what, where=_where(target), todo=found.todo))
    return "ro" if found == UNWRITABLE else "rw"


def _waiting(target: Path) -> int:
    """Return how many bytes beside the ledger are not yet in it."""
    try:
        return Path(f"{target}-wal").stat().st_size
    except FileNotFoundError:
        return 0


def _traces(target: Path) -> tuple[int, int, int]:
    """Return what changes when somebody writes."""
    status = target.stat()
    return status.st_mtime_ns, status.st_size, _waiting(target)


def _read_once(target: Path, mode: str, look: Callable[[sqlite3.Connection], T]) -> T:
    try:
        with _explained(target), _connected(target, mode) as connection:
            connection.execute("BEGIN")
            _check_pages(connection, target)
            return look(connection)
    except _BusyError as error:
        what = f"other processes have held it for {PATIENCE_S:g} s"
        raise ReportError(explain(what, where=_where(target))) from error


def _where(path: Path) -> str:
    return f"ledger {str(path)!r}"


class _BusyError(Exception):
    """Another process is just writing."""


def _check_there(path: Path) -> None:
    where = _where(path)
    if path.is_dir():
        raise ReportError(explain("this is a directory, not a file", where=where))
    if not path.exists():
        raise ReportError(explain("the file does not exist", where=where))
    if not os.access(path, os.R_OK):
        raise ReportError(explain("you may not read the file", where=where))
    if path.stat().st_size == 0:
        # A ledger appears whole, so an empty file was never one or has lost everything.
        what = "the file is empty, so it is no ledger or was cut off"
        todo = "Restore it from a copy, or delete it to begin a new one"
        raise ReportError(explain(what, where=where, todo=todo))


def _create(target: Path) -> None:
    """Make the tables in a file beside the target, and give it the name when it is complete."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".ledger-", suffix=".tmp")
    os.close(handle)
    part = Path(name)
    try:
        with closing(sqlite3.connect(part, isolation_level=None)) as connection:
            connection.executescript(
                f"PRAGMA application_id = {APPLICATION_ID};PRAGMA user_version = {FORMAT};{_TABLES}"
            )
            mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        if mode != "wal":
            what = "this file system does not allow write-ahead logging"
            raise ReportError(explain(what, where=_where(target), todo=LOCAL))
        part.chmod(usual_mode())
        with suppress(FileExistsError):  # another process was quicker
            os.link(part, target)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _connected(path: Path, mode: str) -> Iterator[sqlite3.Connection]:
    # as_uri() quotes "?" and "#" in the path, which would otherwise become options.
    uri = f"{path.as_uri()}?mode={mode}"
    with closing(
        sqlite3.connect(uri, uri=True, isolation_level=None, timeout=PATIENCE_S)
    ) as connection:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        _check_format(connection, path)
        yield connection


def _check_format(connection: sqlite3.Connection, path: Path) -> None:
    mark = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if mark != APPLICATION_ID:
        what = "this is an SQLite file, but not a ledger of experiments"
        raise ReportError(explain(what, where=_where(path), todo="Give another file"))
    if version != FORMAT:
        what = f"its format is {version}, this version of pynn_greenmorph knows format {FORMAT}"
        todo = "Use the version that wrote it, or begin a new ledger; this file was not changed"
        raise ReportError(explain(what, where=_where(path), todo=todo))


def _check_pages(connection: sqlite3.Connection, path: Path) -> None:
    size = connection.execute("PRAGMA page_size").fetchone()[0]
    if path.stat().st_size % size:
        # SQLite reads what is missing of the last page as zeros and finds nothing wrong.
        raise sqlite3.DatabaseError("the last page is not complete")
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise sqlite3.DatabaseError(found)


def _reason(error: sqlite3.OperationalError, path: Path) -> tuple[str, str]:
    """Say why SQLite could not do it, and what to do."""
    code = error.sqlite_errorcode & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return FULL
    if code == sqlite3.SQLITE_READONLY:
        return UNWRITABLE
    if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PROTOCOL):
        todo = "Look for a failing disk; what was recorded before is kept"
        # SQLite says no more than that something failed.
        return obstacle(path) or (f"it cannot be used: {error}", todo)
    return f"it cannot be used: {error}", ""


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn SQLite's and the system's errors into ours."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if "locked" in str(error) or "busy" in str(error):
            raise _BusyError(str(error)) from error
        what, todo = _reason(error, path)
        raise ReportError(explain(what, where=_where(path), todo=todo)) from error
    except sqlite3.IntegrityError:
        raise  # our own mistake
    except sqlite3.DatabaseError as error:
        if "not a database" in str(error):
            what = "this is not a ledger of experiments, or its beginning is destroyed"
            raise ReportError(explain(what, where=_where(path))) from error
        what = f"the file is damaged, perhaps cut off ({error})"
        todo = (
            "Restore it from a copy, or save what is readable with 'sqlite3 FILE .recover'; "
            "this file was not changed"
        )
        raise ReportError(explain(what, where=_where(path), todo=todo)) from error
    except OSError as error:
        what = f"it cannot be used: {error.strerror}"
        raise ReportError(explain(what, where=_where(path))) from error
