"""A report's energy per image, trial or inference: a functional unit that the user declares."""

from __future__ import annotations

import math
import operator
from dataclasses import asdict, dataclass
from html import escape
from typing import Any

from ..errors import InvalidValueError, ReportError, explain
from .numbers import count, quantity, span
from .tables import Document, whose
from .wrapping import wrapped

__all__ = ["PerUnit", "per_unit"]

Interval = tuple[float, float]


@dataclass(frozen=True)
class PerUnit:
    """Energy per functional unit; ``str()`` and Jupyter show it in words.

    Attributes
    ----------
    unit : str
        What one of them is, for example ``"image"``.
    n : int
        How many the run processed, as declared by the user.
    accuracy : float or None
        Fraction of them that were right, as declared by the user.
    energy_j, static_j : float or None, J
        Per unit; ``None`` where the static power is not published.
    dynamic_j : float, J
    interval_j, dynamic_interval_j : (float, float) or None, J
        95 % intervals per unit.
    t_wall_s, t_bio_s : float, s
        Time per unit on the board, and biological time.
    correct_j, dynamic_correct_j : float or None, J
        Per unit that was right; ``None`` without an accuracy.
    subject : str
        Whose joules these are, with the keys of the sources.
    """

    unit: str
    n: int
    accuracy: float | None
    energy_j: float | None
    static_j: float | None
    dynamic_j: float
    interval_j: Interval | None
    dynamic_interval_j: Interval | None
    t_wall_s: float
    t_bio_s: float
    correct_j: float | None
    dynamic_correct_j: float | None
    subject: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    def rows(self) -> list[tuple[str, str]]:
        """Return names and words."""
        found = [(f"declared functional unit: {self.unit}", f"{count(self.n)} in the run")]
        for name, value, ends in (
            (f"per {self.unit}", self.energy_j, self.interval_j),
            (f"per {self.unit}, dynamic", self.dynamic_j, self.dynamic_interval_j),
        ):
            energy = "static power not published" if value is None else quantity(value, "J")
            range_ = f" ({span(ends, 'J')}, 95 %)" if ends else ""
            found.append((name, f"{energy}{range_}; {self.subject}"))
        if self.accuracy is not None:
            right = self.dynamic_correct_j if self.correct_j is None else self.correct_j
            part = ", dynamic" if self.correct_j is None else ""
            name = f"per right {self.unit}{part}, at an accuracy of {self.accuracy:g}"
            found.append((name, f"{quantity(right or 0.0, 'J')}; {self.subject}"))
        found.append((f"time per {self.unit}", f"{quantity(self.t_wall_s, 's')} on the board"))
        return found

    def __str__(self) -> str:
        return wrapped("\n".join(f"{name}: {words}" for name, words in self.rows()))

    def _repr_html_(self) -> str:
        body = "".join(
            f"<tr><td>{escape(name)}</td><td>{escape(words)}</td></tr>"
            for name, words in self.rows()
        )
        return f"<table><tbody>{body}</tbody></table>"


def per_unit(document: Document, unit: str, n: int, accuracy: float | None = None) -> PerUnit:
    """Divide a report by the functional units that were processed.

    Parameters
    ----------
    document : mapping
        A report's document.
    unit : str
        The name of one, for example ``"image"``.
    n : int
        How many the run processed.
    accuracy : float, optional
        Fraction of them that were right; gives the energy per right one.

    Raises
    ------
    InvalidValueError
        If the name is empty, ``n`` is not a whole number above 0, or the
        accuracy is not above 0 and at most 1.
    ReportError
        If nothing has been run.
    """
    where = "report.per()"
    if not str(unit).strip():
        allowed = "a name such as 'image', 'trial', 'inference'"
        raise InvalidValueError(explain("no unit", where=where, allowed=allowed, given=unit))
    number = _whole(n, where)
    if accuracy is not None:
        _check_accuracy(accuracy, where)
    if not document["time"]["steps"]:
        what = f"nothing has been run, so there is no energy per {unit}"
        raise ReportError(explain(what, where=where, todo="Call run() first"))

    def share(value: float | None) -> float | None:
        return None if value is None else value / number

    def ends(values: list[float] | None) -> Interval | None:
        return None if values is None else (values[0] / number, values[1] / number)

    energy, dynamic = share(document["energy_j"]), document["dynamic_j"] / number
    return PerUnit(
        unit=unit,
        n=number,
        accuracy=None if accuracy is None else float(accuracy),
        energy_j=energy,
        static_j=share(document["static_j"]),
        dynamic_j=dynamic,
        interval_j=ends(document["interval_j"]),
        dynamic_interval_j=ends(document["dynamic_interval_j"]),
        t_wall_s=document["time"]["t_wall_s"] / number,
        t_bio_s=document["time"]["t_bio_s"] / number,
        correct_j=None if accuracy is None or energy is None else energy / accuracy,
        dynamic_correct_j=None if accuracy is None else dynamic / accuracy,
        subject=whose(document),
    )


def _whole(n: Any, where: str) -> int:
    try:
        number = operator.index(n)
    except TypeError:
        number = 0
    if number < 1 or isinstance(n, bool):
        allowed = "a whole number of 1 or more: how many of them the run processed"
        raise InvalidValueError(explain("wrong n", where=where, allowed=allowed, given=n))
    return number


def _check_accuracy(accuracy: Any, where: str) -> None:
    number = isinstance(accuracy, (int, float)) and not isinstance(accuracy, bool)
    if not number or not math.isfinite(accuracy) or not 0 < accuracy <= 1:
        allowed = "a fraction above 0 and at most 1; 95 % is 0.95"
        message = explain("wrong accuracy", where=where, allowed=allowed, given=accuracy)
        raise InvalidValueError(message)
