"""What a report can be turned into: every format is made from its document alone."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InvalidValueError, explain
from .difference import Difference, difference
from .explanation import Explanation, explain_number
from .files import StrPath, check_writable, write_text
from .flat import to_frame
from .formats import neo_annotations, read_document, render, to_json
from .functional_unit import PerUnit, per_unit
from .html import html
from .plot import plot
from .text import text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Formats"]


class Formats:
    """The formats of whatever has a document, see ``to_dict``."""

    def to_dict(self, *, compare: bool = False) -> dict[str, Any]:
        """Return the document, plain values that fit ``report.schema.json``."""
        raise NotImplementedError

    @property
    def compares_quickly(self) -> bool:
        """Whether its counts can be priced on every other board in a few seconds."""
        raise NotImplementedError

    def to_json(self, path: StrPath, *, compare: bool | None = None) -> Path:
        """Write the report as JSON, in one go, and return the path.

        Parameters
        ----------
        path : str or path
        compare : bool, optional
            Whether to add the same counts priced on every other board, which pages made from
            the file show. If not given, it is added up to ten million synapses.

        Raises
        ------
        ReportError
            If the path cannot be written, or a number is not finite.
        """
        check_writable(path)
        compare = self.compares_quickly if compare is None else compare
        return write_text(path, to_json(self.to_dict(compare=compare)))

    def to_csv(self, path: StrPath | None = None) -> str:
        """Return the report as CSV, a row for each number, and write it if a path is given.

        Raises
        ------
        ReportError
            If the path cannot be written.
        """
        return self._render("csv", path)

    def to_markdown(self, path: StrPath | None = None) -> str:
        """Return the report as Markdown tables, and write it if a path is given; see ``to_csv``."""
        return self._render("markdown", path)

    def to_latex(self, path: StrPath | None = None) -> str:
        """Return the report as LaTeX tables, and write it if a path is given; see ``to_csv``."""
        return self._render("latex", path)

    def to_html(self, path: StrPath | None = None, *, compare: bool = True) -> str:
        """Return the report as one HTML page with plots, which needs no other file or network.

        It is also written if a path is given; see ``to_csv``. The page shows the
        same counts priced on every other board, too, unless ``compare`` is false.
        """
        return self._render("html", path, compare=compare)

    def to_line(self) -> str:
        """Return the report in one line."""
        return self._render("line", None).rstrip("\n")

    def to_pandas(self) -> Any:
        """Return a pandas ``DataFrame`` with the rows of ``to_csv``.

        Raises
        ------
        MissingPackageError
            If pandas is not installed.
        """
        return to_frame(self.to_dict())

    def to_neo(self, *containers: Any) -> dict[str, str | int | float]:
        """Return annotations, and put them on Neo's blocks and segments that are given.

        Parameters
        ----------
        *containers
            Blocks or segments, for example ``pop.get_data()``.

        Returns
        -------
        dict
            Names begin with ``energy_``; values are texts and numbers that Neo's files can hold.

        Raises
        ------
        InvalidValueError
            If one cannot be annotated; then none is.
        """
        for container in containers:
            if not hasattr(container, "annotate"):
                what, allowed = "this cannot be annotated", "blocks and segments of Neo"
                given = repr(container)
                raise InvalidValueError(
                    explain(what, where="to_neo()", allowed=allowed, given=given)
                )
        values = neo_annotations(self.to_dict())
        for container in containers:
            container.annotate(**values)
        return values

    def cite(self) -> str:
        """Return BibTeX of this package, of PyNN, and of every source behind the report."""
        return self._render("bibtex", None)

    def explain(self, path: str) -> Explanation:
        """Say how a number came about: formula, counts, coefficients, citations.

        Parameters
        ----------
        path : str
            ``"total"``, ``"static"``, ``"dynamic"``, ``"dynamic.deliveries"``,
            ``"populations.exc"``, ``"projections.exc->inh"``, ``"phases.run"``,
            ``"time.t_wall_s"``.

        Raises
        ------
        UnknownNameError
            For a path that the report does not have; the message lists all.
        InvalidValueError
            If it is no text.
        """
        _check_path(path)
        # The static energy is a component, but not a dynamic one.
        return explain_number(self.to_dict(), "static" if path == "dynamic.static" else path)

    def diff(self, other: Formats | Mapping[str, Any] | StrPath) -> Difference:
        """Compare this report with a later one.

        Parameters
        ----------
        other : Report, mapping or path
            Another report, its document, or its JSON file.

        Returns
        -------
        Difference
            This report is before, the other one after.

        Raises
        ------
        ReportError
            If a file cannot be read, or is no report.
        InvalidValueError
            If it is something else.
        """
        return difference(self.to_dict(), _document_of(other))

    def per(self, unit: str, n: int, *, accuracy: float | None = None) -> PerUnit:
        """Return the energy per functional unit, which you declare.

        Parameters
        ----------
        unit : str
            What one of them is, for example ``"image"``, ``"trial"``, ``"inference"``.
        n : int
            How many of them this report's runs processed.
        accuracy : float, optional
            Fraction of them that were right; adds the energy per right one.

        Raises
        ------
        InvalidValueError
            If ``n`` is not a whole number above 0, or the accuracy no fraction.
        ReportError
            If nothing has been run.
        """
        return per_unit(self.to_dict(), unit, n, accuracy)

    def plot(self) -> Figure:
        """Return a Matplotlib figure: joules by component with 95 % intervals.

        Raises
        ------
        ReportError
            If Matplotlib is not installed.
        """
        return plot(self.to_dict())

    def _render(self, name: str, path: StrPath | None, *, compare: bool = False) -> str:
        if path is not None:
            check_writable(path)
        words = render(self.to_dict(compare=compare), name)
        if path is not None:
            write_text(path, words)
        return words

    def __str__(self) -> str:
        return text(self.to_dict())

    def __repr__(self) -> str:
        return f"<Report {self.to_line()}>"

    def _repr_html_(self) -> str:
        return html(self.to_dict())


def _check_path(path: object) -> None:
    if not isinstance(path, str):
        what, todo = "a path of a report is a text", "Write report.explain('dynamic.deliveries')"
        raise InvalidValueError(explain(what, where="explain()", given=repr(path), todo=todo))


def _document_of(other: object) -> Mapping[str, Any]:
    if isinstance(other, Formats):
        return other.to_dict()
    if isinstance(other, Mapping):
        return other
    if isinstance(other, str | os.PathLike):
        return read_document(other)
    what, allowed = "this is nothing to compare with", "a report, its document or JSON file"
    raise InvalidValueError(explain(what, where="diff()", allowed=allowed, given=repr(other)))
