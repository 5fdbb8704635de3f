"""Comparators: what CPUs, GPUs and FPGAs were measured to take, on other networks than the user's.

Energy of a CPU or GPU is not linear in events, so a user's counts are never
priced on one: its published energy per synaptic event is shown beside a board,
marked "different network".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import UnknownNameError, unknown_name
from .files import comparator_files
from .read import Coefficient, Source, coefficients, read_profile, sources

__all__ = ["Comparator", "list_comparators", "load_comparator"]


@dataclass(frozen=True)
class Comparator:
    """A comparator.

    Attributes
    ----------
    name, label, subject : str
        Key of the profile, one line for lists, short words for reports.
    model : {"power_time", "operations"}
        Measured power and time of a network, or a table of single operations.
    device : {"cpu", "gpu", "fpga", "logic"}
    network : str
        What ran when it was measured.
    measured : mapping of str to Coefficient
        "rtf" (wall-clock time / biological time), "e_syn_event" (J/event),
        "idle_W", "sim_W", "active_W" (W), as far as they are published.
    sources : mapping of str to Source
    path : Path
        The file it was loaded from.
    """

    name: str
    label: str
    subject: str
    model: str
    device: str
    network: str
    measured: Mapping[str, Coefficient]
    sources: Mapping[str, Source]
    path: Path


def list_comparators() -> tuple[str, ...]:
    """Return the names of all installed comparators, sorted."""
    return tuple(comparator_files())


def load_comparator(name: str) -> Comparator:
    """Load and check an installed comparator.

    Raises
    ------
    UnknownNameError
        If no comparator has this name.
    BoardError
        If its file cannot be read or is malformed; the message lists all faults.
    """
    known = comparator_files()
    if name not in known:
        raise UnknownNameError(unknown_name("comparator", name, known))
    return read_comparator(known[name], name)


def read_comparator(path: Path, name: str | None = None) -> Comparator:
    """Load a comparator from a file; as :func:`load_comparator`."""
    table = read_profile(path, "comparator", name)
    return Comparator(
        name=table["name"],
        label=table["label"],
        subject=table["subject"],
        model=table["model"],
        device=table["device"],
        network=table["network"],
        measured=coefficients(table["measured"]),
        sources=sources(table),
        path=path,
    )
