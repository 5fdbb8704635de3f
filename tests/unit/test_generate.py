"""Kernels are made from plain Python, and never stale."""

from __future__ import annotations

import ctypes
import dataclasses
import math
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pyNN.greenmorph as sim
import pytest

from pynn_greenmorph.engine import cache, machine_code
from pynn_greenmorph.engine.block_variants import Variant
from pynn_greenmorph.engine.generate import BLOCK, block_source
from pynn_greenmorph.errors import GreenmorphError
from pynn_greenmorph.registry import CellModel, cell_model
from tests.kernels import run_block

needs_compiler = pytest.mark.skipif(not machine_code.compiles(), reason="nothing is compiled")

CELL = """
from pynn_greenmorph.registry import CellModel, Parameter, Variable

GAIN = {gain}

def double(x):
    return {helper}

def derive(columns, dt_ms):
    return {{"bias": columns["bias"]}}

def step(x, bias, i_inj_pa):
    x = {step}
    return x, 0

MODEL = CellModel(
    name="Toy", kind="neuron", parameters=(Parameter("bias", "bias", "mV", 1.0),),
    states=("x",), variables=(Variable("v", "x", "mV", 1.0),), constants=("bias",),
    derive=derive, step=step, helpers=(double,),
)
"""

RUN = """
import sys
import pyNN.greenmorph as sim
sim.setup(timestep=1.0)
p = sim.Population(3, sim.Toy(bias=[0.0, 1.0, 2.0]))
p.record("v")
sim.run(3.0)
print(p.get_data().segments[0].analogsignals[0].magnitude[-1].tolist())
"""


SOUND = {"gain": 2.0, "helper": "x * GAIN", "step": "double(x) + bias"}


def write_toy(folder: Path, **edits: Any) -> None:
    """Put the distribution of a third party, with one cell type, into a folder."""
    (folder / "toy_cell.py").write_text(CELL.format(**{**SOUND, **edits}))
    info = folder / "toy_cell-1.0.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-cell\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[pynn_greenmorph.cells]\nToy = toy_cell:MODEL\n")


def seed(kernels: Path) -> None:
    """Let the machine code of the run loop be in the cache already: it takes half a minute."""
    sim.setup()
    sim.Population(1, sim.IF_curr_exp())
    sim.run(1.0)
    sim.end()
    kernels.mkdir(parents=True, exist_ok=True)
    for file in cache.kernel_folder().glob("run_part_*"):
        shutil.copy(file, kernels)


def start(script: str, folder: Path, **environment: str) -> subprocess.Popen[str]:
    """Start a script in a new process that keeps its machine code in ``folder / "cache"``."""
    variables = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(folder), str(Path(__file__).parents[2])]),
        "NUMBA_CACHE_DIR": str(folder / "cache"),
        "PYTHONDONTWRITEBYTECODE": "1",
        **environment,
    }
    return subprocess.Popen(
        [sys.executable, "-c", "import pynn_greenmorph\n" + script],
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> str:
    output, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    return output.strip()


def run_toy(folder: Path, environment: dict[str, str] | None = None, **edits: Any) -> str:
    """Run the third party's cell, found through its entry point, in a new process."""
    write_toy(folder, **edits)
    return finish(start(RUN, folder, **(environment or {})))


@pytest.mark.slow
def test_an_edited_cell_is_never_served_by_old_machine_code(tmp_path: Path) -> None:
    """Constant, helper and step are edited between processes with one cache, then put back."""
    seed(tmp_path / "cache" / "pynn_greenmorph")
    assert run_toy(tmp_path) == "[8.0, 15.0, 22.0]"
    assert run_toy(tmp_path, gain=3.0) == "[27.0, 40.0, 53.0]"
    assert run_toy(tmp_path, helper="x + GAIN") == "[7.0, 10.0, 13.0]"
    assert run_toy(tmp_path, step="double(x) - bias") == "[8.0, 1.0, -6.0]"
    assert run_toy(tmp_path) == "[8.0, 15.0, 22.0]"
    kernels = list((tmp_path / "cache" / "pynn_greenmorph").glob("toy_*.py"))
    assert len(kernels) == 4


@pytest.mark.slow
def test_two_processes_that_start_cold_at_once_both_succeed(tmp_path: Path) -> None:
    """Both write the same files into one empty folder."""
    write_toy(tmp_path)
    both = [start(RUN, tmp_path) for _ in range(2)]
    assert [finish(process) for process in both] == ["[8.0, 15.0, 22.0]"] * 2
    assert not list((tmp_path / "cache").rglob("*.tmp"))


@pytest.mark.slow
def test_a_folder_that_cannot_be_written_is_passed_over(tmp_path: Path) -> None:
    """Neither the cache folder asked for nor the user's is usable: the temporary one is.

    The folders lie below a file: that stops every user, also root, for whom
    permission bits mean nothing.
    """
    (tmp_path / "file").write_text("no folder")
    (tmp_path / "tmp").mkdir()
    environment = {
        "NUMBA_CACHE_DIR": str(tmp_path / "file" / "cache"),
        "XDG_CACHE_HOME": str(tmp_path / "file" / "user"),
        "HOME": str(tmp_path / "file" / "home"),
        "TMPDIR": str(tmp_path / "tmp"),
    }
    where = "from pynn_greenmorph.engine.cache import kernel_folder; print(kernel_folder())"
    seed(Path(finish(start(where, tmp_path, **environment))))
    assert run_toy(tmp_path, environment) == "[8.0, 15.0, 22.0]"
    assert list((tmp_path / "tmp").glob("pynn_greenmorph-*/kernels/toy_*.py"))


def test_an_empty_cache_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """``NUMBA_CACHE_DIR=`` does not mean the current folder."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", "")
    assert all(folder.is_absolute() for folder in cache._candidates())


def test_a_folder_of_somebody_else_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files in it are executed; without any usable folder a fresh one is made."""
    assert cache._usable(tmp_path / "kernels")
    stranger = tmp_path.stat().st_uid + 1
    monkeypatch.setattr(os, "getuid", lambda: stranger, raising=False)
    assert not cache._usable(tmp_path / "kernels")
    monkeypatch.setattr(cache, "_candidates", lambda: [tmp_path / "kernels"])
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    fresh = cache.kernel_folder.__wrapped__()
    assert fresh != tmp_path / "kernels"
    assert fresh.is_dir()


SEVENTEEN = """
from numba import cfunc, types

@cfunc(types.int64())
def entry():
    return 17
"""


def value_of(text: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """What the machine code of a text returns, loaded as in a new process."""
    monkeypatch.setattr(machine_code, "_LOADED", {})
    address = machine_code.load_code("part", text, "a test")
    value: int = ctypes.CFUNCTYPE(ctypes.c_int64)(address)()
    return value


@needs_compiler
@pytest.mark.parametrize("cut", [0, 10, 400, -1])
def test_a_damaged_file_is_written_again(
    cut: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Machine code that is not what was written is compiled again, never executed."""
    monkeypatch.setattr(machine_code, "kernel_folder", lambda: tmp_path)
    assert value_of(SEVENTEEN, monkeypatch) == 17
    (path,) = tmp_path.glob("part_*.code")
    path.write_bytes(path.read_bytes()[:cut])
    assert machine_code._read(path) is None
    assert value_of(SEVENTEEN, monkeypatch) == 17
    assert machine_code._read(path) is not None
    (source,) = tmp_path.glob("part_*.py")
    source.write_text("raise SystemExit")
    path.unlink()
    assert value_of(SEVENTEEN, monkeypatch) == 17
    assert source.read_text() == SEVENTEEN


@needs_compiler
def test_machine_code_of_another_processor_or_compiler_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A home folder may be shared by computers, and Numba may be updated."""
    monkeypatch.setattr(machine_code, "kernel_folder", lambda: tmp_path)
    stamps = {machine_code._stamp.__wrapped__()}
    for name, value in (
        ("get_host_cpu_name", "znver9"),
        ("get_default_triple", "aarch64-unknown-linux-gnu"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(machine_code._llvm(), name, lambda value=value: value)
            stamps.add(machine_code._stamp.__wrapped__())
    with monkeypatch.context() as patch:
        patch.setattr(machine_code.importlib.metadata, "version", lambda name: "99.0")
        stamps.add(machine_code._stamp.__wrapped__())
    with monkeypatch.context() as patch:
        patch.setenv("NUMBA_BOUNDSCHECK", "1")
        stamps.add(machine_code._stamp.__wrapped__())
    assert len(stamps) == 5
    for stamp in stamps:
        monkeypatch.setattr(machine_code, "_stamp", lambda stamp=stamp: stamp)
        assert value_of(SEVENTEEN, monkeypatch) == 17
    assert len(list(tmp_path.glob("part_*.code"))) == 5


@needs_compiler
def test_a_header_that_was_damaged_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Name and needs of the entry are part of the checksum: a call of address 0 would crash."""
    monkeypatch.setattr(machine_code, "kernel_folder", lambda: tmp_path)
    assert value_of(SEVENTEEN, monkeypatch) == 17
    (path,) = tmp_path.glob("part_*.code")
    path.write_bytes(path.read_bytes().replace(b"entry", b"enter", 2))
    assert machine_code._read(path) is None
    path.write_bytes(b"[]\n")
    assert machine_code._read(path) is None


@needs_compiler
def test_a_full_disk_does_not_end_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What is compiled is used; a line of the log says that it cannot be kept."""

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(machine_code, "kernel_folder", lambda: tmp_path)
    monkeypatch.setattr(machine_code.tempfile, "mkstemp", full)
    assert value_of(SEVENTEEN, monkeypatch) == 17
    assert "cannot be kept" in caplog.text
    assert not list(tmp_path.iterdir())


GAMMA = """
import math
from numba import cfunc, types

@cfunc(types.int64(types.int64))
def entry(n):
    return int(math.gamma(n + 1.0))
"""


@needs_compiler
def test_a_function_that_only_numba_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Code that calls it is compiled in every process: to load it would end the process."""
    monkeypatch.setattr(machine_code, "kernel_folder", lambda: tmp_path)
    monkeypatch.setattr(machine_code, "_LOADED", {})
    monkeypatch.setattr(machine_code._llvm(), "address_of_symbol", lambda name: None)
    address = machine_code.load_code("part", GAMMA, "a test")
    assert ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(address)(5) == 120
    assert machine_code._read(next(tmp_path.glob("part_*.code"))).needs
    assert "compiling in every process" in caplog.text


@needs_compiler
def test_numba_is_not_imported_once_machine_code_is_there(tmp_path: Path) -> None:
    """Importing it takes longer than a small model runs."""
    script = textwrap.dedent(RUN) + "\nprint('numba' in sys.modules)"
    seed(tmp_path / "cache" / "pynn_greenmorph")
    write_toy(tmp_path)
    assert finish(start(script, tmp_path)).endswith("True")
    assert finish(start(script, tmp_path)) == "[8.0, 15.0, 22.0]\nFalse"


def test_a_setting_that_is_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether models run as plain Python is not guessed."""
    for value, expected in (("", True), ("0", True), ("1", False)):
        monkeypatch.setenv("NUMBA_DISABLE_JIT", value)
        assert machine_code.compiles() is expected
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "yes")
    with pytest.raises(GreenmorphError, match=r"NUMBA_DISABLE_JIT.*'yes'"):
        machine_code.compiles()


NETWORK = """
import hashlib
import numpy as np
import pyNN.greenmorph as sim
sim.setup(timestep=0.1, seed=2**63 + 5)
noise = sim.Population(5, sim.SpikeSourcePoisson(rate=[300.0, 400.0, 500.0, 2e5, 0.0]))
dead = sim.Population(4, sim.SpikeSourcePoissonRefractory(rate=400.0, tau_refrac=[0, 1, 2, 2.4]))
gamma = sim.Population(4, sim.SpikeSourceGamma(alpha=[0.3, 1.0, 2.5, 9.0], beta=2000.0))
binned = sim.Population(4, sim.SpikeSourceInhGamma(a=[3.0, 1.0], b=[5e-4, 1e-3], tbins=[1, 3]))
given = sim.Population(2, sim.SpikeSourceArray(spike_times=[0.0, 1.0, 1.0, 3.3]))
current = sim.Population(3, sim.IF_curr_exp(tau_m=[10.0, 20.0, 5.0], i_offset=0.5))
conductance = sim.Population(3, sim.IF_cond_exp(tau_syn_E=[0.3, 2.0, 5.0]))
draw = np.random.RandomState(1)
for post, size in ((current, 0.9), (conductance, 0.05)):
    for pre in (noise, dead, gamma, binned, given, current):
        rows = [
            (i, j, size * draw.rand(), 0.1 * draw.randint(1, 30))
            for i in range(pre.size) for j in range(3)
        ]
        sim.Projection(pre, post, sim.FromListConnector(rows), sim.StaticSynapse())
pulse = sim.DCSource(amplitude=0.7, start=2.0, stop=6.0)
pulse.inject_into(current)
sim.ACSource(amplitude=0.3, frequency=300.0).inject_into(current[1:])
sim.NoisyCurrentSource(stdev=0.5, dt=0.2).inject_into(conductance)
hasher = hashlib.sha256()
for population in (noise, dead, gamma, binned, given, current, conductance):
    population.record("spikes")
for population in (current, conductance):
    population.record("v")
sim.run(7.0)
sim.reset()
current.set(i_offset=0.8)
sim.run(5.0)
for population in (noise, dead, gamma, binned, given, current, conductance):
    for segment in population.get_data().segments:
        for train in segment.spiketrains:
            hasher.update(train.magnitude.tobytes() + b"|")
        for signal in segment.analogsignals:
            hasher.update(np.ascontiguousarray(signal.magnitude).tobytes())
counters = sim.energy_report().counters
active = noise, dead, gamma, binned, current
assert min(population.mean_spike_count() for population in active) > 0
print(hasher.hexdigest(), sorted(counters.items()))
"""


@pytest.mark.slow
def test_plain_python_gives_the_same_bits(tmp_path: Path) -> None:
    """One network as machine code and as plain Python: the same spikes, potentials and counts."""
    plain = finish(start(NETWORK, tmp_path, NUMBA_DISABLE_JIT="1"))
    assert not list(tmp_path.rglob("*_arrays_*.py"))
    seed(tmp_path / "cache" / "pynn_greenmorph")
    compiled = finish(start(NETWORK, tmp_path))
    assert list(tmp_path.rglob("*_arrays_*.py"))
    assert plain == compiled


@pytest.mark.slow
def test_a_third_partys_cell_runs_as_plain_python(tmp_path: Path) -> None:
    """Nothing is generated when compilation is disabled."""
    assert run_toy(tmp_path, {"NUMBA_DISABLE_JIT": "1"}) == "[8.0, 15.0, 22.0]"
    assert not list((tmp_path / "cache").rglob("toy_*.py"))


def test_unknown_argument_of_step() -> None:
    """The message names the argument and what is allowed."""

    def step(v_mv, nonsense):  # type: ignore[no-untyped-def]
        return v_mv, 0

    model = dataclasses.replace(cell_model("IF_curr_exp"), step=step)
    with pytest.raises(GreenmorphError, match=r"IF_curr_exp.*'nonsense'.*Allowed.*in_excitatory"):
        block_source(model, Variant(scalar_parameters=True))


def test_name_that_cannot_be_compiled() -> None:
    """A step may use its arguments, math, np, helpers and numbers, and nothing else."""

    def step(v_mv):  # type: ignore[no-untyped-def]
        return textwrap.dedent(v_mv), 0

    model = CellModel(name="Bad", kind="neuron", states=("v_mv",), step=step)
    with pytest.raises(GreenmorphError, match=r"'textwrap'.*cannot be compiled"):
        block_source(model, Variant(scalar_parameters=True))


def module_of(folder: Path, name: str, text: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Import a module from text."""
    (folder / f"{name}.py").write_text(textwrap.dedent(text))
    monkeypatch.syspath_prepend(folder)
    return __import__(name)


def result_of(model: CellModel, x: float) -> float:
    """The first state after one step of a compiled block, from ``x``."""
    state = np.full((1, BLOCK), x)
    nothing = np.zeros(0), np.zeros((1, BLOCK)), np.zeros(BLOCK), np.zeros(BLOCK, dtype=np.int32)
    run_block(model, True, state, *nothing, BLOCK, 0, 1, 0, 0)
    assert (state == state[0, 0]).all()
    return float(state[0, 0])


STEPS = """
    import math
    from numpy.typing import NDArray

    GAIN = 3.0
    TOP = math.inf
    Number = float

    def raised(x: Number, by=GAIN) -> NDArray:
        return x + by

    def default(x):
        return raised(x), 0

    def infinite(x):
        return min(x, TOP), 0

    def nested(x):
        return x + sum([GAIN * k for k in range(3)]), 0
"""


@pytest.mark.parametrize(("name", "expected"), [("default", 5.0), ("infinite", 2.0)])
def test_constants_in_all_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, expected: float
) -> None:
    """Constants as defaults and infinite ones; annotations are not evaluated."""
    steps = module_of(tmp_path, f"steps_{name}", STEPS, monkeypatch)
    helpers = (steps.raised,) if name == "default" else ()
    step = getattr(steps, name)
    model = CellModel(name="S", kind="neuron", states=("x",), step=step, helpers=helpers)
    assert result_of(model, 2.0) == expected == step(2.0)[0]


def test_constants_of_nested_code_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A constant that only a comprehension uses is written too."""
    steps = module_of(tmp_path, "steps_nested", STEPS, monkeypatch)
    model = CellModel(name="S", kind="neuron", states=("x",), step=steps.nested)
    assert result_of(model, 2.0) == 11.0 == steps.nested(2.0)[0]


def test_one_name_with_two_meanings_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Helpers of two modules share one generated file: neither constant may win silently."""
    first = module_of(
        tmp_path,
        "first_meaning",
        """
        GAIN = 2.0
        SAME = 1.5
        def scaled(x):
            return x * GAIN * SAME
        def other(x):
            return x
        """,
        monkeypatch,
    )
    second = module_of(
        tmp_path,
        "second_meaning",
        """
        from first_meaning import scaled
        GAIN = 3.0
        SAME = 1.5
        def step(x):
            return scaled(x) + GAIN, 0
        def fine(x):
            return scaled(x) + SAME, 0
        def other(x):
            return x + 1.0
        def two(x):
            return other(x), 0
        """,
        monkeypatch,
    )
    model = CellModel(name="S", kind="neuron", states=("x",), step=second.step)
    model = dataclasses.replace(model, helpers=(first.scaled,))
    with pytest.raises(GreenmorphError, match=r"first_meaning\.scaled.*'GAIN' has several"):
        block_source(model, Variant(scalar_parameters=True))
    model = dataclasses.replace(model, step=second.two, helpers=(first.other,))
    with pytest.raises(GreenmorphError, match=r"'other' has several"):
        block_source(model, Variant(scalar_parameters=True))
    model = dataclasses.replace(model, helpers=(first.other, second.other))
    with pytest.raises(GreenmorphError, match=r"'other' has several"):
        block_source(model, Variant(scalar_parameters=True))
    model = dataclasses.replace(model, step=second.fine, helpers=(first.scaled,))
    assert result_of(model, 2.0) == 7.5


def test_homogeneous_and_heterogeneous_parameters_give_the_same_bits() -> None:
    """A block with one value of each constant against one with a column of equal values."""
    model = cell_model("IF_curr_exp")
    columns = {p.column: np.full(1, p.default) for p in model.parameters}
    assert model.derive is not None
    derived = model.derive({**columns, "i_offset_na": np.array([0.77])}, 0.1)
    constants = np.concatenate([derived[name] for name in model.constants])
    draw = np.random.RandomState(3)
    state = draw.uniform(0.0, 14.9, (4, BLOCK))
    state[3] = draw.randint(0, 2, BLOCK)
    inputs = draw.uniform(-200.0, 200.0, (3, BLOCK))
    results = []
    for scalar, param in ((True, constants), (False, np.repeat(constants[:, None], BLOCK, 1))):
        now, given, count = state.copy(), inputs[:2].copy(), np.zeros(BLOCK, dtype=np.int32)
        for _ in range(20):
            run_block(model, scalar, now, param, given, inputs[2].copy(), count, BLOCK, 0, 1, 0, 0)
        results.append((now.tobytes(), count.tobytes()))
    assert results[0] == results[1]
    assert math.isfinite(now.sum())
    assert model.step is not None
    one = state[:, 0].tolist()
    *one, _ = model.step(*one, *inputs[:, 0].tolist(), *constants.tolist())
    for _ in range(19):
        *one, _ = model.step(*one, 0.0, 0.0, float(inputs[2, 0]), *constants.tolist())
    assert now[:, 0].tolist() == one
