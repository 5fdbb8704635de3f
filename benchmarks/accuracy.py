"""How far the membrane potential is from the solution: both precisions, NEST and Brian2.

One IF_cond_exp cell, with the parameters of the network of Vogels and Abbott
(2005) and a threshold that it does not reach, gets irregular spikes like a cell
of that network, for one second. The solution is found by an integrator of order
8 (DOP853, relative and absolute tolerance 1e-12) from arrival to arrival.

Run as ``python benchmarks/accuracy.py``: it prints the errors and writes the table
into docs/explanation/precision.md.
"""

from __future__ import annotations

import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp
from write_tables import fill, table

FloatArray = NDArray[np.float64]

DT_MS, T_STOP_MS = 0.1, 1000.0
PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "precision.md"

#: tau_m (ms), cm (nF), v_rest, e_exc, e_inh (mV), tau_exc, tau_inh (ms): Vogels and Abbott.
TAU_M, CM, V_REST, E_EXC, E_INH, TAU_EXC, TAU_INH = 20.0, 0.2, -60.0, 0.0, -80.0, 5.0, 10.0

#: Weights (uS) and arrivals per ms of both receptors.
INPUTS = {"excitatory": (0.004, 64 * 0.02), "inhibitory": (0.051, 16 * 0.02)}


def arrivals() -> dict[str, NDArray[np.int64]]:
    """Return the steps of arrival at both receptors."""
    draw = np.random.RandomState(6)
    n_steps = round(T_STOP_MS / DT_MS)
    # At most one in a step, and none in the first ones: NEST loses spikes at time 0.
    return {
        kind: 10 + np.flatnonzero(draw.uniform(size=n_steps - 10) < rate * DT_MS)
        for kind, (_, rate) in INPUTS.items()
    }


def solution(steps: dict[str, NDArray[np.int64]]) -> FloatArray:
    """Return the potential (mV) at the end of every step, from step 0 on."""
    n_steps = round(T_STOP_MS / DT_MS)
    jumps = {kind: np.bincount(steps[kind], minlength=n_steps + 1) for kind in steps}
    g_exc = g_inh = 0.0
    v = V_REST
    found = [v]
    for step in range(n_steps):
        g_exc += INPUTS["excitatory"][0] * jumps["excitatory"][step]
        g_inh += INPUTS["inhibitory"][0] * jumps["inhibitory"][step]

        def slope(t: float, u: FloatArray, e: float = g_exc, i: float = g_inh) -> FloatArray:
            synaptic = e * np.exp(-t / TAU_EXC) * (E_EXC - u)
            synaptic += i * np.exp(-t / TAU_INH) * (E_INH - u)
            return (V_REST - u) / TAU_M + synaptic / CM

        v = solve_ivp(slope, (0.0, DT_MS), [v], "DOP853", rtol=1e-12, atol=1e-12).y[0, -1]
        g_exc *= np.exp(-DT_MS / TAU_EXC)
        g_inh *= np.exp(-DT_MS / TAU_INH)
        found.append(v)
    return np.array(found)


def with_pynn(sim: Any, steps: dict[str, NDArray[np.int64]], **settings: Any) -> FloatArray:
    """Return the potential on a PyNN simulator."""
    sim.setup(timestep=DT_MS, min_delay=DT_MS, spike_precision="on_grid", **settings)
    cell = sim.IF_cond_exp(
        v_rest=V_REST, v_reset=V_REST, v_thresh=100.0, tau_m=TAU_M, cm=CM, e_rev_E=E_EXC,
        e_rev_I=E_INH, tau_syn_E=TAU_EXC, tau_syn_I=TAU_INH,
    )  # fmt: skip
    cells = sim.Population(1, cell)
    cells.initialize(v=V_REST)
    for kind, (weight, _) in INPUTS.items():
        # Just below the grid: pyNN.nest loses a spike whose time Python writes above its step.
        times = (steps[kind] - 1) * DT_MS - 1e-7
        source = sim.Population(1, sim.SpikeSourceArray(spike_times=times))
        synapse = sim.StaticSynapse(weight=weight, delay=DT_MS)
        sim.Projection(source, cells, sim.AllToAllConnector(), synapse, receptor_type=kind)
    cells.record("v")
    sim.run(T_STOP_MS)
    signal = cells.get_data().segments[0].analogsignals[0]
    sim.end()
    return np.asarray(signal.magnitude)[:, 0]


def with_brian2(steps: dict[str, NDArray[np.int64]], method: str) -> FloatArray:
    """Return the potential in Brian2's ``cpp_standalone``."""
    import brian2 as b2

    with tempfile.TemporaryDirectory() as folder:
        b2.device.reinit()
        b2.set_device("cpp_standalone", directory=folder, build_on_run=False)
        b2.defaultclock.dt = DT_MS * b2.ms
        cell = b2.NeuronGroup(
            1,
            """
            dv/dt = (V_REST*mV - v)/(TAU_M*ms) + (g_e*(E_EXC*mV - v) + g_i*(E_INH*mV - v))/(CM*nF)
                : volt
            dg_e/dt = -g_e/(TAU_EXC*ms) : siemens
            dg_i/dt = -g_i/(TAU_INH*ms) : siemens
            """.replace("\n                : volt", " : volt"),
            method=method,
            namespace={**{name: globals()[name] for name in CELL}, **units(b2)},
        )
        cell.v = V_REST * b2.mV
        objects = [cell]
        for kind, target in (("excitatory", "g_e"), ("inhibitory", "g_i")):
            # Brian2 adds at the end of a step what NEST and PyNN add at the beginning of the next.
            times = (steps[kind] - 1) * DT_MS * b2.ms
            source = b2.SpikeGeneratorGroup(1, np.zeros(len(times), dtype=int), times)
            effect = f"{target}_post += {INPUTS[kind][0]}*uS"
            synapses = b2.Synapses(source, cell, on_pre=effect, namespace=units(b2))
            synapses.connect()
            objects += [source, synapses]
        monitor = b2.StateMonitor(cell, "v", record=True)
        network = b2.Network(*objects, monitor)
        network.run((T_STOP_MS + DT_MS) * b2.ms)
        b2.device.build(directory=folder, compile=True, run=True, debug=False)
        potential = np.asarray(monitor.v[0] / b2.mV)
    b2.device.reinit()
    return potential


CELL = ("V_REST", "TAU_M", "E_EXC", "E_INH", "CM", "TAU_EXC", "TAU_INH")


def units(b2: Any) -> dict[str, Any]:
    """Return the units that the equations name."""
    return {name: getattr(b2, name) for name in ("mV", "ms", "nF", "uS")}


def main() -> int:
    """Measure, print, and write the table."""
    warnings.simplefilter("ignore")
    import pyNN.greenmorph
    import pyNN.nest

    steps = arrivals()
    expected = solution(steps)
    found = {
        'this backend, `precision="exact"`': with_pynn(pyNN.greenmorph, steps),
        'this backend, `precision="fast"`': with_pynn(pyNN.greenmorph, steps, precision="fast"),
        "NEST through PyNN": with_pynn(pyNN.nest, steps),
        "Brian2 `cpp_standalone`, exponential Euler": with_brian2(steps, "exponential_euler"),
        "Brian2 `cpp_standalone`, `rk4`": with_brian2(steps, "rk4"),
    }
    rows = []
    for name, potential in found.items():
        error = np.abs(potential[: len(expected)] - expected)
        rows.append([name, f"{np.sqrt(np.mean(error**2)):.1e}", f"{error.max():.1e}"])
    text = table(["IF_cond_exp, 0.1 ms, 1 s", "error of v, rms, mV", "largest, mV"], rows)
    print(text)
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(fill(page, "accuracy", text), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
