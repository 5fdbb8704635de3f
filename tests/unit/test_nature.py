"""NATURE: worked numbers, the identity, the data of the grid, mixed-up units."""

from __future__ import annotations

import math
import runpy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynn_greenmorph.accounting.grid import (
    CLOUD_SOURCES,
    GRID_SOURCES,
    grid_intensity,
    intensity_table,
)
from pynn_greenmorph.accounting.nature import Spread, nature
from pynn_greenmorph.errors import InvalidValueError, UnknownNameError

# Megatron-LM 8.3B: 512 V100 of 250 W for 9.2 days.
MEGATRON: dict[str, Any] = {"power_w": 128_000.0, "t_wall_s": 794_880.0}
# STDP digits on one boxed SpiNN-5 board, 60 000 images of 0.5 s. The watts of each component are
# given to a microwatt, so the joules agree to 2e-8.
STDP_STATIC_W = 31.88
STDP_DYNAMIC_W = 0.07192 + 0.049941 + 0.000001 + 0.004826 + 0.010043 + 0.360326


def test_megatron_without_overheads() -> None:
    n = nature(**MEGATRON, intensity_g_per_kwh=369.473)
    assert n.joule == pytest.approx(1.0174464e11, rel=1e-12)
    assert n.kwh == pytest.approx(28_262.4, rel=1e-12)
    assert n.gco2e == pytest.approx(10_442.194e3, rel=1e-7)
    assert (n.terms["U_w"], n.terms["R_w"], n.terms["A_j"]) == (0.0, 0.0, 0.0)


def test_megatron_with_overheads() -> None:
    n = nature(**MEGATRON, country="USA", pue=1.58, loss=0.05)
    assert n.terms["U_w"] == pytest.approx(74_240, rel=1e-12)
    assert n.terms["R_w"] == pytest.approx(10_644.21053, rel=1e-9)
    total = n.terms["E_w"] + n.terms["U_w"] + n.terms["R_w"]
    assert total == pytest.approx(212_884.2105, rel=1e-9)
    assert n.joule == pytest.approx(1.692174013e11, rel=1e-9)
    assert n.kwh == pytest.approx(47_004.83368, rel=1e-9)
    assert n.gco2e == pytest.approx(17_367.017e3, rel=1e-7)


def test_stdp_digits() -> None:
    power_w = STDP_STATIC_W + STDP_DYNAMIC_W
    overhead_j = 60 * STDP_STATIC_W
    one = nature(power_w, 30_000.0, overhead_j=overhead_j, country="DEU", loss=0.04)
    assert one.terms["R_w"] == pytest.approx(1.34904403, rel=1e-8)
    assert one.joule == pytest.approx(1_013_775.523, rel=2e-8)
    assert one.kwh == pytest.approx(0.2816043, rel=1e-6)
    assert one.gco2e == pytest.approx(107.277, rel=1e-5)
    many = nature(
        power_w,
        30_000.0,
        overhead_j=overhead_j,
        country="DEU",
        loss=0.04,
        pue=1.58,
        n_exp=20,
        epochs=3,
    )
    assert many.joule == pytest.approx(95_979_993.56, rel=2e-8)
    assert many.kwh == pytest.approx(26.6611, rel=1e-5)
    assert many.gco2e == pytest.approx(10_156.55, rel=1e-6)


def test_stdp_digits_interval() -> None:
    rng = np.random.default_rng(7)
    z = rng.standard_normal((2, 200_000))
    static = STDP_STATIC_W * (1 + 0.05 * z[0])
    sigma = math.sqrt(math.log1p(0.35**2))
    dynamic = STDP_DYNAMIC_W * np.exp(sigma * z[1] - sigma**2 / 2)
    spread = Spread(static + dynamic, 60 * static, loss_rel_std=0.25, intensity_rel_std=0.10)
    n = nature(
        STDP_STATIC_W + STDP_DYNAMIC_W,
        30_000.0,
        overhead_j=60 * STDP_STATIC_W,
        country="DEU",
        loss=0.04,
        spread=spread,
    )
    assert n.interval_gco2e == pytest.approx((84.3, 131.7), abs=0.4)


@given(
    power=st.floats(0, 1e9),
    pue=st.floats(1, 3),
    loss=st.floats(0, 0.499),
    t_wall=st.floats(0, 1e9),
    overhead=st.floats(0, 1e12),
    n_exp=st.integers(1, 10_000),
    epochs=st.integers(1, 10_000),
)
def test_identity(
    power: float,
    pue: float,
    loss: float,
    t_wall: float,
    overhead: float,
    n_exp: int,
    epochs: int,
) -> None:
    n = nature(power, t_wall, overhead_j=overhead, pue=pue, loss=loss, n_exp=n_exp, epochs=epochs)
    t = n.terms
    assert t["E_w"] + t["U_w"] + t["R_w"] == pytest.approx(power * pue / (1 - loss), rel=1e-12)
    at_plug = n_exp * (overhead + t_wall * power * epochs)
    assert n.joule == pytest.approx(at_plug * pue / (1 - loss), rel=1e-12)
    assert n.kwh == n.joule / 3.6e6
    assert n.gco2e is None
    assert n.interval_joule is None


def test_interval_of_one_normal_input() -> None:
    n = nature(100.0, 36_000.0, intensity_g_per_kwh=400, spread=Spread(intensity_rel_std=0.1))
    assert n.gco2e == pytest.approx(400)
    assert n.interval_gco2e == pytest.approx((400 * (1 - 0.196), 400 * (1 + 0.196)), rel=0.01)
    assert n.interval_joule == pytest.approx((3.6e6, 3.6e6), rel=1e-12)
    again = nature(100.0, 36_000.0, intensity_g_per_kwh=400, spread=Spread(intensity_rel_std=0.1))
    assert again.interval_gco2e == n.interval_gco2e


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ({"pue": 128_000.0}, "not a power in watts"),
        ({"pue": 0.9}, "1 to 3"),
        ({"pue": float("nan")}, "not a finite number"),
        ({"loss": 5}, "5 percent is 0.05"),
        ({"loss": 0.5}, "below 0.5"),
        ({"loss": -0.01}, "out of range"),
        ({"intensity_g_per_kwh": 0.38}, "0.38 kg/kWh is 380"),
        ({"intensity_g_per_kwh": 380_000}, "out of range"),
        ({"intensity_g_per_kwh": math.nan}, "not a finite number"),
        ({"n_exp": 0}, "n_exp is not a count"),
        ({"n_exp": 1.0}, "n_exp is not a count"),
        ({"epochs": True}, "epochs is not a count"),
        ({"epochs": 2.5}, "epochs is not a count"),
        ({"power_w": -1.0}, "power_w is out of range"),
        ({"power_w": math.inf}, "power_w is not a finite number"),
        ({"power_w": "100 W"}, "power_w is not a finite number"),
        ({"t_wall_s": math.nan}, "t_wall_s is not a finite number"),
        ({"overhead_j": -5.0}, "overhead_j is out of range"),
        ({"spread": Spread(loss_rel_std=25)}, "loss_rel_std is out of range"),
        ({"country": "DEU", "intensity_g_per_kwh": 380}, "both a place and a carbon intensity"),
        ({"year": 2023, "intensity_g_per_kwh": 380}, "without a country"),
        ({"country": "CAF"}, "no carbon intensity for Central African Republic"),
    ],
)
def test_mixed_up_units_and_bad_values_raise(wrong: Mapping[str, Any], hint: str) -> None:
    with pytest.raises(InvalidValueError, match=hint):
        nature(**{"power_w": 100.0, "t_wall_s": 10.0, **wrong})


def test_numpy_numbers_are_numbers() -> None:
    n = nature(np.float64(100), np.float64(2), n_exp=int(np.int64(3)), epochs=2)
    assert n.joule == 1200.0


@pytest.mark.parametrize(
    ("place", "known"),
    [
        ({"country": "XXX"}, "'DEU'"),
        ({"country": "Germny"}, "Did you mean 'Germany'"),
        ({"country": "USA", "region": "Califronia"}, "Did you mean 'California'"),
        ({"country": "DEU", "region": "Bavaria"}, "region of Germany"),
        ({"region": "CA"}, "a region without a country"),
        ({"region": "europe-wst3"}, "Did you mean 'Google Cloud Frankfurt' .europe-west3"),
        ({"country": "FRA", "region": "europe-west3"}, "region of France"),
        ({"country": "DEU", "year": 1990}, "'2023'"),
        ({"country": "DE"}, r"three letters.*Did you mean 'Germany' \(DEU\)\?$"),
        ({"country": "Korea"}, r"'South Korea' \(KOR\) or 'North Korea' \(PRK\)"),
        ({"country": "Atlantis"}, r"intensity_table\(\) lists all"),
        ({"country": "California"}, "It is a region: give country='USA', region='CA'"),
        ({"country": "USA", "region": "Bavaria"}, "Allowed: AL, AK, .*WY, us-central1"),
        ({"country": "AUT", "region": "Tirol"}, "Allowed: none, .*Leave region out"),
        ({"region": "ca"}, "It is California, United States: give country='USA', region='CA'"),
        ({"region": "Germany"}, "It is a country: give country='DEU'"),
        ({"region": "us-east-1"}, r"Google Cloud: africa-.*\(us-east1\).*no other cloud"),
        ({"region": "westeurope"}, "The data have no other cloud: for one, give the country"),
    ],
)
def test_a_place_that_is_not_listed_is_an_error(place: Mapping[str, Any], known: str) -> None:
    with pytest.raises(UnknownNameError, match=known):
        grid_intensity(**place)


def test_the_page_of_places_is_fresh_and_has_them_all() -> None:
    root = Path(__file__).resolve().parents[2]
    page = runpy.run_path(str(root / "docs" / "make_places.py"))["page"]()
    written = (root / "docs" / "reference" / "places.md").read_text(encoding="utf-8")
    assert page == written, "run 'python docs/make_places.py'"
    assert written.count("\n| `") == len(intensity_table())
    for row in intensity_table():
        assert f"| `{row.region or row.country}` |" in written


def test_places() -> None:
    assert grid_intensity("DEU").g_per_kwh == grid_intensity("germany", year=2023).g_per_kwh
    assert grid_intensity("usa").g_per_kwh == 369.473
    state = grid_intensity("USA", "california")
    assert state == grid_intensity("USA", "CA")
    assert state.g_per_kwh == pytest.approx(394.769 * 0.45359237, abs=5e-4)  # lb/MWh
    assert (state.year, state.source, state.place) == (
        2023,
        "eGRID2023",
        "California, United States",
    )


def test_regions_of_a_cloud_need_no_country() -> None:
    alone = grid_intensity(region="europe-west3")
    assert alone == grid_intensity("DEU", "europe-west3", 2023)
    assert (alone.g_per_kwh, alone.place) == (345.0, "Google Cloud Frankfurt, Germany")
    assert nature(1000.0, 3600.0, region="US-Central1").gco2e == pytest.approx(430.0)
    with pytest.raises(InvalidValueError, match="neither a country nor a cloud region"):
        grid_intensity()


def test_every_row_of_the_grid_has_a_plausible_value_and_a_source() -> None:
    rows = intensity_table()
    assert len([row for row in rows if not row.region]) == 213
    assert len([row for row in rows if row.source == "eGRID2023"]) == 51
    clouds = [row for row in rows if row.source in CLOUD_SOURCES]
    assert len(clouds) == len({row.region for row in clouds}) == 40
    assert len({(row.country, row.region) for row in rows}) == len(rows)
    for row in rows:
        assert row.source in GRID_SOURCES
        assert row.year is not None
        assert 2009 <= row.year <= 2023
        assert row.g_per_kwh is None or 1 <= row.g_per_kwh <= 2500
    assert [row.country for row in rows if row.g_per_kwh is None] == ["CAF"]


def test_words_name_inputs_and_sources() -> None:
    words = str(nature(**MEGATRON, country="USA", region="TX", pue=1.58, loss=0.05, n_exp=3))
    for part in ("PUE 1.58", "0.05", "N_exp 3", "Texas, United States 2023 [eGRID2023]", "kWh"):
        assert part in words
    assert "[eGRID2023] US EPA" in words
    assert "carbon left out" in str(nature(1.0, 1.0))
