"""Placement by neurons per core."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pynn_greenmorph.accounting.report import make_report
from pynn_greenmorph.boards.profile import load_board
from pynn_greenmorph.errors import BoardError, FidelityWarning, InvalidValueError, UnknownNameError
from pynn_greenmorph.mapping.place import place
from tests.ledgers import Wires, make_ledger

SPINN5 = load_board("spinnaker1_spinn5")
MIXED = make_ledger([("exc", "neuron", 600), ("inp", "source", 300), ("inh", "neuron", 255)])


def sizes(core: np.ndarray) -> list[int]:
    """Return the number of cells on each core."""
    found: list[int] = np.bincount(core).tolist()
    return found


def test_slices_are_filled_fully_and_populations_share_no_core() -> None:
    placed = place(MIXED, SPINN5)
    assert placed.core.dtype == np.int32
    assert sizes(placed.core) == [255, 255, 90, 255, 45, 255]
    assert placed.core.tolist() == sorted(placed.core.tolist())
    assert (placed.cores, placed.boards, placed.frames) == (6, 1, 1)


def test_rows_say_used_and_limit() -> None:
    usage = {row.what: (row.used, row.limit) for row in place(MIXED, SPINN5).usage}
    assert usage == {"cores": (6, 768), "neurons on the fullest core": (255, 255)}
    few = place(MIXED, SPINN5, 100)
    assert few.usage[1].used == 100


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (255, [255, 255, 90, 255, 45, 255]),
        (np.int64(200), [200, 200, 200, 200, 100, 200, 55]),
        ({"exc": 300 // 2}, [150, 150, 150, 150, 255, 45, 255]),
        ({"IF_curr_exp": 200}, [200, 200, 200, 255, 45, 200, 55]),
        ({"IF_curr_exp": 200, "exc": 250}, [250, 250, 100, 255, 45, 200, 55]),
        ({"SpikeSourcePoisson": 500}, [255, 255, 90, 300, 255]),
        ({"SpikeSourceArray": 7}, [255, 255, 90, 255, 45, 255]),
    ],
)
def test_cells_per_core_by_number_label_and_cell_type(
    given: int | Mapping[str, int], expected: list[int]
) -> None:
    assert sizes(place(MIXED, SPINN5, given).core) == expected


@pytest.mark.parametrize("bad", [0, -1, 2.5, 255.0, float("nan"), "255", True, [255]])
def test_what_is_no_number_of_cells_raises(bad: Any) -> None:
    with pytest.raises(InvalidValueError, match=r"an integer >= 1"):
        place(MIXED, SPINN5, bad)
    with pytest.raises(InvalidValueError, match=r"neurons_per_core\['exc'\]"):
        place(MIXED, SPINN5, {"exc": bad})


def test_more_neurons_than_a_core_holds_raises_and_is_not_clipped() -> None:
    with pytest.raises(InvalidValueError, match=r"'exc'.*1 to 255.*Given: 256"):
        place(MIXED, SPINN5, 256)
    sources = make_ledger([("inp", "source", 1000)])
    assert sizes(place(sources, SPINN5, 500).core) == [500, 500]


def test_an_unknown_key_raises() -> None:
    with pytest.raises(UnknownNameError, match="'IF_curr_epx'"):
        place(MIXED, SPINN5, {"IF_curr_epx": 100})


@pytest.mark.parametrize(
    ("cores", "boards", "frames"),
    [(0, 1, 1), (768, 1, 1), (769, 2, 1), (768 * 24, 24, 1), (768 * 24 + 1, 25, 2)],
)
def test_more_cores_than_a_board_has_take_more_boards(cores: int, boards: int, frames: int) -> None:
    ledger = make_ledger([("exc", "neuron", cores)])
    placed = place(ledger, SPINN5, 1)
    assert (placed.cores, placed.boards, placed.frames) == (cores, boards, frames)
    assert placed.usage[0].limit == 768 * boards


def test_populations_alone_are_enough_and_gaps_are_refused() -> None:
    rows = MIXED.populations
    assert place(rows, SPINN5).cores == 6
    with pytest.raises(
        InvalidValueError, match=r"'inh'.*start at 900, but the cells before end at"
    ):
        place([rows[0], rows[2]], SPINN5)


def test_a_board_without_limits_is_an_error() -> None:
    with pytest.raises(BoardError, match=r"limits\.neurons_per_core"):
        place(MIXED, replace(SPINN5, limits={}))


def test_neurons_and_synapses_are_compared_with_what_all_boards_hold() -> None:
    pairs = [(pre, post) for pre in range(300) for post in range(300)]
    wires = Wires("w", [pre for pre, _ in pairs], [post for _, post in pairs])
    ledger = make_ledger([("a", "neuron", 300), ("in", "source", 5)], [wires, wires])
    placed = place(ledger, load_board("odin"))
    assert placed.boards == 2
    usage = {row.what: row for row in placed.usage}
    assert (usage["neurons"].used, usage["neurons"].limit) == (300, 2 * 256)
    assert (usage["synapses"].used, usage["synapses"].limit) == (180_000, 2 * 65_536)
    with pytest.warns(FidelityWarning, match="synapses: 180000, but the board holds 131072"):
        report = make_report(ledger, board="odin")
    assert [row["kind"] for row in report.fidelity][:1] == ["capacity"]
    assert "synapses" not in {
        row.what for row in place(ledger.populations, load_board("odin")).usage
    }


def test_a_neuron_that_must_reach_more_cores_than_it_can_is_said() -> None:
    # Neuron 0 has targets on cores 0 and 1, and the source outside may have them anywhere.
    wires = [Wires("w", [0, 0, 0, 5, 300, 300], [1, 2, 256, 256, 0, 299])]
    ledger = make_ledger([("a", "neuron", 300), ("in", "source", 1)], wires)
    with pytest.warns(
        FidelityWarning, match="cores that one neuron reaches: 2, but the board hold"
    ):
        report = make_report(ledger, board="truenorth")
    assert [row["kind"] for row in report.fidelity] == ["capacity"]
    one = make_ledger([("a", "neuron", 300)], [Wires("w", [0, 0, 5], [1, 2, 256])])
    assert make_report(one, board="truenorth").fidelity == ()
