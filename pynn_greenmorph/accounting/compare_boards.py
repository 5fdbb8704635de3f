"""The same counts priced on every installed board, and other hardware as bands.

The energy of a CPU, GPU or FPGA is not linear in events, so counts are not
priced on one. What was published of another network is shown as a band: the
lowest and the highest energy per synaptic event, times the synaptic events of
this network.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..boards.comparators import list_comparators, load_comparator
from ..boards.profile import Board, list_boards, load_board
from ..errors import GreenmorphError
from .intervals import interval
from .ledger import Ledger
from .numbers import quantity, span
from .options import price_with
from .priced import Priced
from .tables import Table
from .text import lay_out

__all__ = ["Band", "Comparison", "ComparisonRow", "compare_boards"]

Words = tuple[str, str, str, str, str]

#: Options that the report's board has in it already, and phases: boards are compared by the
#: run alone, because a duration of loading was given for one of them only.
_NOT_PASSED_ON = ("given", "voltage_v", "phases")

#: Kinds of comparators with a band, and their names for users.
DEVICES = {"cpu": "CPU", "gpu": "GPU", "fpga": "FPGA"}


@dataclass(frozen=True)
class ComparisonRow:
    """One board: its price of the counts, or the reason why there is none.

    Attributes
    ----------
    board : str
    subject : str
        Whose joules these are, with source keys, and what the board cannot hold or draw;
        empty without a price.
    energy_j, static_j : float or None, J
        Of the run alone, without phases that the user gave; ``None`` where a static
        power is not published.
    dynamic_j : float or None, J
    interval_j, dynamic_interval_j : (float, float) or None, J
        ``None`` also where no joule errs: there are none, or their spread is not known.
    t_wall_s : float or None, s
    missing : tuple of str
        Static powers that are not published.
    reason : str
        Why the board cannot be priced; empty with a price.
    """

    board: str
    subject: str = ""
    energy_j: float | None = None
    static_j: float | None = None
    dynamic_j: float | None = None
    interval_j: tuple[float, float] | None = None
    dynamic_interval_j: tuple[float, float] | None = None
    t_wall_s: float | None = None
    missing: tuple[str, ...] = ()
    reason: str = ""

    def words(self) -> Words:
        """Return board, energy, interval, dynamic part and subject or reason, for tables."""
        if self.dynamic_j is None:
            return self.board, "-", "-", "-", f"not priced: {self.reason}"
        dynamic = quantity(self.dynamic_j, "J")
        total = f"not published ({', '.join(self.missing)})"
        if self.energy_j is not None:
            total = quantity(self.energy_j, "J")
        ends = "-" if self.interval_j is None else span(self.interval_j, "J")
        return self.board, total, ends, dynamic, self.subject


@dataclass(frozen=True)
class Band:
    """What hardware of one kind would take by published energies per synaptic event.

    Attributes
    ----------
    device : str
        "cpu", "gpu" or "fpga".
    low_j, high_j : float, J
    lowest, highest : str
        Names of the comparators at the ends.
    published : int
        Number of comparators with a published energy per synaptic event.
    network : str
        What ran when they were measured.
    sources : tuple of str
        Keys of the sources, sorted.
    """

    device: str
    low_j: float
    high_j: float
    lowest: str
    highest: str
    published: int
    network: str
    sources: tuple[str, ...]

    def words(self) -> Words:
        """Return the same columns as a row of a board."""
        name = f"{DEVICES[self.device]} (band of {self.published})"
        whose = (
            f"different network: {self.network}; {self.lowest} to {self.highest}, energy per "
            f"synaptic event times the events here [{', '.join(self.sources)}]"
        )
        return name, span((self.low_j, self.high_j), "J"), "-", "-", whose


@dataclass(frozen=True)
class Comparison:
    """Rows by board, then bands of other hardware; ``str()`` and Jupyter show a table."""

    rows: tuple[ComparisonRow, ...]
    bands: tuple[Band, ...] = ()

    _HEADER = ("board", "energy of the run", "95 %", "dynamic", "whose")

    def _words(self) -> list[Words]:
        return [row.words() for row in self.rows] + [band.words() for band in self.bands]

    def __str__(self) -> str:
        return lay_out(Table("", self._HEADER, tuple(self._words())))

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(name)}</th>" for name in self._HEADER)
        body = ""
        for row in self._words():
            cells = "".join(f"<td>{escape(cell)}</td>" for cell in row)
            body += f"<tr>{cells}</tr>"
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def compare_boards(ledger: Ledger, own: Board, options: Mapping[str, Any]) -> Comparison:
    """Price a ledger on every installed board, and set other hardware beside them.

    Parameters
    ----------
    ledger : Ledger
    own : Board
        The board for which ``options`` were given, with the values and the voltage of the
        user; others use their defaults. It has a row, too, if it is not installed.
    options : mapping
        See :func:`.options.price_with`.

    Returns
    -------
    Comparison
        A row for each board, in order of names. Bands only if there are synaptic events.
    """
    names = sorted({*list_boards(), own.name})
    options = {name: value for name, value in options.items() if name not in _NOT_PASSED_ON}
    rows = [
        _row(ledger, name, options, own) if name == own.name else _row(ledger, name, {}, None)
        for name in names
    ]
    events = sum(int(row.events.sum()) for row in ledger.projections)
    return Comparison(tuple(rows), _bands(events))


def _row(ledger: Ledger, name: str, options: Mapping[str, Any], own: Board | None) -> ComparisonRow:
    try:
        board = load_board(name) if own is None else own
        if board.priced_as:
            reason = f"no prices of its own; its counts are priced on {board.priced_as}"
            return ComparisonRow(name, reason=reason)
        priced = price_with(ledger, board, options)
    except GreenmorphError as error:  # a board that cannot hold the network is a result, too
        return ComparisonRow(name, reason=str(error))
    return _priced_row(name, priced)


def _priced_row(name: str, priced: Priced) -> ComparisonRow:
    row = ComparisonRow(
        board=name,
        subject="; ".join(
            [f"{priced.subject} [{', '.join(priced.source_keys)}]", *_strains(priced)]
        ),
        dynamic_j=priced.dynamic_j,
        dynamic_interval_j=_interval(priced.samples.dynamic_j),
        t_wall_s=priced.wall.t_wall_s,
        missing=priced.missing,
    )
    if priced.missing:
        return row
    return replace(
        row,
        static_j=priced.static_j,
        energy_j=priced.static_j + priced.dynamic_j,
        interval_j=_interval(priced.samples.energy_j),
    )


def _strains(priced: Priced) -> Iterator[str]:
    """Yield what the board cannot hold or draw, which a report of it alone would warn of."""
    if priced.overrun.cores:
        yield f"{priced.overrun.cores} of {priced.placement.cores} cores clamped at their power"
    for use in priced.placement.usage:
        if use.exceeded:
            yield f"{use.what}: {use.used}, but the board holds {use.limit}"


def _interval(draws: NDArray[np.float64]) -> tuple[float, float] | None:
    low, high = interval(draws)
    return (low, high) if low < high else None


def _bands(events: int) -> tuple[Band, ...]:
    """Return the bands of CPUs, GPUs and FPGAs for so many synaptic events; none for none."""
    if not events:
        return ()
    known = [load_comparator(name) for name in list_comparators()]
    found = []
    for device in DEVICES:
        costs = [
            (float(cost.value), one, cost.source)
            for one in known
            if one.device == device
            and (cost := one.measured.get("e_syn_event")) is not None
            and cost.value is not None
        ]
        if not costs:
            continue
        ordered = sorted(costs, key=lambda cost: cost[0])
        (low, first, _), (high, last, _) = ordered[0], ordered[-1]
        networks = sorted({one.network for _, one, _ in costs})
        found.append(
            Band(
                device,
                low * events,
                high * events,
                first.name,
                last.name,
                len(costs),
                "; ".join(networks),
                tuple(sorted({source for _, _, source in costs})),
            )
        )
    return tuple(found)
