"""What the figures depend on: machine, versions, date; and the file of results."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

__all__ = ["RESULTS", "ROOT", "describe", "memory_bytes", "update"]

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results.json"
_PACKAGES = ("pynn_greenmorph", "PyNN", "nest-simulator", "brian2", "numba", "numpy", "neo")


def describe() -> dict[str, Any]:
    """Return the machine, the versions of what takes part, and the date (UTC)."""
    versions = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "not installed"
    return {
        "cpu": _lscpu("Model name"),
        "cpu_family_model": f"{_lscpu('CPU family')}/{_lscpu('Model')}",
        "l2": _lscpu("L2 cache"),
        "l3": _lscpu("L3 cache"),
        "cores": len(os.sched_getaffinity(0)),
        "system": f"{platform.system()} {platform.machine()}",
        "compiler": _first_line(["gcc", "--version"]),
        "date": datetime.now(UTC).date().isoformat(),
        "versions": versions,
    }


def _first_line(command: list[str]) -> str:
    try:
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return output.splitlines()[0].strip()


def _lscpu(name: str) -> str:
    try:
        output = subprocess.run(["lscpu"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    for line in output.splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return "unknown"


def memory_bytes() -> tuple[int, int]:
    """Return this process's resident memory, now and at its peak, bytes."""
    fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    now, peak = (int(fields[name].split()[0]) * 1024 for name in ("VmRSS", "VmHWM"))
    return now, peak


def update(part: str, name: str, content: dict[str, Any], path: Path = RESULTS) -> None:
    """Replace one entry of the file of results, with the machine it was made on.

    Parameters
    ----------
    part : str
        ``peers``, ``small``, ``memory``, ``limits``, ``growth`` or ``reports``.
    name : str
        Entry of the part, such as a workload.
    content : dict
    path : Path
        The file; what else stands in it stays.
    """
    results = json.loads(path.read_text()) if path.exists() else {}
    results.setdefault(part, {})[name] = {"machine": describe(), **content}
    path.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")
