"""Board profiles: every number has unit, range and source; every fault is told."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from pynn_greenmorph.boards.check import faults
from pynn_greenmorph.boards.profile import board_name, list_boards, load_board
from pynn_greenmorph.errors import BoardError, UnknownNameError
from pynn_greenmorph.registry import board_files

SPINN5 = board_files()["spinnaker1_spinn5"]


def write(tmp_path: Path, old: str = "", new: str = "") -> Path:
    """Write a copy of the SpiNN-5 profile with one passage replaced."""
    text = SPINN5.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "board.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def test_spinn5_numbers_of_its_sources() -> None:
    board = load_board("spinnaker1_spinn5")
    values = {name: c.value for name, c in {**board.static, **board.dynamic}.items()}
    assert values == {
        "board_dc_W": 23.05,
        "board_W": 26.84,
        "boxed_board_W": 31.88,
        "frame_idle_W": 117.0,
        "frame_active_extra_W": 37.16,
        "chip_idle_W": 0.35,
        "preboot_W": 20.18,
        "e_neuron_update": 8.99e-8,
        "e_source_tick": 6.37e-8,
        "e_spike": 9.99e-9,
        "e_delivery": 5.20e-7,
        "e_syn_event": 5.45e-9,
        "e_plastic_event": 1.97e-7,
        "e_hop": 1.0e-9,
        "core_busy_W": 0.047,
    }
    assert {name: board.limit(name) for name in ("chips", "app_cores_per_chip")} == {
        "chips": 48,
        "app_cores_per_chip": 16,
    }
    assert board.limit("neurons_per_core") == 255
    assert board.limit("no_such_limit") is None
    assert board.sources["SNAB"].ref.startswith("Ostrau C")
    assert (board.dynamic["e_delivery"].rel_std, board.dynamic["e_delivery"].confidence) == (
        0.25,
        "medium",
    )


@pytest.mark.parametrize("name", list_boards())
def test_every_installed_profile_is_sound_and_named_as_its_file(name: str) -> None:
    board = load_board(name)
    assert board.name == name
    coefficients = [*board.static.values(), *board.dynamic.values(), *board.limits.values()]
    assert all(c.source in board.sources for c in coefficients)
    assert all(part in board.static for b in board.boundaries.values() for part in b.parts)


def test_alias_and_ideal() -> None:
    assert load_board("spinnaker").name == board_name("spinnaker") == "spinnaker1_spinn5"
    ideal = load_board("ideal")
    assert (ideal.model, ideal.priced_as) == ("ideal", "spinnaker1_spinn5")


def test_boundaries_are_named_without_unit() -> None:
    board = load_board("spinnaker")
    assert set(board.boundaries) == {"board_dc", "board", "boxed_board", "frame"}
    assert board.boundary().name == "board_dc"
    with pytest.raises(UnknownNameError, match=r"board_dcc.*Did you mean 'board_dc'"):
        board.boundary("board_dcc")


def test_unknown_board_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"'spinaker'.*Did you mean 'spinnaker'"):
        load_board("spinaker")
    with pytest.raises(UnknownNameError, match="unknown board 'loihi'"):
        load_board("loihi")  # an alias whose profile is not installed


def test_a_users_file_is_loaded_by_path(tmp_path: Path) -> None:
    path = write(tmp_path, "value = 23.05", "value = 24.5")
    assert load_board(path).static["board_dc_W"].value == 24.5
    assert load_board(str(path)).path == path


@pytest.mark.parametrize(
    ("old", "new", "key", "what"),
    [
        ('unit = "J/spike"\n', "", "dynamic.e_spike.unit", "missing"),
        ('unit = "J/spike"', 'unit = "pJ/spike"', "dynamic.e_spike.unit", "'pJ/spike'"),
        ('unit = "J/spike"', 'unit = "W"', "dynamic.e_spike.unit", "does not fit the name"),
        ('unit = "J/spike"', 'unit = "ms"', "dynamic.e_spike.unit", "energy per event"),
        ('unit = "W"', 'unit = "ms"', "static.board_dc_W.unit", "does not fit the name"),
        ("value = 23.05", "value = -23.05", "static.board_dc_W.value", "-23.05"),
        ("value = 23.05", "value = nan", "static.board_dc_W.value", "nan"),
        ("value = 23.05", "value = inf", "static.board_dc_W.value", "inf"),
        ("value = 23.05", "value = true", "static.board_dc_W.value", "True"),
        ("value = 23.05", 'value = "23 W"', "static.board_dc_W.value", "23 W"),
        ("value = 48\n", 'value = "unpublished"\n', "limits.chips.value", "unpublished"),
        ("value = 23.05\n", "", "static.board_dc_W.value", "missing"),
        ("rel_std = 0.08\n", "", "static.board_dc_W.rel_std", "missing"),
        ("rel_std = 0.08", "rel_std = -1", "static.board_dc_W.rel_std", "-1"),
        ('per = "board"', 'per = "rack"', "static.board_dc_W.per", "'rack'"),
        ('source = "SNAB"', 'source = "SNAP"', "static.board_dc_W.source", "'SNAP'"),
        ('source = "SNAB"', "source = []", "static.board_dc_W.source", "[]"),
        ('source = "SNAB"\n', "", "static.board_dc_W.source", "missing"),
        ('confidence = "high"', 'confidence = "sure"', "static.board_dc_W.confidence", "'sure'"),
        ('confidence = "high"\n', "", "static.board_dc_W.confidence", "missing"),
        ("rel_std = 0.08", "rel_sdt = 0.08", "static.board_dc_W.rel_sdt", "did you mean 'rel_std'"),
        ("[static.board_W]", "[static.board]", "static.board", "must end in _W"),
        ('parts = ["board_dc_W"]', 'parts = ["dc"]', "boundaries.board_dc.parts", "'dc'"),
        ('parts = ["board_dc_W"]', "parts = []", "boundaries.board_dc.parts", "list"),
        ('parts = ["board_dc_W"]', 'part = ["board_dc_W"]', "boundaries.board_dc.part", "unknown"),
        ('default_boundary = "board_dc"', 'default_boundary = "dc"', "default_boundary", "'dc'"),
        ('default_boundary = "board_dc"\n', "", "default_boundary", "missing"),
        ('model = "software_cores"', 'model = "magic"', "model", "'magic'"),
        ('label = "SpiNNaker 1, 48-chip SpiNN-5 board"\n', "", "label", "missing"),
        ("schema_version = 1", "schema_version = 2", "schema_version", "2"),
        ('mode = "realtime"', 'mode = "fast"', "time.mode", "'fast'"),
        ('mode = "realtime"', 'mode = "accelerated"', "time.speedup", "missing"),
        ("default_timestep_ms = 1.0", "default_timestep_ms = 0", "time.default_timestep_ms", "> 0"),
        ("allow_slowdown = true", 'allow_slowdown = "yes"', "time.allow_slowdown", "true or false"),
        ("[time]", "[tiem]", "tiem", "did you mean 'time'"),
        ("[time]", "[tiem]", "time", "missing section"),
        ("[dynamic.e_spike]", "[dynamic.e_spikes]", "dynamic.e_spike", "needs it"),
        ("[limits.chips]", "[limits.chip]", "limits.chips", "needs it"),
        ('found = "raw data"', "found = 3", "sources.SNAB.found", "must be a text"),
        ("schema_version = 1", 'schema_version = 1\nlimits = "many"', "limits", "table"),
    ],
)
def test_each_fault_is_told_with_file_and_key(
    tmp_path: Path, old: str, new: str, key: str, what: str
) -> None:
    path = write(tmp_path, old, new)
    if key == "limits":  # TOML itself refuses a key twice: cut the tables of that section
        head, _, tail = path.read_text(encoding="utf-8").partition("[limits.chips]")
        path.write_text(head + tail[tail.index("[sources.SNAB]") :], encoding="utf-8")
    with pytest.raises(BoardError) as caught:
        load_board(path)
    lines = str(caught.value).splitlines()
    assert str(path) in lines[0]
    assert any(line.startswith(f"  {key}: ") and what in line for line in lines[1:])


def test_all_faults_are_gathered(tmp_path: Path) -> None:
    path = write(tmp_path, "value = 23.05", "value = -1")
    text = path.read_text(encoding="utf-8").replace('unit = "J/spike"', 'unit = "nJ"')
    path.write_text(text.replace("[time]", "[tiem]"), encoding="utf-8")
    with pytest.raises(BoardError, match="4 faults") as caught:
        load_board(path)
    message = str(caught.value)
    for key in ("static.board_dc_W.value", "dynamic.e_spike.unit", "tiem", "time"):
        assert f"\n  {key}: " in message


def test_odd_shapes_are_faults_and_not_crashes() -> None:
    sections = ("time", "boundaries", "static", "dynamic", "limits", "variants", "sources")
    for name in sections:
        assert any(key == name for key, _ in faults({name: [1, 2]}))
        found = faults({name: {"x": 3}})
        assert any(key.startswith(f"{name}.x") for key, _ in found)
    assert len(faults({})) > 5


def test_a_power_that_nobody_published_is_allowed_and_kept_as_none(tmp_path: Path) -> None:
    path = write(tmp_path, "value = 0.35", 'value = "unpublished"')
    assert load_board(path).static["chip_idle_W"].value is None


def test_broken_files(tmp_path: Path) -> None:
    path = write(tmp_path, "value = 23.05", "value = = 23.05")
    text = path.read_text(encoding="utf-8")
    line = text[: text.index("= = 23.05")].count("\n") + 1
    with pytest.raises(BoardError, match=rf"{path}.*not valid TOML.*line {line}"):
        load_board(path)
    path.write_bytes(b"name = '\xff'")
    with pytest.raises(BoardError, match="not UTF-8"):
        load_board(path)
    with pytest.raises(BoardError, match="No such file"):
        load_board(tmp_path / "missing.toml")
    with pytest.raises(BoardError, match="directory"):
        load_board(tmp_path)


def test_profiles_need_neither_pynn_nor_numba() -> None:
    code = (
        "import sys, pynn_greenmorph.mapping.place, pynn_greenmorph.boards.profile as p;"
        "p.load_board('spinnaker');"
        "print(sorted({'pyNN', 'numba', 'matplotlib', 'neo'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_file_itself_is_plain_toml() -> None:
    assert tomllib.loads(SPINN5.read_text(encoding="utf-8"))["name"] == "spinnaker1_spinn5"
