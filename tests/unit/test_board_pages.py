"""The pages of the boards are what their profiles say."""

from __future__ import annotations

import runpy
from pathlib import Path

from pynn_greenmorph.boards.profile import load_board

TOOLS = runpy.run_path(str(Path(__file__).resolve().parents[2] / "docs" / "make_boards.py"))


def test_pages_are_fresh() -> None:
    assert TOOLS["stale"]() == [], "run 'python docs/make_boards.py'"


def test_every_number_and_every_source_is_on_the_page() -> None:
    board = load_board("loihi1")
    lines = TOOLS["board_page"](board).splitlines()
    for group in (board.static, board.dynamic, board.latency, board.limits):
        for name, number in group.items():
            (line,) = (line for line in lines if line.startswith(f"| `{name}` |"))
            assert f"{number.value:.10g} `{number.unit}`" in line
            assert f"| {number.source} | {number.confidence} |" in line
    assert [
        key for key in board.sources if not any(x.startswith(f"| {key} |") for x in lines)
    ] == []


def test_text_is_shown_as_it_is() -> None:
    assert TOOLS["plain"]("a|b 5 * 3 $x$ _y_") == r"a\|b 5 \* 3 \$x\$ \_y\_"
    assert "(https://doi.org/10.1126/science.1254642)" in TOOLS["plain"](
        "Merolla P (2014), doi:10.1126/science.1254642; 72 mW"
    )
