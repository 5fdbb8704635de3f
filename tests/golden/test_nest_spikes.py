"""Spikes equal those that real NEST gave, kept in ``nest_spikes.json``; NEST is not needed."""

from __future__ import annotations

import json
import warnings

import pyNN.greenmorph as sim
import pytest

from pynn_greenmorph.errors import FidelityWarning
from tests.golden.make_reference import MODELS, REFERENCE, summary

EXPECTED = json.loads(REFERENCE.read_text(encoding="utf-8"))["models"]


@pytest.mark.parametrize("name", MODELS)
def test_spikes_are_those_of_nest(name: str) -> None:
    """Every spike of every cell is in the step in which NEST has it."""
    assert EXPECTED[name]["spikes"] > 15
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*rounded", category=FidelityWarning)
        result = MODELS[name](sim)
    sim.end()
    assert summary(result) == EXPECTED[name]
