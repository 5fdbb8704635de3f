"""The catalogue of bad inputs: each raises a clear error before work is lost.

A row is (id, code, exception, words). The code runs after ``sim.setup(0.1)``
with a population ``p`` of four cells and another, ``q``; all words must occur in
the message. After the error the session must still work.
"""

# ruff: noqa: E501 - a row of the catalogue is a line

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from pyNN import errors

from pynn_greenmorph.errors import (
    FidelityWarning,
    InvalidValueError,
    LifecycleError,
    UnknownNameError,
)

NAN, INF = float("nan"), float("inf")
PARAMETER = errors.InvalidParameterValueError
SYNAPSE = "sim.Projection(p, q, sim.AllToAllConnector(), sim.StaticSynapse({}))"
LIST = "sim.Projection(p, q, sim.FromListConnector({}), sim.StaticSynapse())"

ROWS: list[tuple[str, str, type[BaseException], list[str]]] = [
    # setup
    ("dt negative", "sim.setup(timestep=-0.1)", ValueError, ["timestep", "positive", "-0.1"]),
    ("dt zero", "sim.setup(timestep=0)", ValueError, ["timestep", "positive"]),
    ("dt nan", "sim.setup(timestep=NAN)", ValueError, ["timestep", "finite"]),
    ("dt text", "sim.setup(timestep='0.1')", TypeError, ["timestep", "number"]),
    ("delays swapped", "sim.setup(min_delay=5.0, max_delay=1.0)", InvalidValueError, ["min_delay", "max_delay"]),
    ("min_delay below dt", "sim.setup(timestep=1.0, min_delay=0.1)", InvalidValueError, ["min_delay", "timestep"]),
    ("typo in setup", "sim.setup(timestp=1.0)", UnknownNameError, ["timestp", "timestep"]),
    ("dt for timestep", "sim.setup(dt=1.0)", UnknownNameError, ["dt", "timestep"]),
    ("unknown board", "sim.setup(board='spinaker')", UnknownNameError, ["spinaker", "spinnaker"]),
    ("threads zero", "sim.setup(threads=0)", InvalidValueError, ["threads", "positive"]),
    ("threads text", "sim.setup(threads='many')", InvalidValueError, ["threads", "many"]),
    ("unknown precision", "sim.setup(precision='exakt')", UnknownNameError, ["exakt", "exact"]),
    ("two seeds", "sim.setup(seed=1, rng_seed=2)", InvalidValueError, ["seed", "rng_seed=2"]),
    ("seed negative", "sim.setup(seed=-1)", InvalidValueError, ["seed", "-1"]),
    # cells and their parameters
    ("unknown cell", "sim.IF_curr_expo()", AttributeError, ["IF_curr_expo", "IF_curr_exp"]),
    ("cell of PyNN not here", "sim.HH_cond_exp()", AttributeError, ["HH_cond_exp", "IF_cond_exp"]),
    ("unknown parameter", "sim.IF_curr_exp(tau_mem=2.0)", errors.NonExistentParameterError, ["tau_mem", "tau_m"]),
    ("set unknown", "p.set(tau_mem=2.0)", errors.NonExistentParameterError, ["tau_mem"]),
    ("get unknown", "p.get('tau_mem')", errors.NonExistentParameterError, ["tau_mem"]),
    ("text parameter", "sim.Population(2, sim.IF_curr_exp(tau_m='twenty'))", PARAMETER, ["tau_m", "str"]),
    ("none parameter", "sim.Population(2, sim.IF_curr_exp(tau_m=None))", PARAMETER, ["tau_m", "number"]),
    ("nan parameter", "sim.Population(2, sim.IF_curr_exp(tau_m=NAN))", PARAMETER, ["tau_m", "finite"]),
    ("inf parameter", "sim.Population(2, sim.IF_curr_exp(cm=INF))", PARAMETER, ["cm", "finite"]),
    ("negative tau", "sim.Population(2, sim.IF_curr_exp(tau_m=-20))", PARAMETER, ["tau_m", "greater than 0", "-20"]),
    ("set zero cm", "p.set(cm=0.0)", PARAMETER, ["cm", "greater than 0"]),
    ("negative refractory", "p.set(tau_refrac=-1.0)", PARAMETER, ["tau_refrac", "negative"]),
    ("reset above threshold", "p.set(v_reset=-40.0)", PARAMETER, ["v_reset", "v_thresh"]),
    ("short array", "sim.Population(10, sim.IF_curr_exp(tau_m=np.ones(3)))", errors.InvalidDimensionsError, ["tau_m", "3"]),
    ("negative rate", "sim.Population(2, sim.SpikeSourcePoisson(rate=-1))", PARAMETER, ["rate", "negative"]),
    ("unsorted times", "sim.Population(1, sim.SpikeSourceArray(spike_times=[2., 1.]))", PARAMETER, ["increasing"]),
    ("negative time", "sim.Population(1, sim.SpikeSourceArray(spike_times=[-2.]))", PARAMETER, ["spike time", "negative"]),
    ("nan time", "sim.Population(1, sim.SpikeSourceArray(spike_times=[NAN]))", PARAMETER, ["spike time", "finite"]),
    ("initialize unknown", "p.initialize(foo=1.0)", PARAMETER, ["foo", "isyn_exc"]),
    ("initialize nan", "p.initialize(v=NAN)", PARAMETER, ["v", "finite"]),
    ("no cells", "sim.Population(0, sim.IF_curr_exp())", ValueError, ["size", "positive"]),
    ("half a cell", "sim.Population(2.5, sim.IF_curr_exp())", ValueError, ["size", "2.5"]),
    ("cell type by name", "sim.Population(2, 'IF_curr_exp')", TypeError, ["cell type", "IF_curr_exp"]),
    ("mask too short", "p[np.array([True, False])]", IndexError, ["mask", "4"]),
    # recording
    ("record unknown", "p.record('w')", errors.RecordingError, ["'w'", "isyn_exc"]),
    ("record v of a source", "s.record('v')", errors.RecordingError, ["'v'", "spikes"]),
    ("interval off the grid", "p.record('v', sampling_interval=0.25)", ValueError, ["sampling", "multiple"]),
    ("interval negative", "p.record('v', sampling_interval=-1.0)", ValueError, ["sampling", "positive"]),
    ("not recorded", "p.get_data('isyn_exc')", errors.RecordingError, ["isyn_exc", "record"]),
    # connections
    ("nan weight", SYNAPSE.format("weight=NAN, delay=1.0"), errors.ConnectionError, ["weight", "finite"]),
    ("nan delay", SYNAPSE.format("weight=1.0, delay=NAN"), errors.ConnectionError, ["delay", "finite"]),
    ("delay below the step", SYNAPSE.format("weight=1.0, delay=0.04"), errors.ConnectionError, ["delay", "0.1 ms", "0.04"]),
    ("delay negative", SYNAPSE.format("weight=1.0, delay=-1.0"), errors.ConnectionError, ["delay", "positive"]),
    ("wrong sign", SYNAPSE.format("weight=1.0, delay=1.0").replace("))", "), receptor_type='inhibitory')"), errors.ConnectionError, ["negative"]),
    ("array of another shape", SYNAPSE.format("weight=np.ones((3, 3)), delay=1.0"), errors.InvalidDimensionsError, ["weight", "(4, 4)"]),
    ("unknown receptor", SYNAPSE.format("weight=1.0, delay=1.0").replace("))", "), receptor_type='exitatory')"), errors.ConnectionError, ["exitatory", "excitatory"]),
    ("onto a source", "sim.Projection(p, s, sim.AllToAllConnector())", errors.ConnectionError, ["spike source"]),
    ("list pre", LIST.format("[(7, 0, 0.1, 1.0)]"), errors.ConnectionError, ["pre", "range", "7"]),
    ("list post", LIST.format("[(0, 9, 0.1, 1.0)]"), errors.ConnectionError, ["post", "range", "9"]),
    ("list negative", LIST.format("[(-1, 0, 0.1, 1.0)]"), errors.ConnectionError, ["pre", "-1"]),
    ("list fraction", LIST.format("[(0.5, 0, 0.1, 1.0)]"), errors.ConnectionError, ["integer", "0.5"]),
    ("probability 1.5", "sim.FixedProbabilityConnector(1.5)", ValueError, ["p_connect", "between 0 and 1"]),
    ("probability -1", "sim.FixedProbabilityConnector(-1)", ValueError, ["p_connect", "-1"]),
    ("negative number", "sim.FixedNumberPreConnector(-1)", ValueError, ["negative", "-1"]),
    ("bad expression", "sim.DistanceDependentProbabilityConnector('exp(-d')", ValueError, ["exp(-d"]),
    ("set unknown attribute", "pr.set(tau=1.0)", errors.NonExistentParameterError, ["tau", "weight"]),
    ("set nan", "pr.set(weight=NAN)", errors.ConnectionError, ["weight", "finite"]),
    # running
    ("run back", "sim.run(-10.0)", ValueError, ["past", "negative"]),
    ("run nan", "sim.run(NAN)", ValueError, ["time", "finite"]),
    ("run text", "sim.run('100')", TypeError, ["time", "number"]),
    ("callback without a time", "sim.run(5.0, callbacks=[lambda t: None])", LifecycleError, ["callback", "next time"]),
    ("callback that stays", "sim.run(5.0, callbacks=[lambda t: t])", LifecycleError, ["callback", "later time"]),
    # currents
    ("step times", "sim.StepCurrentSource(times=[2., 1.], amplitudes=[1., 1.])", ValueError, ["increasing"]),
    ("step lengths", "sim.StepCurrentSource(times=[1., 2.], amplitudes=[1.])", ValueError, ["length"]),
    ("nan current", "sim.DCSource(amplitude=NAN)", ValueError, ["amplitude", "finite"]),
    ("stop before start", "sim.DCSource(start=9.0, stop=5.0)", ValueError, ["start", "stop"]),
    ("inject into a source", "sim.DCSource().inject_into(s)", TypeError, ["inject"]),
    # report
    ("unknown boundary", "sim.energy_report(boundary='box')", ValueError, ["box", "board_dc"]),
    ("unknown board in report", "sim.energy_report(board='lohi')", UnknownNameError, ["lohi", "ideal"]),
    ("pue in watts", "sim.run(1.0); sim.energy_report().nature(country='DEU', pue=158)", ValueError, ["pue"]),
    ("unknown country", "sim.run(1.0); sim.energy_report().nature(country='Atlantis')", ValueError, ["Atlantis"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "kind", "words"), [row[1:] for row in ROWS], ids=[r[0] for r in ROWS]
)
def test_bad_input(sim: Any, code: str, kind: type[BaseException], words: list[str]) -> None:
    """The right exception, all words, and a session that goes on."""
    sim.setup(timestep=0.1)
    p = sim.Population(4, sim.IF_curr_exp(i_offset=1.0), label="p")
    q = sim.Population(4, sim.IF_curr_exp(), label="q")
    s = sim.Population(4, sim.SpikeSourceArray(spike_times=[1.0]), label="s")
    pr = sim.Projection(s, q, sim.OneToOneConnector(), sim.StaticSynapse(weight=0.1, delay=1.0))
    p.record("spikes")
    names = {"sim": sim, "p": p, "q": q, "s": s, "pr": pr, "np": np, "NAN": NAN, "INF": INF}
    with pytest.raises(kind) as caught:
        exec(code, names)
    for word in words:
        assert re.search(re.escape(word), str(caught.value), re.IGNORECASE), str(caught.value)
    sim.run_until(30.0)
    assert p.get_spike_counts() == dict.fromkeys(p.all_cells, 1)


@pytest.mark.parametrize(
    "code", ["sim.run(1.0)", "sim.Population(1, sim.IF_curr_exp())", "sim.reset()"]
)
def test_before_setup_and_after_end(sim: Any, code: str) -> None:
    """Each says that setup() must come first."""
    state = sim.simulator.state
    state.clear()
    with pytest.raises(LifecycleError, match=r"before setup\(\)"):
        exec(code, {"sim": sim})
    sim.setup()
    sim.end()
    sim.end()
    with pytest.raises(LifecycleError, match=r"after end\(\)"):
        exec(code, {"sim": sim})


def test_objects_of_an_earlier_setup(sim: Any) -> None:
    """setup() destroys the network; what is left of it says so."""
    sim.setup()
    old = sim.Population(2, sim.IF_curr_exp())
    sim.setup()
    new = sim.Population(2, sim.IF_curr_exp())
    for action in (
        lambda: old.set(tau_m=10.0),
        lambda: old.record("v"),
        lambda: old.initialize(v=-60.0),
        old.get_data,
        lambda: sim.Projection(old, new, sim.OneToOneConnector()),
    ):
        with pytest.raises(LifecycleError, match=r"setup\(\)"):
            action()


def test_an_error_in_a_callback_keeps_the_data(sim: Any) -> None:
    """The script's own exception comes through, and what ran is there."""
    sim.setup(timestep=0.1)
    p = sim.Population(1, sim.IF_curr_exp())
    p.record("v")

    def callback(t: float) -> float:
        if t >= 5.0:
            raise KeyError("my own error")
        return t + 1.0

    with pytest.raises(KeyError, match="my own error"):
        sim.run(20.0, callbacks=[callback])
    assert p.get_data().segments[0].analogsignals[0].shape == (51, 1)


DEVIATIONS = [
    ("delay rounded", "sim.Projection(s, p, sim.OneToOneConnector(), sim.StaticSynapse(weight=1.0, delay=0.23))"),
    ("spike time rounded", "sim.Population(1, sim.SpikeSourceArray(spike_times=[1.03, 2.0]))"),
    ("run time rounded", "sim.run(0.33)"),
    ("unequal sizes", "sim.Projection(s, sim.Population(5, sim.IF_curr_exp()), sim.OneToOneConnector(), sim.StaticSynapse(weight=1.0, delay=1.0))"),
    ("spike time in the past", "sim.run(5.0); s.set(spike_times=[2.0, 9.0])"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "code"), DEVIATIONS, ids=[row[0] for row in DEVIATIONS])
def test_deviations_are_reported_once(sim: Any, kind: str, code: str) -> None:
    """One warning per kind, and a row in the report."""
    sim.setup(timestep=0.1)
    p = sim.Population(2, sim.IF_curr_exp())
    s = sim.Population(2, sim.SpikeSourceArray(spike_times=[1.0]))
    names = {"sim": sim, "p": p, "s": s}
    with pytest.warns(FidelityWarning) as caught:
        exec(code, names)
    assert len(caught) == 1
    rows = [row for row in sim.energy_report().to_dict()["fidelity"] if row["kind"] == kind]
    assert len(rows) == 1
    assert rows[0]["count"] >= 1


def test_what_setup_cannot_honour_is_reported(sim: Any) -> None:
    """Off-grid spikes, a board's arithmetic and arguments of other backends."""
    with pytest.warns(FidelityWarning) as caught:
        sim.setup(board="spinnaker", spike_precision="off_grid", use_cvode=True, threads=2)
    messages = " | ".join(str(warning.message) for warning in caught)
    assert "off_grid" in messages
    assert "exact float64" in messages
    kinds = [row["kind"] for row in sim.energy_report().to_dict()["fidelity"]]
    assert sorted(kinds) == ["board arithmetic", "not honoured", "not honoured", "threads"]
