"""Text of any width: aligned where it fits, and no word lost where it does not."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pynn_greenmorph.accounting.report import make_report
from pynn_greenmorph.accounting.tables import Table, tables
from pynn_greenmorph.accounting.text import lay_out, text
from pynn_greenmorph.accounting.wrapping import terminal_width, wrapped
from pynn_greenmorph.boards.profile import list_boards
from tests.ledgers import Wires, make_ledger

PRICES = Table(
    "prices",
    ("what", "count", "energy", "whose"),
    (
        ("spikes", "12 345", "1.235 mJ", "modelled: a board with a long name, DC input [KEY]"),
        ("events", "7", "", "modelled: a board with a long name, DC input [KEY]"),
    ),
)

#: The whole layout at each width, as it should look.
GOLDEN = {
    80: """
  what    count   energy    whose
  spikes  12 345  1.235 mJ  modelled: a board with a long name, DC input [KEY]
  events  7                 modelled: a board with a long name, DC input [KEY]
""",
    70: """
  what    count   energy    whose
  spikes  12 345  1.235 mJ  modelled: a board with a long name, DC
                            input [KEY]
  events  7                 modelled: a board with a long name, DC
                            input [KEY]
""",
    50: """
  what    count   energy
  spikes  12 345  1.235 mJ
    whose: modelled: a board with a long name, DC
      input [KEY]
  events  7
    whose: modelled: a board with a long name, DC
      input [KEY]
""",
    20: """
  what    count
  spikes  12 345
    energy: 1.235 mJ
    whose: modelled:
      a board with a
      long name, DC
      input [KEY]
  events  7
    whose: modelled:
      a board with a
      long name, DC
      input [KEY]
""",
}


@pytest.mark.parametrize("width", GOLDEN)
def test_columns_that_do_not_fit_stand_below(width: int) -> None:
    assert lay_out(PRICES, width) == GOLDEN[width].strip("\n")


CELL = st.text(
    st.characters(codec="utf-8", categories=("L", "N", "P", "S"), include_characters=" "),
    max_size=60,
)


def packed(words: str) -> str:
    """Return words without what wrapping may change."""
    return re.sub(r"\s", "", words)


@settings(max_examples=300, deadline=None)
@given(st.data(), st.integers(1, 6), st.integers(40, 130))
def test_no_line_is_too_long_and_no_character_is_lost(
    data: st.DataObject, columns: int, width: int
) -> None:
    row = st.tuples(*[CELL] * columns)
    # A first cell that is not blank, as every table has: by it rows are told apart here.
    rows = data.draw(st.lists(row.map(lambda r: (f"x{r[0].strip()}", *r[1:])), max_size=4))
    header = data.draw(st.tuples(*[st.sampled_from(["", "energy", "95 %"])] * columns))
    shown = lay_out(Table("", header, tuple(rows)), width)
    assert all(len(line) <= width for line in shown.splitlines())
    blocks = re.split(r"(?m)^  (?=\S)", shown)[1:]
    if blocks and not blocks[0].startswith("x"):
        del blocks[0]  # the header
    assert len(blocks) == len(rows)
    for block, cells in zip(blocks, rows, strict=True):
        # What stands below its row has the name of its column before it.
        names = [f"{name}: " if name else "" for name in header]
        beside = [[packed(cell) for cell in cells[:n]] for n in range(columns + 1)]
        below = [
            [packed(name + cell) for name, cell in zip(names[n:], cells[n:], strict=True) if cell]
            for n in range(columns + 1)
        ]
        every = {"".join(one + two) for one, two in zip(beside, below, strict=True)}
        assert packed(block) in every


@given(st.lists(CELL, max_size=4).map("\n".join), st.integers(40, 130))
def test_wrapped_lines_keep_their_words(words: str, width: int) -> None:
    shown = wrapped(words, width)
    assert all(len(line) <= width for line in shown.splitlines())
    assert packed(shown) == packed(words)
    if all(len(line) <= width for line in words.splitlines()):
        assert shown == "\n".join(words.splitlines())


@pytest.mark.parametrize("board", list_boards())
@pytest.mark.filterwarnings("ignore::pynn_greenmorph.errors.FidelityWarning")
def test_every_report_fits_and_is_complete(board: str) -> None:
    label = "a population with a name that nobody would call a short one, " * 3
    ledger = make_ledger([(label, "neuron", 10)], [Wires("p->p", [0], [1])], [3] * 10)
    report = make_report(ledger, board=board)
    document = report.to_dict(compare=True)
    for width in (60, 100, 200):
        shown = text(document, width)
        assert max(map(len, shown.splitlines())) <= width
        for table in tables(document):
            for row in table.rows:
                assert all(packed(cell) in packed(shown) for cell in row)
    nature = () if report.missing else (report.nature("DEU"),)
    for words in (report, report.compare(), report.explain("dynamic"), *nature):
        assert max(map(len, str(words).splitlines())) <= 100


def test_the_width_is_the_terminal_s(monkeypatch: pytest.MonkeyPatch) -> None:
    for columns, width in (("70", 70), ("250", 250), ("7", 40)):
        monkeypatch.setenv("COLUMNS", columns)
        assert terminal_width() == width
        assert lay_out(PRICES) == lay_out(PRICES, width)
