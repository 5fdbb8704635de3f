"""Board profiles: every number has unit, range and source; every fault is told."""

from __future__ import annotations

import math
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pynn_greenmorph.accounting.components import MODELS
from pynn_greenmorph.boards.catalogue import check_profile, load_profile
from pynn_greenmorph.boards.check import faults
from pynn_greenmorph.boards.comparators import list_comparators, load_comparator
from pynn_greenmorph.boards.files import board_files
from pynn_greenmorph.boards.plausible import NUMBERS
from pynn_greenmorph.boards.profile import ALIASES, board_name, list_boards, load_board
from pynn_greenmorph.boards.vocabulary import NEEDS, UNITS
from pynn_greenmorph.errors import BoardError, UnknownNameError

SPINN5 = board_files()["spinnaker1_spinn5"]


def write(tmp_path: Path, old: str = "", new: str = "") -> Path:
    """Write a copy of the SpiNN-5 profile, by another name, with one passage replaced."""
    text = SPINN5.read_text(encoding="utf-8").replace('"spinnaker1_spinn5"', '"mine"', 1)
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
def test_every_installed_board_is_sound_and_named_as_its_file(name: str) -> None:
    board = load_board(name)
    assert board.name == name == board.path.stem
    groups = (board.static, board.dynamic, board.latency, board.limits, *board.variants.values())
    numbers = [number for group in groups for number in group.values()]
    assert all(number.source in board.sources for number in numbers if number.value is not None)
    assert all(part in board.static for b in board.boundaries.values() for part in b.parts)
    if board.time is not None and board.time.default_timestep_ms is not None:
        assert board.time.source in board.sources


@pytest.mark.parametrize("name", list_comparators())
def test_every_installed_comparator_is_sound_and_named_as_its_file(name: str) -> None:
    comparator = load_comparator(name)
    assert comparator.name == name == comparator.path.stem
    assert comparator.device == name.partition("_")[0]
    assert all(number.source in comparator.sources for number in comparator.measured.values())


def test_all_boards_that_are_told_of() -> None:
    assert set(list_boards()) >= {
        *("ideal", "spinnaker1_spinn3", "spinnaker1_spinn5", "spinnaker2_chip", "loihi1", "loihi2"),
        *("truenorth", "brainscales1_wafer", "brainscales2", "spikey", "odin", "dynapse"),
        "memristor_crossbar",
    }
    devices = Counter(load_comparator(name).device for name in list_comparators())
    assert devices == {"cpu": 6, "gpu": 7, "fpga": 2, "logic": 1}
    assert {board_name(alias) for alias in ALIASES} <= set(list_boards())


def test_where_nothing_is_published_it_is_said_and_nowhere_else() -> None:
    missing = {
        f"{name}.{number.name}"
        for name in list_boards()
        for number in (*load_board(name).static.values(), *load_board(name).dynamic.values())
        if number.value is None
    }
    chips = ("spinnaker2_chip", "loihi2", "odin", "dynapse")
    assert missing == {*(f"{name}.chip_W" for name in chips), "memristor_crossbar.periphery_W"}
    crossbar = load_board("memristor_crossbar")
    assert crossbar.time is not None
    assert crossbar.time.speedup is None


def test_numbers_agree_with_what_their_notes_derive_them_from() -> None:
    """The arithmetic behind derived figures, and published operating points, to a rounding."""
    near = partial(pytest.approx, rel=0.01)
    spinn3, loihi = load_board("spinnaker1_spinn3"), load_board("loihi1")
    true, bss, crossbar = map(load_board, ("truenorth", "brainscales2", "memristor_crossbar"))
    # A chip with 17 busy cores is the "1-W" chip; both SpiNNaker boards share their events.
    assert 0.35 + 17 * spinn3.dynamic["core_busy_W"].value == near(1.15)
    assert spinn3.dynamic == load_board("spinnaker1_spinn5").dynamic
    # Loihi spotting keywords at 2965 steps a second: 110.2 mW.
    watts = sum(loihi.static[part].value for part in loihi.boundary().parts)
    assert watts + 2965 * loihi.dynamic["e_timestep"].value == near(0.1102)
    # TrueNorth at 0.775 V: 2**20 neurons of 128 synapses at 20 Hz take 72 mW, and at 200 Hz with
    # 256 synapses make 400e9 events per second and watt.
    leak = true.static["leak_W"].value + 1000 * true.dynamic["e_tick"].value
    per_event = true.dynamic["e_syn_event"].value
    assert leak + 2**20 * 20 * 128 * per_event == near(0.072)
    events = 2**20 * 200 * 256
    assert events / (leak + events * per_event) == near(400e9)
    assert bss.static["asic_mac_W"].value * 276e-6 == near(192e-6)
    assert load_board("loihi2").dynamic["e_syn_event"].value == near(2600 / 380e12)
    reading = crossbar.variants["reading"]
    energy = (
        reading["voltage"].value ** 2 * reading["conductance"].value * reading["duration"].value
    )
    assert crossbar.dynamic["e_syn_event"].value == pytest.approx(energy)


@pytest.mark.parametrize("name", ["loihi1", "truenorth", "brainscales1_wafer", "dynapse", "odin"])
def test_neurons_of_a_chip_are_cores_times_neurons_per_core(name: str) -> None:
    board = load_board(name)
    keys = ("chips", "cores_per_chip", "neurons_per_core")
    expected = {"truenorth": 2**20}.get(name, board.limit("neurons"))
    assert math.prod(board.limit(key) or 0 for key in keys) == expected


def test_measured_power_times_measured_time_is_the_published_energy_per_event() -> None:
    for name in ("gpu_genn_tx2", "gpu_genn_1050ti"):
        found = {key: number.value for key, number in load_comparator(name).measured.items()}
        energy = found["sim_W"] * found["rtf"] / found["syn_event_rate"]
        assert found["e_syn_event"] == pytest.approx(energy, rel=0.005)
    operations = load_comparator("logic_45nm").measured
    mac, add = operations["e_fp32_mac"].value, operations["e_fp32_add"].value
    assert mac == pytest.approx(operations["e_fp32_mul"].value + add)
    # 38.7 times better than a network of multiply-accumulates: 0.132 operations for each.
    assert mac / 38.7 / operations["e_fp32_ac"].value == pytest.approx(0.132, abs=5e-4)


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


def test_a_users_file_is_loaded_by_path(tmp_path: Path) -> None:
    path = write(tmp_path, "value = 23.05", "value = 24.5")
    assert load_board(path).static["board_dc_W"].value == 24.5
    assert load_board(str(path)).path == path


@pytest.mark.parametrize(
    ("old", "new", "key", "what"),
    [
        ('unit = "J/spike"\n', "", "dynamic.e_spike.unit", "missing"),
        ('unit = "J/spike"', 'unit = "pJ/spike"', "dynamic.e_spike.unit", "'pJ/spike'"),
        ('unit = "J/spike"', 'unit = "W"', "dynamic.e_spike.unit", "e_spike is in J/spike"),
        ('unit = "J/spike"', 'unit = "ms"', "dynamic.e_spike.unit", "e_spike is in J/spike"),
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
        ("schema_version = 1", 'schema_version = 1\nkind = "bord"', "kind", "'bord'"),
        ("schema_version = 1", 'schema_version = 1\ndevice = "cpu"', "device", "unknown key"),
        ("schema_version = 1", "schema_version = 1\nlatency.x = 1", "latency.x", "table"),
        ("value = 48\n", "value = 48.5\n", "limits.chips.value", "whole number"),
        ("value = 48\n", "value = 0\n", "limits.chips.value", "> 0"),
        ('unit = "J/spike"', 'unit = "J/spike"\nper = "core"', "dynamic.e_spike.per", "static"),
        (
            'unit = "J/spike"',
            'unit = "J/spike"\nrange = [1, 2]',
            "dynamic.e_spike.range",
            "hold the value",
        ),
        ('unit = "J/spike"', 'unit = "J/spike"\nrange = [1]', "dynamic.e_spike.range", "list"),
        ('true\nsource = "SPYNNAKER"', "true", "time.source", "None"),
        ('true\nsource = "SPYNNAKER"', 'true\nsource = "S"', "time.source", "'SPYNNAKER'"),
        ("allow_slowdown = true", "speedup = 10", "time.speedup", "only an accelerated board"),
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


LOIHI, CPU = "loihi1", "gpu_rtx2070_genn_micro"


@pytest.mark.parametrize(
    ("name", "old", "new", "key", "what"),
    [
        (LOIHI, "[limits.mesh_width]", "[limits.width]", "limits.mesh_width", "needs it"),
        (LOIHI, "[latency.plastic]", "[latency.plastics]", "latency.plastic", "needs it"),
        (LOIHI, 'unit = "s"', 'unit = "ms"', "latency.neuron_active.unit", "neuron_active is in s"),
        ("truenorth", "[limits.reference_", "[limits.", "limits.reference_voltage", "needs it"),
        ("odin", "[dynamic.e_syn_event]", "[dynamic.e_sop]", "dynamic.e_syn_event", "needs it"),
        ("spikey", "[limits.chips]", "[limits.chip]", "limits.chips", "needs it"),
        ("spikey", "speedup = 10000\n", "", "time.speedup", "missing"),
        ("spikey", "speedup = 10000", 'speedup = "fast"', "time.speedup", "'fast'"),
        (CPU, 'device = "gpu"', 'device = "tpu"', "device", "'tpu'"),
        (CPU, 'device = "gpu"\n', "", "device", "None"),
        (CPU, "network = ", "net = ", "network", "missing"),
        (CPU, 'model = "power_time"', 'model = "event"', "model", "'power_time'"),
        (CPU, "[measured.active_W]", "[measured.mean_W]", "measured.e_syn_event", "one of"),
        (CPU, "[measured.active_W]", "[measured.active]", "measured.active.unit", "in W"),
        (CPU, "[measured.active_W]", "[static.active_W]", "static", "unknown key"),
        (CPU, "range = [62.4", "range = [99.4", "measured.active_W.range", "hold the value 90.6"),
        (CPU, "value = 90.6", 'value = "unpublished"', "measured.active_W.value", "unpublished"),
        (CPU, "[measured.idle_W]", "[measured.idle_W", "", "not valid TOML"),
    ],
)
def test_each_kind_and_model_has_faults_of_its_own(
    tmp_path: Path, name: str, old: str, new: str, key: str, what: str
) -> None:
    text = Path(load_profile(name).path).read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "profile.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(BoardError) as caught:
        check_profile(path)
    lines = str(caught.value).splitlines()
    assert any(what in line and f"{key}: " in f" {line}: " for line in lines), lines


def leaves(table: dict[str, Any], path: str = "") -> Iterator[tuple[dict[str, Any], str, str]]:
    """Yield every value of a parsed profile: the table that holds it, its key, and its path."""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{path}{key}.")
        else:
            yield table, key, path + key


@pytest.mark.parametrize("name", ["loihi1", "spikey", "memristor_crossbar", "gpu_genn_tx2"])
def test_nonsense_anywhere_is_a_fault_with_its_path(name: str) -> None:
    table = tomllib.loads(Path(load_profile(name).path).read_text(encoding="utf-8"))
    for holder, key, path in list(leaves(table)):
        good = holder[key]
        for nonsense in ([], {}, -1.5, "", [[]]):
            holder[key] = nonsense
            assert any(at == path for at, _ in faults(table)), (path, nonsense)
        holder[key] = good
    assert faults(table) == []


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


def changed(name: str, path: str, value: object) -> list[tuple[str, str]]:
    """Return the faults of an installed profile in which one value was changed or added."""
    table = tomllib.loads(Path(load_profile(name).path).read_text(encoding="utf-8"))
    *holders, key = path.split("/")
    holder = table
    for step in holders:
        holder = holder[step]
    holder[key] = value
    return faults(table)


@pytest.mark.parametrize("name", [*list_boards(), *list_comparators()])
def test_a_number_that_is_read_is_refused_in_every_other_unit(name: str) -> None:
    table = tomllib.loads(Path(load_profile(name).path).read_text(encoding="utf-8"))
    read = [
        (f"{section}.{key}.unit", key, units, table[section][key])
        for section, names in NUMBERS.items()
        for key, units in names.items()
        if key in table.get(section, {})
    ]
    for unit in UNITS:  # all of them wrong at once: the checker gathers
        for *_, entry in read:
            entry["unit"] = unit
        found = faults(table)
        for at, key, units, _ in read:
            told = (at, f"{unit!r} does not fit: {key} is in {' or '.join(units)}") in found
            assert told == (unit not in units)


def test_every_number_that_a_formula_reads_has_its_unit() -> None:
    read = {component.coefficient for table in MODELS.values() for component in table}
    assert NUMBERS["dynamic"].keys() == read | {"core_busy_W"}
    assert NUMBERS["latency"].keys() == load_board("loihi1").latency.keys()
    for needs in NEEDS.values():
        for section in {"dynamic", "latency", "limits"} & needs.keys():
            assert set(needs[section]) <= NUMBERS[section].keys()


HOP = {"value": 1e-9, "unit": "J/hop", "rel_std": 0.5, "source": "SNAB", "confidence": "low"}
WIDTH = {"value": 8, "unit": "tile", "source": "SNAB", "confidence": "low"}


@pytest.mark.parametrize(
    ("path", "value", "what"),
    [
        ("dynamic/e_hopp", HOP, "unknown key; did you mean 'e_hop'?"),
        ("dynamic/e_spikes", HOP, "unknown key; did you mean 'e_spike'?"),
        ("dynamic/quux", HOP, "unknown key; allowed: e_neuron_update, e_neuron_update_active"),
        ("limits/mesh_widht", WIDTH, "nothing reads it; did you mean 'mesh_width'?"),
        ("limits/neuron_per_core", WIDTH, "did you mean 'neurons_per_core'?"),
        ("boundaries/board_dc/parts", ["board_dc_W", "board_dc_W"], "names board_dc_W again"),
        ("dynamic/e_hop/rel_std", 15, "must be at most 5, but is 15; it is a fraction"),
        ("static/board_dc_W/value", 2671000, "must be from 1e-06 to 1e+06 W, but is 2671000"),
        ("static/board_dc_W/value", 1e-7, "must be from 1e-06"),
        ("dynamic/core_busy_W/value", 1e7, "must be from 1e-06"),
        ("dynamic/e_hop/value", 2, "must be from 1e-18 to 1 J/packet/router, but is 2"),
        ("dynamic/e_hop/value", 1e-19, "must be from 1e-18"),
        ("limits/timestep_ms_min_realtime/value", 1e-3, "must be from 0.01 to 1000 ms"),
        ("name", "My Board!", "lower case letters, digits and underscores"),
        ("name", "Spinn5", "lower case letters, digits and underscores"),
        ("label", "two\nlines", "one line without control characters"),
        ("subject", "a ``` fence", "backticks"),
        ("subject", "\x1b[31mred", "control characters"),
        ("boundaries/board_dc/subject", "DC\u2028input", "one line"),
    ],
)
def test_a_slip_of_name_unit_or_scale_is_the_only_fault(
    path: str, value: object, what: str
) -> None:
    ((at, said),) = changed("spinnaker1_spinn5", path, value)
    assert (at, what in said) == (path.replace("/", "."), True), said


def test_bounds_of_latencies_and_voltages() -> None:
    ((_, said),) = changed("loihi1", "latency/plastic/value", 6.1)
    assert "must be from 1e-10 to 1 s, but is 6.1" in said
    ((_, said),) = changed("truenorth", "limits/reference_voltage/value", 775)
    assert "must be from 0.1 to 5 V, but is 775" in said
    ((_, said),) = changed("loihi1", "latency/hop_eww", load_latency())
    assert "did you mean 'hop_ew'?" in said


def load_latency() -> dict[str, Any]:
    """Return a sound latency of Loihi's profile, as it stands in the file."""
    table = tomllib.loads(Path(load_profile("loihi1").path).read_text(encoding="utf-8"))
    return dict(table["latency"]["hop_ew"])


@pytest.mark.parametrize("name", ["neurons_per_chip", "fan_out_per_core", "mesh_depth", "pins"])
def test_limits_that_only_readers_want_are_allowed(name: str) -> None:
    assert changed("spinnaker1_spinn5", f"limits/{name}", WIDTH) == []


def test_nothing_is_a_sound_power_and_energy() -> None:
    assert changed("spinnaker1_spinn5", "dynamic/e_hop/value", 0) == []
    assert changed("spinnaker1_spinn5", "static/board_dc_W/value", 0.0) == []


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("spinnaker1_spinn5", "is the name of an installed board; give yours another"),
        ("odin", "is the name of an installed board"),
        ("loihi", "is an alias of an installed board"),
        ("gpu_nest_4090", "is the name of an installed comparator"),
    ],
)
def test_a_file_must_not_have_the_name_of_an_installed_profile(
    tmp_path: Path, name: str, what: str
) -> None:
    path = write(tmp_path, '"mine"', f'"{name}"')
    for load in (load_board, check_profile):
        with pytest.raises(BoardError, match=f"1 fault\n  name: {name!r} {what}"):
            load(path)
    assert load_board(SPINN5).name == "spinnaker1_spinn5"  # the installed file itself
