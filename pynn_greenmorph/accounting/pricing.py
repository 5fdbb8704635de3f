"""Pricing: counts x costs of a board, joules by component, population, projection and phase.

Each core's dynamic energy is ``min(sum_k N_k e_k, cap * T_wall)`` where the board
has such a cap. Where it binds, everything on that core is scaled down alike, so
that all ways to add the joules up give the same total.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..boards.profile import Board, Coefficient
from ..mapping.place import NeuronsPerCore, place
from .charges import Charges, charge
from .costs import Costs, costs_of, static_powers, unpriced
from .counting import PER_STEP, Counting
from .deliveries import count_deliveries
from .hops import mesh_of
from .intervals import draw
from .latency import steps_take_s
from .ledger import Ledger
from .parts import add_up, given_phases, own_phases, owners
from .phases import PHASES, Duration, left_out_phases
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
    durations: Sequence[Duration] = (),
) -> Priced:
    """Price the counts of a ledger on a board.

    Parameters
    ----------
    ledger : Ledger
    board : Board
        A profile with prices.
    boundary : str, optional
        What the static power includes; the board's default boundary if not given.
    neurons_per_core, time_scale_factor : optional
        As in :func:`~pynn_greenmorph.mapping.place.place` and :func:`.walltime.wall_time`.
    durations : sequence of Duration, optional
        Phases that the user gives.

    Raises
    ------
    UnknownNameError, InvalidValueError
        If an argument is not known on this board or out of its range.
    BoardError
        If the board has no prices, or an energy per event is not published.
    """
    costs, limits = costs_of(ledger, board), board.boundary(boundary)
    placement = place(ledger, board, neurons_per_core)
    mesh = mesh_of(board)
    routes = count_deliveries(ledger, placement.core, mesh)
    counting = Counting(ledger, placement, routes, mesh)
    steps_s = steps_take_s(board, counting)
    wall = wall_time(board, ledger.dt_ms, ledger.t_bio_s, time_scale_factor, steps_s)
    charges = charge(counting, costs.components)
    prices = np.array([coefficient.value for coefficient in costs.dynamic], np.float64)
    share, overrun = clamp(charges.per_core, prices, costs.cap, wall)
    energy = charges.count * charges.share * prices[charges.component] * share[charges.core]
    capped = np.where(share[charges.core] < 1, energy, 0.0)
    powers = static_powers(board, limits, placement.boards, placement.frames)
    static = tuple((coefficient, watt * wall.t_wall_s) for coefficient, watt in powers)
    static_w, static_j = sum(watt for _, watt in powers), sum(joule for _, joule in static)
    missing = tuple(coefficient.name for coefficient, _ in powers if coefficient.value is None)
    whole = Part(0.0, {}, static_j, board.name, missing)
    phases = own_phases(charges, costs.components, energy, whole)
    phases |= given_phases(durations, static_w, board.name, missing)
    populations, projections = owners(ledger, charges, energy)
    return Priced(
        board=board,
        boundary=limits,
        placement=placement,
        wall=wall,
        steps=int(ledger.steps),
        components=costs.components,
        static=static,
        dynamic=costs.dynamic,
        cap=costs.cap,
        components_j=add_up(charges.component, energy, len(costs.components)),
        capped_j=add_up(charges.component, capped, len(costs.components)),
        charged=tuple(map(int, charges.per_core.sum(axis=0))),
        populations=populations,
        projections=projections,
        phases={name: phases[name] for name in PHASES if name in phases},
        durations=tuple(durations),
        overrun=overrun,
        usual_step=None if missing else _usual_step(counting, board, charges, costs, static_w),
        samples=draw(static, costs.dynamic, costs.cap, charges.per_core, wall.t_wall_s),
        missing=missing,
        left_out=left_out_phases(phases),
        unpriced=(*costs.left_out, *unpriced(board, costs.components, charges.counters)),
    )


def clamp(
    per_core: NDArray[np.int64] | FloatArray,
    costs: FloatArray,
    cap: Coefficient | None,
    wall: WallTime,
) -> tuple[FloatArray, Overrun]:
    """Return the share of its demand that each core can draw, and how far it is over.

    Parameters
    ----------
    per_core : (cores, components) int64 or float64
        Counts.
    costs : (components,) float64, J
        Energy per event.
    cap : Coefficient or None, W
        Largest dynamic power of a core, where there is one.
    wall : WallTime

    Returns
    -------
    share : (cores,) float64
        At most 1.
    overrun : Overrun
    """
    share = np.ones(len(per_core))
    if cap is None:
        return share, Overrun(0.0, 0, max(1.0, wall.factor), 0.0)
    demand = per_core @ costs
    limit = float(cap.value or 0.0) * wall.t_wall_s
    over = demand > limit
    share[over] = limit / demand[over]
    factor = float(demand.max() / limit) if len(demand) and limit > 0 else 0.0
    lost = float((demand[over] - limit).sum())
    return share, Overrun(factor, int(over.sum()), max(1.0, wall.factor * factor), lost)


def _usual_step(
    counting: Counting, board: Board, charges: Charges, costs: Costs, static_w: float
) -> UsualStep | None:
    ledger, timing = counting.ledger, board.time
    usual = None if timing is None else timing.default_timestep_ms
    if timing is None or usual is None or usual == ledger.dt_ms or timing.mode == "accelerated":
        return None
    if board.latency:  # the steps decide how long the board takes: count again
        counting = replace(counting, ledger=_with_step(ledger, usual))
        per_core = charge(counting, costs.components).per_core.astype(np.float64)
    else:
        per_core = charges.per_core.astype(np.float64)
        stepped = [component.name in PER_STEP for component in costs.components]
        per_core[:, stepped] *= ledger.dt_ms / usual
    steps_s = steps_take_s(board, counting)
    wall = wall_time(board, usual, ledger.t_bio_s, steps_take_s=steps_s)
    prices = np.array([coefficient.value for coefficient in costs.dynamic], np.float64)
    share, overrun = clamp(per_core, prices, costs.cap, wall)
    dynamic_j = float(share @ (per_core @ prices))
    return UsualStep(usual, wall.t_wall_s, static_w * wall.t_wall_s, dynamic_j, overrun)


def _with_step(ledger: Ledger, dt_ms: float) -> Ledger:
    """Return the same spikes in the whole steps of another length that hold them."""

    def steps(old: int) -> int:
        return math.ceil(round(old * ledger.dt_ms / dt_ms, 9))  # 10 * 0.1 is one step, not two

    rows = tuple(replace(row, steps=steps(row.steps)) for row in ledger.populations)
    return replace(ledger, dt_ms=dt_ms, steps=steps(ledger.steps), populations=rows)
