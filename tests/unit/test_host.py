"""This computer's energy: counters that overflow, and an interval without counters."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from pynn_greenmorph.accounting import host, host_counters
from pynn_greenmorph.accounting.host import CORE_W, HostClock
from pynn_greenmorph.engine.machine_code import CompileTime, compile_time, load_code
from pynn_greenmorph.errors import MissingPackageError, ReportError


class Counters:
    """A folder that looks like the system's power counters."""

    def __init__(self, folder: Path, names: dict[str, str]) -> None:
        self.folder = folder
        for key, name in names.items():
            domain = folder / f"intel-rapl:{key}"
            domain.mkdir()
            (domain / "name").write_text(f"{name}\n")
            (domain / "max_energy_range_uj").write_text("1000000\n")
        self.set(**dict.fromkeys(names, 0))

    def set(self, **values: int) -> None:
        for key, value in values.items():
            (self.folder / f"intel-rapl:{key}" / "energy_uj").write_text(f"{value}\n")


@pytest.fixture
def counters(tmp_path: Path) -> Counters:
    names = {"0": "package-0", "0:0": "core", "0:1": "dram", "1": "psys"}
    return Counters(tmp_path, names)


def test_packages_and_memory_are_added_and_what_holds_them_is_not(counters: Counters) -> None:
    clock = HostClock("auto", counters.folder)
    clock.begin()
    counters.set(**{"0": 300_000, "0:0": 200_000, "0:1": 50_000, "1": 900_000})
    clock.end()
    energy = clock.energy()
    assert energy.method == "rapl"
    assert energy.energy_j == pytest.approx(0.35)
    assert energy.interval_j is None
    assert energy.note == "RAPL counters: package-0, dram"
    assert "all programs" in energy.boundary
    assert str(energy).startswith("energy of run()  350 mJ  this computer: counted; method rapl")


def test_runs_add_up_and_the_last_one_stands_alone(counters: Counters) -> None:
    clock = HostClock("rapl", counters.folder)
    for value in (400_000, 900_000):
        clock.begin()
        counters.set(**{"0": value})
        clock.end()
    counters.set(**{"0": 999_999})  # between runs, so of no run
    assert (clock.energy().runs, clock.energy(last=True).runs) == (2, 1)
    assert clock.energy().energy_j == pytest.approx(0.9)
    assert clock.energy(last=True).energy_j == pytest.approx(0.5)


def test_a_counter_that_began_again_is_followed(
    counters: Counters, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr(host_counters, "time", SimpleNamespace(monotonic=lambda: now[0]))
    clock = HostClock("auto", counters.folder)
    counters.set(**{"0": 600_000})
    clock.begin()
    for value in (200_000, 900_000, 100_000):  # twice past its range of 1 J
        counters.set(**{"0": value})
        now[0] += 40.0
        clock.poll()
    clock.end()
    assert clock.energy().energy_j == pytest.approx(0.6 + 0.7 + 0.2)
    clock.begin()
    counters.set(**{"0": 300_000})
    clock.poll()  # too early to look: the counter cannot have overflown
    clock.end()
    assert clock.energy(last=True).energy_j == pytest.approx(0.2)


def test_without_counters_there_is_an_interval_of_busy_cores(tmp_path: Path) -> None:
    clock = HostClock("auto", tmp_path)
    clock.begin()
    sum(k * k for k in range(200_000))
    clock.end()
    energy = clock.energy()
    assert energy.method == "interval"
    assert energy.energy_j is None
    assert energy.cpu_s > 0
    assert energy.interval_j == pytest.approx(tuple(energy.cpu_s * watt for watt in CORE_W))
    assert energy.subject == "this computer: estimated"
    assert 3 < CORE_W[0] < CORE_W[1] < 100


def test_compiling_is_told_apart_and_in_no_interval(
    counters: Counters, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spent = [CompileTime(5.0, 4.0)]
    clocks = SimpleNamespace(perf_counter=lambda: now[0], process_time=lambda: now[1])
    now = [100.0, 50.0]
    monkeypatch.setattr(host, "compile_time", lambda: spent[-1])
    monkeypatch.setattr(host, "time", clocks)
    estimate, count = HostClock("interval"), HostClock("rapl", counters.folder)
    estimate.begin()
    count.begin()
    now[:] = 110.0, 59.0
    spent.append(CompileTime(12.0, 10.5))  # 7 s, 6.5 s of a processor
    counters.set(**{"0": 200_000})
    estimate.end()
    count.end()
    energy = estimate.energy()
    assert (energy.wall_s, energy.cpu_s, energy.compile_s) == (3.0, 2.5, 7.0)
    assert energy.interval_j == pytest.approx(tuple(2.5 * watt for watt in CORE_W))
    assert "time of compiling  7 s on the clock" in str(energy)
    assert "not in this energy" in str(energy)
    assert count.energy().energy_j == pytest.approx(0.2)
    assert "in this energy, as counters count all" in " ".join(str(count.energy()).split())
    estimate.begin()
    estimate.end()
    assert estimate.energy(last=True).compile_s == 0
    assert "compiling  " not in str(estimate.energy(last=True))


def test_the_engine_s_compiling_is_counted(tmp_path: Path) -> None:
    text = (
        f"# compiled by nobody before: {tmp_path} {time.time_ns()}\n"
        "from numba import cfunc, types\n"
        "@cfunc(types.int64(types.int64), _nrt=False)\n"
        "def entry(x):\n    return x + 41\n"
    )
    before = compile_time()
    load_code("host_test", text, "a test")
    after = compile_time()
    assert after.wall_s > before.wall_s
    assert after.cpu_s > before.cpu_s
    load_code("host_test", text, "a test")
    assert compile_time() == after


def test_counters_that_cannot_be_read_give_an_interval_or_an_error(counters: Counters) -> None:
    (counters.folder / "intel-rapl:0" / "energy_uj").unlink()
    (counters.folder / "intel-rapl:0" / "energy_uj").mkdir()  # root may read every file
    assert HostClock("auto", counters.folder).energy().method == "interval"
    with pytest.raises(ReportError, match=r"cannot be read: intel-rapl:0: Is a directory"):
        HostClock("rapl", counters.folder)
    with pytest.raises(ReportError, match="there are none"):
        HostClock("rapl", counters.folder / "missing")


def test_codecarbon_is_offline_and_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    class Tracker:
        def __init__(self, **options: object) -> None:
            made.append(options)

        def start_task(self, name: str) -> None:
            self.name = name

        def stop_task(self, name: str) -> SimpleNamespace:
            assert name == self.name
            return SimpleNamespace(energy_consumed=2e-6)

    # There is no online class here to be found.
    fake = SimpleNamespace(OfflineEmissionsTracker=Tracker, __version__="3.3.2")
    monkeypatch.setitem(sys.modules, "codecarbon", fake)
    clock = HostClock("codecarbon")
    for _ in range(2):
        clock.begin()
        clock.poll()
        clock.end()
    assert clock.energy().energy_j == pytest.approx(2 * 2e-6 * 3.6e6)
    assert clock.energy().note.startswith("codecarbon 3.3.2, offline")
    assert made[0]["save_to_file"] is False
    monkeypatch.setitem(sys.modules, "codecarbon", None)
    with pytest.raises(MissingPackageError, match=r"pynn_greenmorph\[carbon\]"):
        HostClock("codecarbon")
