"""Random spike sources: their statistics, windows, seeds, changes, and what is refused.

All seeds are fixed, so no test fails by chance once it has passed. Levels are
0.001; Kolmogorov and Smirnov's statistic is compared with its critical value
plus what stamps on the grid add: an interval between stamps differs from the
one between spikes by less than a step, which moves the distribution function
by at most its largest density times the step.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pyNN import errors
from scipy import stats

from tests.models import steps_of

DT = 0.1

#: Sources with a mean rate of 100 Hz, by name.
SOURCES: dict[str, dict[str, Any]] = {
    "SpikeSourcePoisson": {"rate": 100.0},
    "SpikeSourcePoissonRefractory": {"rate": 100.0, "tau_refrac": 3.0},
    "SpikeSourceGamma": {"alpha": 3.0, "beta": 300.0},
}

every_source = pytest.mark.parametrize("name", SOURCES)


def make(sim: Any, name: str, n: int, **parameters: Any) -> Any:
    cells = sim.Population(n, getattr(sim, name)(**{**SOURCES[name], **parameters}))
    cells.record("spikes")
    return cells


def intervals_ms(trains: list[list[int]], dt: float = DT) -> np.ndarray:
    return np.concatenate([np.diff(train) for train in trains]) * dt


def check_intervals(
    found_ms: np.ndarray, cdf: Callable[..., Any], largest_density: float, dt: float = DT
) -> None:
    """Kolmogorov and Smirnov's test of intervals between stamps (ms)."""
    critical = stats.kstwo.ppf(0.999, len(found_ms))
    assert stats.kstest(found_ms, cdf).statistic < critical + largest_density * dt


@every_source
def test_rate(sim: Any, name: str) -> None:
    """From the start on: in the first 10 ms as in all of 10 s.

    The bound is 3.3 standard deviations of the count of a Poisson train, which
    is the most irregular one.
    """
    sim.setup(timestep=DT, seed=3)
    cells = make(sim, name, 1000, start=5.0)
    sim.run(1005.0)
    steps = np.concatenate(steps_of(cells))
    assert abs(len(steps) - 100_000) < 3.3 * math.sqrt(100_000)
    early = int((steps <= 150).sum())
    assert abs(early - 1000) < 3.3 * math.sqrt(1000)
    assert steps.min() > 50


def test_intervals_of_poisson_trains(sim: Any) -> None:
    """Exponential with mean 10 ms."""
    sim.setup(timestep=DT, seed=1)
    cells = make(sim, "SpikeSourcePoisson", 20)
    sim.run(20_000.0)
    check_intervals(intervals_ms(steps_of(cells)), stats.expon(scale=10.0).cdf, 0.1)


@pytest.mark.parametrize("tau_refrac", [0.0, 0.1, 3.0, 9.5])
def test_intervals_with_dead_time(sim: Any, tau_refrac: float) -> None:
    """The dead time plus an exponential; the mean is 10 ms, dead time included."""
    sim.setup(timestep=DT, seed=2)
    cells = make(sim, "SpikeSourcePoissonRefractory", 20, tau_refrac=tau_refrac)
    sim.run(20_000.0)
    found = intervals_ms(steps_of(cells))
    free = 10.0 - tau_refrac
    assert found.min() > tau_refrac - 1e-9
    # The mean's own standard deviation is that of the exponential over sqrt(n).
    assert abs(found.mean() - 10.0) < 3.3 * free / math.sqrt(len(found)) + 1e-3
    # Between stamps the dead time is exact, and what follows is spread over a step.
    check_intervals(found, stats.expon(loc=tau_refrac, scale=free).cdf, 1 / free)


def test_dead_time_is_never_violated(sim: Any) -> None:
    """At the highest possible rate: 1/tau less one in a million; also off the grid."""
    sim.setup(timestep=DT, seed=2)
    cells = make(sim, "SpikeSourcePoissonRefractory", 50, tau_refrac=2.0, rate=499.9995)
    sim.run(2000.0)
    found = np.round(intervals_ms(steps_of(cells)) / DT)
    assert found.min() == 20
    assert np.mean(found == 20) > 0.9
    sim.setup(timestep=DT, seed=2)
    with pytest.warns(UserWarning, match="tau_refrac.*whole steps"):
        cells = make(sim, "SpikeSourcePoissonRefractory", 50, tau_refrac=2.03, rate=400.0)
    sim.run(2000.0)
    assert intervals_ms(steps_of(cells)).min() > 2.1 - 1e-9


@pytest.mark.parametrize("alpha", [0.4, 1.0, 2.0, 3.7, 30.0])
def test_intervals_of_gamma_trains(sim: Any, alpha: float) -> None:
    """Shape, mean 10 ms, and the coefficient of variation 1 / sqrt(alpha).

    The standard error of a coefficient of variation c of n intervals is below
    c sqrt((1 + 2 c^2) / n) for shapes of 1 and more (exactly, for normal ones,
    half of that); a margin of 5 of them also covers the shape of 0.4.
    """
    dt = 0.01
    sim.setup(timestep=dt, seed=4)
    cells = make(sim, "SpikeSourceGamma", 20, alpha=alpha, beta=100.0 * alpha)
    sim.run(5_000.0)
    found = intervals_ms(steps_of_grid(cells, dt), dt)
    law = stats.gamma(alpha, scale=10.0 / alpha)
    # Below a shape of 1 the density is unbounded at 0: the error is the first step's mass.
    step_mass = law.cdf(dt) if alpha < 1 else law.pdf(max(alpha - 1, 0) * 10.0 / alpha) * dt
    check_intervals(found, law.cdf, step_mass / dt, dt)
    c = 1 / math.sqrt(alpha)
    error = c * math.sqrt((1 + 2 * c * c) / len(found))
    assert abs(found.std() / found.mean() - c) < 5 * error
    assert abs(found.mean() - 10.0) < 3.3 * 10.0 * c / math.sqrt(len(found))


def steps_of_grid(cells: Any, dt: float) -> list[list[int]]:
    trains = cells.get_data("spikes").segments[0].spiketrains
    return [np.round(train.magnitude / dt).astype(int).tolist() for train in trains]


@every_source
def test_gamma_and_poisson_trains_begin_and_end_exactly(sim: Any, name: str) -> None:
    """Stamps from start + dt to start + duration, and both of them occur."""
    fast = {
        "SpikeSourcePoisson": {"rate": 2000.0},
        "SpikeSourcePoissonRefractory": {"rate": 2000.0, "tau_refrac": 0.0},
        "SpikeSourceGamma": {"beta": 6000.0},
    }
    sim.setup(timestep=DT, seed=5)
    cells = make(sim, name, 200, start=20.0, duration=30.0, **fast[name])
    sim.run(100.0)
    steps = np.concatenate(steps_of(cells))
    assert steps.min() == 201
    assert steps.max() == 500


@every_source
@pytest.mark.parametrize("zero", ["rate", "duration"])
def test_no_spikes_without_rate_or_duration(sim: Any, name: str, zero: str) -> None:
    """A rate of 0 Hz is allowed, and may become another one later."""
    if zero == "rate" and name == "SpikeSourceGamma":
        zero = "beta"
    sim.setup(timestep=DT)
    cells = make(sim, name, 20, **{zero: 0.0})
    sim.run(200.0)
    assert cells.mean_spike_count() == 0
    cells.set(**{zero: 400.0 if zero == "duration" else 200.0})
    sim.run(200.0)
    assert cells.mean_spike_count() > 10


@every_source
def test_a_new_rate_acts_at_once(sim: Any, name: str) -> None:
    """From 1 Hz to 500 Hz and back: each 20 ms have their rate from the first one on."""
    parameter = "beta" if name == "SpikeSourceGamma" else "rate"
    fast, slow = (1500.0, 3.0) if name == "SpikeSourceGamma" else (500.0, 1.0)
    sim.setup(timestep=DT, seed=6)
    extra = {"tau_refrac": 0.5} if name == "SpikeSourcePoissonRefractory" else {}
    cells = make(sim, name, 500, **{parameter: slow}, **extra)
    for rate in (slow, fast, slow):
        cells.set(**{parameter: rate})
        sim.run(20.0)
    steps = np.concatenate(steps_of(cells))
    counts = np.histogram(steps, bins=[0.5, 200.5, 400.5, 600.5])[0]
    # 10, 5000 and 10 expected; 3.3 standard deviations of a Poisson count.
    for count, expected in zip(counts, (10, 5000, 10), strict=True):
        assert abs(count - expected) < 3.3 * math.sqrt(expected)
    # The first 2 ms of the high rate: 500 expected.
    first = int(((steps > 200) & (steps <= 220)).sum())
    assert abs(first - 500) < 3.3 * math.sqrt(500)


@every_source
def test_trains_by_seed_trial_slices_and_threads(sim: Any, name: str) -> None:
    """The same for any slices and threads; other ones for another seed or trial."""

    def trains(seed: int, threads: int, slices: list[float]) -> list[list[list[int]]]:
        sim.setup(timestep=DT, seed=seed, threads=threads)
        cells = make(sim, name, 1100)
        for piece in slices:
            sim.run(piece)
        sim.reset()
        sim.run(30.0)
        first, second = cells.get_data("spikes").segments
        return [
            [np.round(t.magnitude / DT).tolist() for t in s.spiketrains] for s in (first, second)
        ]

    expected = trains(1, 1, [30.0])
    assert trains(1, 3, [0.1, 9.9, 20.0]) == expected
    assert expected[0] != expected[1]
    other = trains(2, 1, [30.0])
    assert other[0] != expected[0]
    # Every train differs from every other one.
    assert len({tuple(train) for train in expected[0] if len(train) > 2}) > 400


@every_source
@pytest.mark.parametrize("value", [-1.0, math.nan, math.inf])
def test_bad_rates_are_refused(sim: Any, name: str, value: float) -> None:
    """The message names cell type, parameter and what is allowed."""
    parameter = "beta" if name == "SpikeSourceGamma" else "rate"
    sim.setup(timestep=DT)
    with pytest.raises(errors.InvalidParameterValueError, match=f"{name}.*{parameter}.*finite"):
        make(sim, name, 3, **{parameter: value})


@every_source
def test_rates_that_no_step_can_hold_are_refused(sim: Any, name: str) -> None:
    """More than 1000 spikes per step, when made and when set; the old rate stays."""
    parameter = "beta" if name == "SpikeSourceGamma" else "rate"
    sim.setup(timestep=DT)
    with pytest.raises(errors.InvalidParameterValueError, match=f"{name}.*at most 1e\\+07 Hz"):
        make(sim, name, 3, **{parameter: 1e8})
    cells = make(sim, name, 3)
    with pytest.raises(errors.InvalidParameterValueError, match=r"cell 1 .*spikes per step"):
        cells[1:].set(**{parameter: 1e8})
    assert cells.get(parameter) == SOURCES[name][parameter]


@pytest.mark.parametrize(("rate", "tau_refrac"), [(500.0, 2.0), (499.0, 2.01), (2e4, 0.1)])
def test_a_rate_that_dead_time_leaves_no_room_for_is_refused(
    sim: Any, rate: float, tau_refrac: float
) -> None:
    """NEST takes the rate as the inverse of a negative time, and gives anything."""
    sim.setup(timestep=DT)
    with pytest.raises(errors.InvalidParameterValueError, match=r"rate \* tau_refrac < 1000"):
        make(sim, "SpikeSourcePoissonRefractory", 2, rate=rate, tau_refrac=tau_refrac)


@pytest.mark.parametrize("alpha", [0.0, -1.0, 0.001, math.nan])
def test_a_shape_that_is_too_small_is_refused(sim: Any, alpha: float) -> None:
    """At 0.01 a train is still made."""
    sim.setup(timestep=DT)
    with pytest.raises(errors.InvalidParameterValueError, match="alpha"):
        make(sim, "SpikeSourceGamma", 2, alpha=alpha)
    cells = make(sim, "SpikeSourceGamma", 20, alpha=0.01, beta=1.0)
    sim.run(1000.0)
    assert cells.mean_spike_count() > 10


def test_a_shape_is_no_integer(sim: Any) -> None:
    """PyNN's default is the integer 2, so on NEST and NEURON 2.7 becomes 2 without a word."""
    sim.setup(timestep=DT)
    cells = make(sim, "SpikeSourceGamma", 2, alpha=2.7)
    assert cells.get("alpha") == 2.7
    cells.set(alpha=3.4)
    assert cells.get("alpha") == 3.4
    assert sim.SpikeSourceGamma.default_parameters["alpha"] == 2.0
