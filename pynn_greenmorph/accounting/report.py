"""The report: what a run would cost on a board. One object, all formats."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..boards.profile import Board, Coefficient, load_board
from ..errors import FidelityWarning
from ..mapping.place import NeuronsPerCore
from .compare_boards import Comparison, compare_boards
from .components import COMPONENTS
from .document import document
from .fidelity import check_rows, pricing_rows
from .files import StrPath, write_text
from .html import html
from .intervals import interval
from .ledger import Ledger
from .nature import Nature
from .plot import plot
from .priced import Part, Priced
from .pricing import price
from .study import nature_of
from .text import text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["ComponentLine", "Report", "make_report"]

Interval = tuple[float, float]


@dataclass(frozen=True)
class ComponentLine:
    """One component of the energy.

    Attributes
    ----------
    name : str
    energy_j : float, J
    interval_j : (float, float), J
        95 % interval.
    count : int or None
        How many events are paid for; ``None`` for the static energy.
    coefficients : tuple of Coefficient
        What prices it.
    meaning : str
    """

    name: str
    energy_j: float
    interval_j: Interval
    count: int | None
    coefficients: tuple[Coefficient, ...]
    meaning: str


@dataclass(frozen=True, repr=False, eq=False)
class Report:
    """What a run would cost on a board; make one with ``make_report``.

    Attributes
    ----------
    ledger : Ledger
        The counts.
    priced : Priced
        The counts with their prices.
    computed_on : str
        Board on which the run was computed, for example "ideal".
    options : mapping
        ``boundary``, ``neurons_per_core`` and ``time_scale_factor`` as given.
    fidelity : tuple of dict
        Rows of the fidelity report, those of the pricing last.
    """

    ledger: Ledger
    priced: Priced
    computed_on: str
    options: Mapping[str, Any] = field(default_factory=dict)
    fidelity: tuple[dict[str, Any], ...] = ()

    @property
    def subject(self) -> str:
        """Whose joules these are: ``"modelled: SpiNN-5 board, DC input"``."""
        return self.priced.subject

    @property
    def energy_j(self) -> float:
        """Static and dynamic energy, J."""
        return self.static_j + self.dynamic_j

    @property
    def static_j(self) -> float:
        """Energy that the board draws while it does nothing, J."""
        return self.priced.static_j

    @property
    def dynamic_j(self) -> float:
        """Energy of all events, J."""
        return self.priced.dynamic_j

    @cached_property
    def interval_j(self) -> Interval:
        """95 % interval of ``energy_j``, J."""
        return interval(self.priced.samples.energy_j)

    @cached_property
    def dynamic_interval_j(self) -> Interval:
        """95 % interval of ``dynamic_j``, J."""
        return interval(self.priced.samples.dynamic_j)

    @cached_property
    def static_interval_j(self) -> Interval:
        """95 % interval of ``static_j``, J."""
        return interval(self.priced.samples.static_j)

    @property
    def counters(self) -> dict[str, int]:
        """The six counters of the whole run."""
        return dict(self.priced.counters)

    @property
    def populations(self) -> Mapping[str, Part]:
        """Joules and counters by label of the population."""
        return self.priced.populations

    @property
    def projections(self) -> Mapping[str, Part]:
        """Joules and counters by label of the projection."""
        return self.priced.projections

    @property
    def phases(self) -> Mapping[str, Part]:
        """Joules and counters by phase; only "run" has published durations."""
        return self.priced.phases

    @cached_property
    def components(self) -> Mapping[str, ComponentLine]:
        """The terms of the energy, the static one first."""
        priced = self.priced
        static = tuple(coefficient for coefficient, _ in priced.static)
        meaning = f"power of the idle board times T_wall; {priced.boundary.subject}"
        span = self.static_interval_j
        lines = [ComponentLine("static", self.static_j, span, None, static, meaning)]
        for index, component in enumerate(COMPONENTS):
            lines.append(
                ComponentLine(
                    component.name,
                    float(priced.components_j[index]),
                    interval(priced.samples.components_j[:, index]),
                    int(priced.charged[index]),
                    (priced.dynamic[index],),
                    component.meaning,
                )
            )
        return {line.name: line for line in lines}

    def nature(
        self,
        country: str | None = None,
        region: str | None = None,
        year: int | None = None,
        *,
        pue: float = 1.0,
        loss: float = 0.0,
        n_exp: int = 1,
        epochs: int = 1,
        intensity_g_per_kwh: float | None = None,
        overhead_s: float = 0.0,
        overhead_j: float = 0.0,
        pue_rel_std: float = 0.0,
        loss_rel_std: float = 0.0,
        intensity_rel_std: float = 0.0,
    ) -> Nature:
        """Return the NATURE metric of a study that repeats this run; see ``nature``.

        Parameters
        ----------
        country, region, year, pue, loss, n_exp, epochs, intensity_g_per_kwh
            As in ``nature.nature``. This run is one epoch.
        overhead_s, overhead_j, pue_rel_std, loss_rel_std, intensity_rel_std
            Fixed time and energy of one experiment, and relative standard
            deviations of your inputs, as in ``study.nature_of``.

        Raises
        ------
        ReportError
            If nothing has been run, so that there is no mean power.
        InvalidValueError, UnknownNameError
            As ``nature.nature``.
        """
        return nature_of(
            self.priced,
            overhead_s,
            overhead_j,
            stds=(pue_rel_std, loss_rel_std, intensity_rel_std),
            country=country,
            region=region,
            year=year,
            intensity_g_per_kwh=intensity_g_per_kwh,
            pue=pue,
            loss=loss,
            n_exp=n_exp,
            epochs=epochs,
        )

    @property
    def source_keys(self) -> tuple[str, ...]:
        """Keys of all sources behind the total, sorted."""
        return self.priced.source_keys

    def compare(self) -> Comparison:
        """Return the price of the same counts on every installed board."""
        return compare_boards(self.ledger, self.priced.board.name, self.options)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain values that fit ``report.schema.json``.

        Raises
        ------
        ReportError
            If a number is not finite.
        """
        return document(self)

    def to_json(self, path: StrPath) -> Path:
        """Write the report as JSON, in one go, and return the path.

        Raises
        ------
        ReportError
            If the path cannot be written, or a number is not finite.
        """
        words = json.dumps(self.to_dict(), indent=2, ensure_ascii=False, allow_nan=False)
        return write_text(path, words + "\n")

    def plot(self) -> Figure:
        """Return a Matplotlib figure: joules by component with 95 % intervals.

        Raises
        ------
        ReportError
            If Matplotlib is not installed.
        """
        return plot(self)

    def __str__(self) -> str:
        return text(self)

    def __repr__(self) -> str:
        (low, high), (least, most) = self.interval_j, self.dynamic_interval_j
        return (
            f"<Report {self.subject}: {self.energy_j:.4g} J ({low:.4g} to {high:.4g}), of which "
            f"dynamic {self.dynamic_j:.4g} J ({least:.4g} to {most:.4g}), 95 %>"
        )

    def _repr_html_(self) -> str:
        return html(self)


def make_report(
    ledger: Ledger,
    *,
    board: str | os.PathLike[str] | Board = "ideal",
    boundary: str | None = None,
    neurons_per_core: NeuronsPerCore = None,
    time_scale_factor: float | None = None,
    fidelity: Iterable[Mapping[str, Any]] = (),
) -> Report:
    """Price a ledger and return the report.

    Parameters
    ----------
    ledger : Ledger
        The counts.
    board : str, path or Board, optional
        Where to price. A board without prices ("ideal") is priced on the board
        that its profile names, and the report says so.
    boundary : str, optional
        What the static power includes ("board_dc", "boxed_board").
    neurons_per_core : int or mapping, optional
        See ``pynn_greenmorph.mapping.place.place``.
    time_scale_factor : float, optional
        See ``walltime.wall_time``.
    fidelity : iterable of mapping, optional
        Rows with the fields in ``fidelity.FIELDS``.

    Raises
    ------
    UnknownNameError, BoardError, InvalidValueError
        As ``pricing.price`` and ``pynn_greenmorph.boards.profile.load_board``.
    ReportError
        If a fidelity row is malformed.

    Warns
    -----
    FidelityWarning
        Once if cores are clamped, and once if a time-scale factor is not honoured.
    """
    rows = check_rows(fidelity)
    computed = board if isinstance(board, Board) else load_board(board)
    priced_on = load_board(computed.priced_as) if computed.priced_as else computed
    priced = price(ledger, priced_on, boundary, neurons_per_core, time_scale_factor)
    own = pricing_rows(priced)
    for row in own:
        warnings.warn(f"{row['where']}: {row['message']}", FidelityWarning, stacklevel=2)
    options = {
        "boundary": boundary,
        "neurons_per_core": neurons_per_core,
        "time_scale_factor": time_scale_factor,
    }
    return Report(ledger, priced, computed.name, options, (*rows, *check_rows(own)))
