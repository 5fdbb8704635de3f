"""What accounting costs: counting during a run, and the report after it.

``python benchmarks/accounting.py [cells]`` prints both, with machine and versions.

**Counting.** The run loop counts nothing: spikes are in its log anyway, because
they must be delivered, and events follow from spikes and connections when a
report asks for them. What counting adds to ``run()`` is one addition for each
entry of the log, and a settlement when connections change. A user cannot
switch it off; here it is taken out, and the same network runs with and without
it in turn.

**The report.** A network of so many cells (100 000 unless given) with ten
connections each, priced with its interval and written as text.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from machine import describe

from pynn_greenmorph.accounting.ledger import Ledger, PopulationLedger, ProjectionLedger
from pynn_greenmorph.accounting.report import make_report
from pynn_greenmorph.engine import arrivals, log_buffers
from pynn_greenmorph.errors import FidelityWarning

REPEATS = 15
BIO_MS = 1000.0


def count_no_spikes(end, cell, number, n_tail, last, recorded, emitted):  # type: ignore[no-untyped-def]
    """As ``count_spikes``, without the one addition that counting is."""
    found = 0
    for part in range(len(n_tail)):
        for entry in range(n_tail[part], end[part, last]):
            found += recorded[cell[part, entry]]
    return found


@contextmanager
def without_counting() -> Iterator[None]:
    """Take counting out of the engine."""
    spikes, settle = log_buffers.count_spikes, arrivals.EventCounter.settle
    log_buffers.count_spikes = count_no_spikes
    arrivals.EventCounter.settle = lambda *_, **__: None  # type: ignore[method-assign]
    try:
        yield
    finally:
        log_buffers.count_spikes = spikes
        arrivals.EventCounter.settle = settle  # type: ignore[method-assign]


def run_once(seed: int) -> tuple[float, int]:
    """Return the processor time of ``run()`` of a network, s, and its spikes."""
    import pyNN.greenmorph as sim
    from pyNN.random import NumpyRNG

    sim.setup(timestep=0.1, threads=1)
    rng = NumpyRNG(seed=seed)
    cells = sim.Population(4000, sim.IF_curr_exp(i_offset=0.9), initial_values={"v": -60.0})
    noise = sim.Population(400, sim.SpikeSourcePoisson(rate=50.0))
    for source, weight in ((cells, 0.01), (noise, 0.1)):
        sim.Projection(
            source,
            cells,
            sim.FixedProbabilityConnector(0.02, rng=rng),
            sim.StaticSynapse(weight=weight, delay=1.5),
        )
    sim.run(1.0)  # what is done once is not counting
    began = time.process_time()  # one thread: other programs do not count
    sim.run(BIO_MS)
    seconds = time.process_time() - began
    spikes = sim.energy_report().counters["spikes"]
    sim.end()
    return seconds, spikes


def counting() -> dict[str, Any]:
    """Measure ``run()`` with and without counting, in turn."""
    run_once(1)  # compiles
    with without_counting():
        run_once(1)
    on, off, spikes = [], [], 0
    for _ in range(REPEATS):
        seconds, spikes = run_once(1)
        on.append(seconds)
        with without_counting():
            off.append(run_once(1)[0])
    ratios = [with_it / without for with_it, without in zip(on, off, strict=True)]
    return {
        "spikes": spikes,
        "on_s": {"least": min(on), "median": statistics.median(on)},
        "off_s": {"least": min(off), "median": statistics.median(off)},
        "cost_percent": 100 * (statistics.median(ratios) - 1),
        "cost_percent_quartiles": [
            100 * (quarter - 1) for quarter in statistics.quantiles(ratios)[::2]
        ],
    }


def ledger_of(cells: int) -> Ledger:
    """Return the counts of a second of a network with ten connections for each cell."""
    rng = np.random.default_rng(1)
    n = 10 * cells
    pre, post = (rng.integers(0, cells, n, dtype=np.int32) for _ in range(2))
    spikes = rng.poisson(5, cells).astype(np.int64)
    events = np.bincount(post, spikes[pre], cells).astype(np.int64)
    none = np.zeros(cells, np.int64)
    population = PopulationLedger("cells", "IF_cond_exp", "neuron", 0, cells, 1000, spikes)
    projection = ProjectionLedger("cells->cells", pre, post, spikes, events, none)
    return Ledger(1.0, 1000, cells, (population,), (projection,), seed=1)


def report(cells: int) -> dict[str, Any]:
    """Measure a report of so many cells on each board that has its own rules of placement."""
    ledger, seconds = ledger_of(cells), {}
    for board in ("spinnaker1_spinn5", "loihi1"):
        took = []
        for _ in range(REPEATS):
            began = time.perf_counter()
            str(make_report(ledger, board=board))
            took.append(time.perf_counter() - began)
        seconds[board] = {"least": min(took), "median": statistics.median(took)}
    return {"cells": cells, "report_s": seconds}


if __name__ == "__main__":
    warnings.simplefilter("ignore", FidelityWarning)  # a network too large for one Loihi chip
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    found = {"machine": describe(), "counting": counting(), "report": report(wanted)}
    print(json.dumps(found, indent=2))
