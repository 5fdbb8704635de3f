"""``greenmorph doctor``: is this installation able to simulate, and what to do if not."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import click

__all__ = ["CHECKS", "Check", "doctor_command"]

#: Distributions that a simulation needs.
NEEDED = ("numpy", "numba", "PyNN", "neo", "quantities", "lazyarray")

#: Distributions of other simulators -> the name under which PyNN scripts import them.
PEERS = {
    "nest-simulator": "pyNN.nest",
    "neuron": "pyNN.neuron",
    "brian2": "pyNN.brian2",
    "arbor": "pyNN.arbor",
    "sPyNNaker": "pyNN.spiNNaker",
}

#: The golden model: one IF_curr_exp with these parameters (nA, mV), else PyNN's defaults,
#: dt = 0.1 ms. Spike times in ms, as NEST 3.10 gives them with spike_precision="on_grid".
GOLDEN_CELL = {"i_offset": 1.0, "v_reset": -70.0}
GOLDEN_MS = (27.8, 60.1, 92.4)
GOLDEN_RUN_MS = 100.0


@dataclass(frozen=True)
class Check:
    """One line of the diagnosis.

    Attributes
    ----------
    text : str
        What was found.
    todo : str
        What the user can do about it; empty if all is well.
    """

    text: str
    todo: str = ""


def doctor_command() -> int:
    """Print one line for every check.

    Returns
    -------
    int
        The exit status: 0 if there is no problem, 1 otherwise.
    """
    problems = 0
    for check in CHECKS:
        for result in _results(check):
            mark = "problem" if result.todo else "ok"
            click.echo(f"{mark:8} {result.text}")
            if result.todo:
                problems += 1
                click.echo(f"{'':8} -> {result.todo}")
    click.echo("\nAll is well." if not problems else f"\nProblems: {problems}.")
    return int(problems > 0)


def _results(check: Callable[[], Iterator[Check]]) -> Iterator[Check]:
    # A broken installation fails in ways that nobody listed, and the other
    # lines help to find out why.
    try:
        yield from check()
    except Exception as error:  # noqa: BLE001
        name = check.__name__.removeprefix("check_").replace("_", " ")
        yield Check(
            f"{name}: {type(error).__name__}: {error}",
            "Reinstall with: pip install --force-reinstall pynn_greenmorph",
        )


def check_python() -> Iterator[Check]:
    """Yield the versions of Python and of this package."""
    from .. import __version__

    system = f"{platform.system()} {platform.machine()}"
    yield Check(f"pynn_greenmorph {__version__}, Python {platform.python_version()}, {system}")


def check_versions() -> Iterator[Check]:
    """Yield the version of every distribution that a simulation needs."""
    for name in NEEDED:
        version = _version(name)
        if version is None:
            yield Check(f"{name} is not installed", f"Install it with: pip install {name}")
        else:
            yield Check(f"{name} {version}")


def check_alias() -> Iterator[Check]:
    """Yield whether ``pyNN.greenmorph`` is this very package."""
    alias = importlib.import_module("pyNN.greenmorph")
    if alias is sys.modules["pynn_greenmorph"]:
        yield Check("import pyNN.greenmorph works")
    else:
        yield Check(
            f"pyNN.greenmorph is another module: {getattr(alias, '__file__', alias)}",
            "Remove that module; pynn_greenmorph provides this name itself",
        )


def check_cache() -> Iterator[Check]:
    """Yield the folder of compiled kernels, and whether it outlives this process."""
    from ..engine.cache import kernel_folder

    folder = kernel_folder()
    found = f"kernels are kept in {folder}"
    if os.access(folder, os.W_OK):
        yield Check(found)
    else:
        yield Check(f"{found}, which is not writable", "Set NUMBA_CACHE_DIR to a folder that is")


def check_processors() -> Iterator[Check]:
    """Yield how many threads ``setup(threads="auto")`` may use."""
    from ..engine.threads import available_threads

    # Containers and batch systems give a process fewer than the machine has.
    yield Check(f"{available_threads()} of {os.cpu_count() or 1} processors can be used")


def check_peers() -> Iterator[Check]:
    """Yield which other simulators are installed, without importing any."""
    for name, module in PEERS.items():
        version = _version(name)
        found = "not installed (needed only for comparisons)" if version is None else version
        yield Check(f"{module}: {name} {found}")


def check_golden_model() -> Iterator[Check]:
    """Yield whether one cell spikes when it should."""
    times = _golden_spikes_ms()
    if times == GOLDEN_MS:
        yield Check(f"golden model: spikes at {_listed(times)} ms, as in NEST")
    else:
        yield Check(
            f"golden model: spikes at {_listed(times)} ms, expected {_listed(GOLDEN_MS)} ms",
            "Do not trust results of this installation; please report this with the lines above",
        )


def _golden_spikes_ms() -> tuple[float, ...]:
    sim = importlib.import_module("pynn_greenmorph")
    sim.setup(timestep=0.1)
    cells = sim.Population(1, sim.IF_curr_exp(**GOLDEN_CELL))
    cells.record("spikes")
    sim.run(GOLDEN_RUN_MS)
    train = cells.get_data().segments[0].spiketrains[0]
    sim.end()
    return tuple(round(float(time), 6) for time in train.rescale("ms").magnitude)


def _listed(times: tuple[float, ...]) -> str:
    return ", ".join(f"{time:g}" for time in times) or "no time"


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


#: What ``greenmorph doctor`` looks at, in this order.
CHECKS: tuple[Callable[[], Iterator[Check]], ...] = (
    check_python,
    check_versions,
    check_alias,
    check_cache,
    check_processors,
    check_peers,
    check_golden_model,
)
