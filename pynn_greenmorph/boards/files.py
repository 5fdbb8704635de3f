"""Where the profiles of boards and comparators lie, our own and those of other distributions."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

from ..errors import BoardError, explain
from ..registry import ENTRY_POINT_GROUPS

__all__ = ["ProfileFiles", "board_files", "comparator_files"]


def board_files() -> ProfileFiles:
    """Return the profile file of every board, own and third parties', by name, sorted."""
    return ProfileFiles("boards", Path(__file__).parent)


def comparator_files() -> ProfileFiles:
    """Return the profile file of every comparator, as :func:`board_files` does of boards."""
    return ProfileFiles("comparators", Path(__file__).parent / "comparators")


class ProfileFiles(Mapping[str, Path]):
    """Profile files by name; a third party's entry point is loaded when its file is asked for.

    So a distribution that is broken costs its own profile only.

    Parameters
    ----------
    kind : {"boards", "comparators"}
    folder : Path
        Where our own profiles lie.
    """

    def __init__(self, kind: str, folder: Path) -> None:
        self._kind = kind
        self._own = {path.stem: path for path in folder.glob("*.toml")}

    # Looking through all distributions takes long, so it is not done for profiles of our own.
    @cached_property
    def _points(self) -> dict[str, importlib.metadata.EntryPoint]:
        return {point.name: point for point in reversed(self._all_points)}

    @cached_property
    def _all_points(self) -> tuple[importlib.metadata.EntryPoint, ...]:
        return tuple(importlib.metadata.entry_points(group=ENTRY_POINT_GROUPS[self._kind]))

    @property
    def hidden(self) -> tuple[str, ...]:
        """Entry points that are not used, because their name is taken.

        By a profile of our own, or of a distribution that was found before.
        """
        used = {id(point) for name, point in self._points.items() if name not in self._own}
        return tuple(
            f"{point.name} of the distribution {point.dist.name if point.dist else '?'}"
            for point in self._all_points
            if id(point) not in used
        )

    def __iter__(self) -> Iterator[str]:
        return iter(sorted({*self._own, *self._points}))

    def __len__(self) -> int:
        return len({*self._own, *self._points})

    def __contains__(self, name: object) -> bool:
        return name in self._own or name in self._points

    def __getitem__(self, name: str) -> Path:
        if name in self._own:
            return self._own[name]
        point = self._points[name]
        try:
            return Path(point.load())
        except Exception as error:
            what = f"its file cannot be found: {error!r}"
            where = f"entry point {point.name} = {point.value} of the group {point.group}"
            allowed = "a pathlib.Path of a profile"
            raise BoardError(explain(what, where=where, allowed=allowed)) from error
