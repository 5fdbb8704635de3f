"""Source texts of functions are those that ``inspect`` finds."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType, ModuleType

import pytest

from pynn_greenmorph.engine.source_text import source_of

#: Functions whose end a look at margins could miss; each is followed by a comment and a line.
AWKWARD = {
    "one_line": "def f(): return 1",
    "only_doc": 'def f():\n    """Nothing."""',
    "doc_at_margin": 'def f():\n    """Nothing\nat all: """',
    "text_at_margin": "def f():\n    return '''\nx = 1\n'''",
    "text_not_used": "def f():\n    a = 1\n    '''\nx = 1\n'''",
    "brackets_at_margin": "def f(\na,\nb=(\n1,\n),\n):\n    return [\na,\nb,\n]",
    "constants_at_margin": "def f():\n    return (\n1,\n2,\n)",
    "joined": "def f(a):\n    return a + \\\n1",
    "arguments": "def f(\n    a,\n    b,\n):  # why\n    return a + b",
    "comment_at_margin": "def f(a):\n    b = a\n# about b\n\n    return b",
    "comment_at_end": "def f(a):\n    return a\n    # about a",
    "decorated": "@keep\n@keep\ndef f(a):\n    return a",
    "wrapped": "@wraps(keep)\ndef f(a):\n    return a",
    "inner": "def f(a):\n    def g(b):\n        return b\n\n    return g",
    "branches": "def f(a):\n    if a:\n        return 1\n    else:\n        pass",
    "never_run": "def f(a):\n    return a\n    if 0:\n        a = 2",
    "lambda": "f = lambda a: a",
    "method": "class A:\n    def f(self):\n        return 1\n\n\nf = A.f",
    "coroutine": "async def f():\n    return 1",
}
#: What follows them in their file.
ENDS = ("", "\n", "\n\n# Next.\nx = 1\n", "\n\n\n@keep\ndef g():\n    pass\n")
PREFIX = "from functools import wraps\n\n\ndef keep(f):\n    return f\n\n\n"


def functions() -> Iterator[FunctionType]:
    for package in ("engine", "cells", "synapses"):
        whole = importlib.import_module(f"pynn_greenmorph.{package}")
        for module in pkgutil.iter_modules(whole.__path__, f"{whole.__name__}."):
            for value in vars(importlib.import_module(module.name)).values():
                if isinstance(value, FunctionType) and value.__module__ == module.name:
                    yield value


def loaded(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_texts_of_this_package() -> None:
    checked = list(functions())
    assert "deliver_visits" in [one.__name__ for one in checked]
    assert [one for one in checked if source_of(one) != inspect.getsource(one)] == []


@pytest.mark.parametrize("shape", AWKWARD)
@pytest.mark.parametrize("end", ENDS)
def test_awkward_functions(tmp_path: Path, shape: str, end: str) -> None:
    path = tmp_path / f"{shape}.py"
    path.write_text(PREFIX + AWKWARD[shape] + end)
    function = loaded(path).f
    assert source_of(function) == inspect.getsource(function)


def test_an_edited_file_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "edited.py"
    path.write_text("def f():\n    return 1\n")
    before = source_of(loaded(path).f)
    path.write_text("x = 0\n\n\ndef f():\n    return 22\n")
    assert before == "def f():\n    return 1\n"
    assert source_of(loaded(path).f) == "def f():\n    return 22\n"


def test_what_has_no_file_has_no_text() -> None:
    names: dict[str, FunctionType] = {}
    exec("def f(): return 1", names)
    with pytest.raises(OSError, match="could not get source code"):
        source_of(names["f"])
