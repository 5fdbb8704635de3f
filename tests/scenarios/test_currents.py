"""Injected currents: what acts when, on which cells, and what is recorded."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from tests.models import potentials

DT = 0.1


def recorded(source: Any) -> np.ndarray:
    return np.asarray(source.get_data().magnitude).ravel()


def response(current_na: np.ndarray, tau: float = 20.0, cm: float = 1.0) -> np.ndarray:
    """V of a cell at rest at -65 mV whose step k gets value k - 1, by the exact propagator."""
    decay = math.exp(-DT / tau)
    v = np.zeros(len(current_na))
    for k in range(1, len(v)):
        v[k] = v[k - 1] * decay + tau / cm * (1 - decay) * current_na[k - 1]
    return v - 65.0


def quiet(sim: Any, n: int = 1) -> Any:
    cells = sim.Population(n, sim.IF_curr_exp(v_thresh=1e6))
    cells.record("v")
    return cells


def test_a_sine_is_the_formula(sim: Any) -> None:
    """PyNN's: offset + amplitude sin(2 pi f (t - start) + phase) in [start, stop), else 0."""
    sim.setup(timestep=DT)
    cells = quiet(sim)
    source = sim.ACSource(
        start=10.0, stop=80.0, amplitude=0.8, offset=0.3, frequency=40.0, phase=30.0
    )
    source.inject_into(cells)
    source.record()
    sim.run(100.0)
    t = np.arange(1001) * DT
    on = (t > 9.99) & (t < 79.99)
    wave = 0.3 + 0.8 * np.sin(2 * np.pi * 0.04 * (t - 10.0) + np.pi / 6)
    # Tolerances: the angle is at most 18, known to 4e-15; 1 000 steps of rounding at 65 mV.
    assert np.abs(recorded(source) - np.where(on, wave, 0.0)).max() < 1e-14
    assert np.abs(potentials(cells)[:, 0] - response(np.where(on, wave, 0.0))).max() < 1e-12
    assert recorded(source)[100] == pytest.approx(0.7, abs=1e-15)


def drive(sim: Any, slices: list[float], threads: int) -> tuple[Any, ...]:
    """Currents of all kinds into two populations; what they gave."""
    sim.setup(timestep=DT, seed=7, threads=threads)
    one = sim.Population(1100, sim.IF_curr_exp(v_thresh=-55.0))
    two = sim.Population(700, sim.IF_curr_exp(tau_m=11.0, v_thresh=-57.0))
    noise = sim.NoisyCurrentSource(mean=0.4, stdev=1.5, start=1.0, stop=25.0, dt=0.3)
    sine = sim.ACSource(amplitude=0.5, offset=0.2, frequency=90.0, start=2.0)
    step = sim.StepCurrentSource(times=[3.0, 9.0, 15.0], amplitudes=[0.5, -0.2, 0.3])
    noise.inject_into(one + two)
    sine.inject_into(one[300:900])
    step.inject_into(two[::3])
    sine.inject_into(two[5:400])
    sources = [noise, sine, step]
    for source in sources:
        source.record()
    two.record(["v", "spikes"])
    one.record("spikes")
    for piece in slices:
        sim.run(piece)
    spikes = [cells.get_spike_counts() for cells in (one, two)]
    return potentials(two).tobytes(), spikes, [recorded(source).tobytes() for source in sources]


def test_currents_have_the_same_bits_for_threads_and_slices(sim: Any) -> None:
    """Also where a slice ends within an interval of noise."""
    expected = drive(sim, [30.0], 1)
    assert sum(expected[1][0].values()) > 100
    assert drive(sim, [0.1, 7.7, 0.2, 10.0, *[0.1] * 20, 10.0], 1) == expected
    assert drive(sim, [11.1, 18.9], 3) == expected


def test_noise_is_normal_and_held(sim: Any) -> None:
    """Kolmogorov and Smirnov's test at level 0.001 against the normal distribution.

    20 000 values of a fixed seed; so the test cannot fail by chance again once it passed.
    """
    sim.setup(timestep=DT, seed=11)
    source = sim.NoisyCurrentSource(mean=0.3, stdev=0.2, dt=0.5, start=10.0, stop=10010.0)
    source.record()
    sim.run(10020.0)
    current = recorded(source)
    assert not current[:100].any()
    assert not current[100100:].any()
    held = current[100:100100].reshape(20000, 5)
    assert (held == held[:, :1]).all()
    values = (held[:, 0] - 0.3) / 0.2
    assert stats.kstest(values, "norm").pvalue > 0.001
    # Standard deviation of a correlation of n independent pairs: 1 / sqrt(n); five of them.
    assert abs(np.corrcoef(values[:-1], values[1:])[0, 1]) < 5 / math.sqrt(20000)


def test_recorded_noise_is_what_all_targets_receive(sim: Any) -> None:
    """On NEST each target has noise of its own, and the recorded one is yet another."""
    sim.setup(timestep=DT)
    cells = quiet(sim, 3)
    source = sim.NoisyCurrentSource(mean=0.1, stdev=0.5, start=2.0, stop=40.0)
    source.inject_into(cells)
    source.record()
    sim.run(50.0)
    v = potentials(cells)
    assert (v == v[:, :1]).all()
    assert np.abs(v[:, 0] - response(recorded(source))).max() < 1e-12
    assert len(np.unique(recorded(source)[20:400])) == 380


def test_noise_by_seed_trial_and_source(sim: Any) -> None:
    """Equal seeds give equal noise; another seed, trial or source other noise."""

    def noise(seed: int) -> list[bytes]:
        sim.setup(timestep=DT, seed=seed)
        sources = [sim.NoisyCurrentSource(stdev=1.0) for _ in range(2)]
        for source in sources:
            source.record()
        sim.run(10.0)
        first = [recorded(source).tobytes() for source in sources]
        sim.reset()
        sim.run(10.0)
        return first + [recorded(source).tobytes() for source in sources]

    assert noise(1) == noise(1)
    assert len({*noise(1), *noise(2)}) == 8


def test_a_noise_source_without_dt_draws_in_every_step(sim: Any) -> None:
    """PyNN's documentation: "If not specified, the simulation time step will be used"."""
    sim.setup(timestep=0.5)
    source = sim.NoisyCurrentSource(stdev=1.0)
    source.record()
    sim.run(20.0)
    assert source.get_parameters()["dt"] == 0.5
    assert len(set(recorded(source))) == 41


def test_targets_of_every_kind(sim: Any) -> None:
    """Population, view, view of a view, assembly, one cell, list of cells, pop.inject()."""
    sim.setup(timestep=DT)
    a, b = quiet(sim, 4), quiet(sim, 3)
    targets = [a, a[1:], a[1:][1:], a[0:1] + b, b[2], [a[3], b[0]], (b[1],)]
    for power, target in enumerate(targets):
        sim.DCSource(amplitude=2.0**power).inject_into(target)
    a.inject(sim.DCSource(amplitude=256.0))
    b[0].inject(sim.DCSource(amplitude=512.0))
    sim.run(DT)
    total = [1 + 8, 1 + 2, 1 + 2 + 4, 1 + 2 + 4 + 32, 8 + 32, 8 + 64, 8 + 16]
    total = [one + (256 if i < 4 else 512 if i == 4 else 0) for i, one in enumerate(total)]
    v = np.append(potentials(a)[1], potentials(b)[1])
    each = 20.0 * (1 - math.exp(-DT / 20.0))
    # Tolerance: rounding of potentials up to 65 + 82 mV, 2.8e-14 mV.
    assert np.abs(v + 65.0 - each * np.array(total)).max() < 1e-13


@pytest.mark.parametrize("target", [[3], 3, None, ["cell"], np.arange(2), object()])
def test_a_target_without_cells_is_refused(sim: Any, target: Any) -> None:
    """The message says what a target may be."""
    sim.setup()
    with pytest.raises(TypeError, match=r"not made of cells.*Allowed: a Population.*population\["):
        sim.DCSource().inject_into(target)


def test_a_source_is_refused_by_name(sim: Any) -> None:
    """PyNN's message, and which population it was; nothing was injected into the others."""
    sim.setup(timestep=DT)
    cells = quiet(sim)
    noise = sim.Population(2, sim.SpikeSourcePoisson(), label="noise")
    source = sim.ACSource(offset=1.0)
    with pytest.raises(TypeError, match=r"Can't inject current into a spike source.*'noise'"):
        source.inject_into(cells + noise)
    sim.run(1.0)
    assert (potentials(cells) == -65.0).all()


def test_an_injection_twice_acts_twice(sim: Any) -> None:
    """As in NEST; NEURON leaves the second one out."""
    sim.setup(timestep=DT)
    cells = quiet(sim, 2)
    source = sim.ACSource(amplitude=0.0, offset=0.5)
    source.inject_into(cells)
    source.inject_into([cells[1]])
    sim.run(5.0)
    v = potentials(cells) + 65.0
    assert np.abs(v[:, 1] - 2 * v[:, 0]).max() < 1e-13


@pytest.mark.parametrize("change", ["attribute", "set_parameters"])
def test_parameters_changed_between_runs_act_at_once(sim: Any, change: str) -> None:
    """NEST lags by two minimum delays and a step; a sine goes on with its phase."""
    sim.setup(timestep=DT, min_delay=1.0)
    cells = quiet(sim)
    source = sim.ACSource(start=5.0, amplitude=0.5, frequency=20.0)
    source.inject_into(cells)
    source.record()
    sim.run(10.0)
    if change == "attribute":
        source.amplitude = 1.5
        source.offset = 0.25
    else:
        source.set_parameters(amplitude=1.5, offset=0.25)
    assert (source.amplitude, source.offset, source.frequency) == (1.5, 0.25, 20.0)
    sim.run(10.0)
    t = np.arange(201) * DT
    sine = np.sin(2 * np.pi * 0.02 * (t - 5.0))
    wave = np.select([t < 4.99, t < 9.99], [0 * t, 0.5 * sine], 0.25 + 1.5 * sine)
    assert np.abs(recorded(source) - wave).max() < 1e-14
    assert np.abs(potentials(cells)[:, 0] - response(wave)).max() < 1e-12


def test_what_was_changed_holds_from_the_beginning_of_the_next_trial(sim: Any) -> None:
    """Recorded and injected current agree after reset()."""
    sim.setup(timestep=DT)
    cells = quiet(sim)
    source = sim.DCSource(amplitude=0.5)
    source.inject_into(cells)
    source.record()
    sim.run(3.0)
    source.amplitude = 1.0
    sim.run(2.0)
    sim.reset()
    sim.run(5.0)
    assert recorded(source).tolist() == [1.0] * 51
    v = np.asarray(cells.get_data("v").segments[1].analogsignals[0].magnitude)
    assert np.abs(v[:, 0] - response(recorded(source))).max() < 1e-12


def test_an_injection_in_the_middle_of_a_run_acts_from_then_on(sim: Any) -> None:
    """The source itself was on before."""
    sim.setup(timestep=DT)
    cells = quiet(sim)
    source = sim.NoisyCurrentSource(mean=1.0, stdev=0.3)
    source.record()
    sim.run(5.0)
    source.inject_into(cells)
    sim.run(5.0)
    current = recorded(source)
    assert current[:50].any()
    current[:50] = 0.0
    assert np.abs(potentials(cells)[:, 0] - response(current)).max() < 1e-12


@pytest.mark.parametrize("value", [0.05, 0.0, -0.1, 0.25, math.nan, math.inf])
def test_noise_between_grid_points_is_refused(sim: Any, value: float) -> None:
    """PyNN: dt "must be a multiple of the simulation time step"."""
    sim.setup(timestep=DT)
    with pytest.raises(ValueError, match=r"dt is not.*multiple of the timestep \(0.1 ms\)"):
        sim.NoisyCurrentSource(dt=value)


@pytest.mark.parametrize(
    ("source", "parameters", "message"),
    [
        ("ACSource", {"amplitude": math.nan}, "amplitude"),
        ("ACSource", {"frequency": -1.0}, "frequency.*>= 0"),
        ("ACSource", {"phase": math.inf}, "phase"),
        ("ACSource", {"offset": math.nan}, "offset"),
        ("ACSource", {"start": 5.0, "stop": 4.0}, "stop is before start"),
        ("NoisyCurrentSource", {"stdev": -0.1}, "stdev.*>= 0"),
        ("NoisyCurrentSource", {"mean": math.nan}, "mean"),
        ("NoisyCurrentSource", {"start": -1.0}, "negative"),
    ],
)
def test_bad_parameters_of_sources(
    sim: Any, source: str, parameters: dict[str, float], message: str
) -> None:
    """Refused when made, with the name of the source; a set leaves the old value in place."""
    sim.setup(timestep=DT)
    with pytest.raises(ValueError, match=f"{source}.*{message}"):
        getattr(sim, source)(**parameters)
    made = getattr(sim, source)(start=1.0, stop=9.0)
    before = {name: getattr(made, name) for name in made.default_parameters}
    with pytest.raises(ValueError, match=message):
        made.set_parameters(**parameters)
    assert {name: getattr(made, name) for name in made.default_parameters} == before


def test_parameters_of_sources_may_be_what_pynn_takes(sim: Any) -> None:
    """Its sequences, ranges, and what was read from another source."""
    sim.setup(timestep=DT)
    steps = sim.StepCurrentSource(times=range(0, 30, 10), amplitudes=sim.Sequence([0.1, 0.2, 0.3]))
    steps.amplitudes = [0.5, 0.2, 0.3]
    # What is read has items and a length, as in PyNN.
    assert steps.times[1] == 10.0
    assert len(steps.amplitudes.evaluate()) == 3
    other = sim.StepCurrentSource(times=steps.times, amplitudes=[0.0, 0.0, 0.0])
    other.amplitudes = steps.amplitudes
    sine = sim.ACSource(amplitude=1.5, frequency=np.array(20.0))
    sine.amplitude = 2 * sine.amplitude
    for source in (steps, other, sine):
        source.record()
    sim.run(25.0)
    expected = np.repeat([0.5, 0.2, 0.3], [100, 100, 51])
    assert recorded(steps).tolist() == recorded(other).tolist() == expected.tolist()
    assert np.abs(recorded(sine)).max() == pytest.approx(3.0)


# What other backends get wrong. "Asked for" is PyNN's documentation.


@pytest.mark.parametrize("name", ["DCSource", "StepCurrentSource", "ACSource"])
def test_a_current_from_time_0_acts_in_the_first_step(sim: Any, name: str) -> None:
    """On NEST nothing acts before min_delay + dt: with 1 ms the first move is at 1.1."""
    sim.setup(timestep=DT, min_delay=1.0)
    cells = quiet(sim)
    parameters: dict[str, Any] = {
        "DCSource": {"amplitude": 1.0},
        "StepCurrentSource": {"times": [0.0], "amplitudes": [1.0]},
        "ACSource": {"amplitude": 0.0, "offset": 1.0},
    }[name]
    getattr(sim, name)(**parameters).inject_into(cells)
    sim.run(1.0)
    assert np.abs(potentials(cells)[:, 0] - response(np.ones(11))).max() < 1e-13


def test_a_start_off_the_grid_is_rounded_and_reported(sim: Any) -> None:
    """NEST raises BadProperty."""
    sim.setup(timestep=DT)
    with pytest.warns(UserWarning, match="off the grid and were rounded"):
        source = sim.ACSource(start=1.04, offset=1.0, amplitude=0.0)
    source.record()
    sim.run(2.0)
    assert recorded(source).tolist() == [0.0] * 10 + [1.0] * 11


def test_a_start_in_the_past_acts_now(sim: Any) -> None:
    """A pulse that is over does nothing."""
    sim.setup(timestep=DT)
    cells = quiet(sim, 2)
    sim.run(5.0)
    sim.DCSource(start=1.0, stop=7.0).inject_into(cells[0])
    sim.DCSource(start=1.0, stop=3.0).inject_into(cells[1])
    sim.run(5.0)
    current = np.zeros(101)
    current[50:70] = 1.0
    v = potentials(cells)
    assert np.abs(v[:, 0] - response(current)).max() < 1e-12
    assert (v[:, 1] == -65.0).all()
