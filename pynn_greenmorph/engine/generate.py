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
from .block_templates import AGAIN, BLOCK_TEMPLATE, HEADER, LAST, NEXT, ONCE, SEVERAL_TIMES
from .compiled import source_digest
from .function_text import function_sources
from .machine_code import compiles, load_code

__all__ = [
    "BLOCK",
    "ROW",
    "block_arguments",
    "block_source",
    "leaves_currents_out",
    "load_block",
    "run_plain",
    "takes_counts",
]

#: Cells per block: its state and inputs fit into the innermost cache.
BLOCK = 512

#: Numbers from one row of a block to the next: 4 352 bytes. With the 4 096 of
#: 512 numbers all rows would compete for the same few places of the innermost
#: cache, and loads wait for stores with which they share the last 12 bits of the
#: address (5 % of the time of a step on a Zen 4, more with arrays of constants).
ROW = 544


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


def _row(model: CellModel, kind: str, row: int = 0) -> tuple[str, str]:
    """Name of a row of a block, and which it is of how many; constants need not be told apart."""
    sizes = {"state": len(model.states), "inputs": len(model.receptors), "count": 1}
    sizes |= {"injected": 1, "param": 1}
    first = sum(list(sizes.values())[: list(sizes).index(kind)])
    several = kind in ("state", "inputs", "param")
    at = first if kind == "param" else first + row
    return f"{kind}_{row}" if several else kind, f"{at}, {sum(sizes.values())}"


def _load(model: CellModel, kind: str, row: int = 0) -> str:
    name, which = _row(model, kind, row)
    return f"peek_row({name}, i, {which})"


def _store(model: CellModel, kind: str, row: int, value: str) -> str:
    name, which = _row(model, kind, row)
    return f"poke_row({name}, i, {value}, {which})"


def _argument_expressions(
    model: CellModel, scalar_parameters: bool, precision: str, single: bool, counted: bool,
    injected: bool,
) -> dict[str, str]:  # fmt: skip
    where = {name: _load(model, "state", row) for row, name in enumerate(model.states)}
    # Sums of float32 and float64 are float64: what arrives in another type is converted.
    wide = "np.float64({})" if precision == "fast" and not single else "{}"
    for row, receptor in enumerate(model.receptors):
        # Adding 0 makes a negative zero positive, as it is in a sum that begins with 0.
        value = _load(model, "inputs", row)
        product = f"fused(np.float64(np.int32({value})), weight_{row}, 0.0)"
        where[f"in_{receptor.name}"] = product if counted else wide.format(value)
    where["i_inj_pa"] = wide.format(_load(model, "injected")) if injected else "0.0"
    narrow = "np.float32({})" if single else "{}"
    for row, name in enumerate(model.constants):
        column = narrow.format(_load(model, "param", row))
        where[name] = f"constant_{row}" if scalar_parameters else column
    where.update(key="key", trial="trial", cell="first_cell + i", step_index="step_index")
    return where


def _lines(lines: Sequence[str], depth: int) -> str:
    return textwrap.indent("\n".join(lines) or "pass", " " * depth)


def _passes(model: CellModel, expressions: dict[str, str], zero: str) -> str:
    """Source text of the loops over the cells of a block."""
    assert model.step is not None
    names = list(inspect.signature(model.step).parameters)
    clear = [_store(model, "inputs", row, zero) for row in range(len(model.receptors))]
    stores = [_store(model, "state", row, f"new_{name}") for row, name in enumerate(model.states)]
    count_row = _row(model, "count")[1]
    results = [f"new_{name}" for name in model.states] + ["n_spikes"]
    if model.methods is None:
        return ONCE.format(
            block=BLOCK,
            count_row=count_row,
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
        "count_row": count_row,
        "results": ", ".join([*results, "holds"]),
        "step": model.step.__name__,
    }

    def states_if(condition: str) -> str:
        kept = "new_{} if " + condition + " else {}"
        values = [
            kept.format(name, _load(model, "state", row)) for row, name in enumerate(model.states)
        ]
        return _lines([_store(model, "state", *item) for item in enumerate(values)], 8)

    again = [
        AGAIN.format(
            **shared,
            arguments=arguments,
            states_if=states_if("holds"),
            next_bit=NEXT - LAST,
            next_mark=NEXT,
            last_mark=LAST,
        )
        for arguments in between
    ]
    return SEVERAL_TIMES.format(
        **shared,
        first_arguments=first,
        last_arguments=last,
        states_if=states_if("holds > 0"),
        mark=f"({NEXT} if holds == 0 else {LAST})" if between else LAST,
        again="".join(again),
        cleared=_lines(clear, 8),
        stores=_lines(stores, 12),
    )


def _views(
    model: CellModel, scalar_parameters: bool, real: str, input_type: str, current_type: str
) -> list[str]:
    """Lines that make arrays, and their rows, of the addresses that a kernel gets."""
    n_constants = len(model.constants)
    matrices = {
        "state": (len(model.states), real),
        "inputs": (len(model.receptors), input_type),
        "param": (0 if scalar_parameters else n_constants, "np.float64"),
    }
    lines = [
        f"count = row_at(count_at, {BLOCK}, np.int32)",
        f"injected = row_at(injected_at, {BLOCK}, {current_type})",
    ]
    for name, (n, kind) in matrices.items():
        if n > 0:
            lines.append(f"{name} = matrix_at({name}_at, {n}, {ROW}, {kind})")
            lines += [f"{name}_{row} = {name}[{row}]" for row in range(n)]
    if scalar_parameters and n_constants:
        lines.append(f"param = row_at(param_at, {n_constants}, np.float64)")
    return lines


def _numbers(model: CellModel, scalar_parameters: bool, single: bool, counted: bool) -> list[str]:
    """Lines that read what holds for all cells of a block, once before the loop."""
    lines = []
    if scalar_parameters:
        value = "np.float32(param[{}])" if single else "param[{}]"
        lines += [f"constant_{row} = {value.format(row)}" for row in range(len(model.constants))]
    if counted:
        n_inputs = len(model.receptors)
        lines.append(f"weights = row_at(weights_at, {n_inputs}, np.float64)")
        lines += [f"weight_{row} = weights[{row}]" for row in range(n_inputs)]
    return lines


def block_source(
    model: CellModel, scalar_parameters: bool, precision: str = "exact", single: bool = False,
    counted: bool = False, injected: bool = True,
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
    injected : bool
        Whether there may be injected currents; without, in the exact precision only.

    Returns
    -------
    str
        A module with ``run_block`` and ``entry``, which ends exceptions; both take addresses
        (``run_block`` arrays, where it is run as plain Python).

    Raises
    ------
    GreenmorphError
        When ``step`` takes an argument that is not known.
    """
    assert model.step is not None
    expressions = _argument_expressions(
        model, scalar_parameters, precision, single, counted, injected
    )
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
    real = "np.float32" if single else "np.float64"
    body = BLOCK_TEMPLATE.format(
        block=BLOCK,
        views=_lines(
            _views(model, scalar_parameters, real, input_type, current_type)
            + _numbers(model, scalar_parameters, single, counted),
            4,
        ),
        passes=_passes(model, expressions, f"{input_type}(0)"),
        options=options,
        words=", ".join(["types.int64"] * 11),
    )
    return (
        HEADER.format(digest=source_digest("intrinsics"))
        + function_sources((*model.helpers, model.step), options, single)
        + "\n\n"
        + body
    )


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


def _is_simple(model: CellModel) -> bool:
    """Whether a step is a few operations; steps with methods or helpers take ten times longer."""
    return model.methods is None and not model.helpers


@cache
def run_plain(text: str) -> dict[str, Any]:
    """Return what a generated text defines, as plain Python for ``NUMBA_DISABLE_JIT=1``."""
    start = text.index("@cfunc")
    namespace: dict[str, Any] = {}
    exec(compile(text[:start], "<kernel>", "exec"), namespace)
    namespace.update(_PLAIN)
    return namespace


def _array(array: Any, *_: Any) -> Any:
    """An array as it is; in compiled code it is made of an address."""
    return array


def _peek_row(array: Any, index: int, row: int, rows: int) -> Any:
    """Read an element of a row."""
    return array[index]


def _poke_row(array: Any, index: int, value: Any, row: int, rows: int) -> None:
    """Write an element of a row."""
    array[index] = value


#: What machine instructions are in plain Python.
_PLAIN = {
    "matrix_at": _array,
    "row_at": _array,
    "peek_row": _peek_row,
    "poke_row": _poke_row,
    "widest_vectors": lambda: None,
}


def load_block(
    model: CellModel, scalar_parameters: bool, precision: str = "exact", single: bool = False,
    counted: bool = False, injected: bool = True,
) -> tuple[int, Callable[..., int] | None]:  # fmt: skip
    """Return the block kernel of a cell type.

    Parameters
    ----------
    model : CellModel
    scalar_parameters : bool
    precision : {"exact", "fast"}
    single, counted, injected : bool
        See :func:`block_source`.

    Returns
    -------
    address : int
        Address of the compiled kernel; 0 when compilation is disabled.
    plain : callable or None
        The kernel as plain Python when compilation is disabled.
    """
    text = block_source(model, scalar_parameters, precision, single, counted, injected)
    if not compiles():
        return 0, run_plain(text)["run_block"]
    variant = "scalars" if scalar_parameters else "arrays"
    name = f"{model.name.lower()}_{variant}"
    what = f"cell type {model.name}, constants as {variant}, {precision}"
    what += ", events counted" if counted else ""
    what += "" if injected else ", no currents"
    return load_code(name, text, what, long_chains=model.methods is not None), None
