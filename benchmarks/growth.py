"""How the cost of this backend grows, one quantity at a time.

``python benchmarks/growth.py`` measures, each point in new processes, and writes
``docs/_static/growth.svg`` and ``docs/_static/growth.json``. Rounds go over all
points, so that a neighbour who is busy for a while moves no point alone; medians
count, and bars go from the fastest to the slowest ``run()``: what is within them may
be noise. The network is that of the other programs (:mod:`networks`); the cost is the
time of ``run()`` for each step of a cell or for each synaptic event. Dotted lines
are the sizes at which the tables that a step touches fill a cache of this processor.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import machine
from apart import Job, measure_apart
from networks import DT_MS, FIRST_MS

from pynn_greenmorph.engine.masks import least_per_line

PICTURE = machine.ROOT / "docs" / "_static" / "growth.svg"
#: float64: four states, two receptors, an injected current, all touched in each step.
_BYTES_PER_CELL = 7 * 8
_CELLS_OF_ROWS = 20_000  # of the networks with few and many synapses
_OF_ALL_RUN = ("ns_per_update", "ns_per_event", "real_time_factor")
_MANY = 60_000  # cells; above, a point is measured once, because PyNN's random numbers take long


def sweeps() -> dict[str, list[dict[str, Any]]]:
    """Return the changes to the workload ``va4k`` for each panel."""
    cells = (500, 1000, 2000, 4000, 8000, 16_000, 32_000, 100_000)
    return {
        "cells": [_network(cells=n, t_stop_ms=max(500.0, 1e7 / n)) for n in cells],
        "synapses per cell": [
            _network(cells=_CELLS_OF_ROWS, degree=k, weight_factor=0.25, t_stop_ms=1000.0)
            for k in (10, 30, 100, 300, 1000)
        ],
        "firing rate": [
            _network(v_rest_mv=v, t_stop_ms=3000.0)
            for v in (-49.9, -49.0, -45.0, -35.0, -10.0, 50.0)
        ],
        "spread of delays": [
            _network(drawn=True, max_delay_ms=d, t_stop_ms=3000.0)
            for d in (0.1, 0.2, 0.5, 1.5, 5.0, 15.0, 50.0)
        ],
        "threads": [
            _network(cells=n, t_stop_ms=max(500.0, 1e7 / n), threads=2)
            for n in (1000, 4000, 16_000, 32_000)
        ],
    }


def _network(threads: int = 1, **change: Any) -> dict[str, Any]:
    return {"threads": threads, "change": change}


def _measure_once(point: dict[str, Any]) -> dict[str, Any]:
    job = ["--change", json.dumps(point["change"])]
    return measure_apart(Job("va4k", "greenmorph", point["threads"], 1, job))


def measure(largest: int, rounds: int) -> dict[str, list[dict[str, Any]]]:
    """Measure all points of up to ``largest`` cells; return them by panel."""
    found = {
        panel: [point for point in swept if _cells(point) <= largest]
        for panel, swept in sweeps().items()
    }
    points = [point for swept in found.values() for point in swept]
    raw: list[list[dict[str, Any]]] = [[] for _ in points]
    _measure_once(_network(t_stop_ms=50.0))  # warms the kernel cache
    for done in range(rounds):
        for point, rows in zip(points, raw, strict=True):
            if done == 0 or _cells(point) <= _MANY:
                rows.append(_measure_once(point))
    results = iter(_summary(point, rows) for point, rows in zip(points, raw, strict=True))
    return {panel: [next(results) for _ in swept] for panel, swept in found.items()}


def _cells(point: dict[str, Any]) -> int:
    return int(point["change"].get("cells", 4000))


def _summary(point: dict[str, Any], raw: list[dict[str, Any]]) -> dict[str, Any]:
    """Sum up what was measured at one point of a panel.

    Returns
    -------
    dict
        Medians: ``run_s``, ``ready_s``, and from them ``ns_per_update`` and
        ``ns_per_event`` (all of ``run()`` for each), ``rate_hz``, ``events``;
        ``update_s`` and ``delivery_s`` where the backend says them. ``range``: the
        least and the largest ``run_s``, for a median of 1.
    """
    cells = _cells(point)
    run_s = statistics.median(row["run_s"] for row in raw)
    row = raw[0]
    degree = row["synapses"] / cells
    # Of the spikes of the whole run; those of the first ms are too few to matter.
    events = row["spikes"] * degree
    updates = cells * row["t_run_ms"] / DT_MS
    result = {
        "run_s": run_s,
        "ready_s": statistics.median(r["build_s"] + r["first_s"] for r in raw),
        "ns_per_update": 1e9 * run_s / updates,
        "ns_per_event": 1e9 * run_s / events if events else None,
        "rate_hz": 1000.0 * row["spikes"] / cells / (row["t_run_ms"] + FIRST_MS),
        "synapses": row["synapses"],
        "real_time_factor": 1000.0 * run_s / row["t_run_ms"],
        "rounds": len(raw),
        "range": [pick(row["run_s"] for row in raw) / run_s for pick in (min, max)],
    }
    for name, unit in (("update_s", updates), ("delivery_s", events)):
        parts = [r["profile"][name] - r["profile_first"][name] for r in raw if name in r["profile"]]
        if parts and unit:
            result[f"{name[:-2]}_ns"] = 1e9 * statistics.median(parts) / unit
    return {**point, **result}


def caches() -> dict[str, int]:
    """Return the sizes of one core's data caches, bytes; empty where unknown."""
    command = ["lscpu", "--caches=NAME,ONE-SIZE", "--bytes"]
    try:
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return {}
    rows = dict(line.split() for line in output.splitlines()[1:])
    return {name: int(rows[key]) for name, key in (("L1", "L1d"), ("L2", "L2")) if key in rows}


# -- the picture -------------------------------------------------------------------------


def _line(axes: Any, points: list[dict[str, Any]], x: list[float], name: str, label: str) -> None:
    """Draw the medians, and for all of ``run()`` the range of each."""
    found = [(at, p[name], p["range"]) for at, p in zip(x, points, strict=True) if p.get(name)]
    if not found:
        return
    at, medians, ranges = zip(*found, strict=True)
    (drawn,) = axes.plot(at, medians, marker="o", markersize=3, linewidth=1.2, label=label)
    if name in _OF_ALL_RUN:
        least, most = ([m * r[i] for m, r in zip(medians, ranges, strict=True)] for i in (0, 1))
        axes.vlines(at, least, most, color=drawn.get_color(), linewidth=0.8)


def _mark(axes: Any, x: float, text: str) -> None:
    axes.axvline(x, color="0.6", linestyle=":", linewidth=1)
    axes.annotate(
        text, (x, 0.97), fontsize=6.5, color="0.35", xycoords=("data", "axes fraction"),
        rotation=90, va="top", ha="right",
    )  # fmt: skip


def _words(axes: Any, title: str, x: str, y: str, reason: str) -> None:
    axes.set(title=title, ylabel=y)
    axes.set_xlabel(f"{x}\n{reason}", fontsize=7)


def _panels(axes: Iterator[Any], points: dict[str, list[dict[str, Any]]]) -> None:
    """Draw the six panels, each with the reason of its bends under it."""
    here, by_cells = next(axes), points["cells"]
    cells = [p["change"]["cells"] for p in by_cells]
    _line(here, by_cells, cells, "ns_per_update", "run()")
    _line(here, by_cells, cells, "update_ns", "update alone")
    for name, size in caches().items():
        _mark(here, size / _BYTES_PER_CELL, f"states fill {name}")
    reason = "few cells: the fixed cost of a step\nbeyond L2: memory"
    _words(here, "Cells", "cells, 80 synapses each", "ns per step of a cell", reason)

    here, by_degree = next(axes), points["synapses per cell"]
    degree = [p["change"]["degree"] for p in by_degree]
    _line(here, by_degree, degree, "ns_per_event", "run()")
    _line(here, by_degree, degree, "delivery_ns", "delivery alone")
    _mark(here, _CELLS_OF_ROWS / 64 * least_per_line(), "rows become bits")
    reason = "few: updates outweigh events,\nand each row's start is paid"
    _words(here, "Synapses", "synapses per cell, 20 000 cells", "ns per synaptic event", reason)

    here, by_rate = next(axes), points["firing rate"]
    _line(here, by_rate, [p["rate_hz"] for p in by_rate], "real_time_factor", "run()")
    reason = "low: updates, whatever the rate\nhigh: events, in proportion"
    _words(here, "Firing rate", "Hz, 4 000 cells", "s per biological s", reason)

    here, by_delay = next(axes), points["spread of delays"]
    spread = [p["change"]["max_delay_ms"] for p in by_delay]
    _line(here, by_delay, spread, "ns_per_event", "run()")
    _line(here, by_delay, spread, "delivery_ns", "delivery alone")
    _mark(here, 80 * DT_MS, "one event per spike and step")
    reason = (
        "wide: a spike's events come in small lots,\nin groups of delays, into a ring beyond L2"
    )
    _words(here, "Delays", "longest delay, ms, from 0.1 ms", "ns per synaptic event", reason)

    here, twice = next(axes), points["threads"]
    alone = {p["change"]["cells"]: p["run_s"] for p in by_cells}
    cells = [p["change"]["cells"] for p in twice]
    pairs = zip(twice, cells, strict=True)
    here.plot(cells, [alone[n] / p["run_s"] for p, n in pairs], marker="o", markersize=3)
    here.axhline(2.0, color="0.6", linestyle=":", linewidth=1)
    here.set_ylim(bottom=0.0)
    reason = "few cells: threads wait for each other\nafter each shortest delay (0.2 ms)"
    _words(here, "Two threads", "cells, 80 synapses each", "times faster than one", reason)

    here = next(axes)
    for swept, label in ((by_cells, "80 synapses per cell"), (by_degree, "20 000 cells")):
        _line(here, swept, [p["synapses"] for p in swept], "ready_s", label)
    reason = "PyNN's way of drawing looks at each pair\nof cells, connected or not"
    _words(here, "Building, and the first ms", "synapses", "s", reason)


def _decade(axes: Any) -> None:
    """Give a logarithmic axis at least a decade: noise shall look as small as it is."""
    low, high = axes.get_ylim()
    middle = (low * high) ** 0.5
    axes.set_ylim(min(low, middle / 4), max(high, middle * 4))


def draw(points: dict[str, list[dict[str, Any]]], path: Path) -> None:
    """Write the picture."""
    import matplotlib as mpl

    mpl.use("agg")
    mpl.rcParams.update({"svg.hashsalt": "growth", "font.size": 8, "svg.fonttype": "none"})
    import matplotlib.pyplot as plt
    from matplotlib.ticker import NullFormatter

    figure, axes = plt.subplots(2, 3, figsize=(10, 6), layout="constrained")
    _panels(iter(axes.flat), points)
    for one in axes.flat:
        one.set_xscale("log")
        one.xaxis.set_minor_formatter(NullFormatter())
        if one.get_title() != "Two threads":
            one.set_yscale("log")
            one.yaxis.set_minor_formatter(NullFormatter())
            _decade(one)
        one.grid(visible=True, which="major", color="0.9", linewidth=0.5)
        one.spines[["top", "right"]].set_visible(False)
        if one.get_legend_handles_labels()[1]:
            one.legend(frameon=False, fontsize=7, loc="best")
    # No date: the same points give the same file.
    figure.savefig(path, metadata={"Date": None})


def main() -> int:
    """Measure and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--picture", type=Path, default=PICTURE)
    parser.add_argument("--largest", type=int, default=100_000, help="cells; leave out larger ones")
    parser.add_argument("--redraw", action="store_true", help="only draw the points of last time")
    options = parser.parse_args()
    numbers = options.picture.with_suffix(".json")
    if options.redraw:
        points = json.loads(numbers.read_text())["points"]
    else:
        points = measure(options.largest, options.rounds)
        content = {"machine": machine.describe(), "points": points}
        numbers.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")
    draw(points, options.picture)
    return 0


if __name__ == "__main__":
    sys.exit(main())
