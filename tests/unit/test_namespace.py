"""The lazy name space and the hook, each in a fresh interpreter of the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

#: A stand-in for the real name space, so that these tests look at the mechanism alone.
STUB = """
import sys, types
import pyNN.errors
stub = types.ModuleType("pynn_greenmorph.frontend.namespace")
stub.setup, stub.set, stub.errors = "setup", "set", pyNN.errors
stub.__all__ = ["setup", "set", "errors"]
stub.hidden = 1
sys.modules[stub.__name__] = stub
"""


def python(code: str, *flags: str) -> str:
    """Run code with the checkout on the path; return what it printed."""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, *flags, "-c", code]
    result = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def test_registry_needs_neither_pynn_nor_numba() -> None:
    loaded = python(
        "import sys, pynn_greenmorph.registry, pynn_greenmorph.boards.files as f; f.board_files();"
        "print({name.partition('.')[0] for name in sys.modules}"
        " & {'pyNN', 'neo', 'quantities', 'lazyarray', 'numba', 'matplotlib'})"
    )
    assert loaded == "set()"


def test_a_script_that_asks_for_no_report_does_not_wait_for_one() -> None:
    loaded = python(
        "import sys, pyNN.mock\n"
        "before = set(sys.modules)\n"
        "import pyNN.greenmorph as sim\n"
        "sim.setup()\n"
        "print(*sorted(set(sys.modules) - before))"
    ).split()
    ours = {name.rpartition(".")[2] for name in loaded if ".accounting." in name}
    assert ours == {
        "host",
        "host_counters",
        "last_run",
        "ledger",
        "numbers",
        "printable",
        "wrapping",
    }
    others = {"sqlite3", "csv", "jsonschema", "matplotlib", "pandas", "numba", "llvmlite"}
    assert others.isdisjoint(name.partition(".")[0] for name in loaded)


def test_version_is_a_literal_that_needs_no_import() -> None:
    source = (ROOT / "pynn_greenmorph" / "__init__.py").read_text(encoding="utf-8")
    version = python("import pynn_greenmorph; print(pynn_greenmorph.__version__)")
    assert f'\n__version__ = "{version}"\n' in source


@pytest.mark.parametrize("first", ["pynn_greenmorph", "pyNN.greenmorph"])
def test_one_module_object_under_both_names(first: str) -> None:
    python(
        f"import pynn_greenmorph, {first}\n"
        "import pyNN.greenmorph, pyNN.greenmorph.accounting.ledger as a, sys\n"
        "import pynn_greenmorph.accounting.ledger as b\n"
        "assert pyNN.greenmorph is pynn_greenmorph is sys.modules['pyNN.greenmorph']\n"
        "assert a is b is sys.modules['pyNN.greenmorph.accounting.ledger']\n"
        "from pyNN.greenmorph.registry import CellModel as A\n"
        "from pynn_greenmorph.registry import CellModel as B\n"
        "assert A is B"
    )


def test_the_real_name_survives_the_alias() -> None:
    python(
        "import importlib, pickle, pynn_greenmorph, pyNN.greenmorph as sim\n"
        "import pyNN.greenmorph.registry as r\n"
        "assert (sim.__name__, sim.__package__) == ('pynn_greenmorph',) * 2\n"
        "assert sim.__spec__.name == sim.__loader__.name == 'pynn_greenmorph'\n"
        "assert r.__spec__.name == r.__name__ == 'pynn_greenmorph.registry'\n"
        "cell = r.SynapseModel('x')\n"
        "assert pickle.loads(pickle.dumps(cell)) == cell\n"
        "assert importlib.reload(sim) is sim and importlib.reload(r) is r"
    )


def test_finder_is_last_until_asked_and_there_once() -> None:
    python(
        "import sys, pynn_greenmorph, _pynn_greenmorph_hook as hook\n"
        "hook.install()\n"
        "assert sys.meta_path.count(hook._Finder) == 1 and sys.meta_path[-1] is hook._Finder\n"
        "import pyNN.greenmorph\n"
        "assert sys.meta_path.count(hook._Finder) == 1 and sys.meta_path[0] is hook._Finder"
    )


def test_unknown_submodule_is_reported_under_the_name_that_was_asked_for() -> None:
    python(
        "import pynn_greenmorph\n"
        "try:\n    import pyNN.greenmorph.nothing\n"
        "except ModuleNotFoundError as error:\n    assert error.name == 'pyNN.greenmorph.nothing'\n"
        "else:\n    raise SystemExit(1)"
    )


@pytest.mark.parametrize("statement", ["import pyNN.greenmorph", "pynn_greenmorph.setup"])
def test_without_pynn_it_is_pynn_that_is_missing(statement: str) -> None:
    python(
        "import sys, pynn_greenmorph\nsys.modules['pyNN'] = None\n"
        f"try:\n    {statement}\n"
        "except ModuleNotFoundError as error:\n"
        "    assert error.name in ('pyNN', 'pyNN.greenmorph')\n"
        "else:\n    raise SystemExit(1)\n"
        "assert 'registry' in dir(pynn_greenmorph)"
    )


def test_pynn_finds_the_backend_by_name() -> None:
    python(
        "import sys, pynn_greenmorph\nfrom pyNN.utility import get_simulator\n"
        "sys.argv = ['script.py', 'greenmorph']\n"
        "sim, options = get_simulator()\n"
        "assert sim is pynn_greenmorph"
    )


@pytest.mark.parametrize("name", ["pynn_greenmorph", "pyNN.greenmorph"])
def test_star_import_gives_every_name(name: str) -> None:
    python(
        f"{STUB}import pynn_greenmorph\nfrom {name} import *\n"
        "assert (setup, set) == ('setup', 'set') and 'hidden' not in globals()\n"
        "assert issubclass(errors.ConnectionError, Exception)"
    )


def test_names_come_from_the_name_space_when_asked_for() -> None:
    python(
        f"{STUB}import pynn_greenmorph as sim\n"
        "assert 'setup' not in vars(sim)\n"
        "assert sim.setup == 'setup' and 'set' in vars(sim)\n"
        "assert {'setup', 'set', 'registry'} <= {*dir(sim)}\n"
        "for name in ('hidden', '_private', 'no_such_name'):\n"
        "    assert not hasattr(sim, name), name"
    )


def test_submodules_are_attributes() -> None:
    python(
        "import sys, pynn_greenmorph as sim\n"
        "assert sim.registry is sys.modules['pynn_greenmorph.registry']\n"
        "from pynn_greenmorph import network\n"
        "assert network.Network and 'pyNN' not in sys.modules"
    )


@pytest.mark.parametrize(
    "before",
    [
        "",
        "import pynn_greenmorph.registry",
        "import pynn_greenmorph.errors",
        "sim.setup",
        "sim.setup; import pyNN.greenmorph.errors",
        "from pynn_greenmorph import *",
    ],
)
def test_errors_answers_for_pynn_and_for_this_package(before: str) -> None:
    python(
        f"{STUB}import pynn_greenmorph as sim\n{before}\n"
        "from pyNN.errors import ConnectionError as A, RecordingError as B\n"
        "assert sim.errors.ConnectionError is A\n"
        "from pyNN.greenmorph.errors import RecordingError\n"
        "assert RecordingError is B\n"
        "import pynn_greenmorph.errors as own\n"
        "assert own.BoardError is sim.errors.BoardError\n"
        "assert not hasattr(own, 'NoSuchError')"
    )


def test_own_errors_need_no_pynn() -> None:
    python(
        "import sys\nfrom pynn_greenmorph.errors import BoardError, explain\n"
        "assert not hasattr(sys.modules['pynn_greenmorph.errors'], '__wrapped__')\n"
        "assert 'pyNN' not in sys.modules"
    )
