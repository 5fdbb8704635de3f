"""The ledger of experiments: nothing committed is lost, N_exp is exact, messages are clear."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pynn_greenmorph.accounting.experiments.attempt as attempt_module
import pynn_greenmorph.accounting.experiments.file as file_module
import pynn_greenmorph.accounting.experiments.process as process_module
from pynn_greenmorph.accounting.experiments.attempt import Attempt, start
from pynn_greenmorph.accounting.experiments.entries import Entry, group
from pynn_greenmorph.accounting.experiments.file import prepare, read, write
from pynn_greenmorph.accounting.experiments.formats import STUDY_FORMATS, render_study
from pynn_greenmorph.accounting.experiments.key import Key, canonical, make_key
from pynn_greenmorph.accounting.experiments.measure import Measured, measure, unpriced
from pynn_greenmorph.accounting.experiments.medium import UNWRITABLE
from pynn_greenmorph.accounting.experiments.process import Process, fate, this_process
from pynn_greenmorph.accounting.experiments.sensitivity import outcomes, sensitivity
from pynn_greenmorph.accounting.experiments.study import Study, read_study
from pynn_greenmorph.accounting.experiments.words import study_tables
from pynn_greenmorph.accounting.report import make_report
from pynn_greenmorph.errors import InvalidValueError, ReportError
from tests.ledgers import make_ledger

ROOT = Path(__file__).resolve().parents[2]
ENV = {**os.environ, "PYTHONPATH": str(ROOT)}


def key(**params: Any) -> Key:
    return make_key("trial", None, params)


@lru_cache
def price(steps: int = 1000) -> Measured:
    """Return the price of 100 neurons for some milliseconds on SpiNN-5."""
    return measure(make_report(make_ledger([("exc", "neuron", 100)], steps=steps)))


def attempted(path: Path, status: str = "finished", *sessions: Measured, **params: Any) -> Attempt:
    """Record a whole attempt."""
    attempt = start(path, key(**params))
    attempt.settle(1, "ideal")
    for session in sessions:
        attempt.add(session)
    if status != "started":
        attempt.end(status)
    return attempt


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "study.sqlite"


def dead() -> Process:
    """Return a process that has ended."""
    here = this_process()
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        pid = child.pid
    return replace(here, pid=pid, started="1")


# --- what is counted ---


def test_experiments_are_distinct_keys_and_attempts_add_joules(path: Path) -> None:
    one = price()
    attempted(path, "finished", one, w=1)
    attempted(path, "failed", one, w=2)
    attempted(path, "interrupted", w=3)
    attempted(path, "finished", one, one, w=2)
    study = read_study(path)
    assert (study.n_exp, dict(study.statuses)) == (
        3,
        {"finished": 2, "failed": 1, "interrupted": 1},
    )
    n = study.nature("DEU", pue=1.2, loss=0.05)
    assert n.terms["N_exp"] == 3
    assert n.joule == pytest.approx(4 * one.energy_j * 1.2 / 0.95, rel=1e-12)
    assert n.gco2e == pytest.approx(n.kwh * 380.95)


def test_unequal_runs_with_epochs_and_fixed_energy(path: Path) -> None:
    """sum over i of [A_i + sum over epochs of T_ie (E + U + R)_ie]."""
    rng = np.random.default_rng(5)
    expected = 0.0
    for i in range(6):
        steps, epochs = int(rng.integers(100, 5000)), int(rng.integers(1, 5))
        session, fixed_s, fixed_j = price(steps), 2.0 * i, 3.0 * i
        attempt = start(path, key(i=i), epochs, (fixed_s, fixed_j))
        attempt.settle(i, "ideal")
        attempt.add(session)
        attempt.end("finished" if i else "failed")
        power = session.energy_j / session.t_wall_s
        fixed = fixed_s * session.static_j / session.t_wall_s + fixed_j
        # One pass was made of an attempt that did not finish.
        passes = epochs if i else 1
        expected += fixed * 1.58 / 0.95 + passes * session.t_wall_s * power * 1.58 / 0.95
    study = read_study(path)
    n = study.nature(pue=1.58, loss=0.05)
    assert n.joule == pytest.approx(expected, rel=1e-9)
    assert sum(study.grid_joules(1.58, 0.05).values()) == pytest.approx(n.joule, rel=1e-9)
    t = n.terms
    whole = t["A_j"] + t["T_s"] * (t["E_w"] + t["U_w"] + t["R_w"]) * t["epochs"]
    assert t["N_exp"] * whole == pytest.approx(n.joule, rel=1e-9)


def test_the_interval_of_a_study_is_that_of_its_runs(path: Path) -> None:
    """Errors of a coefficient are the same in all runs, so they do not average out."""
    report = make_report(make_ledger([("exc", "neuron", 100)], steps=1000))
    for i in range(20):
        attempted(path, "finished", measure(report), i=i)
    low, high = read_study(path).nature().interval_joule
    assert (low, high) == pytest.approx([20 * end for end in report.interval_j], rel=0.02)


ATTEMPTS = st.lists(
    st.tuples(
        st.integers(0, 3), st.sampled_from(["1", "2", None]), st.sampled_from("ab"), st.booleans()
    ),
    max_size=30,
)


@given(rows=ATTEMPTS)
def test_n_exp_from_its_definition(rows: list[tuple[int, str | None, str, bool]]) -> None:
    entries = [
        Entry(
            id=str(i),
            name="trial",
            script=script,
            digest="",
            params={"w": w},
            words=f'{{"w":{w}}}',
            version="1",
            seed=seed,
            board=None if seed is None else "ideal",
            driver=driver,
            status="finished",
            epochs=1,
            overhead_s=0.0,
            overhead_j=0.0,
            host="",
            started_utc="",
            duration_s=None,
            error="",
            result=None,
            sessions=(),
        )
        for i, (w, seed, script, driver) in enumerate(rows)
    ]
    own = [row for row in rows if not row[3]]
    known = {(w, seed, script) for w, seed, script, _ in own if seed is not None}
    lone = {(w, script) for w, seed, script, _ in own if seed is None}
    lone -= {(w, script) for w, _, script in known}
    found = group(entries)
    assert len(found) == len(known) + len(lone)
    assert sorted(e.id for each in found for e in each) == sorted(
        str(i) for i, row in enumerate(rows) if not row[3]
    )


def test_equal_parameters_are_equal_however_they_are_written() -> None:
    same = key(a=3, b=[1, 2.5], c={"x": None})
    assert same == key(c={"x": None}, b=(np.int64(1), np.float32(2.5)), a=3.0)
    assert same == key(a=np.float64(3), b=np.array([1, 2.5]), c={"x": None})
    assert key(a=True) != key(a=1) != key(a="1")
    assert canonical(1e300, "") == 1e300


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        (math.nan, r"params\['w'\]: a number is not finite"),
        ([1, math.inf], r"params\['w'\]\[1\]: a number is not finite"),
        (np.array([math.nan]), "not finite"),
        ({1: 2}, "a name is not a string"),
        (object(), "a object cannot be recorded"),
        (Path("x"), "cannot be recorded"),
        ("\ud800", "cannot be written"),
    ],
)
def test_parameters_that_cannot_be_recorded(value: object, hint: str) -> None:
    with pytest.raises(InvalidValueError, match=hint):
        key(w=value)


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "\x1b[2J", "x" * 201, 3])
def test_names_are_printable(name: Any) -> None:
    with pytest.raises(InvalidValueError, match="not a name of an experiment"):
        make_key(name, None, {})


def test_names_of_scripts_are_shown_escaped(tmp_path: Path) -> None:
    script = tmp_path / "a\x1b[2J\n.py"
    script.write_text("")
    assert make_key("trial", script, {}).script == r"a\x1b[2J\n.py"


def test_a_copy_of_a_script_is_the_same_and_an_edited_one_another(tmp_path: Path) -> None:
    keys = []
    for folder, text in (("a", "x = 1"), ("b", "x = 1"), ("c", "x = 2")):
        (tmp_path / folder).mkdir()
        script = tmp_path / folder / "train.py"
        script.write_text(text)
        keys.append(make_key("trial", script, {}))
    assert keys[0] == keys[1] != keys[2]
    assert keys[0].script == "train.py"


@pytest.mark.parametrize(
    ("name", "value"), [("static_j", -23.05), ("dynamic_j", math.nan), ("t_wall_s", -1e-9)]
)
def test_what_no_session_can_cost_is_not_written(path: Path, name: str, value: float) -> None:
    attempt = start(path, key())
    with pytest.raises(ReportError, match=f"{name} of a session on board .* is not possible"):
        attempt.add(replace(price(), **{name: value}))
    assert read_study(path).entries[0].sessions == ()


# --- who died, and when it does not matter what a clock says ---


def test_who_is_killed_is_recognised_later(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    attempted(path, "started", price(), w=0)
    monkeypatch.setattr(attempt_module, "this_process", dead)
    attempted(path, "started", price(), w=1)
    elsewhere = Process("other host", "another boot", "", 1, "1")
    monkeypatch.setattr(attempt_module, "this_process", lambda: elsewhere)
    attempted(path, "started", w=2)
    study = read_study(path)
    assert (study.n_exp, dict(study.statuses)) == (3, {"running": 1, "killed": 1, "unknown": 1})
    assert study.nature().joule == pytest.approx(2 * price().energy_j)
    assert "3 attempts have not ended" in study.nature().left_out


def test_fates() -> None:
    here = this_process()
    assert fate(here) == "running"
    assert fate(replace(here, started="0")) == "killed"  # the id is used again
    assert fate(dead()) == "killed"
    assert fate(replace(here, pid_space="pid:[1]")) == "unknown"  # in another container
    assert fate(replace(here, boot_id="before")) == "killed"  # the host was started again
    assert fate(replace(here, boot_id="before", host="other")) == "unknown"
    assert fate(replace(here, boot_id="", started="")) == "unknown"


def test_a_zombie_is_dead() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    process = replace(this_process(), pid=child.pid, started=process_module._start(child.pid))
    assert fate(process) == "running"
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # dead, but not yet reaped
    assert fate(process) == "killed"
    child.communicate()


def test_clocks_of_two_hosts_that_disagree(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock:
        """A host that lives in the future, then one that lives in the past."""

        times: Iterator[str] = iter(["2040-01-01", "1980-01-01", "2039-01-01", "1970-01-01"])

        @classmethod
        def now(cls, zone: object) -> Clock:
            return cls()

        def isoformat(self, timespec: str) -> str:
            return f"{next(self.times)}T00:00:00+00:00"

    monkeypatch.setattr(attempt_module, "datetime", Clock)
    one = price()
    for number, status in enumerate(["failed", "finished", "finished", "failed"]):
        process = Process(f"host {number % 2}", f"boot {number % 2}", "", 7, "7")
        monkeypatch.setattr(attempt_module, "this_process", lambda process=process: process)
        attempted(path, status, one, w=number // 2)
    study = read_study(path)
    assert (study.n_exp, study.statuses["finished"], study.statuses["failed"]) == (2, 2, 2)
    assert study.nature().joule == pytest.approx(4 * one.energy_j)
    assert [entry.status for entry in study.experiments[1]] == ["finished", "failed"]
    assert all(entry.duration_s >= 0 for entry in study.entries)


def test_ledgers_of_two_hosts_are_one_study(tmp_path: Path) -> None:
    first, second, copy = (tmp_path / name for name in ("a.sqlite", "b.sqlite", "copy.sqlite"))
    one = price()
    attempted(first, "finished", one, w=1)
    attempted(first, "finished", one, w=2)
    copy.write_bytes(first.read_bytes())
    attempted(first, "finished", one, w=4)
    attempted(second, "failed", one, w=2)
    attempted(second, "finished", one, w=3)
    study = read_study([first, second, copy])
    assert study.n_exp == 4
    assert study.nature().joule == pytest.approx(5 * one.energy_j)


# --- parallel writers, kill -9 ---

#: Records attempts for ever, or a given number, and says when each was committed.
WRITER = """
import sys, time
from pynn_greenmorph.accounting.experiments.attempt import start
from pynn_greenmorph.accounting.experiments.key import make_key
from pynn_greenmorph.accounting.experiments.measure import unpriced
path, writer, number, stop = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
for i in range(number):
    attempt = start(path, make_key("trial", None, {"writer": writer, "i": i}))
    attempt.settle(i, "ideal")
    print("started", i, flush=True)
    if i == stop:
        time.sleep(3600)
    attempt.add(unpriced("ideal", 1.0, "no price"))
    attempt.end("finished")
    print("finished", i, flush=True)
"""


def writer(path: Path, name: int, number: int, stop: int = -1) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(path), str(name), str(number), str(stop)]
    return subprocess.Popen(command, env=ENV, stdout=subprocess.PIPE, text=True)


def test_kill_of_one_of_four_parallel_writers(path: Path) -> None:
    children = [writer(path, name, 25, 10 if name == 2 else -1) for name in range(4)]
    victim = children[2]
    assert victim.stdout is not None
    for line in victim.stdout:
        if line == "started 10\n":
            break
    assert read_study(path).statuses["running"] >= 1
    victim.send_signal(signal.SIGKILL)
    for child in children:
        child.communicate()
    assert [child.returncode for child in children] == [0, 0, -signal.SIGKILL, 0]
    study = read_study(path)
    assert study.n_exp == 3 * 25 + 11
    assert dict(study.statuses) == {"finished": 3 * 25 + 10, "killed": 1}
    assert sum(len(entry.sessions) for entry in study.entries) == 3 * 25 + 10


def test_kill_at_any_moment_loses_nothing_that_was_committed(path: Path) -> None:
    """Killed while it writes, again and again, with another writer beside it."""
    beside = writer(path, 9, 60)
    said: list[set[str]] = []
    for name in range(4):
        victim = writer(path, name, 100_000)
        assert victim.stdout is not None
        lines = [victim.stdout.readline() for _ in range(3 + 5 * name)]
        victim.kill()
        said.append({line.strip() for line in [*lines, *victim.stdout]})
        victim.communicate()
    beside.communicate()
    study = read_study(path)
    for name, lines in enumerate(said):
        own = [entry for entry in study.entries if entry.params["writer"] == name]
        there = {f"started {entry.params['i']}" for entry in own}
        there |= {f"finished {entry.params['i']}" for entry in own if entry.status == "finished"}
        assert lines - {""} <= there
        assert sum(entry.status == "killed" for entry in own) <= 1
        assert all(entry.sessions for entry in own if entry.status == "finished")
    assert sum(entry.params["writer"] == 9 for entry in study.entries) == 60
    assert study.n_exp == len(study.entries)
    assert [item.name for item in path.parent.iterdir() if item.name.startswith(".ledger")] == []


def test_many_processes_may_create_the_ledger_at_once(path: Path) -> None:
    children = [writer(path, name, 1) for name in range(6)]
    assert [child.wait() for child in children] == [0] * 6
    for child in children:
        child.communicate()
    assert read_study(path).n_exp == 6


FORK = """
import os, sys
from pynn_greenmorph.accounting.experiments.attempt import start
from pynn_greenmorph.accounting.experiments.key import make_key
from pynn_greenmorph.accounting.experiments.measure import unpriced
attempt = start(sys.argv[1], make_key("trial", None, {}))
child = os.fork()
if child == 0:
    attempt.add(unpriced("ideal", 1.0, "no price"))
    os._exit(int(attempt.mine))
assert os.waitpid(child, 0)[1] == 0
attempt.end("finished")
"""


def test_a_forked_process_adds_sessions_but_does_not_end_the_attempt(path: Path) -> None:
    subprocess.run([sys.executable, "-c", FORK, path], env=ENV, check=True)
    (entry,) = read_study(path).entries
    assert (entry.status, len(entry.sessions)) == ("finished", 1)


# --- files that are no ledger, or no longer ---


DAMAGED = re.compile("damaged, perhaps cut off|not a ledger|is destroyed")


@pytest.fixture
def full(path: Path) -> Path:
    for i in range(10):
        attempted(path, "finished", price(), i=i)
    return path


@pytest.mark.parametrize("kept", [0.999, 0.7, 0.4, 0.1, 0.02, 50, 1])
def test_a_truncated_ledger_is_refused_and_left_alone(full: Path, kept: float) -> None:
    data = full.read_bytes()
    cut = data[: int(kept * len(data)) if kept < 1 else int(kept)]
    full.write_bytes(cut)
    for use in (read_study, prepare, lambda file: start(file, key())):
        with pytest.raises(ReportError, match=DAMAGED):
            use(full)
    assert full.read_bytes() == cut


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        ("UPDATE attempts SET params = '{\"i\": ' WHERE number = 3", "row 3 of 'attempts'"),
        ("UPDATE attempts SET params = '[1]' WHERE number = 3", "row 3 .* a mapping in JSON"),
        ("UPDATE attempts SET result = 'good' WHERE number = 3", "row 3 of 'attempts'"),
        ("UPDATE sessions SET counters = 'x' WHERE number = 2", "row 2 of 'sessions'"),
        ("UPDATE sessions SET draws = x'0102' WHERE number = 2", "row 2 of 'sessions'"),
    ],
)
def test_a_damaged_row_is_named(full: Path, change: str, hint: str) -> None:
    write(full, lambda db: db.execute(change))
    with pytest.raises(ReportError, match=hint):
        read_study(full)


def foreign(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE attempts (id)")
    connection.commit()
    connection.close()


def other_version(path: Path) -> None:
    attempted(path, "finished", w=1)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 7")
    connection.close()


@pytest.mark.parametrize(
    ("make", "hint"),
    [
        (lambda path: path.write_bytes(b""), "empty, so it is no ledger or was cut off"),
        (lambda path: path.write_text("{}" * 1000), "not a ledger of experiments, or its begin"),
        (foreign, "an SQLite file, but not a ledger"),
        (other_version, r"its format is 7, this version .* knows format 2.*this file was not cha"),
        (lambda path: path.mkdir(), "a directory, not a file"),
    ],
)
def test_what_is_no_ledger(path: Path, make: Callable[[Path], object], hint: str) -> None:
    make(path)
    before = path.read_bytes() if path.is_file() else b""
    for use in (read_study, prepare, lambda file: start(file, key())):
        with pytest.raises(ReportError, match=hint):
            use(path)
    assert (path.read_bytes() if path.is_file() else b"") == before


def test_paths_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="does not exist"):
        read_study(tmp_path / "none.sqlite")
    with pytest.raises(ReportError, match=r"the folder .*nowhere' does not exist"):
        prepare(tmp_path / "nowhere" / "study.sqlite")
    with pytest.raises(ReportError, match="empty or not a path"):
        prepare("")
    with pytest.raises(ReportError, match=r"cannot be used|does not exist"):
        prepare("/proc/study.sqlite")
    for use in (read_study, prepare):
        with pytest.raises(ReportError, match="File name too long"):
            use(tmp_path / ("x" * 300))


def test_a_ledger_is_one_however_it_is_reached(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "link.sqlite").symlink_to("sub/study.sqlite")
    driver = start(tmp_path / "sub" / "study.sqlite", key(), overhead=(0.0, 0.0))
    for way in ("link.sqlite", "sub/../sub/study.sqlite", "link.sqlite"):
        assert start(tmp_path / way, key(w=1), driver=driver).path == driver.path
    study = read_study(tmp_path / "link.sqlite")
    assert (study.n_exp, sum(entry.driver for entry in study.entries)) == (1, 1)


def test_what_a_killed_writer_left_is_seen_through_a_link(tmp_path: Path) -> None:
    ledger, link = tmp_path / "study.sqlite", tmp_path / "link.sqlite"
    attempted(ledger, "finished", w=1)
    link.symlink_to(ledger)
    code = (
        "import os, signal, sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "c.execute(\"UPDATE attempts SET error = 'late'\"); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code, ledger], check=False)
    assert Path(f"{ledger}-wal").stat().st_size > 0
    assert read_study(link).entries[0].error == "late"


def test_links_to_nowhere_and_no_paths(tmp_path: Path) -> None:
    (tmp_path / "dangling").symlink_to("nowhere.sqlite")
    (tmp_path / "loop").symlink_to("loop")
    for use in (read_study, prepare):
        with pytest.raises(ReportError, match=r"a link to .*nowhere.sqlite', which does not exist"):
            use(tmp_path / "dangling")
        with pytest.raises(ReportError, match=r"cannot be used|a link to .*loop"):
            use(tmp_path / "loop")
        with pytest.raises(ReportError, match="empty or not a path"):
            use(Path())
    assert not (tmp_path / "nowhere.sqlite").exists()


def test_fixed_cost_is_that_of_experiments_not_of_their_driver(path: Path) -> None:
    one = price()
    driver = start(path, key(), overhead=(7.0, 9.0))
    driver.add(one)
    for w in (1, 2):
        attempt = start(path, key(w=w), driver=driver)
        attempt.add(one)
        attempt.end("finished")
    driver.end("finished")
    n = read_study(path, overhead_j=5.0).nature()
    assert n.joule == pytest.approx(3 * one.energy_j + 2 * 5.0)


def test_odd_paths_and_names_stay_where_they_are(tmp_path: Path) -> None:
    folder = tmp_path / "a?mode=ro#b%20"
    folder.mkdir()
    ledger = folder / "../a?mode=ro#b%20/x?y.sqlite"
    attempt = start(ledger, make_key("../../outside", None, {"../../p": "/etc/passwd"}))
    attempt.end("finished")
    assert read_study(ledger).n_exp == 1
    assert {item.name for item in folder.iterdir()} == {"x?y.sqlite"}
    assert [item.name for item in tmp_path.iterdir()] == [folder.name]


def test_a_busy_ledger_waits_for_its_turn(path: Path) -> None:
    attempted(path, "finished", w=1)
    code = (
        "import sqlite3, sys, time; c = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "c.execute('BEGIN IMMEDIATE'); print('held', flush=True); time.sleep(1);"
        "c.execute('COMMIT')"
    )
    with subprocess.Popen([sys.executable, "-c", code, path], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        assert read_study(path).n_exp == 1  # readers do not wait
        attempted(path, "finished", w=2)
    assert read_study(path).n_exp == 2


def test_a_reader_who_may_not_write_never_mixes_two_times(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempted(path, "finished", w=1)
    monkeypatch.setattr(file_module, "obstacle", lambda target: UNWRITABLE)
    seen = []

    def look(db: sqlite3.Connection) -> int:
        seen.append(db.execute("SELECT count(*) FROM attempts").fetchone()[0])
        if len(seen) == 1:  # meanwhile its owner removes one
            with closing(sqlite3.connect(path)) as owner:
                owner.execute("DELETE FROM attempts")
                owner.commit()
        return seen[-1]

    assert read(path, look) == 0
    assert seen == [1, 0]


def test_a_failed_change_leaves_nothing(path: Path) -> None:
    attempted(path, "finished", w=1)

    def change(db: sqlite3.Connection) -> None:
        db.execute("DELETE FROM sessions")
        db.execute("DELETE FROM attempts")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write(path, change)
    assert read_study(path).n_exp == 1


# --- what a study shows ---


@pytest.fixture
def swept(path: Path) -> Study:
    """Return a study of two parameters: tau decides the joules, rate the accuracy."""
    for tau, steps in ((10, 1000), (20, 2000)):
        for rate in (0.1, 0.5):
            attempt = start(path, key(tau=tau, nested={"rate": rate}))
            attempt.settle(1, "ideal")
            attempt.add(price(steps))
            attempt.end("finished", result={"accuracy": 0.5 + rate, "note": "x"})
    attempted(path, "failed", price(500), tau=10, nested={"rate": 0.1})
    return read_study(path)


def test_sensitivity_by_parameter(swept: Study) -> None:
    tables = {each.name: each for each in sensitivity(outcomes(swept, 1.2, 0.0))}
    assert set(tables) == {"tau", "nested.rate"}
    total = swept.nature(pue=1.2).joule
    for each in tables.values():
        assert sum(line.joule for line in each.lines) == pytest.approx(total, rel=1e-9)
    low, high = tables["tau"].lines
    assert (low.value, low.experiments, low.attempts) == ("10", 2, 3)
    assert high.mean_joule == pytest.approx(price(2000).energy_j * 1.2)
    assert high.results["accuracy"] == pytest.approx((0.6, 0.8, 1.0))
    # By hand: joules of 1500, 1000 | 2000, 2000 steps, means 1250 and 2000 about 1625.
    assert tables["tau"].shares["joule"] == pytest.approx(4 * 375**2 / 687_500, rel=1e-3)
    assert tables["nested.rate"].shares["accuracy"] == pytest.approx(1.0)
    assert tables["tau"].shares["accuracy"] == pytest.approx(0.0)


def test_every_format(swept: Study) -> None:
    n = swept.nature("DEU")
    shown = {name: render_study(swept, n, name) for name in STUDY_FORMATS}
    assert json.loads(shown["json"])["n_exp"] == 4
    assert len(shown["csv"].splitlines()) == 1 + 5
    for name in ("text", "markdown", "html"):
        assert "nested.rate" in shown[name]
    assert shown["latex"].count(r"\begin{tabular}") == 5
    with pytest.raises(ReportError, match="no place for sci"):
        render_study(swept, n, "csv", n.sci("image", 10))
    values = json.loads(render_study(swept, n, "json", n.sci("image", 10)))
    assert values["sci"]["g_per_unit"] == pytest.approx(n.gco2e / 10)


def test_labels_are_escaped(path: Path) -> None:
    attempt = start(path, make_key("<script>alert(1)</script>", None, {"<b>": "| `x` $y$"}))
    attempt.settle(1, "ideal")
    attempt.end("finished")
    attempted(path, "finished", **{"<b>": 2})
    study = read_study(path)
    page = render_study(study, study.nature(), "html")
    assert "<script>" not in page
    assert "<b>" not in page
    assert "<b>" not in render_study(study, study.nature(), "markdown")


def test_words_of_users_do_nothing_to_a_terminal_or_a_spreadsheet(path: Path) -> None:
    for value in (1, 2):
        name = "=cmd|' /C calc'!A1"
        attempt = start(path, make_key(name, None, {"\x1b]0;owned\x07tau": value}))
        attempt.settle(1, "ideal")
        attempt.add(replace(price(), subject="mine\x1b[2J"))
        attempt.end("failed", "@SUM(1)", {"\x9bacc": 0.5})
    study = read_study(path)
    shown = {name: render_study(study, study.nature(), name) for name in STUDY_FORMATS}
    for name in ("text", "markdown", "latex", "json", "html"):
        assert set(re.findall(r"[\x00-\x1f\x7f-\x9f]", shown[name])) == {"\n"}, name
    rows = list(csv.DictReader(io.StringIO(shown["csv"])))
    assert [(row["name"][:2], row["error"]) for row in rows] == [("'=", "'@SUM(1)")] * 2
    assert {row["joule_at_grid"] for row in rows} == {repr(price().energy_j)}


def test_a_price_that_is_missing_is_named(path: Path) -> None:
    nobody = replace(price(), static_j=None, missing="chip_W is not published", draws=None)
    attempted(path, "finished", price(), w=1)
    attempted(path, "finished", nobody, w=2)
    attempted(path, "finished", unpriced("loihi2", 1.0, "no room"), w=3)
    study = read_study(path)
    assert study.n_exp == 3
    with pytest.raises(
        ReportError,
        match=r"the total .* not known.* 1 session: chip_W is.*; 1 session: no room\. W",
    ):
        study.nature()
    known = study.nature_of_known(pue=1.5)
    shown = {name: render_study(study, known, name) for name in STUDY_FORMATS}
    for name in ("text", "markdown", "html"):
        assert "the total of the study is not known" in shown[name]
        assert shown[name].count("not known") == 1 + 2 + 2 * 2 + 1  # experiments, lines, share
    values = json.loads(shown["json"])
    assert (values["n_exp"], values["nature"]) == (3, None)
    joules = [each["joule"] for each in values["experiments"]]
    assert joules == [pytest.approx(1.5 * price().energy_j), None, None]


def test_every_row_names_its_own_board(path: Path) -> None:
    other = replace(price(), subject="modelled: another board", sources=("other2020",))
    attempted(path, "finished", price(), w=1)
    attempted(path, "finished", other, w=2)
    study = read_study(path)
    _, experiments, by_w = study_tables(study, study.nature())
    own = f"({price().whose})"
    for table in (experiments, by_w):
        assert [row[-1] for row in table.rows[:2]] == [own, "(modelled: another board [other2020])"]
    assert study.subject == f"{price().whose}; modelled: another board [other2020]" or (
        study.subject == f"modelled: another board [other2020]; {price().whose}"
    )


def test_a_result_in_words_is_shown(path: Path) -> None:
    start(path, key()).end("finished", result="good")
    alone = read_study(path)
    assert '"good"' in render_study(alone, alone.nature(), "text")
    start(path, key()).end("finished", result=-0.5)
    study = read_study(path)
    assert "-0.5" in render_study(study, study.nature(), "text")
    rows = csv.DictReader(io.StringIO(render_study(study, study.nature(), "csv")))
    assert [row["result"] for row in rows] == ['"good"', "-0.5"]


def test_fixed_time_that_was_not_recorded_can_be_given(path: Path) -> None:
    one = price()
    attempted(path, "finished", one, w=1)
    attempted(path, "interrupted", w=2)
    n = read_study(path, overhead_s=60.0, overhead_j=5.0).nature()
    static_w = one.static_j / one.t_wall_s
    assert n.joule == pytest.approx(one.energy_j + 60 * static_w + 2 * 5)
    assert "fixed time of 1 attempts that priced no board not charged" in n.left_out
    with pytest.raises(InvalidValueError, match="overhead_s is not a finite number"):
        read_study(path, overhead_s=math.nan)


def test_a_ledger_without_experiments(path: Path) -> None:
    study = read_study(prepare(path))
    assert study.n_exp == 0
    with pytest.raises(ReportError, match="holds no experiment"):
        study.nature()


def test_backticks_in_names_do_not_end_a_fence(path: Path) -> None:
    attempted(path, "finished", replace(price(), subject="a " + 6 * "`" + " board"))
    study = read_study(path)
    block = render_study(study, study.nature(), "markdown").split("\n##")[0]
    runs = re.findall("`{3,}", block)
    assert (runs[0], runs[-1]) == (7 * "`", 7 * "`")
    assert {*runs[1:-1]} == {6 * "`"}
