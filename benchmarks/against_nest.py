"""Time the same network on this backend and on pyNN.nest, side by side.

``python benchmarks/against_nest.py [--cells 4000] [--rounds 3]`` builds the
Vogels-Abbott network with currents, weights and delays drawn from
distributions, on both simulators in turn, each round in new processes, and
prints medians and ratios. Both compute on one thread; pyNN.nest runs
``on_grid``, its faster setting. The first process warms the kernel cache and
is not counted. Needs ``nest-simulator``; figures hold for the machine that
printed them, ratios travel better.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
import warnings
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BACKENDS = ("greenmorph", "nest")


def measure(backend: str, cells: int, t_stop: float) -> dict[str, float]:
    """Build and run once in this process.

    Parameters
    ----------
    backend : str
        Name of the PyNN backend.
    cells : int
        Number of cells.
    t_stop : float, ms
        Duration.

    Returns
    -------
    dict
        ``build_s`` (all but the run, data included), ``run_s`` and ``spikes``.
    """
    sys.path.insert(0, str(ROOT))
    warnings.simplefilter("ignore")
    from tests.models import vogels_abbott

    sim = import_module(f"pyNN.{backend}")
    run_s = 0.0
    run = sim.run

    def timed_run(duration: float) -> None:
        nonlocal run_s
        began = time.perf_counter()
        run(duration)
        run_s += time.perf_counter() - began

    sim.run = timed_run
    began = time.perf_counter()
    result = vogels_abbott(sim, "IF_curr_exp", cells, t_stop)
    total_s = time.perf_counter() - began
    return {
        "build_s": total_s - run_s,
        "run_s": run_s,
        "spikes": sum(len(train) for train in result.spikes),
    }


def measure_apart(backend: str, cells: int, t_stop: float) -> dict[str, float]:
    """Measure in a new process."""
    command = [sys.executable, __file__, "--one", backend]
    command += ["--cells", str(cells), "--t-stop", str(t_stop)]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    result: dict[str, float] = json.loads(output.strip().splitlines()[-1])
    return result


def main() -> None:
    """Measure in turns and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=4000)
    parser.add_argument("--t-stop", type=float, default=1000.0, help="ms")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", choices=BACKENDS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options.one, options.cells, options.t_stop)))
        return
    measure_apart("greenmorph", options.cells, options.t_stop)
    results: dict[str, list[dict[str, float]]] = {backend: [] for backend in BACKENDS}
    for _ in range(options.rounds):
        for backend in BACKENDS:
            results[backend].append(measure_apart(backend, options.cells, options.t_stop))
    spikes = {row["spikes"] for rows in results.values() for row in rows}
    print(f"{options.cells} cells, {options.t_stop:g} ms, medians of {options.rounds}; {spikes=}")
    for figure in ("build_s", "run_s"):
        ours, theirs = (
            statistics.median(row[figure] for row in results[backend]) for backend in BACKENDS
        )
        print(f"{figure:8} greenmorph {ours:7.3f}  pyNN.nest {theirs:7.3f}  {theirs / ours:6.1f} x")


if __name__ == "__main__":
    main()
