"""A report as one Matplotlib figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import ReportError, explain
from .tables import Document, whose

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["plot"]

Bar = tuple[str, float, Sequence[float]]


def plot(document: Document) -> Figure:
    """Return a figure of joules by component, static and dynamic apart.

    The static energy would hide the rest, so it has its own axes. Bars are the
    energies, error bars the 95 % intervals. What is not published has no bar.

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
    sides = ("static", "dynamic")
    _bars(left, [(n, document[f"{n}_j"], document[f"{n}_interval_j"]) for n in sides])
    left.set_title("static and dynamic")
    lines = [(name, line) for name, line in document["components"].items() if name != "static"]
    _bars(
        right,
        [(name.replace("_", " "), line["energy_j"], line["interval_j"]) for name, line in lines],
    )
    right.set_title("dynamic, by component")
    figure.suptitle(whose(document), fontsize="medium")
    return figure


def _bars(axes: Axes, bars: Sequence[tuple[str, float | None, Sequence[float] | None]]) -> None:
    known: list[Bar] = [(n, j, ends) for n, j, ends in bars if j is not None and ends is not None]
    energies = [energy for _, energy, _ in known]
    # The mean of a skewed distribution may lie outside of its central interval.
    below = [max(0.0, energy - low) for _, energy, (low, _) in known]
    above = [max(0.0, high - energy) for _, energy, (_, high) in known]
    names = [name for name, _, _ in known]
    axes.bar(names, energies, yerr=[below, above], capsize=3, color="tab:green")
    axes.set_ylabel("energy (J)")
    axes.tick_params(axis="x", rotation=30)
    axes.set_ylim(bottom=0.0)
