"""``greenmorph boards`` and ``greenmorph run --board-file``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from pynn_greenmorph.boards.catalogue import load_profile
from pynn_greenmorph.boards.comparators import list_comparators
from pynn_greenmorph.boards.files import board_files
from pynn_greenmorph.boards.profile import list_boards, load_board
from pynn_greenmorph.cli import main, run


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Write a sound profile of a user's own."""
    path = tmp_path / "own.toml"
    text = board_files()["loihi1"].read_text(encoding="utf-8")
    path.write_text(text.replace('name = "loihi1"', 'name = "own"'), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", [*list_boards(), *list_comparators()])
def test_every_number_is_shown_with_its_source(name: str) -> None:
    profile: Any = load_profile(name)
    lines = [" ".join(line.split()) for line in invoke("boards", "show", name).output.splitlines()]
    groups = ("static", "dynamic", "latency", "limits", "measured")
    for number in (n for group in groups for n in getattr(profile, group, {}).values()):
        value = "not published" if number.value is None else f"{number.value:.10g} {number.unit}"
        origin = f"{number.source}, " if number.source else ""
        found = [line for line in lines if line.startswith(f"{number.name} {value}")]
        assert found[0].endswith(f"[{origin}confidence {number.confidence}]")
        assert not number.note or lines[lines.index(found[0]) + 1] == number.note
    for key, source in profile.sources.items():
        assert f"{key}: {source.ref}" in lines


def test_what_stands_beside_the_numbers_is_shown() -> None:
    loihi = invoke("boards", "show", "loihi").output
    assert "time: as fast as possible, usual time step 1 ms  [CHOICE" in loihi
    assert "chip (default): chip rails" in loihi
    crossbar = invoke("boards", "show", "memristor").output
    assert "speed-up not published" in crossbar
    assert "not published per board  [confidence none]" in crossbar
    assert "90.6 W (62.4 to 111.7)" in invoke("boards", "show", "gpu_rtx2070_genn_micro").output


def test_show_and_check_take_a_file(own: Path) -> None:
    assert invoke("boards", "show", str(own)).output.startswith("own: Intel Loihi 1")
    result = invoke("boards", "check", str(own))
    assert (result.exit_code, "no faults; board 'own'" in result.output) == (0, True)


def test_check_tells_all_faults(own: Path, tmp_path: Path) -> None:
    text = own.read_text(encoding="utf-8")
    text = text.replace('unit = "J/timestep"', 'unit = "uJ"').replace(
        "[limits.chips]", "[limits.c]"
    )
    own.write_text(text, encoding="utf-8")
    result = invoke("boards", "check", str(own))
    assert result.exit_code == 1
    for words in (
        "2 faults",
        "dynamic.e_timestep.unit: 'uJ' is not allowed",
        "limits.chips: missing",
    ):
        assert words in result.output
    assert invoke("boards", "check", str(tmp_path / "none.toml")).exit_code == 2
    assert "none.toml" in invoke("boards", "show", str(tmp_path / "none.toml")).output
    assert "Did you mean 'gpu_genn_4090'" in invoke("boards", "show", "gpu_gen_4090").output


def test_board_file_is_the_board_of_the_run(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[object] = []
    monkeypatch.setattr(run, "run_command", lambda *arguments: given.append(arguments[2]) or 0)
    monkeypatch.chdir(own.parent)  # a path without any separator is a file too
    own.rename("own")
    assert invoke("run", "model.py", "--board-file", "own").exit_code == 0
    assert given == [str(own.parent / "own")]
    assert load_board(Path(str(given[0]))).name == "own"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--board-file", "own.toml", "--board", "loihi"], "both choose the board"),
        (["--board-file", "missing.toml"], "No such file"),
        (["--board-file", "bad.toml"], "1 fault"),
        (["--board-file", "cpu.toml"], "kind: must be 'board', but is 'comparator'"),
    ],
)
def test_a_board_file_that_is_no_board_is_refused_before_the_script_starts(
    own: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str
) -> None:
    monkeypatch.chdir(own.parent)
    Path("model.py").write_text("raise AssertionError('started')", encoding="utf-8")
    bad = own.read_text(encoding="utf-8").replace("value = 0.0295", "value = nan")
    Path("bad.toml").write_text(bad, encoding="utf-8")
    comparator: Any = load_profile("gpu_nest_4090")
    Path("cpu.toml").write_bytes(comparator.path.read_bytes())
    result = invoke("run", "model.py", *arguments)
    assert result.exit_code == 2
    assert words in result.output
    assert "started" not in result.output
