"""Bar charts as inline SVG: no script, no network, readable on a narrow page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from .numbers import quantity, span
from .printable import printable

__all__ = ["Bar", "bar_chart"]

#: Width of a chart in its own units: a chart is drawn 1:1 on the narrowest page, so that words
#: keep their size, and never grows beyond a column of a wide one.
_WIDTH, _ROW, _TOP, _BOTTOM = 340, 42, 6, 30
_LONGEST = 34


@dataclass(frozen=True)
class Bar:
    """A name, an energy in J, and the ends of its interval, if known.

    Without an energy it is a band from end to end.
    """

    name: str
    value: float | None
    ends: tuple[float, float] | None = None

    @property
    def numbers(self) -> tuple[float, ...]:
        """All energies that are drawn, J."""
        return (*(() if self.value is None else (self.value,)), *(self.ends or ()))

    @property
    def words(self) -> str:
        """The energy, or the band."""
        if self.value is None and self.ends is not None:
            return span(self.ends, "J")
        return quantity(self.value or 0.0, "J")


def bar_chart(title: str, bars: Sequence[Bar], *, logarithmic: bool = False) -> str:
    """Return a chart of energies with whiskers for their intervals.

    Parameters
    ----------
    title : str
    bars : sequence of Bar
    logarithmic : bool, optional
        Whether the axis is logarithmic; bars of 0 J then have no length.

    Returns
    -------
    str
        A figure element; empty without bars.
    """
    if not bars:
        return ""
    scale = _Scale.of(bars, logarithmic=logarithmic)
    height = _TOP + _ROW * len(bars) + _BOTTOM
    rows = "".join(_bar(bar, _TOP + _ROW * index, scale) for index, bar in enumerate(bars))
    axis = "".join(_tick(value, scale, height) for value in scale.ticks())
    label = escape(title, quote=True)
    return (
        f'<figure><figcaption>{escape(title)}</figcaption><svg role="img" aria-label="{label}" '
        f'viewBox="0 0 {_WIDTH} {height}" xmlns="http://www.w3.org/2000/svg">{axis}{rows}</svg>'
        "</figure>"
    )


@dataclass(frozen=True)
class _Scale:
    low: float
    high: float
    logarithmic: bool

    @classmethod
    def of(cls, bars: Sequence[Bar], *, logarithmic: bool) -> _Scale:
        positive = [value for bar in bars for value in bar.numbers if value > 0]
        top = max(positive, default=1.0)
        if not logarithmic:
            return cls(0.0, top, logarithmic=False)
        low = 10.0 ** math.floor(math.log10(min(positive, default=0.1)))
        return cls(low, max(top, 10 * low), logarithmic=True)

    def at(self, value: float) -> float:
        """Where a value stands, from the left."""
        if not self.logarithmic:
            share = value / self.high
        elif value <= self.low:
            share = 0.0
        else:
            share = math.log(value / self.low) / math.log(self.high / self.low)
        return 4 + min(share, 1.0) * (_WIDTH - 12)

    def ticks(self) -> list[float]:
        if not self.logarithmic:
            step = 10.0 ** math.floor(math.log10(self.high))
            step *= next(f for f in (0.2, 0.5, 1.0, 2.0, 5.0) if self.high / (step * f) < 5)
            return [step * k for k in range(int(self.high / step) + 1)]
        first, last = round(math.log10(self.low)), math.floor(math.log10(self.high))
        skip = max(1, math.ceil((last - first) / 4))
        return [10.0**k for k in range(first, last + 1, skip)]


def _tick(value: float, scale: _Scale, height: int) -> str:
    x, bottom = scale.at(value), height - _BOTTOM
    # Beside the bars alone: across the words above them a line would look like a letter.
    pieces = "".join(f"M{x:.1f} {top + 19}v23" for top in range(_TOP, bottom, _ROW))
    anchor = "start" if x < 20 else "end" if x > _WIDTH - 30 else "middle"
    return (
        f'<path class="grid" d="{pieces}"/>'
        f'<text class="axis" x="{x:.1f}" y="{bottom + 16}" text-anchor="{anchor}">'
        f"{quantity(value, 'J')}</text>"
    )


def _bar(bar: Bar, top: int, scale: _Scale) -> str:
    name = bar.name if len(bar.name) <= _LONGEST else bar.name[: _LONGEST - 1] + "…"
    words = (
        f'<text x="4" y="{top + 15}">{escape(printable(name))}</text>'
        f'<text class="value" x="{_WIDTH - 8}" y="{top + 15}" text-anchor="end">'
        f"{bar.words}</text>"
    )
    if bar.value is None:
        return words + _rect(bar.ends or (0.0, 0.0), top, scale, "band")
    body = words + _rect((0.0, bar.value), top, scale, "bar")
    return body if bar.ends is None or not bar.ends[1] else body + _whisker(bar.ends, top, scale)


def _rect(ends: tuple[float, float], top: int, scale: _Scale, kind: str) -> str:
    low, high = map(scale.at, ends)
    size = f'y="{top + 22}" width="{max(high - low, 0):.1f}" height="16"'
    return f'<rect class="{kind}" x="{low:.1f}" {size}/>'


def _whisker(ends: tuple[float, float], top: int, scale: _Scale) -> str:
    middle, (low, high) = top + 30, map(scale.at, ends)
    caps = "".join(
        f'<line class="whisker" x1="{x:.1f}" x2="{x:.1f}" y1="{middle - 5}" y2="{middle + 5}"/>'
        for x in (low, high)
    )
    line = f'<line class="whisker" x1="{low:.1f}" x2="{high:.1f}" y1="{middle}" y2="{middle}"/>'
    return line + caps
