"""Run the README's example, paste what it prints, and draw its picture.

``python docs/make_readme.py`` writes ``README.md`` and
``docs/_static/first_report.png``; with ``--check`` it writes nothing and ends
with status 1 when the printed text is out of date. Pixels are not compared:
they depend on fonts.
"""

from __future__ import annotations

import argparse
import difflib
import importlib
import io
import re
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
PICTURE = ROOT / "docs" / "_static" / "first_report.png"


def block(text: str, name: str) -> str:
    """Return what stands in the fence between a pair of markers.

    Parameters
    ----------
    text : str
        The README.
    name : str
        Name of the markers: ``<!-- name:start -->`` and ``<!-- name:end -->``.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        When the markers, or the fence between them, are not there.
    """
    found = re.search(
        rf"<!-- {name}:start -->\n```\w*\n(.*?)```\n<!-- {name}:end -->", text, re.DOTALL
    )
    if found is None:
        raise ValueError(f"{README.name} has no fenced block between the markers {name!r}")
    return found.group(1)


def run_example(code: str) -> tuple[str, dict[str, Any]]:
    """Run the example and return what it printed, and its variables."""
    names: dict[str, Any] = {"__name__": "__main__"}
    printed = io.StringIO()
    with redirect_stdout(printed):
        exec(compile(code, f"{README.name} example", "exec"), names)
    lines = (line.rstrip() for line in printed.getvalue().strip().splitlines())
    return "\n".join(lines) + "\n", names


def with_output(text: str, output: str) -> str:
    """Return the README with the printed text in its place."""
    old = f"```text\n{block(text, 'example-output')}```\n<!-- example-output:end -->"
    return text.replace(old, f"```text\n{output}```\n<!-- example-output:end -->")


def draw(report: Any) -> None:
    """Save the picture that a report draws of itself."""
    import matplotlib as mpl

    mpl.use("agg")
    drawn = report.plot()
    figure = getattr(drawn, "figure", drawn)  # a figure, or axes of one
    PICTURE.parent.mkdir(exist_ok=True)
    # No date and no version: the same figure gives the same file.
    figure.savefig(PICTURE, dpi=150, bbox_inches="tight", metadata={"Software": None})


def main() -> int:
    """Make or check the README; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say whether it is up to date")
    options = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    importlib.import_module("pynn_greenmorph")  # answers to pyNN.greenmorph, installed or not
    text = README.read_text(encoding="utf-8")
    output, names = run_example(block(text, "example"))
    new = with_output(text, output)
    if options.check:
        changes = list(difflib.unified_diff(text.splitlines(), new.splitlines(), lineterm="", n=1))
        print("\n".join(changes) or f"{README.name} is up to date")
        if not PICTURE.exists():
            print(f"{PICTURE.relative_to(ROOT)} is missing")
        return 1 if changes or not PICTURE.exists() else 0
    README.write_text(new, encoding="utf-8")
    draw(names["report"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
