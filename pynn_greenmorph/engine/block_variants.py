"""Which kernels a cell type has: what may be left out, or joined, without changing a bit."""

from __future__ import annotations

from typing import NamedTuple

from ..registry import CellModel
from .function_text import may_raise

__all__ = ["Variant", "leaves_currents_out", "makes_two_steps", "takes_counts"]

#: States from which on it pays to make two steps at once, see :func:`makes_two_steps`.
_STATES_FOR_TWO_STEPS = 3


class Variant(NamedTuple):
    """For which blocks of a cell type a kernel is made.

    Attributes
    ----------
    scalar_parameters : bool
        Whether all cells of a block share one value of each constant.
    precision : {"exact", "fast"}
        Whether inputs and injected currents are float64 or float32.
    single : bool
        Whether states are float32, and the step is computed so.
    counted : bool
        Whether inputs are counts of one byte, of events whose weight is the receptor's;
        in the exact precision only.
    injected : bool
        Whether there may be injected currents; without, in the exact precision only.
    steps : int
        1 or 2: how many steps a cell makes while its state is in the registers. In the
        exact precision only, and where no step raises.
    """

    scalar_parameters: bool
    precision: str = "exact"
    single: bool = False
    counted: bool = False
    injected: bool = True
    steps: int = 1


def takes_counts(model: CellModel, precision: str) -> bool:
    """Whether a cell type has a second kernel, for counts of events; see ``uniform``.

    For a step that is not simple, one more kernel to be compiled would not pay; in fast
    precision products would be rounded otherwise than sums.

    Parameters
    ----------
    model : CellModel
    precision : {"exact", "fast"}

    Returns
    -------
    bool
    """
    return bool(model.receptors) and _is_simple(model) and precision == "exact"


def leaves_currents_out(model: CellModel, precision: str) -> bool:
    """Whether a cell type has a kernel for cells into which no current is injected.

    It gives the same bits (in fast precision, where products and sums are contracted, it
    would not) in 8 % less time for a step of ``IF_curr_exp`` (Emerald Rapids, AVX-512); for a
    long one it would not pay.

    Parameters
    ----------
    model : CellModel
    precision : {"exact", "fast"}

    Returns
    -------
    bool
    """
    return model.injectable and _is_simple(model) and precision == "exact"


def makes_two_steps(model: CellModel, precision: str) -> bool:
    """Whether a cell type has a kernel for two steps, of counts and without injected currents.

    The state of a block is read and written once for both: a step of ``IF_curr_exp`` takes 9 %
    less time, one of ``IF_curr_alpha`` 12 %; with two states there is nothing to be gained
    (``IF_curr_delta``), or 7 % to be lost (``Izhikevich``). With sums as inputs, which are as
    long as states, it would be half as much (40 blocks, Emerald Rapids, AVX-512). A step that
    raises would leave cells behind that are one step, and others that are two steps further.

    Parameters
    ----------
    model : CellModel
    precision : {"exact", "fast"}

    Returns
    -------
    bool
    """
    if not (takes_counts(model, precision) and leaves_currents_out(model, precision)):
        return False
    assert model.step is not None
    return len(model.states) >= _STATES_FOR_TWO_STEPS and not may_raise(model.step)


def _is_simple(model: CellModel) -> bool:
    """Whether a step is a few operations; steps with methods or helpers take ten times longer."""
    return model.methods is None and not model.helpers
