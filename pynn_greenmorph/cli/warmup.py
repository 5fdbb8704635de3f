"""``greenmorph warmup``: compile ahead everything that a run may need."""

from __future__ import annotations

import logging
import time
from itertools import product
from typing import Any

import click

from ..engine.block_variants import (
    Variant,
    leaves_currents_out,
    makes_two_steps,
    takes_counts,
)
from ..engine.cache import kernel_folder
from ..engine.generate import load_block
from ..engine.generate_synapse import load_row, load_trace, needs_own
from ..engine.machine_code import compiles
from ..frontend.warmup import run_small_network
from ..registry import CellModel, SynapseModel, cell_models, synapse_models
from ..rules import compose, timing_rules, weight_dependences

__all__ = ["warmup_command"]


def warmup_command(precision: str) -> int:
    """Compile all cell types and rules, the run loop and the wiring, and say how long each took.

    Kernels of rules for parameters that differ between connections are left out:
    few networks need one of them.

    Parameters
    ----------
    precision : {"exact", "fast"}

    Returns
    -------
    int
        The exit status, 0.
    """
    if not compiles():
        click.echo("NUMBA_DISABLE_JIT is set: models run as plain Python, nothing is compiled.")
        return 0
    click.echo(f"machine code is kept in {kernel_folder()}")
    # The lines below say the same.
    logging.getLogger("pynn_greenmorph").setLevel(logging.ERROR)
    began = time.perf_counter()
    models = [model for model in cell_models().values() if model.step is not None]
    for model in models:
        _timed(f"cell type {model.name}", lambda model=model: _compile_cell(model, precision))
    dependences = weight_dependences().values()
    for rule in timing_rules().values():
        mechanisms = [compose(rule, dependence) for dependence in dependences]
        _timed(
            f"rule {rule.name}",
            lambda mechanisms=mechanisms: _compile_synapses(mechanisms, precision),
        )
    dynamic = [model for model in synapse_models().values() if not model.static]
    _timed("other synapse types", lambda: _compile_synapses(dynamic, precision))
    _timed("run loop, sorting and wiring", lambda: run_small_network(precision))
    click.echo(f"ready after {time.perf_counter() - began:.1f} s")
    return 0


def _timed(what: str, work: Any) -> None:
    began = time.perf_counter()
    work()
    click.echo(f"  {what:32} {time.perf_counter() - began:6.1f} s")


def _compile_cell(model: CellModel, precision: str) -> None:
    fast = model.fast if precision == "fast" else None
    counted = [False, True] if takes_counts(model, precision) else [False]
    injected = [True, False] if leaves_currents_out(model, precision) else [True]
    kinds: list[tuple[bool, bool, int]] = [(*kind, 1) for kind in product(counted, injected)]
    if makes_two_steps(model, precision):
        kinds.append((True, False, 2))
    for scalar_parameters, kind in product((True, False), kinds):
        variant = Variant(scalar_parameters, precision, fast is not None, *kind)
        load_block(fast or model, variant)


def _compile_synapses(models: list[SynapseModel], precision: str) -> None:
    for model in models:
        load_row(model, needs_own(model), precision)
        load_trace(model)
