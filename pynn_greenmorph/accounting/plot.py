"""A report as one Matplotlib figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import ReportError, explain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .report import Report

__all__ = ["plot"]

Bar = tuple[str, float, tuple[float, float]]


def plot(report: Report) -> Figure:
    """Return a figure of joules by component, static and dynamic apart.

    The static energy would hide the rest, so it has its own axes. Bars are the
    energies, error bars the 95 % intervals.

    Raises
    ------
    ReportError
        If Matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure  # an extra, and slow to import
    except ImportError as error:
        todo = "Install the extra `plot`: pip install 'pynn_greenmorph[plot]'"
        raise ReportError(
            explain("Matplotlib is not installed", where="plot", todo=todo)
        ) from error
    # No pyplot: a figure of ours must not become the user's current figure.
    figure = Figure(figsize=(9.0, 3.8), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1, 2))
    dynamic = ("dynamic", report.dynamic_j, report.dynamic_interval_j)
    _bars(left, [("static", report.static_j, report.static_interval_j), dynamic])
    left.set_title("static and dynamic")
    lines = [line for line in report.components.values() if line.name != "static"]
    _bars(right, [(line.name.replace("_", " "), line.energy_j, line.interval_j) for line in lines])
    right.set_title("dynamic, by component")
    keys = ", ".join(report.source_keys)
    figure.suptitle(f"{report.subject} [{keys}]", fontsize="medium")
    return figure


def _bars(axes: Axes, bars: Sequence[Bar]) -> None:
    names = [name for name, _, _ in bars]
    energies = [energy for _, energy, _ in bars]
    # The mean of a skewed distribution may lie outside of its central interval.
    below = [max(0.0, energy - low) for _, energy, (low, _) in bars]
    above = [max(0.0, high - energy) for _, energy, (_, high) in bars]
    axes.bar(names, energies, yerr=[below, above], capsize=3, color="tab:green")
    axes.set_ylabel("energy (J)")
    axes.tick_params(axis="x", rotation=30)
    axes.set_ylim(bottom=0.0)
