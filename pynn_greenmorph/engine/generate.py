"""From the plain-Python step of a cell type to a kernel for a block of cells.

All of it is in one text, and machine code is kept under the hash of its text:
an edited cell file is never served by old machine code.

With ``NUMBA_DISABLE_JIT=1`` nothing is generated: the same text runs as plain
Python, for coverage, bounds checks and debugging.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from ..errors import GreenmorphError, explain
from ..registry import CellModel
from .compiled import source_digest
from .function_text import function_sources
from .machine_code import compiles, load_code

__all__ = [
    "BLOCK",
    "ROW",
    "block_arguments",
    "block_source",
    "load_block",
    "run_plain",
    "takes_counts",
]

#: Cells per block. A constant known to the compiler: it can then prove that
#: rows of a block do not overlap, and vectorise.
BLOCK = 512

#: Numbers from one row of a block to the next: 4 352 bytes. With the 4 096 of
#: 512 numbers all rows would compete for the same few places of the innermost
#: cache, and loads wait for stores with which they share the last 12 bits of the
#: address (5 % of the time of a step on a Zen 4, more with arrays of constants).
ROW = 544

_BLOCK_TEMPLATE = """
@njit(error_model="numpy", _nrt=False{options})
def run_block(
    state, param, inputs, injected, count, n_cells, first_cell, step_index, trial, key, weights
):
    total = 0
    wrong = 0
{scalars}
{passes}
    return total if wrong == 0 else -1


@cfunc(types.int64({words}), _nrt=False)
def entry(
    state, param, inputs, injected, count, n_cells, first_cell, step_index, trial, key, weights
):
    try:
        total = run_block(
            matrix_at(state, {n_states}, {row}, {real}),
            {param_array},
            matrix_at(inputs, {n_inputs}, {row}, {input_type}),
            row_at(injected, {block}, {current_type}),
            row_at(count, {block}, np.int32),
            n_cells, first_cell, step_index, trial, key, row_at(weights, {n_inputs}, np.float64),
        )
    except Exception:
        total = -1
    return total
"""

# min() tells the compiler that rows of a block do not overlap. The first count is
# seen only when the step raises; else the compiler drops it. A number of spikes that
# is no count marks the cell in the same way. All counts are joined bit by bit: most
# blocks have no spikes, and a sum of 64 bits would keep vectors of float32 half empty.
_ONCE = """
    widest_vectors()
    joined = np.int32(0)
    for i in range(min(n_cells, {block})):
        count[i] = -1
        {results} = {step}({arguments})
{stores}
        fits = np.int32(n_spikes) == n_spikes and n_spikes >= 0
        count[i] = np.int32(n_spikes) if fits else -1
        joined = np.int32(joined | count[i])
    for i in range(min(n_cells, {block}) if joined > 0 else 0):
        total += count[i]
    wrong = joined < 0
"""

# The first pass has no jumps, so the compiler makes it into vectors: 15 instead of
# 87 ns for a step of IF_cond_exp (AVX-512), and it may use the widest. A cell for
# which it does not hold keeps its state and input, and is marked for the method that
# is to do it again; while a step is made once more for one cell, its mark is -1. Inputs
# are cleared in a loop of their own, because with many rows of constants the compiler
# gives up proving that no two rows overlap.
_SEVERAL_TIMES = """
    widest_vectors()
    joined = np.int32(0)
    for i in range(min(n_cells, {block})):
        {results} = {step}({first_arguments})
{states_if}
        fits = np.int32(n_spikes) == n_spikes and n_spikes >= 0
        count[i] = np.int32(n_spikes) if holds > 0 and fits else {mark}
        joined = np.int32(joined | count[i])
{again}
    for i in range(min(n_cells, {block}) if joined >= 0 else 0):
{cleared}
    for i in range(min(n_cells, {block}) if joined < 0 else 0):
        if count[i] < 0:
            count[i] = -1
            {results} = {step}({last_arguments})
{stores}
            fits = np.int32(n_spikes) == n_spikes and n_spikes >= 0
            count[i] = np.int32(n_spikes) if fits else -1
            wrong += not fits
{cleared}
    for i in range(min(n_cells, {block}) if joined != 0 else 0):
        total += count[i]
"""

# Marks of cells: the last method, or first the one before it, may do them.
_LAST, _NEXT = -(2**31), -(2**30)

# Vectors once more, if there is a cell for which this method may hold.
_AGAIN = """
    again = joined < 0 and joined & {next_bit} != 0
    joined = np.int32(0) if again else joined
    for i in range(min(n_cells, {block}) if again else 0):
        {results} = {step}({arguments})
        fits = np.int32(n_spikes) == n_spikes and n_spikes >= 0
        mine = count[i] == {next_mark}
        holds = mine and holds > 0 and fits
{states_if}
        rest = {last_mark} if mine else count[i]
        count[i] = np.int32(n_spikes) if holds else np.int32(rest)
        joined = np.int32(joined | count[i])
"""

_HEADER = '''"""Generated by pynn_greenmorph; edit the source it was made from instead."""
from __future__ import annotations

import math

import numpy as np
from numba import cfunc, njit, types

from pynn_greenmorph.arithmetic import fused
from pynn_greenmorph.engine.intrinsics import matrix_at, row_at, widest_vectors

# {digest}
'''


def block_arguments(model: CellModel) -> list[str]:
    """Return the names that ``model.step`` may take, in no particular order.

    Parameters
    ----------
    model : CellModel

    Returns
    -------
    list of str
    """
    inputs = [f"in_{receptor.name}" for receptor in model.receptors]
    return [
        *model.states,
        *inputs,
        "i_inj_pa",
        *model.constants,
        *(["method"] if model.methods else []),
        "key",
        "trial",
        "cell",
        "step_index",
    ]


def _argument_expressions(
    model: CellModel, scalar_parameters: bool, precision: str, single: bool, counted: bool
) -> dict[str, str]:
    where = {name: f"state[{row}, i]" for row, name in enumerate(model.states)}
    # Sums of float32 and float64 are float64: what arrives in another type is converted.
    wide = "np.float64({})" if precision == "fast" and not single else "{}"
    for row, receptor in enumerate(model.receptors):
        # Adding 0 makes a negative zero positive, as it is in a sum that begins with 0.
        product = f"fused(np.float64(np.int32(inputs[{row}, i])), weight_{row}, 0.0)"
        where[f"in_{receptor.name}"] = product if counted else wide.format(f"inputs[{row}, i]")
    where["i_inj_pa"] = wide.format("injected[i]")
    narrow = "np.float32({})" if single else "{}"
    for row, name in enumerate(model.constants):
        column = f"constant_{row}" if scalar_parameters else f"param[{row}, i]"
        where[name] = column if scalar_parameters else narrow.format(column)
    where.update(key="key", trial="trial", cell="first_cell + i", step_index="step_index")
    return where


def _lines(lines: Sequence[str], depth: int) -> str:
    return textwrap.indent("\n".join(lines) or "pass", " " * depth)


def _passes(model: CellModel, expressions: dict[str, str], zero: str) -> str:
    """Source text of the loops over the cells of a block."""
    assert model.step is not None
    names = list(inspect.signature(model.step).parameters)
    states = {f"state[{row}, i]": f"new_{name}" for row, name in enumerate(model.states)}
    inputs = {f"inputs[{row}, i]": zero for row in range(len(model.receptors))}
    clear = [f"{place} = {value}" for place, value in inputs.items()]
    stores = [f"{place} = {value}" for place, value in states.items()]
    results = [f"new_{name}" for name in model.states] + ["n_spikes"]
    if model.methods is None:
        return _ONCE.format(
            block=BLOCK,
            results=", ".join(results) + ("," if len(results) == 1 else ""),
            step=model.step.__name__,
            arguments=", ".join(expressions[name] for name in names),
            stores=_lines(stores + clear, 8),
        )
    first, *between, last = (
        ", ".join((expressions | {"method": method.__name__})[name] for name in names)
        for method in model.methods
    )
    shared = {
        "block": BLOCK,
        "results": ", ".join([*results, "holds"]),
        "step": model.step.__name__,
    }

    def states_if(condition: str) -> str:
        return _lines([f"{a} = {b} if {condition} else {a}" for a, b in states.items()], 8)

    again = [
        _AGAIN.format(
            **shared,
            arguments=arguments,
            states_if=states_if("holds"),
            next_bit=_NEXT - _LAST,
            next_mark=_NEXT,
            last_mark=_LAST,
        )
        for arguments in between
    ]
    return _SEVERAL_TIMES.format(
        **shared,
        first_arguments=first,
        last_arguments=last,
        states_if=states_if("holds > 0"),
        mark=f"({_NEXT} if holds == 0 else {_LAST})" if between else _LAST,
        again="".join(again),
        cleared=_lines(clear, 8),
        stores=_lines(stores, 12),
    )


def block_source(
    model: CellModel, scalar_parameters: bool, precision: str = "exact", single: bool = False,
    counted: bool = False,
) -> str:  # fmt: skip
    """Return the source text of a cell type's block kernel.

    Parameters
    ----------
    model : CellModel
        A cell type with a ``step``.
    scalar_parameters : bool
        Whether all cells of a block share one value of each constant.
    precision : {"exact", "fast"}
        Whether inputs and injected currents are float64 or float32.
    single : bool
        Whether states are float32, and the step is computed so.
    counted : bool
        Whether inputs are counts of one byte, of events whose weight is the receptor's;
        in the exact precision only.

    Returns
    -------
    str
        A module with ``run_block`` (arrays) and ``entry`` (addresses).

    Raises
    ------
    GreenmorphError
        When ``step`` takes an argument that is not known.
    """
    assert model.step is not None
    expressions = _argument_expressions(model, scalar_parameters, precision, single, counted)
    for name in inspect.signature(model.step).parameters:
        if name not in expressions and not (name == "method" and model.methods):
            raise GreenmorphError(
                explain(
                    f"step() takes an unknown argument {name!r}",
                    where=f"cell type {model.name}",
                    allowed=", ".join(block_arguments(model)),
                )
            )
    # Contraction makes a product and a sum one instruction, with one rounding less.
    options = ', fastmath={"contract"}' if single else ""
    current_type = "np.float32" if precision == "fast" else "np.float64"
    input_type = "np.uint8" if counted else current_type
    # Read before the loop: stores into the state could otherwise change them,
    # for all the compiler knows, and nothing would be vectorised.
    value = "np.float32(param[{}])" if single else "param[{}]"
    scalars = [f"    constant_{row} = {value.format(row)}" for row in range(len(model.constants))]
    if not scalar_parameters:
        scalars = []
    if counted:
        scalars += [f"    weight_{row} = weights[{row}]" for row in range(len(model.receptors))]
    n_constants = len(model.constants)
    body = _BLOCK_TEMPLATE.format(
        block=BLOCK,
        row=ROW,
        scalars="\n".join(scalars),
        passes=_passes(model, expressions, f"{input_type}(0)"),
        options=options,
        real="np.float32" if single else "np.float64",
        input_type=input_type,
        current_type=current_type,
        n_states=max(len(model.states), 1),
        n_inputs=max(len(model.receptors), 1),
        param_array=f"row_at(param, {n_constants}, np.float64)"
        if scalar_parameters
        else f"matrix_at(param, {n_constants}, {ROW}, np.float64)",
        words=", ".join(["types.int64"] * 11),
    )
    return (
        _HEADER.format(digest=source_digest("intrinsics"))
        + function_sources((*model.helpers, model.step), options, single)
        + "\n\n"
        + body
    )


def takes_counts(model: CellModel, precision: str) -> bool:
    """Whether a cell type has a second kernel, for counts of events; see ``uniform``.

    A step of several methods takes so long that one more kernel to be compiled would not
    pay; in fast precision products would be rounded otherwise than sums.

    Parameters
    ----------
    model : CellModel
    precision : {"exact", "fast"}

    Returns
    -------
    bool
    """
    return bool(model.receptors) and model.methods is None and precision == "exact"


@cache
def run_plain(text: str) -> dict[str, Any]:
    """Return what a generated text defines, as plain Python for ``NUMBA_DISABLE_JIT=1``."""
    start = text.index("@cfunc")
    namespace: dict[str, Any] = {}
    exec(compile(text[:start], "<kernel>", "exec"), namespace)
    namespace["widest_vectors"] = lambda: None
    return namespace


def load_block(
    model: CellModel, scalar_parameters: bool, precision: str = "exact", single: bool = False,
    counted: bool = False,
) -> tuple[int, Callable[..., int] | None]:  # fmt: skip
    """Return the block kernel of a cell type.

    Parameters
    ----------
    model : CellModel
    scalar_parameters : bool
    precision : {"exact", "fast"}
    single, counted : bool
        See :func:`block_source`.

    Returns
    -------
    address : int
        Address of the compiled kernel; 0 when compilation is disabled.
    plain : callable or None
        The kernel as plain Python when compilation is disabled.
    """
    text = block_source(model, scalar_parameters, precision, single, counted)
    if not compiles():
        return 0, run_plain(text)["run_block"]
    variant = "scalars" if scalar_parameters else "arrays"
    name = f"{model.name.lower()}_{variant}"
    what = f"cell type {model.name}, constants as {variant}, {precision}"
    what += ", events counted" if counted else ""
    return load_code(name, text, what, long_chains=model.methods is not None), None
