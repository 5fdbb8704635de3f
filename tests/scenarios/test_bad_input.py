"""The catalogue of bad inputs: each raises a clear error before work is lost.

A row is (id, code, exception, words). The code runs after ``sim.setup(0.1)``
with a population ``p`` of four cells and another, ``q``; all words must occur in
the message. After the error the session must still work.
"""

# ruff: noqa: E501 - a row of the catalogue is a line

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pyNN.mock
import pytest
import quantities as pq
from pyNN import errors
from pyNN.parameters import Sequence
from pyNN.random import NumpyRNG, RandomDistribution

from pynn_greenmorph.errors import (
    FidelityWarning,
    InvalidValueError,
    LifecycleError,
    UnknownNameError,
)


def rd(name: str, *parameters: float) -> RandomDistribution:
    return RandomDistribution(name, parameters, rng=NumpyRNG(1))


NAN, INF = float("nan"), float("inf")
PARAMETER = errors.InvalidParameterValueError
SYNAPSE = "sim.Projection(p, q, sim.AllToAllConnector(), sim.StaticSynapse({}))"
LIST = "sim.Projection(p, q, sim.FromListConnector({}), sim.StaticSynapse())"
STDP = "sim.STDPMechanism(sim.SpikePairRule({}), sim.AdditiveWeightDependence(), {})"

ROWS: list[tuple[str, str, type[BaseException], list[str]]] = [
    # setup
    ("dt negative", "sim.setup(timestep=-0.1)", ValueError, ["timestep", "positive", "-0.1"]),
    ("dt zero", "sim.setup(timestep=0)", ValueError, ["timestep", "positive"]),
    ("dt nan", "sim.setup(timestep=NAN)", ValueError, ["timestep", "finite"]),
    ("dt text", "sim.setup(timestep='0.1')", TypeError, ["timestep", "number"]),
    ("delays swapped", "sim.setup(min_delay=5.0, max_delay=1.0)", InvalidValueError, ["min_delay", "max_delay"]),
    ("min_delay below dt", "sim.setup(timestep=1.0, min_delay=0.1)", InvalidValueError, ["min_delay", "timestep"]),
    ("typo in setup", "sim.setup(timestp=1.0)", UnknownNameError, ["timestp", "timestep"]),
    ("dt for timestep", "sim.setup(dt=1.0)", UnknownNameError, ["dt", "timestep"]),
    ("unknown board", "sim.setup(board='spinaker')", UnknownNameError, ["spinaker", "spinnaker"]),
    ("threads zero", "sim.setup(threads=0)", InvalidValueError, ["threads", "positive"]),
    ("threads text", "sim.setup(threads='many')", InvalidValueError, ["threads", "many"]),
    ("unknown precision", "sim.setup(precision='exakt')", UnknownNameError, ["exakt", "exact"]),
    ("two seeds", "sim.setup(seed=1, rng_seed=2)", InvalidValueError, ["seed", "rng_seed=2"]),
    ("seed text", "sim.setup(seed='a')", InvalidValueError, ["seed", "'a'"]),
    ("seed fraction", "sim.setup(seed=1.5)", InvalidValueError, ["seed", "1.5"]),
    ("dt none", "sim.setup(timestep=None)", TypeError, ["timestep", "number"]),
    ("max_delay negative", "sim.setup(max_delay=-1)", ValueError, ["max_delay", "positive"]),
    ("min_delay text", "sim.setup(min_delay='short')", TypeError, ["min_delay", "number", "short"]),
    ("time scale zero", "sim.setup(time_scale_factor=0)", ValueError, ["time_scale_factor", "a finite number >= 1", "0"]),
    ("spike precision", "sim.setup(spike_precision='offgrid')", UnknownNameError, ["offgrid", "off_grid"]),
    ("seed negative", "sim.setup(seed=-1)", InvalidValueError, ["seed", "-1"]),
    # cells and their parameters
    ("unknown cell", "sim.IF_curr_expo()", AttributeError, ["IF_curr_expo", "IF_curr_exp"]),
    ("cell of PyNN not here", "sim.GIF_cond_exp()", AttributeError, ["GIF_cond_exp", "IF_cond_exp"]),
    ("negative conductance", "sim.Population(2, sim.HH_cond_exp(gbar_K=-1.0))", PARAMETER, ["gbar_K", "not negative"]),
    ("reset above the peak", "sim.Population(2, sim.EIF_cond_exp_isfa_ista(v_reset=-40.0))", PARAMETER, ["v_reset", "v_spike"]),
    ("peak below the threshold", "sim.Population(2, sim.EIF_cond_alpha_isfa_ista(v_thresh=-39.0))", PARAMETER, ["v_thresh", "v_spike", "-39"]),
    ("zero tau_w", "sim.Population(2, sim.EIF_cond_exp_isfa_ista(tau_w=0.0))", PARAMETER, ["tau_w", "greater than 0"]),
    ("zero tau_rr", "sim.Population(2, sim.IF_cond_exp_gsfa_grr(tau_rr=0.0))", PARAMETER, ["tau_rr", "greater than 0"]),
    ("infinite peak", "sim.Population(2, sim.Izhikevich(c=float('inf')))", PARAMETER, ["c", "finite"]),
    ("reset at threshold, delta", "sim.Population(2, sim.IF_curr_delta(v_reset=-50.0))", PARAMETER, ["v_reset", "v_thresh"]),
    ("unknown parameter", "sim.IF_curr_exp(tau_mem=2.0)", errors.NonExistentParameterError, ["tau_mem", "tau_m"]),
    ("set unknown", "p.set(tau_mem=2.0)", errors.NonExistentParameterError, ["tau_mem"]),
    ("get unknown", "p.get('tau_mem')", errors.NonExistentParameterError, ["tau_mem"]),
    ("text parameter", "sim.Population(2, sim.IF_curr_exp(tau_m='twenty'))", PARAMETER, ["tau_m", "str"]),
    ("none parameter", "sim.Population(2, sim.IF_curr_exp(tau_m=None))", PARAMETER, ["tau_m", "number"]),
    ("nan parameter", "sim.Population(2, sim.IF_curr_exp(tau_m=NAN))", PARAMETER, ["tau_m", "finite"]),
    ("inf parameter", "sim.Population(2, sim.IF_curr_exp(cm=INF))", PARAMETER, ["cm", "finite"]),
    ("negative tau", "sim.Population(2, sim.IF_curr_exp(tau_m=-20))", PARAMETER, ["tau_m", "greater than 0", "-20"]),
    ("set zero cm", "p.set(cm=0.0)", PARAMETER, ["cm", "greater than 0"]),
    ("negative refractory", "p.set(tau_refrac=-1.0)", PARAMETER, ["tau_refrac", "negative"]),
    ("reset above threshold", "p.set(v_reset=-40.0)", PARAMETER, ["v_reset", "v_thresh"]),
    ("short array", "sim.Population(10, sim.IF_curr_exp(tau_m=np.ones(3)))", errors.InvalidDimensionsError, ["tau_m", "3"]),
    ("negative rate", "sim.Population(2, sim.SpikeSourcePoisson(rate=-1))", PARAMETER, ["rate", "negative"]),
    ("unsorted times", "sim.Population(1, sim.SpikeSourceArray(spike_times=[2., 1.]))", PARAMETER, ["increasing"]),
    ("negative time", "sim.Population(1, sim.SpikeSourceArray(spike_times=[-2.]))", PARAMETER, ["spike time", "negative"]),
    ("nan time", "sim.Population(1, sim.SpikeSourceArray(spike_times=[NAN]))", PARAMETER, ["spike time", "finite"]),
    ("initialize unknown", "p.initialize(foo=1.0)", PARAMETER, ["foo", "isyn_exc"]),
    ("initialize nan", "p.initialize(v=NAN)", PARAMETER, ["v", "finite"]),
    ("no cells", "sim.Population(0, sim.IF_curr_exp())", ValueError, ["size", "positive"]),
    ("half a cell", "sim.Population(2.5, sim.IF_curr_exp())", ValueError, ["size", "2.5"]),
    ("cell type by name", "sim.Population(2, 'IF_curr_exp')", TypeError, ["cell type", "IF_curr_exp"]),
    ("mask too short", "p[np.array([True, False])]", IndexError, ["mask", "4"]),
    ("zero tau", "sim.Population(2, sim.IF_cond_exp(tau_m=0.0))", PARAMETER, ["tau_m", "greater than 0"]),
    ("zero tau_syn", "sim.Population(2, sim.IF_cond_exp(tau_syn_E=0.0))", PARAMETER, ["tau_syn_E", "greater than 0"]),
    ("function gives nan", "sim.Population(2, sim.IF_curr_exp(tau_m=lambda i: NAN + i))", PARAMETER, ["tau_m", "finite"]),
    ("set short array", "p.set(tau_m=np.ones(7))", errors.InvalidDimensionsError, ["(4,)", "(7,)"]),
    ("set one bad of two", "p.set(tau_m=10.0, cm=-1.0)", PARAMETER, ["cm", "greater than 0"]),
    ("set times text", "s.set(spike_times='soon')", ValueError, ["float", "'s'"]),
    ("times from one function", "s.set(spike_times=lambda i: sim.Sequence([9.0]))", PARAMETER, ["spike_times", "Sequence"]),
    ("too few trains", "s.set(spike_times=[sim.Sequence([9.0])] * 3)", errors.InvalidDimensionsError, ["(4,)", "(3,)"]),
    ("infinite time", "sim.Population(1, sim.SpikeSourceArray(spike_times=[INF]))", PARAMETER, ["spike time", "finite"]),
    ("duration negative", "sim.Population(1, sim.SpikeSourcePoisson(duration=-1.0))", PARAMETER, ["duration", "negative"]),
    ("initialize short", "p.initialize(v=[-60.0, -61.0])", errors.InvalidDimensionsError, ["v", "4", "(2,)"]),
    ("initial value unknown", "sim.Population(2, sim.IF_curr_exp(), initial_values={'u': 1.0})", PARAMETER, ["'u'", "isyn_exc"]),
    ("id unknown read", "p[0].tau_mem", errors.NonExistentParameterError, ["tau_mem", "tau_m"]),
    ("id unknown written", "p[0].tau_mem = 3.0", errors.NonExistentParameterError, ["tau_mem", "tau_m"]),
    ("id bad value", "p[0].tau_m = -3.0", PARAMETER, ["tau_m", "greater than 0"]),
    ("negative size", "sim.Population(-3, sim.IF_curr_exp())", ValueError, ["size", "-3"]),
    ("zero in a shape", "sim.Population((2, 0), sim.IF_curr_exp())", ValueError, ["size", "(2, 0)"]),
    ("size text", "sim.Population('4', sim.IF_curr_exp())", ValueError, ["size", "integer"]),
    ("cell type of another backend", "sim.Population(2, mock.IF_curr_exp())", TypeError, ["IF_curr_exp", "sim."]),
    ("index out of range", "p[4]", IndexError, ["4"]),
    ("list out of range", "p[[1, 7]]", IndexError, ["7"]),
    ("empty view", "p[2:2]", IndexError, ["no cells", "'p'"]),
    ("empty mask", "p[np.zeros(4, dtype=bool)]", IndexError, ["no cells", "'p'"]),
    # recording
    ("record unknown", "p.record('w')", errors.RecordingError, ["'w'", "isyn_exc"]),
    ("record v of a source", "s.record('v')", errors.RecordingError, ["'v'", "spikes"]),
    ("interval off the grid", "p.record('v', sampling_interval=0.25)", ValueError, ["sampling", "multiple"]),
    ("interval negative", "p.record('v', sampling_interval=-1.0)", ValueError, ["sampling", "positive"]),
    ("not recorded", "p.get_data('isyn_exc')", errors.RecordingError, ["isyn_exc", "record"]),
    ("two intervals", "p.record('v'); p.record('isyn_exc', sampling_interval=0.5)", ValueError, ["same sampling interval"]),
    ("interval text", "p.record('v', sampling_interval='1')", TypeError, ["sampling", "number"]),
    ("one of two unknown", "p.record(['v', 'w'])", errors.RecordingError, ["'w'"]),
    ("v of a mixed assembly", "(p + s).record('v')", errors.RecordingError, ["'v'", "'s'"]),
    ("text file at the end", "p.record('v', to_file=str(tmp / 'v.txt'))", ValueError, ["v.txt", ".pkl"]),
    ("no folder at the end", "p.record('v', to_file='/dev/null/v.pkl')", OSError, ["/dev/null"]),
    ("unknown extension", "p.write_data(str(tmp / 'v.qqq'))", ValueError, ["v.qqq", ".pkl"]),
    ("unknown extension, assembly", "(p + q).write_data(str(tmp / 'v.txt'))", ValueError, ["v.txt", ".pkl"]),
    ("no folder", "p.write_data('/dev/null/v.pkl')", OSError, ["/dev/null"]),
    # connections
    ("nan weight", SYNAPSE.format("weight=NAN, delay=1.0"), errors.ConnectionError, ["weight", "finite"]),
    ("nan delay", SYNAPSE.format("weight=1.0, delay=NAN"), errors.ConnectionError, ["delay", "finite"]),
    ("delay below the step", SYNAPSE.format("weight=1.0, delay=0.04"), errors.ConnectionError, ["delay", "0.1 ms", "0.04"]),
    ("delay negative", SYNAPSE.format("weight=1.0, delay=-1.0"), errors.ConnectionError, ["delay", "positive"]),
    ("wrong sign", SYNAPSE.format("weight=1.0, delay=1.0").replace("))", "), receptor_type='inhibitory')"), errors.ConnectionError, ["negative"]),
    ("array of another shape", SYNAPSE.format("weight=np.ones((3, 3)), delay=1.0"), errors.InvalidDimensionsError, ["weight", "(4, 4)"]),
    ("unknown receptor", SYNAPSE.format("weight=1.0, delay=1.0").replace("))", "), receptor_type='exitatory')"), errors.ConnectionError, ["exitatory", "excitatory"]),
    ("onto a source", "sim.Projection(p, s, sim.AllToAllConnector())", errors.ConnectionError, ["spike source"]),
    ("list pre", LIST.format("[(7, 0, 0.1, 1.0)]"), errors.ConnectionError, ["pre", "range", "7"]),
    ("list post", LIST.format("[(0, 9, 0.1, 1.0)]"), errors.ConnectionError, ["post", "range", "9"]),
    ("list negative", LIST.format("[(-1, 0, 0.1, 1.0)]"), errors.ConnectionError, ["pre", "-1"]),
    ("list fraction", LIST.format("[(0.5, 0, 0.1, 1.0)]"), errors.ConnectionError, ["integer", "0.5"]),
    ("probability 1.5", "sim.FixedProbabilityConnector(1.5)", ValueError, ["p_connect", "between 0 and 1"]),
    ("probability -1", "sim.FixedProbabilityConnector(-1)", ValueError, ["p_connect", "-1"]),
    ("negative number", "sim.FixedNumberPreConnector(-1)", ValueError, ["negative", "-1"]),
    ("bad expression", "sim.DistanceDependentProbabilityConnector('exp(-d')", ValueError, ["exp(-d"]),
    ("set unknown attribute", "pr.set(tau=1.0)", errors.NonExistentParameterError, ["tau", "weight"]),
    ("set nan", "pr.set(weight=NAN)", errors.ConnectionError, ["weight", "finite"]),
    ("set wrong length", "pr.set(weight=[1.0, 2.0])", errors.InvalidDimensionsError, ["weight", "list of 4", "2 values"]),
    ("set wrong matrix", "pr.set(weight=np.ones((2, 2)))", errors.InvalidDimensionsError, ["(4, 4)", "(2, 2)"]),
    ("weight text", SYNAPSE.format("weight='strong', delay=1.0"), PARAMETER, ["StaticSynapse", "weight", "'strong'", "distance"]),
    ("delay complex", SYNAPSE.format("weight=1.0, delay=1j"), PARAMETER, ["delay", "1j"]),
    ("weights with None", SYNAPSE.format("weight=[1.0, None], delay=1.0"), PARAMETER, ["weight", "None"]),
    ("plastic weight None", STDP.format("", "weight=None"), PARAMETER, ["STDPMechanism", "weight", "None"]),
    ("plastic delay object", STDP.format("", "delay=object()"), PARAMETER, ["STDPMechanism", "delay", "object"]),
    ("fraction None", STDP.format("", "dendritic_delay_fraction=None"), PARAMETER, ["dendritic_delay_fraction", "None"]),
    ("amplitude of a rule None", STDP.format("A_plus=None", ""), PARAMETER, ["SpikePairRule", "A_plus", "None"]),
    ("time constant of a rule text", STDP.format("tau_plus='long'", ""), PARAMETER, ["SpikePairRule", "tau_plus", "'long'"]),
    ("parameter of a synapse dict", "sim.TsodyksMarkramSynapse(U={})", PARAMETER, ["TsodyksMarkramSynapse", "U", "{}"]),
    ("list of text", LIST.format("[(0, 0, 'strong', 1.0)]"), PARAMETER, ["not a number", "column_names"]),
    ("list of None", LIST.format("[(0, 0, None, 1.0)]"), PARAMETER, ["FromListConnector", "None"]),
    ("list complex", LIST.format("[(0, 0, 1j, 1.0)]"), PARAMETER, ["not a number", "j"]),
    ("set text", "pr.set(weight='strong')", PARAMETER, ["set()", "weight", "'strong'"]),
    ("set function of nothing", "pr.set(weight=lambda d: None)", errors.ConnectionError, ["weight", "nan"]),
    ("connection text", "pr[0].weight = 'strong'", PARAMETER, ["connection 0", "weight", "strong"]),
    ("connection None", "pr[0].delay = None", PARAMETER, ["connection 0", "delay", "one number"]),
    ("current None", "sim.DCSource(amplitude=None)", PARAMETER, ["DCSource", "amplitude", "None"]),
    ("current set None", "sim.DCSource().amplitude = None", PARAMETER, ["DCSource", "amplitude", "None"]),
    ("current list", "sim.ACSource(offset=[1.0, 2.0])", PARAMETER, ["ACSource", "offset", "one number"]),
    ("current text", "sim.NoisyCurrentSource(mean='much')", PARAMETER, ["NoisyCurrentSource", "mean", "'much'"]),
    ("current function", "sim.StepCurrentSource(times=[1.0], amplitudes=lambda i: 1.0)", PARAMETER, ["amplitudes", "list"]),
    ("frequency above the steps", "sim.ACSource(frequency=5001.0)", ValueError, ["frequency", "5000 Hz", "time step", "5001 Hz"]),
    ("frequency set above the steps", "sim.ACSource().frequency = 1e4", ValueError, ["frequency", "10000 Hz"]),
    ("current of None", "sim.StepCurrentSource(times=[1.0, None], amplitudes=[1.0, 2.0])", PARAMETER, ["times", "None"]),
    ("set nothing", "pr.set(weight=None)", errors.InvalidDimensionsError, ["weight", "None"]),
    ("set short delay", "pr.set(delay=0.04)", errors.ConnectionError, ["delay", "0.1 ms", "0.04"]),
    ("set one bad of two attributes", "pr.set(weight=5.0, delay=0.04)", errors.ConnectionError, ["delay", "0.04"]),
    ("get unknown attribute", "pr.get('w', format='list')", errors.NonExistentParameterError, ["w", "weight"]),
    ("get unknown format", "pr.get('weight', format='matrix')", Exception, ["list", "array"]),
    ("get unknown sum", "pr.get('weight', format='array', multiple_synapses='mean')", ValueError, ["multiple_synapses", "first"]),
    ("no such connection", "pr[9]", IndexError, ["range"]),
    ("connection unknown read", "pr[0].tau", AttributeError, ["tau"]),
    ("connection unknown written", "pr[0].tau = 1.0", errors.NonExistentParameterError, ["tau", "weight"]),
    ("connection index written", "pr[0].presynaptic_index = 2", AttributeError, ["presynaptic_index", "cannot be set"]),
    ("connection nan", "pr[0].weight = NAN", errors.ConnectionError, ["weight", "finite"]),
    ("state of a static synapse", "pr.initialize(u=1.0)", PARAMETER, ["'u'", "StaticSynapse"]),
    ("unknown in a synapse", "sim.StaticSynapse(weigth=1.0)", errors.NonExistentParameterError, ["weigth", "weight"]),
    ("weight text", SYNAPSE.format("weight='strong'"), PARAMETER, ["weight", "str"]),
    ("both signs", SYNAPSE.format("weight=rd('normal', 0.0, 1.0)"), errors.ConnectionError, ["positive", "negative"]),
    ("a delay drawn too short", SYNAPSE.format("weight=1.0, delay=rd('normal', 1.0, 1.0)"), errors.ConnectionError, ["delay", "0.1 ms"]),
    ("onto a mixed assembly", "sim.Projection(p, p + s, sim.AllToAllConnector())", errors.ConnectionError, ["spike source"]),
    ("cells of another kind", "sim.Projection(p, [1, 2], sim.AllToAllConnector())", errors.ConnectionError, ["Population", "list"]),
    ("connector class", "sim.Projection(p, q, sim.AllToAllConnector)", TypeError, ["connector", "instance"]),
    ("synapse class", "sim.Projection(p, q, sim.AllToAllConnector(), sim.StaticSynapse)", TypeError, ["synapse_type", "instance"]),
    ("synapse of another backend", "sim.Projection(p, q, sim.AllToAllConnector(), mock.StaticSynapse(delay=1.0))", TypeError, ["StaticSynapse", "synapse type"]),
    ("ragged list", LIST.format("[(0, 0, 0.1, 1.0), (0, 1, 0.1)]"), ValueError, ["one length"]),
    ("three columns", LIST.format("[(0, 0, 0.1)]"), TypeError, ["column_names"]),
    ("column unknown", "sim.Projection(p, q, sim.FromListConnector([(0, 0, 0.1)], column_names=('U',)))", ValueError, ["U", "weight"]),
    ("nan in a list", LIST.format("[(0, 0, NAN, 1.0)]"), errors.ConnectionError, ["weight", "finite"]),
    ("short delay in a list", LIST.format("[(0, 0, 0.1, 0.01)]"), errors.ConnectionError, ["delay", "0.01"]),
    ("no such file", "sim.Projection(p, q, sim.FromFileConnector(str(tmp / 'list.txt')))", OSError, ["list.txt"]),
    ("garbled file", "(tmp / 'g.txt').write_text('0 0 0.1 1.0\\n0 two 0.1'); sim.Projection(p, q, sim.FromFileConnector(str(tmp / 'g.txt')))", ValueError, ["g.txt", "line"]),
    ("array of 0 and 1", "sim.Projection(p, q, sim.ArrayConnector(np.ones((4, 4), dtype=int)))", ValueError, ["boolean", "int", "astype"]),
    ("array shape", "sim.Projection(p, q, sim.ArrayConnector(np.ones((3, 9), dtype=bool)))", ValueError, ["(4, 4)", "(3, 9)"]),
    ("clone of others", "sim.Projection(p, q, sim.CloneConnector(pr))", errors.ConnectionError, ["must match"]),
    ("small world", "sim.Projection(p, q, sim.SmallWorldConnector(2.0, 0.1))", NotImplementedError, ["SmallWorld", "FromListConnector"]),
    ("none drawn", "sim.Projection(p, q, sim.FixedNumberPreConnector(rd('poisson', 0.5)))", ValueError, ["n gave 0", "with_replacement"]),
    ("fractional number", "sim.FixedNumberPostConnector(2.5)", TypeError, ["integer"]),
    ("probability nan", "sim.FixedProbabilityConnector(NAN)", ValueError, ["p_connect", "between 0 and 1"]),
    ("negative expression", "sim.DistanceDependentProbabilityConnector('d - 5')", ValueError, ["d - 5", "not negative"]),
    ("unknown function", "sim.DistanceDependentProbabilityConnector('foo(d)')", ValueError, ["foo"]),
    # running
    ("run back", "sim.run(-10.0)", ValueError, ["past", "negative"]),
    ("run nan", "sim.run(NAN)", ValueError, ["time", "finite"]),
    ("run text", "sim.run('100')", TypeError, ["time", "number"]),
    ("callback without a time", "sim.run(5.0, callbacks=[lambda t: None])", LifecycleError, ["callback", "next time"]),
    ("callback that stays", "sim.run(5.0, callbacks=[lambda t: t])", LifecycleError, ["callback", "later time"]),
    ("run for ever", "sim.run(INF)", ValueError, ["time", "finite"]),
    ("run into the past", "sim.run(5.0); sim.run_until(1.0)", ValueError, ["past", "current time 5"]),
    ("callback gives text", "sim.run(5.0, callbacks=[lambda t: 'soon'])", LifecycleError, ["callback", "'soon'", "next time"]),
    ("callback gives nan", "sim.run(5.0, callbacks=[lambda t: NAN])", LifecycleError, ["callback", "nan"]),
    ("callback goes back", "sim.run(5.0, callbacks=[lambda t: t - 1.0])", LifecycleError, ["callback", "later time"]),
    ("callbacks no list", "sim.run(5.0, callbacks=lambda t: t + 1.0)", TypeError, ["callbacks", "list of functions"]),
    ("callbacks no functions", "sim.run(5.0, callbacks=[3])", TypeError, ["callbacks", "[3]"]),
    # currents
    ("step times", "sim.StepCurrentSource(times=[2., 1.], amplitudes=[1., 1.])", ValueError, ["increasing"]),
    ("step lengths", "sim.StepCurrentSource(times=[1., 2.], amplitudes=[1.])", ValueError, ["length"]),
    ("nan current", "sim.DCSource(amplitude=NAN)", ValueError, ["amplitude", "finite"]),
    ("stop before start", "sim.DCSource(start=9.0, stop=5.0)", ValueError, ["start", "stop"]),
    ("inject into a source", "sim.DCSource().inject_into(s)", TypeError, ["inject"]),
    ("negative start", "sim.DCSource(start=-1.0)", ValueError, ["start", "negative"]),
    ("negative step time", "sim.StepCurrentSource(times=[-1.0], amplitudes=[1.0])", ValueError, ["negative"]),
    ("infinite step", "sim.StepCurrentSource(times=[1.0], amplitudes=[INF])", ValueError, ["amplitude", "finite"]),
    ("unknown in a source", "sim.DCSource(amplitud=1.0)", errors.NonExistentParameterError, ["amplitud", "amplitude"]),
    ("current set to nan", "d = sim.DCSource(amplitude=0.0); d.inject_into(p); d.amplitude = NAN", ValueError, ["amplitude", "finite"]),
    ("inject into a mixed assembly", "sim.DCSource().inject_into(p + s)", TypeError, ["inject"]),
    ("current not recorded", "sim.DCSource().get_data()", ValueError, ["record"]),
    # units: "ms" is what the parameter is in, "has a unit" what is wrong
    ("unit of a parameter", "p.set(tau_m=0.02 * pq.s)", PARAMETER, ["tau_m has a unit", "'p'", "ms", "0.02"]),
    ("unit of a cell", "p[0].tau_m = 20 * pq.ms", PARAMETER, ["tau_m has a unit"]),
    ("unit of a cell type", "sim.IF_curr_exp(tau_m=np.array([10.0, 20.0]) * pq.ms)", PARAMETER, ["IF_curr_exp", "tau_m has a unit"]),
    ("unit of an initial value", "p.initialize(v=-0.07 * pq.V)", PARAMETER, ["v has a unit", "mV"]),
    ("unit of times", "s.set(spike_times=[np.array([9.0]) * pq.ms] * 4)", PARAMETER, ["spike_times has a unit", "rescale"]),
    ("unit of a weight", "pr.set(weight=100 * pq.pA)", PARAMETER, ["weight has a unit", "nA"]),
    ("unit of one weight", "pr[0].weight = 100 * pq.pA", PARAMETER, ["weight has a unit"]),
    ("unit of a synapse", "sim.StaticSynapse(weight=100 * pq.pA)", PARAMETER, ["StaticSynapse", "weight has a unit"]),
    ("unit of a mechanism", "sim.STDPMechanism(sim.SpikePairRule(), sim.AdditiveWeightDependence(), delay=1 * pq.ms)", PARAMETER, ["delay has a unit"]),
    ("unit of a rule", "sim.SpikePairRule(tau_plus=20 * pq.ms)", PARAMETER, ["tau_plus has a unit"]),
    ("unit of a current", "sim.DCSource(amplitude=500 * pq.pA)", PARAMETER, ["amplitude has a unit"]),
    ("unit of a changed current", "sim.DCSource(amplitude=0.5).amplitude = 500 * pq.pA", PARAMETER, ["amplitude has a unit"]),
    ("unit of a run", "sim.run(0.01 * pq.s)", TypeError, ["time", "ms"]),
    # report
    ("unknown boundary", "sim.energy_report(boundary='box')", ValueError, ["box", "board_dc"]),
    ("unknown board in report", "sim.energy_report(board='lohi')", UnknownNameError, ["lohi", "ideal"]),
    ("pue in watts", "sim.run(1.0); sim.energy_report().nature(country='DEU', pue=158)", ValueError, ["pue"]),
    ("unknown country", "sim.run(1.0); sim.energy_report().nature(country='Atlantis')", ValueError, ["Atlantis"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "kind", "words"), [row[1:] for row in ROWS], ids=[r[0] for r in ROWS]
)
def test_bad_input(
    sim: Any, tmp_path: Path, code: str, kind: type[BaseException], words: list[str]
) -> None:
    """The right exception, all words, and a session that goes on."""
    sim.setup(timestep=0.1)
    p = sim.Population(4, sim.IF_curr_exp(i_offset=1.0), label="p")
    q = sim.Population(4, sim.IF_curr_exp(), label="q")
    s = sim.Population(4, sim.SpikeSourceArray(spike_times=[1.0]), label="s")
    pr = sim.Projection(s, q, sim.OneToOneConnector(), sim.StaticSynapse(weight=0.1, delay=1.0))
    p.record("spikes")
    names = {"sim": sim, "mock": pyNN.mock, "p": p, "q": q, "s": s, "pr": pr, "np": np, "rd": rd}
    names |= {"tmp": tmp_path, "NAN": NAN, "INF": INF, "pq": pq}
    with pytest.raises(kind) as caught:
        exec(code, names)
    for word in words:
        assert re.search(re.escape(word), str(caught.value), re.IGNORECASE), str(caught.value)
    # Nothing was done by halves: the network is as it was, and the session goes on.
    assert (p.get("tau_m"), p.get("cm"), s.get("spike_times")) == (20.0, 1.0, Sequence([1.0]))
    assert pr.get(["weight", "delay"], format="list") == [(i, i, 0.1, 1.0) for i in range(4)]
    sim.run_until(30.0)
    assert p.get_spike_counts() == dict.fromkeys(p.all_cells, 1)


@pytest.mark.parametrize(
    "code", ["sim.run(1.0)", "sim.Population(1, sim.IF_curr_exp())", "sim.reset()"]
)
def test_before_setup_and_after_end(sim: Any, code: str) -> None:
    """Each says that setup() must come first."""
    state = sim.simulator.state
    state.clear()
    with pytest.raises(LifecycleError, match=r"before setup\(\)"):
        exec(code, {"sim": sim})
    sim.setup()
    sim.end()
    sim.end()
    with pytest.raises(LifecycleError, match=r"after end\(\)"):
        exec(code, {"sim": sim})


@pytest.mark.parametrize(
    ("delay", "words"),
    [(0.3, "below min_delay.*0.3"), (9.0, "greater than max_delay.*9"), (NAN, "finite")],
)
def test_limits_of_delays(sim: Any, delay: float, words: str) -> None:
    """Delays keep to the limits of setup(), at creation and later, one by one too."""
    sim.setup(timestep=0.1, min_delay=1.0, max_delay=5.0)
    p = sim.Population(2, sim.IF_curr_exp())
    connector = sim.AllToAllConnector()
    with pytest.raises(errors.ConnectionError, match=words):
        sim.Projection(p, p, connector, sim.StaticSynapse(weight=1.0, delay=delay))
    projection = sim.Projection(p, p, connector, sim.StaticSynapse(weight=1.0, delay=5.0))
    with pytest.raises(errors.ConnectionError, match=words):
        projection.set(delay=delay)
    with pytest.raises(errors.ConnectionError, match=words):
        projection[0].delay = delay
    default = sim.Projection(p, p, connector, sim.StaticSynapse(weight=1.0))
    assert default.get("delay", format="list", with_address=False) == [1.0] * 4


def test_objects_of_an_earlier_setup(sim: Any) -> None:
    """setup() destroys the network; what is left of it says so."""
    sim.setup()
    old = sim.Population(2, sim.IF_curr_exp())
    sim.setup()
    new = sim.Population(2, sim.IF_curr_exp())
    for action in (
        lambda: old.set(tau_m=10.0),
        lambda: old.record("v"),
        lambda: old.initialize(v=-60.0),
        old.get_data,
        lambda: sim.Projection(old, new, sim.OneToOneConnector()),
    ):
        with pytest.raises(LifecycleError, match=r"setup\(\)"):
            action()


def test_an_error_in_a_callback_keeps_the_data(sim: Any) -> None:
    """The script's own exception comes through, and what ran is there."""
    sim.setup(timestep=0.1)
    p = sim.Population(1, sim.IF_curr_exp())
    p.record("v")

    def callback(t: float) -> float:
        if t >= 5.0:
            raise KeyError("my own error")
        return t + 1.0

    with pytest.raises(KeyError, match="my own error"):
        sim.run(20.0, callbacks=[callback])
    assert p.get_data().segments[0].analogsignals[0].shape == (51, 1)


DEVIATIONS = [
    ("delay rounded", "sim.Projection(s, p, sim.OneToOneConnector(), sim.StaticSynapse(weight=1.0, delay=0.23))"),
    ("spike time rounded", "sim.Population(1, sim.SpikeSourceArray(spike_times=[1.03, 2.0]))"),
    ("run time rounded", "sim.run(0.33)"),
    ("delay rounded", "sim.Projection(s, p, sim.FromListConnector([(0, 0, 1.0, 0.25), (1, 1, 1.0, 0.33)]), sim.StaticSynapse())"),
    ("delay rounded", "sim.Projection(s, p, sim.OneToOneConnector(), sim.StaticSynapse(weight=1.0, delay=1.0)).set(delay=0.23)"),
    ("spike time rounded", "s.set(spike_times=[2.0, 2.04])"),
    ("unequal sizes", "sim.Projection(s, sim.Population(5, sim.IF_curr_exp()), sim.OneToOneConnector(), sim.StaticSynapse(weight=1.0, delay=1.0))"),
    ("spike time in the past", "sim.run(5.0); s.set(spike_times=[2.0, 9.0])"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "code"), DEVIATIONS)
def test_deviations_are_reported_once(sim: Any, kind: str, code: str) -> None:
    """One warning per kind, and a row in the report."""
    sim.setup(timestep=0.1)
    p = sim.Population(2, sim.IF_curr_exp())
    s = sim.Population(2, sim.SpikeSourceArray(spike_times=[1.0]))
    names = {"sim": sim, "p": p, "s": s}
    with pytest.warns(FidelityWarning) as caught:
        exec(code, names)
    assert len(caught) == 1
    rows = [row for row in sim.energy_report().to_dict()["fidelity"] if row["kind"] == kind]
    assert len(rows) == 1
    assert rows[0]["count"] >= 1


def test_rows_of_one_place_are_merged(sim: Any) -> None:
    """One warning, at the script's line, and a row per place: sum of counts, largest deviation."""
    sim.setup(timestep=0.1)
    p = sim.Population(2, sim.IF_curr_exp())

    def wire(label: str, *delays: float) -> None:
        for delay in delays:
            synapse = sim.StaticSynapse(weight=1.0, delay=delay)
            sim.Projection(p, p, sim.AllToAllConnector(), synapse, label=label)

    with pytest.warns(FidelityWarning, match="rounded") as caught:
        wire("one", 0.22, 0.25)
    assert [warning.filename for warning in caught] == [__file__]
    wire("two", 0.31)
    wire("one", 0.5, 0.96)
    rows = sim.energy_report().to_dict()["fidelity"]
    assert [(row["kind"], row["count"], row["unit"]) for row in rows] == [
        ("delay rounded", 12, "ms"),
        ("delay rounded", 4, "ms"),
    ]
    assert [row["largest"] for row in rows] == pytest.approx([0.05, 0.01])


def test_what_setup_cannot_honour_is_reported(sim: Any) -> None:
    """Off-grid spikes, a board's arithmetic and arguments of other backends."""
    with pytest.warns(FidelityWarning) as caught:
        sim.setup(board="spinnaker", spike_precision="off_grid", use_cvode=True)
    messages = " | ".join(str(warning.message) for warning in caught)
    assert "off_grid" in messages
    assert "exact float64" in messages
    kinds = [row["kind"] for row in sim.energy_report().to_dict()["fidelity"]]
    assert sorted(kinds) == ["board arithmetic", "not honoured", "not honoured"]
