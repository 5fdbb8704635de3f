"""Published cases: what the shipped profiles predict, without tuning."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from pynn_greenmorph.accounting import published
from pynn_greenmorph.accounting.cases import Case, read_cases
from pynn_greenmorph.accounting.published import predict
from pynn_greenmorph.cli import main

FILE = read_cases()
CASES = {case.id: case for case in FILE.cases}

#: By how much the model is known to err on the dynamic part of what it was not fitted to.
KNOWN = {
    "spinn5_non_spiking": -0.024,
    "spinn5_full_spiking": -0.023,
    "spinn5_input_A2A": 0.025,
    "spinn5_input_O2O": -0.042,
    "spinn5_inter_random": 0.097,
    "vanalbada18_spinnaker_boards": -0.355,
    "truenorth_65mW": 0.123,
}


@pytest.mark.parametrize("case", CASES.values(), ids=lambda case: case.id)
def test_every_case_has_a_source_and_the_judged_ones_are_within_15_percent(case: Case) -> None:
    assert case.source in FILE.sources
    assert case.role in {"calibration", "validation", "arithmetic"}
    assert case.accept in {"", "context", "dynamic_15"}
    outcome = predict(case)
    assert outcome.accepted in {None, True}
    assert (outcome.accepted is None) == (case.accept != "dynamic_15")
    if case.id in KNOWN:
        assert outcome.dynamic_error == pytest.approx(KNOWN[case.id], abs=0.0006)
    if case.role == "arithmetic":
        assert outcome.error == pytest.approx(0, abs=1e-6)
    if case.role == "calibration" and case.id != "loihi_scaled_N2":
        assert abs(outcome.error if outcome.dynamic_error is None else outcome.dynamic_error) < 0.02
    if case.accept == "context":
        assert case.note


def test_intervals_of_the_dynamic_part_cover_what_was_measured() -> None:
    covered = {name: predict(CASES[name]).dynamic_covers for name in KNOWN}
    assert covered == {name: name != "vanalbada18_spinnaker_boards" for name in KNOWN}


def test_a_saturated_core_draws_its_cap() -> None:
    outcome = predict(CASES["spinn3_inter_O2O_saturated"])
    sending = 255_000 * (8.99e-8 + 9.99e-9)
    assert outcome.dynamic_predicted == pytest.approx(31 * (0.047 + sending), rel=1e-12)


def test_the_command_prints_all_and_ends_with_the_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    result = CliRunner().invoke(main, ["validate-energy"])
    assert result.exit_code == 0
    lines = {line.split()[0]: line for line in result.output.splitlines() if line.strip()}
    for case in CASES.values():
        assert case.role in lines[case.id] or f"{case.id}:" in lines
        assert f"[{case.source}]" in result.output
    assert "-2.4 %" in lines["spinn5_non_spiking"]
    assert "context" in lines["vanalbada18_spinnaker_boards"]
    assert "vanalbada18_spinnaker_boards: " in result.output  # the reason of its error
    assert "8 of 8 judged cases" in result.output
    monkeypatch.setattr(published, "TOLERANCE", 0.05)
    result = CliRunner().invoke(main, ["validate-energy"])
    assert result.exit_code == 1
    assert " NO " in result.output


OWN = """
[sources]
ME = "my own bench"
[[case]]
id = "mine"
board = "loihi1"
role = "validation"
accept = "dynamic_15"
rates = { timesteps = 1000, synaptic_events = 10_000_000 }
measured = { power_w = 0.1074 }
source = "ME"
"""


def test_cases_of_the_user(tmp_path: Path) -> None:
    file = tmp_path / "cases.toml"
    file.write_text(OWN)
    result = CliRunner().invoke(main, ["validate-energy", "--cases", str(file)])
    assert result.exit_code == 0
    assert "1 of 1 judged cases" in result.output
    assert "[ME] my own bench" in result.output
    static, dynamic = 0.1055, 1000 * 1.58e-6 + 1e7 * 2.36e-11
    outcome = predict(read_cases(file).cases[0])  # the default boundary
    assert outcome.predicted == pytest.approx(static + dynamic, rel=1e-12)
    assert outcome.dynamic_measured == pytest.approx(0.1074 - static, rel=1e-9)


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("power_w", "power", "measured.power_w is missing"),
        ("0.1074", "nan", "power_w must be a finite number >= 0, but is nan"),
        ("timesteps =", "steps =", "no board has a component 'steps'"),
        ("timesteps =", "ticks =", "component of board loihi1 in case mine 'ticks'"),
        ("rates =", "cores = 1.5\nrates =", "must be integers >= 1"),
        ("rates =", "target_cores = 3\nrates =", "target_cores is more than cores"),
        ("rates =", "voltage_v = -1\nrates =", "voltage_v must be a finite number"),
        ('source = "ME"', 'source = "YOU"', "source 'YOU' is not in"),
        ("dynamic_15", "dynamic", "accept 'dynamic' is not allowed"),
        ('role = "validation"', "rolle = 1", "unknown key 'rolle'.*role is missing"),
        ("loihi1", "loihi9", "'loihi9'"),
        ("[[case]]", "[case]", r"at least one \[\[case\]\]"),
        ("[sources]", "[sources", "cannot be read"),
    ],
)
def test_faults_in_cases_of_the_user(tmp_path: Path, old: str, new: str, what: str) -> None:
    file = tmp_path / "cases.toml"
    file.write_text(OWN.replace(old, new))
    result = CliRunner().invoke(main, ["validate-energy", "--cases", str(file)])
    assert result.exit_code == 2
    assert re.search(what, result.output, re.DOTALL), result.output
    missing = CliRunner().invoke(main, ["validate-energy", "--cases", str(tmp_path / "no.toml")])
    assert "cannot be read" in missing.output
