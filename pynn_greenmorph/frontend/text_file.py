"""PyNN's text file, with rows written many at a time."""

from __future__ import annotations

from itertools import chain
from typing import Any

import numpy as np
from pyNN.recording import files

from ..errors import InvalidValueError, explain

__all__ = ["TextFile", "names_to_save"]

#: Rows formatted at a time.
_CHUNK = 4096


class TextFile(files.StandardTextFile):
    """PyNN's ``StandardTextFile``; it writes the same text in half the time."""

    def write(self, data: Any, metadata: dict[str, Any]) -> None:
        """Write a header line for each item of ``metadata``, and a line for each row."""
        self._check_open()
        self.fileobj.write("\n".join(f"# {key} = {value}" for key, value in metadata.items()))
        self.fileobj.write("\n")
        if isinstance(data, list) and data and isinstance(data[0], tuple):
            # As numpy.savetxt writes one row at a time.
            row = "\t".join(["%.18e"] * len(data[0])) + "\n"
            for start in range(0, len(data), _CHUNK):
                part = data[start : start + _CHUNK]
                self.fileobj.write((row * len(part)) % tuple(chain.from_iterable(part)))
        else:
            np.savetxt(self.fileobj, data, delimiter="\t")
        self.fileobj.close()


def names_to_save(names: Any, layout: str) -> Any:
    """Return names of attributes such that PyNN's ``save`` writes them below their own names.

    PyNN takes one name for a list of letters, and stacks several matrices, which a text file
    cannot hold.

    Parameters
    ----------
    names : str or sequence of str
        ``"all"``, ``"connections"``, or names of attributes.
    layout : {"list", "array"}

    Returns
    -------
    str or list of str

    Raises
    ------
    InvalidValueError
        For several matrices.
    """
    single = isinstance(names, str) and names not in ("all", "connections")
    if layout != "array":
        return [names] if single else names
    if not single and len(names) == 1:
        return names[0]
    if not single:
        raise InvalidValueError(
            explain(
                "a text file holds one matrix",
                where="Projection.save(format='array')",
                allowed="the name of one attribute",
                given=repr(names),
                todo="Save each attribute in a file of its own, or use format='list'",
            )
        )
    return names
