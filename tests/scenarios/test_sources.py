"""Random spike sources: their statistics, windows, seeds, changes, and what is refused.

All seeds are fixed, so no test fails by chance once it has passed. Levels are
0.001; Kolmogorov and Smirnov's statistic is compared with its critical value
plus what stamps on the grid add: an interval between stamps differs from the
one between spikes by less than a step, which moves the distribution function
by at most its largest density times the step.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pyNN import errors
from scipy import stats

from pynn_greenmorph.cells.spike_source_inh_gamma import acceptance
from tests.models import steps_of

DT = 0.1

#: Sources with a mean rate of 100 Hz, by name.
SOURCES: dict[str, dict[str, Any]] = {
    "SpikeSourcePoisson": {"rate": 100.0},
    "SpikeSourcePoissonRefractory": {"rate": 100.0, "tau_refrac": 3.0},
    "SpikeSourceGamma": {"alpha": 3.0, "beta": 300.0},
    "SpikeSourceInhGamma": {"a": [3.0], "b": [1 / 300.0], "tbins": [0.0]},
}

#: The same with a mean rate of 2 kHz.
FAST: dict[str, dict[str, Any]] = {
    "SpikeSourcePoisson": {"rate": 2000.0},
    "SpikeSourcePoissonRefractory": {"rate": 2000.0, "tau_refrac": 0.0},
    "SpikeSourceGamma": {"beta": 6000.0},
    "SpikeSourceInhGamma": {"b": [1 / 6000.0]},
}

every_source = pytest.mark.parametrize("name", SOURCES)
one_rate = pytest.mark.parametrize("name", list(SOURCES)[:3])


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
def test_trains_begin_and_end_exactly(sim: Any, name: str) -> None:
    """Stamps from start + dt to start + duration, and both of them occur."""
    sim.setup(timestep=DT, seed=5)
    cells = make(sim, name, 200, start=20.0, duration=30.0, **FAST[name])
    sim.run(100.0)
    steps = np.concatenate(steps_of(cells))
    assert steps.min() == 201
    assert steps.max() == 500


@one_rate
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


@one_rate
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


@one_rate
@pytest.mark.parametrize("value", [-1.0, math.nan, math.inf])
def test_bad_rates_are_refused(sim: Any, name: str, value: float) -> None:
    """The message names cell type, parameter and what is allowed."""
    parameter = "beta" if name == "SpikeSourceGamma" else "rate"
    sim.setup(timestep=DT)
    with pytest.raises(errors.InvalidParameterValueError, match=f"{name}.*{parameter}.*finite"):
        make(sim, name, 3, **{parameter: value})


@one_rate
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
    """NEST refuses such a rate as well, where its dead time is not rounded."""
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


def test_the_hazard_is_that_of_the_gamma_distribution() -> None:
    """Against SciPy's density and survival function, also far out in the tail.

    Tolerance: SciPy's own survival function is known to about 1e-13.
    """
    for a in (1.0, 1.3, 2.0, 5.5, 40.0, 700.0):
        law = stats.gamma(a)
        for x in (1e-9, 1e-3, 0.5, a - 1e-3, a + 0.999, a + 1.001, 1.5 * a, 2.0 * a + 5.0):
            exact = math.exp(law.logpdf(x) - law.logsf(x))
            assert acceptance(a, x) == pytest.approx(exact, rel=1e-11, abs=1e-300)
    assert acceptance(4.0, 1e5) == pytest.approx(1.0, rel=1e-4)


def hazard_ms(t0: float, t1: float, a: Any, b: Any, tbins: Any) -> float:
    """Integral of the hazard from a spike at t0 to one at t1, ms; SciPy's distributions."""
    edges = np.concatenate([[t0], tbins[(tbins > t0) & (tbins < t1)], [t1]])
    total = 0.0
    for begin, end in itertools.pairwise(edges):
        at = np.searchsorted(tbins, begin, side="right") - 1
        law = stats.gamma(a[at], scale=1000.0 * b[at])
        total += law.logsf(begin - t0) - law.logsf(end - t0)
    return total


def test_changing_gamma_trains_have_the_hazard_of_their_bins(sim: Any) -> None:
    """The integrated hazard between spikes is exponential with mean 1 (time rescaling).

    Brown, Barbieri, Ventura, Kass and Frank (2002, doi:10.1162/08997660252741149). The
    hazard is at most 1/b = 1 per ms, so stamps add at most 0.01 to the statistic.
    """
    dt = 0.01
    tbins = np.array([0.0, 40.0, 50.0, 75.0, 80.0])
    a, b = np.array([2.0, 6.0, 1.0, 3.0, 8.0]), np.array([4e-3, 1e-3, 2e-3, 1e-3, 2e-3])
    sim.setup(timestep=dt, seed=9)
    cells = make(sim, "SpikeSourceInhGamma", 300, a=a, b=b, tbins=tbins)
    sim.run(400.0)
    trains = [np.array(train) * dt for train in steps_of_grid(cells, dt)]
    pairs = [pair for train in trains for pair in itertools.pairwise(train)]
    # The last, unfinished interval of a train is left out: short ones are favoured. So only
    # those that begin 150 ms before the end count, and none of them lasts that long.
    pairs = [pair for pair in pairs if pair[0] < 250.0]
    assert len(pairs) > 5000
    found = np.array([hazard_ms(*pair, a, b, tbins) for pair in pairs])
    check_intervals(found, stats.expon().cdf, 1.0, dt)


def test_rates_by_bin(sim: Any) -> None:
    """Each bin has its rate 1 / (a b) once it has settled; before the first one nothing."""
    sim.setup(timestep=DT, seed=10)
    cells = make(
        sim, "SpikeSourceInhGamma", 1000,
        a=[2.0, 2.0, 5.0], b=[5e-3, 1e-3, 4e-3], tbins=[30.0, 130.0, 230.0],
    )  # fmt: skip
    sim.run(330.0)
    steps = np.concatenate(steps_of(cells))
    assert steps.min() > 300
    # 100, 500 and 50 Hz; from 50 ms after the change on.
    for begin, rate in ((300, 100.0), (1800, 500.0), (2800, 50.0)):
        expected = rate * 50.0
        count = int(((steps > begin) & (steps <= begin + 500)).sum())
        assert abs(count - expected) < 3.3 * math.sqrt(expected)


def test_bins_of_each_cell_and_between_runs(sim: Any) -> None:
    """Cells may differ in bins; new ones act from the present time on; a reset begins anew."""
    sim.setup(timestep=DT, seed=12)
    cells = sim.Population(
        400,
        sim.SpikeSourceInhGamma(
            a=lambda i: [sim.Sequence([1.0] * (1 + k % 2)) for k in i],
            b=lambda i: [sim.Sequence([1e-3, 1e6][: 1 + k % 2]) for k in i],
            tbins=lambda i: [sim.Sequence([0.0, 10.0][: 1 + k % 2]) for k in i],
        ),
    )
    cells.record("spikes")
    sim.run(20.0)
    cells[0:2].set(a=[2.0], b=[1e6], tbins=[0.0])
    assert cells[0:2].get("tbins").value.tolist() == [0.0]
    assert cells[3].b.value.tolist() == [1e-3, 1e6]
    sim.run(20.0)
    sim.reset()
    sim.run(20.0)
    for segment, later in zip(cells.get_data().segments, (400, 0), strict=True):
        trains = [np.round(t.magnitude / DT).astype(int) for t in segment.spiketrains]
        even, odd = np.concatenate(trains[2::2]), np.concatenate(trains[3::2])
        assert odd.max() <= 100
        assert even.max() > 190
        # 199 trains of 1 kHz for 10 ms.
        for some in (odd, even[even <= 100]):
            assert abs(len(some) - 1990) < 3.3 * math.sqrt(1990)
        if later:
            assert all(0 < train.max() <= 200 for train in trains[:2])
        else:
            assert not any(len(train) for train in trains[:2])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"a": [2.0, 3.0]}, "different lengths.*2"),
        ({"tbins": [], "a": [], "b": []}, "at least 1.*0, 0, 0"),
        ({"tbins": [5.0, 5.0], "a": [1.0, 1.0], "b": [1.0, 1.0]}, "do not increase.*tbins"),
        ({"tbins": [-1.0]}, "tbins.*not negative"),
        ({"a": [0.9]}, r"parameter a.*at least 1 .*hazard has no upper bound.*0\.9"),
        ({"a": [math.nan]}, "parameter a.*finite"),
        ({"b": [0.0]}, "parameter b.*greater than 0"),
        ({"b": [1e-9]}, "1 / b.*at most"),
    ],
)
def test_bad_bins_are_refused(sim: Any, parameters: dict[str, Any], message: str) -> None:
    """When made and when set; what was there stays."""
    sim.setup(timestep=DT)
    with pytest.raises(errors.InvalidParameterValueError, match=f"SpikeSourceInhGamma.*{message}"):
        make(sim, "SpikeSourceInhGamma", 2, **parameters)
    cells = make(sim, "SpikeSourceInhGamma", 2)
    with pytest.raises(errors.InvalidParameterValueError, match=message):
        cells.set(**parameters)
    assert cells.get("a").value.tolist() == [3.0]
    assert cells.get("tbins").value.tolist() == [0.0]


def test_bins_off_the_grid_are_reported(sim: Any) -> None:
    """They are rounded."""
    sim.setup(timestep=DT)
    with pytest.warns(UserWarning, match="tbins.*whole steps"):
        make(sim, "SpikeSourceInhGamma", 2, tbins=[0.25])


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("SpikeSourcePoissonRefractory", {"tau_refrac": 9.0}),
        ("SpikeSourceGamma", {"alpha": 20.0, "beta": 2000.0}),
        ("SpikeSourceInhGamma", {"a": [20.0], "b": [5e-4]}),
    ],
)
def test_regular_trains_begin_in_equilibrium(
    sim: Any, name: str, parameters: dict[str, Any]
) -> None:
    """Every millisecond has the same rate from the first one on.

    20 000 trains of 100 Hz with at most one spike in 1 ms, so that counts are
    binomial; 3.9 standard deviations, which is level 0.001 for ten counts.
    """
    sim.setup(timestep=DT, seed=13)
    cells = make(sim, name, 20_000, **parameters)
    sim.run(10.0)
    counts = np.histogram(np.concatenate(steps_of(cells)), bins=np.arange(11) * 10 + 0.5)[0]
    assert np.abs(counts - 2000).max() < 3.9 * math.sqrt(20_000 * 0.1 * 0.9)


def test_bins_begin_and_end_exactly(sim: Any) -> None:
    """A bin of [2, 3) ms has stamps from 2.1 to 3.0 ms; 10 kHz, so both occur."""
    sim.setup(timestep=DT, seed=14)
    cells = make(
        sim, "SpikeSourceInhGamma", 100, a=[1.0, 1.0], b=[1e-4, 1e6], tbins=[2.0, 3.0]
    )  # fmt: skip
    sim.run(6.0)
    steps = np.concatenate(steps_of(cells))
    assert (steps.min(), steps.max()) == (21, 30)
