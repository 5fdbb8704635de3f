"""Recording a script that runs as an attempt in a ledger of experiments."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..accounting.experiments.key import make_key
from ..accounting.printable import printable
from ..dialects.script import Outcome, Script
from ..errors import GreenmorphError

__all__ = ["recorded"]


@contextmanager
def recorded(
    ledger: Path | None,
    script: Script,
    arguments: Sequence[str],
    boundary: str | None,
    faults: list[str],
) -> Iterator[Callable[[Outcome], None]]:
    """Record a script in a ledger, from before it starts to how it ended.

    Parameters
    ----------
    ledger : Path or None
        ``None`` records nothing; experiments of the script then go where it says.
    script : Script
    arguments : sequence of str
    boundary : str or None
        What the board's power includes.
    faults : list of str
        Takes what went wrong at the end; it must not cost the script's report.

    Yields
    ------
    callable
        To be told the outcome.

    Raises
    ------
    ReportError
        If the ledger cannot be written before the script starts.
    """
    from ..frontend.experiment import ScriptRun, script_params
    from ..frontend.state import state

    state.boundary, state.ledger = boundary, ledger
    try:
        if ledger is None:
            yield lambda outcome: None
            return
        name = printable(script.path.name)[:200]
        key = make_key(name, script.path, script_params(list(arguments)))
        attempt = ScriptRun(name, key, ledger, pricing={"boundary": boundary})
        attempt.__enter__()
        try:
            yield lambda outcome: attempt.conclude(outcome.status, outcome.error)
        finally:
            try:
                attempt.__exit__(*sys.exc_info())
            except GreenmorphError as error:
                faults.append(f"the run is not complete in the ledger: {error}")
    finally:
        state.boundary = state.ledger = None
