"""Calibration: the coefficients of a board from measurements of it, with their spread.

``energy_j = P_static * t_wall_s + sum_k N_k * e_k`` is fitted to all rows at once
by least squares without negative coefficients. A row with a standard deviation
``std_j`` has the weight ``1 / std_j**2``; without that column all rows weigh the
same. What a core can draw at most is not fitted: leave out rows of overruns.
"""

from __future__ import annotations

import os
import tomllib
import warnings
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..boards.check import faults
from ..boards.plausible import MOST_REL_STD
from ..boards.profile import ALIASES, Board, Coefficient, list_boards, load_board
from ..errors import BoardError, GreenmorphWarning, InvalidValueError, ReportError, explain
from .components import MODELS, Component, components_of
from .files import StrPath, check_writable, write_text
from .least_squares import non_negative
from .measurements import WALL, Measurements, read_measurements
from .numbers import quantity
from .tables import Table
from .text import lay_out
from .toml_text import to_toml

__all__ = ["Calibration", "Fitted", "calibrate"]

FloatArray = NDArray[np.float64]

#: Key of the source that fitted coefficients have in a written profile.
SOURCE = "CALIBRATION"

#: A fitted number this many times off the profile's is more likely in another unit.
SUSPICIOUS = 100.0

#: Name of the fitted static power; which one of the profile it is, its boundary says.
STATIC = "static_W"


@dataclass(frozen=True)
class Fitted:
    """One coefficient.

    Attributes
    ----------
    name : str
        Of the coefficient in the profile; ``"static_W"`` for the static power.
    column : str
        Of the file.
    value, std : float
        In ``unit``; the standard deviation follows from the residuals, or from ``std_j``.
    unit : str
    before : float or None
        What the profile says; of the static power, at the board's default boundary.
    at_zero : bool
        Whether the best value would be negative, so that it is held at 0.
    """

    name: str
    column: str
    value: float
    std: float
    unit: str
    before: float | None
    at_zero: bool


@dataclass(frozen=True)
class Calibration:
    """The result of ``sim.calibrate()``; ``str()`` shows it.

    Attributes
    ----------
    board : Board
        The profile that was calibrated.
    coefficients : tuple of Fitted
    labels : tuple of str
        Of the rows.
    measured_j, predicted_j : (n,) float64, J
    degrees_of_freedom : int
        Rows less free coefficients.
    origin : str
        Name and SHA-256 of the file.
    """

    board: Board
    coefficients: tuple[Fitted, ...]
    labels: tuple[str, ...]
    measured_j: FloatArray
    predicted_j: FloatArray
    degrees_of_freedom: int
    origin: str

    @property
    def residuals_j(self) -> FloatArray:
        """Measured less predicted energy of each row, (n,) float64, J."""
        return self.measured_j - self.predicted_j

    @property
    def largest_error(self) -> float:
        """Largest residual over its measured energy."""
        return float(np.abs(self.residuals_j / self.measured_j).max())

    def __getitem__(self, name: str) -> Fitted:
        """Return a coefficient by its name; raises ``KeyError``."""
        return {one.name: one for one in self.coefficients}[name]

    def __str__(self) -> str:
        fitted = [_words(one) for one in self.coefficients]
        header = ("coefficient", "fitted", "+- 1 standard deviation", "in the profile", "")
        pairs = zip(self.labels, self.measured_j, self.predicted_j, strict=True)
        rows = [
            (label, quantity(one, "J"), quantity(two, "J"), f"{100 * (one - two) / one:+.2g} %")
            for label, one, two in pairs
        ]
        residuals = Table("", ("row", "measured", "predicted", "residual"), tuple(rows))
        return (
            f"calibration of {self.board.name} from {self.origin}\n"
            f"{lay_out(Table('', header, tuple(fitted)))}\n"
            f"{len(rows)} rows, {self.degrees_of_freedom} degrees of freedom, largest residual "
            f"{100 * self.largest_error:.3g} %\n{lay_out(residuals)}"
        )

    def profile(self, name: str, boundary: str | None = None) -> dict[str, Any]:
        """Return the board's profile with the fitted numbers in place of its own.

        Parameters
        ----------
        name : str
            Of the new profile.
        boundary : str, optional
            Where the energy was measured, on one board; needed if the static power
            was fitted.

        Raises
        ------
        InvalidValueError
            If the boundary is missing, or is the sum of several powers, or the name
            is that of an installed board or an alias, or the measurements leave a
            number all but unknown.
        UnknownNameError
            If the board has no such boundary.
        """
        return _profile(self, name, boundary)

    def to_toml(
        self, path: StrPath, name: str, boundary: str | None = None, *, overwrite: bool = False
    ) -> Board:
        """Write that profile, check it by loading it, and return the board.

        Raises
        ------
        ReportError
            If the path cannot be written, or the file exists and ``overwrite`` is false.
        InvalidValueError, UnknownNameError
            As :meth:`profile`.
        """
        table = self.profile(name, boundary)
        # Before anything is written: what cannot be loaded must not lie there.
        refused = "; ".join(f"{key} {what}" for key, what in faults(table))
        if refused:
            what = f"no board is like this, so its profile would be refused: {refused}"
            todo = "Check the units of the measurements: J, s, events"
            raise InvalidValueError(explain(what, where="calibration", todo=todo))
        target = check_writable(path, "profile")
        if target.exists() and not overwrite:
            what, todo = "the file exists", "Take another path, or overwrite=True"
            raise ReportError(explain(what, where=f"profile {os.fspath(path)!r}", todo=todo))
        return load_board(write_text(path, to_toml(table), "profile"))


def _words(one: Fitted) -> tuple[str, ...]:
    before = "not published" if one.before is None else quantity(one.before, one.unit)
    note = "held at 0: the best value is negative" if one.at_zero else ""
    if _unknown(one):
        note = "all but unknown: the measurements do not tell it"
    share = f" ({100 * one.std / one.value:.2g} %)" if one.value else ""
    return (
        one.name,
        quantity(one.value, one.unit),
        quantity(one.std, one.unit) + share,
        before,
        note,
    )


def calibrate(board: str | os.PathLike[str] | Board, path: str | os.PathLike[str]) -> Calibration:
    """Fit a board's coefficients to measurements; ``sim.calibrate()`` describes it to its user."""
    profile = board if isinstance(board, Board) else load_board(board)
    coefficients = {one.name: profile.dynamic[one.coefficient] for one in _components(profile)}
    data = read_measurements(path, list(coefficients))
    columns = dict(data.counts)
    if data.t_wall_s is not None:
        columns = {WALL: data.t_wall_s, **columns}
    names, matrix = list(columns), np.stack(list(columns.values()), axis=1)
    _check_rank(names, matrix, os.fspath(path))
    weight = np.ones(len(matrix)) if data.std_j is None else 1 / data.std_j
    values, free = non_negative(matrix * weight[:, None], data.energy_j * weight)
    stds = _stds(matrix * weight[:, None], data, values, free)
    static = Coefficient(STATIC, _static_before(profile), "W", 0.0, "", "none")
    known = {WALL: static, **coefficients}
    fitted = tuple(
        Fitted(
            known[name].name,
            name,
            float(value),
            float(std),
            known[name].unit,
            known[name].value,
            not is_free,
        )
        for name, value, std, is_free in zip(names, values, stds, free, strict=True)
    )
    _warn_of_units(fitted, os.fspath(path))
    return Calibration(
        profile,
        fitted,
        data.labels,
        data.energy_j,
        matrix @ values,
        len(matrix) - int(free.sum()),
        data.origin,
    )


def _components(board: Board) -> tuple[Component, ...]:
    """Return what can be fitted; raises ``BoardError`` with the boards for which there is some."""
    if board.model in MODELS:
        return components_of(board)
    names = []
    for name in list_boards():
        with suppress(BoardError):  # a third party's that cannot be used must not stop this
            names += [name] if load_board(name).model in MODELS else []
    todo = f"Calibrate {board.priced_as}, which prices its counts" if board.priced_as else ""
    what = f"board {board.name!r} has no prices of its own to fit"
    allowed = f"{', '.join(names)}, or the path of a profile"
    raise BoardError(explain(what, where="calibration", allowed=allowed, todo=todo))


def _static_before(board: Board) -> float | None:
    """Return the static power of one board at its default boundary, W."""
    total = 0.0
    for name in board.boundary(None).parts:
        power = board.static[name]
        if power.value is None:
            return None
        total += power.value * ((board.limit("chips") or 1) if power.per == "chip" else 1)
    return total


def _warn_of_units(fitted: tuple[Fitted, ...], path: str) -> None:
    far = [
        f"{one.name} is fitted to {quantity(one.value, one.unit)}, the profile has "
        f"{quantity(one.before, one.unit)}"
        for one in fitted
        if one.value and one.before and not 1 / SUSPICIOUS < one.value / one.before < SUSPICIOUS
    ]
    if far:
        todo = "Check units: energies in J (not mJ), times in s (not ms), counts in events"
        message = explain("; ".join(far), where=f"measurements {path!r}", todo=todo)
        warnings.warn(message, GreenmorphWarning, stacklevel=4)  # the caller of sim.calibrate()


def _check_name(name: str) -> None:
    if name in {*list_boards(), *ALIASES}:
        what = "the name belongs to an installed board"
        todo = "Take another name, so that nobody mistakes your numbers for the published ones"
        raise InvalidValueError(explain(what, where="calibration", given=name, todo=todo))


def _check_rank(names: list[str], matrix: FloatArray, path: str) -> None:
    where = f"measurements {path!r}"
    n_rows, n_columns = matrix.shape
    if n_rows <= n_columns:
        what = f"{n_rows} rows are too few for {n_columns} coefficients"
        allowed = f"at least {n_columns + 1} rows, so that residuals say something"
        todo = "Measure more conditions, or leave out columns"
        raise InvalidValueError(explain(what, where=where, allowed=allowed, todo=todo))
    zero = [name for name, column in zip(names, matrix.T, strict=True) if not column.any()]
    if zero:
        what = f"all counts are 0 in {', '.join(zero)}, which says nothing about the price"
        raise InvalidValueError(explain(what, where=where, todo="Leave the column out"))
    scaled = matrix / np.linalg.norm(matrix, axis=0)
    _, sizes, rows = np.linalg.svd(scaled, full_matrices=False)
    if sizes[-1] < 1e-10 * sizes[0]:
        mixed = [name for name, part in zip(names, rows[-1], strict=True) if abs(part) > 1e-6]
        what = f"the columns {', '.join(mixed)} go together and cannot be told apart"
        todo = "Measure conditions in which one changes without the other, or leave one out"
        raise InvalidValueError(explain(what, where=where, todo=todo))


def _stds(weighted: FloatArray, data: Measurements, values: FloatArray, free: Any) -> FloatArray:
    """Return the standard deviation of each coefficient; 0 of those that are held at 0."""
    stds = np.zeros(len(values))
    if not free.any():
        return stds
    weight = 1.0 if data.std_j is None else 1 / data.std_j
    length = np.linalg.norm(weighted[:, free], axis=0)
    covariance = np.linalg.inv((weighted[:, free] / length).T @ (weighted[:, free] / length))
    variance = 1.0  # std_j says how far rows lie off; else the residuals do
    if data.std_j is None:
        rest = data.energy_j * weight - weighted @ values
        variance = float(rest @ rest) / (len(rest) - int(free.sum()))
    stds[free] = np.sqrt(np.diag(covariance) * variance) / length
    return stds


def _profile(result: Calibration, name: str, boundary: str | None) -> dict[str, Any]:
    _check_name(name)
    _check_known(result)
    table: dict[str, Any] = tomllib.loads(result.board.path.read_text(encoding="utf-8"))
    table["name"] = name
    table["label"] = f"{result.board.label}, calibrated by the user"
    table["subject"] = f"{result.board.subject}, calibrated by the user"
    reference = f"fit to {len(result.labels)} measurements: {result.origin}"
    table["sources"][SOURCE] = {"ref": reference, "found": "measurements of the user"}
    for one in result.coefficients:
        if one.name == STATIC:
            power = result.board.static[_static_name(result.board, boundary)]
            # The measured board's power; the profile may state one chip's.
            chips = result.board.limit("chips") if power.per == "chip" else None
            table["static"][power.name].update(_entry(one, chips or 1.0))
        else:
            table["dynamic"][one.name].update(_entry(one))
    if boundary is not None:
        table["default_boundary"] = boundary
    return table


def _unknown(one: Fitted) -> bool:
    """Whether the spread is wider than a profile may state."""
    return one.std > MOST_REL_STD * one.value


def _check_known(result: Calibration) -> None:
    vague = [
        f"{one.name} is {quantity(one.value, one.unit)} +- {quantity(one.std, one.unit)}"
        for one in result.coefficients
        if _unknown(one)
    ]
    if vague:
        what = f"the measurements do not tell {'; '.join(vague)}"
        allowed = f"a standard deviation of at most {MOST_REL_STD:g} times the value"
        todo = "Measure conditions in which its count changes more, or leave its column out"
        raise InvalidValueError(explain(what, where="calibration", allowed=allowed, todo=todo))


def _entry(one: Fitted, share: float = 1.0) -> Mapping[str, Any]:
    relative = one.std / one.value if one.value else 0.0
    note = f"fitted to {one.column}"
    if one.at_zero:
        note += "; held at 0, as the best value is negative"
    return {
        "value": one.value / share,
        "rel_std": relative,
        "source": SOURCE,
        "confidence": "medium",
        "note": note,
    }


def _static_name(board: Board, boundary: str | None) -> str:
    where = "calibration"
    if boundary is None:
        what = "the static power was fitted, and a power without its boundary means little"
        allowed = ", ".join(board.boundaries)
        todo = "Say where you measured: boundary="
        raise InvalidValueError(explain(what, where=where, allowed=allowed, todo=todo))
    parts = board.boundary(boundary).parts
    if len(parts) != 1:
        what = f"boundary {boundary} is the sum of {', '.join(parts)}, and one power was fitted"
        single = [name for name, one in board.boundaries.items() if len(one.parts) == 1]
        raise InvalidValueError(explain(what, where=where, allowed=", ".join(single)))
    return parts[0]
