"""The data structure: NumPy tables for cells, synapses, injected currents and probes.

These tables are the only truth for parameters. The front end fills them, the
mapping and the engine read them, and the ledger counts with them. Nothing here
computes a trajectory. Cells have *global ids* 0, 1, 2, ... in the order in
which populations were created; that order is part of the canonical order of
sums, so it never depends on threads.

Time is counted in steps of ``dt_ms``. A *lifetime* step goes on through
``reset()``, a step of the current trial starts again from 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .registry import CellModel, SynapseModel

__all__ = [
    "LARGEST_STEP",
    "CellGroup",
    "CurrentGroup",
    "Network",
    "NoiseWave",
    "Probe",
    "SineWave",
    "StepWave",
    "SynapseGroup",
    "Wave",
    "unique_labels",
]


#: Steps from here on are never reached; larger ones would not fit an integer,
#: so times that mean "never" (1e300 ms) are cut to it.
LARGEST_STEP = 1 << 52


@dataclass(eq=False)
class CellGroup:
    """The cells of one population.

    Attributes
    ----------
    label : str
        The population's label, not necessarily unique.
    model : CellModel
        The cell type.
    first : int
        Global id of the first cell; the group's ids are consecutive.
    size : int
        Number of cells.
    created : int
        Lifetime step at which the group was created.
    columns : dict of str to (size,) float64
        Parameter columns in PyNN's units (``Parameter.column``).
    initial : dict of str to (size,) float64
        Initial values by name of variable, in PyNN's units.
    spike_times_ms : list of (k,) float64 arrays, ms
        For table sources: the spike times of each cell; else empty.
    histograms : dict of str to list of (k,) float64 arrays
        Values by bin of each cell, by column, for parameters in ``model.histogram``.
    """

    label: str
    model: CellModel
    first: int
    size: int
    created: int
    columns: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    initial: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    spike_times_ms: list[NDArray[np.float64]] = field(default_factory=list)
    histograms: dict[str, list[NDArray[np.float64]]] = field(default_factory=dict)


@dataclass(eq=False)
class SynapseGroup:
    """The connections of one projection, in order of insertion.

    Attributes
    ----------
    label : str
        The projection's label, not necessarily unique.
    model : SynapseModel
        The synapse type.
    receptor : str
        Receptor type on the target cells.
    created : int
        Lifetime step at which the group was created: spikes emitted at or
        before the last step then done are not delivered by it.
    pre, post : (n,) int32
        Global ids of source and target cells.
    weight : (n,) float64, nA, uS or mV
        PyNN's value, with PyNN's sign, as the user gave it: weights that are
        learned are state of the engine. One number for all may be broadcast
        (strides 0, read-only); arrays are replaced, never changed in place.
    delay_steps : (n,) int32, steps
        Delay, at least 1; may be broadcast as well.
    columns : dict of str to (n,) float64
        Parameters of the synapse type in PyNN's units (``Parameter.column``);
        may be broadcast as well.
    initial : dict of str to (n,) float64
        Initial values of states, where they are not those of the synapse type.
    dendritic_fraction : float or (n,) float64
        Fraction of the delay that is dendritic, from 0 to 1; may be broadcast as well.
    """

    label: str
    model: SynapseModel
    receptor: str
    created: int
    pre: NDArray[np.int32]
    post: NDArray[np.int32]
    weight: NDArray[np.float64]
    delay_steps: NDArray[np.int32]
    columns: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    initial: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    dendritic_fraction: float | NDArray[np.float64] = 1.0

    @property
    def size(self) -> int:
        """Number of connections."""
        return len(self.pre)


@dataclass(frozen=True, eq=False)
class StepWave:
    """A piecewise constant current.

    Attributes
    ----------
    steps : (k,) int64, steps
        ``amplitudes_na[i]`` acts in all steps that begin at or after
        ``steps[i]`` and before ``steps[i + 1]``. Increasing.
    amplitudes_na : (k,) float64, nA
        Amplitudes; 0 before the first step.
    """

    steps: NDArray[np.int64]
    amplitudes_na: NDArray[np.float64]


@dataclass(frozen=True)
class SineWave:
    """A sine that acts in the steps that begin in ``[start, stop)``; 0 elsewhere.

    Attributes
    ----------
    start, stop : int, steps
    offset_na, amplitude_na : float, nA
    frequency_hz : float, Hz
    phase_rad : float, rad
        Phase at ``start``.
    """

    start: int
    stop: int
    offset_na: float
    amplitude_na: float
    frequency_hz: float
    phase_rad: float


@dataclass(frozen=True)
class NoiseWave:
    """Normal values, each held for an interval, in ``[start, stop)``; 0 elsewhere.

    Attributes
    ----------
    start, stop : int, steps
    interval : int, steps
        How long a value is held.
    mean_na, stdev_na : float, nA
    number : int
        Number of the source, which its draws are keyed with.
    """

    start: int
    stop: int
    interval: int
    mean_na: float
    stdev_na: float
    number: int


Wave = StepWave | SineWave | NoiseWave


@dataclass(eq=False)
class CurrentGroup:
    """A current that is injected into cells.

    Attributes
    ----------
    cells : (n,) int64
        Global ids of the cells; an id that occurs twice receives the current twice.
    wave : Wave
        Which current acts when.
    """

    cells: NDArray[np.int64]
    wave: Wave


@dataclass(eq=False)
class Probe:
    """A request to sample one variable of some cells of a group.

    Attributes
    ----------
    group : CellGroup
        The cells' group.
    variable : str
        Name of the variable.
    cells : (n,) int64
        Indices within the group, ascending.
    interval : int, steps
        Sampling interval.
    start : int, steps
        Step of the current trial at which sampling starts (it is sampled too).
    """

    group: CellGroup
    variable: str
    cells: NDArray[np.int64]
    interval: int
    start: int


@dataclass
class Network:
    """All tables of one model.

    Attributes
    ----------
    dt_ms : float, ms
        Time step.
    seed : int
        Seed of native random numbers, 64 bits.
    precision : {"exact", "fast"}
        Whether all is float64, or inputs, weights and what ``CellModel.fast``
        describes are float32.
    cells, synapses, currents, probes : list
        The groups, in order of creation.
    """

    dt_ms: float
    seed: int
    precision: str = "exact"
    cells: list[CellGroup] = field(default_factory=list)
    synapses: list[SynapseGroup] = field(default_factory=list)
    currents: list[CurrentGroup] = field(default_factory=list)
    probes: list[Probe] = field(default_factory=list)

    @property
    def n_cells(self) -> int:
        """Number of cells of all groups."""
        if not self.cells:
            return 0
        last = self.cells[-1]
        return last.first + last.size


def unique_labels(labels: Iterable[str]) -> list[str]:
    """Number labels that occur more than once: ``a, a, b`` becomes ``a, a#2, b``.

    Parameters
    ----------
    labels : iterable of str

    Returns
    -------
    list of str
        Distinct labels in the same order.
    """
    result: list[str] = []
    taken: set[str] = set()
    last_number: dict[str, int] = {}
    for label in labels:
        name, number = label, last_number.get(label, 1)
        while name in taken:
            number += 1
            name = f"{label}#{number}"
        last_number[label] = number
        taken.add(name)
        result.append(name)
    return result
