"""The NATURE metric of a study that repeats a priced run."""

from __future__ import annotations

import math
from typing import Any

from ..errors import ReportError, explain
from .nature import Nature, Spread, nature
from .nature_inputs import check_range
from .phases import MODELLED, left_out_phases
from .priced import Priced

__all__ = ["nature_of"]


def nature_of(
    priced: Priced,
    overhead_s: float = 0.0,
    overhead_j: float = 0.0,
    *,
    stds: tuple[float, float, float] = (0.0, 0.0, 0.0),
    **inputs: Any,
) -> Nature:
    """Return NATURE with the power, wall-clock time and uncertainty of a priced run.

    Parameters
    ----------
    priced : Priced
        One epoch. Phases that the user gave (mapping, loading) are part of A.
    overhead_s : float, s
        Time of one experiment in which the board is on but does not run the
        model: mapping, loading, calibration, read-out, waiting. It is charged
        at the static power.
    overhead_j : float, J
        Other fixed energy of one experiment.
    stds : (float, float, float)
        Relative standard deviations of PUE, loss and carbon intensity. 0 takes
        the number as exact.
    **inputs
        Place, PUE, loss, embodied carbon, N_exp and epochs, as in :func:`.nature.nature`.

    Raises
    ------
    ReportError
        If nothing has been run, so that there is no mean power.
    InvalidValueError, UnknownNameError
        As :func:`.nature.nature`.
    """
    check_range("overhead_s", overhead_s, 0.0, math.inf, "a finite time >= 0 (s)")
    check_range("overhead_j", overhead_j, 0.0, math.inf, "a finite energy >= 0 (J)")
    t_wall_s, samples = priced.wall.t_wall_s, priced.samples
    if t_wall_s <= 0:
        what = "nothing has been run, so there is no mean power"
        raise ReportError(explain(what, where="NATURE", todo="Call run() first"))
    given = [f"phase {name}" for name in priced.phases if name not in MODELLED]
    others = left_out_phases(priced.phases)
    rest = f"; {', '.join(others)} not included" if others else ""
    if overhead_s or overhead_j:
        given.append(f"{overhead_s:g} s at the static power + {overhead_j:g} J")
        rest = ""  # only the user knows which phases these hold
    left_out = "mapping and loading not included"
    if given:
        left_out = f"{', '.join(given)}, given by the user{rest}"
    if not priced.boundary.at_the_wall:
        left_out += f"; loss of the power supply not included (boundary {priced.boundary.name})"
    # Phases that the user gave belong to A: they are made once, however many epochs there are.
    draws = overhead_s * samples.static_j / t_wall_s + overhead_j + priced.given_draws_j
    return nature(
        (priced.static_j + priced.dynamic_j) / t_wall_s,
        t_wall_s,
        overhead_j=overhead_s * priced.static_j / t_wall_s + overhead_j + priced.given_j,
        overhead_s=overhead_s + priced.given_s,
        spread=Spread(samples.energy_j / t_wall_s, draws, *stds),
        subject=f"{priced.subject} [{', '.join(priced.source_keys)}]",
        left_out=left_out,
        **inputs,
    )
