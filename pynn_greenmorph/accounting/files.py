"""Writing a report: find out early that it cannot be written, and never leave half a file."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from ..errors import ReportError, explain

__all__ = ["check_writable", "usual_mode", "write_text"]

StrPath = str | os.PathLike[str]


def check_writable(path: StrPath, kind: str = "report") -> Path:
    """Find out whether a file can be written to a path, before work is done for it.

    Parameters
    ----------
    path : str or path
    kind : str
        What it is, for messages.

    Returns
    -------
    Path
        The file that will be written; links are followed.

    Raises
    ------
    ReportError
        If the path is empty, a directory, in a folder that does not exist, or not writable.
    """
    text = os.fspath(path)
    where = f"{kind} {text!r}"
    if not text.strip():
        raise ReportError(explain("the path is empty", where=where))
    try:
        target = Path(text).resolve()
        exists = target.exists()
        if target.is_dir():
            raise ReportError(explain("this is a directory, not a file", where=where))
        if exists and not os.access(target, os.W_OK):
            raise ReportError(explain("the file is write-protected", where=where))
        if exists and not target.is_file():
            return target  # a pipe or terminal, for example /dev/stdout
        if not target.parent.is_dir():
            what = f"the folder {str(target.parent)!r} does not exist"
            raise ReportError(explain(what, where=where, todo="Create it first"))
        target.stat() if exists else _try_name(target)
        with tempfile.TemporaryFile(dir=target.parent):
            pass
    except (OSError, ValueError) as error:  # ValueError also has ReportError below it
        if isinstance(error, ReportError):
            raise
        reason = getattr(error, "strerror", None) or error
        raise ReportError(explain(f"cannot be written: {reason}", where=where)) from error
    return target


def _try_name(target: Path) -> None:
    """Let the file system say whether it takes the name, for example its length."""
    with suppress(FileNotFoundError):
        target.stat()


def write_text(path: StrPath, text: str, kind: str = "report") -> Path:
    """Write a text file in one go: the old file stays until the new one is complete.

    Parameters
    ----------
    path : str or path
    text : str
    kind : str
        What it is, for messages.

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    ReportError
        As :func:`check_writable`, or if the disk is full.
    """
    target = check_writable(path, kind)
    try:
        if target.exists() and not target.is_file():
            target.write_text(text, encoding="utf-8")
            return target
        _replace(target, text)
    except OSError as error:
        what = f"cannot be written: {error.strerror}"
        raise ReportError(explain(what, where=f"{kind} {os.fspath(path)!r}")) from error
    return target


def _replace(target: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".report-", suffix=".tmp")
    part = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        part.chmod(target.stat().st_mode & 0o777 if target.exists() else usual_mode())
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def usual_mode() -> int:
    """Return the mode of a new file; mkstemp makes it readable to its owner alone."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
