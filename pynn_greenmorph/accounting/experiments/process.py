"""Which process made an attempt, and whether it still lives.

A process that was killed cannot say so. Its attempt stays "started", and who
reads the ledger later finds out from the host, its boot, the process id and the
start time of the process: an id alone is used again by others. No clock is
asked, so clocks of hosts need not agree.
"""

from __future__ import annotations

import hashlib
import os
import platform
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Process", "fate", "this_process"]


@dataclass(frozen=True)
class Process:
    """Names one process among those of all hosts and times.

    Attributes
    ----------
    host : str
        Name of the host, and a few digits that tell hosts of one name apart.
    boot_id : str
        Names the host's present boot; empty where the system does not say.
    pid_space : str
        Names the space (container) in which ``pid`` counts; empty if unknown.
    pid : int
    started : str
        Start time of the process in the system's own ticks; empty if unknown.
    """

    host: str
    boot_id: str
    pid_space: str
    pid: int
    started: str


def this_process() -> Process:
    """Return the process that calls."""
    boot_id = _read("/proc/sys/kernel/random/boot_id").strip()
    space = ""
    with suppress(OSError):
        space = str(Path("/proc/self/ns/pid").readlink())
    pid = os.getpid()
    return Process(_host(), boot_id, space, pid, _start(pid))


def fate(process: Process) -> str:
    """Say what became of the process of an attempt that did not say how it ended.

    Parameters
    ----------
    process : Process

    Returns
    -------
    {"running", "killed", "unknown"}
        ``"unknown"`` if it runs or ran where this process cannot look.
    """
    here = this_process()
    if process.boot_id and process.boot_id == here.boot_id:
        if process.pid_space != here.pid_space or not process.started:
            return "unknown"
        return "running" if _start(process.pid) == process.started else "killed"
    if process.host == here.host and process.boot_id and here.boot_id:
        return "killed"  # the host was started again since
    return "unknown"


def _host() -> str:
    # The id of a machine is not for publication, so a ledger holds a digest of it.
    machine = _read("/etc/machine-id").strip()
    digest = hashlib.sha256(machine.encode()).hexdigest()[:8]
    return f"{platform.node()} {digest}" if machine else platform.node()


def _start(pid: int) -> str:
    """Return the start time of a living process; empty if there is none."""
    # Behind the name, which is in brackets and may hold any character: state, then 18 fields.
    fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    dead = len(fields) < 20 or fields[0] in "ZX"  # a zombie only waits to be noticed
    return "" if dead else fields[19]


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
