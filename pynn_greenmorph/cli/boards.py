"""``greenmorph boards``: what is installed, every number of a profile, the check of a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import click

from ..boards.catalogue import check_profile, load_profile
from ..boards.comparators import Comparator, list_comparators, load_comparator
from ..boards.files import comparator_files
from ..boards.profile import ALIASES, Board, Coefficient, hidden_boards, list_boards, load_board
from ..boards.vocabulary import CONFIDENCES, FORMULAS, TIME_MODES
from ..errors import BoardError
from .fault import Fault, ScriptFault, reported

__all__ = ["board_from_file", "check_command", "list_command", "show_command"]


def list_command() -> None:
    """Print name, label and confidence of every installed board and comparator."""
    click.echo("boards")
    for line in _listed(list_boards(), load_board):
        click.echo(line)
    click.echo("\ncomparators: measured on other networks, shown beside boards")
    for line in _listed(list_comparators(), load_comparator):
        click.echo(line)
    for hidden in (*hidden_boards(), *comparator_files().hidden):
        click.echo(f"\nnot used, because the name is taken: {hidden}")
    click.echo(
        "\n'greenmorph boards show NAME' shows all numbers of one, with their sources;"
        "\n'greenmorph boards check FILE' says all that is wrong with a profile of your own."
    )


def show_command(name: str) -> None:
    """Print every number of a board or comparator with its unit, uncertainty and source.

    Parameters
    ----------
    name : str
        Name or alias of a board, name of a comparator, or the path of a profile.

    Raises
    ------
    Fault
        If there is no such profile or it is malformed.
    """
    with reported():
        profile = load_profile(name)
    click.echo(f"{profile.name}: {profile.label}{_aliases(profile.name)}\n{_confidence(profile)}")
    for line in _facts(profile):
        click.echo(line)
    for title, numbers in _sections(profile):
        click.echo(f"\n{title}")
        for line in _number_lines(numbers):
            click.echo(line)
    if profile.sources:
        click.echo("\nsources")
    for source in profile.sources.values():
        click.echo(f"  {source.key}: {source.ref}")
        if source.found:
            click.echo(f"    read: {source.found}")
    click.echo(f"\nprofile: {profile.path}")


def check_command(file: str) -> None:
    """Say everything that is wrong with a profile, or that nothing is.

    Raises
    ------
    ScriptFault
        If the file has faults; the exit status is then 1.
    """
    with reported(ScriptFault):
        profile = check_profile(Path(file))
    kind = "comparator" if isinstance(profile, Comparator) else "board"
    click.echo(f"{file}: no faults; {kind} {profile.name!r}, {_confidence(profile)}")


def board_from_file(file: str, board: str | None) -> str:
    """Return what ``--board-file`` stands for: the absolute path of a profile.

    Parameters
    ----------
    file : str
        The profile.
    board : str or None
        The option ``--board``, which must not be given too.

    Raises
    ------
    Fault
        If both options are given, or the profile is malformed.
    """
    if board is not None:
        what = f"--board {board} and --board-file {file} both choose the board: give one of them"
        raise Fault(what)
    path = Path(file).absolute()
    with reported():
        load_board(path)
    return str(path)


def _listed(names: tuple[str, ...], load: Callable[[str], Board | Comparator]) -> Iterator[str]:
    width = max(map(len, names), default=0)
    for name in names:
        try:
            profile = load(name)
        except BoardError as error:  # one bad profile must not hide the others
            yield f"  {name:{width}}  cannot be used: {error}"
            continue
        yield f"  {name:{width}}  {profile.label}{_aliases(name)}"
        yield f"  {'':{width}}  {_confidence(profile)}"


def _aliases(name: str) -> str:
    aliases = [alias for alias, target in ALIASES.items() if target == name]
    return f" (also: {', '.join(aliases)})" if aliases else ""


def _sections(profile: Board | Comparator) -> Iterator[tuple[str, Mapping[str, Coefficient]]]:
    if isinstance(profile, Comparator):
        named = [("measured", profile.measured)]
    else:
        named = [
            ("static", profile.static),
            ("dynamic", profile.dynamic),
            ("latency", profile.latency),
            ("limits", profile.limits),
        ]
        named += [(f"variants of {name}", group) for name, group in profile.variants.items()]
    return ((title, numbers) for title, numbers in named if numbers)


def _confidence(profile: Board | Comparator) -> str:
    numbers = [number for _, group in _sections(profile) for number in group.values()]
    if not numbers:
        return "no numbers"
    counts = Counter(number.confidence for number in numbers)
    parts = [f"{counts[word]} {word}" for word in CONFIDENCES if counts[word]]
    return f"{len(numbers)} numbers, confidence: {', '.join(parts)}"


def _facts(profile: Board | Comparator) -> Iterator[str]:
    """Yield what a profile says beside its numbers."""
    if isinstance(profile, Comparator):
        yield f"model {profile.model}: {FORMULAS['comparator'][profile.model]}"
        yield f"device: {profile.device}; network: {profile.network}"
        return
    yield f"model {profile.model}: {FORMULAS['board'][profile.model]}"
    if profile.priced_as:
        yield f"has no prices of its own: its counts are priced on {profile.priced_as}"
    yield from _time_lines(profile)
    if profile.boundaries:
        yield "\nboundaries"
    for name, boundary in profile.boundaries.items():
        default = " (default)" if name == profile.default_boundary else ""
        yield f"  {name}{default}: {boundary.subject} = {' + '.join(boundary.parts)}"


def _time_lines(board: Board) -> Iterator[str]:
    time = board.time
    if time is None:
        return
    parts = [TIME_MODES[time.mode]]
    if time.mode == "accelerated":
        speedup = "not published" if time.speedup is None else f"{time.speedup:g}"
        parts.append(f"speed-up {speedup}")
    if time.default_timestep_ms is not None:
        parts.append(f"usual time step {time.default_timestep_ms:g} ms")
    if time.allow_slowdown:
        parts.append("may be slowed down")
    origin = f"  [{time.source}, confidence {time.confidence}]" if time.source else ""
    yield f"time: {', '.join(parts)}{origin}"
    if time.note:
        yield f"  {time.note}"


def _number_lines(numbers: Mapping[str, Coefficient]) -> Iterator[str]:
    width = max(map(len, numbers), default=0)
    for name, number in numbers.items():
        value = "not published" if number.value is None else f"{number.value:.10g} {number.unit}"
        spread = f" +- {100 * number.rel_std:g} % (1 sigma)" if number.rel_std else ""
        if number.range is not None:
            spread += f" ({number.range[0]:.10g} to {number.range[1]:.10g})"
        per = f" per {number.per}" if number.per else ""
        source = f"{number.source}, " if number.source else ""
        yield f"  {name:{width}}  {value}{per}{spread}  [{source}confidence {number.confidence}]"
        if number.note:
            yield f"  {'':{width}}  {number.note}"
