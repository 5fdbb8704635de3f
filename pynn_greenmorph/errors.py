"""Every exception and warning of the package, and the one helper that words them.

A message of this package says what is wrong, where, what is allowed, what was
given and what to do about it. :func:`explain` puts these parts into one
sentence each, always in this order, so that users learn where to look.

This module imports nothing, so that every layer may use it.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = [
    "BoardError",
    "FidelityWarning",
    "GreenmorphError",
    "GreenmorphWarning",
    "InvalidValueError",
    "LifecycleError",
    "MissingPackageError",
    "NotEnoughMemoryError",
    "ReportError",
    "SimulationError",
    "UnknownNameError",
    "explain",
    "unknown_name",
]


class GreenmorphError(Exception):
    """Base of all exceptions that this package raises itself."""


class InvalidValueError(GreenmorphError, ValueError):
    """A value is outside what is allowed: wrong sign, not finite, wrong unit or shape."""


class UnknownNameError(GreenmorphError, ValueError):
    """A name (board, cell, boundary, country, argument) is not known."""


class BoardError(GreenmorphError, ValueError):
    """A board profile is malformed, or lacks a number that was asked for."""


class ReportError(GreenmorphError, ValueError):
    """A report cannot be made, written or read."""


class LifecycleError(GreenmorphError, RuntimeError):
    """A call at the wrong moment: before ``setup()``, after ``end()``, on an old object."""


class MissingPackageError(GreenmorphError, ImportError):
    """A package that is no requirement is needed for what was asked for; an extra installs it."""


class NotEnoughMemoryError(GreenmorphError, MemoryError):
    """What is to be built would not fit into the memory of this computer."""


class SimulationError(GreenmorphError, RuntimeError):
    """The simulation itself failed, for example a membrane potential became NaN."""


class GreenmorphWarning(UserWarning):
    """Base of all warnings of this package."""


class FidelityWarning(GreenmorphWarning):
    """Something was rounded, left out or not honoured; there is a row in the fidelity report."""


def explain(
    what: str, *, where: str = "", allowed: str = "", given: object = None, todo: str = ""
) -> str:
    """Word an error in the house's order: what, where, allowed, given, what to do.

    Parameters
    ----------
    what : str
        What is wrong, without a full stop at the end.
    where : str, optional
        The place, for example ``"Population 'exc', parameter tau_m"``.
    allowed : str, optional
        The allowed values, for example ``"a finite number > 0 (ms)"``.
    given : object, optional
        The value that was given; shown by ``repr`` unless it is already a string.
    todo : str, optional
        What the user can do, as a sentence.

    Returns
    -------
    str
        The message.

    Examples
    --------
    >>> explain("tau_m is not positive", where="IF_curr_exp", allowed="a number > 0 (ms)", given=-1)
    'IF_curr_exp: tau_m is not positive. Allowed: a number > 0 (ms). Given: -1.'
    """
    head = f"{where}: {what}" if where else what
    parts = [head.rstrip(".") + "."]
    if allowed:
        parts.append(f"Allowed: {allowed}.")
    if given is not None:
        shown = given if isinstance(given, str) else repr(given)
        parts.append(f"Given: {shown}.")
    if todo:
        parts.append(todo if todo.endswith("?") else todo.rstrip(".") + ".")
    return " ".join(parts)


def unknown_name(kind: str, given: str, known: Iterable[str], *, todo: str = "") -> str:
    """Word the error for a name that is not known, with the nearest known one.

    Parameters
    ----------
    kind : str
        What was looked for, for example ``"board"``.
    given : str
        The name that was given.
    known : iterable of str
        All known names.
    todo : str, optional
        What else the user can do.

    Returns
    -------
    str
        The message; it lists all known names and suggests the most similar one.

    Examples
    --------
    >>> unknown_name("board", "idael", ["ideal"])
    "unknown board 'idael'. Allowed: 'ideal'. Did you mean 'ideal'?"
    """
    names = sorted(known)
    allowed = ", ".join(repr(name) for name in names) or "none is installed"
    near = get_close_matches(given, names, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else todo
    message = f"unknown {kind} {given!r}. Allowed: {allowed}."
    return f"{message} {hint}" if hint else message
