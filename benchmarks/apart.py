"""Start measurements in new processes, in rounds, and sum them up."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

__all__ = ["Job", "installed", "measure_apart", "rounds_of", "summary", "wall_of"]

_ONE = Path(__file__).with_name("one.py")
_TIMEOUT_S = 3600
_NEEDS = {"greenmorph": "numba", "pynn_nest": "nest", "nest": "nest", "brian2": "brian2"}


@dataclass
class Job:
    """One simulator on one workload with one number of threads.

    Attributes
    ----------
    arguments : list of str
        For ``one.py``.
    rounds : int
        How often to measure.
    raw : list of dict
        What each process printed.
    """

    workload: str
    simulator: str
    threads: int
    rounds: int
    arguments: list[str] = field(default_factory=list)
    raw: list[dict[str, Any]] = field(default_factory=list)


def installed(simulator: str) -> bool:
    """Say whether a simulator can be measured here."""
    return find_spec(_NEEDS[simulator]) is not None


def _busy_s() -> tuple[float, float]:
    """Return CPU time so far of the whole machine and of this program's children, s."""
    fields = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    idle = fields[3] + fields[4]
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    machine = (sum(fields[:8]) - idle) / os.sysconf("SC_CLK_TCK")
    return machine, used.ru_utime + used.ru_stime


def measure_apart(job: Job) -> dict[str, Any]:
    """Measure once in a new process.

    Raises
    ------
    RuntimeError
        With what the process wrote, when it fails.
    """
    command = [sys.executable, str(_ONE), job.workload, job.simulator]
    command += ["--threads", str(job.threads), *job.arguments]
    began, busy = time.perf_counter(), _busy_s()
    done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    wall_s = time.perf_counter() - began
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{done.stderr[-3000:]}")
    # Simulators print banners: the figures are the last line.
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    # Cores that others used meanwhile. Simulators whose threads spin lose most by it.
    now = _busy_s()
    elsewhere = max(0.0, (now[0] - busy[0]) - (now[1] - busy[1])) / wall_s
    result["cores_busy_elsewhere"] = elsewhere
    print(
        f"  {job.workload} {job.simulator} x{job.threads}: run {result['run_s']:.4g} s, "
        f"{result['spikes']} spikes ({wall_s:.0f} s in all; "
        f"others used {elsewhere:.2f} cores)",
        file=sys.stderr,
    )
    return result


def rounds_of(jobs: Sequence[Job]) -> None:
    """Measure all jobs in turns, A B C A B C: a slow minute of the machine hits all alike."""
    for number in range(max((job.rounds for job in jobs), default=0)):
        for job in jobs:
            if number < job.rounds:
                job.raw.append(measure_apart(job))


def wall_of(code: str) -> float:
    """Return the wall time of ``python -c code``, s: start of the interpreter to its end."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    return time.perf_counter() - began


def summary(job: Job) -> dict[str, Any]:
    """Return medians of what was measured in seconds and bytes, with all raw values."""
    names = [name for name in job.raw[0] if name.endswith(("_s", "_bytes"))]
    return {
        "simulator": job.simulator,
        "threads": job.threads,
        "rounds": len(job.raw),
        "median": {name: statistics.median(row[name] for row in job.raw) for name in names},
        "spikes": sorted({row["spikes"] for row in job.raw}),
        "digests": sorted({row["digest"] for row in job.raw}),
        "synapses": job.raw[0]["synapses"],
        "cores_busy_elsewhere": max(row["cores_busy_elsewhere"] for row in job.raw),
        "raw": job.raw,
    }
