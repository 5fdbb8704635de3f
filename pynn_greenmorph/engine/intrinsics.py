"""Machine instructions: prefetch, cycle counter, atomics on an int64 array, fused products.

Numba has no functions for them. Inline assembly aborts the process, and a plain
load in a waiting loop is moved out of it, so each is an LLVM instruction here.
"""

from __future__ import annotations

import platform
import sys
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.cgutils import create_struct_proxy
from numba.extending import intrinsic, overload
from numba.np.arrayobj import make_array, populate_array

from ..arithmetic import fused

__all__ = [
    "X86",
    "add_bits",
    "add_bits_of_four",
    "atomic_add",
    "atomic_load",
    "atomic_store",
    "cycles",
    "give_way",
    "lowest_bit",
    "matrix_at",
    "nonzero_lanes",
    "pause",
    "peek",
    "peek_row",
    "poke",
    "poke_row",
    "prefetch",
    "rest",
    "row_at",
    "times_count",
]

#: Whether the processor is one of Intel's kind.
X86 = platform.machine().lower() in ("x86_64", "amd64", "i686")
_WORD = ir.IntType(64)

#: The bits of 2.0**52, whose last digit is worth 1.
_TWO_52 = 0x4330000000000000


def _element(context: Any, builder: Any, array_type: Any, array: Any, index: Any) -> Any:
    data = create_struct_proxy(array_type)(context, builder, array).data
    return builder.gep(data, [index])


def _array_at(dtype: Any, n_axes: int) -> Any:
    """Signature and code of :func:`row_at` and :func:`matrix_at`."""
    result = types.Array(dtype.dtype, n_axes, "C")

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        array = make_array(result)(context, builder)
        element = context.get_data_type(result.dtype)
        size = context.get_constant(types.intp, context.get_abi_sizeof(element))
        shape = args[1 : 1 + n_axes]
        strides = [size] if n_axes == 1 else [builder.mul(shape[1], size), size]
        populate_array(
            array,
            data=builder.inttoptr(args[0], element.as_pointer()),
            shape=cgutils.pack_array(builder, shape),
            strides=cgutils.pack_array(builder, strides),
            itemsize=size,
            meminfo=None,
        )
        return array._getvalue()  # noqa: SLF001 - the way Numba's own code does it

    return result(types.int64, *[types.int64] * n_axes, dtype), codegen


@intrinsic
def row_at(typingctx, address, n, dtype):  # type: ignore[no-untyped-def]
    """The array (n,) of ``dtype`` at an address; the caller keeps its memory alive."""
    return _array_at(dtype, 1)


@intrinsic
def matrix_at(typingctx, address, n, m, dtype):  # type: ignore[no-untyped-def]
    """The array (n, m) of ``dtype`` at an address; the caller keeps its memory alive."""
    return _array_at(dtype, 2)


@intrinsic
def _fused(typingctx, a, b, c):  # type: ignore[no-untyped-def]
    """``a * b + c``, rounded once."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.fma(*args)

    return types.float64(types.float64, types.float64, types.float64), codegen


@overload(fused, jit_options={"forceinline": True})
def _compiled_fused(a, b, c):  # type: ignore[no-untyped-def]
    def body(a, b, c):  # type: ignore[no-untyped-def]
        return _fused(a, b, c)

    return body


@intrinsic
def times_count(typingctx, count, weight, base):  # type: ignore[no-untyped-def]
    """``count * weight`` of a byte, rounded once; ``base`` is ``weight * -2.0**52``.

    The bits of 2**52 with those of the count in the last places are a float64 already, so
    the count is not converted; the fused product takes ``base`` off again, exactly.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        count, weight, base = args
        bits = builder.or_(builder.zext(count, _WORD), _WORD(_TWO_52))
        return builder.fma(builder.bitcast(bits, ir.DoubleType()), weight, base)

    return types.float64(types.uint8, types.float64, types.float64), codegen


@intrinsic
def widest_vectors(typingctx):  # type: ignore[no-untyped-def]
    """Let the function that calls this use vectors of 512 bits where there are some.

    Compilers keep to 256 bits on processors that slow down for wider ones. A chain
    of several hundred dependent operations gains more than it loses. The function is
    not inlined: its caller's width would count.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        # add() of this set knows attributes without a value only.
        set.add(builder.function.attributes, '"prefer-vector-width"="512"')
        _keep_apart(builder.function)
        return context.get_dummy_value()

    return types.void(), codegen


def _keep_apart(function: Any) -> None:
    # Numba forces what it first meets in a forced function, too.
    function.attributes.discard("alwaysinline")
    function.attributes.add("noinline")


@intrinsic
def never_inlined(typingctx):  # type: ignore[no-untyped-def]
    """Keep the function that calls this out of its callers, which may be several."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        _keep_apart(builder.function)
        return context.get_dummy_value()

    return types.void(), codegen


@intrinsic
def peek(typingctx, array, index):  # type: ignore[no-untyped-def]
    """``array[index]``; a negative index does not count from the end, which saves time."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load(_element(context, builder, signature.args[0], args[0], args[1]))

    return array.dtype(array, types.int64), codegen


@intrinsic
def poke(typingctx, array, index, value):  # type: ignore[no-untyped-def]
    """``array[index] = value``; a negative index does not count from the end."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        address = _element(context, builder, signature.args[0], args[0], args[1])
        builder.store(args[2], address)
        return context.get_dummy_value()

    return types.void(array, types.int64, array.dtype), codegen


def _apart(builder: Any, kind: str, instruction: Any) -> None:
    """Mark a load as of the memory that is only read, or a store as not to it."""
    module = builder.module
    domain = module.add_metadata(["pynn_greenmorph"])
    scope = module.add_metadata(["only read", domain])
    instruction.set_metadata(kind, module.add_metadata([scope]))


@intrinsic
def peek_apart(typingctx, array, index):  # type: ignore[no-untyped-def]
    """As :func:`peek`, of an array to which no ``poke_apart`` of the loop writes."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        load = builder.load(_element(context, builder, signature.args[0], args[0], args[1]))
        _apart(builder, "alias.scope", load)
        return load

    return array.dtype(array, types.int64), codegen


@intrinsic
def peek_changed(typingctx, array, index):  # type: ignore[no-untyped-def]
    """As :func:`peek`, of an array to which ``poke_apart`` writes, at this place only."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        load = builder.load(_element(context, builder, signature.args[0], args[0], args[1]))
        _apart(builder, "noalias", load)
        return load

    return array.dtype(array, types.int64), codegen


@intrinsic
def poke_apart(typingctx, array, index, value):  # type: ignore[no-untyped-def]
    """As :func:`poke`, to an array of which no ``peek_apart`` of the loop reads.

    So the compiler knows that places that are computed, such as ``near[place]``, are not
    written to, and works on several turns of a loop at once.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        address = _element(context, builder, signature.args[0], args[0], args[1])
        _apart(builder, "noalias", builder.store(args[2], address))
        return context.get_dummy_value()

    return types.void(array, types.int64, array.dtype), codegen


def _set_row(builder: Any, instruction: Any, row: Any, rows: Any) -> None:
    """Mark a load or a store as of one of several rows that do not overlap."""
    module = builder.module
    domain = module.add_metadata(["pynn_greenmorph rows"])
    scopes = [module.add_metadata([f"row {n}", domain]) for n in range(rows.literal_value)]
    own = scopes.pop(row.literal_value)
    instruction.set_metadata("alias.scope", module.add_metadata([own]))
    instruction.set_metadata("noalias", module.add_metadata(scopes))


@intrinsic(prefer_literal=True)
def peek_row(typingctx, array, index, row, rows):  # type: ignore[no-untyped-def]
    """As :func:`peek`, of row number ``row`` of ``rows`` that do not overlap; literals."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        load = builder.load(_element(context, builder, signature.args[0], args[0], args[1]))
        _set_row(builder, load, row, rows)
        return load

    return array.dtype(array, types.int64, row, rows), codegen


@intrinsic(prefer_literal=True)
def poke_row(typingctx, array, index, value, row, rows):  # type: ignore[no-untyped-def]
    """As :func:`poke`; see :func:`peek_row`."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        address = _element(context, builder, signature.args[0], args[0], args[1])
        _set_row(builder, builder.store(args[2], address), row, rows)
        return context.get_dummy_value()

    return types.void(array, types.int64, array.dtype, row, rows), codegen


@intrinsic
def nonzero_lanes(typingctx, array, index):  # type: ignore[no-untyped-def]
    """Which of 64 elements from ``array[index]`` on are not 0, one bit for each."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        first = _element(context, builder, signature.args[0], args[0], args[1])
        kind = ir.VectorType(context.get_data_type(signature.args[0].dtype), 64)
        lanes = builder.load(builder.bitcast(first, kind.as_pointer()), align=1)
        return builder.bitcast(builder.icmp_unsigned("!=", lanes, kind(None)), _WORD)

    return types.int64(array, types.int64), codegen


def _add_masks(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    """For each mask, add a number to those of 64 counts of one byte each that it has a bit of."""
    counts, index, number, masks, *places = args
    byte = ir.IntType(8)
    lanes, word = ir.VectorType(byte, 64), ir.VectorType(ir.IntType(1), 64)
    at = _element(context, builder, signature.args[0], counts, index)
    at = builder.bitcast(at, lanes.as_pointer())
    undefined, first_lane = ir.Constant(lanes, ir.Undefined), ir.IntType(32)(0)
    each = builder.insert_element(undefined, builder.trunc(number, byte), first_lane)
    each = builder.shuffle_vector(each, undefined, ir.VectorType(ir.IntType(32), 64)(None))
    total = builder.load(at, align=1)
    for place in places:
        mask = _element(context, builder, signature.args[3], masks, place)
        bits = builder.load(builder.bitcast(mask, _WORD.as_pointer()), align=2)
        more = builder.add(total, each)
        total = builder.select(builder.bitcast(bits, word), more, total)
    builder.store(total, at, align=1)
    return context.get_dummy_value()


@intrinsic
def add_bits(typingctx, counts, index, number, masks, at):  # type: ignore[no-untyped-def]
    """Add ``number`` to those of 64 counts from ``counts[index]`` on that a mask has a bit of.

    Sixteen bits each are in ``masks[at]`` to ``masks[at + 3]``. With a constant 1 the compiler
    would make 64 numbers of the bits, which takes half as long again.
    """
    word = types.int64
    return types.void(counts, word, word, masks, word), _add_masks


@intrinsic
def add_bits_of_four(typingctx, counts, index, number, masks, a, b, c, d):  # type: ignore[no-untyped-def]
    """The same for each of four masks; the counts are read and written once."""
    word = types.int64
    return types.void(counts, word, word, masks, word, word, word, word), _add_masks


@intrinsic
def lowest_bit(typingctx, word):  # type: ignore[no-untyped-def]
    """Which is the lowest bit of a word that is not 0."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.IntType(1)(1))

    return types.int64(types.int64), codegen


@intrinsic
def prefetch(typingctx, array, index):  # type: ignore[no-untyped-def]
    """Begin to load the cache line of ``array[index]``."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        byte = ir.IntType(8).as_pointer()
        address = _element(context, builder, signature.args[0], args[0], args[1])
        flag = ir.IntType(32)
        function = builder.module.declare_intrinsic(
            "llvm.prefetch", [byte], ir.FunctionType(ir.VoidType(), [byte, flag, flag, flag])
        )
        # Read, keep in all levels, data.
        builder.call(function, [builder.bitcast(address, byte), flag(0), flag(3), flag(1)])
        return context.get_dummy_value()

    return types.void(array, types.int64), codegen


@intrinsic
def cycles(typingctx):  # type: ignore[no-untyped-def]
    """The processor's cycle counter; 0 where user programs may not read it."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        if not X86:
            return _WORD(0)
        function = builder.module.declare_intrinsic(
            "llvm.readcyclecounter", (), ir.FunctionType(_WORD, [])
        )
        return builder.call(function, [])

    return types.int64(), codegen


@intrinsic
def atomic_add(typingctx, array, index, value):  # type: ignore[no-untyped-def]
    """Add to ``array[index]``; returns what was there before."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        address = _element(context, builder, signature.args[0], args[0], args[1])
        return builder.atomic_rmw("add", address, args[2], "acq_rel")

    return types.int64(array, types.int64, types.int64), codegen


@intrinsic
def atomic_load(typingctx, array, index):  # type: ignore[no-untyped-def]
    """Read ``array[index]``; nothing after it is done before it."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        address = _element(context, builder, signature.args[0], args[0], args[1])
        return builder.load_atomic(address, "acquire", 8)

    return types.int64(array, types.int64), codegen


@intrinsic
def atomic_store(typingctx, array, index, value):  # type: ignore[no-untyped-def]
    """Write ``array[index]``; nothing before it is done after it."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        address = _element(context, builder, signature.args[0], args[0], args[1])
        builder.store_atomic(args[2], address, "release", 8)
        return context.get_dummy_value()

    return types.void(array, types.int64, types.int64), codegen


@intrinsic
def pause(typingctx):  # type: ignore[no-untyped-def]
    """Tell the processor that this is a waiting loop."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        if X86:
            void = ir.FunctionType(ir.VoidType(), [])
            builder.call(builder.module.declare_intrinsic("llvm.x86.sse2.pause", (), void), [])
        return context.get_dummy_value()

    return types.void(), codegen


def _call_system(builder: Any, name: str, *numbers: int) -> None:
    """Call a function of the C library that takes and returns integers, where it has it."""
    if sys.platform != "win32":
        word = ir.IntType(32)
        kind = ir.FunctionType(word, [word] * len(numbers))
        function = builder.module.globals.get(name) or ir.Function(builder.module, kind, name)
        builder.call(function, [ir.Constant(word, number) for number in numbers])


@intrinsic
def give_way(typingctx):  # type: ignore[no-untyped-def]
    """Let another thread run on this core, where the system has a call for it."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        _call_system(builder, "sched_yield")
        return context.get_dummy_value()

    return types.void(), codegen


@intrinsic
def rest(typingctx):  # type: ignore[no-untyped-def]
    """Sleep for 20 us, where the system has a call for it; Linux makes some 70 of them."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        _call_system(builder, "usleep", 20)
        return context.get_dummy_value()

    return types.void(), codegen
