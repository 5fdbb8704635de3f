"""What accounting costs: counting during a run, and the report after it.

``python benchmarks/accounting.py`` measures both and writes them to ``results.json``;
``counting`` or ``report`` measures one. ``chrt -f 10`` before it keeps other programs away.

**Counting.** The run loop counts nothing: spikes are in its log anyway, because
they must be delivered, and events follow from spikes and connections when a
report asks for them. What counting adds to ``run()`` is one addition for each
entry of the log, and a settlement when connections change. A user cannot
switch it off; here it is taken out, and the same network runs with and without
it in turn.

**The report.** A second of 100 000 cells with 10 and with 100 connections each,
priced with its interval and written as text, on every board; then all boards
side by side, and the page in HTML that holds them. Each time the counts are new,
so that nothing is there already that an earlier report has sorted.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from machine import update

from pynn_greenmorph.accounting.ledger import Ledger, PopulationLedger, ProjectionLedger
from pynn_greenmorph.accounting.report import make_report
from pynn_greenmorph.boards.profile import list_boards, load_board
from pynn_greenmorph.engine import arrivals, log_buffers
from pynn_greenmorph.errors import FidelityWarning

PAIRS = 151
REPEATS = 5
CELLS = 100_000
DEGREES = (10, 100)
BIO_MS = 3000.0


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
        _, spikes = run_once(1)
    if spikes:
        raise RuntimeError(f"counting is not taken out: {spikes} spikes were counted")
    on, off = [], []
    for pair in range(PAIRS):
        for counted in (True, False) if pair % 2 else (False, True):
            if counted:
                seconds, spikes = run_once(1)
                on.append(seconds)
                continue
            with without_counting():
                off.append(run_once(1)[0])
    costs = [100 * (a / b - 1) for a, b in zip(on, off, strict=True)]
    return {
        "pairs": PAIRS,
        "spikes": spikes,
        "on_s": statistics.quantiles(on),
        "off_s": statistics.quantiles(off),
        "cost_percent": statistics.quantiles(costs),
    }


def ledger_of(cells: int, degree: int) -> Ledger:
    """Return the counts of a second of a network with so many connections for each cell."""
    rng = np.random.default_rng(1)
    n = degree * cells
    pre, post = (rng.integers(0, cells, n, dtype=np.int32) for _ in range(2))
    spikes = rng.poisson(5, cells).astype(np.int64)
    events = np.bincount(post, spikes[pre], cells).astype(np.int64)
    none = np.zeros(cells, np.int64)
    population = PopulationLedger("cells", "IF_cond_exp", "neuron", 0, cells, 1000, spikes)
    projection = ProjectionLedger("cells->cells", pre, post, spikes, events, none)
    return Ledger(1.0, 1000, cells, (population,), (projection,), seed=1)


def median_s(ledger: Ledger, work: Callable[[Ledger], object]) -> float:
    """Return the median time of some work with counts that nothing was done with yet, s."""
    took = []
    for _ in range(REPEATS + 1):
        fresh = replace(ledger)
        began = time.perf_counter()
        work(fresh)
        took.append(time.perf_counter() - began)
    return statistics.median(took[1:])  # the first loads modules


def report(degree: int) -> dict[str, Any]:
    """Measure reports of a network on each board, and of all boards together."""
    ledger = ledger_of(CELLS, degree)
    boards = [name for name in list_boards() if not load_board(name).priced_as]
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        return {
            "cells": CELLS,
            "degree": degree,
            "repeats": REPEATS,
            "report_s": {
                name: median_s(ledger, lambda new, name=name: str(make_report(new, board=name)))
                for name in boards
            },
            "compare_s": median_s(ledger, lambda new: str(make_report(new).compare())),
            "html_s": median_s(ledger, lambda new: make_report(new).to_html(page)),
        }


def main() -> None:
    """Measure what was asked for, and write it down."""
    warnings.simplefilter("ignore", FidelityWarning)  # a network too large for one chip
    wanted = sys.argv[1:] or ["counting", "report"]
    if "report" in wanted:
        for degree in DEGREES:
            update("reports", f"cells1e5_k{degree}", report(degree))
    if "counting" in wanted:
        update("reports", "counting", counting())


if __name__ == "__main__":
    main()
