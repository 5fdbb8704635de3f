"""Every cell type gives what real NEST gave, kept in ``nest_cells.json``; NEST is not needed.

Tolerances: spikes are compared exactly. States may differ by 1e-12 of their
unit, rounding errors of a few units in the last place of 100 mV; with NEST's
own mathematical library the difference is 0 for all cells on Runge-Kutta
steps. Near the peak of an adaptive exponential cell one unit in the last place
grows to 1e-6 mV, which is allowed there for libraries with another ``exp``.
"""

from __future__ import annotations

import json
import warnings

import numpy as np
import pyNN.greenmorph as sim
import pytest

from pynn_greenmorph.errors import FidelityWarning
from tests.cell_types import DRIVES, driven, network
from tests.golden.make_cell_reference import REFERENCE, cell_summary
from tests.golden.make_reference import summary
from tests.models import Result

EXPECTED = json.loads(REFERENCE.read_text(encoding="utf-8"))["cells"]


@pytest.mark.parametrize("name", DRIVES)
def test_driven_cells_are_those_of_nest(name: str) -> None:
    """Spikes and all recordable states, under irregular trains and a current pulse."""
    expected = EXPECTED[name]["driven"]
    assert expected["spikes"] > 50
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*rounded", category=FidelityWarning)
        found = cell_summary(driven(sim, name))
    sim.end()
    assert (found["spikes"], found["sha256"]) == (expected["spikes"], expected["sha256"])
    assert found["signals"].keys() == expected["signals"].keys()
    tolerance = 1e-6 if name.startswith("EIF") else 1e-12
    for variable, values in expected["signals"].items():
        difference = np.abs(np.array(found["signals"][variable]) - np.array(values))
        assert difference.max() <= tolerance, variable


@pytest.mark.parametrize("name", DRIVES)
def test_a_network_spikes_as_on_nest(name: str) -> None:
    """300 cells, weights and delays drawn: every spike is in the step in which NEST has it."""
    expected = EXPECTED[name]["network"]
    assert expected["spikes"] > 1000
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*rounded", category=FidelityWarning)
        spikes = network(sim, name)
    sim.end()
    assert summary(Result(spikes)) == expected
