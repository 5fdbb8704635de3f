"""What scripts take from ``pyNN.utility``: plots, progress bars, logs, arguments; and space."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from pyNN.random import NumpyRNG
from pyNN.space import Grid2D, Grid3D, Line, RandomStructure, Sphere
from pyNN.utility import Timer, init_logging
from pyNN.utility.progress_bar import SimulationProgressBar

mpl.use("agg")

from matplotlib import pyplot as plt
from pyNN.utility.plotting import Figure, Histogram, Panel, comparison_plot


@pytest.fixture
def block(sim: Any) -> Any:
    """Data of three cells, driven differently: no spike, one spike and several."""
    sim.setup(timestep=0.1)
    cells = sim.Population(3, sim.IF_cond_exp(i_offset=[0.0, 0.8, 1.6]), label="cells")
    cells.record(["v", "gsyn_exc", "spikes"])
    sim.run(60.0)
    return cells.get_data()


@pytest.mark.filterwarnings("ignore:.*:DeprecationWarning:pyNN")
def test_figures_show_what_was_recorded(block: Any, tmp_path: Path) -> None:
    """Lines are the samples, the raster is the spikes, and the file shows both."""
    (segment,) = block.segments
    trains = segment.spiketrains
    v = segment.filter(name="v")[0]
    path = tmp_path / "new folder" / "figure.png"
    figure = Figure(
        Panel(trains, yticks=True, markersize=2.0, xlim=(0.0, 60.0)),
        Panel(v, ylabel="V (mV)", data_labels=["cells"], yticks=True),
        Panel(segment.filter(name="gsyn_exc")[0], xticks=True, xlabel="t (ms)"),
        Panel(Histogram(np.concatenate([np.asarray(t) for t in trains]))),
        title="cells",
    )
    figure.save(str(path))
    raster, lines, *_ = figure.fig.axes
    drawn = [(line.get_xdata(), line.get_ydata()) for line in raster.lines]
    points = sorted((float(y), float(x)) for xs, ys in drawn for x, y in zip(xs, ys, strict=True))
    given = [(train.annotations["channel_id"], float(t)) for train in trains for t in train]
    assert points == given
    assert len({row for row, _ in given}) == 2
    for line, samples in zip(lines.lines, np.asarray(v).T, strict=True):
        assert (np.asarray(line.get_ydata()) == samples).all()
    pixels = plt.imread(path)
    assert min(pixels.shape[:2]) > 100
    assert 0.005 < (pixels[..., :3] < 0.9).any(axis=-1).mean() < 0.9
    plt.close("all")


@pytest.mark.filterwarnings("ignore:.*:DeprecationWarning:pyNN")
def test_trials_are_compared_in_one_figure(sim: Any, block: Any, tmp_path: Path) -> None:
    """The segments of a second trial lie on those of the first one."""
    plt.close("all")
    path = tmp_path / "compared.png"
    comparison_plot([block.segments[0]] * 2, labels=["a", "b"]).save(str(path))
    assert path.stat().st_size > 10_000
    plt.close("all")


def test_progress_bars_are_called_back(sim: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """PyNN's bar, given to run(), is drawn at its interval and full at the end."""
    sim.setup(timestep=0.1)
    cells = sim.Population(1, sim.IF_curr_exp(i_offset=1.0))
    cells.record("spikes")
    timer = Timer()
    sim.run(40.0, callbacks=[SimulationProgressBar(10.0, 40.0)])
    assert timer.elapsed_time() > 0.0
    drawn = capsys.readouterr().out
    assert drawn.count("\r") == 5
    assert drawn.endswith("100% \r")
    assert cells.get_spike_counts() == {cells[0]: 1}


def test_init_logging_changes_nothing(sim: Any, tmp_path: Path) -> None:
    """A script that logs everything to a file runs as one that does not."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    try:
        init_logging(str(tmp_path / "log.txt"), debug=True)
        sim.setup(timestep=0.1)
        cells = sim.Population(2, sim.IF_curr_exp(i_offset=1.0))
        cells.record("spikes")
        sim.run(40.0)
        assert list(cells.get_spike_counts().values()) == [1, 1]
    finally:
        for handler in [h for h in root.handlers if h not in before]:
            root.removeHandler(handler)
            handler.close()
        root.setLevel(level)


def test_get_simulator_gives_the_backend_and_the_options(tmp_path: Path) -> None:
    """The first line of all of PyNN's examples, with an option of the script."""
    script = tmp_path / "script.py"
    script.write_text(
        "from pyNN.utility import get_simulator, init_logging\n"
        "sim, options = get_simulator(('--n', 'cells', {'type': int}), ('--debug', 'log'))\n"
        "init_logging(None, debug=options.debug)\nsim.setup()\n"
        "cells = sim.Population(options.n, sim.IF_curr_exp())\n"
        "sim.run(1.0)\nprint(cells.size, sim.__name__)\n",
        encoding="utf-8",
    )
    command = [sys.executable, str(script), "greenmorph", "--n=5"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == ["5", "pynn_greenmorph"]


STRUCTURES = {
    "line": Line(dx=2.0, x0=1.0),
    "grid": Grid2D(aspect_ratio=1.5, dx=10.0),
    "random grid": Grid2D(aspect_ratio=1.5, fill_order="random", rng=NumpyRNG(5)),
    "box": Grid3D(2 / 3, 1 / 2, dz=3.0),
    "sphere": RandomStructure(Sphere(10.0), rng=NumpyRNG(3)),
}


@pytest.mark.parametrize("name", STRUCTURES)
def test_cells_have_places(sim: Any, name: str) -> None:
    """Positions are the structure's; views, cells and ``nearest`` see the same ones."""
    structure = STRUCTURES[name]
    sim.setup()
    cells = sim.Population(24, sim.IF_curr_exp(), structure=structure)
    places = cells.positions
    assert places.shape == (3, 24)
    assert len(np.unique(places.round(9), axis=1).T) == 24
    assert (cells[5:9].positions == places[:, 5:9]).all()
    assert (cells[7].position == places[:, 7]).all()
    assert cells.nearest(places[:, 11] + 1e-6) == cells[11]
    assert type(structure).__name__ in cells.describe()
    moved = sim.Population(24, sim.IF_curr_exp())
    moved.positions = places
    assert (moved.positions == places).all()
