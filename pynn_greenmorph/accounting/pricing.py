"""Pricing: counts x costs of a board, joules by component, population, projection and phase.

Each core's dynamic energy is ``min(sum_k N_k e_k, cap * T_wall)``. Where the cap
binds, everything on that core is scaled down alike, so that all ways to add the
joules up give the same total.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..boards.profile import Board, Boundary, Coefficient
from ..errors import BoardError, explain
from ..mapping.place import NeuronsPerCore, Placement, place
from .charges import Charges, charge
from .components import COMPONENTS, COUNTERS
from .intervals import draw
from .ledger import Ledger
from .priced import Overrun, Part, Priced, UsualStep
from .walltime import WallTime, wall_time

__all__ = ["clamp", "price"]

FloatArray = NDArray[np.float64]


def price(
    ledger: Ledger,
    board: Board,
    boundary: str | None = None,
    neurons_per_core: NeuronsPerCore = None,
    time_scale_factor: float | None = None,
) -> Priced:
    """Price the counts of a ledger on a board.

    Parameters
    ----------
    ledger : Ledger
    board : Board
        A profile of model "software_cores".
    boundary : str, optional
        What the static power includes; the board's default boundary if not given.
    neurons_per_core, time_scale_factor : optional
        As in :func:`~pynn_greenmorph.mapping.place.place` and :func:`.walltime.wall_time`.

    Raises
    ------
    UnknownNameError, InvalidValueError
        If an argument is not known on this board or out of its range.
    BoardError
        If the board has no prices, or one that is needed is not published.
    """
    if board.model != "software_cores":
        what = f"energy model {board.model!r} has no pricing"
        raise BoardError(explain(what, where=f"board {board.name}", allowed="'software_cores'"))
    limits = board.boundary(boundary)
    wall = wall_time(board, ledger.dt_ms, ledger.t_bio_s, time_scale_factor)
    placement = place(ledger, board, neurons_per_core)
    charges = charge(ledger, placement)
    powers = _static_powers(board, limits, placement)
    static = tuple((coefficient, watt * wall.t_wall_s) for coefficient, watt in powers)
    dynamic = tuple(_published(board, component.coefficient) for component in COMPONENTS)
    cap = _published(board, "core_busy_W")
    costs = np.array([coefficient.value for coefficient in dynamic], np.float64)
    share, overrun = clamp(charges.per_core, costs, float(cap.value or 0.0), wall)
    energy = charges.count * costs[charges.component] * share[charges.core]
    parts = _parts(ledger, charges, energy)
    return Priced(
        board=board,
        boundary=limits,
        placement=placement,
        wall=wall,
        static=static,
        dynamic=dynamic,
        components_j=_sums(charges.component, energy, len(COMPONENTS)),
        charged=charges.per_core.sum(axis=0),
        populations=parts[0],
        projections=parts[1],
        phases={"run": _run(charges, static, energy)},
        overrun=overrun,
        usual_step=_usual_step(ledger, board, charges, costs, cap, powers),
        samples=draw(static, dynamic, cap, charges.per_core, wall.t_wall_s),
    )


def clamp(
    per_core: NDArray[np.int64] | FloatArray, costs: FloatArray, cap_w: float, wall: WallTime
) -> tuple[FloatArray, Overrun]:
    """Return the share of its demand that each core can draw, and how far it is over.

    Parameters
    ----------
    per_core : (cores, 6) int64 or float64
        Counts.
    costs : (6,) float64, J
        Energy per event.
    cap_w : float, W
        Largest dynamic power of a core.
    wall : WallTime

    Returns
    -------
    share : (cores,) float64
        At most 1.
    overrun : Overrun
    """
    demand = per_core @ costs
    limit = cap_w * wall.t_wall_s
    over = demand > limit
    share = np.ones(len(demand))
    share[over] = limit / demand[over]
    factor = float(demand.max() / limit) if len(demand) and limit > 0 else 0.0
    lost = float((demand[over] - limit).sum())
    return share, Overrun(factor, int(over.sum()), max(1.0, wall.factor * factor), lost)


def _published(board: Board, name: str) -> Coefficient:
    found = board.dynamic.get(name, board.static.get(name))
    if found is None or found.value is None:
        what = f"no value of {name} is published, so no total can be given"
        raise BoardError(explain(what, where=f"board {board.name}"))
    return found


def _static_powers(
    board: Board, boundary: Boundary, placement: Placement
) -> list[tuple[Coefficient, float]]:
    times = {
        "board": placement.boards,
        "frame": placement.frames,
        "chip": placement.boards * int(board.limit("chips") or 1),
    }
    parts = [_published(board, name) for name in boundary.parts]
    return [(part, float(part.value or 0.0) * times[part.per]) for part in parts]


def _parts(
    ledger: Ledger, charges: Charges, energy: FloatArray
) -> tuple[dict[str, Part], dict[str, Part]]:
    """Return the populations and the projections with their joules."""
    sums = _sums(charges.owner, energy, len(charges.counters))
    pairs = zip(sums, charges.counters, strict=True)
    parts = [Part(float(joule), 0.0, float(joule), counters) for joule, counters in pairs]
    labels = [row.label for row in ledger.populations]
    labels += [row.label for row in ledger.projections]
    rows = list(zip(labels, parts, strict=True))
    split = len(ledger.populations)
    return dict(rows[:split]), dict(rows[split:])


def _sums(index: NDArray[np.int64], energy: FloatArray, length: int) -> FloatArray:
    return np.bincount(index, energy, length).astype(np.float64)  # integers if it is empty


def _run(
    charges: Charges, static: tuple[tuple[Coefficient, float], ...], energy: FloatArray
) -> Part:
    """Return the one phase that is modelled, the run."""
    counters = {key: sum(row[key] for row in charges.counters) for key in COUNTERS}
    static_j, dynamic_j = sum(joule for _, joule in static), float(energy.sum())
    return Part(static_j + dynamic_j, static_j, dynamic_j, counters)


def _usual_step(
    ledger: Ledger,
    board: Board,
    charges: Charges,
    costs: FloatArray,
    cap: Coefficient,
    powers: list[tuple[Coefficient, float]],
) -> UsualStep | None:
    usual = board.time.default_timestep_ms if board.time else None
    if usual is None or usual == ledger.dt_ms:
        return None
    wall = wall_time(board, usual, ledger.t_bio_s)
    per_core = charges.per_core.astype(np.float64)
    for name in ("neuron_updates", "source_ticks"):
        per_core[:, COUNTERS.index(name)] *= ledger.dt_ms / usual
    share, overrun = clamp(per_core, costs, float(cap.value or 0.0), wall)
    static_w = sum(watt for _, watt in powers)
    return UsualStep(
        usual, wall.t_wall_s, static_w * wall.t_wall_s, float(share @ (per_core @ costs)), overrun
    )
