"""The fidelity report: what was rounded, left out or not honoured.

Every deviation is one row of a machine-readable table and one warning per
kind. Rows of one kind and place are merged: counts add up and the largest
deviation is kept.
"""

from __future__ import annotations

import inspect
import warnings
from dataclasses import dataclass, field

from ..errors import FidelityWarning

__all__ = ["FidelityLog"]


def _callers_level() -> int:
    """Level, for the caller's ``warn``, of the nearest frame outside this package and PyNN."""
    level, frame = 0, inspect.currentframe()
    while frame is not None:
        if frame.f_globals.get("__name__", "").split(".")[0] not in ("pynn_greenmorph", "pyNN"):
            return level
        level, frame = level + 1, frame.f_back
    return 1


@dataclass
class FidelityLog:
    """Collects deviations of one session.

    Attributes
    ----------
    merged : dict
        Rows by (kind, where).
    """

    merged: dict[tuple[str, str], dict[str, object]] = field(default_factory=dict)

    def add(
        self,
        kind: str,
        where: str,
        message: str,
        *,
        count: int = 1,
        largest: float = 0.0,
        unit: str = "",
        quiet: bool = False,
    ) -> None:
        """Add a deviation, and warn once per kind.

        Parameters
        ----------
        kind : str
            Short name of the kind, for example ``"delay rounded"``.
        where : str
            The population, projection or call.
        message : str
            What happened, as a sentence; ``{count}`` in it stands for the count.
        count : int
            How many values were affected.
        largest : float
            Largest deviation, in ``unit``.
        unit : str
            Unit of ``largest``.
        quiet : bool
            Only keep the row: the call has no effect on results, or asked for this one.
        """
        known = any(key[0] == kind for key in self.merged)
        row = self.merged.get((kind, where))
        if row is not None:
            count += int(str(row["count"]))
            largest = max(float(str(row["largest"])), largest)
        # Worded again when rows merge, so that the sentence has the row's count.
        message = message.replace("{count}", str(count))
        self.merged[kind, where] = {
            "kind": kind,
            "where": where,
            "count": count,
            "largest": largest,
            "unit": unit,
            "message": message,
        }
        if not known and not quiet:
            warnings.warn(f"{where}: {message}", FidelityWarning, stacklevel=_callers_level())

    def rows(self) -> list[dict[str, object]]:
        """Return the rows, in order of their first occurrence.

        Returns
        -------
        list of dict
            Keys ``kind``, ``where``, ``count``, ``largest``, ``unit``, ``message``.
        """
        return [dict(row) for row in self.merged.values()]
