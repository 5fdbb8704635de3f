"""One measurement in this process; prints one line of JSON.

``python benchmarks/one.py va4k greenmorph --threads 1 [--table table.npz]``.
Used by the other programs, which start it in a new process for each figure.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import warnings
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import machine
from networks import (
    FIRST_MS,
    PEERS,
    WORKLOADS,
    Workload,
    build_nest,
    build_pynn,
    digest,
    load_connections,
    nest_spikes,
    pynn_spikes,
    save_connections,
    timed,
)

_MODULES = {"greenmorph": "pyNN.greenmorph", "pynn_nest": "pyNN.nest", "nest": "nest"}
_CALLS = 200
_TWICE = 4000  # cells: networks up to this size are built a second time


def loaded(simulator: str) -> Any:
    """Import a simulator's module; asking for a name makes lazy modules load."""
    module = import_module(_MODULES[simulator])
    assert hasattr(module, "Simulate" if simulator == "nest" else "setup")
    return module


def profile_of(sim: Any) -> dict[str, Any]:
    """Return what the backend says of its own times and tables; empty where it says nothing."""
    if not hasattr(sim, "profile"):
        return {}
    profile = sim.profile()
    names = (
        "update_s", "delivery_s", "recording_s", "barrier_s", "other_s", "total_s",
        "neuron_updates", "synaptic_events", "bytes_per_synapse",
    )  # fmt: skip
    values = {name: getattr(profile, name) for name in names if hasattr(profile, name)}
    # Not-a-number: this processor has no counter to split the time by.
    return {name: value for name, value in values.items() if math.isfinite(value)}


def measure_pynn(sim: Any, workload: Workload, threads: int, table: Path | None) -> dict[str, Any]:
    """Build and run on a PyNN backend; write the connection table where one is asked for."""
    before, _ = machine.memory_bytes()
    build_s, (populations, projections) = timed(build_pynn, sim, workload, threads)
    first_s, _ = timed(sim.run, FIRST_MS)
    after, peak = machine.memory_bytes()
    own = profile_of(sim)
    run_s, _ = timed(sim.run, workload.t_stop_ms - FIRST_MS)
    result = {
        "build_s": build_s,
        "first_s": first_s,
        "run_s": run_s,
        "rss_growth_bytes": after - before,
        "peak_bytes": peak,
        "profile_first": own,
        "profile": profile_of(sim),
        "synapses": sum(len(projection) for projection in projections),
        **spikes(*pynn_spikes(populations)),
    }
    if table is not None:
        save_connections(projections, workload, table)
    if workload.cells <= _TWICE:
        # Once more, with all code loaded: what building itself takes.
        result["again_s"], _ = timed(build_pynn, sim, workload, threads)
    return result


def measure_nest(nest: Any, workload: Workload, threads: int, table: Path) -> dict[str, Any]:
    """Build and run in native NEST."""
    connections = load_connections(table)
    before, _ = machine.memory_bytes()
    build_s, recorder = timed(build_nest, nest, workload, connections, threads)
    first_s, _ = timed(nest.Simulate, FIRST_MS)
    after, peak = machine.memory_bytes()
    run_s, _ = timed(nest.Simulate, workload.t_stop_ms - FIRST_MS)
    return {
        "build_s": build_s,
        "first_s": first_s,
        "run_s": run_s,
        "rss_growth_bytes": after - before,
        "peak_bytes": peak,
        "synapses": len(connections.pre),
        **spikes(*nest_spikes(recorder)),
    }


def measure_brian2(workload: Workload, threads: int, table: Path) -> dict[str, Any]:
    """Build, compile and run in native Brian2; its memory is the whole program's."""
    import brian2_network

    connections = load_connections(table)
    times, step, cell = brian2_network.measure(workload, connections, threads)
    growth = times["peak_bytes"]
    return {
        **times,
        "rss_growth_bytes": growth,
        "synapses": len(connections.pre),
        **spikes(step, cell),
    }


def spikes(step: Any, cell: Any) -> dict[str, Any]:
    """Return number and hash of spikes."""
    return {"spikes": len(step), "digest": digest(step, cell)}


# -- ten cells ---------------------------------------------------------------------------


def ten_cells_pynn(sim: Any, threads: int) -> Any:
    """Build ten cells with different offset currents, spikes and potentials recorded."""
    sim.setup(timestep=0.1, spike_precision="on_grid", threads=threads)
    offsets = [1.0 + 0.1 * i for i in range(10)]
    cells = sim.Population(10, sim.IF_curr_exp(i_offset=offsets))
    cells.record(["spikes", "v"])
    return cells


def ten_cells_nest(nest: Any, threads: int) -> Any:
    """Build the same in native NEST; return the spike recorder."""
    nest.ResetKernel()
    nest.set_verbosity("M_ERROR")
    nest.set(resolution=0.1, local_num_threads=threads)
    cells = nest.Create(
        "iaf_psc_exp", 10, {
            "C_m": 1000.0, "tau_m": 20.0, "t_ref": 0.1, "E_L": -65.0, "V_th": -50.0,
            "V_reset": -65.0, "V_m": -65.0, "tau_syn_ex": 5.0, "tau_syn_in": 5.0,
        }
    )  # fmt: skip
    cells.set(I_e=[(1.0 + 0.1 * i) * 1000.0 for i in range(10)])
    recorder = nest.Create("spike_recorder")
    meter = nest.Create("multimeter", {"interval": 0.1, "record_from": ["V_m"]})
    nest.Connect(cells, recorder)
    nest.Connect(meter, cells)
    return recorder


def measure_ten_cells(simulator: str, threads: int) -> dict[str, Any]:
    """Time building, 1 s in one call, and 200 calls of 1 ms."""
    import_s, sim = timed(loaded, simulator)
    native = simulator == "nest"
    build_s, cells = timed(ten_cells_nest if native else ten_cells_pynn, sim, threads)
    run = sim.Simulate if native else sim.run
    first_s, _ = timed(run, FIRST_MS)
    run_s, _ = timed(run, 1000.0 - FIRST_MS)
    calls = [timed(run, 1.0)[0] for _ in range(_CALLS)]
    found = nest_spikes(cells) if native else pynn_spikes([cells])
    return {
        "import_s": import_s,
        "build_s": build_s,
        "first_s": first_s,
        "run_s": run_s,
        "run_call_s": statistics.median(calls),
        "synapses": 0,
        **spikes(*found),
    }


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Measure what the command line says."""
    warnings.simplefilter("ignore")
    simulator, threads = options.simulator, options.threads
    if options.workload == "ten_cells":
        return measure_ten_cells(simulator, threads)
    workload = replace(WORKLOADS[options.workload], **options.change)
    if simulator == "brian2":
        return measure_brian2(workload, threads, options.table)
    import_s, sim = timed(loaded, simulator)
    if options.warm_up:  # what a process loads once is not memory of the network
        (ten_cells_nest if simulator == "nest" else ten_cells_pynn)(sim, threads)
        (sim.Simulate if simulator == "nest" else sim.run)(10.0)
    if simulator == "nest":
        result = measure_nest(sim, workload, threads, options.table)
    else:
        result = measure_pynn(sim, workload, threads, options.table)
    return {"import_s": import_s, "t_run_ms": workload.t_stop_ms - FIRST_MS, **result}


def main() -> None:
    """Measure once and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workload", choices=[*WORKLOADS, "ten_cells"])
    parser.add_argument("simulator", choices=PEERS)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--change", type=json.loads, default={}, help="attributes of the workload, as JSON"
    )
    parser.add_argument("--table", type=Path, help="connections: written by greenmorph, else read")
    parser.add_argument(
        "--warm-up", action="store_true", help="run ten cells first, for the sake of memory"
    )
    print(json.dumps(measure(parser.parse_args())))


if __name__ == "__main__":
    main()
