"""NATURE in words, with every input and its source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .grid import GRID_SOURCES
from .numbers import grams, quantity, span

if TYPE_CHECKING:
    from .nature import Nature

__all__ = ["word"]


def word(n: Nature) -> str:
    """Return the lines that ``str(n)`` shows."""
    t = n.terms
    about = f"({n.subject})"
    fixed = n.left_out or "fixed energy of one experiment"
    lines = [
        f"NATURE  {quantity(n.joule, 'J')} = {n.kwh:.6g} kWh at the grid  {about}",
        *_range(n, about),
        *_carbon(n),
        *_embodied(n),
        f"  is {n.equivalents}  {about}",
        f"  = N_exp {t['N_exp']:g} x [A + T x (E + U + R) x epochs {t['epochs']:g}]{_means(n)}",
        f"  A: {quantity(t['A_j'], 'J')}, {fixed}  {about}",
        f"  T: {t['T_s']:.6g} s, wall-clock time of one epoch",
        f"  E: {quantity(t['E_w'], 'W')}, mean power of the hardware  {about}",
        f"  U: {quantity(t['U_w'], 'W')}, data centre, PUE {n.pue:g}{_no_overhead(n)}",
        f"  R: {quantity(t['R_w'], 'W')}, loss of the grid {n.loss:g}{_no_loss(n)}",
    ]
    return "\n".join(lines)


def _no_overhead(n: Nature) -> str:
    return ": overhead of a data centre not included" if n.pue == 1 else ""


def _no_loss(n: Nature) -> str:
    """Name what a loss of 0 leaves out; the data of countries are stated at the power station."""
    return ": transmission and distribution not included" if n.loss == 0 else ""


def _range(n: Nature, about: str) -> list[str]:
    if n.interval_joule is None:
        return []
    return [f"  95 %  {span(n.interval_joule, 'J')}  {about}"]


def _carbon(n: Nature) -> list[str]:
    if n.gco2e is None or n.intensity is None:
        return ["  carbon left out: neither a country nor a carbon intensity was given"]
    place = n.intensity
    year = f" {place.year}" if place.year else ""
    where = f"{place.g_per_kwh:g} gCO2e/kWh, {place.place}{year} [{place.source}]"
    lines = [f"  carbon  {grams(n.gco2e)}  ({where})"]
    if n.interval_gco2e is not None:
        low, high = n.interval_gco2e
        lines.append(f"  95 %  {grams(low)} to {grams(high)}")
    if place.source != "user":
        lines.append(f"  [{place.source}] {GRID_SOURCES[place.source]}")
    return lines


def _embodied(n: Nature) -> list[str]:
    if n.embodied is None:
        return ["  embodied carbon of the hardware left out: not given"]
    made = n.embodied
    how = (
        f"{made.total_kg:g} kgCO2e over {made.lifetime_years:g} years, share {made.share:g}, "
        f"reserved for {made.reserved_s:.6g} s"
    )
    return [f"  embodied carbon  {grams(made.grams)}  ({how}, given by the user)"]


def _means(n: Nature) -> str:
    return "  (means over experiments)" if n.unequal else ""
