"""How many threads, and running the loop on them.

Threads are started afresh for each call of the loop: a pool would hang a
process that was forked after a run, and starting costs less than a thousandth
of a chunk.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import SimulationError, explain
from .machine_code import compiles

__all__ = ["available_threads", "choose_threads", "new_words", "run_parts"]

#: Positions of the words of a barrier: parts that have arrived, generation of
#: the barrier, stop at once, number of the window after which all leave.
ARRIVED, GENERATION, STOP, LEAVE = 0, 16, 32, 48

#: Steps of cells that one thread must have between two barriers before a
#: further thread pays on a shared machine (about 10 us of work).
WORK_PER_THREAD = 12_000

_QUOTA_FILES = ("/sys/fs/cgroup/cpu.max", "/sys/fs/cgroup/cpu/cpu.cfs_quota_us")


def _quota(files: tuple[str, str] = _QUOTA_FILES) -> float:
    """Processors that the container may use; infinite without a limit."""
    try:
        words = Path(files[0]).read_text().split()
        return float("inf") if words[0] == "max" else int(words[0]) / int(words[1])
    except (OSError, ValueError, IndexError):
        pass
    try:
        quota = int(Path(files[1]).read_text())
        period = int(Path(files[1]).with_name("cpu.cfs_period_us").read_text())
        return quota / period if quota > 0 else float("inf")
    except (OSError, ValueError):
        return float("inf")


def available_threads() -> int:
    """Return how many threads can compute at once: affinity and quota of the container."""
    known = hasattr(os, "sched_getaffinity")
    n = len(os.sched_getaffinity(0)) if known else os.cpu_count() or 1
    return max(1, min(n, int(min(_quota(), 1e6))))


def choose_threads(requested: int | str, n_cells: int, n_blocks: int, window: int) -> int:
    """Return the number of threads for a network; no result depends on it.

    Parameters
    ----------
    requested : int or "auto"
        ``"auto"``: as many as are available and have enough to do.
    n_cells, n_blocks : int
        Cells, and the blocks of cells that can be shared out: a thread without
        one would only be waited for.
    window : int, steps
        Steps between two barriers.

    Returns
    -------
    int
    """
    if not compiles():
        return 1  # plain Python has no atomic instructions
    if requested != "auto":
        return max(1, min(int(requested), n_blocks))
    return max(1, min(available_threads(), n_cells * window // WORK_PER_THREAD))


def new_words() -> NDArray[np.int64]:
    """Return the words of a barrier that nobody has reached: (64,) int64."""
    return np.zeros(64, dtype=np.int64)


def run_parts(call: Callable[[int], Any], n_parts: int, words: NDArray[np.int64]) -> list[Any]:
    """Call ``call(part)`` for all parts at once; the caller's thread takes part 0.

    Parameters
    ----------
    call : callable
        Runs one part.
    n_parts : int
    words : (64,) int64
        The words of the barrier.

    Returns
    -------
    list
        What the calls returned, by part.

    Raises
    ------
    SimulationError
        When a thread cannot be started.
    Exception
        What a part raised, after all have left.
    """
    results: list[Any] = [None] * n_parts
    errors: list[BaseException] = []

    def work(part: int) -> None:
        try:
            results[part] = call(part)
        except BaseException as error:  # noqa: BLE001 - raised below, when all have left
            errors.append(error)
            words[STOP] = 1

    threads = [threading.Thread(target=work, args=(part,)) for part in range(1, n_parts)]
    started = []
    try:
        for thread in threads:
            thread.start()
            started.append(thread)
        work(0)
    except RuntimeError as error:
        words[STOP] = 1
        raise SimulationError(
            explain(
                f"a thread cannot be started ({error})",
                where="run()",
                given=f"{n_parts} threads",
                todo="Give fewer to setup(threads=)",
            )
        ) from error
    finally:
        for thread in started:
            thread.join()
    if errors:
        raise errors[0]
    return results
