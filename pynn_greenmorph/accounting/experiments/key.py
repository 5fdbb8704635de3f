"""What makes two attempts the same experiment: script, parameters, seed, board and version."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import pynn_greenmorph

from ...boards.profile import Board, load_board
from ...errors import GreenmorphError, InvalidValueError, explain
from ..printable import one_line

__all__ = ["Key", "board_words", "canonical", "check_name", "make_key", "words_of"]

#: Profiles in here are named by the version of the package; others by what is in them.
_SHIPPED = Path(pynn_greenmorph.__file__).resolve().parent

#: Above this not every integer is a float64.
_EXACT = 2**53


@dataclass(frozen=True)
class Key:
    """What is known of an experiment before it runs.

    Attributes
    ----------
    name : str
        Which experiment of the script this is.
    script, digest : str
        File name and SHA-256 of the script; a copy in another folder is the
        same script, an edited one is another. Both are empty in a session
        without a file.
    params : str
        Parameters as canonical JSON.
    version : str
        Of pynn_greenmorph.
    """

    name: str
    script: str
    digest: str
    params: str
    version: str


def make_key(name: str, script: Path | None, params: Any) -> Key:
    """Return the key of an experiment.

    Parameters
    ----------
    name : str
    script : Path or None
        ``None`` for an interactive session.
    params : mapping of str to plain values

    Raises
    ------
    InvalidValueError
        If the name or a parameter cannot be recorded.
    """
    where = f"experiment {name!r}, params"
    if not isinstance(params, Mapping):
        allowed = "a mapping of names to values, for example {'tau_m': 20.0}"
        raise InvalidValueError(
            explain("params is no mapping", where=where, allowed=allowed, given=repr(params)[:80])
        )
    words = words_of(canonical(params, where))
    file, digest = "", ""
    if script is not None:
        file = one_line(script.name)
        try:
            digest = hashlib.sha256(script.read_bytes()).hexdigest()
        except OSError:  # the script was deleted or moved while it runs
            digest = ""
    return Key(check_name(name), file, digest, words, pynn_greenmorph.__version__)


def board_words(set_up: str, priced: str | Board | None = None) -> str:
    """Name the boards in the key of an experiment.

    Parameters
    ----------
    set_up : str
        Name or path of the board of ``setup()``.
    priced : str or Board, optional
        The one that it is priced on; by default the same.

    Returns
    -------
    str
        The board that is priced in fact, and the one of ``setup()`` if that is
        another. A board from a file has a part of the file's SHA-256 behind its
        name: a file that was edited is another board, one that was moved is not.
    """
    try:
        computed = load_board(set_up)
        chosen = computed if priced is None else priced
        board = chosen if isinstance(chosen, Board) else load_board(chosen)
        board = load_board(board.priced_as) if board.priced_as else board
        names = [_board_name(board), _board_name(computed)]
    except (GreenmorphError, OSError):  # a file that is gone must not stop what runs
        return f"{one_line(str(set_up if priced is None else priced))} (cannot be read)"
    return names[0] if names[0] == names[1] else f"{names[0]} (set up as {names[1]})"


def _board_name(board: Board) -> str:
    path = board.path.resolve()
    if path.is_relative_to(_SHIPPED):
        return board.name
    return f"{board.name} sha256:{hashlib.sha256(path.read_bytes()).hexdigest()[:16]}"


def check_name(name: object) -> str:
    """Return the name of an experiment; it is text for people and never part of a path.

    Raises
    ------
    InvalidValueError
        If it is empty, holds characters that cannot be printed, or is too long.
    """
    # Control characters in a name could rewrite the terminal that shows a report.
    if isinstance(name, str) and name.strip() and name.isprintable() and len(name) <= 200:
        return name
    what, allowed = "not a name of an experiment", "1 to 200 printable characters"
    raise InvalidValueError(explain(what, where="experiment()", allowed=allowed, given=name))


def words_of(value: Any) -> str:
    """Return canonical JSON of plain values: sorted names, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def canonical(value: Any, where: str) -> Any:
    """Return a value as plain JSON values; equal values become the same.

    NumPy scalars and arrays become numbers and lists, ``3.0`` becomes ``3``.

    Parameters
    ----------
    value : object
    where : str
        For messages.

    Raises
    ------
    InvalidValueError
        For a number that is not finite, a name that is no string, or an object
        that has no plain form.
    """
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value, where)
    if isinstance(value, int | float):
        return _number(value, where)
    if isinstance(value, Mapping):
        return {
            _text(name, where): canonical(each, f"{where}[{name!r}]")
            for name, each in value.items()
        }
    if isinstance(value, list | tuple | range):
        return [canonical(each, f"{where}[{index}]") for index, each in enumerate(value)]
    allowed = "numbers, strings, True, False, None, and lists and mappings of them"
    what = f"a {type(value).__name__} cannot be recorded"
    raise InvalidValueError(explain(what, where=where, allowed=allowed, given=repr(value)[:80]))


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        what = "a name is not a string"
        raise InvalidValueError(explain(what, where=where, given=value))
    try:
        value.encode()
    except UnicodeEncodeError as error:  # half of a surrogate pair
        what = f"a string cannot be written: {error.reason}"
        raise InvalidValueError(explain(what, where=where, given=ascii(value))) from None
    return value


def _number(value: float, where: str) -> float:
    if not math.isfinite(value):
        raise InvalidValueError(explain("a number is not finite", where=where, given=value))
    whole = value == int(value) and abs(value) < _EXACT
    return int(value) if whole else value
