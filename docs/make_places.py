"""Write the page of places whose carbon intensity is known from the data.

``python docs/make_places.py`` writes ``docs/reference/places.md``; with ``--check``
it writes nothing and ends with status 1 when the page is out of date. A test says so too.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reference" / "places.md"
sys.path.insert(0, str(ROOT))

from pynn_greenmorph.accounting.grid import (  # noqa: E402 - found only now
    CLOUD_SOURCES,
    GRID_SOURCES,
    Intensity,
    intensity_table,
)

INTRODUCTION = """<!-- Written by docs/make_places.py: change the data, then run it again. -->

# Places

What `report.nature(country=..., region=...)` takes, with the carbon intensity of the electricity
there. A country is named by its code or its English name, a region by its code or its name, in any
case: `country="DEU"`, `country="USA", region="CA"`. Regions of Google Cloud need no country:
`region="europe-west3"`. Nothing falls back from a place to another one: where the data have no
value, or not this place, give `intensity_g_per_kwh` yourself. `year` asks for data of one year, and
fails if they are of another.
"""


def page() -> str:
    """Return the text of the page."""
    rows = intensity_table()
    clouds = [row for row in rows if row.source in CLOUD_SOURCES]
    regions = [row for row in rows if row.region and row not in clouds]
    countries = [row for row in rows if not row.region]
    lines = [*INTRODUCTION.splitlines(), ""]
    lines += section("Countries", "country", countries)
    lines += section("Regions of countries", "region", regions)
    lines += section("Regions of Google Cloud", "region", clouds)
    lines += ["## Sources", ""]
    used = sorted({row.source for row in rows})
    lines += [f"- **{key}**: {GRID_SOURCES[key]}." for key in used]
    return "\n".join(lines) + "\n"


def section(title: str, kind: str, rows: Iterable[Intensity]) -> Iterator[str]:
    """Yield the table of some places."""
    yield from (f"## {title}", "", f"| {kind} | name | gCO2e/kWh | year | source |")
    yield "|---|---|--:|---|---|"
    for row in rows:
        name = f"{row.place} (`{row.country}`)" if row.region else row.place
        value = "no data" if row.g_per_kwh is None else f"{row.g_per_kwh:g}"
        yield f"| `{row.region or row.country}` | {name} | {value} | {row.year} | {row.source} |"
    yield ""


def main() -> int:
    """Make or check the page; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say whether it is out of date")
    fresh = PAGE.exists() and PAGE.read_text(encoding="utf-8") == page()
    if parser.parse_args().check:
        print("the page is up to date" if fresh else f"{PAGE.name} is out of date")
        return 0 if fresh else 1
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
