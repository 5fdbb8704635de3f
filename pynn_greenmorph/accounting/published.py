"""Published cases: what was measured, beside what the shipped profiles predict, without tuning.

``published_cases.toml`` beside this file has the rates of events and the
measurement of each case, with its source. A case is priced with the same
components, cap and intervals as a report.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..boards.comparators import load_comparator
from ..boards.profile import Board, Coefficient, load_board
from ..errors import UnknownNameError, unknown_name
from .cases import Case
from .components import Component, components_of
from .costs import static_powers
from .given import with_voltage
from .intervals import draw, interval
from .pricing import clamp
from .walltime import WallTime

__all__ = ["TOLERANCE", "Outcome", "predict"]

#: Largest relative error of the dynamic part of a case that is accepted by it.
TOLERANCE = 0.15


@dataclass(frozen=True)
class Outcome:
    """A case with its prediction.

    Attributes
    ----------
    case : Case
    unit : str
    measured, predicted : float
        The total, or the quantity that the case names, in ``unit``.
    dynamic_measured, dynamic_predicted : float or None
        Without the static part; ``None`` where there is none.
    interval, dynamic_interval : (float, float) or None
        95 % intervals of the predictions.
    """

    case: Case
    unit: str
    measured: float
    predicted: float
    dynamic_measured: float | None = None
    dynamic_predicted: float | None = None
    interval: tuple[float, float] | None = None
    dynamic_interval: tuple[float, float] | None = None

    @property
    def error(self) -> float:
        """Relative error of the total."""
        return self.predicted / self.measured - 1

    @property
    def dynamic_error(self) -> float | None:
        """Relative error of the dynamic part."""
        if self.dynamic_measured is None or self.dynamic_predicted is None:
            return None
        return self.dynamic_predicted / self.dynamic_measured - 1

    @property
    def covers(self) -> bool | None:
        """Whether the interval of the total covers the measurement."""
        return _inside(self.measured, self.interval)

    @property
    def dynamic_covers(self) -> bool | None:
        """Whether the interval of the dynamic part covers that of the measurement."""
        return _inside(self.dynamic_measured, self.dynamic_interval)

    @property
    def accepted(self) -> bool | None:
        """Whether the case is within the tolerance; ``None`` for one that is not judged."""
        if self.case.accept != "dynamic_15":
            return None
        error = self.dynamic_error
        return abs(self.error if error is None else error) <= TOLERANCE


def _inside(value: float | None, ends: tuple[float, float] | None) -> bool | None:
    if value is None or ends is None:
        return None
    return ends[0] <= value <= ends[1]


def predict(case: Case) -> Outcome:
    """Predict a case from the shipped profiles.

    Raises
    ------
    UnknownNameError, BoardError
        If a board, boundary or number that the case names is not in the profiles.
    """
    if case.rates is None and case.duration_s is None:
        return _formula(case)
    board = load_board(case.board)
    if case.voltage_v is not None:
        board = with_voltage(board, case.voltage_v)
    rates, duration_s = case.rates or {}, case.duration_s or 1.0
    priced = components_of(board)
    for name in rates:
        if name not in [component.name for component in priced]:
            kind = f"component of board {board.name} in case {case.id}"
            raise UnknownNameError(unknown_name(kind, name, [one.name for one in priced]))
    components = [one for one in priced if one.name in rates]
    dynamic = [board.dynamic[one.coefficient] for one in components]
    per_core = _per_core(case, rates, components) * duration_s
    costs = np.array([coefficient.value for coefficient in dynamic], np.float64)
    cap = board.dynamic.get("core_busy_W") if board.model == "software_cores" else None
    share, _ = clamp(per_core, costs, cap, WallTime(duration_s, duration_s, 1.0, ""))
    powers = static_powers(board, board.boundary(case.boundary), case.boards, 1)
    static = [(coefficient, watt * duration_s) for coefficient, watt in powers]
    samples = draw(static, dynamic, cap, per_core, duration_s)
    static_j, dynamic_j = sum(joule for _, joule in static), float(share @ (per_core @ costs))
    unit, measured = ("W", "power_w") if case.duration_s is None else ("J", "energy_j")
    value = float(case.measured[measured])
    total = Outcome(case, unit, value, static_j + dynamic_j, interval=interval(samples.energy_j))
    if not components:
        return total
    return Outcome(
        case,
        unit,
        value,
        total.predicted,
        value - static_j,
        dynamic_j,
        total.interval,
        interval(samples.dynamic_j),
    )


def _per_core(
    case: Case, rates: Mapping[str, int], components: list[Component]
) -> NDArray[np.float64]:
    """Return the rates by core and component: spread evenly over the cores where they happen."""
    table = np.zeros((case.cores, len(components)))
    targets = case.target_cores or case.cores
    for column, component in enumerate(components):
        low, high = 0, case.cores
        if component.name in ("deliveries", "synaptic_events"):
            high = targets
        elif component.name == "spikes" and case.target_cores:
            low = targets
        table[low:high, column] = rates[component.name] / (high - low)
    return table


def _formula(case: Case) -> Outcome:
    numbers: dict[str, Coefficient] = {}
    if case.board:
        numbers = _numbers(load_board(case.board))
    elif case.comparator:
        numbers = dict(load_comparator(case.comparator).measured)
    factors = [_value(numbers, factor) for factor in case.times]
    divisors = [_value(numbers, divisor) for divisor in case.over]
    predicted = math.prod(factors) / math.prod(divisors)
    return Outcome(case, str(case.measured["unit"]), float(case.measured["value"]), predicted)


def _numbers(board: Board) -> dict[str, Coefficient]:
    return {**board.static, **board.dynamic}


def _value(numbers: Mapping[str, Coefficient], factor: float | str) -> float:
    if not isinstance(factor, str):
        return float(factor)
    if factor not in numbers:
        raise UnknownNameError(unknown_name("number of a profile", factor, numbers))
    return float(numbers[factor].value or math.nan)
