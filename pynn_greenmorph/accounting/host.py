"""Energy of this computer during ``run()``: what the simulation cost here, not on a board.

It stands beside the modelled energy and is never added to it. Three methods:

``rapl``
    Counters of the processor packages and the memory (Linux powercap), where
    this process may read them. They count all programs of the computer.
``interval``
    Without counters: processor seconds of this process, times the lowest and
    the highest power per busy core that is published for whole computers.
``codecarbon``
    If asked for: codecarbon's offline tracker, an extra. It says itself how it
    finds the power; without counters it assumes one.

The first ``run()`` of a kind of model on a computer compiles kernels, which may
take longer than the simulation. An interval leaves that time out, as it belongs to
no run; counters cannot tell it apart, so there it is said that it is included.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from operator import add
from pathlib import Path
from typing import Any, NamedTuple

from ..engine.machine_code import CompileTime, compile_time
from .host_counters import Codecarbon, Rapl
from .numbers import quantity, span
from .wrapping import wrapped

__all__ = ["CORE_W", "METHODS", "HostClock", "HostEnergy", "host_rows"]

METHODS = ("auto", "rapl", "interval", "codecarbon")

#: Lowest and highest published power per busy core of whole computers, W. Low: two EPYC 7702
#: with all 128 cores busy, 0.33 uJ per event x 938 037 605 events per biological second / 0.67 s
#: (Senk et al. 2026, doi:10.1088/2634-4386/ae379a). High: a desktop with a Ryzen 2600X of which
#: one thread is busy (Ostrau et al. 2022, doi:10.3389/fnins.2022.873935).
CORE_W = (0.33e-6 * 938_037_605 / 0.67 / 128, 82.3)

_POWERCAP = Path("/sys/class/powercap")


@dataclass(frozen=True)
class HostEnergy:
    """What this computer used while the network was simulated.

    Attributes
    ----------
    method : {"rapl", "interval", "codecarbon"}
    boundary : str
        What the energy includes.
    note : str
        Where the power comes from.
    runs : int
        Calls of ``run()``.
    wall_s, cpu_s : float, s
        Their time on the clock, and processor time of this process, without compiling.
    compile_s : float, s
        For how long kernels were compiled meanwhile, on the clock.
    energy_j : float or None, J
        What was counted; ``None`` where there is an interval only. Counters do not
        tell compiling apart, so it is in this.
    interval_j : (float, float) or None, J
        Lowest and highest energy that is plausible, without compiling.
    """

    method: str
    boundary: str
    note: str
    runs: int
    wall_s: float
    cpu_s: float
    compile_s: float
    energy_j: float | None
    interval_j: tuple[float, float] | None

    @property
    def subject(self) -> str:
        """Whose joules these are."""
        how = "counted" if self.method == "rapl" else "estimated"
        return f"this computer: {how}"

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for the report's document."""
        ends = self.interval_j
        fields = {**asdict(self), "interval_j": None if ends is None else list(ends)}
        return {"subject": self.subject, **fields}

    def __str__(self) -> str:
        rows = host_rows(self.to_dict())
        return wrapped("\n".join("  ".join(filter(None, row)) for row in rows))


def host_rows(host: Mapping[str, Any]) -> tuple[tuple[str, str, str], ...]:
    """Return rows of words for what ``HostEnergy.to_dict`` gives."""
    if host["energy_j"] is not None:
        energy = quantity(host["energy_j"], "J")
    else:
        energy = span((host["interval_j"][0], host["interval_j"][1]), "J")
    times = f"{host['wall_s']:.4g} s on the clock, {host['cpu_s']:.4g} s of processors"
    calls = f"{host['runs']} call{'' if host['runs'] == 1 else 's'} of run(), without compiling"
    return (
        ("energy of run()", energy, f"{host['subject']}; method {host['method']}"),
        ("time of run()", times, calls),
        *_compiling(host),
        ("boundary", host["boundary"], host["note"]),
    )


def _compiling(host: Mapping[str, Any]) -> tuple[tuple[str, str, str], ...]:
    if not host["compile_s"]:
        return ()
    where = (
        "not in this energy"
        if host["energy_j"] is None
        else "in this energy, as counters count all"
    )
    words = f"once per computer, kept for later runs; {where}"
    return (("time of compiling", f"{host['compile_s']:.4g} s on the clock", words),)


class _Reading(NamedTuple):
    runs: int = 0
    wall_s: float = 0.0
    cpu_s: float = 0.0
    compile_s: float = 0.0
    counted_j: float = 0.0

    def plus(self, other: _Reading) -> _Reading:
        return _Reading(*map(add, self, other))


class HostClock:
    """Adds up time and energy of the calls of ``run()``.

    Parameters
    ----------
    method : {"auto", "rapl", "interval", "codecarbon"}
        ``"auto"`` takes the counters where they can be read, else the interval.
    folder : path
        The system's folder of power counters.

    Raises
    ------
    ReportError
        For ``"rapl"`` where the counters cannot be read.
    MissingPackageError
        For ``"codecarbon"`` where it is not installed.
    """

    def __init__(self, method: str = "auto", folder: Path = _POWERCAP) -> None:
        self._counter: Rapl | Codecarbon | None = None
        if method == "codecarbon":
            self._counter = Codecarbon()
        elif method != "interval":
            self._counter = Rapl.find(folder, needed=method == "rapl")
        self._began, self._compiled = (0.0, 0.0), CompileTime(0.0, 0.0)
        self._all, self._last = _Reading(), _Reading()

    def begin(self) -> None:
        """Begin a call of ``run()``."""
        if self._counter is not None:
            self._counter.begin()
        self._compiled = compile_time()
        self._began = time.perf_counter(), time.process_time()

    def poll(self) -> None:
        """Read the counters in the middle of a run, so that none overflows twice unseen."""
        if self._counter is not None:
            self._counter.poll()

    def end(self) -> None:
        """End a call of ``run()``."""
        wall_s = time.perf_counter() - self._began[0]
        cpu_s = time.process_time() - self._began[1]
        counted_j = 0.0 if self._counter is None else self._counter.end()
        compiled = compile_time()
        compile_s = compiled.wall_s - self._compiled.wall_s
        # Clocks tick apart from each other: what is left may come out a tick below 0.
        wall_s = max(wall_s - compile_s, 0.0)
        cpu_s = max(cpu_s - (compiled.cpu_s - self._compiled.cpu_s), 0.0)
        self._last = _Reading(1, wall_s, cpu_s, compile_s, counted_j)
        self._all = self._all.plus(self._last)

    def energy(self, *, last: bool = False) -> HostEnergy:
        """Return the energy of all calls so far, or of the last one."""
        reading = self._last if last else self._all
        counter = self._counter
        if counter is not None:
            return HostEnergy(
                counter.method,
                counter.boundary,
                counter.note,
                reading.runs,
                reading.wall_s,
                reading.cpu_s,
                reading.compile_s,
                reading.counted_j,
                None,
            )
        low, high = (reading.cpu_s * watt for watt in CORE_W)
        return HostEnergy(
            "interval",
            "whole computer at its socket, the share of the cores that this process kept busy",
            f"no power counter was read; {CORE_W[0]:.3g} to {CORE_W[1]:.3g} W per busy core, "
            "published for two EPYC 7702 (Senk et al. 2026) and a Ryzen 2600X (Ostrau et al. 2022)",
            reading.runs,
            reading.wall_s,
            reading.cpu_s,
            reading.compile_s,
            None,
            (low, high),
        )
