"""Both kinds of profile, boards and comparators, under one name."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import UnknownNameError, unknown_name
from .comparators import Comparator, list_comparators, load_comparator, read_comparator
from .profile import ALIASES, Board, list_boards, load_board
from .read import kind_of

__all__ = ["check_profile", "load_profile"]


def load_profile(name_or_path: str) -> Board | Comparator:
    """Load a profile of either kind.

    Parameters
    ----------
    name_or_path : str
        Name or alias of an installed board, name of a comparator, or the path
        of a profile, as for :func:`~pynn_greenmorph.boards.profile.load_board`.

    Raises
    ------
    UnknownNameError, BoardError
        As :func:`~pynn_greenmorph.boards.profile.load_board`.
    """
    if name_or_path.endswith(".toml") or os.sep in name_or_path:
        return check_profile(Path(name_or_path))
    if name_or_path in list_comparators():
        return load_comparator(name_or_path)
    known = [*list_boards(), *ALIASES, *list_comparators()]
    if name_or_path not in known:
        raise UnknownNameError(unknown_name("board or comparator", name_or_path, known))
    return load_board(name_or_path)


def check_profile(path: Path) -> Board | Comparator:
    """Load a profile of either kind from a file; raises ``BoardError`` with all its faults."""
    return read_comparator(path) if kind_of(path) == "comparator" else load_board(path)
