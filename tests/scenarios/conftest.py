"""The simulator under test, as a fixture, so that one suite can run on any backend."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest


@pytest.fixture
def sim(request: pytest.FixtureRequest) -> Iterator[Any]:
    """The backend's name space (``--backend``); the session is closed afterwards."""
    backend = import_module(f"pyNN.{request.config.getoption('--backend')}")
    yield backend
    backend.end()
