"""Carbon intensity of the electricity grid, by country, US state and cloud region.

The numbers are in ``grid_intensity.csv`` beside this file, with the year of the
data in each row. They come from the data files of codecarbon 3.3.2 (MIT), which
took them from Our World in Data (Ember, Energy Institute) for countries, from
US EPA eGRID2023 for US states and from Google for regions of its cloud. A place
that is not listed is an error: there is no fallback from a region to its
country, or to the world's mean.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ..errors import InvalidValueError, UnknownNameError, explain, unknown_name
from .places import find_place

__all__ = ["CLOUD_SOURCES", "GRID_SOURCES", "Intensity", "grid_intensity", "intensity_table"]

GRID_SOURCES = {
    "OWID": "Our World in Data, carbon intensity of electricity generation, adapted from Ember "
    "and Energy Institute (CC BY 4.0), through codecarbon 3.3.2 (MIT)",
    "eGRID2023": "US EPA eGRID2023, annual CO2 equivalent total output emission rate by state, "
    "through codecarbon 3.3.2 (MIT)",
    "GCP2023": "Google, grid carbon intensity of Google Cloud regions in 2023, through codecarbon "
    "3.3.2 (MIT)",
    "user": "given by the user",
}

#: Sources of rows that are regions of a cloud, whose names need no country.
CLOUD_SOURCES = ("GCP2023",)


@dataclass(frozen=True)
class Intensity:
    """Carbon intensity of a place.

    Attributes
    ----------
    country, country_name : str
        ISO 3166 code of three letters, and English name.
    region, region_name : str
        Code of the region ("CA", "europe-west3") and its name; empty for a whole country.
    g_per_kwh : float or None, gCO2e/kWh
        ``None`` where the source lists the place without data.
    year : int or None
        Year of the data.
    source : str
        Key of :data:`GRID_SOURCES`.
    """

    country: str
    country_name: str
    region: str
    region_name: str
    g_per_kwh: float | None
    year: int | None
    source: str

    @property
    def place(self) -> str:
        """The place in words."""
        return f"{self.region_name}, {self.country_name}" if self.region else self.country_name


@lru_cache(maxsize=1)
def intensity_table() -> tuple[Intensity, ...]:
    """Return all rows: countries, then regions."""
    path = Path(__file__).parent / "grid_intensity.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(line for line in file if not line.startswith("#"))
        return tuple(
            Intensity(
                country=row["country"],
                country_name=row["country_name"],
                region=row["region"],
                region_name=row["region_name"],
                g_per_kwh=float(row["g_per_kwh"]) if row["g_per_kwh"] else None,
                year=int(row["year"]),
                source=row["source"],
            )
            for row in rows
        )


def grid_intensity(
    country: str | None = None, region: str | None = None, year: int | None = None
) -> Intensity:
    """Return the carbon intensity of a country, of one of its regions, or of a cloud region.

    Parameters
    ----------
    country : str, optional
        ISO 3166 code of three letters ("DEU") or English name ("Germany"), in
        any case. Only a region of a cloud needs none.
    region : str, optional
        Code ("CA") or name ("California") of a region of the country, or the
        name of a region of a cloud ("europe-west3").
    year : int, optional
        Year that the data must be of; the year of the data if not given.

    Returns
    -------
    Intensity

    Raises
    ------
    UnknownNameError
        If country, region or year is not in the data.
    InvalidValueError
        If neither country nor region is given, or the source lists the place without a value.
    """
    found = find_place(intensity_table(), country, region, CLOUD_SOURCES)
    if year is not None and year != found.year:
        kind = f"year of the carbon intensity of {found.place}"
        raise UnknownNameError(unknown_name(kind, str(year), [str(found.year)]))
    if found.g_per_kwh is None:
        what = f"the data have no carbon intensity for {found.place}"
        raise InvalidValueError(explain(what, todo="Give intensity_g_per_kwh yourself"))
    return found
