"""A report as one self-contained HTML page: plots and tables, no script, no network."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from .charts import Bar, bar_chart
from .html import html_table
from .tables import Document, headline, joules, tables

__all__ = ["STYLE", "page"]

#: Populations and projections in the plots; the tables have more, the JSON all.
_BARS = 8

#: Readable at the width of a phone, without a network.
STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 76rem; background: #fff; color: #1c2420;
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.35rem; line-height: 1.25; margin: 0 0 .25rem; }
p { margin: .25rem 0; }
.totals { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1rem 0; padding: 0;
  list-style: none; }
.totals li { flex: 1 1 14rem; padding: .6rem .9rem; border: 1px solid #cfd8d3;
  border-radius: .4rem; }
.totals b { display: block; font-size: 1.4rem; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr));
  gap: 1rem 2rem; align-items: start; }
figure { margin: 0; max-width: 36rem; }
figcaption, caption { font-weight: 600; text-align: left; padding: .4rem 0; }
svg { display: block; width: 100%; height: auto; }
svg text { font: 13px system-ui, sans-serif; fill: #1c2420; }
svg .axis { font-size: 11px; fill: #56635c; }
svg rect { fill: #4c9f70; }
svg .band { fill: #a9b8c9; }
svg .grid { stroke: #e1e7e3; }
svg .whisker { stroke: #1c2420; stroke-width: 1.5; }
table { border-collapse: collapse; width: 100%; margin: .75rem 0; font-size: .875rem; }
th, td { text-align: left; vertical-align: top; min-width: 4.5rem; padding: .3rem .6rem .3rem 0;
  border-bottom: 1px solid #e1e7e3; }
td:first-child { min-width: 9.5rem; }
th { color: #56635c; font-weight: 600; }
td[data-column="whose"] { color: #56635c; font-size: .8rem; }
@media (max-width: 44rem) {
  table, caption, tbody, tr, td { display: block; width: 100%; }
  thead { display: none; }
  tr { padding: .45rem 0; border-bottom: 1px solid #cfd8d3; }
  td { border: 0; padding: .05rem 0; min-width: 0; }
  td:empty { display: none; }
  td[data-column]::before { content: attr(data-column) ": "; color: #56635c; }
  td:first-child { font-weight: 600; }
  td:first-child::before { content: none !important; }
}
@media print { figure, tr { break-inside: avoid; } }
"""


def page(document: Document) -> str:
    """Return a whole HTML page that shows a report.

    Parameters
    ----------
    document : mapping
        A report's document.

    Returns
    -------
    str
    """
    package = document["package"]
    shown = escape(headline(document))
    body = "".join(html_table(table) for table in tables(document))
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{shown}</title><style>{STYLE}</style></head><body>"
        f"<h1>{shown}</h1>"
        f"<p>Computed by {escape(package['name'])} {escape(package['version'])}, "
        f"seed {document['seed']}; nothing here was measured on a board. "
        "Lines at the bars are 95 % intervals; those of populations and projections alone are not "
        "computed.</p>"
        f'{_totals(document)}<div class="plots">{_plots(document)}</div>{_absent(document)}'
        f"{body}</body></html>\n"
    )


def _totals(document: Document) -> str:
    items = []
    for name, prefix in (("total", ""), ("static", "static_"), ("dynamic", "dynamic_")):
        key = "energy_j" if name == "total" else f"{name}_j"
        ends = document[f"{prefix}interval_j"]
        range_ = ""
        if ends is not None:
            range_ = f"{joules(document, ends[0])} to {joules(document, ends[1])}, 95 %"
        energy = escape(joules(document, document[key]))
        items.append(f"<li>{name}<b>{energy}</b>{escape(range_)}</li>")
    return f'<ul class="totals">{"".join(items)}</ul>'


def _plots(document: Document) -> str:
    totals = [
        Bar(name, document[f"{name}_j"], _ends(document[f"{name}_interval_j"]))
        for name in ("static", "dynamic")
        if document[f"{name}_j"] is not None
    ]
    components = [
        Bar(name.replace("_", " "), line["energy_j"], _ends(line["interval_j"]))
        for name, line in document["components"].items()
        if name != "static" and line["energy_j"] is not None
    ]
    charts = [
        bar_chart("Static and dynamic energy", totals),
        bar_chart("Dynamic energy by component", components),
    ]
    for section in ("populations", "projections"):
        title = f"Dynamic energy by {section[:-1]}"
        charts.append(bar_chart(title, _largest(document[section])))
    return "".join(charts) + _compared(document["comparison"])


def _absent(document: Document) -> str:
    """Say that boards are not compared, so that nobody looks for the plot."""
    if document["comparison"] is not None:
        return ""
    return (
        "<p>The same counts on other boards are not in this document: they are left out above "
        "ten million synapses, or if asked. report.to_json(path, compare=True) and "
        "report.to_html(path) price them.</p>"
    )


def _compared(comparison: Mapping[str, Any] | None) -> str:
    if comparison is None:
        return ""
    bars = [
        Bar(row["board"], row["energy_j"], _ends(row["interval_j"]))
        for row in comparison["boards"]
        if row["energy_j"] is not None
    ]
    bars.sort(key=lambda bar: -(bar.value or 0.0))
    bars += [
        Bar(f"{band['device'].upper()}, different network", None, (band["low_j"], band["high_j"]))
        for band in comparison["bands"]
    ]
    return bar_chart("The same counts on other boards, logarithmic", bars, logarithmic=True)


def _ends(interval: list[float] | None) -> tuple[float, float] | None:
    return None if interval is None else (interval[0], interval[1])


def _largest(parts: Mapping[str, Any]) -> list[Bar]:
    bars = [Bar(label, part["dynamic_j"]) for label, part in parts.items()]
    bars.sort(key=lambda bar: -(bar.value or 0.0))
    rest = bars[_BARS:]
    if rest:
        bars = [*bars[:_BARS], Bar(f"{len(rest)} more", sum(bar.value or 0.0 for bar in rest))]
    return bars
