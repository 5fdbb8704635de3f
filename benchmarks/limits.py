"""Set the engine's inner loops beside what C can do on the same processor.

``python benchmarks/limits.py`` compiles ``limits.c`` (gcc -O3 -march=native,
without fused multiply-add, which would change the last bits) in a temporary
folder and measures, in turns with the networks, on one thread:

- an event: ``acc[index[i]] += w`` at random places of a table as large as the
  network's (two receptors of each cell, float64), in one go;
- a counted event: ``count[index[i]]++`` at random places of as many bytes, which is
  what the engine does in these networks: each receptor has one weight;
- an update: one step of one ``IF_curr_exp`` cell, the arithmetic alone;
- an event in turns: rows of the network's length, taken at random, added between
  steps of all cells, which displace them from the caches.

The engine's figures are its own (``sim.profile()``): seconds in delivery for
each synaptic event, seconds in updates for each step of a cell, in the networks
``va4k`` and ``va20k_k1000``. A fraction of 1 would be the loop in C with no
network around it. With two threads, two copies of the program run at once, each
with half of the network: no simulator that adds each event to a table in float64,
and makes one step of all cells after the other, can be faster than their loops.
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
from networks import DT_MS, FIRST_MS, WORKLOADS, Workload

NETWORKS = ("va4k", "va20k_k1000")
FLAGS = ("-O3", "-march=native", "-ffp-contract=off")
_RECEPTORS = 2
_EVENTS = 1_000_000
_CELL_STEPS = 20_000_000
_REPEATS = 9
#: About the rate of both networks.
_RATE_HZ = 5.0
#: Which of the engine's figures stands beside each of the limits.
_OURS = {
    "event_ns": "event_ns", "count_ns": "event_ns", "turns_event_ns": "event_ns",
    "update_ns": "update_ns",
}  # fmt: skip
FIGURES = ("event_ns", "count_ns", "update_ns", "turns_event_ns")


def compile_limits(folder: Path) -> Path:
    """Compile ``limits.c`` into a folder; return the program."""
    program = folder / "limits"
    source = Path(__file__).with_name("limits.c")
    subprocess.run(["gcc", *FLAGS, "-o", str(program), str(source)], check=True)
    return program


def limit_of(program: Path, workload: Workload, threads: int) -> dict[str, float]:
    """Run the loops of C at the sizes of a workload, a copy of them for each thread.

    Returns ``event_ns``, ``count_ns``, ``update_ns`` and ``turns_event_ns`` of the slowest copy.
    """
    cells, row = workload.cells // threads, workload.degree // threads
    spikes = max(1, round(_RATE_HZ * workload.cells * DT_MS / 1000.0))
    numbers = (_RECEPTORS * cells, _EVENTS, cells, _CELL_STEPS // cells, _REPEATS, row, spikes)
    command = [str(program), *map(str, numbers)]
    copies = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(threads)]
    outputs = [copy.communicate()[0] for copy in copies]
    if any(copy.returncode for copy in copies):
        raise RuntimeError(f"{command} failed")
    results = [json.loads(output) for output in outputs]
    return {name: max(result[name] for result in results) for name in FIGURES}


def engine_of(workload: Workload, threads: int = 1) -> dict[str, float]:
    """Run the network in a new process; return what one event and one update cost it, ns."""
    row = measure_apart(Job(workload.name, "greenmorph", threads, 1))
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


def fractions_of(limit: dict[str, float], engine: dict[str, float]) -> dict[str, float]:
    """Return the share of each limit that the engine reaches; that of all of ``run()`` too."""
    if "event_ns" not in engine:  # no split of the time
        return {}
    fractions = {name: limit[name] / engine[mine] for name, mine in _OURS.items()}
    floor = limit["update_ns"] + engine["events_per_update"] * limit["event_ns"]
    return fractions | {"whole": floor / engine["whole_ns"]}


def floor_s(limit: dict[str, float], engine: dict[str, float], workload: Workload) -> float:
    """Return the time that the bare loops in C take for a whole run, s; its threads share it."""
    updates = workload.cells * (workload.t_stop_ms - FIRST_MS) / DT_MS
    events = engine["events_per_update"] * updates
    return 1e-9 * (updates * limit["update_ns"] + events * limit["event_ns"])


def measure(names: list[str], rounds: int) -> dict[str, Any]:
    """Measure C and engine in turns; return medians, fractions and raw values by network."""
    raw: dict[str, dict[str, list[dict[str, float]]]] = {
        name: {"limit": [], "engine": [], "limit_2": [], "engine_2": []} for name in names
    }
    with tempfile.TemporaryDirectory(prefix="limits_") as folder:
        program = compile_limits(Path(folder))
        for name in names:
            engine_of(WORKLOADS[name])  # warms the kernel cache
        for _ in range(rounds):
            for name in names:
                for threads, suffix in ((1, ""), (2, "_2")):
                    limit = limit_of(program, WORKLOADS[name], threads)
                    raw[name][f"limit{suffix}"].append(limit)
                    raw[name][f"engine{suffix}"].append(engine_of(WORKLOADS[name], threads))
    results = {}
    for name, rows in raw.items():
        medians = {key: median_of(values) for key, values in rows.items()}
        limit, engine = medians["limit"], medians["engine"]
        results[name] = {
            **medians, "fraction": fractions_of(limit, engine), "raw": rows, "rounds": rounds,
            "flags": " ".join(FLAGS),
        }  # fmt: skip
        if "events_per_update" in engine:
            results[name]["floor_s"] = floor_s(limit, engine, WORKLOADS[name])
            both = floor_s(medians["limit_2"], engine, WORKLOADS[name])
            results[name]["floor_2_s"] = both / 2.0
    return results


def show(name: str, result: dict[str, Any]) -> None:
    """Print the figures of one network."""
    print(f"\n{name:15} limit in C    engine   fraction")
    for figure, mine in _OURS.items():
        if figure not in result["fraction"]:
            print(f"{figure:15} {result['limit'][figure]:7.3f} ns   no split of the time")
            continue
        print(
            f"{figure:15} {result['limit'][figure]:7.3f} ns {result['engine'][mine]:7.3f} ns "
            f"{result['fraction'][figure]:7.1%}"
        )
    for threads, suffix in ((1, ""), (2, "_2")):
        if f"floor{suffix}_s" in result:
            floor, run = result[f"floor{suffix}_s"], result[f"engine{suffix}"]["run_s"]
            print(f"all of run(), {threads} thread(s): C {floor:.3f} s, ours {run:.3f} s")


def main() -> int:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS))
    parser.add_argument("--output", type=Path, default=machine.RESULTS)
    options = parser.parse_args()
    for name, result in measure(options.networks, options.rounds).items():
        show(name, result)
        machine.update("limits", name, result, options.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
