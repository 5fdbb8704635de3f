"""Collects the energy report of every session of a script, as each one ends."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from ..errors import GreenmorphError, ReportError, explain

__all__ = ["Sessions", "check_writable"]


def check_writable(report: str) -> None:
    """Make sure that a report can be written, without leaving anything behind.

    Parameters
    ----------
    report : str
        Path of the file; it may exist.

    Raises
    ------
    ReportError
        If it cannot be written.
    """
    path = Path(report)
    try:
        if path.is_dir():
            raise IsADirectoryError(21, "it is a folder")
        # Only a real attempt tells: permission bits do not, for root or on
        # read-only file systems.
        if path.exists():
            path.open("r+b").close()
        else:
            tempfile.TemporaryFile(dir=path.absolute().parent).close()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ReportError(
            explain(
                f"cannot write the report to {report!r}: {reason}",
                todo="Give --report the name of a file in a folder that exists and is writable",
            )
        ) from None


class Sessions:
    """A listener of the front end that reports on every session.

    Reports are made and written when a session ends, not at the end of the
    script: a later crash loses nothing, and no network is kept alive.

    Parameters
    ----------
    boundary : str or None
        What the boards' power is to include; None for each board's default.
    path : str or None
        Where the first session's report is written. The second one's goes
        beside it, as ``name-2.json``, and so on.

    Attributes
    ----------
    texts : list of str
        The reports for people.
    written : list of pathlib.Path
        The files written.
    faults : list of str
        What went wrong.
    """

    def __init__(self, boundary: str | None = None, path: str | None = None) -> None:
        self.boundary = boundary
        self.path = None if path is None else Path(path)
        self._folder = Path.cwd()  # the script may change it
        self.texts: list[str] = []
        self.written: list[Path] = []
        self.faults: list[str] = []
        self._number = 0

    def __call__(self, session: Any) -> None:
        """Report on a session that has just ended."""
        self._number += 1
        try:
            report = session.report(boundary=self.boundary)
            self.texts.append(str(report))
            if self.path is not None:
                path = self._numbered(self.path)
                report.to_json(self._folder / path)
                self.written.append(path)
        except Exception as error:  # noqa: BLE001 - it must not end the user's script
            known = isinstance(error, GreenmorphError | OSError)
            reason = str(error) if known else repr(error)
            self.faults.append(f"no report of session {self._number}: {reason}")

    def _numbered(self, path: Path) -> Path:
        if self._number == 1:
            return path
        return path.with_name(f"{path.stem}-{self._number}{path.suffix}")

    def summary(self) -> str:
        """Return the reports of all sessions as one text; empty if none ran."""
        total = len(self.texts)
        parts = []
        for number, text in enumerate(self.texts, 1):
            parts.append(text if total == 1 else f"Session {number} of {total}\n{text}")
        if self.written:
            parts.append("\n".join(f"Report written to {path}" for path in self.written))
        return "\n\n".join(parts)
