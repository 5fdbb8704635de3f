"""A report as plain values; ``report.schema.json`` beside this file describes them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pynn_greenmorph

from ..boards.profile import Coefficient
from ..errors import BoardError, ReportError, explain
from .intervals import DRAWS, LEVEL, SEED

if TYPE_CHECKING:
    from .compare_boards import Comparison
    from .priced import Part, Priced
    from .report import Report

__all__ = ["SCHEMA", "SCHEMA_VERSION", "document", "schema"]

SCHEMA = "greenmorph-report"
SCHEMA_VERSION = 1


def schema() -> dict[str, Any]:
    """Return the JSON schema of a report."""
    path = Path(__file__).parent / "report.schema.json"
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def document(report: Report, comparison: Comparison | None = None) -> dict[str, Any]:
    """Return a report as plain values that fit the schema.

    Parameters
    ----------
    report : Report
    comparison : Comparison, optional
        The same counts priced elsewhere.

    Raises
    ------
    ReportError
        If a number is not finite.
    """
    priced = report.priced
    values = {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "package": {"name": "pynn_greenmorph", "version": pynn_greenmorph.__version__},
        "subject": report.subject,
        "scope": report.scope,
        "board": _board(report),
        "seed": int(report.ledger.seed),
        "time": _time(report),
        **_energies(report),
        "interval": {"level": LEVEL, "draws": DRAWS, "seed": SEED},
        "counters": report.counters,
        "components": _components(report),
        "populations": {label: _part(part) for label, part in report.populations.items()},
        "projections": {label: _part(part) for label, part in report.projections.items()},
        "phases": {name: _part(part) for name, part in report.phases.items()},
        "given_phases": {
            given.phase: {"duration_s": given.duration_s, "power_w": given.power_w}
            for given in priced.durations
        },
        "left_out": list(report.left_out),
        "missing": list(report.missing),
        "variance": _variance(report),
        "rules": [_coefficient(rule) for rule in priced.rules],
        "usual_step": _usual_step(priced),
        "overrun": {
            "factor": priced.overrun.factor,
            "cores": priced.overrun.cores,
            "fitting_time_scale_factor": priced.overrun.fitting_factor,
            "clamped_j": priced.overrun.clamped_j,
        },
        "placement": [
            {"what": use.what, "used": use.used, "limit": use.limit, "unit": use.unit}
            for use in priced.placement.usage
        ],
        "fidelity": [dict(row) for row in report.fidelity],
        "comparison": None if comparison is None else _comparison(comparison),
        "host": None if report.host is None else report.host.to_dict(),
        "sources": {key: priced.board.sources[key].ref for key in _keys(report)},
    }
    _check_finite(values, "report")
    return values


def _energies(report: Report) -> dict[str, Any]:
    """Return totals and intervals; ``None`` for what rests on a power nobody has published."""
    values: dict[str, Any] = {}
    for name in ("energy_j", "static_j", "dynamic_j"):
        values[name] = _published(report, name)
    for name in ("interval_j", "static_interval_j", "dynamic_interval_j"):
        values[name] = _ends(report, name)
    return values


def _published(owner: object, name: str) -> Any:
    """Return a number that raises where a power is not published, or ``None`` there."""
    try:
        return getattr(owner, name)
    except BoardError:
        return None


def _variance(report: Report) -> dict[str, dict[str, float]]:
    """Return each coefficient's share of the variance, of what is published."""
    parts = ("dynamic",) if report.missing else ("total", "dynamic")
    return {part: dict(report.uncertainty(part).by_coefficient) for part in parts}


def _board(report: Report) -> dict[str, Any]:
    priced = report.priced
    return {
        "computed_on": report.computed_on,
        "priced_on": priced.board.name,
        "label": priced.board.label,
        "boundary": priced.boundary.name,
        "boundary_subject": priced.boundary.subject,
        "boards": priced.placement.boards,
        "frames": priced.placement.frames,
        "cores": priced.placement.cores,
    }


def _time(report: Report) -> dict[str, Any]:
    wall = report.priced.wall
    return {
        "dt_ms": float(report.ledger.dt_ms),
        "steps": int(report.ledger.steps),
        "t_bio_s": wall.t_bio_s,
        "t_wall_s": wall.t_wall_s,
        "factor": wall.factor,
        "reason": wall.reason,
        "time_scale_factor": None if wall.asked is None else float(wall.asked),
    }


def _coefficient(coefficient: Coefficient) -> dict[str, Any]:
    return {
        "name": coefficient.name,
        "value": coefficient.value,
        "unit": coefficient.unit,
        "rel_std": coefficient.rel_std,
        "source": coefficient.source,
        "confidence": coefficient.confidence,
        "note": coefficient.note,
    }


def _components(report: Report) -> dict[str, Any]:
    return {
        line.name: {
            "energy_j": _published(line, "energy_j"),
            "interval_j": _ends(line),
            "count": line.count,
            "meaning": line.meaning,
            "coefficients": [_coefficient(c) for c in line.coefficients],
        }
        for line in report.components.values()
    }


def _part(part: Part) -> dict[str, Any]:
    return {
        "energy_j": _published(part, "energy_j"),
        "static_j": _published(part, "static_j"),
        "dynamic_j": part.dynamic_j,
        "counters": dict(part.counters),
    }


def _ends(owner: object, name: str = "interval_j") -> list[float] | None:
    ends = _published(owner, name)
    return None if ends is None else list(ends)


def _keys(report: Report) -> list[str]:
    """Keys of the sources of all prices and rules, sorted."""
    keys = {*report.source_keys, *(rule.source for rule in report.priced.rules)}
    return sorted(keys - {""})


def _comparison(comparison: Comparison) -> dict[str, Any]:
    rows, bands = map(asdict, comparison.rows), map(asdict, comparison.bands)
    # Tuples become lists, as they do in a file: the document is the same before and after.
    plain: dict[str, Any] = json.loads(json.dumps({"boards": list(rows), "bands": list(bands)}))
    return plain


def _usual_step(priced: Priced) -> dict[str, float] | None:
    usual = priced.usual_step
    if usual is None:
        return None
    return {
        "dt_ms": usual.dt_ms,
        "t_wall_s": usual.t_wall_s,
        "energy_j": usual.energy_j,
        "static_j": usual.static_j,
        "dynamic_j": usual.dynamic_j,
        "overrun_factor": usual.overrun.factor,
        "clamped_cores": usual.overrun.cores,
    }


def _check_finite(value: object, path: str) -> None:
    """Find a number that JSON cannot hold before a file is touched."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ReportError(explain("a number is not finite", where=path, given=value))
    if isinstance(value, Mapping):
        for key, inner in value.items():
            _check_finite(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _check_finite(inner, f"{path}[{index}]")
