"""The command line: scripts run as Python runs them, bad commands fail before work is lost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from pynn_greenmorph import __version__
from pynn_greenmorph.boards.profile import list_boards, load_board, priced_on
from pynn_greenmorph.cli import doctor, main, warmup
from pynn_greenmorph.cli.progress import progress_bar
from pynn_greenmorph.cli.sessions import Sessions
from pynn_greenmorph.errors import FidelityWarning, ReportError
from pynn_greenmorph.registry import cell_models, synapse_models
from pynn_greenmorph.rules import compose, timing_rules, weight_dependences

ROOT = Path(__file__).resolve().parents[2]

#: The checkout comes first on the path of every process that a test starts.
ENV = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}

MODEL = """
import pyNN.{simulator} as sim
sim.setup(timestep=1.0)
cells = sim.Population(10, sim.IF_curr_exp(i_offset=1.0, tau_refrac=1.0), label="cells")
sim.run(20.0)
"""

#: Goes on after MODEL with a session that is longer.
SECOND = """
sim.setup(timestep=1.0)
cells = sim.Population(10, sim.IF_curr_exp(tau_refrac=1.0), label="cells")
sim.run(30.0)
"""

#: Needs every kind of compiled code: wiring of many candidates, drawn values, both variants, rules.
WIRED = """
import pyNN.greenmorph as sim
sim.setup(timestep=0.1)
noise = sim.Population(20, sim.SpikeSourcePoisson(rate=10.0))
cells = sim.Population(300, sim.IF_curr_exp())
others = sim.Population(300, sim.IF_curr_delta(tau_m=sim.RandomDistribution("uniform", (9, 20))))
some = sim.FixedProbabilityConnector(0.1, rng=sim.NumpyRNG(1))
weight = sim.RandomDistribution("normal_clipped", (0.01, 0.01, 0, 1), rng=sim.NumpyRNG(2))
for pre, post in ((noise, cells), (cells, others), (cells, cells)):
    sim.Projection(pre, post, some, sim.StaticSynapse(weight=weight, delay=1.0))
rules = sim.SpikePairRule(), sim.AdditiveWeightDependence()
sim.Projection(noise, cells, some, sim.STDPMechanism(*rules, weight=0.1, delay=1.0))
sim.Projection(noise, others, some, sim.TsodyksMarkramSynapse(weight=0.1, delay=1.0))
cells.record("spikes")
sim.run(20.0)
sim.profile()
"""
#: Needs compiled wiring and sorting, and the kernels of one cell type.
RECURRENT = """
import pyNN.greenmorph as sim
sim.setup(timestep=0.1)
cells = sim.Population(300, sim.IF_curr_exp())
some = sim.FixedProbabilityConnector(0.1, rng=sim.NumpyRNG(1))
sim.Projection(cells, cells, some, sim.StaticSynapse(weight=0.1, delay=1.0))
sim.run(1.0)
"""
#: A warm-up for ``WIRED`` only: the whole takes minutes.
FEW = """
import sys
from pynn_greenmorph.cli import main, warmup

def only(function, *needed):
    found = {name: part for name, part in function().items() if name in needed}
    return lambda: found

warmup.cell_models = only(warmup.cell_models, "IF_curr_exp", "IF_curr_delta", "SpikeSourcePoisson")
warmup.timing_rules = only(warmup.timing_rules, "SpikePairRule")
warmup.weight_dependences = only(warmup.weight_dependences, "AdditiveWeightDependence")
warmup.synapse_models = only(warmup.synapse_models, "TsodyksMarkramSynapse")
main(["warmup", *sys.argv[1:]])
"""

Write = Callable[[str], str]


def greenmorph(
    *arguments: str, cwd: Path, python: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own, warnings being errors."""
    command = [sys.executable, "-W", "error", *python, "-m", "pynn_greenmorph.cli", *arguments]
    return subprocess.run(command, cwd=cwd, env=ENV, capture_output=True, text=True, check=False)


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write ``model.py`` into an empty current folder; return its name."""
    monkeypatch.chdir(tmp_path)

    def write(source: str) -> str:
        Path("model.py").write_text(source, encoding="utf-8")
        return "model.py"

    return write


# --- what is refused, and when ---


def test_no_arguments_shows_the_usage() -> None:
    result = invoke()
    assert "Usage:" in result.output
    assert result.exit_code in (0, 2)


def test_unknown_command() -> None:
    result = invoke("frobnicate")
    assert result.exit_code == 2
    assert "No such command 'frobnicate'" in result.output


def test_version() -> None:
    assert __version__ in invoke("--version").output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.py"], ["nowhere.py", "does not exist"]),
        (["."], ["'.'", "directory"]),
        (["model.py", "--board", "spinaker"], ["'spinaker'", "Allowed", "'spinnaker'"]),
        (["--board", "spinaker", "model.py"], ["'spinaker'", "Allowed", "'spinnaker'"]),
        (["model.py", "--boundary", "boxd"], ["'boxd'", "'boxed_board'"]),
        (["model.py", "--board", "ideal", "--boundary", "x"], ["'x'", "spinnaker1_spinn5"]),
        (["model.py", "--report", "/proc/nowhere/r.json"], ["/proc/nowhere", "No such file"]),
        (["model.py", "--report", "."], ["'.'", "folder"]),
        (["model.py", "--report", "model.py/r.json"], ["model.py/r.json", "Not a directory"]),
        (["model.py", "--as", "nets"], ["'nets'", "Did you mean 'nest'"]),
        (["--bord", "ideal", "model.py"], ["--bord", "--board"]),
        ([], ["SCRIPT"]),
    ],
)
def test_a_wrong_command_fails_before_the_script_runs(
    arguments: list[str], words: list[str], script: Write
) -> None:
    script("open('ran', 'w').close()")
    result = invoke("run", *arguments)
    assert result.exit_code == 2
    for word in words:
        assert word in result.output
    assert isinstance(result.exception, SystemExit)  # click's own, not a traceback
    assert [path.name for path in Path().iterdir()] == [
        "model.py"
    ]  # it did not run, and no report was begun


def test_a_simulator_that_the_script_does_not_import_is_refused(script: Write) -> None:
    """Its own import would run for real, and end in an error or in a simulation elsewhere."""
    script("open('ran', 'w').close()\nimport pyNN.spiNNaker as sim\n")
    result = invoke("run", "model.py", "--as", "neuron")
    assert result.exit_code == 2
    assert "imports pyNN.spiNNaker (line 2), not pyNN.neuron" in result.output
    assert "Allowed: --as spiNNaker, or no --as" in result.output
    assert not Path("ran").exists()


def test_a_report_that_exists_is_not_touched_by_the_checks(script: Write) -> None:
    script("raise SystemExit(4)")
    Path("r.json").write_text("old")
    assert invoke("run", "model.py", "--report", "r.json").exit_code == 4
    assert Path("r.json").read_text() == "old"


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("import sys\ndef f(:\n  pass\n", "line 2"),
        ("x = 1\nreturn x\n", "line 2"),  # found by the compiler, not the parser
        ("x = 1\0\n", "line 1"),
    ],
)
def test_a_syntax_error_names_file_and_line(source: str, line: str, script: Write) -> None:
    result = invoke("run", script(source))
    assert result.exit_code == 1
    for words in ("model.py", line, "SyntaxError"):
        assert words in result.output
    assert "Traceback" not in result.output


def test_two_simulators_are_refused_before_the_script_runs(script: Write) -> None:
    source = "open('ran', 'w').close()\nimport pyNN.nest\nimport pyNN.neuron\n"
    result = invoke("run", script(source))
    assert result.exit_code == 1
    for words in ("pyNN.nest (line 2)", "pyNN.neuron (line 3)", "--as nest"):
        assert words in result.output
    assert not Path("ran").exists()


def test_a_second_simulator_at_run_time_ends_the_script(script: Write) -> None:
    source = "import pyNN.nest\nif True:\n    import pyNN.brian\n"
    result = invoke("run", script(source))
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)


# --- a script runs as Python runs it ---

ENDS = {
    "falls off its end": ("x = 1", 0, ""),
    "exit 3": ("import sys\nsys.exit(3)", 3, ""),
    "exit None": ("import sys\nsys.exit()", 0, ""),
    "exit False": ("import sys\nsys.exit(False)", 0, ""),
    "exit message": ("import sys\nsys.exit('no data')", 1, "no data\n"),
    "raises": ("x = 1\ny = x / 0", 1, "ZeroDivisionError: division by zero\n"),
    "raises in a function": ("def f():\n    {}['a']\nf()", 1, "KeyError: 'a'\n"),
    "own hook": (
        "import sys\nsys.excepthook = lambda kind, *_: sys.stderr.write(kind.__name__)\n1/0",
        1,
        "ZeroDivisionError",
    ),
    "import error": (
        "import no_such_module",
        1,
        "ModuleNotFoundError: No module named 'no_such_module'\n",
    ),
}


@pytest.mark.parametrize("name", ENDS)
def test_exit_status_and_stderr_are_those_of_python(
    name: str, script: Write, tmp_path: Path
) -> None:
    source, status, end = ENDS[name]
    script(source)
    ours = greenmorph("run", "model.py", cwd=tmp_path)
    python = subprocess.run(
        [sys.executable, "model.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ours.returncode == python.returncode == status
    assert ours.stderr == python.stderr  # with no frame of ours in a traceback
    assert ours.stderr.endswith(end)
    assert "No simulation ran in model.py" in ours.stdout


SHOW_WORLD = """
import sys, os, pickle, inspect
class Mine: pass
def here(): "found"
print(repr((__name__, __file__, __package__, __spec__, sys.argv, sys.path[0], os.getcwd())))
print(type(pickle.loads(pickle.dumps(Mine()))) is Mine, inspect.getsource(here).strip())
print(sys.modules["__main__"].Mine is Mine, type(__loader__).__name__, __builtins__.__name__)
import helper
"""


@pytest.mark.parametrize("name", ["model.py", "folder/model.py"])
def test_the_script_sees_the_world_that_python_shows(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(SHOW_WORLD)
    path.with_name("helper.py").write_text("print('helped')")
    ours = greenmorph("run", name, "a", "--flag", "-5", cwd=tmp_path)
    python = subprocess.run(
        [sys.executable, name, "a", "--flag", "-5"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ours.returncode == 0, ours.stderr
    assert ours.stdout.startswith(python.stdout)


@pytest.mark.parametrize(
    ("arguments", "seen"),
    [
        (["nest", "CUBA"], ["nest", "CUBA"]),
        (["nest", "--plot-figure", "-v"], ["nest", "--plot-figure", "-v"]),
        (["nest", "--board", "ideal", "--n=3"], ["nest", "--n=3"]),
        (["--", "--board", "mine", "--help"], ["--board", "mine", "--help"]),
        (["a", "--", "--as", "--", "x"], ["a", "--as", "--", "x"]),
    ],
)
def test_arguments_reach_the_script(arguments: list[str], seen: list[str], script: Write) -> None:
    result = invoke("run", script("import sys\nprint(sys.argv[1:])"), *arguments)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith(f"{seen!r}\n")


def test_ctrl_c_ends_with_130_and_still_reports(script: Write, tmp_path: Path) -> None:
    source = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n[0 for _ in range(10**7)]"
    script(MODEL.format(simulator="nest") + source)
    result = greenmorph("run", "model.py", cwd=tmp_path)
    assert result.returncode == 130
    assert "Interrupted in model.py, line " in result.stderr
    assert "model.py did not finish (KeyboardInterrupt)" in result.stdout
    assert "Traceback" not in result.stderr
    assert " J" in result.stdout


@pytest.mark.parametrize("flags", [(), ("-u",)])
def test_a_reader_that_leaves_is_no_error(flags: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text("for i in range(100000): print(i)")
    command = [sys.executable, *flags, "-m", "pynn_greenmorph.cli", "run", "model.py"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=tmp_path, env=ENV, stdout=pipe, stderr=pipe) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"0\n"
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 1


# --- simulations ---


@pytest.mark.parametrize("simulator", ["nest", "neuron", "brian2", "greenmorph"])
def test_a_model_ends_with_its_energy_summary(simulator: str, script: Write) -> None:
    result = invoke("run", script(MODEL.format(simulator=simulator)), "--report", "r.json")
    assert result.exit_code == 0, result.output
    arrow = "(no redirection)" if simulator == "greenmorph" else "-> pynn_greenmorph"
    header = f"greenmorph {__version__}: pyNN.{simulator} {arrow}, board: as the script says\n"
    assert result.stderr == header
    assert "modelled: SpiNN-5 board" in result.stdout
    assert "Report written to r.json" in result.stdout
    assert json.loads(Path("r.json").read_text())["energy_j"] > 0


def test_the_board_of_the_command_wins(script: Write) -> None:
    source = MODEL.format(simulator="nest").replace("1.0)", "1.0, board='ideal')", 1)
    options = ["--board", "spinnaker", "--boundary", "boxed_board"]
    with pytest.warns(FidelityWarning, match="'spinnaker1_spinn5'"):
        result = invoke("run", script(source), *options)
    assert result.exit_code == 0, result.output
    assert "board: spinnaker1_spinn5\n" in result.stderr
    assert "boxed board" in result.stdout


# A Loihi that runs as fast as it can is far above its measured power, and warned of.
@pytest.mark.filterwarnings("ignore:.*T_wall is a lower bound")
def test_a_boundary_that_the_scripts_own_board_lacks_ends_it_at_setup(script: Write) -> None:
    setup, rest = MODEL.format(simulator="nest").split("sim.setup(timestep=1.0)")
    source = f"{setup}sim.setup(1.0, board='loihi'); print('built'){rest}"
    result = invoke("run", script(source), "--boundary", "boxed_board")
    assert result.exit_code == 1
    assert "'boxed_board'" in result.stderr
    assert "boundary of board loihi1" in result.stderr
    assert "built" not in result.stdout
    with pytest.warns(FidelityWarning, match="'loihi1'"):
        result = invoke("run", script(source), "--boundary", "chip")
    assert result.exit_code == 0, result.output


@pytest.mark.filterwarnings("ignore::pynn_greenmorph.errors.FidelityWarning")
@pytest.mark.parametrize("board", [*list_boards(), "spinnaker2", "memristor"])
def test_every_board_gives_a_report(board: str, script: Write) -> None:
    source = script(MODEL.format(simulator="nest"))
    result = invoke("run", source, "--board", board, "--report", "r.json")
    assert result.exit_code == 0, result.output
    assert "dynamic" in result.stdout
    assert "Report written to r.json" in result.stdout
    report = json.loads(Path("r.json").read_text())
    profile = priced_on(load_board(board))
    powers = [profile.static[part].value for part in profile.boundary().parts]
    assert (report["energy_j"] is None) == (None in powers)
    assert report["dynamic_j"] is not None
    for name in {part for part in profile.boundary().parts if profile.static[part].value is None}:
        assert f"not published ({name})" in result.stdout


def test_energy_is_reported_when_the_script_fails_after_a_run(script: Write) -> None:
    source = MODEL.format(simulator="nest") + "sim.end()\nraise SystemExit(7)\n"
    result = invoke("run", script(source), "--report", "r.json")
    assert result.exit_code == 7
    assert "modelled: SpiNN-5 board" in result.stdout
    assert Path("r.json").exists()


def test_every_session_is_reported_in_a_file_of_its_own(script: Write, tmp_path: Path) -> None:
    model = "import os; os.mkdir('x'); os.chdir('x')\n" + MODEL.format(simulator="nest")
    result = invoke("run", script(model + SECOND), "--report", "r.json")
    assert result.exit_code == 0, result.output
    assert "energy of each session" in result.stdout
    for start in ("  session 1: ", "  session 2: ", "  together: "):
        (line,) = (line for line in result.stdout.splitlines() if line.startswith(start))
        assert "modelled: SpiNN-5 board, DC input" in line
    files = [tmp_path / "r.json", tmp_path / "r-2.json"]  # not where the script went
    first, second = (json.loads(path.read_text()) for path in files)
    assert 0 < first["energy_j"] < second["energy_j"]


@pytest.mark.filterwarnings("ignore::pynn_greenmorph.errors.FidelityWarning")
def test_sessions_on_a_board_without_a_total_show_their_dynamic_part(script: Write) -> None:
    model = MODEL.format(simulator="nest") + SECOND
    result = invoke("run", script(model), "--board", "spinnaker2_chip", "--report", "r.json")
    assert result.exit_code == 0, result.output
    for start in ("  session 1: dynamic ", "  session 2: dynamic ", "  together: dynamic "):
        assert f"\n{start}" in result.stdout
    assert json.loads(Path("r.json").read_text())["energy_j"] is None


def test_a_script_that_never_runs_says_so(script: Write) -> None:
    result = invoke("run", script("import pyNN.nest as sim\nsim.setup()\nsim.end()"))
    assert result.exit_code == 0
    assert "pyNN.nest, but its run() was never called" in result.stdout


def test_nothing_of_a_run_is_left_behind(script: Write) -> None:
    from pynn_greenmorph.frontend.state import state

    before = sys.argv, list(sys.path), list(sys.meta_path), sys.modules["__main__"]
    result = invoke("run", script(MODEL.format(simulator="brian")), "--board", "ideal")
    assert result.exit_code == 0, result.output
    assert (sys.argv, sys.path, sys.meta_path, sys.modules["__main__"]) == before
    assert (state.board_override, state.listeners, state.progress) == (None, [], None)
    assert "pyNN.brian" not in sys.modules


def test_a_report_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    def refuse(error: Exception) -> None:
        raise error

    sessions = Sessions(path=str(tmp_path / "r.json"))
    for error in (ReportError("too short"), KeyError("x")):
        sessions(SimpleNamespace(report=lambda error=error, **_: refuse(error)))
    assert sessions.faults == [
        "no report of session 1: too short",
        "no report of session 2: KeyError('x')",
    ]
    assert sessions.summary() == ""


def test_progress_is_drawn_on_terminals_only(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with progress_bar(sys.stderr) as show:
        assert show is None
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr("pynn_greenmorph.cli.progress.DELAY_S", 0.0)
    monkeypatch.setattr("pynn_greenmorph.cli.progress.INTERVAL_S", 0.0)
    with progress_bar(sys.stderr) as show:
        assert show is not None
        show(50.0, 100.0)
        show(100.0, 100.0)
        show(10.0, 40.0)  # a new trial
    drawn = capsys.readouterr().err
    assert "50/100 ms" in drawn
    assert "10/40 ms" in drawn


# --- boards, doctor ---


def test_boards_are_listed_without_pynn_or_numba() -> None:
    code = (
        "import sys; from click.testing import CliRunner; from pynn_greenmorph.cli import main;"
        "print(CliRunner().invoke(main, ['boards']).output);"
        "print({name.partition('.')[0] for name in sys.modules} & {'pyNN', 'numba', 'neo'})"
    )
    command = [sys.executable, "-W", "error", "-c", code]
    output = subprocess.run(command, env=ENV, capture_output=True, text=True, check=True).stdout
    assert output.endswith("set()\n")
    for words in ("ideal", "spinnaker1_spinn5", "confidence: "):
        assert words in output


@pytest.mark.parametrize("name", ["spinnaker1_spinn5", "spinnaker"])
def test_a_board_is_shown_with_units_and_sources(name: str) -> None:
    output = invoke("boards", "show", name).output
    for words in (
        "board_dc (default)",
        "23.05 W per board +- 8 %",
        "[SNAB, confidence high]",
        "doi:",
    ):
        assert words in output


def test_an_unknown_board_is_refused() -> None:
    result = invoke("boards", "show", "spinaker")
    assert result.exit_code == 2
    assert "Did you mean 'spinnaker'" in result.output


def test_doctor_finds_this_installation_well() -> None:
    result = invoke("doctor")
    assert result.exit_code == 0, result.output
    for words in ("numba", "PyNN", "pyNN.greenmorph works", "27.8, 60.1, 92.4 ms, as in NEST"):
        assert words in result.output
    assert "problem" not in result.output


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("NEEDED", ("no-such-distribution",), "pip install no-such-distribution"),
        ("GOLDEN_MS", (1.0, 2.0), "expected 1, 2 ms"),
        ("_golden_spikes_ms", lambda: 1 / 0, "golden model: ZeroDivisionError"),
    ],
)
def test_doctor_names_each_problem(
    name: str, value: object, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, name, value)
    result = invoke("doctor")
    assert result.exit_code == 1
    assert words in result.output
    assert "Problems: 1." in result.output
    assert "ok " in result.output  # the other checks went on


def test_a_report_that_was_asked_for_and_not_made_is_a_fault(tmp_path: Path) -> None:
    """Nothing was simulated: an old file must not pass for this run's report."""
    script = tmp_path / "idle.py"
    script.write_text("print('idle')\n")
    command = [sys.executable, "-m", "pynn_greenmorph.cli", "run", str(script)]
    plain = subprocess.run(command, capture_output=True, text=True, check=False)
    asked = subprocess.run(
        [*command, "--report", str(tmp_path / "r.json")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert plain.returncode == 0
    assert asked.returncode == 1
    assert "was not written" in asked.stderr


def compiled_by(run: subprocess.CompletedProcess[str]) -> str:
    """What a run that ended well said it compiled."""
    assert run.returncode == 0, run.stderr
    return "\n".join(line for line in run.stderr.splitlines() if "compiling for this" in line)


@pytest.mark.slow
def test_warmup_compiles_what_runs_need(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cold run says what it compiles, a run after the warm-up for its precision nothing."""
    cache = tmp_path / "cache"
    monkeypatch.setitem(ENV, "NUMBA_CACHE_DIR", str(cache))
    model = tmp_path / "model.py"
    model.write_text(MODEL.format(simulator="greenmorph"))
    said = compiled_by(greenmorph("run", "model.py", cwd=tmp_path))
    assert "the run loop" in said
    assert "cell type IF_curr_exp" in said
    # Another cache, or nothing of this would be left to the warm-up.
    monkeypatch.setitem(ENV, "NUMBA_CACHE_DIR", str(shutil.copytree(cache, tmp_path / "cold")))
    model.write_text(RECURRENT)
    said = compiled_by(greenmorph("run", "model.py", cwd=tmp_path))
    assert "sorting of synapses" in said
    assert "wiring" in said
    monkeypatch.setitem(ENV, "NUMBA_CACHE_DIR", str(cache))
    for precision, flags in (("exact", []), ("fast", ["--fast"])):
        command = [sys.executable, "-c", FEW, *flags]
        warmed = subprocess.run(
            command, cwd=tmp_path, env=ENV, capture_output=True, text=True, check=False
        )
        assert warmed.returncode == 0, warmed.stderr
        for name in ("IF_curr_exp", "SpikeSourcePoisson", "SpikePairRule", "run loop"):
            assert name in warmed.stdout
        assert str(cache) in warmed.stdout
        before = set(cache.rglob("*.code"))
        model.write_text(WIRED.replace("sim.setup(", f"sim.setup(precision={precision!r}, "))
        warm = greenmorph("run", "model.py", cwd=tmp_path)
        assert warm.returncode == 0, warm.stderr
        assert "compiling" not in warm.stderr
        assert set(cache.rglob("*.code")) == before


def test_warmup_leaves_nothing_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """All cell types with a step, pairs of rules and synapses with dynamics are asked for."""
    asked: list[Any] = []
    for name in ("load_block", "load_row", "load_trace"):
        monkeypatch.setattr(warmup, name, lambda model, *_: asked.append(model))
    monkeypatch.setattr(warmup, "run_small_network", asked.append)
    result = invoke("warmup")
    assert result.exit_code == 0, result.output
    needed: list[Any] = [model for model in cell_models().values() if model.step is not None]
    needed += [model for model in synapse_models().values() if not model.static]
    pairs = product(timing_rules().values(), weight_dependences().values())
    needed += [compose(rule, dependence) for rule, dependence in pairs]
    assert all(model in asked for model in needed)
    assert asked[-1] == "exact"
