"""Fill the tables of ``docs/performance.md`` and ``README.md`` from ``results.json``.

``python benchmarks/write_tables.py`` replaces what stands between
``<!-- name:start -->`` and ``<!-- name:end -->``; ``--check`` writes nothing and
ends with status 1 when a table is out of date. No figure in those tables is
typed by hand.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import string
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from machine import RESULTS, ROOT

PAGE = ROOT / "docs" / "performance.md"
README = ROOT / "README.md"
PICTURE = ROOT / "docs" / "_static" / "growth.svg"
OURS = "greenmorph"
NAMES = {"pynn_nest": "pyNN.nest", "nest": "NEST", "brian2": "Brian2", OURS: "this backend"}
OTHERS = ("pynn_nest", "nest", "brian2")
#: Workloads of the README; the page has all.
README_ROWS = ("va4k", "coba", "coba_fast", "va20k_k1000", "brunel")
MISSING = "Not measured yet."
NONE = "–"

Results = dict[str, Any]
Table = list[list[str]]


def number(value: float | None, digits: int = 2) -> str:
    """Return a number with so many significant digits, without an exponent."""
    if value is None:
        return NONE
    rounded = float(f"{value:.{digits}g}")
    if abs(rounded) >= 10 ** (digits - 1):
        return f"{rounded:,.0f}".replace(",", " ")
    return f"{value:#.{digits}g}" if abs(rounded) >= 1e-3 else f"{rounded:g}"


def table(head: list[str], rows: Table) -> str:
    """Return a Markdown table; its first column is text, the others are numbers."""
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "\n".join("|" + "|".join(line) + "|" for line in lines)


def machine_line(entry: Results) -> str:
    """Say where, with what and when an entry was measured."""
    machine = entry["machine"]
    versions = machine["versions"]
    return (
        f"{machine['cpu']} (family/model {machine['cpu_family_model']}), {machine['cores']} "
        f"cores, L2 {machine['l2']}, L3 {machine['l3']}, {machine['system']}; "
        f"Python {versions['python']}, "
        + ", ".join(f"{k} {v}" for k, v in versions.items() if k != "python")
        + f"; {machine['date']}"
    )


def lettered(results: Results) -> dict[str, str]:
    """Give each machine and date a letter."""
    entries = [entry for part in results.values() for entry in part.values()]
    lines = dict.fromkeys(machine_line(entry) for entry in entries)
    return dict(zip(lines, string.ascii_uppercase, strict=False))


def measured_on(line: str, results: Results) -> list[str]:
    """Return the names of what was measured on a machine, as the programs call it."""
    return [
        name if part == "peers" else f"{part} {name}"
        for part, entries in sorted(results.items())
        for name, entry in sorted(entries.items())
        if machine_line(entry) == line
    ]


def mark_machines(results: Results) -> None:
    """Note in every entry the letter of its machine."""
    letters = lettered(results)
    for part in results.values():
        for entry in part.values():
            entry["letter"] = letters[machine_line(entry)]


def title(entry: Results) -> str:
    """Describe a workload: cells, synapses of each, drawn or not; and its machine."""
    cells = f"{entry['cells']:,}".replace(",", " ")
    degree = f"{entry['degree']:,}".replace(",", " ")
    model = f", {entry['model']}" if entry.get("model") else ""
    drawn = ", drawn" if entry["drawn"] else ""
    return f"{cells} cells × {degree}{model}{drawn} ({entry['letter']})"


def row_of(entry: Results, simulator: str, threads: int) -> Results | None:
    """Return the measurement of a simulator in an entry, or None."""
    for row in entry["rows"]:
        if (row["simulator"], row["threads"]) == (simulator, threads):
            found: Results = row
            return found
    return None


def figure(row: Results | None, name: str) -> float | None:
    """Return a median; ``ready_s`` is building and the first ms together."""
    if row is None:
        return None
    median = row["median"]
    value = median["build_s"] + median["first_s"] if name == "ready_s" else median.get(name)
    return None if value is None else float(value)


def _seconds(row: Results, name: str) -> list[float] | None:
    """Return a figure of each round, or None; see :func:`figure`."""
    if figure(row, name) is None:
        return None
    if name == "ready_s":
        return [one["build_s"] + one["first_s"] for one in row["raw"]]
    return [one[name] for one in row["raw"]]


def quotients(entry: Results, name: str, threads: int) -> dict[str, list[float]]:
    """Return, for each other simulator, its time over ours with as many threads, round by round.

    What was measured in fewer rounds than ours is one quotient, of the medians.
    """
    rows = {s: row_of(entry, s, threads) for s in (OURS, *OTHERS)}
    times = {s: _seconds(row, name) for s, row in rows.items() if row is not None}
    own, found = times.pop(OURS, None), {}
    for simulator, theirs in times.items():
        if own is None or theirs is None:
            continue
        if len(theirs) == len(own):
            found[simulator] = [their / our for their, our in zip(theirs, own, strict=True)]
        else:
            found[simulator] = [statistics.median(theirs) / statistics.median(own)]
    return found


def ratios(entry: Results, name: str, threads: int) -> dict[str, float]:
    """Return, for each other simulator, the median of :func:`quotients`."""
    found = quotients(entry, name, threads)
    return {simulator: statistics.median(each) for simulator, each in found.items()}


def with_range(each: list[float] | None) -> str:
    """Write the median of quotients, and the lowest and the highest."""
    if each is None:
        return NONE
    median = number(statistics.median(each))
    return median if len(each) == 1 else f"{median} ({number(min(each))} to {number(max(each))})"


def timed_entries(results: Results) -> list[Results]:
    """Return the workloads in the order of size, without the one that is only built."""
    entries = [e for name, e in results.get("peers", {}).items() if name != "build"]
    return sorted(entries, key=lambda e: (e["cells"], e["degree"], e["drawn"]))


def ratio_table(entries: list[Results], name: str, own: str) -> str:
    """Return a table of ratios with our own time at the end."""
    rows = []
    for entry in entries:
        for threads in sorted({row["threads"] for row in entry["rows"]}):
            own_s = figure(row_of(entry, OURS, threads), name)
            found = quotients(entry, name, threads)
            shown = [with_range(found.get(s)) for s in OTHERS]
            rows.append([title(entry), str(threads), *shown, number(own_s)])
    head = ["network", "threads", *(NAMES[s] for s in OTHERS), own]
    return table(head, rows) if rows else MISSING


# -- the parts of the page ---------------------------------------------------------------


def part_machine(results: Results) -> str:
    """Say where and with what the figures were made."""
    entries = [entry for part in results.values() for entry in part.values()]
    if not entries:
        return MISSING
    lines = [
        f"{letter}: {line}; {', '.join(f'`{name}`' for name in measured_on(line, results))}"
        for line, letter in lettered(results).items()
    ]
    rows = [row for entry in entries for row in entry.get("rows", [])]
    busy = max((row["cores_busy_elsewhere"] for row in rows), default=0.0)
    lines.append(f"Other programs used at most {busy:.2f} cores during any one measurement.")
    return "\n".join(f"- {line}" for line in lines)


def part_run(results: Results) -> str:
    return ratio_table(timed_entries(results), "run_s", "ours, s")


def part_build(results: Results) -> str:
    entries = timed_entries(results)
    if "build" in results.get("peers", {}):
        entries = [*entries, results["peers"]["build"]]
    again = [e for e in entries if figure(row_of(e, OURS, 1), "again_s")]
    return (
        ratio_table(entries, "ready_s", "ours, s")
        + "\n\nOnce more in the same process, all code loaded, without the first ms:\n\n"
        + ratio_table(again, "again_s", "ours, s")
    )


def part_spikes(results: Results) -> str:
    """Say, for each workload, whether spikes were the same."""
    rows = []
    everything = {**results.get("peers", {}), **results.get("memory", {})}
    for name, entry in sorted(everything.items()):
        check, far = entry["check"], entry["check"].get("brian2_difference")
        brian2 = NONE
        if row_of(entry, "brian2", 1) and not check.get("noisy"):
            brian2 = "the same" if check["exact_with_brian2"] else f"{far:.2%} more or fewer"
        rows.append([name, str(entry["rows"][0]["spikes"][0]), _agreed(check), brian2])
    head = ["workload", "spikes", "NEST and pyNN.nest", "Brian2"]
    return table(head, rows) if rows else MISSING


def _agreed(check: Results) -> str:
    if check.get("noisy"):
        return f"{check['difference']:.2%} apart, all together: other noise, or float32"
    return "the same" if check["exact"] else "**different**"


def part_small(results: Results) -> str:
    """Ten cells: one call, one second, whole processes."""
    small, rows = results.get("small", {}), []
    if "ten_cells" in small:
        entry = small["ten_cells"]
        for name, what in (
            ("run_call_s", "a call of `run(1.0)`"),
            ("run_s", "`run(999.0)`"),
            ("ready_s", "build and first `run(1.0)`"),
        ):
            found, own = ratios(entry, name, 1), figure(row_of(entry, OURS, 1), name)
            rows.append(
                [what, *(number(found.get(s)) for s in ("pynn_nest", "nest")), NONE, number(own)]
            )
    if "start" in small:
        median = small["start"]["median"]
        own = median[OURS]
        others = (median.get("pynn_nest"), None, median["import pyNN.mock"])
        shown = [number(t / own) if t else NONE for t in others]
        rows.append(["whole process, 1 s of biology", *shown, number(own)])
    head = ["ten cells", "pyNN.nest", "NEST", "only `import pyNN.mock`", "ours, s"]
    return table(head, rows) if rows else MISSING


def part_memory(results: Results) -> str:
    """Bytes per synapse."""
    rows = []
    for _, entry in sorted(results.get("memory", {}).items()):
        what = "weights and delays drawn" if entry["drawn"] else "one weight, one delay"
        what = entry.get("model") or what
        for row in entry["rows"]:
            tables = number(row["table_per_synapse"])
            rows.append([what, NAMES[row["simulator"]], tables, number(row["rss_per_synapse"])])
    head = ["16 to 20 million synapses", "simulator", "tables, B", "process, B"]
    return table(head, rows) if rows else MISSING


def _limit(entry: Results, suffix: str, key: str, mine: str) -> list[str]:
    """Return what C takes, what we take, and the fraction with its quartiles."""
    limit, engine, fraction = (entry[f"{one}{suffix}"] for one in ("limit", "engine", "fraction"))
    lower, upper = entry[f"quartiles{suffix}"]["fraction"][key]
    share = f"{fraction[key]:.0%} ({lower:.0%} to {upper:.0%})"
    return [number(limit[key]), number(engine[mine]), share]


def part_limits(results: Results) -> str:
    """Engine and C, side by side."""
    rows = []
    names = {
        "event_ns": ("event_ns", "synaptic event, ns"),
        "count_ns": ("event_ns", "synaptic event, counted in bytes, ns"),
        "turns_event_ns": ("event_ns", "synaptic event, in turns with steps, ns"),
        "update_ns": ("update_ns", "step of a cell, ns"),
        "s_per_s": ("s_per_s", "all of `run()`, 1 thread, s for each s"),
    }
    for network, entry in sorted(results.get("limits", {}).items()):
        for key, (mine, what) in names.items():
            rows.append([f"`{network}`, {what}", *_limit(entry, "", key, mine)])
        what = names["s_per_s"][1].replace("1 thread", "2 threads")
        rows.append([f"`{network}`, {what}", *_limit(entry, "_2", "s_per_s", "s_per_s")])
    head = ["loop", "C", "this backend", "fraction of the limit (quartiles)"]
    return table(head, rows) if rows else MISSING


def comparisons(results: Results) -> Iterator[tuple[str, str, float]]:
    """Yield what was compared, with whom, and their figure over ours."""
    runs = {"run_s": "run", "ready_s": "build"}
    calls = {"run_call_s": "`run(1.0)`", "run_s": "`run(999.0)`", "ready_s": "build"}
    build = [results["peers"]["build"]] if "build" in results.get("peers", {}) else []
    small = results.get("small", {})
    groups = [(title(entry), entry, runs) for entry in [*timed_entries(results), *build]]
    groups += [("ten cells", small["ten_cells"], calls)] if "ten_cells" in small else []
    for where, entry, names in groups:
        for threads in sorted({row["threads"] for row in entry["rows"]}):
            plural = "1 thread" if threads == 1 else f"{threads} threads"
            for name, what in names.items():
                for other, ratio in ratios(entry, name, threads).items():
                    yield f"{where}, {what}, {plural}", other, ratio
    start = small.get("start", {}).get("median", {})
    if "pynn_nest" in start:
        yield "ten cells, whole process", "pynn_nest", start["pynn_nest"] / start[OURS]
    for _, entry in sorted(results.get("memory", {}).items()):
        sizes = {row["simulator"]: row["rss_per_synapse"] for row in entry["rows"]}
        kind = entry.get("model") or ("drawn" if entry["drawn"] else "all alike")
        for other in (name for name in OTHERS if name in sizes):
            yield f"memory of a synapse, {kind}", other, sizes[other] / sizes[OURS]


def part_losses(results: Results) -> str:
    """List every comparison that this backend loses."""
    if not results.get("peers"):
        return MISSING
    lost = [
        f"- {where}: {NAMES[other]} needs {number(ratio)} of what we need"
        for where, other, ratio in comparisons(results)
        if ratio < 1.0
    ]
    return "\n".join(lost) or "None of those measured."


def part_reports(results: Results) -> str:
    """What a report costs, by board and size."""
    found = results.get("reports", {})
    sizes = sorted(
        (entry for name, entry in found.items() if name != "counting"), key=lambda e: e["degree"]
    )
    if not sizes:
        return MISSING
    times = [
        {
            **{f"report on `{board}`": took for board, took in entry["report_s"].items()},
            "report, then all boards side by side": entry["compare_s"],
            "report, then a page in HTML with them": entry["html_s"],
        }
        for entry in sizes
    ]
    rows = [[what, *(number(column.get(what)) for column in times)] for what in times[-1]]
    return table(["s", *(title({**entry, "drawn": False}) for entry in sizes)], rows)


def part_counting(results: Results) -> str:
    """What counting adds to a run."""
    entry = results.get("reports", {}).get("counting")
    if not entry:
        return MISSING
    rows = [
        [what, *(number(value, digits) for value in entry[name])]
        for what, name, digits in (
            ("`run()` with counting, s", "on_s", 3),
            ("without, s", "off_s", 3),
            ("cost of counting, %", "cost_percent", 2),
        )
    ]
    head = [f"{entry['pairs']} pairs ({entry['letter']})", "lower quartile", "median"]
    return table([*head, "upper quartile"], rows)


def part_growth(results: Results) -> str:
    if not PICTURE.exists():
        return MISSING
    text = "Six small plots: cost against cells, synapses, firing rate, delays, threads, building"
    return f"![{text}](_static/{PICTURE.name})"


def part_readme(results: Results) -> str:
    """A few rows for the README: how many times our time the others take."""
    rows = []
    for name in README_ROWS:
        entry = results.get("peers", {}).get(name)
        found = ratios(entry, "run_s", 1) if entry else {}
        if entry and found:
            rows.append([f"run {title(entry)}", *(number(found.get(s)) for s in OTHERS)])
    built = results.get("peers", {}).get("va4k")
    if built:
        found = ratios(built, "ready_s", 1)
        rows.append([f"build {title(built)}", *(number(found.get(s)) for s in OTHERS)])
    head = ["times our time", *(NAMES[s] for s in OTHERS)]
    return table(head, rows) if rows else MISSING


PARTS = {
    "machine": part_machine, "run": part_run, "build": part_build, "spikes": part_spikes,
    "small": part_small, "memory": part_memory, "limits": part_limits, "losses": part_losses,
    "growth": part_growth, "reports": part_reports, "counting": part_counting,
}  # fmt: skip


def fill(text: str, name: str, content: str) -> str:
    """Replace what stands between a pair of markers.

    Raises
    ------
    ValueError
        When the markers are not there.
    """
    start, end = f"<!-- {name}:start -->\n", f"\n<!-- {name}:end -->"
    pattern = re.compile(f"{re.escape(start)}.*?{re.escape(end)}", re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"there is no pair of markers {name!r}")
    return pattern.sub(lambda _: f"{start}\n{content}\n{end}", text)


def main() -> int:
    """Write or check both pages; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say whether they are up to date")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    results = json.loads(options.results.read_text()) if options.results.exists() else {}
    mark_machines(results)
    page, readme = PAGE.read_text(encoding="utf-8"), README.read_text(encoding="utf-8")
    new_page = page
    for name, part in PARTS.items():
        new_page = fill(new_page, name, part(results))
    new_readme = fill(readme, "performance", part_readme(results))
    stale = [p.name for p, a, b in ((PAGE, page, new_page), (README, readme, new_readme)) if a != b]
    if options.check:
        print("\n".join(f"{name} is out of date" for name in stale) or "tables are up to date")
        return 1 if stale else 0
    PAGE.write_text(new_page, encoding="utf-8")
    README.write_text(new_readme, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
