"""``with sim.experiment(...)``: attempts are recorded before, while and after they run.

Ledgers and prices are imported when an experiment is made: most scripts make none,
and should not wait for SQLite at their start.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from weakref import WeakKeyDictionary

from ..accounting.last_run import Mark, ledger_since, mark
from ..accounting.ledger import Ledger
from ..accounting.printable import error_words
from ..engine.interrupt import interrupt_held_back
from ..errors import (
    GreenmorphError,
    GreenmorphWarning,
    InvalidValueError,
    LifecycleError,
    UnknownNameError,
    explain,
    unknown_name,
)
from .session import Session
from .state import state
from .termination import Terminated, held_back, watched

if TYPE_CHECKING:
    from ..accounting.experiments.attempt import Attempt
    from ..accounting.experiments.key import Key
    from ..accounting.experiments.measure import Measured

__all__ = ["DEFAULT_LEDGER", "Experiment", "ScriptRun", "experiment"]

#: The ledger of scripts that name none, in the current folder.
DEFAULT_LEDGER = "experiments.sqlite"

#: Arguments of ``energy_report()`` that an experiment takes.
PRICING = ("board", "boundary", "neurons_per_core", "time_scale_factor", "given", "voltage_v")

#: Up to where each session has been recorded, so that no count is recorded twice. Counts can be
#: subtracted and prices cannot: they differ between pricings, and do not grow in proportion.
_recorded: WeakKeyDictionary[Session, Mark] = WeakKeyDictionary()


class Experiment:
    """An experiment that is recorded in a ledger; ``sim.experiment`` makes one.

    Attributes
    ----------
    name : str
    ledger : str or path
    result : object
        What came out, for example an accuracy, or several numbers by name. It
        is checked when it is set and written when the block ends.
    """

    def __init__(
        self,
        name: str,
        key: Key,
        ledger: str | Path,
        *,
        epochs: int = 1,
        overhead_s: float = 0.0,
        overhead_j: float = 0.0,
        pricing: Mapping[str, Any] | None = None,
    ) -> None:
        self.name = name
        self.ledger = ledger
        self._key = key
        self._epochs = epochs
        self._overhead = (overhead_s, overhead_j)
        self._pricing = dict(pricing or {})
        self._attempt: Attempt | None = None
        self._watching = ExitStack()
        self._settled = False
        self._result: Any = None

    @property
    def result(self) -> Any:
        """What came out; ``None`` until it is set."""
        return self._result

    @result.setter
    def result(self, value: Any) -> None:
        from ..accounting.experiments.key import canonical

        self._result = canonical(value, f"experiment {self.name!r}, result")

    def __enter__(self) -> Self:
        outer = state.experiments[-1] if state.experiments else None
        if self._attempt is not None or (outer and not isinstance(outer, ScriptRun)):
            what = f"experiment {self.name!r} begins inside another one"
            if self._attempt is not None:
                what = f"experiment {self.name!r} was entered before"
            todo = "End the other one first, and call sim.experiment() for each attempt"
            raise LifecycleError(explain(what, todo=todo))
        with ExitStack() as watching:
            watching.enter_context(watched())
            with held_back():
                self._begin(outer)
            self._watching = watching.pop_all()
        return self

    def _begin(self, outer: Experiment | None) -> None:
        from ..accounting.experiments.attempt import start

        session = state.session
        if session is not None and session.has_run:
            # What ran before is not this experiment's.
            if outer is None:
                _recorded[session] = mark(session.simulation)
            else:
                outer.take(session)
        driver = None if outer is None else outer.attempt
        self._attempt = start(self.ledger, self._key, self._epochs, self._overhead, driver)
        state.experiments.append(self)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # A signal that comes now waits: the attempt ended before it.
        with self._watching, held_back(), interrupt_held_back():
            try:
                self.close(*_ending(error))
            except GreenmorphError as fault:
                if error is None:
                    raise
                # What stopped the script is worth more than why it could not be recorded.
                error.add_note(f"and the experiment could not be recorded: {fault}")

    @property
    def attempt(self) -> Attempt:
        """The attempt in the ledger."""
        assert self._attempt is not None  # only asked for between enter and exit
        return self._attempt

    def close(self, status: str, error: str = "") -> None:
        """Record the open session and how the attempt ended."""
        if not self.attempt.mine:
            return  # a forked process left the block; the attempt is its parent's
        state.experiments.remove(self)
        if state.session is not None:
            self.take(state.session)
        self.attempt.end(status, error, self._result)

    def settle(self, session: Session) -> None:
        """Hear of a session that was set up or runs; the first one completes the key."""
        if not self._settled:
            from ..accounting.experiments.key import board_words

            self._settled = True
            board = board_words(session.board, self._pricing.get("board"))
            self.attempt.settle(session.network.seed, board)

    def take(self, session: Session) -> None:
        """Record what a session has cost since it was recorded last."""
        if not session.has_run:
            return
        before = _recorded.get(session)
        if before is None:
            ledger = session.ledger()
        else:
            ledger = ledger_since(before, session.network, session.simulation)
        if ledger.steps > 0:
            self.attempt.add(self._measure(session, ledger))
            _recorded[session] = mark(session.simulation)

    def _measure(self, session: Session, ledger: Ledger) -> Measured:
        from ..accounting.experiments.measure import measure, unpriced

        try:
            return measure(session.price(ledger, **self._pricing))
        except GreenmorphError as error:
            what = f"experiment {self.name!r}: a session could not be priced: {error}"
            warnings.warn(what, GreenmorphWarning, stacklevel=2)
            return unpriced(session.board, ledger.t_bio_s, str(error))


class ScriptRun(Experiment):
    """A whole script as one experiment, unless it records experiments itself."""

    _concluded: tuple[str, str] | None = None

    def conclude(self, status: int, error: BaseException | None) -> None:
        """Hear how the script ended: an exit status, and the exception if there was one."""
        if error is None and status:
            self._concluded = ("failed", f"exit status {status}")
        else:
            self._concluded = _ending(error)

    def close(self, status: str, error: str = "") -> None:
        """Record how the script ended, which was no exception here."""
        super().close(*(self._concluded or (status, error)))


def experiment(
    name: str,
    *,
    epochs: int = 1,
    params: Mapping[str, Any] | None = None,
    ledger: str | Path | None = None,
    overhead_s: float = 0.0,
    overhead_j: float = 0.0,
    pricing: Mapping[str, Any] | None = None,
) -> Experiment:
    """Record what runs in a ``with`` block as an experiment.

    The attempt is committed to the ledger before the block runs, and stays
    there whether the block finishes, raises, is interrupted or is killed. SIGTERM
    ends the block as an exception would, unless the script handles it itself.

    Parameters
    ----------
    name : str
        Which experiment of the script this is.
    epochs : int
        Passes over the data that the block stands for: its energy and time
        are charged so many times if it finishes. Leave it at 1 if the block
        simulates every epoch itself.
    params : mapping of str to plain values, optional
        Hyper-parameters; the script's arguments are added as ``"arguments"``.
        Two attempts with the same script, parameters, arguments, seed, priced
        board and version are one experiment.
    ledger : str or path, optional
        By default the one of ``greenmorph run --ledger``, else
        ``experiments.sqlite`` in the current folder.
    overhead_s : float, s
        Time of this attempt in which the board is on but does not run the
        model: mapping, loading, read-out. It is charged at the static power.
    overhead_j : float, J
        Other fixed energy of this attempt.
    pricing : mapping, optional
        Arguments of ``energy_report()`` with which sessions are priced, for
        example ``{"board": "loihi1"}``. They are tried before the block runs.

    Returns
    -------
    Experiment
        Set its ``result`` to what came out.

    Raises
    ------
    InvalidValueError
        For a name, parameter or number that cannot be recorded.
    UnknownNameError, BoardError
        For a pricing that is not possible.
    ReportError
        If the ledger cannot be written.
    LifecycleError
        If it begins inside another experiment.

    Examples
    --------
    >>> with sim.experiment("digits", epochs=3, params={"tau_m": 20.0}) as trial:  # doctest: +SKIP
    ...     trial.result = train()
    """
    from ..accounting.experiments.key import make_key
    from ..accounting.nature_inputs import check_counts, check_range

    check_counts(epochs=epochs)
    check_range("overhead_s", overhead_s, 0.0, 1e300, "a finite time >= 0 (s)")
    check_range("overhead_j", overhead_j, 0.0, 1e300, "a finite energy >= 0 (J)")
    if ledger is None:
        ledger = state.ledger or DEFAULT_LEDGER
    file = getattr(sys.modules["__main__"], "__file__", None)
    script = None if file is None else Path(file)
    values: Any = {} if params is None else params
    if isinstance(values, Mapping) and script is not None:
        if "arguments" in values:
            what = "the name 'arguments' is taken by the script's arguments"
            todo = "Give the parameter another name"
            raise InvalidValueError(explain(what, where=f"experiment {name!r}, params", todo=todo))
        values = {**values, **script_params(sys.argv[1:])}
    key = make_key(name, script, values)
    return Experiment(
        name,
        key,
        ledger,
        epochs=int(epochs),
        overhead_s=float(overhead_s),
        overhead_j=float(overhead_j),
        pricing=_checked_pricing({"boundary": state.boundary} if pricing is None else pricing),
    )


def _checked_pricing(pricing: Mapping[str, Any]) -> dict[str, Any]:
    """Price nothing at all, so that a mistake shows before anything is simulated."""
    from ..accounting.report import make_report
    from ..boards.profile import resolve_board

    for name in pricing:
        if name not in PRICING:
            todo = "Give durations of phases as overhead_s" if name == "phases" else ""
            raise UnknownNameError(unknown_name("argument in pricing", name, PRICING, todo=todo))
    make_report(Ledger(1.0, 0, 0, (), (), seed=0), **pricing)
    board = pricing.get("board")
    if isinstance(board, str | os.PathLike):
        # A script may change the folder later, which would give a path another meaning.
        return {**pricing, "board": resolve_board(board)}
    return dict(pricing)


def script_params(arguments: list[str]) -> dict[str, Any]:
    """Return what a script's arguments add to its parameters; nothing if there are none."""
    return {"arguments": list(arguments)} if arguments else {}


def _ending(error: BaseException | None) -> tuple[str, str]:
    """Return the status of an attempt and its error in words."""
    if error is None or (isinstance(error, SystemExit) and error.code in (None, 0)):
        return "finished", ""
    words = error_words(error)
    if isinstance(error, KeyboardInterrupt):
        return "interrupted", words
    return "terminated" if isinstance(error, Terminated) else "failed", words
