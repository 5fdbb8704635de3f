"""Redirection of the one simulator that a script selects to this package.

``import pyNN.nest as sim`` in a redirected script binds ``pynn_greenmorph``
itself, under its own name: nothing pretends to be NEST. A script that selects
two simulators is refused, because it most likely compares them and the
comparison would be one of this package with itself.

A finder that stands first in ``sys.meta_path`` does this, for as long as the
:class:`Redirection` is entered. It decides when a module is really imported,
not when it is looked for, so that ``importlib.util.find_spec`` selects nothing.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType, TracebackType
from typing import Self

from ..errors import explain
from .simulators import (
    PACKAGE,
    SIMULATORS,
    Simulator,
    TwoSimulatorsError,
    simulator_of,
    two_simulators,
)

__all__ = ["Redirection"]

#: Module of a simulator -> module with the same contents here. Other submodules
#: (``pyNN.nest.cells``) hold what only that simulator has.
SUBMODULES = {"simulator": f"{PACKAGE}.frontend.state"}


class Redirection(MetaPathFinder, Loader):
    """Redirect the simulator that is imported first, while the context is entered.

    Parameters
    ----------
    only : Simulator, optional
        Redirect this one, whatever is imported first, and leave the others alone.
    on_select : callable, optional
        Called with the simulator when it is redirected for the first time.

    Attributes
    ----------
    selected : Simulator or None
        The simulator that was redirected.

    Raises
    ------
    TwoSimulatorsError
        From an import of a second simulator, unless ``only`` is given.
    """

    def __init__(
        self,
        only: Simulator | None = None,
        on_select: Callable[[Simulator], None] | None = None,
    ) -> None:
        self.only = only
        self.on_select = on_select
        self.selected: Simulator | None = None
        self._own_specs: dict[str, ModuleSpec | None] = {}
        self._set_aside: dict[str, ModuleType] = {}

    def __enter__(self) -> Self:
        # Real simulators may be loaded already; imports must reach the finder.
        for name in [name for name in sys.modules if self._redirects(name)]:
            self._set_aside[name] = sys.modules.pop(name)
        for simulator in SIMULATORS:
            if simulator.module in self._set_aside:
                _set_in_parent(simulator.module, None)
        sys.meta_path.insert(0, self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        sys.meta_path.remove(self)
        for name in self._own_specs:
            sys.modules.pop(name, None)
        sys.modules.update(self._set_aside)
        for simulator in SIMULATORS:
            if simulator.module in {**self._own_specs, **self._set_aside}:
                _set_in_parent(simulator.module, self._set_aside.get(simulator.module))
        self._own_specs.clear()
        self._set_aside.clear()

    def _redirects(self, module: str) -> bool:
        simulator = simulator_of(module)
        return simulator is not None and self.only in (None, simulator)

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Answer for the modules of simulators that are redirected; selects nothing yet."""
        if not self._redirects(fullname):
            return None
        # Not marked as a package: that would give our plain modules a __path__.
        return ModuleSpec(fullname, self, origin=PACKAGE)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return our module for a simulator's; this is where a simulator is selected."""
        simulator = simulator_of(spec.name)
        assert simulator is not None  # find_spec answers for nothing else
        self._select(simulator)
        module = importlib.import_module(_target(simulator, spec.name))
        self._own_specs[spec.name] = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Undo what the import system did to a module that had been loaded before."""
        # It has set __spec__ to the alias, which would mislead reload and pickle.
        alias = module.__spec__
        assert alias is not None
        module.__spec__ = self._own_specs[alias.name]

    def _select(self, simulator: Simulator) -> None:
        if self.selected is None:
            self.selected = simulator
            if self.on_select:
                self.on_select(simulator)
        elif simulator != self.selected:
            both = [self.selected, simulator]
            raise TwoSimulatorsError(two_simulators(map(str, both), both, ""))


def _target(simulator: Simulator, module: str) -> str:
    rest = module.removeprefix(simulator.module).removeprefix(".")
    if not rest:
        return simulator.target
    if simulator.is_own:
        return f"{PACKAGE}.{rest}"
    if rest in SUBMODULES:
        return SUBMODULES[rest]
    package = importlib.import_module(simulator.target)
    names = [name for name in getattr(package, "__all__", dir(package)) if name[0] != "_"]
    message = explain(
        f"{module} is a part of the real simulator that {PACKAGE} does not have",
        where=simulator.described(),
        allowed=f"these names, imported from {simulator.module} itself: {', '.join(names)}",
    )
    raise ModuleNotFoundError(message, name=module)


def _set_in_parent(name: str, module: ModuleType | None) -> None:
    """Make a module an attribute of its parent, as an import does; None removes it."""
    parent_name, _, child = name.rpartition(".")
    parent = sys.modules.get(parent_name)
    if parent is None:
        return
    if module is not None:
        setattr(parent, child, module)
    elif child in parent.__dict__:
        delattr(parent, child)
