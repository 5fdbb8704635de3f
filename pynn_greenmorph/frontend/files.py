"""Files of recorded data: which formats there are, what each needs, and opening one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import neo
from pyNN.recording import get_io

from ..errors import InvalidValueError, MissingPackageError, explain

__all__ = ["check_file", "file_annotations", "open_file"]

#: The package that Neo writes a format with, and the extra that installs it, by extension;
#: pickle needs none.
_NEEDS: Mapping[str, tuple[str, str] | None] = {
    ".pkl": None,
    ".pickle": None,
    ".nix": ("nixio", "nix"),
    ".h5": ("nixio", "nix"),
    ".nwb": ("pynwb", "nwb"),
    ".mat": ("scipy", "analysis"),
}


def check_file(file: Any, where: str = "record(to_file=)") -> None:
    """Raise for a file that cannot be written; before a run, not after it.

    Parameters
    ----------
    file : str, Neo IO or None
        Only a name is checked: a Neo IO has its format already.
    where : str
        For the message.

    Raises
    ------
    InvalidValueError
        For an extension that no format has.
    MissingPackageError
        When the package that writes the format cannot be imported.
    OSError
        When the folder cannot be made.
    """
    if not isinstance(file, str):
        return
    path = Path(file)
    if path.suffix not in _NEEDS:
        raise InvalidValueError(
            explain(
                "files of this extension cannot be written",
                where=where,
                allowed=", ".join(_NEEDS),
                given=file,
            )
        )
    need = _NEEDS[path.suffix]
    if need is not None:
        package, extra = need
        try:
            import_module(package)
        except ImportError as error:
            raise MissingPackageError(
                explain(
                    f"{path.suffix} files need the package {package!r}: {error}",
                    where=where,
                    given=file,
                    todo=f"Install it: pip install 'pynn_greenmorph[{extra}]', or write .pkl",
                )
            ) from error
    path.parent.mkdir(parents=True, exist_ok=True)


def open_file(file: Any) -> Any:
    """Return the Neo IO that writes a file; see :func:`check_file` for the errors.

    Parameters
    ----------
    file : str or Neo IO
        An IO is returned as it is.
    """
    if not isinstance(file, str):
        return file
    check_file(file, "write_data()")
    return get_io(file)


def file_annotations(io: Any, annotations: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the annotations of a block that is written with a Neo IO."""
    # NWB demands a session start; PyNN does not give one.
    start = {"session_start_time": datetime.now(UTC)} if isinstance(io, neo.io.NWBIO) else {}
    return {**start, **(annotations or {})}
