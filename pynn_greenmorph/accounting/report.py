"""The report: what a run would cost on a board. One object, all formats."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ..boards.profile import Board, Coefficient, load_board, priced_on
from ..errors import FidelityWarning
from ..mapping.place import NeuronsPerCore
from .cite import bibtex
from .compare_boards import Comparison, compare_boards
from .document import document
from .fidelity import check_rows, pricing_rows, quiet_rows
from .given import Given
from .grid import GRID_SOURCES
from .host import HostEnergy
from .intervals import interval
from .ledger import Ledger
from .nature import Nature
from .options import price_with
from .phases import MODELLED, PhaseValues
from .priced import Part, Priced, not_published
from .report_formats import Formats
from .study import nature_of
from .uncertainty import Uncertainty

__all__ = ["ComponentLine", "Report", "make_report"]

Interval = tuple[float, float]

#: Synapses up to which a comparison takes few seconds: each board places them all.
_QUICK_SYNAPSES = 10_000_000


@dataclass(frozen=True)
class ComponentLine:
    """One component of the energy.

    Attributes
    ----------
    name : str
    known_j : float, J
        Its energy; 0 if that is not published.
    known_interval_j : (float, float), J
    count : int or None
        How many events are paid for; ``None`` for the static energy.
    coefficients : tuple of Coefficient
        What prices it.
    meaning : str
    board : str
    missing : tuple of str
        Names of the powers that are not published.
    """

    name: str
    known_j: float
    known_interval_j: Interval
    count: int | None
    coefficients: tuple[Coefficient, ...]
    meaning: str
    board: str = ""
    missing: tuple[str, ...] = ()

    @property
    def energy_j(self) -> float:
        """Energy, J; raises ``BoardError`` if a power is not published."""
        if self.missing:
            raise not_published(self.board, self.missing)
        return self.known_j

    @property
    def interval_j(self) -> Interval:
        """95 % interval of ``energy_j``, J; raises as ``energy_j``."""
        if self.missing:
            raise not_published(self.board, self.missing)
        return self.known_interval_j


@dataclass(frozen=True, repr=False, eq=False)
class Report(Formats):
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
        ``boundary``, ``neurons_per_core``, ``time_scale_factor``, ``given``,
        ``voltage_v`` and ``phases`` as given.
    fidelity : tuple of dict
        Rows of the fidelity report, those of the pricing last.
    scope : {"session", "last run"}
        Which calls of ``run()`` the counts are of.
    host : HostEnergy or None
        What this computer used meanwhile; never part of the modelled energy.
    grids : set of str
        Keys of the sources of carbon intensities that ``nature()`` took, for ``cite()``;
        the reports of a session share it.
    """

    ledger: Ledger
    priced: Priced
    computed_on: str
    options: Mapping[str, Any] = field(default_factory=dict)
    fidelity: tuple[dict[str, Any], ...] = ()
    scope: str = "session"
    host: HostEnergy | None = None
    grids: set[str] = field(default_factory=set)

    @property
    def subject(self) -> str:
        """Whose joules these are: ``"modelled: SpiNN-5 board, DC input"``."""
        return self.priced.subject

    @property
    def missing(self) -> tuple[str, ...]:
        """Static powers that nobody has published; without them there is no total."""
        return self.priced.missing

    @property
    def left_out(self) -> tuple[str, ...]:
        """Phases that no joule here includes, because nobody has published a duration."""
        return self.priced.left_out

    @property
    def unpriced(self) -> tuple[str, ...]:
        """Counts that no joule here includes, each with the reason."""
        return self.priced.unpriced

    @property
    def energy_j(self) -> float:
        """Static and dynamic energy, J; raises ``BoardError`` if a power is not published."""
        return self.static_j + self.dynamic_j

    @property
    def static_j(self) -> float:
        """Energy that the board draws while it does nothing, J; raises as ``energy_j``.

        It includes the phases that the user gave.
        """
        return self.priced.static_j + self.priced.given_j

    @property
    def dynamic_j(self) -> float:
        """Energy of all events, J."""
        return self.priced.dynamic_j

    @cached_property
    def interval_j(self) -> Interval:
        """95 % interval of ``energy_j``, J; raises as ``energy_j``."""
        return interval(self.priced.samples.energy_j + self.priced.given_draws_j)

    @cached_property
    def dynamic_interval_j(self) -> Interval:
        """95 % interval of ``dynamic_j``, J."""
        return interval(self.priced.samples.dynamic_j)

    @cached_property
    def static_interval_j(self) -> Interval:
        """95 % interval of ``static_j``, J; raises as ``energy_j``."""
        return interval(self.priced.samples.static_j + self.priced.given_draws_j)

    def uncertainty(self, part: str = "total") -> Uncertainty:
        """Return the spread of the energy and who causes it.

        Parameters
        ----------
        part : {"total", "static", "dynamic"}

        Raises
        ------
        UnknownNameError
            For another part.
        BoardError
            If a static power is not published.
        """
        return self.priced.uncertainty(part)

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
        """Joules and counters by phase: "run", "learn", and those that the user gave."""
        return self.priced.phases

    @cached_property
    def components(self) -> Mapping[str, ComponentLine]:
        """The terms of the energy, the static one first."""
        priced, missing = self.priced, self.missing
        static = tuple(coefficient for coefficient, _ in priced.static)
        meaning = f"power of the idle board times T_wall; {priced.boundary.subject}"
        given = [name for name in priced.phases if name not in MODELLED]
        if given:
            meaning += f"; and the phases given by the user: {', '.join(given)}"
        joule = 0.0 if missing else self.static_j
        span = (0.0, 0.0) if missing else self.static_interval_j
        board = priced.board.name
        lines = [ComponentLine("static", joule, span, None, static, meaning, board, missing)]
        for index, component in enumerate(priced.components):
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
        embodied_kg: float | None = None,
        lifetime_years: float | None = None,
        resource_share: float = 1.0,
    ) -> Nature:
        """Return the NATURE metric of a study that repeats this run; see ``nature``.

        Parameters
        ----------
        country, region, year, pue, loss, n_exp, epochs, intensity_g_per_kwh
            As in ``nature.nature``. This run is one epoch.
        overhead_s, overhead_j, pue_rel_std, loss_rel_std, intensity_rel_std
            Fixed time and energy of one experiment, and relative standard
            deviations of your inputs, as in ``study.nature_of``.
        embodied_kg, lifetime_years, resource_share
            As in ``embodied.embodied_carbon``.

        Raises
        ------
        ReportError
            If nothing has been run, so that there is no mean power.
        InvalidValueError, UnknownNameError
            As ``nature.nature``.
        """
        found = nature_of(
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
            embodied_kg=embodied_kg,
            lifetime_years=lifetime_years,
            resource_share=resource_share,
        )
        if found.intensity is not None and found.intensity.source != "user":
            self.grids.add(found.intensity.source)
        return found

    def cite(self) -> str:
        """Return BibTeX of this package, of PyNN, and of every source behind the report.

        Those of ``nature()`` are among them once it was asked.
        """
        grids = {key: GRID_SOURCES[key] for key in self.grids}
        return bibtex({**self.to_dict()["sources"], **grids})

    @property
    def source_keys(self) -> tuple[str, ...]:
        """Keys of all sources behind the total, sorted."""
        return self.priced.source_keys

    def compare(self) -> Comparison:
        """Return the price of the same counts on every installed board, and of others as bands."""
        return compare_boards(self.ledger, self.priced.board, self.options)

    @property
    def compares_quickly(self) -> bool:
        """Whether ``compare()`` takes a few seconds at most: up to ten million synapses."""
        return sum(len(one.pre) for one in self.ledger.projections) <= _QUICK_SYNAPSES

    def to_dict(self, *, compare: bool = False) -> dict[str, Any]:
        """Return the report as plain values that fit ``report.schema.json``.

        Parameters
        ----------
        compare : bool
            Whether to add the same counts priced on every other board.

        Raises
        ------
        ReportError
            If a number is not finite.
        """
        return document(self, self.compare() if compare else None)


def make_report(
    ledger: Ledger,
    *,
    board: str | os.PathLike[str] | Board = "ideal",
    boundary: str | None = None,
    neurons_per_core: NeuronsPerCore = None,
    time_scale_factor: float | None = None,
    given: Given | None = None,
    voltage_v: float | None = None,
    phases: PhaseValues | None = None,
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
    boundary, neurons_per_core, time_scale_factor, given, voltage_v, phases : optional
        As in ``sim.energy_report()``.
    fidelity : iterable of mapping, optional
        Rows with the fields in ``fidelity.FIELDS``.

    Raises
    ------
    UnknownNameError, BoardError, InvalidValueError
        As ``pricing.price``, ``given.with_given``, ``given.with_voltage``,
        ``phases.check_phases`` and ``pynn_greenmorph.boards.profile.load_board``.
    ReportError
        If a fidelity row is malformed.

    Warns
    -----
    FidelityWarning
        Once for each kind of row that pricing adds: cores are clamped, a limit of the
        board is exceeded, a time-scale factor is not honoured, a speed is too high to believe.
    """
    rows = check_rows(fidelity)
    options = {
        "boundary": boundary,
        "neurons_per_core": neurons_per_core,
        "time_scale_factor": time_scale_factor,
        "given": given,
        "voltage_v": voltage_v,
        "phases": phases,
    }
    computed = board if isinstance(board, Board) else load_board(board)
    priced = price_with(ledger, priced_on(computed), options)
    own = pricing_rows(priced)
    for row in own:
        warnings.warn(f"{row['where']}: {row['message']}", FidelityWarning, stacklevel=2)
    own += quiet_rows(priced)
    return Report(ledger, priced, computed.name, options, (*rows, *check_rows(own)))
