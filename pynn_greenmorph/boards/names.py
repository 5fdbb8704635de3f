"""Names of boards that are taken: reports of two boards of one name could not be told apart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..errors import BoardError
from .files import board_files, comparator_files

__all__ = ["ALIASES", "taken"]

#: Short names that scripts use, and the profile that each one means.
ALIASES = {
    "spinnaker": "spinnaker1_spinn5",
    "spinnaker2": "spinnaker2_chip",
    "loihi": "loihi1",
    "brainscales": "brainscales2",
    "brainscales1": "brainscales1_wafer",
    "dynap-se": "dynapse",
    "memristor": "memristor_crossbar",
}


def taken(name: object, path: Path) -> Iterator[tuple[str, str]]:
    """Yield a fault if a file has the name of an installed profile that is another file.

    Parameters
    ----------
    name : object
        What the file says that its name is.
    path : Path
        The file.
    """
    if not isinstance(name, str):
        return
    if name in ALIASES:
        yield "name", f"{name!r} is an alias of an installed board; give yours another"
    for kind, files in (("board", board_files()), ("comparator", comparator_files())):
        if name not in files:
            continue
        try:
            same = files[name].resolve() == path.resolve()
        except BoardError:  # a distribution without its file has the name all the same
            same = False
        if not same:
            yield "name", f"{name!r} is the name of an installed {kind}; give yours another"
