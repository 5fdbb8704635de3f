"""What one session cost so far, small enough to be kept in a ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...errors import BoardError

if TYPE_CHECKING:
    from ..report import Report

__all__ = ["DRAWS_KEPT", "Measured", "measure", "unpriced"]

#: Draws of the Monte Carlo kept for each session: enough for a 95 % interval of a whole study.
DRAWS_KEPT = 1000

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Measured:
    """The price of one session, or of a part of it, at the hardware.

    Attributes
    ----------
    board, boundary, subject : str
        Where it was priced, and whose joules these are.
    sources : tuple of str
    static_j : float or None, J
        ``None`` if the static power is not published.
    dynamic_j : float or None, J
        ``None`` if the session could not be priced at all.
    missing : str
        Why something is ``None``.
    t_wall_s, t_bio_s : float, s
    counters : mapping of str to int
    draws : (2, n) float64 or None, J
        Draws of the static and of the whole energy; draw k of all sessions
        belongs together, because the coefficients are drawn from one seed.
    """

    board: str
    boundary: str
    subject: str
    sources: tuple[str, ...]
    static_j: float | None
    dynamic_j: float | None
    missing: str
    t_wall_s: float
    t_bio_s: float
    counters: Mapping[str, int]
    draws: FloatArray | None

    @property
    def whose(self) -> str:
        """Whose joules these are, with the keys of the sources."""
        return f"{self.subject} [{', '.join(self.sources)}]" if self.sources else self.subject

    @property
    def energy_j(self) -> float | None:
        """Static and dynamic energy, J; ``None`` if either is missing."""
        if self.static_j is None or self.dynamic_j is None:
            return None
        return self.static_j + self.dynamic_j


def measure(report: Report) -> Measured:
    """Return the price in a report.

    Parameters
    ----------
    report : Report

    Returns
    -------
    Measured
        Without a static energy if the board's static power is not published.
    """
    priced = report.priced
    static_j, missing = None, ""
    try:
        static_j = float(priced.static_j)
    except BoardError as error:
        missing = str(error)
    draws = None
    if static_j is not None:
        samples = priced.samples
        kept = np.stack([samples.static_j[:DRAWS_KEPT], samples.energy_j[:DRAWS_KEPT]])
        draws = kept.astype(np.float64)
    return Measured(
        board=priced.board.name,
        boundary=priced.boundary.name,
        subject=report.subject,
        sources=tuple(report.source_keys),
        static_j=static_j,
        dynamic_j=float(report.dynamic_j),
        missing=missing,
        t_wall_s=float(priced.wall.t_wall_s),
        t_bio_s=float(priced.wall.t_bio_s),
        counters=report.counters,
        draws=draws,
    )


def unpriced(board: str, t_bio_s: float, missing: str) -> Measured:
    """Return a session that could not be priced: it is in the ledger, without joules.

    Parameters
    ----------
    board : str
    t_bio_s : float, s
    missing : str
        Why there is no price.
    """
    return Measured(board, "", "not priced", (), None, None, missing, 0.0, t_bio_s, {}, None)
