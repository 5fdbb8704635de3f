"""What would give a wrong result without a word is reported or refused."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from pyNN import errors

from pynn_greenmorph.boards.files import board_files
from pynn_greenmorph.errors import FidelityWarning, InvalidValueError
from pynn_greenmorph.network import unique_labels

RECEPTOR = """
import pyNN.greenmorph as sim
sim.setup(timestep=0.1)
s = sim.Population(1, sim.SpikeSourceArray(spike_times=[1.0]))
both = sim.Population(1, sim.IF_cond_exp()) + sim.Population(1, sim.IF_cond_exp())
synapse = sim.StaticSynapse(weight=0.1, delay=1.0)
print(sim.Projection(s, both, sim.AllToAllConnector(), synapse).receptor_type)
"""


@pytest.mark.parametrize("seed", range(5))
def test_the_default_receptor_of_an_assembly_is_always_the_first(seed: int) -> None:
    """PyNN's own depends on the hash seed of the process."""
    environment = {**os.environ, "PYTHONHASHSEED": str(seed)}
    done = subprocess.run(
        [sys.executable, "-c", "import pynn_greenmorph" + RECEPTOR],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "excitatory"


@pytest.mark.parametrize("stop", [1e12, 1e17, 1e18, 1e300])
def test_a_current_may_stop_never(sim: Any, stop: float) -> None:
    """A stop beyond all steps is no overflow: the current acts."""
    sim.setup(timestep=0.1)
    cell = sim.Population(1, sim.IF_curr_exp(v_thresh=0.0))
    sim.DCSource(amplitude=1.0, stop=stop).inject_into(cell)
    cell.record("v")
    sim.run(20.0)
    v = np.asarray(cell.get_data().segments[0].analogsignals[0].magnitude)[-1, 0]
    assert v == pytest.approx(-65.0 + 20.0 * (1 - np.exp(-1.0)), abs=1e-9)


@pytest.mark.parametrize("delay", [1e6, 1e9, 1e300])
def test_a_delay_that_is_too_long(sim: Any, delay: float) -> None:
    """It is refused, with the limit, and never stored as a negative number."""
    sim.setup(timestep=0.1)
    cell = sim.Population(1, sim.IF_curr_exp())
    synapse = sim.StaticSynapse(weight=0.1, delay=delay)
    with pytest.raises(errors.ConnectionError, match=r"too long.*steps"):
        sim.Projection(cell, cell, sim.AllToAllConnector(), synapse)


def test_a_factor_below_one_is_refused_before_the_run(sim: Any) -> None:
    """Not when the report is made, after the work; the report's own says the same."""
    with pytest.raises(InvalidValueError) as early:
        sim.setup(time_scale_factor=0.5)
    assert "time_scale_factor is not a slow-down" in str(early.value)
    assert "a finite number >= 1" in str(early.value)
    sim.setup()
    with pytest.raises(InvalidValueError) as late:
        sim.energy_report(time_scale_factor=0.5)
    assert str(late.value).replace("energy_report()", "setup()") == str(early.value)


ROUNDED = {
    "parameter rounded": "sim.Population(1, sim.IF_curr_exp(tau_refrac=1.55))",
    "current time rounded": "sim.DCSource(start=1.44, stop=2.0)",
    "current value dropped": "sim.StepCurrentSource(times=[1.0, 1.0], amplitudes=[0.1, 0.2])",
}


@pytest.mark.parametrize("kind", ROUNDED)
def test_rounding_is_a_row_and_a_warning(sim: Any, kind: str) -> None:
    """Refractory periods and times of currents act in whole steps."""
    sim.setup(timestep=0.1)
    with pytest.warns(FidelityWarning):
        exec(ROUNDED[kind], {"sim": sim})
    rows = sim.energy_report().to_dict()["fidelity"]
    assert [row["kind"] for row in rows] == [kind]


#: Connectors, where from and to, and the words of the row.
CHOSEN_AGAIN = {
    "FixedNumberPreConnector(10)": ("p, q", "n = 10.*available .4."),
    "FixedNumberPostConnector(4, with_replacement=False)": ("p, q", "n = 4.*available .3."),
    "FixedNumberPreConnector(4, allow_self_connections=False)": ("p, p", "n = 4.*available .3."),
    "FixedNumberPostConnector(2, 'NoMutual')": ("p, p", "Post.*not honour.*NoMutual"),
    "FixedTotalNumberConnector(9, with_replacement=False)": ("p, q", "with_replacement=False"),
    "FixedTotalNumberConnector(9, False)": ("p, p", "allow_self_connections=False"),
}


@pytest.mark.parametrize("connector", CHOSEN_AGAIN)
def test_connections_that_seem_forbidden_are_reported(sim: Any, connector: str) -> None:
    """PyNN makes them, with and without a word, so models that do it have the same network here."""
    groups, words = CHOSEN_AGAIN[connector]
    sim.setup(timestep=0.1)
    p = sim.Population(4, sim.IF_curr_exp())
    q = sim.Population(3, sim.IF_curr_exp())
    names = {"sim": sim, "p": p, "q": q}
    with pytest.warns(FidelityWarning, match=words):
        exec(f"sim.Projection({groups}, sim.{connector})", names)
    (row,) = sim.energy_report().to_dict()["fidelity"]
    assert row["kind"] in ("cells chosen again", "argument of a connector")


@pytest.mark.parametrize(
    "connector",
    [
        "FixedNumberPreConnector(4)",
        "FixedNumberPreConnector(10, with_replacement=True)",
        "FixedNumberPostConnector(3, allow_self_connections=False)",
        "FixedTotalNumberConnector(30)",
        "FixedTotalNumberConnector(9, allow_self_connections=False)",
    ],
)
def test_connections_that_were_asked_for_are_not(sim: Any, connector: str) -> None:
    """No warning, which would be an error here, and no row."""
    sim.setup(timestep=0.1)
    p = sim.Population(4, sim.IF_curr_exp())
    q = sim.Population(3, sim.IF_curr_exp())
    sim.Projection(p, q, eval(f"sim.{connector}", {"sim": sim}))
    assert sim.energy_report().to_dict()["fidelity"] == []


def test_a_spike_at_zero_after_an_empty_run(sim: Any) -> None:
    """run(0) has emitted the spikes of time 0; a later one there is lost, and said to be."""
    sim.setup(timestep=0.1)
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[]))
    sim.run(0.0)
    with pytest.warns(FidelityWarning, match="have no effect"):
        source.set(spike_times=[0.0])


def test_nature_names_what_its_defaults_leave_out(sim: Any) -> None:
    """Nobody gave PUE 1 and loss 0, and the text does not say so."""
    sim.setup(timestep=0.1)
    sim.Population(1, sim.IF_curr_exp())
    sim.run(1.0)
    text = str(sim.energy_report().nature(country="DEU"))
    assert "given by the user" not in text
    assert "overhead of a data centre not included" in text
    assert "transmission and distribution not included" in text


def test_rows_that_merge_agree_with_themselves(sim: Any) -> None:
    """Three delays, then two more: one row of five, named as the report names the projection."""
    sim.setup(timestep=0.1)
    a = sim.Population(3, sim.IF_curr_exp(), label="a")
    synapse = sim.StaticSynapse(weight=0.1, delay=0.23)
    with pytest.warns(FidelityWarning, match="3 delays were rounded"):
        projection = sim.Projection(a, a, sim.OneToOneConnector(), synapse)
    projection.set(delay=[0.23, 0.34, 0.5])
    report = sim.energy_report()
    (row,) = report.to_dict()["fidelity"]
    assert row["count"] == 5
    assert row["message"].startswith("5 delays were rounded")
    assert any(repr(label) in row["where"] for label in report.projections)


def test_a_board_may_be_a_file(sim: Any, tmp_path: Any) -> None:
    """setup() and the report take a profile's path as the command line does, wherever it is run."""
    own = tmp_path / "mine.toml"
    text = board_files()["spinnaker1_spinn5"].read_text(encoding="utf-8")
    text = text.replace('"spinnaker1_spinn5"', '"mine"', 1).replace("value = 23.05", "value = 46.1")
    own.write_text(text, encoding="utf-8")
    with pytest.warns(FidelityWarning, match="exact float64"):
        sim.setup(timestep=1.0, board=str(own))
    sim.Population(1, sim.IF_curr_exp(tau_refrac=1.0))
    sim.run(1000.0)
    assert sim.energy_report().static_j == pytest.approx(46.1)


def test_many_equal_labels() -> None:
    """Numbering stays distinct, also beside a label that looks like a number."""
    labels = unique_labels(["a"] * 2000 + ["a#2", "a"])
    assert len(set(labels)) == 2002
    assert labels[:3] == ["a", "a#2", "a#3"]
