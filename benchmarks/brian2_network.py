"""The same network in native Brian2, compiled to C++ (``cpp_standalone``), float64.

Times are the program's own: Brian2's generated ``main`` measures each
``Network::run`` between its clock readings and writes it to
``last_run_info.txt``; generating, compiling, loading the connections and
writing results are outside. Compile time is reported apart. ``load_s`` is what
the process took beside the run: reading the connection arrays and building the
queues, which stands for "build".

Integration is exact for currents (``method="exact"``), and for conductances by the
exponential Euler method, as in Brian2's own example of this network. The
compiler's flags are Brian2's defaults (``-O3 -ffast-math -march=native``). One
weight for all is a constant in the code, one delay a homogeneous one; drawn ones
are arrays.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from networks import DT_MS, FIRST_MS, Connections, Workload, initial_v
from numpy.typing import NDArray

CURRENTS = """
dv/dt = (v_rest - v) / tau_m + (x_exc + x_inh) / c_m : volt (unless refractory)
dx_exc/dt = -x_exc / tau_exc : amp
dx_inh/dt = -x_inh / tau_inh : amp
"""
CONDUCTANCES = """
dv/dt = (v_rest - v) / tau_m + x / c_m : volt (unless refractory)
x = x_exc * (e_exc - v) + x_inh * (e_inh - v) : amp
dx_exc/dt = -x_exc / tau_exc : siemens
dx_inh/dt = -x_inh / tau_inh : siemens
"""


def constants(workload: Workload) -> dict[str, Any]:
    """Return the parameters of the cells with Brian2's units."""
    from brian2 import ms, mV, nF

    p = workload.parameters
    reversal = {}
    if "e_rev_E" in p:
        reversal = {"e_exc": p["e_rev_E"] * mV, "e_inh": p["e_rev_I"] * mV}
    return {
        **reversal,
        "tau_m": p["tau_m"] * ms, "tau_exc": p["tau_syn_E"] * ms, "tau_inh": p["tau_syn_I"] * ms,
        "v_rest": p["v_rest"] * mV, "c_m": p["cm"] * nF, "v_reset": p["v_reset"] * mV,
        "v_thresh": p["v_thresh"] * mV,
    }  # fmt: skip


def network(workload: Workload, table: Connections) -> tuple[Any, Any]:
    """Return Brian2's ``Network`` and its spike monitor."""
    import brian2 as b2

    names = constants(workload)
    conductances = "e_exc" in names
    weight_unit = b2.uS if conductances else b2.nA
    # Brian2 counts the step of the spike as the first of the pause; NEST and PyNN do not.
    cells = b2.NeuronGroup(
        workload.cells, CONDUCTANCES if conductances else CURRENTS, threshold="v >= v_thresh",
        reset="v = v_reset", refractory=(workload.parameters["tau_refrac"] + DT_MS) * b2.ms,
        method="exponential_euler" if conductances else "exact", namespace=names, name="cells",
    )  # fmt: skip
    cells.v = initial_v(workload) * b2.mV
    monitor = b2.SpikeMonitor(cells, name="monitor")
    made = b2.Network(cells, monitor)
    for kind, rows in table.parts():
        target = ("x_exc_post", "x_inh_post")[kind]
        drawn = table.weight is not None and table.delay is not None
        synapses = b2.Synapses(
            cells, cells, f"w : {'siemens' if conductances else 'amp'}" if drawn else "",
            on_pre=f"{target} += {'w' if drawn else 'weight'}",
            delay=None if drawn else workload.delays[0] * b2.ms,
            namespace={"weight": workload.weights[kind] * weight_unit}, name=("exc", "inh")[kind],
        )  # fmt: skip
        synapses.connect(i=table.pre[rows], j=table.post[rows])
        if table.weight is not None and table.delay is not None:
            synapses.w = table.weight[rows] * weight_unit
            synapses.delay = table.delay[rows] * b2.ms
        made.add(synapses)
    return made, monitor


def measure(
    workload: Workload, table: Connections, threads: int
) -> tuple[dict[str, float], NDArray[np.int64], NDArray[np.int64]]:
    """Generate, compile and run once.

    Returns
    -------
    times : dict of str to float
        ``compile_s``, ``build_s`` (loading), ``first_s`` (nothing: it is in ``build_s``),
        ``run_s`` for the time after the first ms; ``peak_bytes`` of the program.
    step, cell : (n,) int64
        Spikes, with times counted as NEST does: at the end of a step.
    """
    import brian2 as b2

    with tempfile.TemporaryDirectory(prefix="brian2_") as folder:
        b2.set_device("cpp_standalone", directory=folder, build_on_run=False)
        b2.prefs.devices.cpp_standalone.openmp_threads = 0 if threads == 1 else threads
        usage = Path(folder) / "usage.json"
        b2.prefs.devices.cpp_standalone.run_cmd_unix = [
            sys.executable, str(Path(__file__).with_name("weigh.py")), str(usage), "./main",
        ]  # fmt: skip
        b2.defaultclock.dt = DT_MS * b2.ms
        made, monitor = network(workload, table)
        made.run(FIRST_MS * b2.ms)
        made.run((workload.t_stop_ms - FIRST_MS) * b2.ms)
        device = b2.get_device()
        began = time.perf_counter()
        device.build(directory=folder, run=False, compile=True)
        compile_s = time.perf_counter() - began
        device.run(with_output=False)
        run_s = float(device._last_run_time)  # noqa: SLF001 - the program's own figure
        program = json.loads(usage.read_text())
        step = np.rint(np.asarray(monitor.t / b2.ms) / DT_MS).astype(np.int64) + 1
        cell = np.asarray(monitor.i, dtype=np.int64)
    times = {
        "compile_s": compile_s,
        "build_s": program["wall_s"] - run_s,
        "first_s": 0.0,
        "run_s": run_s,
        "peak_bytes": program["peak_bytes"],
    }
    return times, step, cell
