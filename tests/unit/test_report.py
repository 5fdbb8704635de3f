"""The report: one object, all formats."""

from __future__ import annotations

import json
import math
import os
import re
import sys
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import numpy as np
import pytest

from pynn_greenmorph.accounting.components import COUNTERS
from pynn_greenmorph.accounting.document import schema
from pynn_greenmorph.accounting.files import check_writable
from pynn_greenmorph.accounting.numbers import quantity
from pynn_greenmorph.accounting.report import Report, make_report
from pynn_greenmorph.boards.profile import load_board
from pynn_greenmorph.errors import (
    BoardError,
    FidelityWarning,
    InvalidValueError,
    ReportError,
    UnknownNameError,
)
from tests.ledgers import Wires, make_ledger

POPULATIONS = [("exc", "neuron", 300), ("inp", "source", 50)]
SPIKES = [4] * 300 + [20] * 50


def ledger(label: str = "exc", *, steps: int = 10_000, dt_ms: float = 0.1) -> Any:
    """Return a small network of two populations and two projections."""
    wires = [
        Wires("inp->exc", [300 + i % 50 for i in range(3000)], [i % 300 for i in range(3000)]),
        Wires("exc->exc", list(range(300)), list(reversed(range(300))), plastic=True),
    ]
    populations = [(label, "neuron", 300), POPULATIONS[1]]
    return make_ledger(populations, wires, SPIKES, steps=steps, dt_ms=dt_ms)


def names(folder: Path) -> list[str]:
    """Return what a folder holds."""
    return sorted(path.name for path in folder.iterdir())


ROW = {
    "kind": "rounded",
    "where": "exc",
    "count": np.int64(3),
    "largest": np.float64(0.5),
    "unit": "ms",
    "message": "spike times were rounded",
}


@pytest.fixture(scope="module")
def report() -> Report:
    return make_report(ledger(), fidelity=[ROW])


def test_energies_add_up_in_every_way(report: Report) -> None:
    total = report.energy_j
    assert total == pytest.approx(report.static_j + report.dynamic_j, rel=1e-12)
    parts = [*report.populations.values(), *report.projections.values()]
    assert report.static_j + sum(p.energy_j for p in parts) == pytest.approx(total, rel=1e-9)
    assert sum(c.energy_j for c in report.components.values()) == pytest.approx(total, rel=1e-9)
    assert sum(p.energy_j for p in report.phases.values()) == pytest.approx(total, rel=1e-9)
    for name in COUNTERS:
        assert report.counters[name] == sum(part.counters[name] for part in parts)


def test_numbers_of_the_small_network(report: Report) -> None:
    assert set(report.populations) == {"exc", "inp"}
    assert set(report.projections) == {"inp->exc", "exc->exc"}
    assert report.counters["neuron_updates"] == 3_000_000
    assert report.counters["synaptic_events"] == 3000 * 20 + 300 * 4
    assert report.components["spikes"].count == 1200  # spikes of sources are not paid for here
    assert report.counters["spikes"] == 1200 + 1000
    assert report.static_j == pytest.approx(23.05 * 10)  # 0.1 ms steps run ten times slower
    assert report.components["static"].coefficients[0].name == "board_dc_W"


def test_intervals_hold_the_energies(report: Report) -> None:
    for value, (low, high) in (
        (report.energy_j, report.interval_j),
        (report.static_j, report.static_interval_j),
        (report.dynamic_j, report.dynamic_interval_j),
    ):
        assert low < value < high


def test_first_line_says_whose_joules_these_are(report: Report) -> None:
    first = str(report).splitlines()[0]
    assert first.startswith("modelled: SpiNN-5 board, DC input")
    assert "'ideal'" in first
    assert "priced on spinnaker1_spinn5" in first
    own = str(make_report(ledger(), board="spinnaker", boundary="boxed_board")).splitlines()[0]
    assert own == "modelled: SpiNN-5 board, boxed board at the wall (spinnaker1_spinn5)"


def rows(words: str) -> list[str]:
    """Return the lines of a text, each with what belongs to it and stands below."""
    return re.sub(r"\n {4,}", " ", words).splitlines()


def test_every_line_with_a_joule_names_subject_and_source(report: Report) -> None:
    shown = map(str, (report, report.nature("DEU"), report.compare()))
    words = "\n".join(rows("\n".join(shown)))
    lines = [line for line in words.splitlines() if re.search(r"\d [kMGmunpf]?J\b", line)]
    assert len(lines) > 15
    for line in lines:
        # compare() names other boards, and other hardware that ran another network.
        assert re.search(r"modelled: \S+ .*, |different network: \S+ ", line)
        assert re.search(r"\[(not published|[A-Z0-9, ]+)\]", line), line
    assert "A: 0 J, building, mapping, loading and read-out not included" in words
    assert "board's usual step, 1 ms" in words
    assert "T_bio x 10: smallest real-time step 1 ms / 0.1 ms" in words
    assert re.search(r"\[SNAB\] +Ostrau C", words)
    # Each number behind the total names its source: prices, static power, the
    # cap of a core and the limits that decide time and deliveries.
    for name in ("board_dc_W", "e_delivery", "core_busy_W", "timestep_ms_min_realtime"):
        assert re.search(rf"{name} .*\[[A-Z0-9]+\]", words), name
    for rule in report.to_dict()["rules"]:
        assert rule["source"] in report.to_dict()["sources"]


def test_all_sources_of_a_mixed_boundary_are_named() -> None:
    mixed = make_report(ledger(), boundary="frame")
    assert mixed.source_keys == ("SNAB", "SPINNMACHINE")
    total = next(line for line in rows(str(mixed)) if line.strip().startswith("total"))
    assert total.endswith("[SNAB, SPINNMACHINE]")
    assert mixed.static_j == pytest.approx(10 * (26.84 + 117 + 37.16))


def test_fidelity_rows_are_listed(report: Report) -> None:
    assert report.fidelity == ({**ROW, "count": 3, "largest": 0.5},)
    assert type(report.fidelity[0]["count"]) is int
    assert "spike times were rounded" in str(report)


@pytest.mark.parametrize(
    "wrong",
    [
        {**ROW, "extra": 1},
        {"kind": "x"},
        {**ROW, "count": -1},
        {**ROW, "count": 1.5},
        {**ROW, "largest": math.nan},
        {**ROW, "largest": math.inf},
        {**ROW, "largest": "many"},
    ],
)
def test_malformed_fidelity_rows_raise(wrong: dict[str, Any]) -> None:
    with pytest.raises(ReportError, match="fidelity report"):
        make_report(ledger(), fidelity=[wrong])
    assert make_report(ledger(), fidelity=[{**ROW, "largest": None}]).fidelity[0]["largest"] is None


def test_overrun_warns_once_and_names_a_factor_that_fits() -> None:
    busy = make_ledger([("p", "neuron", 510)], [], [200_000] * 510)
    with pytest.warns(FidelityWarning, match="2 of 2 cores") as caught:
        report = make_report(busy, board="spinnaker")
    assert len(caught) == 1
    row = report.fidelity[-1]
    assert (row["kind"], row["count"]) == ("overrun", 2)
    fits = float(re.search(r"time_scale_factor=([\d.]+)", row["message"]).group(1))  # type: ignore[union-attr]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        slow = make_report(busy, board="spinnaker", time_scale_factor=fits)
    assert slow.fidelity == ()
    assert fits < 1.01 * report.priced.overrun.fitting_factor
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        report.compare()


def test_a_factor_that_is_not_honoured_warns() -> None:
    with pytest.warns(FidelityWarning, match="time_scale_factor=5 is less than the board needs"):
        report = make_report(ledger(), time_scale_factor=5)
    assert report.fidelity[-1]["kind"] == "time_scale_factor"
    assert report.to_dict()["time"]["time_scale_factor"] == 5.0


def test_options_reach_the_pricing() -> None:
    report = make_report(ledger(), board=load_board("spinnaker"), neurons_per_core={"exc": 100})
    assert report.priced.placement.cores == 4
    assert report.computed_on == "spinnaker1_spinn5"


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"board": "spinaker"}, UnknownNameError),
        ({"board": Path("missing.toml")}, BoardError),
        ({"boundary": "boxed_board_W"}, UnknownNameError),
        ({"neurons_per_core": 0}, InvalidValueError),
        ({"time_scale_factor": 0.1}, InvalidValueError),
    ],
)
def test_bad_arguments_raise(wrong: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        make_report(ledger(), **wrong)


def test_to_dict_fits_the_schema(report: Report) -> None:
    rules = schema()
    jsonschema.Draft202012Validator.check_schema(rules)
    for made in (report, make_report(make_ledger([], steps=0)), make_report(ledger(dt_ms=1.0))):
        jsonschema.validate(made.to_dict(), rules)
    broken = {**report.to_dict(), "energy_joule": 1.0}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, rules)
    broken = report.to_dict()
    del broken["components"]["static"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, rules)


def test_json_holds_what_the_object_says(report: Report, tmp_path: Path) -> None:
    path = report.to_json(tmp_path / "report.json")
    data = json.loads(path.read_text(encoding="utf-8"))
    assert data == report.to_dict(compare=True)
    assert data["schema_version"] == 1
    assert data["energy_j"] == report.energy_j
    assert data["interval_j"] == list(report.interval_j)
    assert data["counters"] == report.counters
    assert data["populations"]["exc"]["energy_j"] == report.populations["exc"].energy_j
    assert data["board"]["computed_on"] == "ideal"
    assert data["board"]["priced_on"] == "spinnaker1_spinn5"
    assert data["components"]["deliveries"]["coefficients"][0]["source"] == "SNAB"
    assert data["usual_step"]["dt_ms"] == 1.0
    assert names(tmp_path) == ["report.json"]
    umask = os.umask(0)
    os.umask(umask)
    assert path.stat().st_mode & 0o777 == 0o666 & ~umask


def test_a_number_that_json_cannot_hold_leaves_the_old_file(report: Report, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text("old")
    spoiled = replace(report.priced, components_j=np.full(6, np.nan))
    with pytest.raises(ReportError, match=r"report\.dynamic_j|report\.energy_j"):
        replace(report, priced=spoiled).to_json(path)
    assert path.read_text() == "old"
    assert names(tmp_path) == ["report.json"]


def test_a_failure_while_writing_leaves_the_old_file(
    report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "report.json"
    path.write_text("old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(ReportError, match="No space left"):
        report.to_json(path)
    assert path.read_text() == "old"
    assert names(tmp_path) == ["report.json"]


def test_writing_follows_links_and_keeps_the_mode(report: Report, tmp_path: Path) -> None:
    target, link = tmp_path / "target.json", tmp_path / "link.json"
    target.write_text("old")
    target.chmod(0o640)
    link.symlink_to(target)
    report.to_json(link)
    assert link.is_symlink()
    assert json.loads(target.read_text())["schema"] == "greenmorph-report"
    assert target.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("", "empty"),
        ("{tmp}", "directory"),
        ("{tmp}/missing/report.json", "does not exist"),
        ("{tmp}/" + "x" * 300, "name too long"),
        ("{tmp}/a\0b.json", "null"),
        ("{tmp}/file/report.json", "Not a directory|does not exist"),
        ("/proc/report.json", "cannot be written"),
    ],
)
def test_what_cannot_be_written_is_found_before(
    report: Report, tmp_path: Path, path: str, what: str
) -> None:
    (tmp_path / "file").write_text("")
    full = path.replace("{tmp}", str(tmp_path))
    for attempt in (check_writable, report.to_json):
        with pytest.raises(ReportError, match=f"(?i){what}"):
            attempt(full)
    assert names(tmp_path) == ["file"]


def test_a_write_protected_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report.json"
    path.write_text("old")
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everywhere
    with pytest.raises(ReportError, match="write-protected"):
        check_writable(path)


def test_check_writable_touches_nothing(tmp_path: Path) -> None:
    assert check_writable(tmp_path / "new.json") == tmp_path.resolve() / "new.json"
    assert names(tmp_path) == []


def test_html_escapes_labels() -> None:
    bad = "<script>alert('&')</script>"
    page = make_report(ledger(bad), fidelity=[{**ROW, "where": bad}])._repr_html_()
    assert "<script" not in page
    assert page.count("&lt;script&gt;alert(&#x27;&amp;&#x27;)&lt;/script&gt;") == 2
    assert page.count("<table>") == page.count("</table>") == 12


def test_a_label_with_a_line_break_does_not_tear_a_line_apart() -> None:
    lines = str(make_report(ledger("one\ntwo"))).splitlines()
    assert any(line.strip().startswith("one two") for line in lines)


def test_long_lists_are_shortened_and_stay_whole() -> None:
    many = make_ledger([(f"p{i:02}", "neuron", 1 + i) for i in range(30)])
    words = str(make_report(many))
    assert "and 10 more" in words
    assert "p29" in words
    assert "p00" not in words


def test_plot_shows_static_and_dynamic_apart(report: Report) -> None:
    figure = report.plot()
    axes: Any = figure.axes  # Matplotlib's types know patches, not bars
    left, right = axes
    assert [bar.get_height() for bar in left.patches] == [report.static_j, report.dynamic_j]
    expected = [report.components[name].energy_j for name in COUNTERS]
    assert [bar.get_height() for bar in right.patches] == pytest.approx(expected)
    ends = left.containers[0].lines[2][0].get_segments()[0][:, 1]
    assert ends.tolist() == pytest.approx(list(report.static_interval_j))
    assert report.subject in figure.get_suptitle()
    assert "SNAB" in figure.get_suptitle()


def test_plot_without_matplotlib_names_the_extra(
    report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ReportError, match=r"extra `plot`: pip install 'pynn_greenmorph\[plot\]'"):
        report.plot()


def test_compare_prices_every_board_or_says_why_not(report: Report) -> None:
    rows = {row.board: row for row in report.compare().rows}
    own = rows["spinnaker1_spinn5"]
    assert own.energy_j == pytest.approx(report.energy_j, rel=1e-12)
    assert own.interval_j == report.interval_j
    assert own.subject == "modelled: SpiNN-5 board, DC input [SNAB]"
    assert rows["ideal"].energy_j is None
    assert "no prices of its own" in rows["ideal"].reason
    assert "not priced: no prices" in str(report.compare())
    assert "<td>spinnaker1_spinn5</td>" in report.compare()._repr_html_()


def test_compare_keeps_the_options_of_its_own_board() -> None:
    report = make_report(ledger(), boundary="boxed_board")
    rows = {row.board: row for row in report.compare().rows}
    assert rows["spinnaker1_spinn5"].static_j == pytest.approx(report.static_j)


def test_nature_of_a_report(report: Report) -> None:
    n = report.nature("DEU", pue=1.58, loss=0.05, n_exp=4, epochs=2)
    at_plug = 4 * 2 * report.energy_j
    assert n.joule == pytest.approx(at_plug * 1.58 / 0.95, rel=1e-12)
    assert n.gco2e == pytest.approx(n.kwh * 380.95, rel=1e-12)
    assert n.terms["T_s"] == report.priced.wall.t_wall_s == pytest.approx(10.0)
    assert n.terms["E_w"] == pytest.approx(report.energy_j / 10.0)
    scale = 8 * 1.58 / 0.95
    expected = (report.interval_j[0] * scale, report.interval_j[1] * scale)
    assert n.interval_joule == pytest.approx(expected, rel=1e-9)
    assert "A: 0 J, mapping and loading not included" in str(n)


def test_nature_with_a_fixed_time_of_each_experiment(report: Report) -> None:
    n = report.nature(overhead_s=60, overhead_j=100.0, pue=1.2, loss=0.04)
    assert n.terms["A_j"] == pytest.approx((60 * 23.05 + 100) * 1.2 / 0.96, rel=1e-12)
    assert n.gco2e is None
    assert "60 s at the static power + 100 J" in str(n)
    # Of the board's two spreads only the static one is in A: its ends are known exactly.
    fixed_j = 1e6 * 23.05
    long = report.nature(overhead_s=1e6).interval_joule
    scale = 1 + 0.08 * 1.959964
    assert long == pytest.approx((fixed_j * (2 - scale), fixed_j * scale), rel=0.01)
    with pytest.raises(InvalidValueError, match="overhead_s"):
        report.nature(overhead_s=-1)
    wide = report.nature("DEU", intensity_rel_std=0.5).interval_gco2e
    narrow = report.nature("DEU").interval_gco2e
    assert wide is not None
    assert narrow is not None
    assert wide[1] - wide[0] > 2 * (narrow[1] - narrow[0])


def test_nature_before_a_run_is_an_error() -> None:
    empty = make_report(make_ledger(POPULATIONS, steps=0))
    assert empty.energy_j == 0.0
    assert "T_wall" in str(empty)
    with pytest.raises(ReportError, match=r"nothing has been run.*run\(\)"):
        empty.nature("DEU")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.0, "0 J"),
        (1.0, "1 J"),
        (999.94, "999.9 J"),
        (999.96, "1 kJ"),
        (0.0009999999, "1 mJ"),
        (8.99e-8, "89.9 nJ"),
        (4.3e-17, "0.043 fJ"),
        (1.6921e11, "169.2 GJ"),
        (5e21, "5000 EJ"),
        (-2.5e-3, "-2.5 mJ"),
    ],
)
def test_joules_in_words(value: float, words: str) -> None:
    assert quantity(value, "J") == words


def test_repr_is_short(report: Report) -> None:
    assert repr(report).startswith(
        f"<Report modelled: SpiNN-5 board, DC input: {report.energy_j:.4g} J ("
    )
    assert f"dynamic {report.dynamic_j:.4g} J (" in repr(report)


def test_a_report_of_100_000_cells() -> None:
    rng = np.random.default_rng(1)
    n, m = 100_000, 1_000_000
    wires = [Wires("p->p", rng.integers(0, n, m), rng.integers(0, n, m))]  # type: ignore[arg-type]
    large = make_ledger([("p", "neuron", n)], wires, rng.poisson(5, n))
    words = str(make_report(large))
    assert "100 000 000" in words
