"""Write the pages of boards and comparators from their profiles.

``python docs/make_boards.py`` writes ``docs/reference/boards/*.md``; with
``--check`` it writes nothing and ends with status 1 when a page is out of date.
A test says so too. Only profiles of this package have pages.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGES = ROOT / "docs" / "reference" / "boards"
sys.path.insert(0, str(ROOT))

from pynn_greenmorph.boards import profile as boards  # noqa: E402 - found only now
from pynn_greenmorph.boards.comparators import Comparator, read_comparator  # noqa: E402
from pynn_greenmorph.boards.profile import ALIASES, Board, Coefficient, Source  # noqa: E402
from pynn_greenmorph.boards.vocabulary import FORMULAS, TIME_MODES  # noqa: E402

PROFILES = Path(boards.__file__).parent
NOTE = "<!-- Written by docs/make_boards.py: change the profile, then run it again. -->"
INTRODUCTION = """# Boards

What `greenmorph boards show NAME` prints, as pages: every number of every board with its unit, its
spread (one standard deviation, relative), its source, and how sure it is. **high**: read in a
primary artefact (raw log, source code, paper); **medium**: read in a secondary source, or derived
from a high value with a stated assumption, or a well-known number; **low**: an order of magnitude;
**none**: a choice of the profile, or nothing is published. What nobody has published says so, and a
report that needs it gives no total.
"""

COMPARATORS = """
Published measurements of other hardware, running other networks than yours. Energy of a CPU or GPU
is not linear in events, so counts of your network are never priced on one: these figures are shown
beside boards, marked as a different network. `logic_45nm` is a table of single arithmetic
operations: it says what an operation costs, not what a network does.
"""


def read_boards() -> list[Board]:
    """Return this package's own boards, sorted by name."""
    return [boards.load_board(path) for path in sorted(PROFILES.glob("*.toml"))]


def read_comparators() -> list[Comparator]:
    """Return this package's own comparators, sorted by name."""
    return [read_comparator(path) for path in sorted((PROFILES / "comparators").glob("*.toml"))]


def pages() -> dict[str, str]:
    """Return the text of every page by its file name."""
    made = {f"{board.name}.md": board_page(board) for board in read_boards()}
    made["comparators.md"] = comparator_page(read_comparators())
    made["index.md"] = index_page(read_boards())
    return made


def plain(text: str) -> str:
    """Return text as Markdown that shows it as it is; names of papers become links."""
    text = re.sub(r"([\\`*_{}\[\]<>|~$])", r"\\\1", text)
    text = re.sub(r"\bdoi:([^\s,;)]+)", r"[doi:\1](https://doi.org/\1)", text)
    return re.sub(r"\barXiv:(\d{4}\.\d{4,5})", r"[arXiv:\1](https://arxiv.org/abs/\1)", text)


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """Yield the lines of a table, and an empty one."""
    titles = list(head)
    yield f"| {' | '.join(titles)} |"
    yield f"|{'---|' * len(titles)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


def value(number: Coefficient) -> str:
    """Return a number with its unit and what it is multiplied with."""
    if number.value is None:
        return "not published" + (f", per {number.per}" if number.per else "")
    shown = f"{number.value:.10g}" + (f" `{number.unit}`" if number.unit != "1" else "")
    if number.range is not None:
        shown += f" ({number.range[0]:.10g} to {number.range[1]:.10g})"
    return shown + (f" per {number.per}" if number.per else "")


def numbers(title: str, entries: Mapping[str, Coefficient]) -> Iterator[str]:
    """Yield the table of a section; nothing if it is empty."""
    if not entries:
        return
    yield f"## {title}"
    yield ""
    rows = (
        (
            f"`{name}`",
            value(number),
            f"{100 * number.rel_std:g} %" if number.rel_std else "",
            number.source,
            number.confidence,
            plain(number.note),
        )
        for name, number in entries.items()
    )
    yield from table(("name", "value", "spread", "source", "confidence", "note"), rows)


def sources(entries: Mapping[str, Source]) -> Iterator[str]:
    """Yield the table of sources; nothing if there is none."""
    if entries:
        yield "## Sources"
        yield ""
        rows = ((key, plain(source.ref), plain(source.found)) for key, source in entries.items())
        yield from table(("key", "reference", "what was read of it"), rows)


def time_lines(board: Board) -> Iterator[str]:
    """Yield how a board's time runs."""
    time = board.time
    if time is None:
        return
    words = [TIME_MODES[time.mode]]
    if time.mode == "accelerated":
        speedup = "not published" if time.speedup is None else f"{time.speedup:g}"
        words.append(f"speed-up {speedup}")
    if time.default_timestep_ms is not None:
        words.append(f"usual time step {time.default_timestep_ms:g} ms")
    if time.allow_slowdown:
        words.append("may be slowed down")
    origin = f" ({time.source}, {time.confidence})" if time.source else ""
    note = f"; {plain(time.note)}" if time.note else ""
    yield f"- Time: {', '.join(words)}{origin}{note}."


def board_page(board: Board) -> str:
    """Return the page of a board."""
    aliases = [f"`{alias}`" for alias, name in ALIASES.items() if name == board.name]
    lines = [NOTE, "", f"# {plain(board.label)}", ""]
    also = f", or {', '.join(aliases)}" if aliases else ""
    lines += [f"- Name: `{board.name}`{also}."]
    lines += [f"- Model `{board.model}`: {plain(FORMULAS['board'][board.model])}."]
    if board.priced_as:
        lines += [f"- Its counts are priced on [{board.priced_as}]({board.priced_as}.md)."]
    lines += [*time_lines(board), ""]
    if board.boundaries:
        rows = (
            (
                f"`{name}`{' (default)' if name == board.default_boundary else ''}",
                plain(boundary.subject) + (", at the wall" if boundary.at_the_wall else ""),
                " + ".join(f"`{part}`" for part in boundary.parts),
            )
            for name, boundary in board.boundaries.items()
        )
        lines += ["## Boundaries", ""]
        lines += table(("boundary", "what the static power includes", "sum of"), rows)
    lines += numbers("Static power", board.static)
    lines += numbers("Energy of events", board.dynamic)
    lines += numbers("Latency of events", board.latency)
    lines += numbers("Limits", board.limits)
    for name, group in board.variants.items():
        lines += numbers(f"Variants: {name.replace('_', ' ')}", group)
    lines += sources(board.sources)
    return "\n".join(lines).rstrip() + "\n"


def comparator_page(comparators: list[Comparator]) -> str:
    """Return the one page of all comparators."""
    lines = [NOTE, "", "# Comparators", *COMPARATORS.splitlines(), ""]
    known: dict[str, Source] = {}
    for each in comparators:
        lines += [f"## {plain(each.label)}", ""]
        lines += [f"`{each.name}`, {each.device}; network: {plain(each.network)}.", ""]
        rows = (
            (f"`{name}`", value(number), number.source, number.confidence, plain(number.note))
            for name, number in each.measured.items()
        )
        lines += table(("name", "value", "source", "confidence", "note"), rows)
        known.update(each.sources)
    lines += sources(dict(sorted(known.items())))
    return "\n".join(lines).rstrip() + "\n"


def index_page(shown: list[Board]) -> str:
    """Return the page that lists the others."""
    rows = (
        (f"[{board.name}]({board.name}.md)", plain(board.label), board.model) for board in shown
    )
    lines = [NOTE, "", *INTRODUCTION.splitlines(), "", *table(("name", "board", "model"), rows)]
    names = "\n".join([*(board.name for board in shown), "comparators"])
    lines += ["```{toctree}", ":hidden:", "", names, "```"]
    return "\n".join(lines) + "\n"


def stale() -> list[str]:
    """Return the names of pages that are missing, out of date, or of no board."""
    made = pages()
    there = {path.name: path.read_text(encoding="utf-8") for path in PAGES.glob("*.md")}
    return sorted(name for name in {*made, *there} if made.get(name) != there.get(name))


def main() -> int:
    """Make or check the pages; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say what is out of date")
    names = stale()
    if parser.parse_args().check:
        print("\n".join(f"{name} is out of date" for name in names) or "pages are up to date")
        return 1 if names else 0
    PAGES.mkdir(exist_ok=True)
    made = pages()
    for name in names:
        if name in made:
            (PAGES / name).write_text(made[name], encoding="utf-8")
        else:
            (PAGES / name).unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
