"""The README's machine-readable parts: commands, example, length."""

from __future__ import annotations

import runpy
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = runpy.run_path(str(ROOT / "docs" / "make_readme.py"))
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def test_two_commands() -> None:
    commands = TOOLS["block"](TEXT, "commands").splitlines()
    assert len(commands) == 2
    assert all(shlex.split(command) for command in commands)
    assert commands[1].endswith(" pytest -n auto")


def test_example_is_python_with_one_import_line() -> None:
    code = TOOLS["block"](TEXT, "example")
    compile(code, "example", "exec")
    assert [line for line in code.splitlines() if "import" in line] == [
        "import pyNN.greenmorph as sim"
    ]


def test_output_is_pasted_between_the_markers() -> None:
    new = TOOLS["with_output"](TEXT, "1 J\n")
    assert TOOLS["block"](new, "example-output") == "1 J\n"
    assert TOOLS["block"](new, "example") == TOOLS["block"](TEXT, "example")


def test_missing_marker_is_named() -> None:
    with pytest.raises(ValueError, match="nothing"):
        TOOLS["block"](TEXT, "nothing")


def test_printed_text_is_taken_without_trailing_blanks() -> None:
    assert TOOLS["run_example"]("print('a ')\nprint()\nprint('b')\n")[0] == "a\n\nb\n"


def test_readme_is_short() -> None:
    without_output = TEXT.replace(TOOLS["block"](TEXT, "example-output"), "")
    assert len(without_output.split()) <= 600


def test_links_lead_somewhere() -> None:
    targets = [part.partition(")")[0] for part in TEXT.split("](")[1:]]
    local = [target for target in targets if not target.startswith("http")]
    made = "docs/_static/first_report.png"  # by docs/make_readme.py, which has --check
    assert [target for target in local if target != made and not (ROOT / target).exists()] == []
