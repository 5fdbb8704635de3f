"""Other readings, SCI, embodied carbon, equivalents: worked numbers, limits, mixed-up units."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynn_greenmorph.accounting.equivalents import ann_advantage, equivalents, operations_per_mac
from pynn_greenmorph.accounting.nature import Nature, Site, Spread, Sums, nature, nature_of_sums
from pynn_greenmorph.accounting.readings import Readings
from pynn_greenmorph.accounting.report import make_report
from pynn_greenmorph.boards.comparators import load_comparator
from pynn_greenmorph.errors import GreenmorphWarning, InvalidValueError, UnknownNameError
from tests.ledgers import make_ledger

KG_PER_LB = 0.45359237

STUDY = st.fixed_dictionaries(
    {
        "power_w": st.floats(0, 1e6),
        "t_wall_s": st.floats(0, 1e6),
        "overhead_j": st.floats(0, 1e9),
        "pue": st.floats(1, 3),
        "loss": st.floats(0, 0.49),
        "n_exp": st.integers(1, 1000),
        "epochs": st.integers(1, 1000),
        "intensity_g_per_kwh": st.floats(1, 2500),
    }
)


def other_readings(n: Nature, **options: Any) -> Readings:
    with pytest.warns(GreenmorphWarning, match="time is counted twice"):
        return n.readings(**options)


# --- worked numbers ---


def test_megatron_in_household_years() -> None:
    assert nature(128_000.0, 794_880.0).equivalents.household_years == pytest.approx(
        2.6376, rel=2e-5
    )


def test_architecture_search() -> None:
    """626 155 lb of CO2e at 0.954 lb/kWh: 656 347 kWh, 4.969 cars."""
    kwh = 626_155 / 0.954
    assert kwh == pytest.approx(656_347, abs=0.5)
    n = nature(kwh * 1000, 3600.0, intensity_g_per_kwh=0.954 * KG_PER_LB * 1000)
    assert n.gco2e == pytest.approx(284_019.1e3, rel=1e-6)
    assert n.equivalents.car_lifetimes == pytest.approx(4.969, abs=5e-4)


def test_truenorth_second() -> None:
    """One second of 2**20 neurons at 20 Hz with 128 synapses each, and of its demonstration."""
    events = 2**20 * 20 * 128
    assert events == 2_684_354_560
    second = nature(events * 26.8e-12, 1.0)
    assert second.joule == pytest.approx(0.072, abs=1e-4)
    assert nature(0.063, 1.0).equivalents.brain_seconds == pytest.approx(0.00315)
    for factor, kilojoule in ((1e5, 6.98), (3e5, 20.9)):
        software = nature(events * 26e-12 * factor, 1.0)
        assert software.joule == pytest.approx(kilojoule * 1e3, rel=2e-3)


def test_room_that_an_artificial_network_leaves() -> None:
    assert operations_per_mac(38.7) == pytest.approx(0.132, abs=1e-4)
    assert ann_advantage(0.132) == pytest.approx(38.7, abs=0.03)
    assert ann_advantage(operations_per_mac(7.0, 3.1, 0.2), 3.1, 0.2) == pytest.approx(7.0)
    for bad in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(InvalidValueError, match="advantage"):
            operations_per_mac(bad)


# --- the readings and the limits in which they agree ---


@given(study=STUDY)
def test_limits(study: dict[str, Any]) -> None:
    """Plain energy without overheads; multiplicative without A and loss; additive with one CI."""
    power, time = study["power_w"], study["t_wall_s"]
    bare = nature(power, time, intensity_g_per_kwh=study["intensity_g_per_kwh"])
    assert bare.joule == power * time
    assert (bare.terms["U_w"], bare.terms["R_w"]) == (0.0, 0.0)

    ours = nature(**{**study, "overhead_j": 0.0, "loss": 0.0})
    usual = other_readings(ours)["multiplicative"]
    assert usual.value == pytest.approx(ours.joule, rel=1e-12)
    assert usual.gco2e == pytest.approx(ours.gco2e, rel=1e-12)

    whole = nature(**study)
    assert other_readings(whole)["carbon_additive"].gco2e == pytest.approx(whole.gco2e, rel=1e-12)


def test_multiplicative_leaves_out_loss_and_a() -> None:
    n = nature(100.0, 36.0, overhead_j=500.0, pue=1.5, loss=0.1, n_exp=2, epochs=10)
    found = other_readings(n)
    assert found["multiplicative"].value == pytest.approx(2 * 10 * 36 * 100 * 1.5)
    assert found["nature"].value == n.joule == pytest.approx(2 * (500 + 36_000) * 1.5 / 0.9)
    assert found["multiplicative"].gco2e is None


def test_each_term_has_an_intensity_of_its_own() -> None:
    n = nature(3.6e6, 1.0, overhead_j=3.6e6, pue=1.5, loss=0.2, intensity_g_per_kwh=100)
    own = {"A": 10.0, "E": 400.0, "U": 200.0}
    # kWh: A 1.5 / 0.8, E 1, U 0.5, R 0.25 * 1.5, which keeps the study's intensity.
    expected = 10 * 1.5 / 0.8 + 400 * 1 + 200 * 0.5 + 100 * 0.375
    assert other_readings(n, intensities=own)["carbon_additive"].gco2e == pytest.approx(expected)
    without = nature(3.6e6, 1.0)
    assert other_readings(without, intensities={"E": 50})["carbon_additive"].gco2e == 50
    with pytest.raises(UnknownNameError, match="'T'"), pytest.warns(GreenmorphWarning):
        n.readings({"T": 100.0})
    with pytest.raises(InvalidValueError, match=r"0\.38 kg/kWh is 380"), pytest.warns():
        n.readings({"E": 0.38})


def test_the_literal_reading_is_no_energy_and_says_so() -> None:
    n = nature(2.0, 10.0, overhead_j=7.0, n_exp=3, epochs=4, intensity_g_per_kwh=100)
    found = other_readings(n)
    literal = found["literal"]
    assert literal.value == pytest.approx(3 * (7 + 10 * (2 * 10) * 4))
    assert (literal.unit, literal.gco2e) == ("J s", None)
    assert [name for name, row in found.items() if row.double_counts] == ["literal"]
    assert "warning: U, R and E as energies hold the time already" in str(found)


# --- SCI and embodied carbon ---


def test_software_carbon_intensity() -> None:
    n = nature(
        1000.0,
        3600.0,
        overhead_s=400.0,
        n_exp=5,
        epochs=2,
        country="DEU",
        pue=1.2,
        embodied_kg=1300.0,
        lifetime_years=4.0,
        resource_share=0.5,
    )
    made = 1.3e6 * 0.5 * 5 * (400 + 7200) / (4 * 365.25 * 86_400)
    assert n.embodied_g == pytest.approx(made)
    sci = n.sci("image", 60_000)
    assert sci.operational_g == n.gco2e == pytest.approx(5 * 2 * 1.2 * 380.95)
    assert sci.g_per_unit == pytest.approx((5 * 2 * 1.2 * 380.95 + made) / 60_000)
    assert sci.complete
    assert "per image  (" in str(sci)
    assert "embodied carbon  " in str(n)


def test_what_is_not_given_is_left_out_by_name() -> None:
    n = nature(1000.0, 3600.0, country="DEU")
    assert (n.embodied, n.embodied_g) == (None, None)
    assert "embodied carbon of the hardware left out" in str(n)
    sci = n.sci("trial", 10)
    assert not sci.complete
    assert "embodied carbon M left out" in str(sci)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ({"embodied_kg": 1300.0}, "belong together"),
        ({"lifetime_years": 4.0}, "belong together"),
        ({"resource_share": 0.5}, "without embodied_kg"),
        ({"embodied_kg": -1.0, "lifetime_years": 4}, "embodied_kg is out of range"),
        ({"embodied_kg": math.nan, "lifetime_years": 4}, "not a finite number"),
        ({"embodied_kg": 1300.0, "lifetime_years": 35_000}, "35 000 hours are 4"),
        ({"embodied_kg": 1.0, "lifetime_years": 4, "resource_share": 10}, "10 percent is 0.1"),
        ({"overhead_s": -1.0}, "overhead_s is out of range"),
    ],
)
def test_mixed_up_units_of_the_hardware_raise(wrong: dict[str, Any], hint: str) -> None:
    with pytest.raises(InvalidValueError, match=hint):
        nature(100.0, 10.0, **wrong)


@pytest.mark.parametrize(
    ("unit", "count", "hint"),
    [
        ("", 10, "no name"),
        ("a\nb", 10, "no name"),
        ("image", 0, "count is out of range"),
        ("image", math.nan, "count is not a finite number"),
    ],
)
def test_a_functional_unit_is_declared(unit: str, count: float, hint: str) -> None:
    with pytest.raises(InvalidValueError, match=hint):
        nature(1.0, 1.0, country="DEU").sci(unit, count)
    with pytest.raises(InvalidValueError, match="no carbon intensity"):
        nature(1.0, 1.0).sci("image", 1)


# --- experiments that are not equal ---


def test_unequal_experiments_are_summed_one_by_one() -> None:
    """sum over i of [A_i + sum over epochs of T_ie (E + U + R)_ie], from its definition."""
    rng = np.random.default_rng(3)
    epochs = [int(count) for count in rng.integers(1, 6, 20)]
    fixed, pue, loss = rng.uniform(0, 100, 20), 1.4, 0.07
    powers = [rng.uniform(1, 50, count) for count in epochs]
    times = [rng.uniform(0, 30, count) for count in epochs]
    expected = 0.0
    for i in range(20):
        expected += fixed[i] * pue / (1 - loss)
        for e, t in zip(powers[i], times[i], strict=True):
            u = (pue - 1) * e
            expected += t * (e + u + loss / (1 - loss) * (e + u))
    run_j = sum(float(e @ t) for e, t in zip(powers, times, strict=True))
    run_s = float(sum(t.sum() for t in times))
    sums = Sums(run_j, run_s, float(fixed.sum()), 12.0, 20, sum(epochs))
    n = nature_of_sums(sums, Site(pue=pue, loss=loss, country="DEU"), subject="test")
    assert n.joule == pytest.approx(expected, rel=1e-12)
    t = n.terms
    power = t["E_w"] + t["U_w"] + t["R_w"]
    assert t["N_exp"] * (t["A_j"] + t["T_s"] * power * t["epochs"]) == pytest.approx(expected)
    assert "means over experiments" in str(n)


def test_equal_experiments_are_the_printed_formula() -> None:
    equal = nature(30.0, 12.0, overhead_j=5.0, n_exp=4, epochs=3, pue=1.3, loss=0.1)
    sums = Sums(30.0 * 12 * 12, 12.0 * 12, 20.0, 0.0, 4, 12)
    summed = nature_of_sums(sums, Site(pue=1.3, loss=0.1), subject="test")
    assert summed.joule == pytest.approx(equal.joule, rel=1e-12)
    assert summed.terms == pytest.approx(dict(equal.terms))


def test_a_study_in_which_nothing_ran_costs_nothing() -> None:
    n = nature_of_sums(Sums(0.0, 0.0, 0.0, 0.0, 2, 0), Site(), subject="test")
    assert (n.joule, n.terms["N_exp"]) == (0.0, 2)


def test_all_numbers_fit_json() -> None:
    spread = Spread(pue_rel_std=0.1)
    n = nature(1.0, 1.0, region="us-west1", embodied_kg=1.0, lifetime_years=1, spread=spread)
    values = json.loads(json.dumps(n.to_dict(), allow_nan=False))
    assert values["joule"] == n.joule
    assert values["intensity"]["year"] == 2023
    assert values["embodied"]["grams"] == n.embodied_g
    assert equivalents(10_715).household_years == 1


def test_phases_that_the_user_gave_are_part_of_a() -> None:
    counts = make_ledger([("exc", "neuron", 100)], steps=1000)
    phases = {"load": {"duration_s": 60.0}, "build": {"duration_s": 5.0, "power_w": 2.0}}
    report = make_report(counts, phases=phases)
    n = report.nature(pue=1.5, loss=0.04, n_exp=3, epochs=4)
    plain = make_report(counts)
    static_w = plain.static_j / n.terms["T_s"]
    assert n.terms["A_j"] == pytest.approx((60 * static_w + 10) * 1.5 / 0.96)
    assert n.terms["E_w"] == pytest.approx(plain.energy_j / n.terms["T_s"])
    whole = 3 * (60 * static_w + 10 + 4 * plain.energy_j) * 1.5 / 0.96
    assert n.joule == pytest.approx(whole)
    low, high = n.interval_joule
    assert low < n.joule < high
    assert "phase build, phase load, given by the user; mapping, read-out not included" in str(n)


def test_ratio_of_software_to_truenorth() -> None:
    """The published energy per synaptic event of NEST and of GeNN over TrueNorth's 26 pJ."""
    for name, ratio in (("cpu_nest_epyc7702_1node", 12_700), ("gpu_genn_4090", 2_850)):
        found = load_comparator(name).measured["e_syn_event"].value / 26e-12
        assert found == pytest.approx(ratio, rel=2e-3)
