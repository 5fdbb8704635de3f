"""Plots of a study for its page: joules and results by parameter, as inline SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from ..charts import Bar, bar_chart
from ..printable import printable
from .sensitivity import Sensitivity, ValueLine

__all__ = ["study_plots"]

#: Values of a parameter that are drawn; the tables have all of them.
_ROWS = 16

#: Width of a chart in its own units: drawn 1:1 on a narrow page, so that words keep their size.
_WIDTH, _ROW, _TOP, _BOTTOM = 340, 42, 6, 30
_LONGEST = 32

#: Numbers beyond these have no ticks that a float64 can hold.
_TINY, _HUGE = 1e-290, 1e290

Three = tuple[float, float, float]


def study_plots(found: Sequence[Sensitivity]) -> str:
    """Return a chart of joules and one of each result for every parameter that varies.

    Parameters
    ----------
    found : sequence of Sensitivity

    Returns
    -------
    str
        Figure elements; empty if no parameter varies.
    """
    return "".join(_of_parameter(each) for each in found)


def _of_parameter(each: Sensitivity) -> str:
    bars = [
        Bar(line.value, line.mean_joule)
        for line in _drawn(each.lines)
        if line.mean_joule is not None
    ]
    some = _some(len(each.lines))
    about = f"by {printable(each.name)}"
    charts = [bar_chart(f"Energy per experiment at the grid {about}{some}", bars)]
    for name in sorted({name for line in each.lines for name in line.results}):
        lines = [line for line in each.lines if name in line.results]
        rows = [(line.value, line.results[name]) for line in _drawn(lines)]
        charts.append(_ranges(f"{name} {about}{_some(len(lines))}", rows))
    return "".join(charts)


def _drawn(lines: Sequence[ValueLine]) -> list[ValueLine]:
    """Return the lines, or so many that are spread evenly over them."""
    if len(lines) <= _ROWS:
        return list(lines)
    return [lines[round(k * (len(lines) - 1) / (_ROWS - 1))] for k in range(_ROWS)]


def _some(number: int) -> str:
    return "" if number <= _ROWS else f", {_ROWS} of {number} values"


@dataclass(frozen=True)
class _Scale:
    """A linear axis with ticks at round numbers."""

    first: int
    last: int
    step: float

    @classmethod
    def of(cls, rows: Sequence[tuple[str, Three]]) -> _Scale:
        low = min(three[0] for _, three in rows)
        high = max(three[2] for _, three in rows)
        size = max(abs(low), abs(high))
        if high - low <= 1e-9 * size:  # a width of some kind, also where nothing varies
            around = size / 2 if size > _TINY else 1.0
            low, high = low - around, high + around
        step = 10.0 ** math.floor(math.log10(high - low))
        step *= next(f for f in (0.25, 0.5, 1.0, 2.0, 5.0) if (high - low) / (step * f) < 4)
        return cls(math.floor(low / step), math.ceil(high / step), step)

    def at(self, value: float) -> float:
        """Where a value stands, from the left."""
        share = (value / self.step - self.first) / (self.last - self.first)
        return 8 + share * (_WIDTH - 16)


def _ranges(title: str, rows: Sequence[tuple[str, Three]]) -> str:
    """Return a chart of lowest, mean and highest numbers."""
    caption = escape(printable(title), quote=True)
    if max(abs(end) for _, three in rows for end in three) > _HUGE:
        return f"<figure><figcaption>{caption}: too large to be drawn</figcaption></figure>"
    scale = _Scale.of(rows)
    height = _TOP + _ROW * len(rows) + _BOTTOM
    drawn = "".join(_range(*row, _TOP + _ROW * n, scale) for n, row in enumerate(rows))
    ticks = range(scale.first, scale.last + 1)
    axis = "".join(_tick(k, scale, len(rows)) for k in ticks)
    return (
        f'<figure><figcaption>{caption}</figcaption><svg role="img" aria-label="{caption}" '
        f'viewBox="0 0 {_WIDTH} {height}" xmlns="http://www.w3.org/2000/svg">{axis}{drawn}</svg>'
        "</figure>"
    )


def _tick(number: int, scale: _Scale, rows: int) -> str:
    x = scale.at(number * scale.step)
    anchor = "start" if x < 20 else "end" if x > _WIDTH - 30 else "middle"
    # In the rows of the marks only, so that no line crosses the words between them.
    lines = "".join(
        f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{top + 22}" y2="{top + 38}"/>'
        for top in range(_TOP, _TOP + _ROW * rows, _ROW)
    )
    return (
        f'{lines}<text class="axis" x="{x:.1f}" y="{_TOP + _ROW * rows + 16}" '
        f'text-anchor="{anchor}">{number * scale.step:.6g}</text>'
    )


def _range(name: str, three: Three, top: int, scale: _Scale) -> str:
    name = name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…"
    left, middle, right = (scale.at(value) for value in three)
    y = top + 30
    return (
        f'<text x="4" y="{top + 15}">{escape(printable(name))}</text>'
        f'<text x="{_WIDTH - 8}" y="{top + 15}" text-anchor="end">{three[1]:.6g}</text>'
        f'<line class="whisker" x1="{left:.1f}" x2="{right:.1f}" y1="{y}" y2="{y}"/>'
        f'<rect x="{middle - 4:.1f}" y="{y - 6}" width="8" height="12" rx="2"/>'
    )
