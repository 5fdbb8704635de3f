"""Every lesson runs from its first to its last cell, and its check notices a wrong answer."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LESSONS = sorted((ROOT / "tutorials").glob("[0-9][0-9]_*.py"))


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run Python in an empty folder, with this checkout's package."""
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_runs_and_its_exercise_is_correct(lesson: Path, tmp_path: Path) -> None:
    done = run("-m", "pynn_greenmorph.cli", "run", str(lesson), folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Exercise: correct." in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_a_wrong_answer_is_noticed(lesson: Path, tmp_path: Path) -> None:
    text = lesson.read_text(encoding="utf-8")
    wrong, changed = re.subn(r"^my_answer = .*$", "my_answer = 1", text, flags=re.MULTILINE)
    assert changed == 1
    (tmp_path / "lesson.py").write_text(wrong, encoding="utf-8")
    done = run("lesson.py", folder=tmp_path)
    assert done.returncode == 1
    assert "Not yet: " in done.stderr


def test_the_first_report_takes_five_lines() -> None:
    text = (ROOT / "tutorials" / "00_first_report.py").read_text(encoding="utf-8")
    cells = re.split(r"^# %%.*\n", text, flags=re.MULTILINE)
    (first,) = (cell for cell in cells if "import pyNN.greenmorph as sim" in cell)
    assert len([line for line in first.splitlines() if line]) == 5
