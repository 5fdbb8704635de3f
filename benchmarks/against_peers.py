"""Measure this backend against pyNN.nest, native NEST and native Brian2, side by side.

``python benchmarks/against_peers.py`` measures everything (about an hour on two
cores), prints tables of ratios and writes ``benchmarks/results.json``.
``--quick`` takes less than two minutes and writes nothing unless ``--output``
is given. ``--workloads va4k ten_cells --peers nest --threads 1 --rounds 5`` chooses.

Method: each figure comes from a new process; the simulators take turns, A B C
A B C; the median counts; all on one machine in one go. The ratios are what
travels to other machines, the times do not. pyNN.nest runs ``on_grid``, its
faster setting. The kernel cache of this backend is warmed by a process that is
not counted. A first run of 1 ms belongs to building: ``ready`` is both.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import machine
from apart import Job, installed, measure_apart, rounds_of, summary, wall_of
from networks import FIRST_MS, PEERS, WORKLOADS

OURS = "greenmorph"
SMALL = ("ten_cells", "start")
MEMORY = ("va20k_k1000", "va20k_k1000_drawn", "brunel_stdp")
TIMED = [name for name in WORKLOADS if name != "va20k_k1000_drawn"]  # that one is for memory
#: Building alone takes minutes: measured once, on one thread where the reason is PyNN's loops.
ONCE = {("build", "pynn_nest"), ("cells1e5", "nest"), ("cells1e5", "pynn_nest")}
ONE_THREAD = {("build", OURS), ("build", "pynn_nest")}
#: Float64 in another order of operations: chaos makes other spikes, not another rate.
BRIAN2_TOLERANCE = 0.05
#: As far as numbers of spikes of 12 500 cells differ that have other noise.
NOISE_TOLERANCE = 0.03
#: Cores that other programs may use meanwhile; more, and ratios of two threads mean nothing.
QUIET = 0.1
_TEN = (
    "import pyNN.{0} as s; s.setup(timestep=0.1, spike_precision='on_grid'); "
    "c = s.Population(10, s.IF_curr_exp(i_offset=[1 + 0.1 * i for i in range(10)])); "
    "c.record(['spikes', 'v']); s.run(1000.0)"
)
START = {
    "greenmorph": _TEN.format("greenmorph"),
    "pynn_nest": _TEN.format("nest"),
    "import pyNN.mock": "import pyNN.mock",
}


def check(rows: list[dict[str, Any]], noisy: bool = False) -> dict[str, Any]:
    """Compare spikes: exactly between all but Brian2, whose count may differ a little.

    With noise, which each simulator draws for itself, only counts are compared.
    """
    if noisy:
        every = [n for row in rows for n in row["spikes"]]
        far = max(every) / max(min(every), 1) - 1.0
        return {"noisy": True, "difference": far, "agrees": far <= NOISE_TOLERANCE}
    exact = {d for row in rows if row["simulator"] != "brian2" for d in row["digests"]}
    counts = [n for row in rows if row["simulator"] != "brian2" for n in row["spikes"]]
    others = [n for row in rows if row["simulator"] == "brian2" for n in row["spikes"]]
    reference = statistics.median(counts) if counts else 0
    far = max((abs(n / reference - 1) for n in others), default=0.0) if reference else None
    same = len({d for row in rows for d in row["digests"]}) == 1
    return {
        "exact": len(exact) <= 1,
        "exact_with_brian2": same,
        "brian2_difference": far,
        "agrees": len(exact) <= 1 and (far is None or far <= BRIAN2_TOLERANCE),
    }


def jobs_of(name: str, options: argparse.Namespace, table: Path) -> list[Job]:
    """Return what to measure for a workload, in the order of turns."""
    default = WORKLOADS[name].peers if name in WORKLOADS else ("greenmorph", "pynn_nest", "nest")
    simulators = [s for s in options.peers or default if s == OURS or installed(s)]
    jobs = []
    for threads in options.threads:
        for simulator in simulators:
            if threads > 1 and (name == "ten_cells" or (name, simulator) in ONE_THREAD):
                continue
            rounds = 1 if (name, simulator) in ONCE else options.rounds
            arguments = [] if name == "ten_cells" else t_stop(options)
            if simulator in {"nest", "brian2"} and name != "ten_cells":
                arguments += ["--table", str(table)]
            jobs.append(Job(name, simulator, threads, rounds, arguments))
    return jobs


def t_stop(options: argparse.Namespace) -> list[str]:
    """Return the argument for a duration other than the workload's."""
    return ["--change", json.dumps({"t_stop_ms": options.t_stop})] if options.t_stop else []


def measure_workload(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """Measure all simulators on one workload."""
    with tempfile.TemporaryDirectory(prefix="benchmark_") as folder:
        table = Path(folder) / "table.npz"
        extra = [] if name == "ten_cells" else [*t_stop(options), "--table", str(table)]
        measure_apart(Job(name, OURS, 1, 1, extra))  # warms the cache, writes the table
        jobs = jobs_of(name, options, table)
        rounds_of(jobs)
    rows = [summary(job) for job in jobs]
    noisy = name in WORKLOADS and WORKLOADS[name].rates_only
    content: dict[str, Any] = {"rows": rows, "check": check(rows, noisy)}
    if name in WORKLOADS:
        workload = WORKLOADS[name]
        content["model"] = workload.title
        content["t_run_ms"] = (options.t_stop or workload.t_stop_ms) - FIRST_MS
        content |= {"cells": workload.cells, "degree": workload.degree, "drawn": workload.drawn}
    return content


def measure_start(rounds: int) -> dict[str, Any]:
    """Time whole processes: import and first run of ten cells, beside importing PyNN's mock."""
    codes = {name: code for name, code in START.items() if name != "pynn_nest" or installed(name)}
    for code in codes.values():
        wall_of(code)  # page cache and kernel cache
    raw: dict[str, list[float]] = {name: [] for name in codes}
    for _ in range(rounds):
        for name, code in codes.items():
            raw[name].append(wall_of(code))
    return {"raw": raw, "median": {name: statistics.median(raw[name]) for name in raw}}


def measure_memory(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """Measure memory per synapse: each process once, for a few ms; memory hardly varies."""
    chosen = argparse.Namespace(**{**vars(options), "threads": [1], "rounds": 1, "t_stop": 20.0})
    with tempfile.TemporaryDirectory(prefix="benchmark_") as folder:
        table = Path(folder) / "table.npz"
        measure_apart(Job(name, OURS, 1, 1, [*t_stop(chosen), "--table", str(table)]))
        jobs = [job for job in jobs_of(name, chosen, table) if job.simulator != "pynn_nest"]
        for job in jobs:
            job.arguments.append("--warm-up")
        rounds_of(jobs)
    rows = [summary(job) for job in jobs]
    for row in rows:
        row["rss_per_synapse"] = row["median"]["rss_growth_bytes"] / row["synapses"]
        row["table_per_synapse"] = row["raw"][0].get("profile_first", {}).get("bytes_per_synapse")
        print(
            f"{name} {row['simulator']:12} bytes per synapse: tables "
            f"{row['table_per_synapse']}, process {row['rss_per_synapse']:.1f}"
        )
    workload = WORKLOADS[name]
    checked = check(rows, workload.rates_only)
    return {
        "rows": rows, "check": checked, "drawn": workload.drawn, "model": workload.title
    }  # fmt: skip


def print_table(name: str, content: dict[str, Any]) -> None:
    """Print medians and ratios: how many times this backend's time the other takes."""
    rows = content["rows"]
    ours = {row["threads"]: row["median"] for row in rows if row["simulator"] == OURS}
    print(f"\n{name}: {rows[0]['synapses']} synapses, {rows[0]['spikes'][0]} spikes")
    per_hz = content["cells"] * content["t_run_ms"] / 1e3 if "cells" in content else None
    print(f"{'simulator':12} thr n   build s  ready s    run s   ready x   run x      Hz")
    for row in rows:
        median, own = row["median"], ours.get(row["threads"])
        ready = median["build_s"] + median["first_s"]
        ratios = ""
        if own:
            ratios = f"{ready / (own['build_s'] + own['first_s']):9.2f} "
            ratios += f"{median['run_s'] / own['run_s']:7.2f}"
        if per_hz:
            ratios += f" {statistics.median(row['spikes']) / per_hz:7.2f}"
        print(
            f"{row['simulator']:12} {row['threads']:3} {row['rounds']} {median['build_s']:9.4f} "
            f"{ready:8.4f} {median['run_s']:8.4f} {ratios}"
        )
    busy = max(row["cores_busy_elsewhere"] for row in rows)
    if busy > QUIET:
        print(f"DO NOT USE: others kept {busy:.2f} cores busy; measure again on a quiet machine")
    checked = content["check"]
    if checked.get("noisy"):
        print(f"each its own noise; numbers of spikes differ by {checked['difference']:.2%}")
        return
    verdict = "the same spikes" if checked["exact"] else "DIFFERENT SPIKES"
    if checked["exact"] and checked["brian2_difference"]:
        verdict += f"; Brian2's number differs by {checked['brian2_difference']:.2%}"
    print(verdict)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workloads", nargs="+", choices=[*TIMED, *SMALL, "memory"])
    parser.add_argument("--peers", nargs="+", choices=PEERS, help="greenmorph takes part always")
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--t-stop", type=float, default=0.0, help="ms, instead of the workload's")
    parser.add_argument(
        "--quick", action="store_true", help="one round of small networks, 1 thread"
    )
    parser.add_argument("--output", type=Path, help="default: results.json; with --quick, none")
    options = parser.parse_args()
    if options.peers and OURS not in options.peers:
        options.peers = [OURS, *options.peers]
    if options.quick:
        options.workloads = options.workloads or ["va4k", "va4k_drawn", *SMALL]
        options.threads, options.rounds, options.t_stop = [1], 1, options.t_stop or 300.0
    else:
        options.workloads = options.workloads or [*TIMED, *SMALL, "memory"]
        options.output = options.output or machine.RESULTS
    return options


def parts_of(names: Sequence[str]) -> list[tuple[str, str]]:
    """Return, for each measurement, its part of the results and its name there."""
    parts = [("small" if name in SMALL else "peers", name) for name in names if name != "memory"]
    return parts + [("memory", name) for name in MEMORY if "memory" in names]


def main() -> int:
    """Measure, print, write; return 1 when spikes differ."""
    options = arguments()
    print(json.dumps(machine.describe(), indent=1), file=sys.stderr)
    for simulator in options.peers or PEERS:
        if not installed(simulator):
            print(f"{simulator} is not installed and left out", file=sys.stderr)
    agree = True
    for part, name in parts_of(options.workloads):
        if name == "start":
            content = measure_start(options.rounds)
            print("\nwhole process, s:", content["median"])
        elif part == "memory":
            content = measure_memory(name, options)
        else:
            content = measure_workload(name, options)
            print_table(name, content)
        agree = agree and content.get("check", {}).get("agrees", True)
        if options.output:
            machine.update(part, name, content, options.output)
    return 0 if agree else 1


if __name__ == "__main__":
    sys.exit(main())
