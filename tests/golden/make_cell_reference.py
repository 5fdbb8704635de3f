"""Write ``nest_cells.json``: what real NEST gives for each cell type of ``tests/cell_types.py``.

Run ``python -m tests.golden.make_cell_reference`` in the project's root, with
``nest-simulator`` installed. Of each cell type the file holds the number of
spikes and a hash of all (cell, step) pairs, of the driven cells and of the
network, and the value of every recordable state at each 20 ms.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.cell_types import DRIVES, Traces, driven, network, repaired
from tests.golden.make_reference import summary
from tests.models import DT, Result

REFERENCE = Path(__file__).with_name("nest_cells.json")

#: Steps from one kept value to the next.
EVERY = round(20.0 / DT)


def cell_summary(traces: Traces) -> dict[str, Any]:
    """Summary of the spikes of driven cells, and each signal at each 20 ms, (samples, cells)."""
    signals = {name: values[::EVERY].tolist() for name, values in sorted(traces.signals.items())}
    return {**summary(Result(traces.spikes)), "signals": signals}


def main() -> None:
    """Run all cell types on NEST and write the file."""
    import nest as native
    import pyNN.nest as nest

    repaired(nest)
    cells = {}
    for name in DRIVES:
        alone = cell_summary(driven(nest, name))
        nest.end()
        cells[name] = {"driven": alone, "network": summary(Result(network(nest, name)))}
        nest.end()
    document = {"simulator": f"NEST {native.__version__}, on_grid, dt {DT} ms", "cells": cells}
    REFERENCE.write_text(json.dumps(document, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
