"""What a session is asked for: its energy report, its citations, its profile.

Whatever a report is made with is imported when one is asked for: a script that
simulates for days, or asks for none, should not wait for it at its start.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..engine.profile import Profile
from ..errors import LifecycleError, explain
from . import state as simulator

if TYPE_CHECKING:
    from ..accounting.calibrate import Calibration
    from ..accounting.given import Given
    from ..accounting.phases import PhaseValues
    from ..accounting.report import Report
    from ..boards.profile import Board

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
        Where the power is measured, and so what it includes, as the board's profile names it:
        ``"board_dc"`` is the board's own direct current, ``"boxed_board"`` the board with fan
        and power supply at the wall. ``greenmorph boards show NAME`` lists them.
    neurons_per_core : int or dict, optional
        Cells per core, for all cells or by cell type or population label.
    time_scale_factor : float, optional
        How much slower than biology a real-time board runs, 1 or more; by default the one
        given to ``setup()``.
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
    UnknownNameError, BoardError, InvalidValueError
        For an unknown board, boundary or scope, a profile that lacks a number that is
        needed, a value that is not possible.
    ReportError
        For the last run before there was one.

    Warns
    -----
    FidelityWarning
        Once for each kind of thing that the pricing could not do as asked.
    """
    session = simulator.state.session
    if session is None:
        raise LifecycleError(
            explain("energy_report() was called before setup()", todo="Call setup() and run()")
        )
    return session.report(
        board,
        scope=scope,
        boundary=boundary,
        neurons_per_core=neurons_per_core,
        time_scale_factor=time_scale_factor,
        given=given,
        voltage_v=voltage_v,
        phases=phases,
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
    from ..accounting.cite import package_bibtex

    if simulator.state.session is None and board is None:
        return package_bibtex()
    return energy_report(board).cite()


def calibrate(board: str | os.PathLike[str] | Board, path: str | os.PathLike[str]) -> Calibration:
    """Fit a board's coefficients to measurements.

    Parameters
    ----------
    board : str, path or Board
    path : str or path
        A CSV file with a header: ``energy_j``, ``t_wall_s``, counts. Every column
        of counts is fitted, and ``t_wall_s`` to the static power.

    Returns
    -------
    Calibration

    Warns
    -----
    GreenmorphWarning
        If a fitted number is far from the profile's, as with another unit.

    Raises
    ------
    UnknownNameError, BoardError
        If there is no such board, or it has no prices of events; the message lists those
        that can be calibrated.
    ReportError, InvalidValueError
        If the file cannot be read, has faults, too few rows, or columns that
        cannot be told apart.
    """
    from ..accounting.calibrate import calibrate as fit

    return fit(board, path)


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
