"""``sim.experiment``, ``greenmorph run --ledger`` and ``greenmorph report`` as users meet them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import pynn_greenmorph as sim
from pynn_greenmorph.accounting.experiments.attempt import start
from pynn_greenmorph.accounting.experiments.key import make_key
from pynn_greenmorph.accounting.experiments.measure import measure
from pynn_greenmorph.accounting.experiments.study import Study, read_study
from pynn_greenmorph.accounting.experiments.words import study_tables
from pynn_greenmorph.accounting.report import make_report
from pynn_greenmorph.boards.profile import load_board
from pynn_greenmorph.cli import main
from pynn_greenmorph.errors import InvalidValueError, LifecycleError, ReportError, UnknownNameError
from tests.ledgers import make_ledger

ROOT = Path(__file__).resolve().parents[2]
ENV = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Work in an empty folder as one script, and leave no session behind."""
    monkeypatch.chdir(tmp_path)
    # A worker of pytest-xdist is started without a script.
    monkeypatch.setattr(sys.modules["__main__"], "__file__", __file__, raising=False)
    yield tmp_path
    sim.state.clear()


def greenmorph(*arguments: str, script: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own, warnings being errors."""
    if script:
        Path("model.py").write_text(script, encoding="utf-8")
    command = [sys.executable, "-W", "error", "-m", "pynn_greenmorph.cli", *arguments]
    return subprocess.run(command, env=ENV, capture_output=True, text=True, check=False)


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def network(current: float = 1.0) -> None:
    sim.setup(timestep=1.0, seed=3)
    sim.Population(10, sim.IF_curr_exp(i_offset=current, tau_refrac=1.0), label="cells")


# --- in a script of one's own ---


def test_attempts_of_every_ending() -> None:
    for w, ending in enumerate([None, ValueError("x"), KeyboardInterrupt(), SystemExit(0)]):
        expected = nullcontext() if ending is None else pytest.raises(type(ending))
        with expected, sim.experiment("trial", epochs=3, params={"w": w}) as trial:
            network()
            sim.run(20.0)
            trial.result = 0.5 + w
            if ending is not None:
                raise ending
    sim.end()
    entries = read_study("experiments.sqlite").entries
    assert [e.status for e in entries] == ["finished", "failed", "interrupted", "finished"]
    assert [e.error for e in entries] == ["", "ValueError: x", "KeyboardInterrupt", ""]
    assert [e.result for e in entries] == [0.5, 1.5, 2.5, 3.5]
    board = "spinnaker1_spinn5 (set up as ideal)"
    assert {(e.seed, e.board, e.epochs) for e in entries} == {("3", board, 3)}
    assert all(len(e.sessions) == 1 for e in entries)
    study = read_study("experiments.sqlite")
    assert study.nature().terms["epochs"] == pytest.approx((3 + 1 + 1 + 3) / 4)


def test_started_is_committed_before_the_body_runs() -> None:
    with sim.experiment("trial", ledger="study.sqlite"):
        study = read_study("study.sqlite")
        assert (study.n_exp, study.statuses["running"]) == (1, 1)


def test_experiments_in_one_session_share_its_joules_without_rest() -> None:
    network()
    sim.run(20.0)  # before the first: nobody's
    before = sim.energy_report().energy_j
    for w, time in enumerate((30.0, 50.0)):
        with sim.experiment("trial", params={"w": w}):
            sim.run(time)
            sim.reset()
    with sim.experiment("idle"):
        pass
    whole = sim.energy_report()
    study = read_study("experiments.sqlite")
    assert study.n_exp == 3
    assert [sum(s.t_bio_s for s in e.sessions) for e in study.entries] == pytest.approx(
        [0.03, 0.05, 0.0]
    )
    assert study.nature().joule == pytest.approx(whole.energy_j - before, rel=1e-9)
    counted = [e.sessions[0].counters["neuron_updates"] for e in study.entries[:2]]
    assert counted == [300, 500]


def test_each_experiment_in_a_session_is_priced_by_its_own_pricing() -> None:
    """Counts since the last experiment are priced, never two prices subtracted."""
    network()
    with sim.experiment("first", pricing={"board": "spinnaker1_spinn5"}):
        sim.run(100.0)
    with sim.experiment("second", pricing={"board": "truenorth"}):
        sim.run(50.0)
        second = sim.energy_report("truenorth", scope="last run")
    sim.Population(60_000, sim.IF_curr_exp(tau_refrac=1.0))  # more than one board holds
    with sim.experiment("third", pricing={"board": "spinnaker1_spinn5"}):
        sim.run(50.0)
        third = sim.energy_report("spinnaker1_spinn5", scope="last run")
    entries = read_study("experiments.sqlite").entries
    found = [(s.static_j, s.dynamic_j, s.t_wall_s) for e in entries for s in e.sessions]
    for report, numbers in zip((second, third), found[1:], strict=True):
        expected = (report.static_j, report.dynamic_j, report.priced.wall.t_wall_s)
        assert numbers == pytest.approx(expected, rel=1e-12)
    assert min(min(numbers) for numbers in found) >= 0


def test_the_key_is_that_of_the_session_that_is_used() -> None:
    for seed in (1, 2):
        with sim.experiment("trial"):  # the session of the other seed is still open here
            sim.setup(timestep=1.0, seed=seed)
    with sim.experiment("trial"):
        pass  # never set up: another attempt of the first
    study = read_study("experiments.sqlite")
    assert [e.seed for e in study.entries] == ["1", "2", None]
    assert study.n_exp == 2


@pytest.mark.filterwarnings("ignore::pynn_greenmorph.errors.FidelityWarning")
def test_the_priced_board_is_in_the_key() -> None:
    for board in ("loihi1", "spinnaker1_spinn5", "loihi1"):
        with sim.experiment("trial", params={"w": 1}, pricing={"board": board}):
            sim.setup(timestep=1.0, seed=1, board="spinnaker")
    study = read_study("experiments.sqlite")
    assert [e.board for e in study.entries[:2]] == [
        "loihi1 (set up as spinnaker1_spinn5)",
        "spinnaker1_spinn5",
    ]
    assert study.n_exp == 2


@pytest.mark.filterwarnings("ignore::pynn_greenmorph.errors.FidelityWarning")
def test_a_board_from_a_file_is_what_is_in_the_file() -> None:
    text = load_board("spinnaker1_spinn3").path.read_text(encoding="utf-8")
    text = text.replace('name = "spinnaker1_spinn3"', 'name = "mine"', 1)
    Path("moved").mkdir()
    for name, words in (("a", text), ("moved/b", text), ("a", text + "# edited\n")):
        Path(f"{name}.toml").write_text(words, encoding="utf-8")
        with sim.experiment("trial"):
            sim.setup(timestep=1.0, seed=1, board=f"{name}.toml")
    study = read_study("experiments.sqlite")
    boards = [str(entry.board) for entry in study.entries]
    assert study.n_exp == 2
    assert boards[0] == boards[1] != boards[2]
    assert all(board.startswith("mine sha256:") for board in boards)


def test_arguments_of_the_script_are_in_the_key_beside_parameters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for arguments in (["--fold", "1"], ["--fold", "2"], ["--fold", "1"]):
        monkeypatch.setattr(sys, "argv", ["train.py", *arguments])
        with sim.experiment("trial", params={"w": 1}):
            sim.setup(timestep=1.0, seed=1)
    study = read_study("experiments.sqlite")
    assert study.n_exp == 2
    assert study.entries[1].params == {"w": 1, "arguments": ["--fold", "2"]}


def test_joules_of_another_board_and_what_is_not_published() -> None:
    reports = []
    for board in ("spinnaker1_spinn5", "truenorth"):
        with sim.experiment("trial", params={"on": board}, pricing={"board": board}):
            network()
            sim.run(20.0)
            reports.append(sim.energy_report(board))
    study = read_study("experiments.sqlite")
    assert study.n_exp == 2
    assert study.nature().joule == pytest.approx(sum(r.energy_j for r in reports), rel=1e-9)
    assert all(report.subject in study.subject for report in reports)
    with sim.experiment("trial", params={"on": "loihi2"}, pricing={"board": "loihi2"}):
        sim.run(20.0)
    reason = "1 session: board loihi2: no value of chip_W is publ"
    with pytest.raises(ReportError, match=reason):
        read_study("experiments.sqlite").nature()
    shown = invoke("report", "experiments.sqlite")
    assert shown.exit_code == 0, shown.output
    assert reason in shown.output
    assert ".." not in shown.output
    refused = invoke("report", "experiments.sqlite", "--readings")
    assert (refused.exit_code, reason in refused.output) == (2, True)


def test_wrong_uses_are_refused() -> None:
    with sim.experiment("outer") as outer:
        with pytest.raises(LifecycleError, match="'inner' begins inside another"):
            sim.experiment("inner").__enter__()
        with pytest.raises(InvalidValueError, match=r"experiment 'outer', result: a number is not"):
            outer.result = float("nan")
    with pytest.raises(LifecycleError, match="entered before"), outer:
        pass
    wrong: list[dict[str, Any]] = [
        {"epochs": 0},
        {"epochs": 1.5},
        {"overhead_s": float("nan")},
        {"overhead_j": -1},
        {"params": {"x": float("inf")}},
        {"params": [1, 2]},
        {"params": {"arguments": 1}},
    ]
    for options in wrong:
        with pytest.raises(InvalidValueError):
            sim.experiment("trial", **options)
    for pricing, hint in (
        ({"board": "loihi3"}, "unknown board 'loihi3'"),
        ({"boundary": "boxd"}, "'boxed_board'"),
        ({"phases": {}}, "as overhead_s"),
    ):
        with pytest.raises(UnknownNameError, match=hint):
            sim.experiment("trial", pricing=pricing)
    with pytest.raises(ReportError, match="does not exist"):
        sim.experiment("trial", ledger="nowhere/study.sqlite").__enter__()
    assert not sim.state.experiments
    assert read_study("experiments.sqlite").n_exp == 1


def test_a_ledger_that_is_lost_does_not_hide_the_script_s_error() -> None:
    def body() -> None:
        with sim.experiment("trial"):
            Path("experiments.sqlite").write_bytes(b"")
            raise ValueError("mine")

    with pytest.raises(ValueError, match="mine") as caught:
        body()
    assert "could not be recorded" in caught.value.__notes__[0]
    assert not sim.state.experiments


# --- greenmorph run --ledger ---

SCRIPT = """
import sys
import pyNN.nest as sim
sim.setup(timestep=1.0)
cells = sim.Population(10, sim.IF_curr_exp(i_offset=1.0, tau_refrac=1.0))
sim.run(20.0)
"""

LOOP = """
import pynn_greenmorph as sim
sim.setup(timestep=1.0)
cells = sim.Population(10, sim.IF_curr_exp(tau_refrac=1.0))
sim.run(10.0)
for i in range(3):
    with sim.experiment("part", params={"i": i % 2}):
        sim.run(20.0)
sim.run(30.0)
sim.end()
"""


def test_a_run_is_an_attempt_with_its_arguments() -> None:
    run = ("run", "model.py", "--ledger", "study.sqlite")
    for argument in ("a", "b", "a"):
        assert greenmorph(*run, argument, script=SCRIPT).returncode == 0
    study = read_study("study.sqlite")
    assert study.n_exp == 2
    assert [entry.params for entry in study.entries] == [
        {"arguments": [argument]} for argument in "aba"
    ]
    assert all(entry.sessions[0].t_bio_s == pytest.approx(0.02) for entry in study.entries)
    assert {(entry.name, entry.script) for entry in study.entries} == {("model.py", "model.py")}


def test_a_script_that_records_experiments_is_none_itself_but_costs() -> None:
    done = greenmorph("run", "model.py", "--ledger", "a.sqlite", "--report", "r.json", script=LOOP)
    assert done.returncode == 0, done.stderr
    study = read_study("a.sqlite")
    assert study.n_exp == 2
    assert [(e.driver, sum(s.t_bio_s for s in e.sessions)) for e in study.entries] == [
        (True, pytest.approx(0.04)),
        *[(False, pytest.approx(0.02))] * 3,
    ]
    whole = json.loads(Path("r.json").read_text(encoding="utf-8"))["energy_j"]
    assert study.nature().joule == pytest.approx(whole, rel=1e-9)
    assert not Path("experiments.sqlite").exists()


@pytest.mark.parametrize(
    ("ending", "status", "code"),
    [
        ("raise ValueError('x')", "failed", 1),
        ("sys.exit(3)", "failed", 3),
        ("sys.exit('no data')", "failed", 1),
        ("sys.exit(0)", "finished", 0),
        ("import os, signal; os.kill(os.getpid(), signal.SIGINT)", "interrupted", 130),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "killed", -signal.SIGKILL),
    ],
)
def test_every_ending_of_a_run(ending: str, status: str, code: int) -> None:
    script = f"import sys\nimport pyNN.greenmorph as sim\nsim.setup()\n{ending}\n"
    done = greenmorph("run", "model.py", "--ledger", "study.sqlite", script=script)
    assert done.returncode == code, done.stderr
    early = done.stdout.startswith("model.py did not finish (")
    assert early == (status in ("failed", "interrupted"))
    (entry,) = read_study("study.sqlite").entries
    assert (entry.status, entry.seed is None) == (status, False)


def test_a_ledger_that_cannot_be_written_costs_no_simulation() -> None:
    script = "open('ran', 'w').close()"
    Path("other.sqlite").write_text("no ledger", encoding="utf-8")
    for ledger in ("nowhere/study.sqlite", "other.sqlite", "."):
        done = greenmorph("run", "model.py", "--ledger", ledger, script=script)
        assert done.returncode == 2
        assert "ledger" in done.stderr
    assert not Path("ran").exists()


# --- greenmorph report ---


@pytest.fixture
def ledger() -> str:
    report = make_report(make_ledger([("exc", "neuron", 100)], steps=1000))
    for w in range(3):
        attempt = start("study.sqlite", make_key("trial", None, {"w": w}))
        attempt.settle(1, "ideal")
        attempt.add(measure(report))
        attempt.end("finished", result=w / 2)
    return "study.sqlite"


def study_of(path: str) -> Study:
    return read_study(path)


def test_report_of_a_ledger(ledger: str) -> None:
    options = ["--country", "DEU", "--pue", "1.58", "--loss", "0.04", "--pue-rel-std", "0.1"]
    made = ["--embodied-kg", "1300", "--lifetime-years", "4", "--resource-share", "0.5"]
    shown = invoke(
        "report", ledger, *options, *made, "--unit", "image", "--count", "600", "--readings"
    )
    assert shown.exit_code == 0, shown.output
    for words in ("N_exp 3", "PUE 1.58", "380.95 gCO2e/kWh", "per image", "by parameter w"):
        assert words in shown.output
    assert "counted twice" in shown.output
    written = invoke("report", ledger, *options, "--format", "json", "--output", "study.json")
    assert (written.exit_code, written.output) == (0, "")
    values = json.loads(Path("study.json").read_text(encoding="utf-8"))
    n = study_of(ledger).nature("DEU", pue=1.58, loss=0.04, pue_rel_std=0.1)
    assert values["nature"]["joule"] == n.joule
    assert values["nature"]["interval_joule"] == list(n.interval_joule)


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        (["--country", "Germny"], "Did you mean 'Germany'"),
        (["--region", "CA"], "a region without a country"),
        (["--pue", "128000"], "not a power in watts"),
        (["--pue", "0"], "pue is out of range"),
        (["--loss", "4"], "5 percent is 0.05"),
        (["--loss", "nan"], "loss is not a finite number"),
        (["--intensity", "0.38"], "0.38 kg/kWh is 380"),
        (["--overhead-s", "inf"], "overhead_s is not a finite number"),
        (["--unit", "image"], "--unit and --count belong together"),
        (["--format", "xlsx"], "Allowed: 'csv'"),
        (["--output", "/proc/nowhere/x"], "/proc/nowhere"),
        (["--output", "nowhere/x"], "does not exist"),
        (["--format", "csv", "--readings"], "no place for readings"),
    ],
)
def test_wrong_options_of_a_report(ledger: str, options: list[str], hint: str) -> None:
    result = invoke("report", ledger, *options)
    assert result.exit_code == 2
    assert hint in result.output


def test_report_of_a_report() -> None:
    report = make_report(make_ledger([("exc", "neuron", 100)], steps=1000))
    report.to_json("run.json", compare=False)
    for name in ("csv", "markdown", "latex", "html", "line", "text"):
        shown = invoke("report", "run.json", "--format", name)
        assert (shown.exit_code, bool(shown.output)) == (0, True)
    assert str(report) in invoke("report", "run.json").output
    refused = invoke("report", "run.json", "--country", "DEU")
    assert refused.exit_code == 2
    assert "--country are for ledgers" in refused.output


def test_files_that_are_neither(ledger: str) -> None:
    Path("half.json").write_text('{"schema": ', encoding="utf-8")
    Path("words.txt").write_text("hello", encoding="utf-8")
    for name, hint in (
        ("half.json", "not valid JSON"),
        ("words.txt", "not a ledger of experiments"),
        ("nowhere.sqlite", "No such file"),
        (".", "directory"),
    ):
        result = invoke("report", name)
        assert result.exit_code == 2, name
        assert hint in result.output
    both = invoke("report", ledger, "half.json")
    assert "'half.json' is not a ledger" in both.output


def test_two_scripts_of_one_name_and_paths_that_change() -> None:
    """Four processes at once: two scripts with one name, one of them run twice, and a copy."""
    for name, time in (("a", 10), ("b", 20), ("c", 10)):
        script = "import os\nos.chdir('/')\nimport pynn_greenmorph as sim\nsim.setup()\n"
        script += f"sim.Population(2, sim.IF_curr_exp())\nsim.run({time}.0)\n"
        Path(name).mkdir()
        Path(name, "train.py").write_text(script, encoding="utf-8")
    command = [sys.executable, "-W", "error", "-m", "pynn_greenmorph.cli", "run"]
    pipe = subprocess.PIPE
    children = [
        subprocess.Popen(
            [*command, f"{name}/train.py", "--ledger", "a/../study.sqlite"],
            env=ENV,
            stdout=pipe,
            stderr=pipe,
        )
        for name in "aabc"
    ]
    said = [child.communicate() for child in children]
    assert [child.returncode for child in children] == [0] * 4, said
    study = study_of("study.sqlite")
    # A copy in another folder is the same script.
    assert (study.n_exp, study.statuses["finished"]) == (2, 4)
    assert sorted(len(attempts) for attempts in study.experiments) == [1, 3]
    shown = {row[1] for row in study_tables(study, study.nature())[1].rows}
    assert shown == {f"train.py {entry.digest[:8]}" for entry in study.entries}
    assert len(shown) == 2
