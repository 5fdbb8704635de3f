"""``greenmorph report``: NATURE of the study in a ledger, or a report in another format."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from ..accounting.experiments.formats import STUDY_FORMATS, render_study
from ..accounting.experiments.study import read_study
from ..accounting.files import check_writable, write_text
from ..accounting.formats import FORMATS, read_document, render
from ..errors import GreenmorphWarning, ReportError, UnknownNameError, explain, unknown_name
from .fault import Fault, reported

__all__ = ["report_command"]

#: How every SQLite file begins.
_SQLITE = b"SQLite format 3\0"

#: Options with another name than the argument of ``nature()``.
_RENAMED = {"intensity": "intensity_g_per_kwh"}


def report_command(
    files: Sequence[str], format_: str, output: str | None, given: Mapping[str, Any]
) -> int:
    """Show a study or a report.

    Parameters
    ----------
    files : sequence of str
        Ledgers of one study, or one report.
    format_ : str
    output : str or None
        File to write to.
    given : mapping
        The options for ledgers that were given.

    Returns
    -------
    int
        The exit status.

    Raises
    ------
    Fault
        If an option or a file is wrong, or the output cannot be written.
    """
    with reported():
        if output is not None:
            check_writable(output)
        ledgers = [_is_ledger(name) for name in files]
        if all(ledgers):
            words = _study(files, format_, given)
        elif len(files) == 1:
            words = _report(files[0], format_, given)
        else:
            other = files[ledgers.index(False)]
            what = f"{other!r} is not a ledger, and only ledgers can be taken together"
            raise ReportError(explain(what, todo="Give one report, or ledgers alone"))
        if output is not None:
            write_text(output, words)
    if output is None:
        _show(words)
    return 0


def _is_ledger(name: str) -> bool:
    try:
        with Path(name).open("rb") as file:
            begin = file.read(len(_SQLITE))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise Fault(f"{name!r} cannot be read: {reason}.") from error
    # Text is a report; everything else is for the ledger's own checks to explain.
    return begin == _SQLITE or not begin.lstrip().startswith(b"{")


def _report(name: str, format_: str, given: Mapping[str, Any]) -> str:
    if given:
        options = ", ".join(f"--{option.replace('_', '-')}" for option in given)
        what = f"{name!r} is a report of one run; {options} are for ledgers"
        raise ReportError(explain(what, todo="Leave them out, or give a ledger"))
    _check_format(format_, FORMATS)
    return render(read_document(name), format_)


def _study(files: Sequence[str], format_: str, given: Mapping[str, Any]) -> str:
    _check_format(format_, STUDY_FORMATS)
    options = {_RENAMED.get(name, name): value for name, value in given.items()}
    fixed = [options.pop(name, 0.0) for name in ("overhead_s", "overhead_j")]
    unit, count = options.pop("unit", None), options.pop("count", None)
    if (unit is None) != (count is None):
        what = "--unit and --count belong together, one is missing"
        raise ReportError(explain(what, where="SCI"))
    readings = options.pop("readings", False)
    study = read_study(files, *fixed)
    # A study of which a price is missing has no NATURE, but its attempts are still to be seen.
    whole = unit is not None or readings
    nature = study.nature(**options) if whole else study.nature_of_known(**options)
    sci = None if unit is None else nature.sci(unit, count)
    with warnings.catch_warnings():  # the warning is in the words
        warnings.simplefilter("ignore", GreenmorphWarning)
        others = nature.readings() if readings else None
    return render_study(study, nature, format_, sci, others)


def _check_format(format_: str, known: Mapping[str, Any]) -> None:
    if format_ not in known:
        raise UnknownNameError(unknown_name("format", format_, known))


def _show(words: str) -> None:
    try:
        click.echo(words, nl=False)
        sys.stdout.flush()
    except BrokenPipeError:
        # Python would complain when it flushes stdout at its end, where nobody can catch it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
