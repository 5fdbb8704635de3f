"""All formats of a report by name, each a function of the report's JSON document."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..errors import ReportError, UnknownNameError, explain, unknown_name
from .cite import bibtex
from .document import SCHEMA, SCHEMA_VERSION, schema
from .flat import to_csv
from .markup import latex, markdown
from .page import page
from .printable import printable
from .tables import Document, joules
from .text import text

__all__ = ["FORMATS", "line", "neo_annotations", "read_document", "render", "to_json"]


def to_json(document: Document) -> str:
    """Return the document itself as JSON."""
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def line(document: Document) -> str:
    """Return the report in one line."""
    total = _number(document, "energy_j", "interval_j")
    dynamic = _number(document, "dynamic_j", "dynamic_interval_j")
    return f"{printable(document['subject'])}: {total}, of which dynamic {dynamic}, 95 %\n"


def _number(document: Document, energy: str, interval: str) -> str:
    """Return an energy in plain joules, for comparing lines, with its interval."""
    if document[energy] is None:
        return joules(document, None)
    low, high = document[interval]
    return f"{document[energy]:.4g} J ({low:.4g} to {high:.4g})"


def neo_annotations(document: Document) -> dict[str, str | int | float]:
    """Return plain values that Neo takes as annotations of a block or a segment.

    All names begin with ``energy_``. What is not published is left out.
    """
    values: dict[str, Any] = {
        "energy_subject": document["subject"],
        "energy_scope": document["scope"],
        "energy_board": document["board"]["priced_on"],
        "energy_boundary": document["board"]["boundary"],
        "energy_package": " ".join(document["package"].values()),
        "energy_sources": ", ".join(document["sources"]),
        "energy_t_wall_s": document["time"]["t_wall_s"],
    }
    for name, prefix in (("total", ""), ("static", "static_"), ("dynamic", "dynamic_")):
        values[f"energy_{name}_j"] = document["energy_j" if name == "total" else f"{name}_j"]
        low, high = document[f"{prefix}interval_j"] or (None, None)
        values |= {f"energy_{name}_low_j": low, f"energy_{name}_high_j": high}
    values |= {f"energy_n_{name}": number for name, number in document["counters"].items()}
    return {name: value for name, value in values.items() if value is not None}


def _bibtex(document: Document) -> str:
    return bibtex(document["sources"])


#: A function for each format, from the document to text.
FORMATS: Mapping[str, Callable[[Document], str]] = {
    "json": to_json,
    "text": lambda document: text(document) + "\n",
    "line": line,
    "csv": to_csv,
    "markdown": markdown,
    "latex": latex,
    "html": page,
    "bibtex": _bibtex,
}


def render(document: Document, format: str) -> str:  # noqa: A002 - what users call it
    """Return a report in a format.

    Parameters
    ----------
    document : mapping
        What ``Report.to_dict()`` returned, or :func:`read_document` read.
    format : str
        A name in :data:`FORMATS`.

    Returns
    -------
    str
        Ends with a line break.

    Raises
    ------
    UnknownNameError
        If there is no such format.
    """
    if format not in FORMATS:
        raise UnknownNameError(unknown_name("format", format, FORMATS))
    return FORMATS[format](document)


def read_document(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read a report that was written as JSON.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    dict
        Its document.

    Raises
    ------
    ReportError
        If the file cannot be read, is cut off or no report, or of another version.
    """
    where = f"report {os.fspath(path)!r}"
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        what = f"cannot be read: {error.strerror}"
        raise ReportError(explain(what, where=where)) from error
    except ValueError as error:  # JSONDecodeError and UnicodeDecodeError are ValueErrors
        todo = "If the file was cut off, write it again"
        raise ReportError(explain(f"not valid JSON: {error}", where=where, todo=todo)) from error
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        given = document.get("schema") if isinstance(document, dict) else type(document).__name__
        allowed = f"a file whose field 'schema' is {SCHEMA!r}"
        raise ReportError(explain("not a report", where=where, allowed=allowed, given=given))
    if document.get("schema_version") != SCHEMA_VERSION:
        raise ReportError(
            explain(
                "a report of another version of the schema",
                where=where,
                allowed=f"version {SCHEMA_VERSION}",
                given=document.get("schema_version"),
                todo="Read it with the version of pynn_greenmorph that wrote it",
            )
        )
    absent = [key for key in schema()["required"] if key not in document]
    if absent:
        what = f"fields are missing: {', '.join(absent)}"
        raise ReportError(explain(what, where=where))
    return document
