"""The options of a report, applied: values of the user, a voltage, phases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from ..boards.profile import Board
from ..errors import InvalidValueError, explain
from ..mapping.place import NeuronsPerCore
from .given import Given, check_used, with_given, with_voltage
from .ledger import Ledger
from .phases import PhaseValues, check_phases
from .priced import Priced
from .pricing import price

__all__ = ["Options", "price_with"]


class Options(TypedDict, total=False):
    """How counts are priced; ``sim.energy_report()`` describes each of them to its user."""

    boundary: str | None
    neurons_per_core: NeuronsPerCore
    time_scale_factor: float | None
    given: Given | None
    voltage_v: float | None
    phases: PhaseValues | None


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
        As :func:`.pricing.price`, :mod:`.given` and :func:`.phases.check_phases`, and if
        values of the user come with a voltage: nobody knows at which one they hold.
    """
    given, voltage_v, phases = (options.get(name) for name in ("given", "voltage_v", "phases"))
    _check_mapping("given", "values", given, '{"name in the profile": number}')
    _check_mapping("phases", "phases", phases, '{"load": {"duration_s": seconds}}')
    if given and voltage_v is not None:
        what = "values of the user and a supply voltage were both given"
        todo = "Give the values as they are at your voltage, and leave voltage_v out"
        raise InvalidValueError(explain(what, where="given, voltage_v", todo=todo))
    if given is not None:
        board = with_given(board, given)
        check_used(board, options.get("boundary"), given)
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


def _check_mapping(where: str, what: str, value: Any, allowed: str) -> None:
    if value is not None and not isinstance(value, Mapping):
        what = f"not a mapping of {what}"
        raise InvalidValueError(explain(what, where=where, allowed=allowed, given=value))
