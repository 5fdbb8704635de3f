"""Which coefficient prices which count on a board, and what has no price there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ..boards.profile import Board, Boundary, Coefficient
from ..errors import BoardError, explain
from .components import Component, components_of, unpriced_counters
from .counting import NEEDS_MESH
from .hops import mesh_of
from .ledger import Ledger

__all__ = ["Costs", "costs_of", "static_powers", "unpriced", "usable"]


@dataclass(frozen=True)
class Costs:
    """What a board charges for.

    Attributes
    ----------
    components : tuple of Component
        Those that can be counted and have a price.
    dynamic : tuple of Coefficient
        Their energies per event.
    cap : Coefficient or None
        Largest dynamic power of a core, where there is one.
    left_out : tuple of str
        Components without a count or a price, each in a few words.
    """

    components: tuple[Component, ...]
    dynamic: tuple[Coefficient, ...]
    cap: Coefficient | None
    left_out: tuple[str, ...]


def costs_of(ledger: Ledger, board: Board) -> Costs:
    """Return what a board charges for the events of a ledger.

    Raises
    ------
    BoardError
        If the board has no prices, or one that its model cannot do without is not published.
    """
    kept, left_out = [], []
    for component in components_of(board):
        words = component.name.replace("_", " ")
        if component.name in NEEDS_MESH and mesh_of(board) is None:
            left_out.append(f"{words} (the mesh of tiles is not known)")
        elif board.dynamic[component.coefficient].value is not None:
            kept.append(component)
        elif board.model == "software_cores":
            raise _no_price(board, component.coefficient)
        else:
            left_out.append(f"{words} ({component.coefficient} is not published)")
    cap = board.dynamic.get("core_busy_W") if board.model == "software_cores" else None
    if cap is not None and cap.value is None:
        raise _no_price(board, cap.name)
    dynamic = tuple(_cost(ledger, board, component) for component in kept)
    return Costs(tuple(kept), dynamic, cap, tuple(left_out))


def usable(board: Board) -> list[str]:
    """Return the names of those dynamic values that a price can depend on, if they are known."""
    names = [
        component.coefficient
        for component in components_of(board)
        if component.name not in NEEDS_MESH or mesh_of(board) is not None
    ]
    if board.model == "software_cores" and "core_busy_W" in board.dynamic:
        names.append("core_busy_W")
    return names


def _no_price(board: Board, name: str) -> BoardError:
    what = f"no value of {name} is published, so the dynamic part cannot be given"
    todo = f"Give it, energy_report(given={{{name!r}: number}})"
    return BoardError(explain(what, where=f"board {board.name}", todo=todo))


def _cost(ledger: Ledger, board: Board, component: Component) -> Coefficient:
    """Return what prices a component, with a note of the cell types that it is used for."""
    found = board.dynamic[component.coefficient]
    scales = board.variants.get("neuron_update_scale", {})
    if component.name != "neuron_updates" or not scales:
        return found
    types = {row.model for row in ledger.populations if row.kind == "neuron" and row.size}
    other = sorted(types - set(scales))
    published = ", ".join(f"{name} {c.value:g} [{c.source}]" for name, c in scales.items())
    words = f"published scales, shown and not applied: {published}"
    if other:
        words += f"; no scale is published for {', '.join(other)}, priced as if it were 1"
    return replace(found, note=f"{found.note}; {words}" if found.note else words)


def unpriced(
    board: Board, components: Sequence[Component], counters: Sequence[Mapping[str, int]]
) -> Iterator[str]:
    """Yield, in a few words each, the counters that are not zero and that nothing pays for.

    Only a sum of single published prices has gaps. The other models were fitted to the
    power of whole boards, so what has no term of its own is inside the others.
    """
    if board.model != "event":
        return
    for name in unpriced_counters(components):
        if any(row[name] for row in counters):
            yield f"{name.replace('_', ' ')} (the profile has no price of them)"


def static_powers(
    board: Board, boundary: Boundary, boards: int, frames: int
) -> list[tuple[Coefficient, float]]:
    """Return the static powers of a boundary, each with its watts for all boards together.

    A power that is not published has the value ``None`` and 0 W.
    """
    times = {
        "board": boards,
        "frame": frames,
        "chip": boards * int(board.limit("chips") or 1),
    }
    parts = [board.static[name] for name in boundary.parts]
    return [(part, float(part.value or 0.0) * times[part.per]) for part in parts]
