"""The PyNN name space: what ``import pyNN.greenmorph as sim`` offers.

The package loads this module when one of its names is first asked for. Cell
types, synapse types and rules come from the registry, so that a new file needs
no line here.
"""

from __future__ import annotations

import sys
from typing import Any

from pyNN import common, errors, random, space
from pyNN.core import IndexBasedExpression
from pyNN.network import Network as _Network
from pyNN.parameters import LazyArray, ParameterSpace, Sequence
from pyNN.random import GSLRNG, NumpyRNG, RandomDistribution
from pyNN.space import Cuboid, Grid2D, Grid3D, Line, RandomStructure, Space, Sphere
from pyNN.standardmodels import StandardCellType, cells, electrodes, synapses

from ..errors import explain, unknown_name
from . import connectors as _connectors
from . import models as _models
from . import state as simulator
from .assemblies import Assembly
from .connections import Connection
from .connectors import *  # noqa: F403
from .control import (
    end,
    get_current_time,
    get_max_delay,
    get_min_delay,
    get_time_step,
    initialize,
    num_processes,
    rank,
    reset,
    run,
    run_for,
    run_until,
    setup,
)
from .electrodes import ACSource, DCSource, NoisyCurrentSource, StepCurrentSource
from .experiment import experiment
from .native_rng import NativeRNG
from .populations import Population, PopulationView
from .projections import Projection
from .reports import calibrate, cite, energy_report, profile
from .spynnaker import NAMES, refused_name
from .state import state
from .synapses import StaticSynapse, synapse_classes


class Network(_Network):
    """PyNN's ``Network``, a set of populations and projections."""

    @property
    def sim(self) -> Any:
        """The name space that the components come from."""
        return sys.modules["pynn_greenmorph"]


create = common.build_create(Population)
connect = common.build_connect(Projection, _connectors.FixedProbabilityConnector, StaticSynapse)
record = common.build_record(simulator)
set = common.set  # noqa: A001 - PyNN's name


def record_v(source: Any, filename: str) -> None:
    """Record the membrane potential to a file; deprecated in PyNN."""
    record(["v"], source, filename)


def record_gsyn(source: Any, filename: str) -> None:
    """Record the synaptic conductances to a file; deprecated in PyNN."""
    record(["gsyn_exc", "gsyn_inh"], source, filename)


def list_standard_models() -> list[str]:
    """Return the names of all cell types, own and third parties'."""
    return list(_models.cell_classes())


globals().update(_models.cell_classes())
globals().update(synapse_classes())

__all__ = [
    "GSLRNG",
    "ACSource",
    "Assembly",
    "Connection",
    "Cuboid",
    "DCSource",
    "Grid2D",
    "Grid3D",
    "IndexBasedExpression",
    "LazyArray",
    "Line",
    "NativeRNG",
    "Network",
    "NoisyCurrentSource",
    "NumpyRNG",
    "ParameterSpace",
    "Population",
    "PopulationView",
    "Projection",
    "RandomDistribution",
    "RandomStructure",
    "Sequence",
    "Space",
    "Sphere",
    "StandardCellType",
    "StepCurrentSource",
    "calibrate",
    "cite",
    "connect",
    "create",
    "end",
    "energy_report",
    "errors",
    "experiment",
    "get_current_time",
    "get_max_delay",
    "get_min_delay",
    "get_time_step",
    "initialize",
    "list_standard_models",
    "num_processes",
    "profile",
    "random",
    "rank",
    "record",
    "record_gsyn",
    "record_v",
    "reset",
    "run",
    "run_for",
    "run_until",
    "set",
    "setup",
    "simulator",
    "space",
    "state",
]  # fmt: skip
__all__ += _connectors.__all__
__all__ += list(_models.cell_classes())
__all__ += list(synapse_classes())


def missing(attribute: str) -> AttributeError:
    """Word the error for a name that this backend does not offer.

    Parameters
    ----------
    attribute : str

    Returns
    -------
    AttributeError
        Names the cell types that there are for a standard cell type of PyNN
        that is not offered, what to do about a name of sPyNNaker's, else all names.
    """
    if any(hasattr(models, attribute) for models in (cells, synapses, electrodes)):
        return AttributeError(
            explain(
                f"PyNN's standard model {attribute!r} is not available in this version",
                allowed=f"the cell types {', '.join(list_standard_models())}, the synapse types, "
                f"rules and weight dependences {', '.join(synapse_classes())}, "
                "ACSource, DCSource, NoisyCurrentSource, StepCurrentSource",
            )
        )
    if attribute in NAMES:
        return AttributeError(refused_name(attribute))
    return AttributeError(unknown_name("name in pyNN.greenmorph", attribute, __all__))
