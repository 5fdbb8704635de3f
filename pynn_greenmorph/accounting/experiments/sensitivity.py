"""How joules and results of a study depend on its parameters."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .entries import Entry
from .study import Study, whose

__all__ = ["Outcome", "Sensitivity", "ValueLine", "outcomes", "sensitivity"]


@dataclass(frozen=True)
class Outcome:
    """One experiment: its parameters, its joules and its result.

    Attributes
    ----------
    params : mapping of str to str
        Parameters by name ("neuron.tau_m"), as JSON.
    joule : float or None, J
        At the grid, all attempts together; ``None`` if a price is missing.
    attempts : tuple of Entry
    results : mapping of str to float
        Numbers in the last result, of a finished attempt if there is one.
    """

    params: Mapping[str, str]
    joule: float | None
    attempts: tuple[Entry, ...]
    results: Mapping[str, float]


@dataclass(frozen=True)
class ValueLine:
    """All experiments in which a parameter has one value.

    Attributes
    ----------
    value : str
        As JSON.
    experiments, attempts : int
    joule, mean_joule : float or None, J
        Of all of them, and of one on average; ``None`` if a price is missing.
    whose : str
        Whose joules these are.
    results : mapping of str to (float, float, float)
        Lowest, mean and highest of each result.
    """

    value: str
    experiments: int
    attempts: int
    joule: float | None
    mean_joule: float | None
    whose: str
    results: Mapping[str, tuple[float, float, float]]


@dataclass(frozen=True)
class Sensitivity:
    """One parameter that has several values.

    Attributes
    ----------
    name : str
    lines : tuple of ValueLine
    shares : mapping of str to float or None
        Which share of the variance between experiments goes with this
        parameter (eta squared, 0 to 1), for ``"joule"`` and each result;
        ``None`` where nothing varies; ``"joule"`` is left out if a price is
        missing. It is no effect of the parameter alone if
        others were changed together with it.
    """

    name: str
    lines: tuple[ValueLine, ...]
    shares: Mapping[str, float | None]


def outcomes(study: Study, pue: float = 1.0, loss: float = 0.0) -> tuple[Outcome, ...]:
    """Return each experiment with its joules at the grid and its result."""
    joules = study.grid_joules(pue, loss)
    return tuple(
        Outcome(
            {name: _words(value) for name, value in _flat(attempts[0].params)},
            _sum([joules[entry.id] for entry in attempts]),
            attempts,
            _numbers(attempts),
        )
        for attempts in study.experiments
    )


def sensitivity(found: Sequence[Outcome]) -> tuple[Sensitivity, ...]:
    """Return each parameter that has at least two values in a study.

    Parameters
    ----------
    found : sequence of Outcome
    """
    names = sorted({name for each in found for name in each.params})
    result = []
    for name in names:
        groups: dict[str, list[Outcome]] = defaultdict(list)
        for each in found:
            groups[each.params.get(name, "not given")].append(each)
        if len(groups) > 1:
            ordered = sorted(groups.items(), key=_by_value)
            lines = tuple(_line(value, members) for value, members in ordered)
            result.append(Sensitivity(name, lines, _shares(list(groups.values()))))
    return tuple(result)


def _line(value: str, members: Sequence[Outcome]) -> ValueLine:
    joule = _sum([each.joule for each in members])
    mean = None if joule is None else joule / len(members)
    results = {}
    for name in sorted({name for each in members for name in each.results}):
        numbers = [each.results[name] for each in members if name in each.results]
        results[name] = (min(numbers), sum(numbers) / len(numbers), max(numbers))
    attempts = [entry for each in members for entry in each.attempts]
    return ValueLine(value, len(members), len(attempts), joule, mean, whose(attempts), results)


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


def _shares(groups: Sequence[Sequence[Outcome]]) -> dict[str, float | None]:
    names = sorted({name for members in groups for each in members for name in each.results})
    shares = {}
    joules = [[each.joule for each in members if each.joule is not None] for members in groups]
    if sum(map(len, joules)) == sum(map(len, groups)):
        shares["joule"] = _eta_squared(joules)
    for name in names:
        numbers = [
            [each.results[name] for each in members if name in each.results] for members in groups
        ]
        shares[name] = _eta_squared([group for group in numbers if group])
    return shares


def _eta_squared(groups: Sequence[Sequence[float]]) -> float | None:
    """Return the variance between groups over all variance; ``None`` if there is none."""
    values = [value for group in groups for value in group]
    if not values:
        return None
    mean = sum(values) / len(values)
    total = sum((value - mean) ** 2 for value in values)
    # Equal numbers differ by rounding when they were summed in another order.
    if total <= len(values) * (1e-9 * max(map(abs, values))) ** 2:
        return None
    between = sum(len(group) * (sum(group) / len(group) - mean) ** 2 for group in groups)
    return between / total


def _numbers(attempts: Sequence[Entry]) -> dict[str, float]:
    """Return the numbers in the last result, of those that finished if there is one."""
    told = [entry for entry in attempts if entry.result is not None]
    if not told:
        return {}
    last = ([entry for entry in told if entry.status == "finished"] or told)[-1].result
    return {
        name: value
        for name, value in _flat(last if isinstance(last, Mapping) else {"result": last})
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the innermost values of nested mappings: ``("neuron.tau_m", 20)``."""
    if not isinstance(value, Mapping):
        yield name, value
        return
    for key, inner in value.items():
        yield from _flat(inner, f"{name}.{key}" if name else key)


def _words(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True)


def _by_value(item: tuple[str, Any]) -> tuple[int, float, str]:
    """Sort numbers by size, then everything else by its words."""
    try:
        return 0, float(item[0]), item[0]
    except ValueError:
        return 1, 0.0, item[0]
