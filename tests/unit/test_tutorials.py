"""Every lesson runs from its first to its last cell, and its check tells right from wrong."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "tutorials"
LESSONS = sorted(FOLDER.glob("[0-9][0-9]_*.py"))
SOLUTIONS = tomllib.loads((FOLDER / "solutions.toml").read_text(encoding="utf-8"))


def run(*arguments: str, folder: Path) -> str:
    """Run Python in an empty folder, with this checkout's package; return what it printed."""
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def answered(lesson: Path, answer: str) -> str:
    """Return the text of a lesson after a student has changed its line."""
    text = lesson.read_text(encoding="utf-8")
    text, changed = re.subn(
        r"^my_answer = None$", f"my_answer = {answer}", text, flags=re.MULTILINE
    )
    assert changed == 1
    return text


def verdict(output: str) -> str:
    """Return what the check of a lesson said."""
    (line,) = (line for line in output.splitlines() if line.startswith("Exercise: "))
    return line.removeprefix("Exercise: ")


def test_every_lesson_has_a_solution() -> None:
    assert [lesson.stem for lesson in LESSONS] == sorted(SOLUTIONS)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_as_it_is_runs_to_its_end_and_waits_for_an_answer(
    lesson: Path, tmp_path: Path
) -> None:
    output = run("-m", "pynn_greenmorph.cli", "run", str(lesson), folder=tmp_path)
    assert verdict(output).startswith("no answer yet. ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_the_solution_is_correct(lesson: Path, tmp_path: Path) -> None:
    text = answered(lesson, SOLUTIONS[lesson.stem])
    (tmp_path / lesson.name).write_text(text, encoding="utf-8")
    output = run("-m", "pynn_greenmorph.cli", "run", lesson.name, folder=tmp_path)
    assert verdict(output) == "correct."


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("100 * 500", "That is one update in every millisecond. How many steps has one?"),
        ("7", "7 is too small. Every cell makes one update in every time step."),
        ("'many'", "'many' is not a number. Every cell makes one update in every time step."),
    ],
)
def test_a_wrong_answer_is_told_so_and_the_lesson_goes_on(
    answer: str, words: str, tmp_path: Path
) -> None:
    text = answered(FOLDER / "00_first_report.py", answer)
    (tmp_path / "lesson.py").write_text(text, encoding="utf-8")
    output = run("lesson.py", folder=tmp_path)
    assert verdict(output) == f"not yet. {words}"
    assert "neuron_updates" in output.partition("Exercise: ")[2]


def test_the_first_report_takes_five_lines() -> None:
    text = (FOLDER / "00_first_report.py").read_text(encoding="utf-8")
    cells = re.split(r"^# %%.*\n", text, flags=re.MULTILINE)
    (first,) = (cell for cell in cells if "import pyNN.greenmorph as sim" in cell)
    assert len([line for line in first.splitlines() if line]) == 5
