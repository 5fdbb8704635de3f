"""The options of a report, applied: values of the user, a voltage, phases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..boards.profile import Board
from .given import with_given, with_voltage
from .ledger import Ledger
from .phases import check_phases
from .priced import Priced
from .pricing import price

__all__ = ["price_with"]


def price_with(ledger: Ledger, board: Board, options: Mapping[str, Any]) -> Priced:
    """Price a ledger on a board as a report's options ask for.

    Parameters
    ----------
    ledger : Ledger
    board : Board
    options : mapping
        ``boundary``, ``neurons_per_core``, ``time_scale_factor``, ``given``,
        ``voltage_v`` and ``phases``, each ``None`` or left out for the default.

    Raises
    ------
    UnknownNameError, BoardError, InvalidValueError
        As :func:`.pricing.price`, :mod:`.given` and :func:`.phases.check_phases`.
    """
    given, voltage_v, phases = (options.get(name) for name in ("given", "voltage_v", "phases"))
    if given is not None:
        board = with_given(board, given)
    if voltage_v is not None:
        board = with_voltage(board, voltage_v)
    return price(
        ledger,
        board,
        options.get("boundary"),
        options.get("neurons_per_core"),
        options.get("time_scale_factor"),
        () if phases is None else check_phases(phases),
    )
