"""``greenmorph warmup``: compile ahead everything that a run may need."""

from __future__ import annotations

import logging
import time
import warnings
from typing import Any

import click

from ..engine.cache import kernel_folder
from ..engine.generate import load_block
from ..registry import CellModel, cell_models

__all__ = ["warmup_command"]


def warmup_command() -> int:
    """Compile all cell types, the run loop and the wiring, and say how long each took.

    Returns
    -------
    int
        The exit status, 0.
    """
    import numba

    if numba.config.DISABLE_JIT:
        click.echo("NUMBA_DISABLE_JIT is set: models run as plain Python, nothing is compiled.")
        return 0
    click.echo(f"machine code is kept in {kernel_folder()}")
    # The lines below say the same.
    logging.getLogger("pynn_greenmorph").setLevel(logging.ERROR)
    began = time.perf_counter()
    models = [model for model in cell_models().values() if model.step is not None]
    for model in models:
        _timed(f"cell type {model.name}", lambda model=model: _compile_cell(model))
    _timed("run loop, sorting and wiring", _run_small_network)
    click.echo(f"ready after {time.perf_counter() - began:.1f} s")
    return 0


def _timed(what: str, work: Any) -> None:
    began = time.perf_counter()
    work()
    click.echo(f"  {what:32} {time.perf_counter() - began:6.1f} s")


def _compile_cell(model: CellModel) -> None:
    for scalar_parameters in (True, False):
        load_block(model, scalar_parameters)


def _run_small_network() -> None:
    """Everything else is compiled when it is first called, so each is called once."""
    import pyNN.greenmorph as sim

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sim.setup(seed=1)
        # Enough candidates for the compiled ways of wiring: small networks go without.
        cells = sim.Population(300, sim.IF_curr_exp())
        some = sim.FixedProbabilityConnector(0.1, rng=sim.NumpyRNG(seed=1))
        for name, limits in (
            ("uniform", {"low": 0.1, "high": 0.2}),
            ("normal_clipped", {"mu": 0.1, "sigma": 0.1, "low": 0.0, "high": 0.5}),
        ):
            weight = sim.RandomDistribution(name, rng=sim.NumpyRNG(seed=2), **limits)
            sim.Projection(cells, cells, some, sim.StaticSynapse(weight=weight, delay=1.0))
        for connector in (
            sim.FixedNumberPreConnector(9, rng=sim.NumpyRNG(seed=1)),
            sim.FixedNumberPostConnector(9, rng=sim.NumpyRNG(seed=1)),
            sim.FixedTotalNumberConnector(3000, rng=sim.NumpyRNG(seed=1)),
        ):
            sim.Projection(cells, cells, connector, sim.StaticSynapse(weight=0.1, delay=1.0))
        sim.run(1.0)
        sim.profile()
        sim.end()
