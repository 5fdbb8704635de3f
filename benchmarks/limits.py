"""Set the engine's inner loops beside what C can do on the same processor.

``python benchmarks/limits.py`` compiles ``limits.c`` (gcc -O3 -march=native,
without fused multiply-add, which would change the last bits) in a temporary
folder. For each network and number of threads a new process builds the network,
then takes turns: a slice of ``sim.run()``, the loops in C, and so on. Both see the
same processor, its neighbours too; a fraction is the median over the slices of
what C took over what the engine took, which is not quite the quotient of their medians.

- An event: ``acc[index[i]] += w`` at random places of a table as large as the
  network's (two receptors of each cell, float64), in one go.
- A counted event: ``count[index[i]]++`` at random places of as many bytes, which is
  what the engine does in these networks: each receptor has one weight.
- An update: one step of one ``IF_curr_exp`` cell, the arithmetic alone.
- An event in turns: rows of the network's length, taken at random, added between
  steps of all cells, which displace them from the caches.

The engine's figures are its own (``sim.profile()``): seconds in delivery for
each synaptic event, seconds in updates for each step of a cell, in the networks
``va4k`` and ``va20k_k1000``. A fraction of 1 would be the loop in C with no
network around it. With two threads, two threads run the loops at once, each
with half of the targets: no simulator that adds each event to a table in float64,
and makes one step of all cells after the other, can be faster than their loops.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import statistics
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import machine
from networks import DT_MS, FIRST_MS, WORKLOADS, Workload, build_pynn, timed
from one import loaded, profile_of

NETWORKS = ("va4k", "va20k_k1000")
FLAGS = ("-O3", "-march=native", "-ffp-contract=off")
#: Steps of cells in a slice of the engine's: about as long as the loops in C.
_CELL_STEPS = 20_000_000
#: About the rate of both networks.
_RATE_HZ = 5.0
#: The order of the results in C.
_FIGURES = ("event_ns", "count_ns", "update_ns", "turns_event_ns")
#: Which of the engine's figures stands beside each of the limits. ``s_per_s``: a step of each
#: cell and its events, in seconds for each second of the network's time.
_OURS = {
    "event_ns": "event_ns", "count_ns": "event_ns", "turns_event_ns": "event_ns",
    "update_ns": "update_ns", "s_per_s": "s_per_s",
}  # fmt: skip

#: What is measured and worked out in each slice.
_KEYS = ("limit", "engine", "fraction")

Figures = dict[str, float]


def compile_limits(folder: Path) -> Path:
    """Compile ``limits.c`` into a folder; return the library."""
    library = folder / "limits.so"
    source = Path(__file__).with_name("limits.c")
    command = ["gcc", *FLAGS, "-shared", "-fPIC", "-o", str(library), str(source), "-lm"]
    subprocess.run(command, check=True)
    return library


class Loops:
    """The loops in C at the sizes of a workload, on some threads at once.

    Parameters
    ----------
    library : Path
        See :func:`compile_limits`.
    workload : Workload
    threads : int
        Each has its share of the cells.
    """

    def __init__(self, library: Path, workload: Workload, threads: int) -> None:
        self._c = ctypes.CDLL(str(library))
        self._c.limits_new.restype = ctypes.c_void_p
        self._c.limits_measure.restype = ctypes.c_double
        self._workload, self._pool = workload, ThreadPoolExecutor(threads)
        sizes = ctypes.c_long(workload.cells // threads), ctypes.c_long(workload.cells)
        row = ctypes.c_double(workload.degree / threads)
        spikes = ctypes.c_double(_RATE_HZ * workload.cells * DT_MS / 1000.0)
        self._arrays = [self._c.limits_new(*sizes, row, spikes) for _ in range(threads)]
        if not all(self._arrays):
            raise RuntimeError(f"no arrays for {workload.name} on {threads} threads")

    def _one(self, arrays: int) -> Figures:
        out = (ctypes.c_double * len(_FIGURES))()
        self._c.limits_measure(ctypes.c_void_p(arrays), out)
        return dict(zip(_FIGURES, out, strict=True))

    def measure(self, events_per_update: float) -> Figures:
        """Return the ns of each loop on the slowest thread, over the number of threads.

        ``s_per_s`` is what a step of each cell takes and its events, one thread after the other.
        """
        threads = list(self._pool.map(self._one, self._arrays))
        result = {name: max(one[name] for one in threads) / len(threads) for name in _FIGURES}
        floors = [one["update_ns"] + events_per_update * one["event_ns"] for one in threads]
        updates_per_s = self._workload.cells * 1000.0 / DT_MS
        return result | {"s_per_s": 1e-9 * updates_per_s * max(floors) / len(threads)}


def slice_of(sim: Any, workload: Workload, before: Figures) -> tuple[Figures, Figures]:
    """Run the network on; return what an event and an update cost, and the profile after it.

    ``s_per_s`` are the seconds for each second of the network's time.

    Raises
    ------
    RuntimeError
        On a processor without a counter to split the time by.
    """
    t_ms = _CELL_STEPS // workload.cells * DT_MS
    run_s, _ = timed(sim.run, t_ms)
    after = profile_of(sim)
    if "delivery_s" not in after:
        raise RuntimeError("sim.profile() does not split the time on this processor")
    spent = {name: after[name] - before[name] for name in after}
    return {
        "s_per_s": 1000.0 * run_s / t_ms,
        "event_ns": 1e9 * spent["delivery_s"] / spent["synaptic_events"],
        "update_ns": 1e9 * spent["update_s"] / spent["neuron_updates"],
        "events_per_update": spent["synaptic_events"] / spent["neuron_updates"],
        **{name: value for name, value in spent.items() if name.endswith("_s")},
    }, after


def measure_here(name: str, threads: int, slices: int, library: Path) -> dict[str, Any]:
    """Measure a network and C in turns in this process; return medians and quartiles."""
    workload, sim = WORKLOADS[name], loaded("greenmorph")
    build_pynn(sim, workload, threads)
    sim.run(FIRST_MS)
    loops, profile = Loops(library, workload, threads), profile_of(sim)
    raw: dict[str, list[Figures]] = {key: [] for key in _KEYS}
    for _ in range(slices):
        engine, profile = slice_of(sim, workload, profile)
        limit = loops.measure(engine["events_per_update"])
        raw["limit"].append(limit)
        raw["engine"].append(engine)
        raw["fraction"].append({name: limit[name] / engine[mine] for name, mine in _OURS.items()})
    result: dict[str, Any] = {"quartiles": {}}
    for key, rows in raw.items():
        cuts = {one: statistics.quantiles(row[one] for row in rows) for one in rows[0]}
        result[key] = {one: middle for one, (_, middle, _) in cuts.items()}
        result["quartiles"][key] = {one: (lower, upper) for one, (lower, _, upper) in cuts.items()}
    return result


def measure_apart(name: str, threads: int, slices: int, library: Path) -> dict[str, Any]:
    """Measure in a new process; see :func:`measure_here`."""
    command = [sys.executable, __file__, "--networks", name, "--slices", str(slices)]
    command += ["--threads", str(threads), "--compiled", str(library)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def measure(name: str, slices: int, library: Path) -> dict[str, Any]:
    """Measure a network on one thread and on two; return medians and quartiles."""
    one, two = (measure_apart(name, threads, slices, library) for threads in (1, 2))
    return {
        **one, **{f"{key}_2": value for key, value in two.items()}, "slices": slices,
        "flags": " ".join(FLAGS),
    }  # fmt: skip


def show(name: str, result: dict[str, Any]) -> None:
    """Print the figures of one network."""
    for threads, suffix in ((1, ""), (2, "_2")):
        print(f"\n{name}, {threads} thread(s):  C     engine   fraction")
        for figure, mine in _OURS.items():
            limit, engine, share = (result[f"{key}{suffix}"] for key in _KEYS)
            print(f"{figure:20} {limit[figure]:8.4f} {engine[mine]:8.4f} {share[figure]:8.1%}")


def main() -> int:
    """Measure, print and write; or measure one network here and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slices", type=int, default=60, help="at least 2")
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS))
    parser.add_argument("--output", type=Path, default=machine.RESULTS)
    parser.add_argument("--threads", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--compiled", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.compiled:
        name = options.networks[0]
        print(json.dumps(measure_here(name, options.threads, options.slices, options.compiled)))
        return 0
    with tempfile.TemporaryDirectory(prefix="limits_") as folder:
        library = compile_limits(Path(folder))
        for name in options.networks:
            result = measure(name, options.slices, library)
            show(name, result)
            machine.update("limits", name, result, options.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
