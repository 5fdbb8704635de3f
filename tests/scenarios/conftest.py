"""The simulator under test, as a fixture, so that one suite can run on any backend."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyNN.greenmorph
import pytest


@pytest.fixture
def sim() -> Iterator[Any]:
    """The backend's name space; the session is closed afterwards."""
    yield pyNN.greenmorph
    pyNN.greenmorph.end()
