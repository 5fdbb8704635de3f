"""Redirection: every way in which scripts select a simulator, and what is left afterwards."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pyNN
import pytest

import pynn_greenmorph
from pynn_greenmorph.dialects.redirect import Redirection
from pynn_greenmorph.dialects.simulators import (
    SIMULATORS,
    TwoSimulatorsError,
    check_one,
    may_select_others,
    selections,
    simulator_named,
)
from pynn_greenmorph.errors import UnknownNameError

FORMS = {
    "import as": "import pyNN.{0} as sim",
    "from pyNN": "from pyNN import {0} as sim",
    "dotted": "import pyNN.{0}\nsim = pyNN.{0}",
    "import_module": "from importlib import import_module\nsim = import_module('pyNN.%s' % '{0}')",
    "dunder import": "sim = __import__('pyNN.{0}', fromlist=['setup'])",
    "exec": "exec('import pyNN.%s as sim' % '{0}')",
    "get_script_args": (
        "from pyNN.utility import get_script_args\n"
        "simulator_name = get_script_args(1)[0]\n"
        "exec('import pyNN.%s as sim' % simulator_name)"
    ),
    "get_simulator": "from pyNN.utility import get_simulator\nsim, options = get_simulator()",
}
#: A simulator that PyNN no longer has, so that no other test can have loaded it.
ABSENT = "pyNN.brian"
NAMES = [simulator.module.removeprefix("pyNN.") for simulator in SIMULATORS]


def execute(code: str) -> dict[str, object]:
    names: dict[str, object] = {"__name__": "__main__"}
    exec(code, names)
    return names


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["nest", "spiNNaker", "greenmorph"])
def test_every_form_of_import_gives_this_package(
    form: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["script.py", name])
    with Redirection() as redirection:
        sim = execute(FORMS[form].format(name))["sim"]
    assert sim is pynn_greenmorph
    assert redirection.selected == simulator_named(name)


@pytest.mark.parametrize("name", NAMES)
def test_every_simulator_in_the_table_is_redirected(name: str) -> None:
    with Redirection():
        assert importlib.import_module(f"pyNN.{name}") is pynn_greenmorph


def test_star_import_gives_the_name_space() -> None:
    with Redirection():
        names = execute("from pyNN.nest import *")
    assert names["setup"] is pynn_greenmorph.setup
    assert names["IF_curr_exp"] is pynn_greenmorph.IF_curr_exp


def test_a_name_that_is_missing_is_an_import_error() -> None:
    with Redirection(), pytest.raises(ImportError, match="no_such_cell"):
        execute("from pyNN.nest import no_such_cell")


def test_nothing_pretends_and_nothing_is_left_behind() -> None:
    spec = pynn_greenmorph.__spec__
    finders = list(sys.meta_path)
    with Redirection():
        sim = importlib.import_module(ABSENT)
        assert sim.__spec__ is not None
        assert sim.__name__ == sim.__spec__.name == "pynn_greenmorph"
        assert pyNN.brian is sim
    assert sys.meta_path == finders
    assert ABSENT not in sys.modules
    assert not hasattr(pyNN, "brian")
    assert pynn_greenmorph.__spec__ is spec


def test_everything_is_restored_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), Redirection() as redirection:
        execute(f"import {ABSENT}\n1 / 0")
    assert redirection not in sys.meta_path
    assert ABSENT not in sys.modules


def test_a_simulator_that_is_loaded_already_is_set_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    real, inner = ModuleType("pyNN.nest"), ModuleType("pyNN.nest.cells")
    real.cells = inner  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pyNN.nest", real)
    monkeypatch.setitem(sys.modules, "pyNN.nest.cells", inner)
    monkeypatch.setattr(pyNN, "nest", real, raising=False)
    with Redirection():
        assert execute("from pyNN import nest as sim")["sim"] is pynn_greenmorph
        assert execute("import pyNN.nest as sim")["sim"] is pynn_greenmorph
    assert sys.modules["pyNN.nest"] is pyNN.nest is real
    assert sys.modules["pyNN.nest.cells"] is real.cells is inner


def test_a_second_simulator_is_refused_before_it_is_imported() -> None:
    with Redirection(), pytest.raises(TwoSimulatorsError) as caught:
        execute("import pyNN.nest\nimport pyNN.brian")
    message = str(caught.value)
    for words in ("pyNN.nest", "pyNN.brian", "--as nest", "--as brian"):
        assert words in message
    assert not isinstance(caught.value, ImportError)
    assert ABSENT not in sys.modules


def test_except_import_error_does_not_hide_a_second_simulator() -> None:
    code = "import pyNN.nest\ntry:\n    import pyNN.mock\nexcept ImportError:\n    pass"
    with Redirection(), pytest.raises(TwoSimulatorsError):
        execute(code)


def test_looking_for_a_simulator_does_not_select_it() -> None:
    with Redirection() as redirection:
        assert importlib.util.find_spec("pyNN.neuron") is not None
        assert redirection.selected is None
        assert execute("import pyNN.nest as sim")["sim"] is pynn_greenmorph


def test_as_redirects_one_and_imports_the_others_for_real(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "brian.py").write_text("marker = 'real'\n")
    monkeypatch.setattr(pyNN, "__path__", [*pyNN.__path__, str(tmp_path)])
    with Redirection(simulator_named("nest")) as redirection:
        names = execute("import pyNN.brian as brian, pyNN.nest as nest")
    monkeypatch.delitem(sys.modules, "pyNN.brian")  # it stays, as it was really imported
    monkeypatch.delattr(pyNN, "brian")
    assert names["nest"] is pynn_greenmorph
    assert vars(names["brian"])["marker"] == "real"
    assert redirection.selected == simulator_named("nest")


def test_the_selection_is_announced_once() -> None:
    announced = []
    with Redirection(on_select=announced.append):
        execute("import pyNN.nest\nfrom pyNN.nest import setup\nimport pyNN.nest as sim")
    assert announced == [simulator_named("nest")]
    assert announced[0].described() == "pyNN.nest -> pynn_greenmorph"


def test_our_own_name_is_no_redirection() -> None:
    assert simulator_named("greenmorph").described() == "pyNN.greenmorph (no redirection)"


@pytest.mark.parametrize("module", ["standardmodels.cells", "cells"])
def test_a_part_of_the_real_simulator_names_what_exists(module: str) -> None:
    with Redirection(), pytest.raises(ImportError) as caught:
        importlib.import_module(f"pyNN.nest.{module}")
    message = str(caught.value)
    assert f"pyNN.nest.{module.partition('.')[0]} " in message
    assert "IF_curr_exp" in message


def test_the_state_is_found_where_every_backend_has_it() -> None:
    with Redirection():
        names = execute("from pyNN.nest.simulator import state")
    assert names["state"] is pynn_greenmorph.state


def test_our_own_submodules_are_the_same_objects() -> None:
    with Redirection():
        module = importlib.import_module("pyNN.greenmorph.registry")
    assert module is importlib.import_module("pynn_greenmorph.registry")
    assert not hasattr(module, "__path__")
    assert module.__spec__ is not None
    assert module.__spec__.name == "pynn_greenmorph.registry"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import pyNN.nest as sim", [("pyNN.nest", 1)]),
        ("import numpy, pyNN.neuron", [("pyNN.neuron", 1)]),
        ("import numpy\nfrom pyNN.nest import *", [("pyNN.nest", 2)]),
        ("from pyNN import nest, neuron", [("pyNN.nest", 1), ("pyNN.neuron", 1)]),
        ("from pyNN.neuron.random import NativeRNG", [("pyNN.neuron", 1)]),
        ("import pynn_greenmorph as sim", [("pyNN.greenmorph", 1)]),
        ("from pynn_greenmorph import *", [("pyNN.greenmorph", 1)]),
        ("from pynn_greenmorph.errors import FidelityWarning", []),
        ("import pyNN.nest\nimport pyNN.nest as sim", [("pyNN.nest", 1)]),
        ("from pyNN.random import NumpyRNG\nimport pyNN.utility, nest", []),
        ("import pyNN.nesting, pyNN", []),
        ("if x:\n    import pyNN.nest\nelse:\n    import pyNN.neuron", []),
        ("try:\n    import pyNN.nest\nexcept ImportError:\n    import pyNN.neuron", []),
        ("def f():\n    import pyNN.nest", []),
        ("from . import nest", []),
    ],
)
def test_only_imports_that_surely_happen_are_found(
    source: str, expected: list[tuple[str, int]]
) -> None:
    found = selections(ast.parse(source))
    assert [(item.simulator.module, item.line) for item in found] == expected


@pytest.mark.parametrize(
    ("source", "may"),
    [
        ("import pyNN.nest as sim", False),
        ("from pyNN import nest\nfrom pyNN.random import NumpyRNG\nsim = nest", False),
        ("import pyNN.nest\ndef f():\n    import numpy", False),
        ("import pyNN.nest\ndef f():\n    import pyNN.neuron", True),
        ("try:\n    from pyNN import neuron\nexcept ImportError:\n    pass", True),
        ("from pyNN.utility import get_simulator as g", True),
        ("import pyNN.utility as u\nu.get_simulator()", True),
        ("import importlib\nimportlib.import_module('pyNN.' + x)", True),
        ("__import__(name)", True),
    ],
)
def test_what_a_script_may_select_later_is_known(source: str, may: bool) -> None:
    assert may_select_others(ast.parse(source)) == may


def test_two_simulators_in_the_text_are_named_with_their_lines() -> None:
    found = selections(ast.parse("import pyNN.nest\nimport numpy\nimport pyNN.brian2"))
    with pytest.raises(TwoSimulatorsError) as caught:
        check_one(found, "model.py")
    message = str(caught.value)
    for words in ("model.py", "pyNN.nest (line 1)", "pyNN.brian2 (line 3)", "--as brian2"):
        assert words in message
    check_one(found[:1], "model.py")


@pytest.mark.parametrize("name", ["nest", "pyNN.nest", "NEST"])
def test_simulators_have_short_and_full_names(name: str) -> None:
    assert simulator_named(name).module == "pyNN.nest"


def test_an_unknown_simulator_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match=r"'nets'.*'nest'.*Did you mean 'nest'"):
        simulator_named("nets")
