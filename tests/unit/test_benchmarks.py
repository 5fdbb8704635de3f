"""The benchmark programs: the same network in each simulator, and tables from results."""

from __future__ import annotations

import shutil
import sys
import warnings
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pynn_greenmorph.errors import FidelityWarning

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def benchmark_module(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Import a file of the folder of benchmarks, which is no package; forget it afterwards."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    before = set(sys.modules)
    yield import_module
    for name in set(sys.modules) - before:
        file = getattr(sys.modules[name], "__file__", None) or ""
        if Path(file).parent == ROOT / "benchmarks":
            del sys.modules[name]


def small(networks: Any, **change: Any) -> Any:
    return networks.Workload("small", 200, 20, 100.0, weight_factor=0.5, **change)


def ours(networks: Any, workload: Any, table: Path | None = None) -> str:
    import pyNN.greenmorph as sim

    with warnings.catch_warnings():
        # Drawn delays are off the grid, and that they are rounded is the point of neither test.
        warnings.simplefilter("ignore", FidelityWarning)
        populations, projections = networks.build_pynn(sim, workload, 1)
    sim.run(workload.t_stop_ms)
    step, cell = networks.pynn_spikes(populations)
    assert len(step) > 100
    assert set(cell) <= set(range(workload.cells))
    if table is not None:
        networks.save_connections(projections, workload, table)
    sim.end()
    return str(networks.digest(step, cell))


def test_table_holds_each_connection_once(benchmark_module: Any, tmp_path: Path) -> None:
    networks = benchmark_module("networks")
    workload = small(networks, drawn=True)
    ours(networks, workload, tmp_path / "table.npz")
    table = networks.load_connections(tmp_path / "table.npz")
    pairs = set(zip(table.pre.tolist(), table.post.tolist(), strict=True))
    assert len(pairs) == len(table.pre)
    assert len(table.pre) == pytest.approx(workload.cells * workload.degree, rel=0.1)
    excitatory = table.pre < workload.n_exc
    assert excitatory[: table.n_exc].all()
    assert not excitatory[table.n_exc :].any()
    assert np.array_equal(table.weight > 0, excitatory)
    assert table.delay.min() >= 0.1
    assert table.delay.max() <= 15.0


def test_hash_forgets_the_order_of_spikes(benchmark_module: Any) -> None:
    networks = benchmark_module("networks")
    step, cell = np.array([3, 1, 1]), np.array([0, 5, 2])
    assert networks.digest(step, cell) == networks.digest(step[::-1], cell[::-1])
    assert networks.digest(step, cell) != networks.digest(cell, step)


@pytest.mark.peer("nest", "pyNN.nest")
@pytest.mark.parametrize(("model", "drawn"), [("CUBA", False), ("CUBA", True), ("COBA", False)])
def test_native_nest_and_pynn_nest_have_the_same_spikes(
    benchmark_module: Any, tmp_path: Path, model: str, drawn: bool
) -> None:
    import nest
    import pyNN.nest

    networks = benchmark_module("networks")
    workload = small(networks, drawn=drawn, model=getattr(networks, model))
    path = tmp_path / "table.npz"
    mine = ours(networks, workload, path)
    recorder = networks.build_nest(nest, workload, networks.load_connections(path), 1)
    nest.Simulate(workload.t_stop_ms)
    assert networks.digest(*networks.nest_spikes(recorder)) == mine
    populations, _ = networks.build_pynn(pyNN.nest, workload, 1)
    pyNN.nest.run(workload.t_stop_ms)
    assert networks.digest(*networks.pynn_spikes(populations)) == mine
    pyNN.nest.end()


@pytest.mark.peer("nest")
@pytest.mark.parametrize("model", ["BRUNEL", "BRUNEL_STDP"])
def test_with_noise_native_nest_has_the_same_rate(
    benchmark_module: Any, tmp_path: Path, model: str
) -> None:
    """Noise differs, and over 1 000 cells the rate then differs by a few per cent."""
    import nest
    import pyNN.greenmorph as sim

    networks = benchmark_module("networks")
    workload = networks.Workload("small", 1000, 100, 300.0, getattr(networks, model))
    populations, projections = networks.build_pynn(sim, workload, 1)
    networks.save_connections(projections, workload, tmp_path / "table.npz")
    sim.run(workload.t_stop_ms)
    mine = len(networks.pynn_spikes(populations)[0])
    table = networks.load_connections(tmp_path / "table.npz")
    recorder = networks.build_nest(nest, workload, table, 1)
    nest.Simulate(workload.t_stop_ms)
    assert len(networks.nest_spikes(recorder)[0]) == pytest.approx(mine, rel=0.1)
    assert mine > 1000
    if workload.model.stdp:
        weights = np.array(projections[0].get("weight", format="list"))[:, 2]
        theirs = np.array(nest.GetConnections(synapse_model="plastic").weight)
        assert theirs.mean() == pytest.approx(weights.mean(), rel=0.05)
        assert theirs.std() == pytest.approx(weights.std(), rel=0.1)
        assert weights.std() > 0.01 * weights.mean()
    sim.end()


def test_tables_are_made_from_results(benchmark_module: Any) -> None:
    tables = benchmark_module("write_tables")
    median = {"build_s": 1.0, "first_s": 1.0, "run_s": 2.0}
    check = {"exact": True, "exact_with_brian2": True, "brian2_difference": None}
    quiet = {"spikes": [7], "threads": 1, "cores_busy_elsewhere": 0.0}
    others = {**median, "run_s": 1.0, "build_s": 9.0}
    slow, quick = {**others, "run_s": 3.0}, {**others, "run_s": 0.8}
    rows = [
        {"simulator": "greenmorph", "median": median, "raw": [median, median], **quiet},
        {"simulator": "nest", "median": others, "raw": [others, quick], **quiet},
        {"simulator": "brian2", "median": slow, "raw": [slow], **quiet},
    ]
    entry = {"cells": 4000, "degree": 80, "drawn": False, "rows": rows, "check": check}
    machine = benchmark_module("machine").describe()
    other = {**entry, "machine": {**machine, "cpu": "another"}, "model": "Brunel"}
    results = {"peers": {"va4k": {**entry, "machine": machine}, "brunel": other}}
    tables.mark_machines(results)
    assert "- B: another (family" in tables.part_machine(results)
    # Of what was measured once there is no range.
    assert "|4 000 cells × 80 (A)|1|–|0.45 (0.40 to 0.50)|1.5|2.0|" in tables.part_run(results)
    build = "|4 000 cells × 80, Brunel (B)|1|–|5.0 (5.0 to 5.0)|5.0|2.0|"
    assert build in tables.part_build(results)
    assert tables.part_losses(results).count("\n") == 1
    assert "run, 1 thread: NEST needs 0.45" in tables.part_losses(results)
    assert len(tables.part_readme(results).splitlines()) <= 8


def test_tables_of_reports_and_of_counting_are_made_from_results(benchmark_module: Any) -> None:
    tables = benchmark_module("write_tables")
    machine = benchmark_module("machine").describe()
    sizes = {
        f"k{k}": {
            "machine": machine, "cells": 100_000, "degree": k, "repeats": 5,
            "report_s": {"loihi1": k / 200}, "compare_s": 2.0, "html_s": 3.0,
        }
        for k in (100, 10)
    }  # fmt: skip
    counting = {
        "machine": machine, "pairs": 21, "spikes": 9,
        "on_s": [1.0, 1.01, 1.02], "off_s": [0.99, 1.0, 1.01], "cost_percent": [-0.4, 1.0, 1.23],
    }  # fmt: skip
    results = {"peers": {}, "reports": {**sizes, "counting": counting}}
    tables.mark_machines(results)
    lines = tables.part_reports(results).splitlines()
    assert lines[0] == "|s|100 000 cells × 10 (A)|100 000 cells × 100 (A)|"
    assert lines[2:] == [
        "|report on `loihi1`|0.050|0.50|",
        "|report, then all boards side by side|2.0|2.0|",
        "|report, then a page in HTML with them|3.0|3.0|",
    ]
    shown = tables.part_counting(results).splitlines()
    assert shown[0] == "|21 pairs (A)|lower quartile|median|upper quartile|"
    assert shown[2:] == [
        "|`run()` with counting, s|1.00|1.01|1.02|",
        "|without, s|0.990|1.00|1.01|",
        "|cost of counting, %|-0.40|1.0|1.2|",
    ]
    assert "`reports counting`" in tables.part_machine(results)
    nothing = tables.MISSING
    assert (tables.part_reports({}), tables.part_counting({})) == (nothing, nothing)


@pytest.mark.skipif(shutil.which("gcc") is None, reason="the loops to compare with are in C")
def test_slices_of_run_and_the_loops_in_c_take_turns(
    benchmark_module: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    limits, tables = benchmark_module("limits"), benchmark_module("write_tables")
    small = replace(limits.WORKLOADS["va4k"], cells=400, degree=40)
    monkeypatch.setitem(limits.WORKLOADS, "va4k", small)
    monkeypatch.setattr(limits, "_CELL_STEPS", 400_000)
    library = limits.compile_limits(tmp_path)
    one, two = (limits.measure_here("va4k", threads, 3, library) for threads in (1, 2))
    for key in ("limit", "engine", "fraction"):
        for name, (lower, upper) in one["quartiles"][key].items():
            assert lower <= one[key][name] <= upper
    # A step of each cell and its events take longer than the step alone.
    assert one["limit"]["s_per_s"] > 1e-9 * one["limit"]["update_ns"] * 400 * 10_000 > 0.0
    assert min(one["engine"][name] for name in ("event_ns", "update_ns", "s_per_s")) > 0.0
    entry = one | {f"{key}_2": value for key, value in two.items()}
    rows = tables.part_limits({"limits": {"small": entry}}).splitlines()[2:]
    assert len(rows) == 6
    assert f"({one['quartiles']['fraction']['event_ns'][0]:.0%} to" in rows[0]
    assert "2 threads" in rows[-1]


def test_a_report_is_timed_on_every_priced_board(
    benchmark_module: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounting = benchmark_module("accounting")
    monkeypatch.setattr(accounting, "CELLS", 30)
    monkeypatch.setattr(accounting, "REPEATS", 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FidelityWarning)
        found = accounting.report(2)
    assert {"loihi1", "truenorth", "spinnaker1_spinn5"} < set(found["report_s"])
    assert "ideal" not in found["report_s"]
    assert min(*found["report_s"].values(), found["compare_s"], found["html_s"]) > 0
    ledger = accounting.ledger_of(30, 2)
    row = ledger.projections[0]
    assert row.events.sum() == row.emitted[row.pre].sum()
    assert len(row.pre) == 60


def test_tables_of_the_pages_are_up_to_date(
    benchmark_module: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = benchmark_module("write_tables")
    monkeypatch.setattr(sys, "argv", ["write_tables.py", "--check"])
    assert tables.main() == 0
