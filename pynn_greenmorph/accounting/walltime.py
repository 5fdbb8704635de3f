"""Wall-clock time of a run on a board.

On a real-time board ``T_wall = T_bio * max(1, smallest real-time step / dt,
time_scale_factor)``; on an accelerated one ``T_wall = T_bio / speed-up``; on one
that runs as fast as it can, T_wall is the time that its steps take (see
:mod:`.latency`), or T_bio where nobody has published that; a time-scale factor of
the user paces it, as a host does that feeds it with input.

A core whose work does not fit into ``T_wall`` does **not** stretch it: the user
chose the factor, the real machine keeps the clock, and measured power saturates.
If the time stretched, the cap of the energy's formula could never bind. The
core's energy is clamped at its largest power, one warning is given, and the
report prints the time-scale factor that would fit. Giving that factor is then
the overrun term of the rule: nothing is clamped.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..boards.profile import Board
from ..errors import BoardError, InvalidValueError, explain

__all__ = ["WallTime", "wall_time"]


@dataclass(frozen=True)
class WallTime:
    """How long a run takes on a board, and why.

    Attributes
    ----------
    t_bio_s, t_wall_s : float, s
    factor : float
        ``t_wall_s / t_bio_s`` of the rule.
    reason : str
        Which term of the rule decided, for users.
    asked : float or None
        The time-scale factor that the user gave.
    honoured : bool
        Whether the user's factor, if any, was large enough to be used.
    """

    t_bio_s: float
    t_wall_s: float
    factor: float
    reason: str
    asked: float | None = None
    honoured: bool = True


def wall_time(
    board: Board,
    dt_ms: float,
    t_bio_s: float,
    time_scale_factor: float | None = None,
    steps_take_s: float | None = None,
) -> WallTime:
    """Return the wall-clock time of a run.

    Parameters
    ----------
    board : Board
    dt_ms : float, ms
        Time step of the model.
    t_bio_s : float, s
        Simulated biological time.
    time_scale_factor : float, optional
        Slow-down that the user asks for, at least 1.
    steps_take_s : float, optional, s
        Time that all steps take on a board that runs as fast as it can.

    Raises
    ------
    InvalidValueError
        If a time is not finite, or the factor is below 1 or not possible on this board.
    BoardError
        If the profile does not say how the board's time runs.
    """
    if not (math.isfinite(dt_ms) and dt_ms > 0 and math.isfinite(t_bio_s) and t_bio_s >= 0):
        what = "the time step or the simulated time is not a finite number"
        raise InvalidValueError(explain(what, where="ledger", given=f"{dt_ms} ms, {t_bio_s} s"))
    _check(board, time_scale_factor)
    timing = board.time
    if timing is not None and timing.mode == "accelerated":
        if timing.speedup is None:
            return _as_fast_as_possible(t_bio_s, None, None)
        reason = f"accelerated {timing.speedup:g} times"
        return WallTime(t_bio_s, t_bio_s / timing.speedup, 1 / timing.speedup, reason)
    if timing is not None and timing.mode == "as_fast_as_possible":
        return _as_fast_as_possible(t_bio_s, steps_take_s, time_scale_factor)
    if timing is None:
        what = "the profile does not say how the board's time runs"
        raise BoardError(explain(what, where=f"board {board.name}", todo="Add a section [time]"))
    smallest = board.limit("timestep_ms_min_realtime")
    needed = 1.0 if smallest is None else max(1.0, smallest / dt_ms)
    asked = 1.0 if time_scale_factor is None else float(time_scale_factor)
    if needed > 1 and needed >= asked:
        factor, reason = needed, f"smallest real-time step {smallest:g} ms / {dt_ms:g} ms"
    elif asked > 1:
        factor, reason = asked, "time_scale_factor given by the user"
    else:
        factor, reason = 1.0, "real time"
    honoured = time_scale_factor is None or asked >= factor
    return WallTime(t_bio_s, t_bio_s * factor, factor, reason, time_scale_factor, honoured)


def _as_fast_as_possible(
    t_bio_s: float, steps_take_s: float | None, asked: float | None
) -> WallTime:
    least_s = 0.0 if steps_take_s is None else steps_take_s
    if asked is not None and asked * t_bio_s >= least_s:
        reason = "time_scale_factor given by the user"
        return WallTime(t_bio_s, t_bio_s * asked, asked, reason, asked)
    if steps_take_s is None:
        reason = "no speed is published for this board; it is taken to keep real time"
        return WallTime(t_bio_s, t_bio_s, 1.0, reason)
    factor = steps_take_s / t_bio_s if t_bio_s > 0 else 1.0
    reason = (
        "as fast as possible, without input and output by a host: the steps of the slowest core, "
        "the longest route, the barrier"
    )
    return WallTime(t_bio_s, steps_take_s, factor, reason, asked, asked is None)


def _check(board: Board, factor: float | None) -> None:
    if factor is None:
        return
    where = "time_scale_factor"
    if isinstance(factor, bool) or not math.isfinite(factor) or factor < 1:
        allowed = "a finite number >= 1"
        raise InvalidValueError(
            explain("not a slow-down", where=where, allowed=allowed, given=factor)
        )
    timing = board.time
    paced = timing is not None and timing.mode == "as_fast_as_possible"
    if factor != 1 and not paced and (timing is None or not timing.allow_slowdown):
        what = f"board {board.name} cannot run slower than its own time"
        raise InvalidValueError(explain(what, where=where, allowed="1", given=factor))
