"""A report as plain values; ``report.schema.json`` beside this file describes them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pynn_greenmorph

from ..boards.profile import Coefficient
from ..errors import ReportError, explain
from .intervals import DRAWS, LEVEL, SEED

if TYPE_CHECKING:
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


def document(report: Report) -> dict[str, Any]:
    """Return a report as plain values that fit the schema.

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
        "board": _board(report),
        "seed": int(report.ledger.seed),
        "time": _time(report),
        "energy_j": report.energy_j,
        "static_j": report.static_j,
        "dynamic_j": report.dynamic_j,
        "interval_j": list(report.interval_j),
        "static_interval_j": list(report.static_interval_j),
        "dynamic_interval_j": list(report.dynamic_interval_j),
        "interval": {"level": LEVEL, "draws": DRAWS, "seed": SEED},
        "counters": report.counters,
        "components": _components(report),
        "populations": {label: _part(part) for label, part in report.populations.items()},
        "projections": {label: _part(part) for label, part in report.projections.items()},
        "phases": {name: _part(part) for name, part in report.phases.items()},
        "left_out": ["mapping", "loading"],
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
        "sources": {key: priced.board.sources[key].ref for key in _keys(report)},
    }
    _check_finite(values, "report")
    return values


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
            "energy_j": line.energy_j,
            "interval_j": list(line.interval_j),
            "count": line.count,
            "meaning": line.meaning,
            "coefficients": [_coefficient(c) for c in line.coefficients],
        }
        for line in report.components.values()
    }


def _part(part: Part) -> dict[str, Any]:
    return {
        "energy_j": part.energy_j,
        "static_j": part.static_j,
        "dynamic_j": part.dynamic_j,
        "counters": dict(part.counters),
    }


def _keys(report: Report) -> list[str]:
    """Keys of the sources of all prices and rules, sorted."""
    return sorted({*report.source_keys, *(rule.source for rule in report.priced.rules)})


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
