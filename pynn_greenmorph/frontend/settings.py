"""Check the arguments of ``setup()``, those of other backends too."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np

from ..errors import InvalidValueError, UnknownNameError, explain, unknown_name
from .values import finite_number

__all__ = [
    "DEFAULT_SEED",
    "HARMLESS",
    "check_choice",
    "check_extra",
    "check_setup_times",
    "check_threads",
    "check_time_scale_factor",
    "take_seed",
]

#: Seed of native random numbers when the user gives none: fixed, so that a
#: script gives the same result twice; it is kept in the report.
DEFAULT_SEED = 20131119

#: How other backends spell the seed of native random numbers.
_SEED_NAMES = ("seed", "rng_seed", "grng_seed", "native_rng_baseseed")

#: Arguments of other backends that change nothing in what is computed there.
HARMLESS = frozenset(
    ["verbosity", "debug", "logfile", "quit_on_end", "recording_precision", "rng_type", "t_flush",
     "default_maxstep", "shape", "rank", "num_processes", "filename", "label"]
)  # fmt: skip

#: Arguments of other backends that would change results there, and are reported.
_NOT_HONOURED = frozenset(["use_cvode", "rtol", "atol", "rng_seeds"])


def check_setup_times(timestep: Any, min_delay: Any, max_delay: Any) -> tuple[float, Any, Any]:
    """Return the time step and the limits of delays (ms, or ``"auto"``).

    Raises ``ValueError`` or ``TypeError`` for values that are not allowed.
    """
    dt = finite_number(timestep, "timestep", positive=True, where="setup()")
    delays: list[Any] = []
    for name, value in (("min_delay", min_delay), ("max_delay", max_delay)):
        if (isinstance(value, str) and value == "auto") or value is None:
            delays.append("auto")
        else:
            delays.append(finite_number(value, name, positive=True, where="setup()"))
    low, high = delays
    if low != "auto" and low < dt - 1e-9:
        raise InvalidValueError(
            explain(
                "min_delay is below the timestep",
                where="setup()",
                allowed=f"at least {dt:g} ms",
                given=low,
            )
        )
    if "auto" not in (low, high) and low > high:
        raise InvalidValueError(
            explain(
                "min_delay is greater than max_delay",
                where="setup()",
                allowed="min_delay <= max_delay (ms)",
                given=f"min_delay = {low:g}, max_delay = {high:g}",
            )
        )
    return dt, low, high


def take_seed(extra: dict[str, Any]) -> int:
    """Take the seed out of ``extra``, however it is spelt; raises ``InvalidValueError``."""
    given = {name: extra.pop(name) for name in _SEED_NAMES if name in extra}
    seeds = {value for value in given.values() if value is not None}
    if not seeds:
        return DEFAULT_SEED
    seed = next(iter(seeds))
    whole = isinstance(seed, int | np.integer) and not isinstance(seed, bool)
    if len(seeds) > 1 or not whole or not 0 <= seed < 2**64:
        raise InvalidValueError(
            explain(
                "the seed is not allowed",
                where="setup()",
                allowed="one integer from 0 to 2**64 - 1",
                given=", ".join(f"{name}={value!r}" for name, value in given.items()),
            )
        )
    return int(seed)


def check_threads(threads: Any) -> None:
    """Raise ``InvalidValueError`` for a number of threads that is not allowed."""
    whole = isinstance(threads, int | np.integer) and not isinstance(threads, bool)
    if threads != "auto" and not (whole and threads >= 1):
        raise InvalidValueError(
            explain(
                "threads is not allowed",
                where="setup()",
                allowed='a positive integer number of threads, or "auto"',
                given=threads,
            )
        )


def check_time_scale_factor(factor: Any, where: str) -> None:
    """Raise ``ValueError`` or ``TypeError`` unless a board can be slowed down so much.

    Parameters
    ----------
    factor : object
    where : str
        The call, for the message.
    """
    number = finite_number(factor, "time_scale_factor", where=where, unit="")
    if number < 1:
        raise InvalidValueError(
            explain(
                "time_scale_factor is not a slow-down",
                where=where,
                allowed="a finite number >= 1: how many times slower than biology the board runs",
                given=factor,
            )
        )


def check_choice(name: str, value: Any, allowed: Sequence[str]) -> None:
    """Raise ``UnknownNameError`` unless ``value`` is one of ``allowed``."""
    if value not in allowed:
        raise UnknownNameError(unknown_name(f"{name} in setup()", str(value), allowed))


def check_extra(extra: dict[str, Any]) -> None:
    """Raise ``UnknownNameError`` for what is nearly the name of an argument."""
    for name in ("dt", "time_step"):
        if name in extra:
            what = f"{name} is not a valid argument"
            raise UnknownNameError(explain(what, where="setup()", todo="Use timestep="))
    known = [
        "timestep", "min_delay", "max_delay", "board", "precision", "threads", "spike_precision",
        "time_scale_factor", "host_energy", *_SEED_NAMES, *HARMLESS, *_NOT_HONOURED,
    ]  # fmt: skip
    for name in extra:
        # PyNN's setup() takes any argument of any backend; only what looks
        # like a slip of the pen is an error, the rest is reported.
        if name not in known and get_close_matches(name, known, n=1, cutoff=0.8):
            raise UnknownNameError(unknown_name("argument of setup()", name, known))
