"""Whether a thread takes denormal numbers for 0: instructions that Numba has no functions for."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from .intrinsics import X86

__all__ = ["flush_denormals", "restore_denormals"]

_WORD = ir.IntType(64)

#: Bits of the SSE control register: denormal results, and operands, count as 0.
_FLUSH = 0x8040


def _control(builder: Any, instruction: str, place: Any) -> None:
    kind = ir.FunctionType(ir.VoidType(), [ir.IntType(8).as_pointer()])
    function = builder.module.declare_intrinsic(f"llvm.x86.sse.{instruction}", (), kind)
    builder.call(function, [builder.bitcast(place, ir.IntType(8).as_pointer())])


@intrinsic
def flush_denormals(typingctx):  # type: ignore[no-untyped-def]
    """Let this thread take denormal numbers for 0; returns how it was, for ``restore_denormals``.

    Computing with them takes a hundred times longer, and conductances that decay
    in float32 become denormal within 90 time constants.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        if not X86:
            return _WORD(0)
        place = cgutils.alloca_once(builder, ir.IntType(32))
        _control(builder, "stmxcsr", place)
        before = builder.load(place)
        builder.store(builder.or_(before, before.type(_FLUSH)), place)
        _control(builder, "ldmxcsr", place)
        return builder.zext(before, _WORD)

    return types.int64(), codegen


@intrinsic
def restore_denormals(typingctx, before):  # type: ignore[no-untyped-def]
    """Undo :func:`flush_denormals`."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        if X86:
            place = cgutils.alloca_once(builder, ir.IntType(32))
            builder.store(builder.trunc(args[0], ir.IntType(32)), place)
            _control(builder, "ldmxcsr", place)
        return context.get_dummy_value()

    return types.void(types.int64), codegen
