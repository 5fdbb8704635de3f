"""Threads end together, whatever happens to one of them, and leave nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyNN.greenmorph as sim
import pytest

from pynn_greenmorph.engine import threads
from pynn_greenmorph.engine.machine_code import compiles
from pynn_greenmorph.engine.simulation import Simulation
from pynn_greenmorph.errors import LifecycleError, SimulationError
from pynn_greenmorph.network import CellGroup, Network
from pynn_greenmorph.registry import CellModel

pytestmark = pytest.mark.skipif(not compiles(), reason="plain Python computes on one thread")

N_CELLS = 2000


def fails(x: float, i_inj_pa: float, cell: int, step_index: int) -> tuple[float, int]:
    """A user's step with a fault."""
    if cell == 1500 and step_index == 701:
        raise ValueError("no such channel")
    return x + i_inj_pa, 1


def diverges(x: float, cell: int, step_index: int) -> tuple[float, int]:
    """A user's step whose state leaves the numbers."""
    if cell == 1999 and step_index >= 300:
        x = x * 1e308 * 10.0 + 1.0
    return x, 0


def simulation_of(step: Any, n_threads: int) -> Simulation:
    model = CellModel(name="Own", kind="neuron", states=("x",), step=step)
    network = Network(dt_ms=0.1, seed=1)
    network.cells.append(CellGroup("own", model, 0, N_CELLS, 0))
    return Simulation(network, n_threads)


@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_an_exception_in_one_thread_ends_all(n_threads: int) -> None:
    """Cell 1 500 is neither the caller's nor the first of its block."""
    simulation = simulation_of(fails, n_threads)
    with pytest.raises(
        SimulationError,
        match=r"'own'.*of cell 1500 raised ValueError: no such channel, at t = 70\.1 ms",
    ):
        simulation.run(100_000)
    # The data up to the last whole step are kept, for every cell.
    assert simulation.step == 700
    assert (simulation.emitted == 700).all()
    assert len(simulation.tail.step) == 0
    with pytest.raises(LifecycleError, match=r"failed in the middle of a step.*reset\(\)"):
        simulation.run(100_001)
    simulation.reset()
    simulation.run(500)
    assert (simulation.emitted == 1200).all()


def fails_early(x, cell):  # type: ignore[no-untyped-def]
    if cell == 100 and x >= 5.0:
        raise ValueError("no such channel")
    return x + 1.0, 1


def counts_halves(x, cell):  # type: ignore[no-untyped-def]
    return x + 1.0, 0.5 if cell == 700 else 0


def counts_below_zero(x, cell):  # type: ignore[no-untyped-def]
    return x + 1.0, -1 if cell == 700 else 3


def whole(x):  # type: ignore[no-untyped-def]
    return x + 1.0, x < 5.0


def piecewise(x):  # type: ignore[no-untyped-def]
    if x >= 5.0:
        raise ValueError("no such channel")
    return x + 1.0, True


def in_passes(x, method):  # type: ignore[no-untyped-def]
    x, holds = method(x)
    return x, 0, holds


@pytest.mark.parametrize("n_threads", [1, 3])
@pytest.mark.parametrize(
    ("step", "message"),
    [
        (fails_early, r"cell 100 raised ValueError: no such channel, at t = 0\.6 ms"),
        (counts_halves, r"cell 700 returned 0\.5 as its number of spikes.*t = 0\.1 ms"),
        (counts_below_zero, r"cell 700 returned -1 as its number of spikes.*t = 0\.1 ms"),
    ],
)
def test_the_cell_that_failed_is_named(step: Any, message: str, n_threads: int) -> None:
    """Blocks that come after it do not count over its mark; a count is a whole number."""
    with pytest.raises(SimulationError, match=message):
        simulation_of(step, n_threads).run(1000)


def test_a_step_in_two_passes_fails_like_any_other() -> None:
    """The exception is the step's own, raised by the second method."""
    model = CellModel(
        name="Own", kind="neuron", states=("x",), step=in_passes, methods=(whole, piecewise),
        helpers=(whole, piecewise),
    )  # fmt: skip
    network = Network(dt_ms=0.1, seed=1)
    network.cells.append(CellGroup("own", model, 0, N_CELLS, 0))
    with pytest.raises(SimulationError, match=r"cell 0 raised ValueError: no such channel"):
        Simulation(network, 1).run(1000)


@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_a_state_that_is_no_number_ends_all(n_threads: int) -> None:
    """The message names population, cell and a stretch of time."""
    simulation = simulation_of(diverges, n_threads)
    with pytest.raises(SimulationError, match=r"'own'.*state x of cell 1999 became inf"):
        simulation.run(1_000_000)
    assert 300 < simulation.step < 400


def test_a_part_that_raises_stops_the_others() -> None:
    """Also an exception outside the loop, while others wait at the barrier."""
    from pynn_greenmorph.engine import loop

    simulation = simulation_of(diverges, 2)
    simulation.run(1)
    real = simulation._advance
    assert real is not None

    def broken(step: int, n_log: int, setting: Any, memory: Any) -> loop.End:
        if setting.part == 1:
            raise MemoryError("as if")
        return real(step, n_log, setting, memory)

    simulation._advance = broken
    began = time.monotonic()
    with pytest.raises(MemoryError, match="as if"):
        simulation.run(100)
    assert time.monotonic() - began < 30.0  # it ends at all: a hang is the fault
    simulation._advance = real
    with pytest.raises(LifecycleError, match="failed in the middle"):
        simulation.run(100)


def test_a_thread_that_cannot_be_started_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those already started leave; the message says what to do."""
    started = []

    def start(self: threading.Thread) -> None:
        if started:
            raise RuntimeError("can't start new thread")
        started.append(self)
        original(self)

    original = threading.Thread.start
    simulation = simulation_of(diverges, 3)
    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.raises(SimulationError, match=r"cannot be started.*3 threads.*setup\(threads=\)"):
        simulation.run(100)
    assert not started[0].is_alive()
    monkeypatch.undo()
    with pytest.raises(LifecycleError, match="failed in the middle"):
        simulation.run(100)
    simulation.reset()
    simulation.run(100)


def test_more_threads_than_processors() -> None:
    """Eight threads: slower, and the same bits."""
    states = []
    for n_threads in (1, 8):
        sim.setup(threads=n_threads, seed=3)
        cells = sim.Population(5000, sim.SpikeSourcePoisson(rate=50.0))
        targets = sim.Population(5000, sim.IF_curr_exp())
        synapse = sim.StaticSynapse(weight=2.0, delay=0.1)
        sim.Projection(cells, targets, sim.OneToOneConnector(), synapse)
        sim.run(20.0)
        assert sim.profile().threads == n_threads
        states.append(sim.state.session.simulation.cells.state.tobytes())
        sim.end()
    assert states[0] == states[1]


SCRIPT = """
    import os, signal, sys, threading, time
    import pyNN.greenmorph as sim
    sim.setup(threads=2)
    cells = sim.Population(4000, sim.IF_curr_exp(i_offset=1.0))
    cells.record("spikes")
    sim.run(50.0)
"""


def run_script(body: str) -> str:
    """Run a script in a new process and return what it printed."""
    result = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SCRIPT) + textwrap.dedent(body)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signal of this kind")
def test_ctrl_c_is_answered_and_keeps_the_data() -> None:
    """Two threads, a run of an hour: the interrupt comes through within a second."""
    output = run_script(
        """
        def press():
            time.sleep(1.0)
            press.at = time.monotonic()
            os.kill(os.getpid(), signal.SIGINT)
        threading.Thread(target=press).start()
        try:
            sim.run(3.6e6)
        except KeyboardInterrupt:
            waited = time.monotonic() - press.at
        now = sim.get_current_time()
        spikes = cells.get_data("spikes").segments[0].spiketrains
        last = max(float(train[-1]) for train in spikes)
        print(waited < 1.0, 50.0 < now < 3.6e6, now - 40.0 < last <= now)
        sim.run(10.0)
        print(abs(sim.get_current_time() - now - 10.0) < 1e-6)
        """
    )
    assert output.split() == ["True"] * 4


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_process_goes_on_with_the_same_bits() -> None:
    """Child and parent both run on after a fork, and agree."""
    output = run_script(
        """
        import warnings
        warnings.simplefilter("ignore", DeprecationWarning)
        read, write = os.pipe()
        child = os.fork()
        sim.run(50.0)
        state = sim.state.session.simulation.cells.state.tobytes()
        if child == 0:
            os.write(write, str(hash(state) % 1000003).encode())
            os._exit(0)
        os.waitpid(child, 0)
        print(os.read(read, 100).decode() == str(hash(state) % 1000003))
        """
    )
    assert output == "True"


def test_running_twice_at_once_is_an_error() -> None:
    """A second thread of the user's gets a clear message; the first run is not harmed."""
    sim.setup(threads=2)
    sim.Population(4000, sim.IF_curr_exp(i_offset=0.8))
    sim.run(0.1)
    simulation = sim.state.session.simulation
    errors: list[BaseException] = []
    seen = threading.Event()

    def second(_step: int) -> None:
        if not seen.is_set():
            thread = threading.Thread(target=attempt)
            thread.start()
            thread.join()
            seen.set()

    def attempt() -> None:
        try:
            sim.run(1.0)
        except LifecycleError as error:
            errors.append(error)

    simulation.run(3000, progress=second)
    assert len(errors) == 1
    assert "already running" in str(errors[0])
    assert simulation.step == 3000
    sim.end()


def test_how_many_threads(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Affinity, the container's quota, and the work between two barriers."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(6)), raising=False)
    monkeypatch.setattr(threads, "_quota", lambda: float("inf"))
    assert threads.available_threads() == 6
    monkeypatch.setattr(threads, "_quota", lambda: 2.5)
    assert threads.available_threads() == 2
    monkeypatch.setattr(threads, "_quota", lambda: 0.3)
    assert threads.available_threads() == 1
    monkeypatch.setattr(threads, "_quota", lambda: 4.0)
    work = threads.WORK_PER_THREAD
    assert threads.choose_threads("auto", 10, 1, 16) == 1
    assert threads.choose_threads("auto", work, 24, 1) == 1
    assert threads.choose_threads("auto", 2 * work, 48, 1) == 2
    assert threads.choose_threads("auto", 100 * work, 2400, 1) == 4
    assert threads.choose_threads(7, 10, 8, 1) == 7
    assert threads.choose_threads(7, 10, 2, 1) == 2


@pytest.mark.parametrize(
    ("version", "text", "expected"),
    [(2, "max 100000", np.inf), (2, "150000 100000", 1.5), (1, "-1", np.inf), (1, "50000", 0.5),
     (0, "", np.inf)],
)  # fmt: skip
def test_quota_of_a_container(version: int, text: str, expected: float, tmp_path: Path) -> None:
    """Both generations of control groups, without a limit, and no such file."""
    two, one = tmp_path / "cpu.max", tmp_path / "cpu.cfs_quota_us"
    if version == 2:
        two.write_text(text)
    elif version == 1:
        one.write_text(text)
        (tmp_path / "cpu.cfs_period_us").write_text("100000")
    assert threads._quota((str(two), str(one))) == expected
