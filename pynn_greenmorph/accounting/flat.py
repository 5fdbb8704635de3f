"""A report as rows of single numbers, for CSV and pandas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from ..errors import MissingPackageError, explain
from .printable import harmless
from .tables import Document

__all__ = ["COLUMNS", "flat_rows", "to_csv", "to_frame"]

#: Names of the columns. ``low`` and ``high`` are the ends of the 95 % interval.
COLUMNS = ("section", "name", "quantity", "value", "unit", "low", "high", "subject")

Row = tuple[Any, ...]


def flat_rows(document: Document) -> Iterator[Row]:
    """Yield a row for each number of a report; what is not published is ``None``."""
    yield from _totals(document)
    for name, line in document["components"].items():
        low, high = line["interval_j"] or (None, None)
        yield _row(document, "components", name, "energy", line["energy_j"], "J", low, high)
        if line["count"] is not None:
            yield _row(document, "components", name, "count", line["count"], "1")
        for one in line["coefficients"]:
            yield _row(document, "components", name, one["name"], one["value"], one["unit"])
    for section in ("populations", "projections", "phases"):
        for label, part in document[section].items():
            for key in ("energy_j", "static_j", "dynamic_j"):
                yield _row(document, section, label, key.removesuffix("_j"), part[key], "J")
            for key, value in part["counters"].items():
                yield _row(document, section, label, key, value, "1")


def _totals(document: Document) -> Iterator[Row]:
    for name, prefix in (("energy", ""), ("static", "static_"), ("dynamic", "dynamic_")):
        low, high = document[f"{prefix}interval_j"] or (None, None)
        yield _row(document, "total", name, "energy", document[f"{name}_j"], "J", low, high)
    for name, value in document["counters"].items():
        yield _row(document, "total", name, "count", value, "1")
    for name, unit in (("t_bio_s", "s"), ("t_wall_s", "s"), ("factor", "1")):
        key = name.removesuffix("_s")
        yield _row(
            document, "time", key, "time" if unit == "s" else "factor", document["time"][name], unit
        )
    host = document["host"]
    if host is not None:
        low, high = host["interval_j"] or (None, None)
        whose = host["subject"]
        yield ("host", host["method"], "energy", host["energy_j"], "J", low, high, whose)
        yield ("host", host["method"], "wall", host["wall_s"], "s", None, None, whose)
        yield ("host", host["method"], "processors", host["cpu_s"], "s", None, None, whose)
        yield ("host", host["method"], "compiling", host["compile_s"], "s", None, None, whose)


def _row(
    document: Document,
    section: str,
    name: str,
    quantity: str,
    value: float | None,
    unit: str,
    low: float | None = None,
    high: float | None = None,
) -> Row:
    return (section, name, quantity, value, unit, low, high, document["subject"])


def to_csv(document: Document) -> str:
    """Return a report as CSV; numbers have all their digits."""
    file = io.StringIO()
    # All texts in quotes: else a label with a lone carriage return would end its row.
    writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(COLUMNS)
    for row in flat_rows(document):
        writer.writerow([harmless(cell) for cell in row])
    return file.getvalue()


def to_frame(document: Document) -> Any:
    """Return a report as a pandas ``DataFrame`` with the columns :data:`COLUMNS`.

    Raises
    ------
    MissingPackageError
        If pandas is not installed.
    """
    try:
        import pandas as pd  # an extra, and slow to import
    except ImportError as error:
        todo = "Install the extra `analysis`: pip install 'pynn_greenmorph[analysis]'"
        message = explain("pandas is not installed", where="to_pandas()", todo=todo)
        raise MissingPackageError(message) from error
    return pd.DataFrame(list(flat_rows(document)), columns=list(COLUMNS))
