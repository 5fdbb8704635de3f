"""SIGTERM ends an attempt as what it is, with its counts, and a script's own handlers stay."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pynn_greenmorph.accounting.experiments.entries import Entry
from pynn_greenmorph.accounting.experiments.study import read_study

ROOT = Path(__file__).resolve().parents[2]
ENV = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}

#: Runs for ever inside an experiment, and says where it was when it left the block.
ENDLESS = """
import pynn_greenmorph as sim
try:
    with sim.experiment("trial", ledger="study.sqlite", epochs=3):
        sim.setup(timestep=1.0, seed=3)
        sim.Population(10, sim.IF_curr_exp(i_offset=1.0, tau_refrac=1.0))
        sim.run(20.0)
        print("running", flush=True)
        sim.run(1e9)
finally:
    print("left at", sim.get_current_time(), flush=True)
"""

#: Runs a block for each case in a process of its own, and prints how it ended.
BLOCKS = """
import os, signal, sys
from pynn_greenmorph.accounting.experiments.attempt import Attempt
import pynn_greenmorph as sim

def block(number, before, inside):
    exec(before, globals())
    with sim.experiment("trial", ledger=f"{number}.sqlite"):
        sim.setup(timestep=1.0, seed=3)
        exec(inside, globals())
        signal.raise_signal(signal.SIGTERM)
        print("went on", flush=True)
    print("after", flush=True)

sim.setup()  # loads the name space once for all cases
for number, case in enumerate(eval(sys.argv[1])):
    sys.stdout.flush()
    child = os.fork()
    if not child:
        try:
            block(number, *case)
        except SystemExit as error:
            os._exit(error.code or 0)
        except BaseException:
            os._exit(1)
        os._exit(0)
    print("code", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


def python(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "error", *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=ENV, stdout=pipe, stderr=pipe, text=True)


def ended(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Wait for "running", send the signal, and return what else was printed."""
    assert process.stdout is not None
    for line in process.stdout:
        if line == "running\n":
            break
    time.sleep(1)  # let the run get somewhere
    process.send_signal(signal.SIGTERM)
    shown, complaints = process.communicate()
    # Whoever comes first compiles, and says so.
    lines = [line for line in complaints.splitlines(True) if "compiling for this" not in line]
    return shown, "".join(lines)


def only_entry() -> Entry:
    (entry,) = read_study("study.sqlite").entries
    return entry


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_terminated_block_is_left_and_recorded_with_its_counts() -> None:
    Path("model.py").write_text(ENDLESS, encoding="utf-8")
    process = python("model.py")
    shown, complaints = ended(process)
    assert (process.returncode, complaints) == (143, "")
    left_ms = float(shown.removeprefix("left at "))
    entry = only_entry()
    assert (entry.status, entry.error) == (
        "terminated",
        "Terminated: the process was asked to end (SIGTERM)",
    )
    assert left_ms > 20.0
    assert sum(session.t_bio_s for session in entry.sessions) == pytest.approx(left_ms / 1000)
    steps = round(left_ms)
    assert sum(s.counters["neuron_updates"] for s in entry.sessions) == 10 * steps
    assert read_study("study.sqlite").nature().terms["epochs"] == 1


def test_a_terminated_run_still_reports() -> None:
    script = ENDLESS.replace('sim.experiment("trial", ledger="study.sqlite", epochs=3)', "open(0)")
    Path("model.py").write_text(script, encoding="utf-8")
    process = python(
        *("-m", "pynn_greenmorph.cli", "run", "model.py"),
        *("--ledger", "study.sqlite", "--report", "r.json"),
    )
    shown, complaints = ended(process)
    assert process.returncode == 143
    assert "Terminated in model.py, line 9." in complaints
    assert "Traceback" not in complaints
    assert "left at" in shown
    assert " J" in shown
    assert Path("r.json").exists()
    entry = only_entry()
    assert (entry.status, len(entry.sessions)) == ("terminated", 1)


OWN = "signal.signal(signal.SIGTERM, lambda *_: {})"

#: The signal comes while the end of the attempt is being written.
LATE = """
end = Attempt.end
def late(self, *arguments):
    signal.raise_signal(signal.SIGTERM)
    end(self, *arguments)
Attempt.end = late
"""

#: What a script does before its block and in it; how its attempt and its process ended; its words.
CASES = [
    (OWN.format("print('mine')"), "", "finished", 0, "mine\nwent on\nafter\n"),
    ("", OWN.format("print('mine')"), "finished", 0, "mine\nwent on\nafter\n"),
    (OWN.format("sys.exit(5)"), "", "failed", 5, ""),
    ("signal.signal(signal.SIGTERM, signal.SIG_IGN)", "", "finished", 0, "went on\nafter\n"),
    # Chosen in the block, so that the process ends without a word, as it does without us.
    ("", "signal.signal(signal.SIGTERM, signal.SIG_DFL)", "killed", -signal.SIGTERM, ""),
    ("", "", "terminated", 143, ""),
    # The attempt has ended when the signal comes; the process ends by it all the same.
    (LATE, "sys.exit(0)", "finished", 143, ""),
    (LATE, "raise ValueError('x')", "failed", 143, ""),
    # So it is with Ctrl-C, which is an exception that nobody catches here.
    (LATE.replace("SIGTERM", "SIGINT"), "sys.exit(0)", "finished", 1, ""),
]


def test_who_handles_the_signal_goes_on_doing_so_and_a_ledger_is_written_to_its_end() -> None:
    Path("model.py").write_text(BLOCKS, encoding="utf-8")
    process = python("model.py", repr([case[:2] for case in CASES]))
    shown, complaints = process.communicate()
    assert complaints == ""
    assert shown == "".join(f"{words}code {code}\n" for _, _, _, code, words in CASES)
    found = [read_study(f"{n}.sqlite").entries[0].status for n in range(len(CASES))]
    assert found == [status for _, _, status, _, _ in CASES]


FORK = """
import os, signal, sys, time
import pynn_greenmorph as sim
try:
    with sim.experiment("trial", ledger="study.sqlite"):
        child = os.fork()
        if not child:
            time.sleep(3600)
        os.kill(child, signal.SIGTERM)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
finally:
    print("left", flush=True)
"""


def test_a_forked_process_ends_as_it_always_did() -> None:
    """It does not clean up behind its parent, and the parent's attempt is not touched."""
    Path("model.py").write_text(FORK, encoding="utf-8")
    process = python("model.py")
    assert process.communicate() == (f"{-signal.SIGTERM}\nleft\n", "")
    assert (process.returncode, only_entry().status) == (0, "finished")
