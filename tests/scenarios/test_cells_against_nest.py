"""Every cell type beside real NEST on the grid, state by state, sample by sample.

These tests need ``nest-simulator`` and run with ``pytest --peers``.

Tolerance: cells on Runge-Kutta steps and Izhikevich's show no difference at
all. The linear cells' potentials are compared at 1e-12 mV; 7.2e-15 mV was seen.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from pynn_greenmorph.errors import FidelityWarning, SimulationError
from tests import cell_types
from tests.cell_types import DRIVES, Traces, driven, network, repaired, signals_of
from tests.models import steps_of

pytestmark = pytest.mark.peer

TOLERANCE = 1e-12


def simulators() -> tuple[Any, Any]:
    import pyNN.greenmorph as greenmorph
    import pyNN.nest as nest

    return repaired(nest), greenmorph


def run_both(model: Any, *arguments: Any) -> tuple[Any, Any]:
    nest, greenmorph = simulators()
    theirs = model(nest, *arguments)
    nest.end()
    ours = model(greenmorph, *arguments)
    greenmorph.end()
    return theirs, ours


def compare(theirs: Traces, ours: Traces) -> None:
    assert ours.spikes == theirs.spikes
    assert ours.signals.keys() == theirs.signals.keys()
    for name, values in theirs.signals.items():
        assert ours.signals[name].shape == values.shape
        assert np.abs(ours.signals[name] - values).max() < TOLERANCE, name


@pytest.mark.filterwarnings("ignore:.*rounded:pynn_greenmorph.errors.FidelityWarning")
@pytest.mark.parametrize("name", DRIVES)
def test_driven_cells(name: str) -> None:
    """All recordable states at all samples."""
    theirs, ours = run_both(driven, name)
    assert sum(map(len, theirs.spikes)) > 50
    compare(theirs, ours)


def test_gates_of_hodgkin_and_huxley() -> None:
    """m, h and n can be recorded, beyond what PyNN lists; they are NEST's."""
    nest, _ = simulators()
    nest.HH_cond_exp.recordable = ["spikes", "v", "gsyn_exc", "gsyn_inh", "m", "h", "n"]
    compare(*run_both(driven, "HH_cond_exp", 300.0, ["spikes", "m", "h", "n"]))


@pytest.mark.parametrize("name", ["EIF_cond_exp_isfa_ista", "EIF_cond_alpha_isfa_ista"])
def test_several_spikes_in_one_step(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a refractory period an adaptive exponential cell may fire twice in a time step."""
    drive = DRIVES[name]
    parameters = {**drive.parameters, "tau_refrac": 0.0, "b": 0.0, "v_reset": -52.0}
    busy = dataclasses.replace(drive, parameters=parameters, amplitude=20.0)
    monkeypatch.setitem(cell_types.DRIVES, name, busy)
    theirs, ours = run_both(driven, name)
    assert any(len(train) > len(set(train)) for train in theirs.spikes)
    compare(theirs, ours)


@pytest.mark.parametrize("delta_t", [0.2, 0.1, 0.05])
def test_a_steep_exponential(delta_t: float) -> None:
    """Sub-steps shrink until the time would stand still; at 0.05 mV both simulators give up."""

    def steep(sim: Any) -> Traces:
        sim.setup(timestep=0.1, min_delay=0.1, spike_precision="on_grid")
        cell_type = sim.EIF_cond_exp_isfa_ista(
            delta_T=delta_t, i_offset=[1.0, 1.7], tau_refrac=[0.1, 0.0]
        )
        cells = sim.Population(2, cell_type)
        cells.record(["spikes", "v", "w"])
        sim.run(100.0)
        return Traces(steps_of(cells), signals_of(cells))

    if delta_t > 0.05:
        theirs, ours = run_both(steep)
        assert min(map(len, theirs.spikes)) > 5
        compare(theirs, ours)
        return
    nest, greenmorph = simulators()
    with pytest.raises(Exception, match="numerical instability"):
        steep(nest)
    nest.end()
    with pytest.raises(SimulationError, match="of cell 1 became nan"):
        steep(greenmorph)
    greenmorph.end()


@pytest.mark.parametrize("name", DRIVES)
def test_networks(name: str) -> None:
    """300 cells, weights and delays drawn: every spike of every cell, on two threads."""
    nest, greenmorph = simulators()
    theirs = network(nest, name)
    nest.end()
    with pytest.warns(FidelityWarning, match="rounded"):
        ours = network(greenmorph, name, 2)
    greenmorph.end()
    assert sum(map(len, theirs)) > 1000
    assert ours == theirs
