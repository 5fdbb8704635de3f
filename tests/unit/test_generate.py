"""Kernels are made from plain Python, and never stale."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from pynn_greenmorph.engine.generate import block_source
from pynn_greenmorph.errors import GreenmorphError
from pynn_greenmorph.registry import CellModel, cell_model

CELL = """
from pynn_greenmorph.registry import CellModel, Parameter, Variable

GAIN = {gain}

def double(x):
    return x * GAIN

def derive(columns, dt_ms):
    return {{"bias": columns["bias"]}}

def step(x, bias, i_inj_pa):
    x = double(x) + bias
    return x, 0

MODEL = CellModel(
    name="Toy", kind="neuron", parameters=(Parameter("bias", "bias", "mV", 1.0),),
    states=("x",), variables=(Variable("v", "x", "mV", 1.0),), constants=("bias",),
    derive=derive, step=step, helpers=(double,),
)
"""

RUN = """
import sys
import pyNN.greenmorph as sim
sim.setup(timestep=1.0)
p = sim.Population(3, sim.Toy(bias=[0.0, 1.0, 2.0]))
p.record("v")
sim.run(3.0)
print(p.get_data().segments[0].analogsignals[0].magnitude[-1].tolist())
"""


def run_toy(folder: Path, gain: float, **environment: str) -> str:
    """Run the cell type of a third party, found through its entry point, in a new process."""
    (folder / "toy_cell.py").write_text(CELL.format(gain=gain))
    info = folder / "toy_cell-1.0.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-cell\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[pynn_greenmorph.cells]\nToy = toy_cell:MODEL\n")
    variables = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(folder), str(Path(__file__).parents[2])]),
        "NUMBA_CACHE_DIR": str(folder / "cache"),
        "PYTHONDONTWRITEBYTECODE": "1",
        **environment,
    }
    script = "import pynn_greenmorph\n" + RUN
    done = subprocess.run(
        [sys.executable, "-c", script], env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.slow
def test_an_edited_cell_is_never_served_by_old_machine_code(tmp_path: Path) -> None:
    """A constant of a helper is edited between two processes with one cache."""
    assert run_toy(tmp_path, 2.0) == "[8.0, 15.0, 22.0]"
    assert run_toy(tmp_path, 2.0) == "[8.0, 15.0, 22.0]"
    assert run_toy(tmp_path, 3.0) == "[27.0, 40.0, 53.0]"
    kernels = list((tmp_path / "cache" / "pynn_greenmorph").glob("toy_*.py"))
    assert len(kernels) == 2


@pytest.mark.slow
def test_plain_python_gives_the_same(tmp_path: Path) -> None:
    """The same text, not compiled."""
    assert run_toy(tmp_path, 2.0, NUMBA_DISABLE_JIT="1") == "[8.0, 15.0, 22.0]"
    assert not list((tmp_path / "cache").rglob("toy_*.py"))


def test_unknown_argument_of_step() -> None:
    """The message names the argument and what is allowed."""

    def step(v_mv, nonsense):  # type: ignore[no-untyped-def]
        return v_mv, 0

    model = dataclasses.replace(cell_model("IF_curr_exp"), step=step)
    with pytest.raises(GreenmorphError, match=r"IF_curr_exp.*'nonsense'.*Allowed.*in_excitatory"):
        block_source(model, scalar_parameters=True)


def test_name_that_cannot_be_compiled() -> None:
    """A step may use its arguments, math, np, helpers and numbers, and nothing else."""

    def step(v_mv):  # type: ignore[no-untyped-def]
        return textwrap.dedent(v_mv), 0

    model = CellModel(name="Bad", kind="neuron", states=("v_mv",), step=step)
    with pytest.raises(GreenmorphError, match=r"'textwrap'.*cannot be compiled"):
        block_source(model, scalar_parameters=True)
