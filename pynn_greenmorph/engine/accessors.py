"""How compiled code, and plain Python, reach the arrays of a share; see :mod:`.share`."""

from __future__ import annotations

from typing import Any

import numpy as np

from .direct import Direct
from .inputs import Changes
from .plastic import Plastic
from .rows import Rows
from .share import (
    WORDS_PER_ARRAY,
    Log,
    Memory,
    Pending,
    Probes,
    Scratch,
    Setting,
    Share,
    Stretch,
    TableSpikes,
    Visits,
)
from .tables import Blocks
from .uniform import Uniform

__all__ = [
    "accessors",
    "blocks_of",
    "direct_of",
    "injections_of",
    "log_of",
    "memory_of",
    "pending_of",
    "plastic_of",
    "probes_of",
    "rows_of",
    "schedule_of",
    "scratch_of",
    "stretch_of",
    "table_of",
    "tuple_fields",
    "uniform_of",
    "view_text",
]


def tuple_fields() -> str:
    """Return names and fields of all named tuples that compiled code knows."""
    kinds = (Plastic, Blocks, Rows, Uniform, Direct, Pending, TableSpikes, Changes, Probes, Log)
    more = (Memory, Visits, Scratch, Stretch, Setting, Share)
    return repr([(one.__name__, one._fields) for one in (*kinds, *more)])


def plastic_of(share):  # type: ignore[no-untyped-def]
    """The synapses of a share that are more than a weight."""
    return share.plastic


def blocks_of(share):  # type: ignore[no-untyped-def]
    """The blocks of a share."""
    return share.blocks


def rows_of(share):  # type: ignore[no-untyped-def]
    """The rows of a share."""
    return share.rows


def uniform_of(share):  # type: ignore[no-untyped-def]
    """The receptors of a share whose events are counted."""
    return share.uniform


def direct_of(share):  # type: ignore[no-untyped-def]
    """The direct sources of a share."""
    return share.direct


def pending_of(share):  # type: ignore[no-untyped-def]
    """The pending input of a share."""
    return share.pending


def table_of(share):  # type: ignore[no-untyped-def]
    """The table spikes of a share."""
    return share.table


def injections_of(share):  # type: ignore[no-untyped-def]
    """The injections of a share."""
    return share.injections


def schedule_of(share):  # type: ignore[no-untyped-def]
    """The schedule of a share."""
    return share.schedule


def probes_of(share):  # type: ignore[no-untyped-def]
    """The probes of a share."""
    return share.probes


def log_of(share):  # type: ignore[no-untyped-def]
    """The logs of all parts."""
    return share.log


def memory_of(share):  # type: ignore[no-untyped-def]
    """The memory of all parts."""
    return share.memory


def scratch_of(share):  # type: ignore[no-untyped-def]
    """The scratch of a share."""
    return share.scratch


def stretch_of(share):  # type: ignore[no-untyped-def]
    """The logs of a few steps of a share."""
    return share.stretch


def accessors(share: Share) -> str:
    """Return the source of ``blocks_of()`` and its like for compiled code.

    There a share is the address of its memory map, and each function makes one
    named tuple of arrays out of them: passing all arrays from function to
    function would take Numba ten seconds to compile.

    Parameters
    ----------
    share : Share
        Any one: types and numbers of axes are the same in all.

    Returns
    -------
    str
        One function for each field.
    """
    at, parts = 0, []
    for field, value in zip(Share._fields, share, strict=True):
        text, at = view_text(value, at)
        parts.append(f"{_FORCED}def {field}_of(share):\n    return {text}")
    return "\n\n".join(parts)


_FORCED = "@njit(forceinline=True, _nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)\n"


def view_text(value: Any, at: int) -> tuple[str, int]:
    """How compiled code makes a named tuple, or an array, of the words of a memory map.

    Parameters
    ----------
    value : named tuple or array
        Any one: types and numbers of axes are the same in all.
    at : int
        The first word.

    Returns
    -------
    text : str
    at : int
        The word behind the last.
    """
    if isinstance(value, np.ndarray):
        kind, axes = "row", f"share[{at + 1}]"
        if value.ndim > 1:
            kind, axes = "matrix", f"share[{at + 1}], share[{at + 2}]"
        return f"{kind}_at(share[{at}], {axes}, np.{value.dtype.name})", at + WORDS_PER_ARRAY
    texts = []
    for one in value:
        text, at = view_text(one, at)
        texts.append(text)
    return f"{type(value).__name__}({', '.join(texts)})", at
