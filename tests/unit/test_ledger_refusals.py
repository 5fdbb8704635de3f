"""A ledger on a full disk, without locks, without permissions: real processes, clear messages."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pynn_greenmorph.accounting.experiments.study import read_study

ROOT = Path(__file__).resolve().parents[2]
ENV = {**os.environ, "PYTHONPATH": str(ROOT)}

#: Records attempts in a ledger; from one of them on, the system refuses a call if asked to.
RECORD = """
import sys
from pynn_greenmorph.accounting.experiments.attempt import start
from pynn_greenmorph.accounting.experiments.key import make_key
from pynn_greenmorph.accounting.experiments.measure import unpriced
from pynn_greenmorph.accounting.experiments.study import read_study
from pynn_greenmorph.errors import ReportError
from tests.refusals import refuse
path, number = sys.argv[1], int(sys.argv[2])
for i in range(number):
    try:
        attempt = start(path, make_key("trial", None, {"i": i}))
        attempt.settle(i, "ideal")
        if i == number - 1 and sys.argv[3:]:
            refuse(*sys.argv[3:])
        attempt.add(unpriced("ideal", 1.0, "no price"))
        attempt.end("finished")
    except ReportError as error:
        print("refused:", error)
try:
    print("read:", read_study(path).n_exp)
except ReportError as error:
    print("unread:", error)
"""


def record(path: str, number: int, *refused: str) -> str:
    """Record attempts in a process to which permissions of files apply."""
    begin = "from tests.refusals import give_up_rights_of_root as g; import os, sys; g();"
    code = f"{begin} os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
    done = subprocess.run(
        [sys.executable, "-c", code, "-W", "error", "-c", RECORD, path, str(number), *refused],
        env=ENV,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("error", ["ENOSPC", "EDQUOT"])
def test_a_disk_that_fills_up_costs_no_more_than_what_was_not_written(error: str) -> None:
    said = record("study.sqlite", 3, "write", error)
    assert said.splitlines()[1] == "read: 3"
    words = "its disk or your quota is full. Make room on it; what was recorded before is kept"
    assert re.match(f"refused: ledger .*study.sqlite': {words}", said)
    study = read_study("study.sqlite")
    assert (study.n_exp, dict(study.statuses)) == (3, {"finished": 2, "killed": 1})
    assert [len(entry.sessions) for entry in study.entries] == [1, 1, 0]
    assert record("study.sqlite", 4) == "read: 4\n"  # there is room again


@pytest.mark.parametrize("error", ["ENOLCK", "EOPNOTSUPP"])
def test_a_file_system_without_locks_is_named_at_once(error: str) -> None:
    record("old.sqlite", 2)
    before = Path("old.sqlite").read_bytes()
    for name, reading in (("old.sqlite", "read: 2"), ("new.sqlite", "unread: .* does not exist")):
        script = Path("record.py")
        script.write_text(RECORD, encoding="utf-8")
        command = [sys.executable, ROOT / "tests" / "refusals.py", "lock", error, script, name, "1"]
        done = subprocess.run(command, env=ENV, capture_output=True, text=True, check=True)
        refused, read = done.stdout.splitlines()
        assert "files cannot be locked there" in refused
        assert "Put the ledger on a local disk" in refused
        assert re.match(reading, read)
    assert Path("old.sqlite").read_bytes() == before
    assert {path.name for path in Path().iterdir()} == {"old.sqlite", "record.py"}


def test_permissions_hold_and_reading_leaves_nothing_behind() -> None:
    Path("sub").mkdir()
    record("sub/study.sqlite", 2)
    file = Path("sub/study.sqlite")
    for file_mode, folder_mode, refused, read in (
        (0o444, 0o755, "it cannot be written. Make the file and its", "read: 2"),
        (0o644, 0o555, "it cannot be written. Make the file and its", "read: 2"),
        (0o000, 0o755, "you may not read the file", "you may not read the file"),
    ):
        file.chmod(file_mode)
        file.parent.chmod(folder_mode)
        said = record("sub/study.sqlite", 3).splitlines()
        file.parent.chmod(0o755)
        assert refused in said[0]
        assert read in said[-1]
        assert [path.name for path in file.parent.iterdir()] == ["study.sqlite"]
    file.chmod(0o644)
    assert record("sub/study.sqlite", 3) == "read: 3\n"
