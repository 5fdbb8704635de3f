"""Formats of a report: each is a function of its document, and labels are escaped in all."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import neo
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pynn_greenmorph.accounting import report as report_module
from pynn_greenmorph.accounting.charts import Bar, bar_chart
from pynn_greenmorph.accounting.cite import bibtex, package_bibtex
from pynn_greenmorph.accounting.document import schema
from pynn_greenmorph.accounting.flat import COLUMNS
from pynn_greenmorph.accounting.formats import FORMATS, read_document, render
from pynn_greenmorph.accounting.host import HostClock
from pynn_greenmorph.accounting.markup import latex_escape
from pynn_greenmorph.accounting.report import Report, make_report
from pynn_greenmorph.boards.profile import list_boards, load_board
from pynn_greenmorph.errors import (
    BoardError,
    MissingPackageError,
    ReportError,
    UnknownNameError,
)
from tests.ledgers import Wires, make_ledger

BAD = ["<script>alert(1)</script>", "a|b", "=1+1", "50 %_$", "../../etc/passwd", "x\\y{z}&#~^\"'"]


def report(label: str = "exc", **options: Any) -> Report:
    """Return the report of a small network; the label is that of a population."""
    wires = [Wires(f"in->{label}", [12, 13, 14], [0, 5, 11])]
    populations = [(label, "neuron", 12), ("in", "source", 3)]
    return make_report(make_ledger(populations, wires, [2] * 15), **options)


class Strict(HTMLParser):
    """Reads a page, and keeps its texts and its tags; every tag must be closed in order."""

    VOID = ("meta", "line", "rect")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.links: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("src", "href")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_every_format_is_made_from_the_file_alone(tmp_path: Path) -> None:
    made = report()
    path = made.to_json(tmp_path / "r.json")
    document = read_document(path)
    jsonschema.validate(document, schema())
    assert document == made.to_dict(compare=True)
    for name in FORMATS:
        assert render(document, name) == render(made.to_dict(compare=True), name)
    assert render(document, "html") == made.to_html()
    document = read_document(made.to_json(path, compare=False))
    assert document == made.to_dict()
    for name, words in (
        ("csv", made.to_csv()),
        ("markdown", made.to_markdown()),
        ("latex", made.to_latex()),
        ("text", f"{made}\n"),
        ("line", made.to_line() + "\n"),
        ("bibtex", made.cite()),
    ):
        assert render(document, name) == words
    with pytest.raises(UnknownNameError, match=r"unknown format 'pdf'.*'latex'"):
        render(document, "pdf")


# A Loihi that runs as fast as it can is far above its measured power, and warned of.
@pytest.mark.filterwarnings("ignore::pynn_greenmorph.errors.FidelityWarning")
@pytest.mark.parametrize("board", [name for name in list_boards() if name != "ideal"])
def test_every_board_has_every_format(board: str) -> None:
    document = report(board=board).to_dict()
    jsonschema.validate(document, schema())
    for name in FORMATS:
        assert len(render(document, name)) > 50
    if document["energy_j"] is None:
        assert "not published" in render(document, "line")
        assert document["missing"]
        with pytest.raises(BoardError, match=document["missing"][0]):
            _ = report(board=board).energy_j


@pytest.mark.parametrize("label", BAD)
def test_labels_are_only_words_in_every_format(label: str) -> None:
    made = report(label)
    page = Strict(made.to_html())
    assert "script" not in page.tags
    assert page.links == []
    assert label in page.words
    assert label in Strict(made._repr_html_()).words
    rows = list(csv.DictReader(io.StringIO(made.to_csv())))
    names = {row["name"] for row in rows if row["section"] == "populations"}
    assert names == {f"'{label}" if label.startswith("=") else label, "in"}
    assert not any(cell.startswith(tuple("=+-@")) for row in rows for cell in row.values())
    for line in made.to_markdown().splitlines():
        if line.startswith("|"):
            assert len(re.findall(r"(?<!\\)\|", line)) in range(3, 8)
            assert "<" not in line
    for line in made.to_latex().splitlines()[1:]:  # the first one is a comment
        bare = re.sub(r"\\[%$_&#]|\\text\w+\{\}|\\\\", "", line)
        assert not re.search(r"[#$^~_]", bare), line
        assert bare.count("{") == bare.count("}")


@given(st.lists(st.floats(1e-15, 1e15), min_size=1, max_size=12), st.booleans())
def test_no_grid_line_crosses_a_word_of_a_chart(values: list[float], logarithmic: bool) -> None:
    bars = [Bar(f"bar {at}", value, (value / 2, value)) for at, value in enumerate(values)]
    chart = bar_chart("a title", bars, logarithmic=logarithmic)
    texts = re.findall(r'<text(?: class="(\w+)")? x="[\d.]+" y="([\d.]+)"', chart)
    # A word reaches from a letter's height above its line to the tail of a "g" below it.
    words = [(float(y) - 11, float(y) + 4) for kind, y in texts if kind != "axis"]
    pieces = re.findall(r"M[\d.]+ ([\d.]+)v([\d.]+)", chart)
    lines = {(float(y), float(y) + float(length)) for y, length in pieces}
    assert len(words) == 2 * len(values)
    assert len(lines) == len(values)
    for low, high in words:
        assert not any(top < high and bottom > low for top, bottom in lines)
    for y in re.findall(r'<rect [^>]* y="([\d.]+)"', chart):  # each bar has its piece of a line
        assert any(top < float(y) and bottom > float(y) + 16 for top, bottom in lines)


#: All that may stand in a table besides letters, digits and harmless punctuation.
TEX = re.compile(
    r"\\(?:text(?:backslash|brace(?:left|right)|ascii(?:circum|tilde|grave)|less|greater|bar)\{\}"
    r"|ensuremath\{\\[A-Za-z]+\}|allowbreak\{\}|raggedright |[$&#%_])|\{\[\}|\{\*\}|\{\}"
)


def tex_tables(words: str) -> list[tuple[str, list[str]]]:
    """Return the columns and the rows of every table; everything else is as it must be."""
    found = re.findall(
        r"\\begin\{table\}\n\\caption\{.*\}\n\\label\{[a-z0-9:-]+\}\n\\scriptsize\n"
        r"\\setlength\{\\tabcolsep\}\{3pt\}\n\\begin\{tabular\}\{(.*)\}\n((?:.*\n)*?)"
        r"\\end\{tabular\}\n\\end\{table\}",
        words,
    )
    assert len(found) == words.count(r"\begin{table}") == words.count(r"\end{table}")
    return [
        (spec, [line for line in body.splitlines() if line != r"\hline"]) for spec, body in found
    ]


@settings(max_examples=200, deadline=None)
@given(st.text(min_size=1, max_size=60), st.text(min_size=1, max_size=60))
def test_tex_takes_no_label_for_a_command(label: str, message: str) -> None:
    """By the kernel's rules: what is not escaped means itself, and every row has all cells."""
    document = report().to_dict(compare=True)
    document["populations"] = {label: document["populations"]["exc"]}
    document["fidelity"] = [
        {"kind": label, "where": "x", "count": 1, "largest": None, "unit": "", "message": message}
    ]
    for spec, rows in tex_tables(render(document, "latex")):
        columns = re.findall(r"l|p\{0\.(\d{3})\\linewidth\}", spec)
        assert sum(int(width) for width in columns if width) < 1000
        for row in rows:
            assert row.endswith(r" \tabularnewline")
            plain = TEX.sub("", row.removesuffix(r" \tabularnewline"))
            assert not set(plain) & set('\\{}$%#_^~`"<>|[*'), row
            assert plain.count("&") == len(columns) - 1
            assert not re.search(r"--|,,", row), "TeX would join them"
            # Wider than Latin is shown by its number, which any font has.
            assert all(ord(c) < 0x180 or c in "‐‑‒–—‘’“”†‡•…‰€™←↑→↓" for c in plain)


def test_tex_breaks_long_words_and_wide_columns() -> None:
    name = "A" * 70
    (spec, rows), *_ = (
        table for table in tex_tables(report(name).to_latex()) if "populations" in table[1][0]
    )
    assert re.fullmatch(r"p\{0\.\d+\\linewidth\}l+", spec)
    pieces = r"\allowbreak{}".join([name[:12]] * 5 + [name[:10]])
    assert rows[1].startswith(rf"\raggedright {pieces} & ")
    assert latex_escape("a--b,,c µΩ 中 e\u0301") == r"a-{}-b,{},c µ\ensuremath{\Omega} U+4E2D é"


def test_a_table_of_several_subjects_names_each() -> None:
    made = report()
    words = render(made.to_dict(compare=True), "latex")
    (table,) = (t for t in words.split(r"\begin{table}") if "on other boards" in t)
    assert r"\caption{the same counts on other boards}" in table
    plain = table.replace(r"\allowbreak{}", "").replace(r"\raggedright ", "")
    assert f"{latex_escape(made.subject)} {{[}}SNAB]" in plain


def test_latex_tables_have_labels_and_say_the_subject_once() -> None:
    made = report()
    tables = made.to_latex().split(r"\begin{table}")[1:]
    labels = re.findall(r"\\label\{(tab:greenmorph-[a-z0-9-]+)\}", made.to_latex())
    assert len(set(labels)) == len(tables)
    assert "whose" in made.to_markdown()
    for table in tables:
        assert f"; {latex_escape(made.subject)}" in table
        if "whose" not in table:
            assert made.subject not in table.partition(r"\scriptsize")[2]
    assert not any("whose" in table for table in tables)


def test_control_characters_are_shown_and_steer_nothing() -> None:
    document = report("a\x1b[2J\x07\u202eb").to_dict(compare=True)
    for name in ("text", "line", "csv", "markdown", "latex", "html"):
        words = render(document, name)
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", words), name
    for name in ("text", "csv", "html"):
        assert "a\\x1b[2J\\x07\\u202eb" in render(document, name)


@settings(max_examples=60, deadline=None)
@given(st.text(min_size=1, max_size=30))
def test_any_label_leaves_every_format_whole(label: str) -> None:
    document = report().to_dict()
    document["populations"] = {label: document["populations"]["exc"]}
    assert set(Strict(render(document, "html")).tags) <= set(Strict(report().to_html()).tags)
    rows = list(csv.reader(io.StringIO(render(document, "csv"), newline="")))
    assert {len(row) for row in rows} == {len(COLUMNS)}
    table = render(document, "markdown").split("## Dynamic energy by population")[1]
    cells = {
        len(re.findall(r"(?<!\\)(?:\\\\)*\|", x)) for x in table.split("##")[0].split("\n") if x
    }
    assert cells == {7}
    words = render(document, "latex").replace("\\\\\n", "")
    assert words.count("{") == words.count("}")


def test_csv_and_pandas_hold_every_number_of_the_document(monkeypatch: pytest.MonkeyPatch) -> None:
    made = report()
    document, frame = made.to_dict(), made.to_pandas()
    rows = list(csv.DictReader(io.StringIO(made.to_csv())))
    assert list(frame.columns) == list(rows[0]) == list(COLUMNS)
    assert len(frame) == len(rows)
    found = {(r["section"], r["name"], r["quantity"]): float(r["value"]) for r in rows}
    assert found["total", "energy", "energy"] == document["energy_j"]
    for name, line in document["components"].items():
        assert found["components", name, "energy"] == line["energy_j"]
    for name, count in document["populations"]["exc"]["counters"].items():
        assert found["populations", "exc", name] == count
    parts = [
        v for (s, _, q), v in found.items() if s in ("populations", "projections") and q == "energy"
    ]
    assert sum(parts) == pytest.approx(document["dynamic_j"], rel=1e-9)
    assert frame["value"].astype(float).tolist() == [float(row["value"]) for row in rows]
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingPackageError, match=r"pynn_greenmorph\[analysis\]"):
        made.to_pandas()


def test_the_page_is_self_contained_and_draws_what_it_says() -> None:
    made = report()
    text = made.to_html()
    page = Strict(text)
    assert {"svg", "rect", "table", "style"} <= set(page.tags)
    assert "script" not in page.tags
    assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org/2000/svg)[^<\s]*[\"')]", text)
    assert 'name="viewport"' in text
    assert page.tags.count("svg") == 5  # one is the comparison
    assert made.to_html(compare=False).count("<svg") == 4
    bars = re.findall(
        r'<rect class="bar" x="[\d.]+" y="\d+" width="([\d.]+)"', made.to_html(compare=False)
    )
    static, dynamic = (float(width) for width in bars[:2])
    assert dynamic / static == pytest.approx(made.dynamic_j / made.static_j, abs=0.01)


def test_a_page_made_from_a_file_compares_boards_or_says_why_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, path, title = report(), tmp_path / "r.json", "The same counts on other boards"
    page = render(read_document(made.to_json(path)), "html")
    assert page.count("<svg") == 5
    assert f"{title}, logarithmic" in page
    monkeypatch.setattr(report_module, "_QUICK_SYNAPSES", 2)
    assert not made.compares_quickly
    page = render(read_document(made.to_json(path)), "html")
    assert page.count("<svg") == 4
    assert f"{title} are not in this document: they are left out above ten million" in page
    assert render(read_document(made.to_json(path, compare=True)), "html") == made.to_html()


def test_annotations_are_put_on_neo_objects_only_when_asked(tmp_path: Path) -> None:
    made = report()
    block, segment = neo.Block(), neo.Segment()
    values = made.to_neo()
    assert block.annotations == {}
    assert made.to_neo(block, segment) == values == block.annotations == segment.annotations
    assert values["energy_total_j"] == made.energy_j
    assert values["energy_n_synaptic_events"] == made.counters["synaptic_events"]
    assert all(type(value) in (str, int, float) for value in values.values())
    block.segments.append(segment)
    file = neo.io.NixIO(str(tmp_path / "b.nix"), mode="ow")
    file.write_block(block)
    file.close()
    unpublished = report(board="spinnaker2_chip").to_neo()
    assert unpublished.get("energy_total_j", 0.0) is not None


def test_one_line_is_one_line() -> None:
    made = report("a\nb")
    assert repr(made) == f"<Report {made.to_line()}>"
    assert "\n" not in made.to_line()
    assert made.to_line().startswith("modelled: SpiNN-5 board, DC input: ")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("", "not valid JSON"),
        ('{"schema": "greenmorph-report", "schema_ver', "not valid JSON"),
        ("[]", "not a report"),
        ('{"schema": "other"}', "not a report"),
        ('{"schema": "greenmorph-report", "schema_version": 99}', "another version.*Given: 99"),
        ('{"schema": "greenmorph-report", "schema_version": 1}', "fields are missing: package"),
    ],
)
def test_a_file_that_is_no_report_is_said_clearly(tmp_path: Path, content: str, what: str) -> None:
    path = tmp_path / "r.json"
    path.write_text(content)
    with pytest.raises(ReportError, match=what):
        read_document(path)
    with pytest.raises(ReportError, match=what):
        report().diff(path)
    with pytest.raises(ReportError, match="No such file"):
        read_document(tmp_path / "missing.json")


@pytest.mark.parametrize("name", ["to_csv", "to_markdown", "to_latex", "to_html", "to_json"])
def test_an_unwritable_path_is_found_in_every_format(name: str, tmp_path: Path) -> None:
    made = report()
    path = tmp_path / f"r.{name}"
    assert getattr(made, name)(path)
    assert path.stat().st_size > 0
    with pytest.raises(ReportError, match="does not exist"):
        getattr(made, name)(tmp_path / "no" / "r")


def test_a_host_stands_beside_the_model_and_in_no_sum() -> None:
    clock = HostClock("interval")
    clock.begin()
    clock.end()
    alone = report()
    document = {**alone.to_dict(), "host": clock.energy().to_dict()}
    jsonschema.validate(document, schema())
    assert alone.to_dict()["energy_j"] == document["energy_j"]
    for name in ("text", "csv", "markdown", "latex", "html"):
        assert "this computer: estimated" in render(document, name)


def test_bibtex_has_an_entry_for_each_source() -> None:
    made = report(boundary="frame")
    text = made.cite()
    keys = re.findall(r"^@\w+\{([^,]+),$", text, re.MULTILINE)
    assert keys == ["pynn_greenmorph", "PyNN", *sorted(made.to_dict()["sources"])]
    assert text.count("{") == text.count("}")
    assert "author = {Ostrau, C and Klarhorst, C and Thies, M and Rueckert, U}" in text
    assert "journal = {Front. Neurosci}" in text
    assert "doi = {10.3389/fnins.2022.873935}" in text


def test_this_software_is_cited_as_its_citation_file_says() -> None:
    root = Path(__file__).resolve().parents[2]
    file = (root / "CITATION.cff").read_text(encoding="utf-8")
    own = file.partition("references:")[0]
    told = dict(re.findall(r"^([\w-]+): \"?(.+?)\"?$", own, re.MULTILINE))
    (entry,) = re.findall(r"(?s)@software\{pynn_greenmorph,\n(.*?)\n\}", package_bibtex())
    fields = dict(re.findall(r"(?m)^  (\w+) = \{(.+)\},$", entry))
    plain = {name: re.sub(r"[{}\\]", "", words) for name, words in fields.items()}
    assert plain["title"] == told["title"]
    assert plain["version"] == told["version"]
    assert plain["author"] == " and ".join(re.findall(r"- name: (.+)", own))
    licence = (root / "LICENSE").read_text(encoding="utf-8")
    (year,) = re.findall(r"Copyright \(c\) (\d{4})", licence)
    assert plain["year"] == told.get("date-released", year)[:4]
    # A link is in both or in none.
    assert plain.get("url") == told.get("url", told.get("repository-code"))


def test_the_grid_is_cited_once_nature_was_asked() -> None:
    made = report()
    assert "OWID" not in made.cite()
    made.nature(intensity_g_per_kwh=300.0)
    assert "user" not in re.findall(r"^@\w+\{([^,]+),$", made.cite(), re.MULTILINE)
    made.nature(country="DEU")
    made.nature(country="USA", region="CA")
    entries = made.cite()
    assert "@misc{OWID," in entries
    assert "@misc{eGRID2023," in entries


def test_authors_and_years_in_free_words_are_found() -> None:
    words = {
        "A": "Well-known limits: Davies M et al (2018) Loihi. IEEE Micro 38(1), doi:10.1109/M.2",
        "B": "SpiNNakerManchester/SpiNNMachine@fe5a06a version.py, measured 2014",
        "C": "A choice of this profile",
        "D": "Schmidt H et al (2024) Advantages of Wafers. arXiv:2412.02619",
    }
    entries = {text[: text.index(",")]: text for text in bibtex(words).split("@")[3:]}
    assert "author = {Davies, M and others}" in entries["misc{A"]
    assert "year = {2018}" in entries["misc{A"]
    assert "author = {{SpiNNakerManchester}}" in entries["misc{B"]
    assert "year = {2014}" in entries["misc{B"]
    assert "author" not in entries["misc{C"]
    assert "note" not in entries["misc{D"]
    assert "eprint = {2412.02619}" in entries["misc{D"]


@pytest.mark.parametrize("board", list_boards())
def test_sources_of_all_boards_become_sound_bibtex(board: str) -> None:
    sources = load_board(board).sources
    text = bibtex({key: source.ref for key, source in sources.items()})
    for entry in re.split(r"\n(?=@)", text):
        depth = [0]
        for character in entry:
            depth.append(depth[-1] + (character == "{") - (character == "}"))
        assert depth[-1] == 0
        assert min(depth) == 0
        assert re.search(r"^  title = \{.+\},$", entry, re.MULTILINE)
    assert len(re.findall(r"^@", text, re.MULTILINE)) == 2 + len(sources)


def test_json_is_plain_text_of_numbers(tmp_path: Path) -> None:
    text = report().to_json(tmp_path / "r.json").read_text(encoding="utf-8")
    assert json.loads(text)["schema"] == "greenmorph-report"
    assert "NaN" not in text
