"""What a report shows, as tables of words; the formats only lay them out.

Everything is taken from the report's document (see :mod:`.document`), so that a
file shows the same as the object it was written by. Every row with a joule has
a last cell that says whose joule it is and which sources it rests on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .host import host_rows
from .numbers import count, quantity, span
from .rates import rates

__all__ = ["MAX_ROWS", "Document", "Table", "headline", "joules", "tables", "whose"]

Document = Mapping[str, Any]

#: Populations and projections shown one by one, those with most joules; the JSON has all.
MAX_ROWS = 20

_DYNAMIC = ("neuron_updates", "source_ticks", "spikes")
_WIRED = ("deliveries", "synaptic_events", "plastic_events")


@dataclass(frozen=True)
class Table:
    """A title, column names and rows of words."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def headline(document: Document) -> str:
    """Return the first line of a report: whose joules these are."""
    subject, board = document["subject"], document["board"]
    priced_on, computed_on = board["priced_on"], board["computed_on"]
    line = (
        f"{subject} ({priced_on})"
        if computed_on == priced_on
        else f"{subject}, priced on {priced_on}; {computed_on!r} has no prices of its own"
    )
    return line if document["scope"] == "session" else f"{line}; the {document['scope']} alone"


def tables(document: Document) -> list[Table]:
    """Return all tables of a report, in order."""
    found = [
        _totals(document),
        _components(document),
        _parts(document, "populations", _DYNAMIC),
        _parts(document, "projections", _WIRED),
        _phases(document),
        _rates(document),
        _variance(document),
        _comparison(document),
        _time(document),
        _usage(document),
        _host(document),
        _fidelity(document),
        _origins(document),
        _sources(document),
    ]
    return [table for table in found if table.rows]


def joules(document: Document, value: float | None) -> str:
    """Return an energy in words; without one, what is not published."""
    if value is None:
        return f"not published ({', '.join(document['missing'])})"
    return quantity(value, "J")


def whose(document: Document, coefficients: Iterable[Mapping[str, Any]] | None = None) -> str:
    """Return the subject and the keys of the sources of some numbers, by default of the total."""
    if coefficients is None:
        lines = document["components"].values()
        coefficients = [one for line in lines for one in line["coefficients"]]
    keys = sorted({coefficient["source"] for coefficient in coefficients} - {""})
    return f"{document['subject']} [{', '.join(keys)}]"


def _range(interval: list[float] | None) -> str:
    return "" if interval is None else span((interval[0], interval[1]), "J")


def _dynamic(document: Document) -> list[Mapping[str, Any]]:
    lines = document["components"].items()
    return [one for name, line in lines if name != "static" for one in line["coefficients"]]


def _totals(document: Document) -> Table:
    static = document["components"]["static"]["coefficients"]
    rows = (
        ("total", "energy_j", "interval_j", None),
        ("static", "static_j", "static_interval_j", static),
        ("dynamic", "dynamic_j", "dynamic_interval_j", _dynamic(document)),
    )
    words = tuple(
        (
            name,
            joules(document, document[energy]),
            _range(document[interval]),
            whose(document, numbers),
        )
        for name, energy, interval, numbers in rows
    )
    return Table("energy", ("", "energy", "95 %", "whose"), words)


def _cost(coefficient: Mapping[str, Any]) -> str:
    if coefficient["value"] is None:
        return f"{coefficient['name']} not published"
    return f"{quantity(coefficient['value'], coefficient['unit'])} ({coefficient['confidence']})"


def _components(document: Document) -> Table:
    rows = []
    for name, line in document["components"].items():
        shown = "" if line["count"] is None else count(line["count"])
        costs = " + ".join(map(_cost, line["coefficients"]))
        energy, range_ = joules(document, line["energy_j"]), _range(line["interval_j"])
        # Emission by sources is paid for in their ticks, so this row counts neurons' spikes.
        title = "spikes (neurons)" if name == "spikes" else name
        rows.append((title, shown, costs, energy, range_, whose(document, line["coefficients"])))
    header = ("component", "count", "cost (confidence)", "energy", "95 %", "whose")
    return Table("by component", header, tuple(rows))


def _parts(document: Document, title: str, counters: tuple[str, ...]) -> Table:
    subject = whose(document, _dynamic(document))
    ordered = sorted(document[title].items(), key=lambda item: -item[1]["dynamic_j"])
    rows = []
    for label, part in ordered[:MAX_ROWS]:
        counts = (count(part["counters"][name]) for name in counters)
        rows.append((label, *counts, quantity(part["dynamic_j"], "J"), subject))
    rest = [part for _, part in ordered[MAX_ROWS:]]
    if rest:
        counts = (count(sum(part["counters"][name] for part in rest)) for name in counters)
        joule = quantity(sum(part["dynamic_j"] for part in rest), "J")
        rows.append((f"and {len(rest)} more", *counts, joule, subject))
    header = (title, *(name.replace("_", " ") for name in counters), "energy", "whose")
    return Table(f"dynamic energy by {title[:-1]}", header, tuple(rows))


def _phases(document: Document) -> Table:
    given = document["given_phases"]
    rows = []
    for name, part in document["phases"].items():
        own_power = name in given and given[name]["power_w"] is not None
        owner = f"{document['subject']} [given by the user]" if own_power else whose(document)
        rows.append((name, joules(document, part["energy_j"]), owner))
    if document["left_out"]:
        *others, last = document["left_out"]
        names = f"{', '.join(others)} and {last}" if others else last
        fixed = f"A: {' + '.join(given) or '0 J'}, {names} not included"
        rows.append((fixed, "", f"{document['subject']} [not published]"))
    usual = document["usual_step"]
    if usual is not None:
        energy, dynamic = joules(document, usual["energy_j"]), quantity(usual["dynamic_j"], "J")
        words = f"{energy}, of which dynamic {dynamic}"
        name = f"the run at the board's usual step, {usual['dt_ms']:g} ms, same spikes"
        if usual["clamped_cores"]:
            words += (
                f"; {usual['clamped_cores']} cores need up to {usual['overrun_factor']:.3g} times "
                "what they can draw and were clamped"
            )
        rows.append((name, words, whose(document)))
    return Table("by phase", ("phase", "energy", "whose"), tuple(rows))


def _rates(document: Document) -> Table:
    rows = tuple((*row, whose(document)) for row in rates(document))
    return Table("per event and in other words", ("", "", "whose"), rows)


def _variance(document: Document) -> Table:
    shares = document["variance"]
    # In order of the first part, and without those that cause nothing.
    names = dict.fromkeys(name for part in shares.values() for name, s in part.items() if s)
    rows = [
        (name, *(f"{100 * shares.get(part, {}).get(name, 0.0):.3g} %" for part in shares))
        for name in names
    ]
    header = ("number", *(f"of the {part}" for part in shares))
    return Table("who causes the spread: shares of the variance", header, tuple(rows))


def _comparison(document: Document) -> Table:
    found = document["comparison"]
    if found is None:
        return Table("", (), ())
    rows = [_compared(row) for row in found["boards"]]
    for band in found["bands"]:
        whose_ = (
            f"different network: {band['network']}; {band['lowest']} to {band['highest']} "
            f"[{', '.join(band['sources'])}]"
        )
        rows.append(
            (band["device"].upper(), "-", _range([band["low_j"], band["high_j"]]), "-", whose_)
        )
    header = ("board", "energy of the run", "95 %, or band", "dynamic", "whose")
    return Table("the same counts on other boards", header, tuple(rows))


def _compared(row: Mapping[str, Any]) -> tuple[str, ...]:
    if row["dynamic_j"] is None:
        return (row["board"], "-", "-", "-", f"not priced: {row['reason']}")
    energy, dynamic = row["energy_j"], quantity(row["dynamic_j"], "J")
    shown = (
        f"not published ({', '.join(row['missing'])})" if energy is None else quantity(energy, "J")
    )
    return (row["board"], shown, _range(row["interval_j"]) or "-", dynamic, row["subject"])


def _time(document: Document) -> Table:
    time, overrun = document["time"], document["overrun"]
    rows = [
        (
            "T_bio",
            f"{time['t_bio_s']:.6g} s",
            f"{time['steps']} steps of {time['dt_ms']:g} ms",
        ),
        (
            "T_wall",
            f"{time['t_wall_s']:.6g} s",
            f"T_bio x {time['factor']:g}: {time['reason']}",
        ),
    ]
    if overrun["factor"]:
        share = f"{100 * overrun['factor']:.3g} %"
        rows.append(("fullest core", share, "of the dynamic power that a core can draw"))
    return Table("time", ("", "", ""), tuple(rows))


def _usage(document: Document) -> Table:
    rows = tuple(
        (use["what"], f"{use['used']} of {use['limit']} {use['unit']}")
        for use in document["placement"]
    )
    boards = ("boards", str(document["board"]["boards"]))
    return Table("placement", ("", "used"), (boards, *rows))


def _host(document: Document) -> Table:
    host = document["host"]
    rows = () if host is None else host_rows(host)
    return Table("this computer, not part of the model", ("", "", ""), rows)


def _fidelity(document: Document) -> Table:
    rows = []
    for row in document["fidelity"]:
        largest = "" if row["largest"] is None else f"{row['largest']:.4g} {row['unit']}"
        rows.append((row["kind"], row["where"], count(row["count"]), largest, row["message"]))
    return Table("fidelity", ("kind", "where", "count", "largest", "what"), tuple(rows))


def _origins(document: Document) -> Table:
    """What each cost was measured on: elsewhere its confidence says less than it seems to."""
    numbers = [
        coefficient
        for line in document["components"].values()
        if line["count"] != 0  # None: static power is not counted
        for coefficient in line["coefficients"]
    ]
    rows = tuple(_origin(document, number) for number in (*numbers, *document["rules"]))
    header = ("number", "value (confidence)", "note of the profile", "whose")
    return Table("what the numbers rest on", header, rows)


def _origin(document: Document, number: Mapping[str, Any]) -> tuple[str, ...]:
    value = "not published" if number["value"] is None else f"{number['value']:g} {number['unit']}"
    shown = f"{value} ({number['confidence']})"
    return (number["name"], shown, number["note"], whose(document, (number,)))


def _sources(document: Document) -> Table:
    rows = tuple((f"[{key}]", reference) for key, reference in document["sources"].items())
    return Table("sources", ("key", "reference"), rows)
