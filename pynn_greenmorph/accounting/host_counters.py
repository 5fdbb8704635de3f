"""Counters of this computer's energy: RAPL, and codecarbon's offline tracker."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Any

from ..errors import MissingPackageError, ReportError, explain
from .numbers import JOULE_PER_KWH

__all__ = ["Codecarbon", "Rapl"]

#: Seconds between two looks: at 1 kW a counter of 65 kJ overflows once in that time.
_LOOK_S = 30.0


class _Domain:
    """One counter in microjoules, which begins again at 0 after its range."""

    def __init__(self, folder: Path) -> None:
        self.name = (folder / "name").read_text(encoding="ascii").strip()
        self._file = folder / "energy_uj"
        self._range = int((folder / "max_energy_range_uj").read_text(encoding="ascii"))
        self._before = self._read()
        self.joule = 0.0

    def _read(self) -> int:
        return int(self._file.read_text(encoding="ascii"))

    def begin(self) -> None:
        self.joule, self._before = 0.0, self._read()

    def look(self) -> None:
        now = self._read()
        grown = now - self._before
        if grown < 0:
            grown += self._range
        self.joule, self._before = self.joule + grown * 1e-6, now


class Rapl:
    """The counters of processor packages and memory; make one with :meth:`find`."""

    method = "rapl"
    boundary = "processor packages and memory, all programs of this computer; not disks, fans, PSU"

    def __init__(self, domains: list[_Domain]) -> None:
        self._domains = domains
        self._looked = time.monotonic()
        self.note = "RAPL counters: " + ", ".join(domain.name for domain in domains)

    @classmethod
    def find(cls, folder: Path, *, needed: bool = False) -> Rapl | None:
        """Return the counters that can be read, or ``None``.

        Raises
        ------
        ReportError
            If there are none and they are needed.
        """
        domains, reason = [], f"there are none in {folder}"
        for path in sorted(folder.glob("intel-rapl:*")):
            try:
                domain = _Domain(path)
            except (OSError, ValueError) as error:
                reason = f"{path.name}: {getattr(error, 'strerror', None) or error}"
                continue
            # "core" and "uncore" are within a package, and "psys" holds packages.
            if domain.name.startswith(("package", "dram")):
                domains.append(domain)
        if any(domain.name.startswith("package") for domain in domains):
            return cls(domains)
        if needed:
            what = f"the energy counters of this computer cannot be read: {reason}"
            todo = "Use host_energy='auto', which gives an interval then"
            raise ReportError(explain(what, where="host_energy='rapl'", todo=todo))
        return None

    def begin(self) -> None:
        """Begin to count."""
        self._looked = time.monotonic()
        for domain in self._domains:
            domain.begin()

    def poll(self) -> None:
        """Look at the counters, if that was long ago."""
        if time.monotonic() - self._looked > _LOOK_S:
            self._look()

    def _look(self) -> None:
        self._looked = time.monotonic()
        for domain in self._domains:
            domain.look()

    def end(self) -> float:
        """Return the energy since ``begin()``, J."""
        self._look()
        return sum(domain.joule for domain in self._domains)


class Codecarbon:
    """codecarbon's offline tracker; only its energy is used, never its carbon."""

    method = "codecarbon"
    boundary = "processors, memory and GPUs as codecarbon sees them; not disks, fans, PSU"

    def __init__(self) -> None:
        try:
            import codecarbon  # an extra, and slow to import
        except ImportError as error:
            todo = "Install the extra `carbon`: pip install 'pynn_greenmorph[carbon]'"
            what = "codecarbon is not installed"
            where = "host_energy='codecarbon'"
            raise MissingPackageError(explain(what, where=where, todo=todo)) from error
        logging.getLogger("codecarbon").setLevel(logging.CRITICAL)  # it speaks before it listens
        # The online class asks the internet where it is. The offline one wants a country, for
        # the carbon that is not used here; its energy does not depend on it.
        self._tracker: Any = codecarbon.OfflineEmissionsTracker(
            country_iso_code="USA",
            save_to_file=False,
            log_level=logging.getLevelName(logging.CRITICAL),
            allow_multiple_runs=True,
        )
        self._number = 0
        self.note = f"codecarbon {codecarbon.__version__}, offline; it assumes what it cannot read"

    def begin(self) -> None:
        """Begin a task of the tracker."""
        self._number += 1
        self._tracker.start_task(f"run {self._number}")

    def poll(self) -> None:
        """Do nothing: the tracker looks by itself."""

    def end(self) -> float:
        """Return the energy since ``begin()``, J."""
        done = self._tracker.stop_task(f"run {self._number}")
        return float(done.energy_consumed) * JOULE_PER_KWH
