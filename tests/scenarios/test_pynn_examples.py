"""Examples of PyNN's own source distribution, unchanged, through ``greenmorph run``."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

#: The examples are of this version, whichever one is installed.
PYNN = "pynn==0.13.0"

pytestmark = [pytest.mark.slow, pytest.mark.network, pytest.mark.timeout(600)]


@pytest.fixture(scope="session")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Download PyNN's source distribution; return its folder of examples."""
    folder = tmp_path_factory.mktemp("pynn")
    # pip asks the build back end for the metadata even of a file that it only
    # keeps; it fetches the back end itself, in an environment of its own.
    command = ["download", "--no-binary", ":all:", "--no-deps", "--dest", str(folder), PYNN]
    result = subprocess.run(
        [sys.executable, "-m", "pip", *command], capture_output=True, text=True, check=False
    )
    if result.returncode:
        reason = result.stderr.strip() or result.stdout.strip()
        pytest.fail(
            f"'pip {' '.join(command)}' failed, so PyNN's examples cannot be run"
            f" (deselect this test with -m 'not network'):\n{reason}",
            pytrace=False,
        )
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    (found,) = folder.glob("*/examples")
    return found


def greenmorph_run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "agg"}
    command = [sys.executable, "-m", "pynn_greenmorph.cli", "run", *arguments]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("simpleRandomNetwork.py", ["nest"], ["[0] Done"]),
        (
            "VAbenchmarks.py",
            ["nest", "CUBA"],
            ["Number of Neurons      : 4000", "Excitatory rate", "Inhibitory rate"],
        ),
    ],
)
def test_an_example_ends_with_an_energy_summary(
    name: str, arguments: list[str], words: list[str], examples: Path, tmp_path: Path
) -> None:
    original = (examples / name).read_bytes()
    script = Path(shutil.copy(examples / name, tmp_path))  # it writes beside itself
    result = greenmorph_run(name, *arguments, "--report", "r.json", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "pyNN.nest -> pynn_greenmorph" in result.stderr
    for word in words:
        assert word in result.stdout
    assert "modelled: SpiNN-5 board" in result.stdout.split(words[-1])[-1]
    assert json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))["energy_j"] > 0
    assert script.read_bytes() == original
