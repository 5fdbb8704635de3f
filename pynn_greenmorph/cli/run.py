"""``greenmorph run``: check the command, run the script, say what it would cost."""

from __future__ import annotations

import os
import select
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TextIO

import click

from .. import __version__
from ..accounting.experiments.file import prepare
from ..accounting.printable import error_words, one_line
from ..boards.profile import list_boards, load_board, priced_on, resolve_board
from ..dialects.redirect import Redirection
from ..dialects.script import Outcome, Script, ScriptError, load_script, run_script
from ..dialects.simulators import Simulator, check_named, check_one, simulator_named
from ..errors import BoardError, UnknownNameError, unknown_name
from ..frontend.termination import Terminated, watched
from .fault import Fault, ScriptFault, reported
from .progress import progress_bar
from .recorded import recorded
from .sessions import Sessions, check_writable

__all__ = ["run_command"]


def run_command(
    name: str,
    arguments: Sequence[str],
    board: str | None,
    boundary: str | None,
    report: str | None,
    simulator: str | None,
    ledger: str | None = None,
) -> int:
    """Run a script under redirection and print its energy summary.

    Everything that can be checked is checked before the script starts.

    Parameters
    ----------
    name : str
        Path of the script.
    arguments : sequence of str
        The script's own arguments.
    board, boundary, report, simulator, ledger : str or None
        The options ``--board``, ``--boundary``, ``--report``, ``--as`` and ``--ledger``.

    Returns
    -------
    int
        The exit status: the script's own, or 1 if a report could not be made.

    Raises
    ------
    Fault
        If an option or the script is wrong.
    """
    with reported():
        only = None if simulator is None else simulator_named(simulator)
        shown = _check_board(board, boundary)
        if report is not None:
            check_writable(report)
        book = None if ledger is None else prepare(ledger)
    script = _load(name)
    if only is None:
        with reported(ScriptFault):
            check_one(script.selections, name)
    elif not script.selects_others:
        with reported():
            check_named(only, script.selections, name)
    sessions = Sessions(boundary, report)
    try:
        from ..frontend.state import state  # noqa: F401 - the first import of PyNN
    except ImportError as error:
        raise Fault(f"{error}. Run 'greenmorph doctor' to see what is missing.") from error
    with (
        watched(),
        _connected(board and resolve_board(board), sessions),
        reported(),
        recorded(book, script, arguments, boundary, sessions.faults) as finish,
    ):
        outcome, selected = _run(script, arguments, only, shown)
        finish(outcome)
    return _finish(script, outcome, selected, sessions)


def _check_board(board: str | None, boundary: str | None) -> str:
    """Check both names; return what the header says about the board."""
    if board is not None:
        profile = load_board(board)
        priced_on(profile).boundary(boundary)
        return profile.name
    if boundary is not None:
        # Which board prices the run is the script's choice, so any board's boundary may do;
        # the script's setup() tells which, and checks it again.
        known = _boundaries()
        if boundary not in known:
            raise UnknownNameError(unknown_name("boundary", boundary, known))
    return "as the script says"


def _boundaries() -> set[str]:
    """Return the boundaries of all boards; one that cannot be used must not stop the others."""
    known: set[str] = set()
    for name in list_boards():
        with suppress(BoardError):
            known.update(load_board(name).boundaries)
    return known


def _load(name: str) -> Script:
    try:
        return load_script(name)
    except ScriptError as error:
        raise Fault(str(error)) from error
    except SyntaxError as error:
        lines = "".join(traceback.format_exception_only(error))
        click.echo(lines, err=True, nl=False)
        raise click.exceptions.Exit(1) from error


@contextmanager
def _connected(board: str | None, sessions: Sessions) -> Iterator[None]:
    """Tell the front end our wishes while a script runs, and close its last session."""
    from ..frontend.state import state

    state.close()  # nobody else's session is reported as the script's
    state.board_override = board
    state.listeners.append(sessions)
    try:
        with progress_bar(sys.stderr) as state.progress:
            yield
        state.close()
    finally:
        state.progress = None
        state.listeners.remove(sessions)
        state.board_override = None


def _run(
    script: Script, arguments: Sequence[str], only: Simulator | None, board: str
) -> tuple[Outcome, Simulator | None]:
    """Run the script under redirection; also return the simulator it selected."""
    announced: list[Simulator] = []

    def announce(simulator: Simulator) -> None:
        if simulator not in announced:
            announced.append(simulator)
            header = f"greenmorph {__version__}: {simulator.described()}, board: {board}"
            click.echo(header, err=True)

    for selection in script.selections:
        if only in (None, selection.simulator):
            announce(selection.simulator)
    with Redirection(only, announce):
        outcome = run_script(script, arguments)
    return outcome, announced[0] if announced else None


def _finish(
    script: Script, outcome: Outcome, selected: Simulator | None, sessions: Sessions
) -> int:
    """Print what ended the script, then the summary; return the exit status."""
    broken = isinstance(outcome.error, BrokenPipeError) and _reader_gone(sys.stdout)
    if not broken:
        _show_end(script, outcome)
    try:
        if not broken:
            if early := _ended_early(script, outcome):
                click.echo(f"{early}\n")
            click.echo(sessions.summary() or _no_summary(script, selected, sessions))
            sys.stdout.flush()
    except BrokenPipeError:
        broken = True
    if broken:
        # Python would complain when it flushes stdout at its end, where nobody can catch it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    faults = list(sessions.faults)
    if sessions.path is not None and not sessions.written and not faults:
        # An older file of that name must not pass for the report of this run.
        faults.append(f"nothing was simulated, so {str(sessions.path)!r} was not written")
    for fault in faults:
        click.echo(f"Error: {fault}", err=True)
    return outcome.status or int(bool(faults))


def _show_end(script: Script, outcome: Outcome) -> None:
    if outcome.message:
        click.echo(outcome.message, err=True)
    error = outcome.error
    if isinstance(error, KeyboardInterrupt | Terminated):
        how = "Interrupted" if isinstance(error, KeyboardInterrupt) else "Terminated"
        frames = traceback.extract_tb(error.__traceback__)
        own = [frame.lineno for frame in frames if frame.filename == str(script.path)]
        click.echo(f"{how} in {script.name}, line {own[-1] if own else '?'}.", err=True)
    elif error is not None:
        # Not print_exception: a script may have set a hook of its own.
        sys.excepthook(type(error), error, error.__traceback__)


def _ended_early(script: Script, outcome: Outcome) -> str:
    """Say above the summary that it is not that of a whole run; empty if it is."""
    if not outcome.status and outcome.error is None:
        return ""
    if outcome.error is None:
        how = f"exit status {outcome.status}"
    else:
        how = one_line(error_words(outcome.error))[:200]
    return f"{script.name} did not finish ({how}). What follows is what ran until then."


def _no_summary(script: Script, selected: Simulator | None, sessions: Sessions) -> str:
    if sessions.faults:
        return f"No report could be made of what {script.name} simulated."
    if selected is None:
        reason = "it imported no simulator that is redirected"
    else:
        reason = f"it selects {selected}, but its run() was never called"
    return f"No simulation ran in {script.name}: {reason}. There is no energy to report."


def _reader_gone(stream: TextIO) -> bool:
    """Say whether nobody reads a stream any more, as in ``greenmorph run x.py | head -1``."""
    try:
        stream.flush()
    except BrokenPipeError:
        return True
    # With python -u nothing is left to flush, so ask the system; Windows has no poll().
    with suppress(AttributeError, OSError, ValueError):
        poller = select.poll()
        poller.register(stream.fileno(), 0)
        return bool(poller.poll(0))
    return False
