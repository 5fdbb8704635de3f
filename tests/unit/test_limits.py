"""Numbers that tables hold in 32 bits: what does not fit is refused, not wrapped around."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pynn_greenmorph.engine import merge, partition
from pynn_greenmorph.engine.plastic_layout import check_count
from pynn_greenmorph.engine.rows import CONSTANT
from pynn_greenmorph.errors import GreenmorphError


def test_static_synapses_of_one_table() -> None:
    plan: Any = SimpleNamespace(first_cell=np.array([0]), last_cell=np.array([9]))
    pages: Any = SimpleNamespace(page_at=np.array([0]))
    page, group, population, kind, rank, constant = 0, 0, 0, CONSTANT, 0, 0.5
    most = (1 << 32) - 1
    table = (page, group, population, kind, rank, constant)
    assert merge._table_columns([(*table, most)], plan, pages)["synapse"][-1] == most
    with pytest.raises(GreenmorphError, match=r"4,294,967,296 synapses.*Split the population"):
        merge._table_columns([(*table, most + 1)], plan, pages)


def test_plastic_synapses_of_one_part() -> None:
    check_count((1 << 32) - 1)
    with pytest.raises(GreenmorphError, match=r"4,294,967,296 plastic.*threads"):
        check_count(1 << 32)


def test_receptors_of_one_cell_type() -> None:
    """A page of inputs holds those of at least one block of cells."""
    none = np.zeros(1, dtype=np.int64)
    page, _, _ = partition._pages(none, none, np.array([partition.PAGE]), 1)
    assert page.tolist() == [0]
    with pytest.raises(GreenmorphError, match="too many receptors"):
        partition._pages(none, none, np.array([partition.PAGE + 1]), 1)
