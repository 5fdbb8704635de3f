# %% [markdown]
# # 00 · Your first report
#
# *10 minutes. You need: a checkout of the project, and to have seen PyNN before.*
#
# You run a small balanced network of 400 cells, and ask what the same network
# would cost on a neuromorphic board. Run this file with
# `greenmorph run tutorials/00_first_report.py`, or as a plain Python script.

# %%
import pyNN.greenmorph as sim

sim.setup(timestep=0.1, seed=20)

# %% [markdown]
# ## A balanced network
#
# Four excitatory cells to one inhibitory cell, as in Vogels and Abbott's
# benchmark (Brette et al. 2007, J. Comput. Neurosci. 23:349-398). The cells rest
# just above threshold, so the network goes on by itself once a few spikes have
# started it, and inhibition keeps it calm.

# %%
cell = sim.IF_curr_exp(
    cm=0.2, tau_m=20.0, tau_refrac=5.0, tau_syn_E=5.0, tau_syn_I=10.0,
    v_rest=-49.0, v_reset=-60.0, v_thresh=-50.0,
)  # fmt: skip
exc = sim.Population(320, cell, label="exc")
inh = sim.Population(80, cell, label="inh")
start = sim.RandomDistribution("uniform", (-60.0, -50.0), rng=sim.NumpyRNG(seed=21))
exc.initialize(v=start)
inh.initialize(v=start)

for number, (pre, post, weight, kind) in enumerate(
    [
        (exc, exc, 0.02, "excitatory"),
        (exc, inh, 0.02, "excitatory"),
        (inh, exc, -0.10, "inhibitory"),
        (inh, inh, -0.10, "inhibitory"),
    ]
):
    sim.Projection(
        pre,
        post,
        sim.FixedProbabilityConnector(0.1, rng=sim.NumpyRNG(seed=30 + number)),
        sim.StaticSynapse(weight=weight, delay=1.0),
        receptor_type=kind,
    )

# %% [markdown]
# ## Run and look
#
# Spikes come back in Neo, as from every PyNN backend.

# %%
exc.record("spikes")
inh.record("spikes")
sim.run(1000.0)
print(f"excitatory cells fire at {exc.mean_spike_count():.1f} Hz, inhibitory at "
      f"{inh.mean_spike_count():.1f} Hz")  # fmt: skip

# %% [markdown]
# ## What would it cost?
#
# The report counts every neuron update, spike, delivery and synaptic event,
# and prices the counts. The default board is "ideal": exact arithmetic and no
# limits. It has no joules of its own, so its counts are priced on SpiNNaker's
# SpiNN-5 board, whose published measurements the price list is checked against.

# %%
report = sim.energy_report()
print(f"total {report.energy_j:.1f} J, of which dynamic {1e3 * report.dynamic_j:.0f} mJ")

# %% [markdown]
# Nearly all of it is the board's static power: a SpiNN-5 board holds 48 chips
# with 16 cores for cells each, and this network needs a handful of them. And
# because the board needs 1 ms for a time step, the second of biology takes ten
# seconds at our step of 0.1 ms.
#
# NATURE adds the data centre (PUE) and the grid, and turns joules into grams.

# %%
nature = report.nature(country="DEU", pue=1.58)
print(f"NATURE: {nature.joule:.0f} J = {nature.kwh:.2g} kWh = {nature.gco2e:.2g} g CO2e")

# %% [markdown]
# ## Exercise
#
# How many neuron updates does the network make? Work it out before you look:
# cells, steps per millisecond, milliseconds.

# %%
my_answer = (320 + 80) * 10 * 1000  # change this, and see the check complain
if my_answer != report.counters["neuron_updates"]:
    raise SystemExit("Not yet: every cell makes one update in every time step of 0.1 ms.")
print("Exercise: correct.")

# %%
sim.end()
