"""The same counts priced on every installed board."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from ..boards.profile import list_boards, load_board
from ..errors import GreenmorphError
from .intervals import interval
from .ledger import Ledger
from .numbers import quantity, span
from .pricing import price

__all__ = ["Comparison", "ComparisonRow", "compare_boards"]


@dataclass(frozen=True)
class ComparisonRow:
    """One board: its price of the counts, or the reason why there is none.

    Attributes
    ----------
    board : str
    subject : str
        Whose joules these are, with source keys; empty without a price.
    energy_j, static_j, dynamic_j : float or None, J
    interval_j, dynamic_interval_j : (float, float) or None, J
    t_wall_s : float or None, s
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
    reason: str = ""

    def words(self) -> tuple[str, str, str, str, str]:
        """Return board, energy, interval, dynamic part and subject or reason, for tables."""
        if self.energy_j is None or self.dynamic_j is None or self.interval_j is None:
            return self.board, "-", "-", "-", f"not priced: {self.reason}"
        total, dynamic = quantity(self.energy_j, "J"), quantity(self.dynamic_j, "J")
        return self.board, total, span(self.interval_j, "J"), dynamic, self.subject


@dataclass(frozen=True)
class Comparison:
    """Rows by board; ``str()`` and Jupyter show a table."""

    rows: tuple[ComparisonRow, ...]

    _HEADER = ("board", "energy", "95 %", "dynamic", "whose")

    def __str__(self) -> str:
        table = [self._HEADER, *(row.words() for row in self.rows)]
        widths = [max(len(row[column]) for row in table) for column in range(4)]
        lines = []
        for row in table:
            cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
            lines.append("  ".join([*cells, row[4]]))
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(name)}</th>" for name in self._HEADER)
        body = ""
        for row in self.rows:
            cells = "".join(f"<td>{escape(cell)}</td>" for cell in row.words())
            body += f"<tr>{cells}</tr>"
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def compare_boards(ledger: Ledger, own: str, options: Mapping[str, Any]) -> Comparison:
    """Price a ledger on every installed board.

    Parameters
    ----------
    ledger : Ledger
    own : str
        The board for which ``options`` were given; others use their defaults.
    options : mapping
        ``boundary``, ``neurons_per_core``, ``time_scale_factor``.

    Returns
    -------
    Comparison
        A row for each board, in order of names.
    """
    rows = [_row(ledger, name, options if name == own else {}) for name in list_boards()]
    return Comparison(tuple(rows))


def _row(ledger: Ledger, name: str, options: Mapping[str, Any]) -> ComparisonRow:
    try:
        board = load_board(name)
        if board.priced_as:
            reason = f"no prices of its own; its counts are priced on {board.priced_as}"
            return ComparisonRow(name, reason=reason)
        priced = price(ledger, board, **options)
    except GreenmorphError as error:  # a board that cannot hold the network is a result, too
        return ComparisonRow(name, reason=str(error))
    return ComparisonRow(
        board=name,
        subject=f"{priced.subject} [{', '.join(priced.source_keys)}]",
        energy_j=priced.static_j + priced.dynamic_j,
        static_j=priced.static_j,
        dynamic_j=priced.dynamic_j,
        interval_j=interval(priced.samples.energy_j),
        dynamic_interval_j=interval(priced.samples.dynamic_j),
        t_wall_s=priced.wall.t_wall_s,
    )
