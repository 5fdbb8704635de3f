"""Finding a place in the data of carbon intensities, and helping whoever names another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, NoReturn

from ..errors import InvalidValueError, UnknownNameError, explain

if TYPE_CHECKING:
    from .grid import Intensity

__all__ = ["find_place"]

#: Most places that a hint names.
_HINTS = 5


def find_place(
    table: Sequence[Intensity],
    country: str | None,
    region: str | None,
    cloud_sources: Sequence[str],
) -> Intensity:
    """Return the row of a country, of one of its regions, or of a cloud region.

    Parameters
    ----------
    table : sequence of Intensity
    country, region : str or None
        Codes or names, in any case; only a region of a cloud needs no country.
    cloud_sources : sequence of str
        Sources of rows that are regions of a cloud.

    Raises
    ------
    UnknownNameError
        If there is no such place; the message says what is allowed, and what is near.
    InvalidValueError
        If neither is given.
    """
    if country is None:
        if region is None:
            raise InvalidValueError(explain("neither a country nor a cloud region is given"))
        clouds = [row for row in table if row.source in cloud_sources]
        return _match(region, clouds) or _no_cloud(table, clouds, str(region))
    countries = [row for row in table if not row.region]
    found = _match(country, countries) or _no_country(table, countries, str(country))
    if region is None:
        return found
    own = [row for row in table if row.country == found.country and row.region]
    return _match(region, own) or _no_region(found, own, str(region))


def _code(row: Intensity) -> str:
    return row.region or row.country


def _name(row: Intensity) -> str:
    return row.region_name or row.country_name


def _match(given: str, rows: Iterable[Intensity]) -> Intensity | None:
    wanted = str(given).strip().casefold()
    for row in rows:
        if wanted in {_code(row).casefold(), _name(row).casefold()}:
            return row
    return None


def _near(given: str, rows: Sequence[Intensity]) -> str:
    """Ask whether one of the places with a similar name was meant; empty if there is none."""
    wanted = given.strip().casefold()
    # A similar short code is another place, so only names and long codes are compared.
    words = {_name(row).casefold(): row for row in rows}
    words |= {_code(row).casefold(): row for row in rows if len(_code(row)) > 3}
    near = [words[word] for word in get_close_matches(wanted, words, n=_HINTS, cutoff=0.75)]
    if len(wanted) > 3:
        near += [row for row in rows if wanted in _name(row).casefold()]
    elif len(wanted) == 2:  # of a country, the two letters of its short code
        near += [
            row for row in rows if len(_code(row)) == 3 and _code(row).casefold()[:2] == wanted
        ]
    shown = list(dict.fromkeys(f"{_name(row)!r} ({_code(row)})" for row in near))[:_HINTS]
    return f"Did you mean {' or '.join(shown)}?" if shown else ""


def _no_country(table: Sequence[Intensity], countries: Sequence[Intensity], given: str) -> NoReturn:
    region = _match(given, [row for row in table if row.region])
    todo = _near(given, countries) or "accounting.grid.intensity_table() lists all"
    if region is not None and len(given.strip()) > 3:
        todo = f"It is a region: give country={region.country!r}, region={region.region!r}"
    allowed = "codes of three letters (ISO 3166, as 'DEU') and English names ('Germany')"
    _refuse("country", given, allowed, todo)


def _no_region(country: Intensity, own: Sequence[Intensity], given: str) -> NoReturn:
    kind = f"region of {country.country_name}"
    if not own:
        todo = "Leave region out, or give intensity_g_per_kwh yourself"
        _refuse(kind, given, "none, the data have the whole country alone", todo)
    codes = ", ".join(_code(row) for row in own)
    _refuse(kind, given, f"{codes}, or their names", _near(given, own))


def _no_cloud(table: Sequence[Intensity], clouds: Sequence[Intensity], given: str) -> NoReturn:
    other = _match(given, table)
    todo = (
        f"{_near(given, clouds)} The data have no other cloud: for one, give the country where its "
        "data centre stands"
    ).lstrip()
    if other is not None and other.region:
        todo = f"It is {other.place}: give country={other.country!r}, region={other.region!r}"
    elif other is not None:
        todo = f"It is a country: give country={other.country!r}"
    codes = ", ".join(_code(row) for row in clouds)
    kind = "cloud region (a region without a country)"
    _refuse(kind, given, f"those of Google Cloud: {codes}", todo)


def _refuse(kind: str, given: str, allowed: str, todo: str) -> NoReturn:
    raise UnknownNameError(explain(f"unknown {kind} {given!r}", allowed=allowed, todo=todo))
