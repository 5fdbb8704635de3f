"""A study as tables of words, as text and as plain values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pynn_greenmorph

from ..nature import Nature
from ..numbers import quantity
from ..printable import printable
from ..tables import Table
from .entries import Entry
from .key import words_of
from .sensitivity import Outcome, Sensitivity, outcomes, sensitivity
from .study import Study, whose

__all__ = ["SCHEMA", "SCHEMA_VERSION", "ended_early", "study_dict", "study_tables"]

SCHEMA = "greenmorph-study"
SCHEMA_VERSION = 1

#: What can be said of an attempt that did not say itself what ended it.
_SILENT = {
    "killed": "its process is gone and did not say how it ended",
    "running": "its process lives",
    "unknown": "it did not say how it ended, and ran where this computer cannot look",
}


def study_tables(study: Study, nature: Nature) -> list[Table]:
    """Return the tables of a study: experiments, what ended early, each parameter that varies.

    Parameters
    ----------
    study : Study
    nature : Nature
        Of what is known; joules are shown at the grid with its PUE and loss.
    """
    found = outcomes(study, nature.pue, nature.loss)
    joules = study.grid_joules(nature.pue, nature.loss)
    tables = [_counts(study), _experiments(study, found, joules)]
    if any(entry.status != "finished" for entry in study.entries):
        tables.append(_early(study.entries, joules))
    tables += [_parameter(each) for each in sensitivity(found)]
    return tables


def _counts(study: Study) -> Table:
    rows = [("experiments (N_exp)", str(study.n_exp))]
    if lost := sum(not _finished(attempts) for attempts in study.experiments):
        rows.append(("  without a finished attempt", str(lost)))
    rows.append(("attempts", str(sum(study.statuses.values()))))
    rows += [(f"  {status}", str(number)) for status, number in sorted(study.statuses.items())]
    epochs = study.epochs
    rows.append(("epochs charged", str(epochs.total)))
    if epochs.begun:
        rows.append(("  of attempts that finished", str(epochs.finished)))
        rows.append(("  begun by attempts that did not", str(epochs.begun)))
    if epochs.least != epochs.most:
        mean = epochs.total / study.n_exp
        words = f"{epochs.least} to {epochs.most}, mean {mean:.6g}"
        rows.append(("  of one experiment", words))
    return Table("study", ("", ""), tuple(rows))


def _finished(attempts: Sequence[Entry]) -> bool:
    return any(entry.status == "finished" for entry in attempts)


def ended_early(study: Study) -> str:
    """Say how many attempts did not finish, for the head of a report; empty if all did.

    Parameters
    ----------
    study : Study
    """
    early = {status: n for status, n in sorted(study.statuses.items()) if status != "finished"}
    if not early:
        return ""
    ways = ", ".join(f"{number} {status}" for status, number in early.items())
    number, total = sum(early.values()), sum(study.statuses.values())
    return f"{number} of {total} attempts did not finish ({ways}); what they cost is included"


def _early(entries: Sequence[Entry], joules: Mapping[str, float | None]) -> Table:
    """Return the attempts that did not finish, scripts that drive experiments too."""
    rows, scripts = [], _scripts(entries)
    for entry in (entry for entry in entries if entry.status != "finished"):
        params = ", ".join(f"{name}={words_of(value)}" for name, value in entry.params.items())
        why = entry.error or _SILENT.get(entry.status, "it did not say why")
        script = scripts[entry.digest, entry.script]
        cells = (entry.name, script, params, entry.status, why)
        rows.append((*cells, _joule(joules[entry.id]), f"({whose([entry])})"))
    header = ("name", "script", "parameters", "attempt", "why", "energy at the grid", "whose")
    return Table("attempts that did not finish", header, tuple(rows))


def _experiments(
    study: Study, found: Sequence[Outcome], joules: Mapping[str, float | None]
) -> Table:
    rows, scripts = [], _scripts(study.entries)
    for attempts, outcome in zip(study.experiments, found, strict=True):
        first = attempts[0]
        params = ", ".join(f"{name}={value}" for name, value in outcome.params.items())
        ended = ", ".join(entry.status for entry in attempts)
        results = ", ".join(f"{name}={value:.6g}" for name, value in outcome.results.items())
        results = results or _told(attempts)
        script = scripts[first.digest, first.script]
        key = (first.name, script, params, first.seed or "?", first.board or "?")
        rows.append((*key, ended, results, _joule(outcome.joule), f"({whose(attempts)})"))
    drivers = [entry for entry in study.entries if entry.driver and joules[entry.id] != 0.0]
    header = ("name", "script", "parameters", "seed", "board", "attempts", "result")
    for entry in drivers:
        script = scripts[entry.digest, entry.script]
        cells = (entry.name, script, "outside its experiments", "", "", entry.status, "")
        rows.append((*cells, _joule(joules[entry.id]), f"({whose([entry])})"))
    return Table("experiments", (*header, "energy at the grid", "whose"), tuple(rows))


def _scripts(entries: Sequence[Entry]) -> dict[tuple[str, str], str]:
    """Return what to call each script: its name, with its digest if others have the same name."""
    found = {(entry.digest, entry.script) for entry in entries}
    names = Counter(name for _, name in found)
    return {
        (digest, name): f"{name} {digest[:8]}" if digest and names[name] > 1 else name
        for digest, name in found
    }


def _joule(value: float | None) -> str:
    return "not known" if value is None else quantity(value, "J")


def _told(attempts: Sequence[Entry]) -> str:
    """Return the last result that is no number, such as ``"good"``."""
    told = [entry.result for entry in attempts if entry.result is not None]
    return words_of(told[-1]) if told else ""


def _parameter(each: Sensitivity) -> Table:
    names = sorted({name for line in each.lines for name in line.results})
    rows = []
    for line in each.lines:
        cells = [line.value, str(line.experiments), str(line.attempts)]
        cells += [_joule(line.joule), _joule(line.mean_joule)]
        for name in names:
            low, mean, high = line.results.get(name, (None, None, None))
            cells.append("" if mean is None else f"{mean:.6g} ({low:.6g} to {high:.6g})")
        rows.append((*cells, f"({line.whose})"))
    joule = _percent(each.shares["joule"]) if "joule" in each.shares else "not known"
    shares = ("share of the variance", "", "", "", joule)
    rows.append((*shares, *(_percent(each.shares.get(name)) for name in names), ""))
    parameter = printable(each.name)
    header = (parameter, "experiments", "attempts", "energy at the grid", "per experiment")
    return Table(
        f"by parameter {parameter}", (*header, *map(printable, names), "whose"), tuple(rows)
    )


def _percent(share: float | None) -> str:
    return "nothing varies" if share is None else f"{100 * share:.3g} %"


def study_dict(study: Study, nature: Nature) -> dict[str, Any]:
    """Return a study as plain values for JSON.

    Parameters
    ----------
    study : Study
    nature : Nature
        Of what is known; left out if a price is missing.
    """
    found = outcomes(study, nature.pue, nature.loss)
    joules = study.grid_joules(nature.pue, nature.loss)
    return {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "package": {"name": "pynn_greenmorph", "version": pynn_greenmorph.__version__},
        "subject": study.subject,
        "n_exp": study.n_exp,
        "statuses": dict(study.statuses),
        "epochs": {**study.epochs._asdict(), "total": study.epochs.total},
        "nature": None if study.missing else nature.to_dict(),
        "unknown": study.unknown,
        "experiments": [
            {
                **_identity(attempts[0]),
                "finished": _finished(attempts),
                "joule": outcome.joule,
                "results": dict(outcome.results),
                "attempts": [_attempt(entry, joules[entry.id]) for entry in attempts],
            }
            for attempts, outcome in zip(study.experiments, found, strict=True)
        ],
        "drivers": [
            {**_identity(entry), **_attempt(entry, joules[entry.id])}
            for entry in study.entries
            if entry.driver
        ],
        "sensitivity": [_sensitivity(each) for each in sensitivity(found)],
    }


def _identity(entry: Entry) -> dict[str, Any]:
    names = ("name", "script", "digest", "params", "version", "seed", "board")
    return {name: getattr(entry, name) for name in names}


def _attempt(entry: Entry, joule: float | None) -> dict[str, Any]:
    names = ("id", "status", "epochs", "host", "started_utc", "duration_s", "error", "result")
    values = {name: getattr(entry, name) for name in names}
    values["charged_epochs"] = entry.charged_epochs
    return {**values, "joule": joule, "sessions": len(entry.sessions)}


def _sensitivity(each: Sensitivity) -> dict[str, Any]:
    lines = [
        {**vars(line), "results": {name: list(three) for name, three in line.results.items()}}
        for line in each.lines
    ]
    return {"name": each.name, "shares": dict(each.shares), "values": lines}
