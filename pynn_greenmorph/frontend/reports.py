"""What a session is asked for: its energy report, its citations, its profile."""

from __future__ import annotations

from ..accounting.calibrate import calibrate
from ..accounting.cite import package_bibtex
from ..accounting.given import Given
from ..accounting.phases import PhaseValues
from ..accounting.report import Report
from ..engine.profile import Profile
from ..errors import LifecycleError, explain
from . import state as simulator

__all__ = ["calibrate", "cite", "energy_report", "profile"]


def energy_report(
    board: str | None = None,
    boundary: str | None = None,
    neurons_per_core: int | dict[str, int] | None = None,
    time_scale_factor: float | None = None,
    *,
    given: Given | None = None,
    voltage_v: float | None = None,
    phases: PhaseValues | None = None,
    scope: str = "session",
) -> Report:
    """Say what the simulation so far would cost on a board.

    Parameters
    ----------
    board : str, optional
        Name of a board; by default the one given to ``setup()``. ``"ideal"``
        has no prices of its own and is priced on ``"spinnaker1_spinn5"``.
    boundary : str, optional
        Where the power is measured, for example ``"board_dc"``.
    neurons_per_core : int or dict, optional
        Cells per core, for all cells or by cell type or population label.
    time_scale_factor : float, optional
        How much slower than biology a real-time board runs.
    given : mapping, optional
        Values of powers and energies that nobody has published, or better ones, by
        their names in the profile: ``{"chip_W": 0.5}``; a pair adds the relative
        standard deviation.
    voltage_v : float, optional, V
        Supply voltage, on a board whose profile has a reference voltage.
    phases : mapping, optional
        Durations of ``"build"``, ``"map"``, ``"load"`` and ``"readout"``:
        ``{"load": {"duration_s": 3.0, "power_w": None}}``, at the static power for ``None``.
    scope : {"session", "last run"}
        Whether to report on all calls of ``run()`` since ``setup()``, or on the last
        one alone. Events belong to the run in which they arrive.

    Returns
    -------
    Report

    Raises
    ------
    LifecycleError
        Before ``setup()``.
    UnknownNameError
        For an unknown board, boundary or scope.
    ReportError
        For the last run before there was one.
    """
    session = simulator.state.session
    if session is None:
        raise LifecycleError(
            explain("energy_report() was called before setup()", todo="Call setup() and run()")
        )
    return session.report(
        board,
        boundary,
        neurons_per_core,
        time_scale_factor,
        given=given,
        voltage_v=voltage_v,
        phases=phases,
        scope=scope,
    )


def cite(board: str | None = None) -> str:
    """Return BibTeX of this package, of PyNN, and of every source the energy report uses.

    Parameters
    ----------
    board : str, optional
        As in :func:`energy_report`.

    Returns
    -------
    str
        Before ``setup()``, without a board: the package and PyNN alone.

    Raises
    ------
    UnknownNameError
        For an unknown board.
    """
    if simulator.state.session is None and board is None:
        return package_bibtex()
    return energy_report(board).cite()


def profile() -> Profile:
    """Say where the wall time of all ``run()`` calls since ``setup()`` went.

    Returns
    -------
    Profile
        Seconds of update, delivery, recording, barrier and the rest; ``print``
        shows them with their shares.

    Raises
    ------
    LifecycleError
        Before ``setup()``.
    """
    session = simulator.state.session
    if session is None:
        raise LifecycleError(
            explain("profile() was called before setup()", todo="Call setup() and run()")
        )
    result: Profile = session.simulation.profile()
    return result
