"""All formats of a study by name."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Mapping
from html import escape

from ...errors import ReportError, UnknownNameError, explain, unknown_name
from ..html import html_table
from ..markup import latex_table, markdown_escape, markdown_table
from ..nature import Nature
from ..page import STYLE
from ..printable import harmless, printable
from ..readings import Readings
from ..sci import Sci
from ..tables import Table
from ..text import lay_out
from .plots import study_plots
from .sensitivity import outcomes, sensitivity
from .study import Study, whose
from .words import ended_early, study_dict, study_tables

__all__ = ["STUDY_FORMATS", "render_study"]

#: What is shown besides, by name.
Extra = Mapping[str, Sci | Readings]

#: Columns of the CSV, which has a row for each attempt.
_COLUMNS = (
    *("id", "experiment", "name", "script", "digest", "version", "seed", "board", "status"),
    *("epochs", "charged_epochs", "host", "started_utc", "duration_s", "error", "params", "result"),
    *("joule_at_grid", "t_wall_s", "subject"),
)


def render_study(
    study: Study,
    nature: Nature,
    format: str,  # noqa: A002 - what users call it
    sci: Sci | None = None,
    readings: Readings | None = None,
) -> str:
    """Return a study in a format.

    Parameters
    ----------
    study : Study
    nature : Nature
        From ``study.nature_of_known()``; it is not shown if a price is missing.
    format : str
        A name in :data:`STUDY_FORMATS`.
    sci : Sci, optional
    readings : Readings, optional
        What else is to be shown.

    Returns
    -------
    str
        Ends with a line break.

    Raises
    ------
    UnknownNameError
        If there is no such format.
    ReportError
        If the format has no place for the SCI or the readings.
    """
    if format not in STUDY_FORMATS:
        raise UnknownNameError(unknown_name("format of a study", format, STUDY_FORMATS))
    extra = {"sci": sci, "readings": readings}
    return STUDY_FORMATS[format](study, nature, {k: v for k, v in extra.items() if v is not None})


def _json(study: Study, nature: Nature, extra: Extra) -> str:
    values = study_dict(study, nature)
    values |= {name: each.to_dict() for name, each in extra.items()}
    return json.dumps(values, indent=2, allow_nan=False) + "\n"


def _csv(study: Study, nature: Nature, extra: Extra) -> str:
    if extra:
        what = f"CSV has a row for each attempt, and no place for {' and '.join(extra)}"
        raise ReportError(explain(what, todo="Take another format"))
    joules = study.grid_joules(nature.pue, nature.loss)
    numbers = {e.id: n for n, attempts in enumerate(study.experiments, 1) for e in attempts}
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for entry in study.entries:
        plain = [getattr(entry, name) for name in _COLUMNS[2:15]]
        result = entry.result
        if not isinstance(result, int | float | None):
            result = json.dumps(result)
        seconds = sum(session.t_wall_s for session in entry.sessions) * entry.passes
        row = [entry.id, numbers.get(entry.id), *plain, entry.words, result]
        cells = [*row, joules[entry.id], seconds, whose([entry])]
        writer.writerow([harmless(cell) for cell in cells])
    return stream.getvalue()


def _blocks(study: Study, nature: Nature, extra: Extra) -> list[str]:
    total = f"NATURE: {study.unknown}." if study.missing else str(nature)
    early = ended_early(study)
    blocks = [total, *map(str, extra.values()), *([f"{early}."] if early else [])]
    return ["\n".join(map(printable, block.splitlines())) for block in blocks]


def _text(study: Study, nature: Nature, extra: Extra) -> str:
    shown = [f"{printable(table.title)}\n{lay_out(table)}" for table in study_tables(study, nature)]
    return "\n\n".join([*_blocks(study, nature, extra), *shown]) + "\n"


def _fenced(block: str) -> str:
    # A fence longer than any run of backticks in the words cannot be closed by them.
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", block)), default=0))
    return f"{fence}text\n{block}\n{fence}"


def _markdown(study: Study, nature: Nature, extra: Extra) -> str:
    fenced = [_fenced(block) for block in _blocks(study, nature, extra)]
    shown = [
        f"## {markdown_escape(table.title.capitalize())}\n\n{markdown_table(_headed(table))}"
        for table in study_tables(study, nature)
    ]
    return "\n\n".join(["# NATURE of the study", *fenced, *shown]) + "\n"


def _latex(study: Study, nature: Nature, extra: Extra) -> str:
    words = [line for block in _blocks(study, nature, extra) for line in block.splitlines()]
    shown = [latex_table(study.subject, table) for table in study_tables(study, nature)]
    return "\n".join(f"% {line}" for line in words) + "\n\n" + "\n\n".join(shown) + "\n"


def _html(study: Study, nature: Nature, extra: Extra) -> str:
    blocks = "".join(
        f'<pre style="white-space: pre-wrap">{escape(block)}</pre>'
        for block in _blocks(study, nature, extra)
    )
    plots = study_plots(sensitivity(outcomes(study, nature.pue, nature.loss)))
    if plots:
        whose_ = escape(printable(study.subject))
        about = f"Joules are those of an experiment on average, {whose_}"
        results = "results are means, their lines reach from the lowest to the highest"
        plots = f'<p>{about}; {results}.</p><div class="plots">{plots}</div>'
    body = "".join(html_table(table) for table in study_tables(study, nature))
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>NATURE of the study</title><style>{STYLE}</style></head><body>"
        f"<h1>NATURE of the study</h1>{blocks}{plots}{body}</body></html>\n"
    )


def _headed(table: Table) -> Table:
    """Give a table without column names empty ones; Markdown knows no table without a head."""
    return table if table.header else Table(table.title, ("",) * len(table.rows[0]), table.rows)


#: A function for each format.
STUDY_FORMATS: Mapping[str, Callable[[Study, Nature, Extra], str]] = {
    "text": _text,
    "json": _json,
    "csv": _csv,
    "markdown": _markdown,
    "latex": _latex,
    "html": _html,
}
