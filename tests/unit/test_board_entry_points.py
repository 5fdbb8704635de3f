"""Boards of other distributions: found once installed, and no harm to others when broken."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from pynn_greenmorph.boards.comparators import list_comparators, load_comparator
from pynn_greenmorph.boards.files import board_files, comparator_files
from pynn_greenmorph.boards.profile import hidden_boards, list_boards, load_board
from pynn_greenmorph.cli import main
from pynn_greenmorph.errors import BoardError

POINTS = """
[pynn_greenmorph.boards]
acme_chip = acme_boards:CHIP
acme_gone = acme_boards:GONE
acme_lost = acme_boards.nowhere:CHIP
acme_other = acme_boards:CHIP
truenorth = acme_boards:CHIP
loihi = acme_boards:CHIP

[pynn_greenmorph.comparators]
acme_cpu = acme_boards:CPU
"""

CODE = """
from pathlib import Path

CHIP = Path(__file__).with_name("chip.toml")
CPU = Path(__file__).with_name("cpu.toml")
GONE = Path(__file__).with_name("gone.toml")
"""


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install a distribution with boards by pip, into a folder of its own on the path."""
    chip = board_files()["odin"].read_text(encoding="utf-8")
    cpu = comparator_files()["gpu_nest_4090"].read_text(encoding="utf-8")
    info = "acme_boards-1.0.dist-info"
    files = {
        "acme_boards/__init__.py": CODE,
        "acme_boards/chip.toml": chip.replace('name = "odin"', 'name = "acme_chip"'),
        "acme_boards/cpu.toml": cpu.replace('"gpu_nest_4090"', '"acme_cpu"'),
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: acme-boards\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": POINTS,
        f"{info}/RECORD": "",
    }
    wheel = tmp_path / "acme_boards-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    target = tmp_path / "site"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    subprocess.run([*command, "--target", str(target), str(wheel)], check=True)
    monkeypatch.syspath_prepend(target)
    monkeypatch.delitem(sys.modules, "acme_boards", raising=False)
    return target


def test_boards_and_comparators_of_an_installed_distribution(acme: Path) -> None:
    assert load_board("acme_chip").dynamic["e_syn_event"].value == 1.27e-11
    assert load_board("acme_chip").path == acme / "acme_boards" / "chip.toml"
    assert load_comparator("acme_cpu").measured["rtf"].value == 0.386
    assert {"acme_chip", "odin"} <= set(list_boards())
    assert {"acme_cpu", "gpu_nest_4090"} <= set(list_comparators())


def test_a_broken_entry_point_costs_its_own_board_only(acme: Path) -> None:
    with pytest.raises(BoardError, match=r"acme_lost = acme_boards\.nowhere:CHIP"):
        load_board("acme_lost")
    with pytest.raises(BoardError, match=r"gone\.toml.*No such file"):
        load_board("acme_gone")
    with pytest.raises(BoardError, match=r"name: must be 'acme_other'.* is 'acme_chip'"):
        load_board("acme_other")
    result = CliRunner().invoke(main, ["boards"])
    assert result.exit_code == 0
    for words in ("acme_lost cannot be used", "acme_chip ODIN", "acme_cpu", "truenorth IBM"):
        assert words in " ".join(result.output.split()), result.output


def test_a_name_that_is_taken_stays_with_its_board(acme: Path) -> None:
    assert load_board("truenorth").model == "truenorth"
    assert load_board("loihi").name == "loihi1"
    hidden = hidden_boards()
    assert "truenorth of the distribution acme-boards" in hidden
    assert any(text.startswith("loihi, ") for text in hidden)
    output = CliRunner().invoke(main, ["boards"]).output
    assert output.count("not used, because the name is taken") == 2
