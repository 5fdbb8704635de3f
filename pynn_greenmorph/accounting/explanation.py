"""How a number of a report came about: formula, counts, coefficients, citations."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from html import escape
from typing import Any

from ..errors import UnknownNameError, unknown_name
from .numbers import count, quantity, round_up, span
from .tables import Document, joules
from .wrapping import wrapped

__all__ = ["Explanation", "explain_number", "paths"]

_CAP = "min(sum_k N_k e_k, cap * T_wall)"


@dataclass(frozen=True)
class Explanation:
    """One number of a report; ``str()`` and Jupyter show it in words.

    Attributes
    ----------
    path : str
        For example ``"dynamic.deliveries"``.
    value : float or None
        The number in ``unit``; ``None`` where it is not published.
    unit : str
    interval : (float, float) or None
        95 % interval in ``unit``.
    formula : str
        In symbols.
    numbers : tuple of str
        The formula with its numbers, and each number with its spread and source.
    citations : tuple of (str, str)
        Key and reference of every source.
    subject : str
        Whose number it is.
    """

    path: str
    value: float | None
    unit: str
    interval: tuple[float, float] | None
    formula: str
    numbers: tuple[str, ...]
    citations: tuple[tuple[str, str], ...]
    subject: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    def lines(self) -> list[str]:
        """Return the explanation line by line."""
        value = "not published" if self.value is None else quantity(self.value, self.unit)
        ends = f" ({span(self.interval, self.unit)}, 95 %)" if self.interval else ""
        shown = [f"{self.path} = {value}{ends}; {self.subject}", f"  formula: {self.formula}"]
        shown += [f"  {' '.join(number.splitlines())}" for number in self.numbers]
        return shown + [f"  [{key}] {reference}" for key, reference in self.citations]

    def __str__(self) -> str:
        return wrapped("\n".join(self.lines()))

    def _repr_html_(self) -> str:
        return f"<pre>{escape(str(self))}</pre>"


def paths(document: Document) -> list[str]:
    """Return the paths of all numbers that can be explained."""
    components = [f"dynamic.{name}" for name in document["components"] if name != "static"]
    parts = [
        f"{section}.{label}"
        for section in ("populations", "projections", "phases")
        for label in document[section]
    ]
    return ["total", "static", "dynamic", "time.t_wall_s", *components, *parts]


def explain_number(document: Document, path: str) -> Explanation:
    """Explain a number of a report.

    Parameters
    ----------
    document : mapping
        A report's document.
    path : str
        One of :func:`paths`.

    Raises
    ------
    UnknownNameError
        For another path; the message lists all.
    """
    if path not in paths(document):
        raise UnknownNameError(unknown_name("path of a report", path, paths(document)))
    section, _, name = path.partition(".")
    return _MAKERS[section](document, path, name)


def _make(
    document: Document,
    path: str,
    values: tuple[float | None, list[float] | None],
    formula: str,
    numbers: list[str],
    coefficients: list[Mapping[str, Any]],
    unit: str = "J",
) -> Explanation:
    keys = sorted({one["source"] for one in coefficients} - {""})
    value, ends = values
    return Explanation(
        path=path,
        value=value,
        unit=unit,
        interval=None if ends is None else (ends[0], ends[1]),
        formula=formula,
        numbers=(*numbers, *map(_coefficient, coefficients)),
        citations=tuple((key, document["sources"][key]) for key in keys),
        subject=document["subject"],
    )


def _coefficient(one: Mapping[str, Any]) -> str:
    if one["value"] is None:
        return f"{one['name']}: not published"
    note = f"; {one['note']}" if one["note"] else ""
    source = f" [{one['source']}]" if one["source"] else ""
    return (
        f"{one['name']} = {quantity(one['value'], one['unit'])} +- {100 * one['rel_std']:g} % "
        f"(confidence {one['confidence']}){source}{note}"
    )


def _cap_words(document: Document) -> list[str]:
    over = document["overrun"]
    if not over["cores"]:
        return ["no core is above its cap, so nothing is clamped"]
    t_wall_s = document["time"]["t_wall_s"]
    (cap_w,) = (cap["value"] for cap in _caps(document))
    cap = f"{quantity(cap_w, 'W')} * {t_wall_s:.6g} s = {quantity(cap_w * t_wall_s, 'J')}"
    lost = quantity(over["clamped_j"], "J")
    factor = round_up(over["fitting_time_scale_factor"])
    return [
        f"{over['cores']} cores are above their cap of {cap} and are charged that",
        f"so the clamp took {lost} from all events; time_scale_factor={factor:g} would fit",
    ]


def _caps(document: Document) -> list[Mapping[str, Any]]:
    return [rule for rule in document["rules"] if rule["unit"] == "W"]


def _product(document: Document, line: Mapping[str, Any]) -> str:
    """Return count times price of a component, and what of it is charged."""
    shown, prices, total_j = count(line["count"]), [], 0.0
    for one in line["coefficients"]:
        prices.append(quantity(one["value"], one["unit"].partition("/")[0]))
        total_j += line["count"] * one["value"]
    words = f"{shown} * {' + '.join(prices)} = {quantity(total_j, 'J')}"
    if math.isclose(total_j, line["energy_j"], rel_tol=1e-9):
        return words
    return f"{words} before the cap, of which {quantity(line['energy_j'], 'J')} are charged"


def _all(document: Document, *, static: bool, dynamic: bool) -> list[Mapping[str, Any]]:
    return [
        one
        for name, line in document["components"].items()
        if (static if name == "static" else dynamic)
        for one in line["coefficients"]
    ]


def _total(document: Document, path: str, _name: str) -> Explanation:
    static, dynamic = (joules(document, document[key]) for key in ("static_j", "dynamic_j"))
    numbers = [f"static {static} + dynamic {dynamic}"]
    values = document["energy_j"], document["interval_j"]
    given = "".join(f" + E_{phase}" for phase in document["given_phases"])
    formula = f"E = P_static * T_wall{given} + sum over cores of {_CAP}"
    used = [*_all(document, static=True, dynamic=True), *_caps(document)]
    return _make(document, path, values, formula, numbers + _cap_words(document), used)


def _static(document: Document, path: str, _name: str) -> Explanation:
    time, board = document["time"], document["board"]
    numbers = [
        f"T_wall = {time['t_wall_s']:.6g} s; {board['boards']} boards, {board['frames']} frames",
        f"boundary {board['boundary']}: {board['boundary_subject']}",
    ]
    values = document["static_j"], document["static_interval_j"]
    formula = "E_static = P_static(boundary, boards, frames) * T_wall"
    for phase in document["given_phases"]:
        formula += f" + E_{phase}"
        energy = joules(document, document["phases"][phase]["energy_j"])
        numbers.append(f"E_{phase} = {energy}: {_given(document, phase)}, given by the user")
    return _make(
        document, path, values, formula, numbers, _all(document, static=True, dynamic=False)
    )


def _dynamic(document: Document, path: str, name: str) -> Explanation:
    if name:
        return _component(document, path, name)
    lines = [(key, line) for key, line in document["components"].items() if key != "static"]
    numbers = [f"{key}: {_product(document, line)}" for key, line in lines]
    values = document["dynamic_j"], document["dynamic_interval_j"]
    used = [*_all(document, static=False, dynamic=True), *_caps(document)]
    formula = f"E_dynamic = sum over cores of {_CAP}"
    return _make(document, path, values, formula, numbers + _cap_words(document), used)


def _component(document: Document, path: str, name: str) -> Explanation:
    line = document["components"][name]
    names = " + ".join(one["name"] for one in line["coefficients"])
    numbers = [line["meaning"]]
    if line["energy_j"] is not None:
        numbers.append(_product(document, line))
    values = line["energy_j"], line["interval_j"]
    used = list(line["coefficients"])
    formula = f"E = N_{name} * {names}, clamped on cores above their cap"
    return _make(document, path, values, formula, numbers + _cap_words(document), used)


def _part(document: Document, path: str, name: str) -> Explanation:
    section = path.partition(".")[0]
    part, phase = document[section][name], section == "phases"
    counted = [f"{key}: {count(value)}" for key, value in part["counters"].items() if value]
    formula = "E = sum over its counts of N_k * e_k, clamped on cores above their cap"
    given = document["given_phases"].get(name) if phase else None
    if given is not None:
        formula = f"E = {_given(document, name)}"
        if given["power_w"] is not None:
            counted = ["power and duration are given by the user"]
            return _make(document, path, (part["energy_j"], None), formula, counted, [])
        counted = ["the duration is given by the user"]
    elif path == "phases.run":
        formula = "E = P_static * T_wall + dynamic energy of all events but learning"
        static, dynamic = joules(document, part["static_j"]), quantity(part["dynamic_j"], "J")
        counted.insert(0, f"static {static} + dynamic {dynamic}")
    used = [
        one
        for key, line in document["components"].items()
        if (
            phase and name != "learn"
            if key == "static"
            else given is None and part["counters"].get(key, 1)
        )
        for one in line["coefficients"]
    ]
    return _make(document, path, (part["energy_j"], None), formula, counted, used)


def _given(document: Document, name: str) -> str:
    given = document["given_phases"][name]
    if given["power_w"] is None:
        return f"P_static * {given['duration_s']:g} s"
    return f"{quantity(given['power_w'], 'W')} * {given['duration_s']:g} s"


def _time(document: Document, path: str, _name: str) -> Explanation:
    time = document["time"]
    numbers = [f"{time['t_bio_s']:.6g} s * {time['factor']:g}: {time['reason']}"]
    rules = [rule for rule in document["rules"] if rule["unit"] in ("ms", "s")]
    formula = "T_wall = T_bio * factor"
    return _make(document, path, (time["t_wall_s"], None), formula, numbers, rules, "s")


_MAKERS: Mapping[str, Callable[[Document, str, str], Explanation]] = {
    "total": _total,
    "static": _static,
    "dynamic": _dynamic,
    "time": _time,
    "populations": _part,
    "projections": _part,
    "phases": _part,
}
