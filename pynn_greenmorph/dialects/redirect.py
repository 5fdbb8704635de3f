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

import ast
import importlib
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType, TracebackType
from typing import Self

from ..errors import GreenmorphError, UnknownNameError, explain, unknown_name

__all__ = [
    "SIMULATORS",
    "Redirection",
    "Selection",
    "Simulator",
    "TwoSimulatorsError",
    "check_one",
    "selections",
    "simulator_named",
]

PACKAGE = "pynn_greenmorph"


class TwoSimulatorsError(GreenmorphError):
    """A script selects two simulators, and nobody said which one to redirect.

    It is no ``ImportError``, so that a script's ``except ImportError`` cannot
    hide that a second simulator was asked for.
    """


@dataclass(frozen=True)
class Simulator:
    """A simulator that scripts select by importing a module.

    Attributes
    ----------
    name : str
        Short name, as ``--as`` takes it.
    module : str
        The module that scripts import.
    target : str
        The module they get instead.
    """

    name: str
    module: str
    target: str = PACKAGE

    @property
    def is_own(self) -> bool:
        """Whether this is our own name, so that nothing is replaced by something else."""
        return self.name == "greenmorph"

    def __str__(self) -> str:
        return self.module

    def described(self) -> str:
        """Say what happens to an import of the module, for the header of a run."""
        return f"{self.module} (no redirection)" if self.is_own else f"{self.module} -> {PACKAGE}"


#: All simulators that can be redirected. A dialect adds a line here.
SIMULATORS = (
    Simulator("greenmorph", "pyNN.greenmorph"),
    Simulator("nest", "pyNN.nest"),
    Simulator("neuron", "pyNN.neuron"),
    Simulator("brian2", "pyNN.brian2"),
    Simulator("brian", "pyNN.brian"),
    Simulator("arbor", "pyNN.arbor"),
    Simulator("mock", "pyNN.mock"),
    Simulator("spiNNaker", "pyNN.spiNNaker"),
)

#: Module of a simulator -> module with the same contents here. Other submodules
#: (``pyNN.nest.cells``) hold what only that simulator has.
SUBMODULES = {"simulator": f"{PACKAGE}.frontend.state"}


def simulator_named(name: str) -> Simulator:
    """Return the simulator for a name such as ``nest``, ``pyNN.nest`` or ``spinnaker``.

    Raises
    ------
    UnknownNameError
        If there is none; the message lists those that can be redirected.
    """
    for simulator in SIMULATORS:
        if name.lower() in (simulator.name.lower(), simulator.module.lower()):
            return simulator
    known = [simulator.name for simulator in SIMULATORS]
    raise UnknownNameError(unknown_name("simulator", name, known))


def _simulator_of(module: str) -> Simulator | None:
    for simulator in SIMULATORS:
        if module == simulator.module or module.startswith(simulator.module + "."):
            return simulator
    return None


@dataclass(frozen=True)
class Selection:
    """An import of a simulator in the text of a script, at line ``line``."""

    simulator: Simulator
    line: int


def _modules(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.Import):
        yield from (alias.name for alias in statement.names)
    elif isinstance(statement, ast.ImportFrom) and statement.module and not statement.level:
        # "from pyNN import nest" names the simulator among the names, "from
        # pyNN.nest import *" in the module: the longer form holds both.
        yield from (f"{statement.module}.{alias.name}" for alias in statement.names)


def selections(tree: ast.Module) -> list[Selection]:
    """Find the simulators that a script imports whatever happens.

    Parameters
    ----------
    tree : ast.Module
        The script. Only statements at its top level count: an import in a
        function, an ``if`` or a ``try`` may never run.

    Returns
    -------
    list of Selection
        The first import of each simulator, in order.
    """
    found: dict[Simulator, Selection] = {}
    for statement in tree.body:
        for module in _modules(statement):
            # Our own second name is importable without the finder's help.
            own = module == PACKAGE or module.startswith(PACKAGE + ".")
            simulator = SIMULATORS[0] if own else _simulator_of(module)
            if simulator:
                found.setdefault(simulator, Selection(simulator, statement.lineno))
    return list(found.values())


def _two_simulators(named: Iterable[str], choices: Sequence[Simulator], where: str) -> str:
    names = " or ".join(f"--as {simulator.name}" for simulator in choices)
    return explain(
        f"the script selects more than one simulator: {', '.join(named)}",
        where=where,
        todo=f"Say which one to redirect to {PACKAGE} ({names}); the others are then imported"
        " for real",
    )


def check_one(found: Sequence[Selection], script: str) -> None:
    """Refuse a script whose text selects more than one simulator.

    Parameters
    ----------
    found : sequence of Selection
        What :func:`selections` found.
    script : str
        Name of the script, for the message.

    Raises
    ------
    TwoSimulatorsError
        If there is more than one simulator; the message lists them with their lines.
    """
    if len(found) > 1:
        named = [f"{item.simulator} (line {item.line})" for item in found]
        choices = [item.simulator for item in found]
        raise TwoSimulatorsError(_two_simulators(named, choices, script))


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
        simulator = _simulator_of(module)
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
        simulator = _simulator_of(spec.name)
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
            raise TwoSimulatorsError(_two_simulators(map(str, both), both, ""))


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
