"""Wall-clock time of a run on a board.

On a real-time board ``T_wall = T_bio * max(1, smallest real-time step / dt,
time_scale_factor)``; on an accelerated one ``T_wall = T_bio / speed-up``.

A core whose work does not fit into ``T_wall`` does **not** stretch it: the user
chose the factor, and the real machine keeps the clock and drops what is late.
The core's energy is clamped at its largest power, one warning is given, and the
report prints the time-scale factor that would fit. Giving that factor is then
the overrun term of the rule.
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
    board: Board, dt_ms: float, t_bio_s: float, time_scale_factor: float | None = None
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
        reason = f"accelerated {timing.speedup:g} times"
        return WallTime(t_bio_s, t_bio_s / timing.speedup, 1 / timing.speedup, reason)
    if timing is None or timing.mode != "realtime":
        what = "the profile's time mode has no rule for the wall-clock time yet"
        raise BoardError(explain(what, where=f"board {board.name}"))
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


def _check(board: Board, factor: float | None) -> None:
    if factor is None:
        return
    where = "time_scale_factor"
    if isinstance(factor, bool) or not math.isfinite(factor) or factor < 1:
        allowed = "a finite number >= 1"
        raise InvalidValueError(
            explain("not a slow-down", where=where, allowed=allowed, given=factor)
        )
    if factor != 1 and (board.time is None or not board.time.allow_slowdown):
        what = f"board {board.name} cannot run slower than its own time"
        raise InvalidValueError(explain(what, where=where, allowed="1", given=factor))
