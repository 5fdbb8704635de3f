"""Which simulators scripts select, and how: the table, and a look at a script's text."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..errors import GreenmorphError, UnknownNameError, explain, unknown_name

__all__ = [
    "PACKAGE",
    "SIMULATORS",
    "Selection",
    "Simulator",
    "TwoSimulatorsError",
    "check_named",
    "check_one",
    "may_select_others",
    "selections",
    "simulator_named",
    "simulator_of",
    "two_simulators",
]

#: Functions with which a script imports a simulator whose name it makes.
_BY_NAME = frozenset(["import_module", "__import__", "get_simulator"])

#: What a redirected import gives.
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


def simulator_of(module: str) -> Simulator | None:
    """Return the simulator that a module is, or is a part of; None for all other modules."""
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
            # Our own second name is imported without the finder's help. Its submodules
            # (pynn_greenmorph.errors) are no simulators.
            own = module in (PACKAGE, f"{PACKAGE}.*")
            simulator = SIMULATORS[0] if own else simulator_of(module)
            if simulator:
                found.setdefault(simulator, Selection(simulator, statement.lineno))
    return list(found.values())


def may_select_others(tree: ast.Module) -> bool:
    """Return whether a script may import simulators that :func:`selections` does not find.

    So it may if it imports one in a function, an ``if`` or a ``try``, or by a name that it makes.
    """
    top = set(tree.body)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            modules = list(_modules(node))
            if node not in top and any(map(simulator_of, modules)):
                return True
            names = {module.rpartition(".")[2] for module in modules}
        else:
            names = {getattr(node, "id", ""), getattr(node, "attr", "")}
        if not _BY_NAME.isdisjoint(names):
            return True
    return False


def two_simulators(named: Iterable[str], choices: Sequence[Simulator], where: str) -> str:
    """Word the error for several simulators: how they are shown, their names for ``--as``."""
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
        raise TwoSimulatorsError(two_simulators(named, choices, script))


def check_named(only: Simulator, found: Sequence[Selection], script: str) -> None:
    """Refuse to redirect a simulator that a script does not select, when it selects others.

    Parameters
    ----------
    only : Simulator
        The one to redirect.
    found : sequence of Selection
        All that the script imports.
    script : str
        Name of the script, for the message.

    Raises
    ------
    UnknownNameError
        If it is not among them; the message lists those that are.
    """
    if not found or only in (item.simulator for item in found):
        return
    imported = " and ".join(f"{item.simulator} (line {item.line})" for item in found)
    what = f"the script imports {imported}, not {only}, so nothing would be redirected"
    allowed = " or ".join(f"--as {item.simulator.name}" for item in found)
    if len(found) == 1:
        allowed += ", or no --as"
    raise UnknownNameError(explain(what, where=script, allowed=allowed, given=f"--as {only.name}"))
