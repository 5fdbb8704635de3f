"""Write ``nest_spikes.json``: what real NEST gives for the models of ``tests/models.py``.

Run ``python -m tests.golden.make_reference`` in the project's root, with
``nest-simulator`` installed. The file holds the number of spikes and a hash of
all (cell, step) pairs of each model.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.models import Result, delay_chain, step_currents, vogels_abbott

REFERENCE = Path(__file__).with_name("nest_spikes.json")

MODELS: dict[str, Callable[[Any], Result]] = {
    "step_currents": step_currents,
    "delay_chain": delay_chain,
    "vogels_abbott_currents": lambda sim: vogels_abbott(sim, "IF_curr_exp", 4000, 1000.0),
    "vogels_abbott_conductances": lambda sim: vogels_abbott(sim, "IF_cond_exp", 400, 300.0),
}


def summary(result: Result) -> dict[str, Any]:
    """Number of spikes and sha256 of all (cell, step) pairs, in order of cells."""
    pairs = [(cell, step) for cell, train in enumerate(result.spikes) for step in train]
    table = np.array(pairs, dtype="<i8").reshape(-1, 2)
    return {"spikes": len(pairs), "sha256": hashlib.sha256(table.tobytes()).hexdigest()}


def main() -> None:
    """Run all models on NEST and write the file."""
    import nest as native
    import pyNN.nest as nest

    results = {name: summary(model(nest)) for name, model in MODELS.items()}
    document = {"simulator": f"NEST {native.__version__}, on_grid, dt 0.1 ms", "models": results}
    REFERENCE.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
