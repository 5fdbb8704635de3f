"""Call a kernel through its address, from compiled code.

The address is data, so the caller's machine code can be cached and serves
every cell type and synapse type.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core.cgutils import create_struct_proxy
from numba.extending import intrinsic

__all__ = ["call_block", "call_row", "call_trace"]

#: Positions of the arrays among the arguments, each followed by an index into it.
_ARRAYS = (1, 3, 5, 7, 9)


def _pointer(context: Any, builder: Any, array_type: Any, array: Any, at: Any) -> Any:
    data = create_struct_proxy(array_type)(context, builder, array).data
    address = builder.gep(data, [at]) if at is not None else data
    return builder.bitcast(address, ir.IntType(8).as_pointer())


@intrinsic
def call_block(  # type: ignore[no-untyped-def]
    typingctx, address, state, state_at, param, param_at, inputs, input_at, injected, injected_at,
    count, count_at, n_cells, first, step, trial, key,
):  # fmt: skip
    """``address(&state[state_at], ..., &count[count_at], ...)``; returns an int64."""
    word = types.int64
    signature = types.int64(
        word, state, word, param, word, inputs, word, injected, word, count,
        word, word, word, word, word, word,
    )  # fmt: skip

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        byte = ir.IntType(8).as_pointer()
        word = ir.IntType(64)
        function_type = ir.FunctionType(word, [byte] * 5 + [word] * 5)
        function = builder.inttoptr(args[0], function_type.as_pointer())
        pointers = [
            _pointer(context, builder, signature.args[at], args[at], args[at + 1]) for at in _ARRAYS
        ]
        return builder.call(function, pointers + list(args[11:16]))

    return signature, codegen


def _call_words(context: Any, builder: Any, address: Any, words: Any) -> Any:
    """Call a function of 64-bit integers that returns one."""
    word = ir.IntType(64)
    values = [
        builder.ptrtoint(one, word) if isinstance(one.type, ir.PointerType) else one
        for one in words
    ]
    kind = ir.FunctionType(word, [word] * len(values))
    return builder.call(builder.inttoptr(address, kind.as_pointer()), values)


@intrinsic
def call_row(  # type: ignore[no-untyped-def]
    typingctx, address, share, inputs, ring_row, table, row, number, emitted, trial, key
):
    """``address(&share[0], &inputs[ring_row], table, row, ...)``; returns an int64."""
    word = types.int64
    signature = word(word, share, inputs, word, word, word, word, word, word, word)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        first = _pointer(context, builder, signature.args[1], args[1], None)
        second = _pointer(context, builder, signature.args[2], args[2], args[3])
        return _call_words(context, builder, args[0], [first, second, *args[4:]])

    return signature, codegen


@intrinsic
def call_trace(typingctx, address, share, channel, history, at):  # type: ignore[no-untyped-def]
    """``address(&share[0], channel, history, at)``; returns an int64."""
    word = types.int64
    signature = word(word, share, word, word, word)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        first = _pointer(context, builder, signature.args[1], args[1], None)
        return _call_words(context, builder, args[0], [first, *args[2:]])

    return signature, codegen
