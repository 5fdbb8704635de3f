"""Report what of the parameters of populations and connectors cannot act as it was given."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..registry import CellModel
from .session import Session

__all__ = [
    "NOISE_STEPS",
    "note_chosen_again",
    "note_lost_times",
    "note_rounded_parameters",
    "note_rounded_times",
]

FloatArray = NDArray[np.float64]

#: Distance from the grid, in steps, that is float noise and not worth a row.
NOISE_STEPS = 1e-3


def note_rounded_parameters(
    session: Session,
    label: str,
    model: CellModel,
    changed: Container[str],
    columns: Mapping[str, FloatArray],
) -> None:
    """Report times that act in whole steps and are off the grid.

    Parameters
    ----------
    session : Session
    label : str
        The population's label.
    model : CellModel
    changed : container of str
        Names of the columns that were given.
    columns : mapping of str to (n,) float64
    """
    dt = session.network.dt_ms
    for parameter in model.parameters:
        if not parameter.in_steps or parameter.column not in changed:
            continue
        steps = columns[parameter.column] / dt
        moved = np.abs(steps - np.round(steps))
        count = int((moved > NOISE_STEPS).sum())
        if count:
            session.fidelity.add(
                "parameter rounded",
                f"Population {label!r}, {parameter.name}",
                f"{{count}} values are no multiple of the timestep ({dt:g} ms) and were rounded "
                "to whole steps",
                count=count,
                largest=float(moved.max()) * dt,
                unit="ms",
            )


def note_lost_times(session: Session, label: str, times_ms: Sequence[FloatArray]) -> None:
    """Report spike times that are over when they are given.

    Parameters
    ----------
    session : Session
    label : str
        The population's label.
    times_ms : sequence of (k,) float64, ms
        New spike times, cell by cell.
    """
    now = session.time_ms
    every = np.concatenate([np.zeros(0), *times_ms])
    lost = int((every <= now).sum()) if session.simulation.started else 0
    if lost:
        session.fidelity.add(
            "spike time in the past",
            f"Population {label!r}",
            f"{{count}} spike times at or before the present time ({now:g} ms) have no effect",
            count=lost,
        )


def note_rounded_times(session: Session, label: str, times_ms: Sequence[FloatArray]) -> None:
    """Report spike times that were moved up to the grid; see :func:`note_lost_times`."""
    dt = session.network.dt_ms
    every = np.concatenate([np.zeros(0), *times_ms]) / dt
    moved = np.ceil(np.round(every, 6)) - every
    moved = moved[np.abs(moved) > NOISE_STEPS]
    if len(moved):
        session.fidelity.add(
            "spike time rounded",
            f"Population {label!r}",
            "{count} spike times are off the grid and were moved up to it",
            count=len(moved),
            largest=float(moved.max()) * dt,
            unit="ms",
        )


def note_chosen_again(projection: Any, connector: Any, axis: int | None) -> None:
    """Report what the arguments of a connector with a fixed number seem to forbid, and PyNN makes.

    Networks are those of every PyNN backend, so this is no error: "without replacement", more
    cells than there are begin again with the whole population, as PyNN documents and tests.
    Its ``FixedTotalNumberConnector`` always replaces and connects cells to themselves.

    Parameters
    ----------
    projection : Projection
    connector : pyNN.connectors.FixedNumberConnector
    axis : int or None
        The axis of the projection that cells are chosen from; None where pairs are drawn.
    """
    name = type(connector).__name__
    where = f"Projection {projection.label!r}"
    add = projection._session.fidelity.add
    own = not connector.allow_self_connections and projection.pre == projection.post
    ignored = {"allow_self_connections='NoMutual'": connector.allow_self_connections == "NoMutual"}
    if axis is None:
        ignored["allow_self_connections=False"] = own
        ignored["with_replacement=False"] = not connector.with_replacement
    elif isinstance(connector.n, int) and not connector.with_replacement:
        available = projection.shape[axis] - own
        if connector.n > available > 0:
            add(
                "cells chosen again",
                where,
                f"{name}: n = {connector.n} is larger than the number of cells available "
                f"({available}); PyNN connects all of them before it chooses cells again, "
                "so there are several connections between two cells",
            )
    for argument in (text for text, given in ignored.items() if given):
        add("argument of a connector", where, f"PyNN's {name} does not honour {argument}")
