"""``greenmorph boards``: the installed boards, and every number of one of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

import click

from ..boards.profile import ALIASES, Board, Coefficient, list_boards, load_board
from ..errors import BoardError
from .fault import reported

__all__ = ["list_command", "show_command"]

#: Words for confidence, best first.
CONFIDENCES = ("high", "medium", "low", "none")


def list_command() -> None:
    """Print name, label and confidence of every installed board."""
    width = max(map(len, list_boards()), default=0)
    for name in list_boards():
        try:
            board = load_board(name)
        except BoardError as error:  # one bad profile must not hide the other boards
            click.echo(f"{name:{width}}  cannot be used: {error}")
            continue
        click.echo(f"{name:{width}}  {board.label}{_aliases(name)}")
        click.echo(f"{'':{width}}  {_confidence(board)}")
    click.echo("\n'greenmorph boards show NAME' shows all numbers of a board, with their sources.")


def show_command(name: str) -> None:
    """Print every number of a board with its unit, uncertainty and source.

    Parameters
    ----------
    name : str
        Name or alias of a board, or the path of a profile.

    Raises
    ------
    Fault
        If there is no such board or its profile is malformed.
    """
    with reported():
        board = load_board(name)
    click.echo(f"{board.name}: {board.label}{_aliases(board.name)}\n{_confidence(board)}")
    if board.priced_as:
        click.echo(f"has no prices of its own: its counts are priced on {board.priced_as}")
    for line in _boundary_lines(board):
        click.echo(line)
    for title, numbers in _sections(board):
        click.echo(f"\n{title}")
        for line in _number_lines(numbers):
            click.echo(line)
    if board.sources:
        click.echo("\nsources")
    for source in board.sources.values():
        click.echo(f"  {source.key}: {source.ref}")
        if source.found:
            click.echo(f"    read: {source.found}")
    click.echo(f"\nprofile: {board.path}")


def _aliases(name: str) -> str:
    aliases = [alias for alias, target in ALIASES.items() if target == name]
    return f" (also: {', '.join(aliases)})" if aliases else ""


def _sections(board: Board) -> Iterator[tuple[str, Mapping[str, Coefficient]]]:
    named = [("static", board.static), ("dynamic", board.dynamic), ("limits", board.limits)]
    named += [(f"variants of {name}", group) for name, group in board.variants.items()]
    return ((title, numbers) for title, numbers in named if numbers)


def _confidence(board: Board) -> str:
    numbers = [number for _, group in _sections(board) for number in group.values()]
    if not numbers:
        return "no numbers"
    counts = Counter(number.confidence for number in numbers)
    parts = [f"{counts[word]} {word}" for word in CONFIDENCES if counts[word]]
    return f"{len(numbers)} numbers, confidence: {', '.join(parts)}"


def _boundary_lines(board: Board) -> Iterator[str]:
    if board.boundaries:
        yield "\nboundaries"
    for name, boundary in board.boundaries.items():
        default = " (default)" if name == board.default_boundary else ""
        yield f"  {name}{default}: {boundary.subject} = {' + '.join(boundary.parts)}"


def _number_lines(numbers: Mapping[str, Coefficient]) -> Iterator[str]:
    width = max(map(len, numbers), default=0)
    for name, number in numbers.items():
        value = "not published" if number.value is None else f"{number.value:g} {number.unit}"
        spread = f" +- {100 * number.rel_std:g} % (1 sigma)" if number.rel_std else ""
        per = f" per {number.per}" if number.per else ""
        origin = f"[{number.source}, confidence {number.confidence}]"
        yield f"  {name:{width}}  {value}{per}{spread}  {origin}"
        if number.note:
            yield f"  {'':{width}}  {number.note}"
