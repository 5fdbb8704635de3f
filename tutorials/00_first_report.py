# %% [markdown]
# # 00 · Your first report
#
# *10 minutes. You need: Python 3.11 or later, and to have seen PyNN before.*
#
# You install the package, let it check itself, and ask what five lines of PyNN
# would cost on a neuromorphic board. Run this file with
# `greenmorph run tutorials/00_first_report.py`, as a plain Python script, or cell
# by cell in an editor that knows `# %%`.
#
# ## Install
#
# In a checkout of the project:
#
# ```console
# $ python3 -m venv .venv && . .venv/bin/activate
# $ pip install -e ".[plot]"
# ```
#
# ## Ask the doctor
#
# `greenmorph doctor` looks at Python, the packages and the compiler, and at one
# cell, which must spike exactly when it does in NEST. Here is the same from Python.

# %%
import subprocess
import sys

subprocess.run([sys.executable, "-m", "pynn_greenmorph.cli", "doctor"], check=True)

# %% [markdown]
# ## A report in five lines
#
# Hundred cells with a constant current, for one second. Any PyNN model will do:
# the first line is the only one that names this package.

# %%
import pyNN.greenmorph as sim

sim.setup(timestep=1.0)
cells = sim.Population(100, sim.IF_curr_exp(i_offset=1.0, tau_refrac=2.0), label="cells")
sim.run(1000.0)
print(sim.energy_report())

# %% [markdown]
# ## Read it
#
# - **The first line** says whose joules these are. The default board is "ideal":
#   exact arithmetic, no limits, and no joules of its own. So its counts are priced
#   on SpiNNaker's SpiNN-5 board. Nothing was measured there: it is a model.
# - **Static and dynamic** are always two numbers. Nearly all is static: a board
#   of 48 chips is switched on for hundred cells. What your model *does* is the
#   dynamic part.
# - **95 %** is how well the prices are known. Two laboratories disagree about the
#   static power of one board type by a sixth.
#
# Every number can be asked where it comes from.

# %%
report = sim.energy_report()
print(report.explain("dynamic.neuron_updates"))

# %% [markdown]
# And the same counts can be priced on all boards. The last rows are for CPUs, GPUs
# and FPGAs: what was published for a *different network*, per synaptic event. These
# cells have no synapses yet, so there it is nothing.

# %%
print(report.compare())

# %% [markdown]
# `report.to_html("report.html")` writes all of this as one page with plots,
# `report.to_json("report.json")` as numbers, and `sim.cite()` gives the BibTeX of
# every source.
#
# NATURE adds the data centre (PUE) and the grid, and turns joules into grams.

# %%
nature = report.nature(country="DEU", pue=1.58)
print(f"NATURE: {nature.joule:.3g} J = {nature.kwh:.2g} kWh = {nature.gco2e:.2g} g CO2e")

# %% [markdown]
# ## Exercise
#
# The same cells with a time step of 0.1 ms, for half a second. How many neuron
# updates is that? Work it out before you run it: cells, steps per millisecond,
# milliseconds. Then write it in place of `None`. (`solutions.toml` in this folder
# has the answer.)

# %%
my_answer = None

# %%
from pynn_greenmorph.course import check_answer

sim.setup(timestep=0.1)
sim.Population(100, sim.IF_curr_exp(i_offset=1.0, tau_refrac=2.0), label="cells")
sim.run(500.0)
finer = sim.energy_report()
print(
    check_answer(
        my_answer,
        right=finer.counters["neuron_updates"],
        hint="Every cell makes one update in every time step.",
        slips={
            100 * 500: "That is one update in every millisecond. How many steps has one?",
            10 * 500: "That is one cell. How many are there?",
            100 * 10 * 1000: "That is a whole second. How long is this run?",
            report.counters["neuron_updates"]: "That was the run before this one.",
        },
    )
)

# %% [markdown]
# Half the time, but five times the updates. And the board needs 1 ms for a step,
# so it runs ten times slower than biology, and draws its static power all the
# while: look what changed.

# %%
print(report.diff(finer))
sim.end()
