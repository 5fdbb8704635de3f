"""Collects the energy report of every session of a script, as each one ends."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..accounting.numbers import quantity, span
from ..errors import GreenmorphError, ReportError, explain

if TYPE_CHECKING:
    from ..accounting.report import Report

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
    written : list of pathlib.Path
        The files written.
    faults : list of str
        What went wrong.
    """

    def __init__(self, boundary: str | None = None, path: str | None = None) -> None:
        self.boundary = boundary
        self.path = None if path is None else Path(path)
        self._folder = Path.cwd()  # the script may change it
        self.written: list[Path] = []
        self.faults: list[str] = []
        self._number = 0
        self._first_text = ""
        self._lines: list[str] = []
        self._joules: dict[tuple[str, str], float] = {}

    def __call__(self, session: Any) -> None:
        """Report on a session that has just ended."""
        self._number += 1
        try:
            self._take(session.report(boundary=self.boundary))
        except Exception as error:  # noqa: BLE001 - it must not end the user's script
            known = isinstance(error, GreenmorphError | OSError)
            reason = str(error) if known else repr(error)
            self.faults.append(f"no report of session {self._number}: {reason}")

    def _take(self, report: Report) -> None:
        if not self._lines:
            self._first_text = str(report)
        # Without a published static power there is no total, but a dynamic part.
        part = "dynamic " if report.missing else ""
        joules = report.dynamic_j if part else report.energy_j
        ends = report.dynamic_interval_j if part else report.interval_j
        energy = f"{part}{quantity(joules, 'J')} ({span(ends, 'J')})"
        self._lines.append(f"  session {self._number}: {energy}, {report.subject}")
        self._joules[part, report.subject] = self._joules.get((part, report.subject), 0.0) + joules
        if self.path is not None:
            path = self.path
            if self._number > 1:
                path = path.with_name(f"{path.stem}-{self._number}{path.suffix}")
            report.to_json(self._folder / path)
            self.written.append(path)

    def summary(self) -> str:
        """Return what is printed at the end; empty if no session ran.

        One session is shown in full, several (a sweep) in a line each.
        """
        parts = []
        if len(self._lines) == 1:
            parts = [self._first_text]
        elif self._lines:
            sums = [
                f"  together: {part}{quantity(joules, 'J')}, {subject}"
                for (part, subject), joules in self._joules.items()
            ]
            parts = ["\n".join(["energy of each session (95 % interval)", *self._lines, *sums])]
        if self.written:
            parts.append("\n".join(f"Report written to {path}" for path in self.written))
        return "\n\n".join(parts)
