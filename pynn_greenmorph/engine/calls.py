"""Call a block kernel through its address, from compiled code.

The address is data, so the caller's machine code can be cached and serves
every cell type.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core.cgutils import create_struct_proxy
from numba.extending import intrinsic

__all__ = ["call_block"]

_ARRAY_ARGUMENTS = ((1, 2), (3, 4), (5, 6))


def _pointer(context: Any, builder: Any, array_type: Any, array: Any, at: Any) -> Any:
    data = create_struct_proxy(array_type)(context, builder, array).data
    address = builder.gep(data, [at]) if at is not None else data
    return builder.bitcast(address, ir.IntType(8).as_pointer())


@intrinsic
def call_block(  # type: ignore[no-untyped-def]
    typingctx, address, state, state_at, param, param_at, inputs, input_at, count,
    first, step, trial, key,
):  # fmt: skip
    """``address(&state[state_at], &param[param_at], &inputs[input_at], &count[0], first, ...)``."""
    signature = types.void(
        types.int64, state, types.int64, param, types.int64, inputs, types.int64, count,
        types.int64, types.int64, types.int64, types.int64,
    )  # fmt: skip

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        byte = ir.IntType(8).as_pointer()
        word = ir.IntType(64)
        kind = ir.FunctionType(ir.VoidType(), [byte] * 4 + [word] * 4)
        function = builder.inttoptr(args[0], kind.as_pointer())
        pointers = [
            _pointer(context, builder, signature.args[array], args[array], args[at])
            for array, at in _ARRAY_ARGUMENTS
        ]
        pointers.append(_pointer(context, builder, signature.args[7], args[7], None))
        builder.call(function, pointers + [args[i] for i in range(8, 12)])
        return context.get_dummy_value()

    return signature, codegen
