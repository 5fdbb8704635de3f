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


#: What the script prints itself.
WORDS = {
    "simpleRandomNetwork.py": ["[0] Done"],
    "VAbenchmarks.py": ["Number of Neurons      : 4000", "Excitatory rate", "Inhibitory rate"],
}

EXAMPLES = [
    ["HH_cond_exp2.py"],
    ["Izhikevich.py"],
    ["StepCurrentSource.py"],
    ["VAbenchmarks.py", "CUBA"],
    ["VAbenchmarks.py", "COBA"],
    ["brunel.py"],
    ["cell_type_demonstration.py"],
    ["current_injection.py"],
    ["inhomogeneous_network.py"],
    ["multiquantal_synapses.py"],
    ["parameter_changes.py"],
    ["random_numbers.py"],
    ["simpleRandomNetwork.py"],
    ["simple_STDP.py"],
    ["small_network.py"],
    ["specific_network.py"],
    ["stochastic_deterministic_comparison.py"],
    ["stochastic_synapses.py"],
    ["stochastic_tsodyksmarkram.py"],
    ["synaptic_input.py"],
    ["tsodyksmarkram.py"],
    ["update_spike_source_array.py"],
    ["varying_poisson.py"],
]


def run_example(
    name: str, arguments: list[str], examples: Path, folder: Path
) -> subprocess.CompletedProcess[str]:
    """Run an example with its plots, where it has any, and check that it is as it was."""
    original = (examples / name).read_bytes()
    script = Path(shutil.copy(examples / name, folder))  # it writes beside itself
    if b"--plot-figure" in original:
        arguments = [*arguments, "--plot-figure"]
        if b"store_true" not in original:
            arguments[-1] += "=Results/figure"
            (folder / "Results").mkdir()
    result = greenmorph_run(name, "nest", *arguments, cwd=folder)
    assert result.returncode == 0, result.stderr
    assert "pyNN.nest -> pynn_greenmorph" in result.stderr
    assert script.read_bytes() == original
    return result


@pytest.mark.parametrize("example", EXAMPLES, ids=" ".join)
def test_an_example_ends_with_an_energy_summary(
    example: list[str], examples: Path, tmp_path: Path
) -> None:
    name, *arguments = example
    result = run_example(name, [*arguments, "--report", "r.json"], examples, tmp_path)
    words = WORDS.get(name, [])
    for word in words:
        assert word in result.stdout
    after = result.stdout.split(words[-1])[-1] if words else result.stdout
    assert "modelled: SpiNN-5 board" in after
    assert json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))["energy_j"] > 0


@pytest.mark.parametrize("name", ["connections.py", "stdp_network.py"])
def test_an_example_that_only_builds_a_network(name: str, examples: Path, tmp_path: Path) -> None:
    result = run_example(name, [], examples, tmp_path)
    assert f"No simulation ran in {name}" in result.stdout
