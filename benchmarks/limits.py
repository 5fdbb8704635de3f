"""Set the engine's inner loops beside what C can do on the same processor.

``python benchmarks/limits.py`` compiles ``limits.c`` (gcc -O3 -march=native,
without fused multiply-add, which would change the last bits) in a temporary
folder and measures, in turns with the networks, on one thread:

- an event: ``acc[index[i]] += w`` at random places of a table as large as the
  network's (two receptors of each cell, float64);
- an update: one step of one ``IF_curr_exp`` cell, the arithmetic alone.

The engine's figures are its own (``sim.profile()``): seconds in delivery for
each synaptic event, seconds in updates for each step of a cell, in the networks
``va4k`` and ``va20k_k1000``. A fraction of 1 would be the loop in C with no
network around it.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import machine
from apart import Job, measure_apart
from networks import DT_MS, WORKLOADS, Workload

NETWORKS = ("va4k", "va20k_k1000")
FLAGS = ("-O3", "-march=native", "-ffp-contract=off")
_RECEPTORS = 2
_EVENTS = 1_000_000
_CELL_STEPS = 20_000_000
_REPEATS = 9


def compile_limits(folder: Path) -> Path:
    """Compile ``limits.c`` into a folder; return the program."""
    program = folder / "limits"
    source = Path(__file__).with_name("limits.c")
    subprocess.run(["gcc", *FLAGS, "-o", str(program), str(source)], check=True)
    return program


def limit_of(program: Path, workload: Workload) -> dict[str, float]:
    """Run the loops of C at the sizes of a workload; return ``event_ns`` and ``update_ns``."""
    numbers = (
        _RECEPTORS * workload.cells, _EVENTS, workload.cells, _CELL_STEPS // workload.cells,
        _REPEATS,
    )  # fmt: skip
    command = [str(program), *map(str, numbers)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    result: dict[str, float] = json.loads(output)
    return {name: result[name] for name in ("event_ns", "update_ns")}


def engine_of(workload: Workload) -> dict[str, float]:
    """Run the network in a new process; return what one event and one update cost it, ns."""
    row = measure_apart(Job(workload.name, "greenmorph", 1, 1))
    first, profile = row["profile_first"], row["profile"]
    # What happened in the first run belongs to building.
    spent = {name: profile[name] - first[name] for name in profile if name in first}
    updates = workload.cells * row["t_run_ms"] / DT_MS
    result = {"run_s": row["run_s"], "whole_ns": 1e9 * row["run_s"] / updates}
    if "delivery_s" in spent:
        result |= {
            "event_ns": 1e9 * spent["delivery_s"] / max(spent["synaptic_events"], 1),
            "update_ns": 1e9 * spent["update_s"] / max(spent["neuron_updates"], 1),
            "events_per_update": spent["synaptic_events"] / max(spent["neuron_updates"], 1),
            **{name: value for name, value in spent.items() if name.endswith("_s")},
        }
    return result


def median_of(rows: list[dict[str, float]]) -> dict[str, float]:
    """Return the median of each figure."""
    return {name: statistics.median(row[name] for row in rows) for name in rows[0]}


def measure(names: list[str], rounds: int) -> dict[str, Any]:
    """Measure C and engine in turns; return medians, fractions and raw values by network."""
    raw: dict[str, dict[str, list[dict[str, float]]]] = {
        name: {"limit": [], "engine": []} for name in names
    }
    with tempfile.TemporaryDirectory(prefix="limits_") as folder:
        program = compile_limits(Path(folder))
        for name in names:
            engine_of(WORKLOADS[name])  # warms the kernel cache
        for _ in range(rounds):
            for name in names:
                raw[name]["limit"].append(limit_of(program, WORKLOADS[name]))
                raw[name]["engine"].append(engine_of(WORKLOADS[name]))
    results = {}
    for name, rows in raw.items():
        limit, engine = median_of(rows["limit"]), median_of(rows["engine"])
        fractions = {
            figure: limit[figure] / engine[figure]
            for figure in ("event_ns", "update_ns")
            if engine.get(figure)
        }
        if "events_per_update" in engine:
            floor = limit["update_ns"] + engine["events_per_update"] * limit["event_ns"]
            fractions["whole"] = floor / engine["whole_ns"]
        results[name] = {
            "limit": limit, "engine": engine, "fraction": fractions, "raw": rows,
            "rounds": rounds, "flags": " ".join(FLAGS),
        }  # fmt: skip
    return results


def main() -> int:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS))
    parser.add_argument("--output", type=Path, default=machine.RESULTS)
    options = parser.parse_args()
    for name, result in measure(options.networks, options.rounds).items():
        print(f"\n{name}          limit in C    engine   fraction")
        for figure in ("event_ns", "update_ns"):
            own = result["engine"].get(figure)
            if own is None:
                print(f"{figure:12} {result['limit'][figure]:10.3f} ns   no split of the time")
                continue
            print(
                f"{figure:12} {result['limit'][figure]:10.3f} ns {own:7.3f} ns "
                f"{result['fraction'][figure]:7.1%}"
            )
        if "whole" in result["fraction"]:
            print(f"whole run(): {result['fraction']['whole']:.1%} of the sum of both limits")
        machine.update("limits", name, result, options.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
