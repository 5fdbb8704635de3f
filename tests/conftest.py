"""Tests that need other simulators are marked ``peer`` and run only with ``--peers``.

A peer test names the modules it needs: ``@pytest.mark.peer("pyNN.nest")``. It
is deselected without the option; with it, a missing peer is a failure, not a
skip, so that a green run says that the comparison was made.
"""

from __future__ import annotations

import os
from importlib.util import find_spec

import pytest

# Texts are as wide as the terminal, and tests must not depend on whose it is.
os.environ["COLUMNS"] = "100"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--peers",
        action="store_true",
        help="also run the tests that compare with other simulators; a missing one fails",
    )
    parser.addoption(
        "--backend",
        default="greenmorph",
        metavar="NAME",
        help="the PyNN backend pyNN.NAME that the fixture `sim` gives to the scenarios",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--peers"):
        return
    peers = [item for item in items if item.get_closest_marker("peer")]
    if peers:
        config.hook.pytest_deselected(items=peers)
        items[:] = [item for item in items if not item.get_closest_marker("peer")]


def pytest_runtest_setup(item: pytest.Item) -> None:
    names = [name for marker in item.iter_markers("peer") for name in marker.args]
    missing = [name for name in names if not _installed(name)]
    if missing:
        pytest.fail(
            f"not installed: {', '.join(missing)}; pip install '.[peers]' gives all peers",
            pytrace=False,
        )


def _installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # the parent of a dotted name
        return False
