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
from . import block_templates as templates
from . import instructions
from .block_variants import Variant
from .compiled import source_digest
from .function_text import function_sources
from .machine_code import compiles, load_code

__all__ = [
    "BLOCK",
    "COUNT_OFFSET",
    "ROW",
    "block_arguments",
    "block_source",
    "load_block",
    "run_plain",
]

#: Cells per block: its state and inputs fit into the innermost cache.
BLOCK = 512

#: Numbers from one row of a block to the next: 4 352 bytes. With the 4 096 of
#: 512 numbers all rows would compete for the same few places of the innermost
#: cache, and loads wait for stores with which they share the last 12 bits of the
#: address (5 % of the time of a step on a Zen 4, more with arrays of constants).
ROW = 544

#: What a count is added to, as its last digits in float64; this times the weight is taken off
#: again. ``times_count`` has the same number, as bits.
COUNT_OFFSET = 2.0**52


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
    n_inputs = len(model.receptors)
    sizes = {"state": len(model.states), "inputs": n_inputs, "later": n_inputs, "count": 2}
    sizes |= {"injected": 1, "param": 1}
    first = sum(list(sizes.values())[: list(sizes).index(kind)])
    at = first if kind == "param" else first + row
    return "injected" if kind == "injected" else f"{kind}_{row}", f"{at}, {sum(sizes.values())}"


def _load(model: CellModel, kind: str, row: int = 0) -> str:
    name, which = _row(model, kind, row)
    return f"peek_row({name}, i, {which})"


def _store(model: CellModel, kind: str, row: int, value: str) -> str:
    name, which = _row(model, kind, row)
    return f"poke_row({name}, i, {value}, {which})"


def _argument_expressions(model: CellModel, variant: Variant, number: int = 0) -> dict[str, str]:
    """What the arguments of a step are, in the first or (``number`` 1) the second step."""
    single, fast = variant.single, variant.precision == "fast"
    where = {name: _load(model, "state", row) for row, name in enumerate(model.states)}
    if number > 0:
        where = {name: f"new_{name}" for name in model.states}
    # Sums of float32 and float64 are float64: what arrives in another type is converted.
    wide = "np.float64({})" if fast and not single else "{}"
    for row, receptor in enumerate(model.receptors):
        value = _load(model, "later" if number > 0 else "inputs", row)
        product = f"times_count({value}, weight_{row}, base_{row})"
        where[f"in_{receptor.name}"] = product if variant.counted else wide.format(value)
    injected = wide.format(_load(model, "injected"))
    where["i_inj_pa"] = injected if variant.injected else "0.0"
    narrow = "np.float32({})" if single else "{}"
    for row, name in enumerate(model.constants):
        column = narrow.format(_load(model, "param", row))
        where[name] = f"constant_{row}" if variant.scalar_parameters else column
    step_index = f"step_index + {number}" if number > 0 else "step_index"
    where.update(key="key", trial="trial", cell="first_cell + i", step_index=step_index)
    return where


def _lines(lines: Sequence[str], depth: int) -> str:
    return textwrap.indent("\n".join(lines) or "pass", " " * depth)


def _passes(model: CellModel, variant: Variant, zero: str) -> str:
    """Source text of the loops over the cells of a block."""
    stores = [_store(model, "state", row, f"new_{name}") for row, name in enumerate(model.states)]
    clear = [
        _store(model, kind, row, zero)
        for kind in ("inputs", "later")[: variant.steps]
        for row in range(len(model.receptors))
    ]
    if model.methods is None:
        return _one_pass(model, variant, stores + clear)
    return _several_passes(model, variant, stores, clear)


def _results(model: CellModel) -> list[str]:
    return [f"new_{name}" for name in model.states] + ["n_spikes"]


def _one_pass(model: CellModel, variant: Variant, stores: list[str]) -> str:
    """All steps of a cell, then the next cell."""
    assert model.step is not None
    results, names = _results(model), list(inspect.signature(model.step).parameters)
    steps, numbers = [], range(variant.steps)
    for number in numbers:
        expressions = _argument_expressions(model, variant, number)
        text = templates.STEP.format(
            number=number,
            count_row=_row(model, "count", number)[1],
            results=", ".join(results) + ("," if len(results) == 1 else ""),
            step=model.step.__name__,
            arguments=", ".join(expressions[name] for name in names),
        )
        steps.append(text)
    return templates.ONCE.format(
        block=BLOCK,
        begins="\n".join(templates.BEGIN.format(number=number) for number in numbers),
        steps="\n".join(steps),
        stores=_lines(stores, 8),
        ends="\n".join(templates.END.format(number=n, later=n + 1) for n in numbers),
    )


def _several_passes(model: CellModel, variant: Variant, stores: list[str], clear: list[str]) -> str:
    """One pass for each method of a step."""
    assert model.step is not None
    assert model.methods is not None
    expressions = _argument_expressions(model, variant)
    names = list(inspect.signature(model.step).parameters)
    first, *between, last = (
        ", ".join((expressions | {"method": method.__name__})[name] for name in names)
        for method in model.methods
    )
    shared = {
        "block": BLOCK,
        "count_row": _row(model, "count")[1],
        "results": ", ".join([*_results(model), "holds"]),
        "step": model.step.__name__,
    }

    def states_if(condition: str) -> str:
        kept = "new_{} if " + condition + " else {}"
        values = [
            kept.format(name, _load(model, "state", row)) for row, name in enumerate(model.states)
        ]
        return _lines([_store(model, "state", *item) for item in enumerate(values)], 8)

    again = [
        templates.AGAIN.format(
            **shared,
            arguments=arguments,
            states_if=states_if("holds"),
            next_bit=templates.NEXT - templates.LAST,
            next_mark=templates.NEXT,
            last_mark=templates.LAST,
        )
        for arguments in between
    ]
    last_mark = templates.LAST
    return templates.SEVERAL_TIMES.format(
        **shared,
        first_arguments=first,
        last_arguments=last,
        states_if=states_if("holds > 0"),
        mark=f"({templates.NEXT} if holds == 0 else {last_mark})" if between else last_mark,
        again="".join(again),
        cleared=_lines(clear, 8),
        stores=_lines(stores, 12),
    )


def _views(model: CellModel, variant: Variant, real: str, input_type: str) -> list[str]:
    """Lines that make arrays, and their rows, of the addresses that a kernel gets."""
    n_constants, n_inputs = len(model.constants), len(model.receptors)
    matrices = {
        "state": (len(model.states), ROW, real),
        "inputs": (n_inputs, ROW, input_type),
        "later": (n_inputs if variant.steps > 1 else 0, ROW, input_type),
        "param": (0 if variant.scalar_parameters else n_constants, ROW, "np.float64"),
        "count": (variant.steps, BLOCK, "np.int32"),
    }
    current_type = _real(variant.precision == "fast")
    lines = [f"injected = row_at(injected_at, {BLOCK}, {current_type})"]
    for name, (n, width, kind) in matrices.items():
        if n > 0:
            lines.append(f"{name} = matrix_at({name}_at, {n}, {width}, {kind})")
            lines += [f"{name}_{row} = {name}[{row}]" for row in range(n)]
    if variant.scalar_parameters and n_constants:
        lines.append(f"param = row_at(param_at, {n_constants}, np.float64)")
    return lines


def _real(single: bool) -> str:
    return "np.float32" if single else "np.float64"


def _numbers(model: CellModel, variant: Variant) -> list[str]:
    """Lines that read what holds for all cells of a block, once before the loop."""
    lines = []
    if variant.scalar_parameters:
        value = "np.float32(param[{}])" if variant.single else "param[{}]"
        lines += [f"constant_{row} = {value.format(row)}" for row in range(len(model.constants))]
    if variant.counted:
        n_inputs = len(model.receptors)
        lines.append(f"weights = row_at(weights_at, {n_inputs}, np.float64)")
        for row in range(n_inputs):
            lines.append(f"weight_{row} = weights[{row}]")
            lines.append(f"base_{row} = weight_{row} * {-COUNT_OFFSET}")
    return lines


def block_source(model: CellModel, variant: Variant) -> str:
    """Return the source text of a cell type's block kernel.

    Parameters
    ----------
    model : CellModel
        A cell type with a ``step``.
    variant : Variant

    Returns
    -------
    str
        A module with ``run_block`` and ``entry``, which ends exceptions; both take addresses
        (``run_block`` arrays, where it is run as plain Python). They return 1 where a cell has
        spiked, plus 2 where one has in the second step; -1 where the first step failed, or
        -2 the second.

    Raises
    ------
    GreenmorphError
        When ``step`` takes an argument that is not known.
    """
    assert model.step is not None
    expressions = _argument_expressions(model, variant)
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
    options = ', fastmath={"contract"}' if variant.single else ""
    input_type = "np.uint8" if variant.counted else _real(variant.precision == "fast")
    views = _views(model, variant, _real(variant.single), input_type)
    body = templates.BLOCK_TEMPLATE.format(
        views=_lines(views + _numbers(model, variant), 4),
        passes=_passes(model, variant, f"{input_type}(0)"),
        options=options,
        words=", ".join(["types.int64"] * 12),
    )
    return (
        templates.HEADER.format(digest=source_digest("intrinsics"))
        + function_sources((*model.helpers, model.step), options, variant.single)
        + "\n\n"
        + body
    )


@cache
def run_plain(text: str) -> dict[str, Any]:
    """Return what a generated text defines, as plain Python for ``NUMBA_DISABLE_JIT=1``."""
    start = text.index("@cfunc")
    namespace: dict[str, Any] = {}
    exec(compile(text[:start], "<kernel>", "exec"), namespace)
    namespace.update(_PLAIN)
    return namespace


#: What machine instructions are in plain Python.
_PLAIN = {name: getattr(instructions, name) for name in instructions.__all__}


def load_block(model: CellModel, variant: Variant) -> tuple[int, Callable[..., int] | None]:
    """Return the block kernel of a cell type.

    Parameters
    ----------
    model : CellModel
    variant : Variant

    Returns
    -------
    address : int
        Address of the compiled kernel; 0 when compilation is disabled.
    plain : callable or None
        The kernel as plain Python when compilation is disabled.
    """
    text = block_source(model, variant)
    if not compiles():
        return 0, run_plain(text)["run_block"]
    constants = "scalars" if variant.scalar_parameters else "arrays"
    name = f"{model.name.lower()}_{constants}"
    what = f"cell type {model.name}, constants as {constants}, {variant.precision}"
    what += ", events counted" if variant.counted else ""
    what += "" if variant.injected else ", no currents"
    what += ", two steps" if variant.steps > 1 else ""
    return load_code(name, text, what, long_chains=model.methods is not None), None
