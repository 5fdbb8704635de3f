"""A progress bar for runs on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from tqdm import tqdm

__all__ = ["progress_bar"]

#: Seconds before the bar appears, so that quick models do not flicker.
DELAY_S = 0.5

#: Least number of seconds between two drawings.
INTERVAL_S = 0.1


@contextmanager
def progress_bar(stream: TextIO) -> Iterator[Callable[[float, float], None] | None]:
    """Give a function that shows how far a run is, or None if nobody is looking.

    Parameters
    ----------
    stream : text file
        Where the bar is drawn, if that is a terminal.

    Yields
    ------
    callable or None
        ``show(now, target)``, both in ms of biological time. One bar serves all
        runs of a script, because a script may call ``run()`` thousands of times.
    """
    if not stream.isatty():
        yield None
        return
    # The front end calls a few times per second, so tqdm need not guess how often to
    # draw, nor watch its guesses from a thread (a thread makes fork() unsafe).
    tqdm.monitor_interval = 0
    form = "{percentage:3.0f}%|{bar}| {n:.0f}/{total:.0f} ms [{elapsed}<{remaining}]"
    with tqdm(
        total=0,
        file=stream,
        leave=False,
        delay=DELAY_S,
        mininterval=INTERVAL_S,
        miniters=0,
        bar_format=form,
    ) as bar:

        def show(now: float, target: float) -> None:
            # The clock starts with the first run, and again with a new trial or network.
            if not bar.total or now < bar.n:
                bar.reset(target)
            bar.total = target
            bar.update(now - bar.n)

        yield show
