"""Errors of the command line: one clear message and an exit status, no traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from ..errors import GreenmorphError

__all__ = ["Fault", "ScriptFault", "reported"]


class Fault(click.ClickException):
    """The command is wrong: a message says why and what to do, and the exit status is 2."""

    exit_code = 2


class ScriptFault(Fault):
    """The script is wrong; the exit status is 1."""

    exit_code = 1


@contextmanager
def reported(kind: type[Fault] = Fault) -> Iterator[None]:
    """Turn the package's own errors into a fault of this kind."""
    try:
        yield
    except GreenmorphError as error:
        raise kind(str(error)) from error
