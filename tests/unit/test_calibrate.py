"""Calibration: the same minimum as scipy's, spread that holds, and all faults of a file at once."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import nnls  # type: ignore[import-untyped]

from pynn_greenmorph.accounting.calibrate import SOURCE, calibrate
from pynn_greenmorph.accounting.least_squares import non_negative
from pynn_greenmorph.accounting.report import make_report
from pynn_greenmorph.accounting.toml_text import to_toml
from pynn_greenmorph.boards.profile import list_boards, load_board
from pynn_greenmorph.errors import (
    BoardError,
    GreenmorphWarning,
    InvalidValueError,
    ReportError,
    UnknownNameError,
)
from tests.ledgers import Wires, make_ledger

COLUMNS = ("t_wall_s", "neuron_updates", "deliveries", "synaptic_events")
TRUE = np.array([23.0, 9e-8, 5e-7, 5e-9])


def write(path: Path, header: tuple[str, ...], rows: Any) -> Path:
    """Write a CSV file."""
    lines = [",".join(header), *(",".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def counts(n: int = 12, seed: int = 3) -> np.ndarray:
    """Return counts of conditions that differ in everything."""
    rng = np.random.default_rng(seed)
    return rng.uniform(0.1, 1.0, (n, 4)) * np.array([60.0, 1e9, 1e8, 1e10])


def measurements(path: Path, noise: float = 0.0, n: int = 12, seed: int = 3) -> Path:
    """Write measurements of a board whose coefficients are known."""
    matrix, rng = counts(n, seed), np.random.default_rng(seed + 1)
    energy = matrix @ TRUE * (1 + noise * rng.standard_normal(n))
    rows = (
        [f"c{i}", e, *map(repr, row)]
        for i, (e, row) in enumerate(zip(energy, matrix.tolist(), strict=True))
    )
    return write(path, ("label", "energy_j", *COLUMNS), rows)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(0, 6))
def test_the_minimum_is_scipy_s(seed: int, k: int, more: int) -> None:
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(k + more, k)) * 10.0 ** rng.integers(-9, 10, k)
    target = rng.normal(size=k + more)
    ours, free = non_negative(matrix, target)
    length = np.linalg.norm(matrix, axis=0)
    theirs, rest = nnls(matrix / length, target)
    assert (ours >= 0).all()
    assert not ours[~free].any()
    assert np.linalg.norm(matrix @ ours - target) == pytest.approx(rest, rel=1e-9, abs=1e-12)
    np.testing.assert_allclose(ours * length, theirs, rtol=1e-6, atol=1e-9)


def test_true_coefficients_come_back(tmp_path: Path) -> None:
    result = calibrate("spinnaker", measurements(tmp_path / "m.csv"))
    assert [one.value for one in result.coefficients] == pytest.approx(list(TRUE), rel=1e-9)
    assert [one.unit for one in result.coefficients][:2] == ["W", "J/update"]
    assert result.largest_error < 1e-9
    assert result.degrees_of_freedom == 8
    assert result["e_delivery"].before == 5.20e-7
    text = str(result)
    assert "calibration of spinnaker1_spinn5 from m.csv, sha256 " in text
    assert "c11" in text


def test_the_standard_deviation_holds_the_truth(tmp_path: Path) -> None:
    """Of 200 noisy files, about 95 % have the true value within two standard deviations."""
    inside = np.zeros(4)
    for seed in range(200):
        path = measurements(tmp_path / "m.csv", noise=0.02, n=20, seed=seed)
        found = calibrate("spinnaker", path).coefficients
        inside += [abs(one.value - t) < 2.1 * one.std for one, t in zip(found, TRUE, strict=True)]
    assert (inside / 200 > 0.85).all()
    assert (inside / 200 < 0.999).all()


def test_known_deviations_weigh_rows(tmp_path: Path) -> None:
    matrix = counts()
    energy, std = matrix @ TRUE, np.full(12, 1.0)
    energy[0], std[0] = energy[0] * 2, 1e9  # one row that is known to be worthless
    rows = zip(energy.tolist(), std.tolist(), *matrix.T.tolist(), strict=True)
    path = write(tmp_path / "m.csv", ("energy_j", "std_j", *COLUMNS), rows)
    found = calibrate("spinnaker", path)
    assert [one.value for one in found.coefficients] == pytest.approx(list(TRUE), rel=1e-3)
    assert found["static_W"].std > 0
    assert found.labels[0] == "row 1"


def test_a_coefficient_that_would_be_negative_is_held_at_zero_and_said(tmp_path: Path) -> None:
    matrix = counts()
    energy = matrix @ (TRUE * [1, 1, 1, -0.1])
    rows = zip(energy.tolist(), *matrix.T.tolist(), strict=True)
    result = calibrate("spinnaker", write(tmp_path / "m.csv", ("energy_j", *COLUMNS), rows))
    one = result["e_syn_event"]
    assert (one.value, one.std, one.at_zero) == (0.0, 0.0, True)
    assert "held at 0" in str(result)


def test_a_written_profile_loads_and_prices_as_fitted(tmp_path: Path) -> None:
    result = calibrate("spinnaker", measurements(tmp_path / "m.csv", noise=0.01))
    board = result.to_toml(tmp_path / "mine.toml", "my_board", boundary="board_dc")
    assert board == load_board(tmp_path / "mine.toml")
    assert board.default_boundary == "board_dc"
    for one in result.coefficients[1:]:
        written = board.dynamic[one.name]
        assert written.value == one.value
        assert written.rel_std == pytest.approx(one.std / one.value)
        assert written.source == SOURCE
    assert board.static["board_dc_W"].value == result["static_W"].value
    assert board.dynamic["e_spike"] == result.board.dynamic["e_spike"]
    assert "m.csv, sha256" in board.sources[SOURCE].ref
    ledger = make_ledger([("p", "neuron", 10)], [Wires("p->p", [0], [1])], [3] * 10)
    report = make_report(ledger, board=tmp_path / "mine.toml")
    assert report.static_j == pytest.approx(result["static_W"].value)
    assert SOURCE in report.cite()
    assert report.subject == "modelled: SpiNN-5 board, calibrated by the user, DC input"
    with pytest.raises(ReportError, match=r"^profile .*does not exist"):
        result.to_toml(tmp_path / "no" / "mine.toml", "x", boundary="board_dc")
    with pytest.raises(ReportError, match="the file exists"):
        result.to_toml(tmp_path / "mine.toml", "other", boundary="board_dc")
    assert load_board(tmp_path / "mine.toml").name == "my_board"
    result.to_toml(tmp_path / "mine.toml", "other", boundary="board_dc", overwrite=True)
    assert load_board(tmp_path / "mine.toml").name == "other"


@pytest.mark.parametrize("name", ["spinnaker", "spinnaker1_spinn5", "loihi2"])
def test_a_taken_name_is_refused(name: str, tmp_path: Path) -> None:
    result = calibrate("spinnaker", measurements(tmp_path / "m.csv"))
    with pytest.raises(InvalidValueError, match="belongs to an installed board"):
        result.to_toml(tmp_path / "mine.toml", name, boundary="board_dc")
    assert not (tmp_path / "mine.toml").exists()


def test_another_unit_is_suspected(tmp_path: Path) -> None:
    assert calibrate("spinnaker", measurements(tmp_path / "m.csv"))["static_W"].before == 23.05
    matrix = counts()
    rows = zip((1000 * matrix @ TRUE).tolist(), *matrix.T.tolist(), strict=True)
    path = write(tmp_path / "mJ.csv", ("energy_j", *COLUMNS), rows)
    with pytest.warns(GreenmorphWarning, match=r"static_W is fitted to 23 kW.*not mJ.*not ms"):
        calibrate("spinnaker", path)


def test_the_example_of_the_guide_works(tmp_path: Path) -> None:
    guide = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "use_a_report.md"
    (table,) = re.findall(r"```text\n(label,.*?)```", guide.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "m.csv").write_text(table, encoding="utf-8")
    result = calibrate("spinnaker1_spinn5", tmp_path / "m.csv")
    assert not any(one.at_zero for one in result.coefficients)
    assert result["static_W"].value == pytest.approx(23.05, rel=0.01)
    assert result.largest_error < 0.01
    assert "23.05 W" in str(result)
    result.to_toml(tmp_path / "mine.toml", "mine", boundary="board_dc")


def test_a_static_power_needs_its_boundary(tmp_path: Path) -> None:
    result = calibrate("spinnaker", measurements(tmp_path / "m.csv"))
    with pytest.raises(InvalidValueError, match=r"Allowed: board_dc.*boundary="):
        result.profile("x")
    with pytest.raises(InvalidValueError, match="sum of board_W, frame_idle_W"):
        result.profile("x", "frame")
    with pytest.raises(UnknownNameError, match="boundary"):
        result.profile("x", "nowhere")


@pytest.mark.parametrize(
    ("text", "error", "what"),
    [
        ("", InvalidValueError, "'energy_j' is missing"),
        ("energy_j,deliverys\n1,2\n", InvalidValueError, "unknown column 'deliverys'"),
        ("energy_j,energy_j,spikes\n1,2,3\n", InvalidValueError, "stands there twice"),
        ("energy_j\n1\n", InvalidValueError, "no column to fit"),
        ("energy_j,spikes\nnan,2\n1,x\n", InvalidValueError, r"(?s)2 faults.*nan.*row 2, spikes"),
        ("energy_j,spikes\n1\n", InvalidValueError, "1 cells, but the header has 2"),
        ("energy_j,spikes\n-1,2\n", InvalidValueError, "finite number > 0, but is -1"),
        ("energy_j,spikes\n1,inf\n", InvalidValueError, "but is inf"),
        ("energy_j,spikes\n1,\n", InvalidValueError, "but is ''"),
        ("energy_j,spikes\n", InvalidValueError, "0 rows are too few"),
        ("energy_j,spikes\n1,2\n", InvalidValueError, "1 rows are too few for 1 coeff"),
        ("energy_j,spikes\n1,0\n2,0\n", InvalidValueError, "all counts are 0 in spikes"),
        (
            "energy_j,spikes,deliveries\n1,1,2\n2,2,4\n3,3,6\n",
            InvalidValueError,
            "spikes, deliveries go together",
        ),
    ],
)
def test_faulty_files_raise(tmp_path: Path, text: str, error: type[Exception], what: str) -> None:
    path = tmp_path / "m.csv"
    path.write_text(text)
    with pytest.raises(error, match=what):
        calibrate("spinnaker", path)


def test_files_and_boards_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="No such file"):
        calibrate("spinnaker", tmp_path / "m.csv")
    (tmp_path / "m.csv").write_bytes(b"\xff\xfe\x00energy")
    with pytest.raises(ReportError, match="not a CSV file"):
        calibrate("spinnaker", tmp_path / "m.csv")
    with pytest.raises(UnknownNameError, match="unknown board 'spinaker'"):
        calibrate("spinaker", tmp_path / "m.csv")


def test_a_board_without_prices_of_its_own_names_those_that_have_some(tmp_path: Path) -> None:
    with pytest.raises(BoardError) as caught:
        calibrate("ideal", measurements(tmp_path / "m.csv"))
    words = str(caught.value)
    assert "board 'ideal' has no prices of its own to fit" in words
    assert "Calibrate spinnaker1_spinn5, which prices its counts" in words
    (allowed,) = re.findall(r"Allowed: (.*?), or the path", words)
    assert set(allowed.split(", ")) == {*list_boards()} - {"ideal"}
    for name in allowed.split(", "):  # each of them gets as far as the file
        with pytest.raises(ReportError, match="No such file"):
            calibrate(name, tmp_path / "none.csv")


def test_what_the_measurements_do_not_tell_is_refused_before_it_is_written(tmp_path: Path) -> None:
    # Rows with and without a million events differ by 10 mJ, rows that should be alike by 4 J:
    # (2**2 * 4 rows / 2 degrees of freedom) * (1/2 + 1/2) J**2 is the variance of 10 mJ.
    rows = [(102.01, 1e9, 1e6), (98.01, 1e9, 1e6), (102, 1e9, 0), (98, 1e9, 0)]
    path = write(tmp_path / "m.csv", ("energy_j", "neuron_updates", "synaptic_events"), rows)
    result = calibrate("spinnaker", path)
    vague = result["e_syn_event"]
    assert vague.value == pytest.approx(1e-8)
    assert vague.std == pytest.approx(8**0.5 * 1e-6)
    assert "all but unknown" in str(result)
    with pytest.raises(InvalidValueError, match=r"do not tell e_syn_event is .* leave its column"):
        result.to_toml(tmp_path / "mine.toml", "mine", boundary="board_dc")
    assert not (tmp_path / "mine.toml").exists()


def test_a_profile_that_would_not_load_is_not_written(tmp_path: Path) -> None:
    energy = counts() @ (TRUE * 1e9)
    rows = zip(energy.tolist(), *counts().T.tolist(), strict=True)
    path = write(tmp_path / "m.csv", ("energy_j", *COLUMNS), rows)
    with pytest.warns(GreenmorphWarning):
        result = calibrate("spinnaker", path)
    with pytest.raises(InvalidValueError, match=r"refused: .*board_dc_W.*e_neuron_update"):
        result.to_toml(tmp_path / "mine.toml", "mine", boundary="board_dc")
    assert not (tmp_path / "mine.toml").exists()


@pytest.mark.parametrize("board", list_boards())
def test_profiles_written_as_toml_read_back(board: str) -> None:
    table = tomllib.loads(load_board(board).path.read_text(encoding="utf-8"))
    assert tomllib.loads(to_toml(table)) == table


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.dictionaries(
            st.text(max_size=4),
            st.one_of(
                st.text(max_size=5).filter(lambda t: t.isprintable()),
                st.integers(-(2**60), 2**60),
                st.floats(allow_nan=False, allow_infinity=False),
                st.booleans(),
                st.lists(st.text(max_size=3).filter(lambda t: t.isprintable()), max_size=3),
            ),
            max_size=4,
        ),
        lambda inner: st.dictionaries(st.text(max_size=4), inner, max_size=3),
        max_leaves=5,
    )
)
def test_any_table_reads_back(table: dict[str, Any]) -> None:
    assert tomllib.loads(to_toml(table)) == table
