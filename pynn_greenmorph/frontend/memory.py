"""Will it fit? An estimate of the memory that a network needs, before it is built."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..engine.generate_synapse import hidden_parameters, needs_own
from ..errors import NotEnoughMemoryError, explain
from ..network import Network, SynapseGroup
from ..registry import CellModel, SynapseModel

__all__ = [
    "check_connections",
    "check_population",
    "check_samples",
    "expected_connections",
    "free_bytes",
]

#: Bytes of a connection: its cells; a drawn weight or delay with the numbers
#: it is made from; in the engine, a target (as a number, and as bits while these are made of it),
#: and a weight and offset of its own.
_PAIR, _DRAWN_WEIGHT, _DRAWN_DELAY, _TARGET, _OWN_VALUES = 8, 16, 12, 5, 9

#: Bytes of a connection that is more than a weight: its target, number and weight in the
#: engine, its weight as it is read, what it is sorted by; of a parameter that is drawn, with
#: the numbers it is made from; of the step of its source's last spike; of a number.
#: ``test_memory.py`` compares the sum with the peak of what is allocated.
_DYNAMIC, _DRAWN_PARAMETER, _PREVIOUS, _NUMBER = 40, 16, 8, 8

#: Below this nothing is asked: no computer that runs Python lacks it.
_SMALL = 64 << 20

#: Folder, limit and usage of the container, for both generations of control groups.
_CONTAINERS = (
    ("/sys/fs/cgroup", "memory.max", "memory.current"),
    ("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes"),
)


def _cached_files(folder: Path) -> int:
    """Bytes of files in memory, which are given up when a program needs them."""
    lines = (line.split() for line in (folder / "memory.stat").read_text().splitlines())
    sizes = {name: int(size) for name, size in lines}
    prefix = "total_" if "total_inactive_file" in sizes else ""
    return sizes.get(f"{prefix}inactive_file", 0) + sizes.get(f"{prefix}active_file", 0)


def _container_bytes() -> float:
    """What the container leaves; infinite without a limit."""
    for name, limit, usage in _CONTAINERS:
        folder = Path(name)
        try:
            left = int((folder / limit).read_text()) - int((folder / usage).read_text())
            return left + _cached_files(folder)
        except (OSError, ValueError):  # no such file, or "max"
            continue
    return float("inf")


def free_bytes() -> float:
    """Return how many bytes this process can still get; infinite where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        words = next(line.split() for line in lines if line.startswith("MemAvailable:"))
        available = float(words[1]) * 1024
    except (OSError, StopIteration, ValueError, IndexError):
        available = float("inf")
    return min(available, _container_bytes())


def _size(n_bytes: float) -> str:
    return f"{n_bytes / 2**30:.1f} GiB" if n_bytes >= 2**30 else f"{n_bytes / 2**20:.0f} MiB"


def _check(needed: float, what: str, where: str, todo: str) -> None:
    if needed < _SMALL:
        return
    free = free_bytes()
    if needed > free:
        raise NotEnoughMemoryError(
            explain(
                f"{what} need about {_size(needed)}",
                where=where,
                allowed=f"the {_size(free)} that are free",
                todo=todo,
            )
        )


def expected_connections(connector: Any, n_pre: int, n_post: int) -> float | None:
    """Return how many connections a connector is expected to make.

    Parameters
    ----------
    connector : Connector
    n_pre, n_post : int
        Numbers of source and target cells.

    Returns
    -------
    float or None
        None where only making them tells.
    """
    kind = type(connector).__name__
    number = getattr(connector, "n", None)
    if kind == "AllToAllConnector":
        return float(n_pre) * n_post
    if kind == "FixedProbabilityConnector":
        return float(n_pre) * n_post * float(connector.p_connect)
    if kind == "OneToOneConnector":
        return float(min(n_pre, n_post))
    factor = {
        "FixedNumberPreConnector": n_post,
        "FixedNumberPostConnector": n_pre,
        "FixedTotalNumberConnector": 1,
    }.get(kind)
    return float(number) * factor if factor and isinstance(number, int) else None


def _n_drawn(group: SynapseGroup) -> int:
    """Number of parameters that have a value for each connection."""
    return sum(bool(column.strides[0]) for column in group.columns.values())


def _dynamic_bytes(model: SynapseModel, drawn: int) -> int:
    """Bytes of a connection that is more than a weight, with so many drawn parameters.

    States are brought back from the engine when something changes between runs, so they
    count twice where each synapse has its own, and so may all parameters.
    """
    if model.static:
        return 0
    states = _NUMBER * len(model.states)
    own = states + _NUMBER * (len(model.parameters) + len(hidden_parameters(model)))
    needed = own * (drawn > 0 or needs_own(model))
    return _DYNAMIC + _PREVIOUS + states + needed + _DRAWN_PARAMETER * drawn


def check_connections(
    network: Network, connector: Any, synapse_type: Any, n_pre: int, n_post: int, where: str
) -> None:
    """Raise ``NotEnoughMemoryError`` when a projection would not fit.

    Parameters
    ----------
    network : Network
        What there is already; the engine stores its synapses when it runs.
    connector, synapse_type : Connector, SynapseType
    n_pre, n_post : int
    where : str
        The projection, for the message.
    """
    expected = expected_connections(connector, n_pre, n_post)
    if expected is None:
        return
    values = dict(synapse_type.native_parameters.items())
    drawn = {name: not value.is_homogeneous for name, value in values.items()}
    each = _PAIR + _TARGET
    each += (_DRAWN_WEIGHT + _OWN_VALUES) * drawn.get("weight", False)
    each += _DRAWN_DELAY * drawn.get("delay", False)
    model = synapse_type.synapse_model
    each += _dynamic_bytes(model, sum(drawn.get(one.column, False) for one in model.parameters))
    present = sum(
        group.size * (_TARGET + _OWN_VALUES * bool(group.weight.strides[0]))
        + group.size * _dynamic_bytes(group.model, _n_drawn(group))
        for group in network.synapses
    )
    before = sum(group.size for group in network.synapses)
    _check(
        expected * each + present,
        f"{expected:,.0f} connections and the {before:,} made before",
        where,
        "Connect fewer cells, use one weight and delay for all, or a computer with more memory",
    )


def check_population(model: CellModel, size: int, label: str | None) -> None:
    """Raise ``NotEnoughMemoryError`` when a population would not fit.

    Parameters
    ----------
    model : CellModel
    size : int
    label : str or None
    """
    columns = len(model.parameters) + len(model.variables) + len(model.constants)
    columns += 2 * len(model.states) + 2 * len(model.receptors) + 4
    _check(
        8.0 * columns * size,
        f"{size:,} cells of type {model.name}",
        f"Population {label!r}" if label else "Population()",
        "Make fewer cells",
    )


def check_samples(network: Network, n_steps: int) -> None:
    """Raise ``NotEnoughMemoryError`` when what a run would record does not fit.

    Parameters
    ----------
    network : Network
        With the probes.
    n_steps : int, steps
        Length of the run.
    """
    samples = sum(len(probe.cells) * (n_steps // probe.interval) for probe in network.probes)
    _check(
        8.0 * samples,
        f"{samples:,} samples of recorded variables",
        "run()",
        "Record fewer cells, or with a longer sampling_interval, or write data between runs",
    )
