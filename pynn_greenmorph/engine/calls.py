"""Call a kernel through its address, and pass on by address, from compiled code.

The address of a kernel is data, so the caller's machine code can be cached and serves
every cell type and synapse type. Share and setting, which most functions of the run loop
are passed, are one word each; an array and a named tuple would be twenty, pushed for
every call.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core.cgutils import create_struct_proxy
from numba.extending import intrinsic

from .share import Setting

__all__ = ["call_block", "call_row", "call_trace", "place_of", "setting_of", "words_of"]


def _data(context: Any, builder: Any, array_type: Any, array: Any) -> Any:
    if isinstance(array_type, types.CPointer):
        return array
    return create_struct_proxy(array_type)(context, builder, array).data


def _pointer(context: Any, builder: Any, array_type: Any, array: Any, at: Any) -> Any:
    data = _data(context, builder, array_type, array)
    address = builder.gep(data, [at]) if at is not None else data
    return builder.bitcast(address, ir.IntType(8).as_pointer())


@intrinsic
def place_of(typingctx, array, index):  # type: ignore[no-untyped-def]
    """``&array[index]`` as an int64: arrays of several types go to one call."""
    signature = types.int64(array, types.int64)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = _pointer(context, builder, signature.args[0], args[0], args[1])
        return builder.ptrtoint(pointer, ir.IntType(64))

    return signature, codegen


@intrinsic
def words_of(typingctx, array):  # type: ignore[no-untyped-def]
    """The words of an array of int64, by address; the caller keeps its memory alive."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _data(context, builder, signature.args[0], args[0])

    return types.CPointer(types.int64)(array), codegen


@intrinsic
def setting_of(typingctx, array):  # type: ignore[no-untyped-def]
    """The setting whose fields are the words of an array, by address; see :func:`words_of`."""
    record = types.Record.make_c_struct([(name, types.int64) for name in Setting._fields])

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = _data(context, builder, signature.args[0], args[0])
        return builder.bitcast(data, context.get_value_type(record))

    return record(array), codegen


@intrinsic
def call_block(  # type: ignore[no-untyped-def]
    typingctx, address, state, param, inputs, injected, count, n_cells, first, step, trial, key,
    weights, later,
):  # fmt: skip
    """``address(state, param, ...)``; returns an int64."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _call_words(context, builder, args[0], args[1:])

    return types.int64(*[types.int64] * 13), codegen


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
