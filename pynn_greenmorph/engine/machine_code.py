"""Machine code that is compiled once per computer and then loaded without Numba.

Importing Numba and starting it takes a third of a second, longer than a small
model runs. It is needed to compile only: what it makes of a generated file is
kept as an object file, and LLVM's loader, which takes a tenth of that time,
brings it into later processes.

A function that Numba caches itself is only compiled again when *its own* file
changes; what it inlines from other files may be edited without notice, and the
old machine code then runs. So everything that ends up in one piece of machine
code is in one generated text, and the file's name holds the hash of it.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import logging
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import GreenmorphError, explain
from .cache import kernel_folder

__all__ = [
    "CompileTime",
    "compile_time",
    "compiles",
    "load_code",
    "run_text",
    "vectors_take_masks",
]

_log = logging.getLogger("pynn_greenmorph")

#: Every generated text defines a C function of this name (``numba.cfunc``).
_ENTRY = "entry"


class _Code(NamedTuple):
    """What is kept of a compiled text.

    Attributes
    ----------
    entry : str
        Symbol of the C function.
    needs : list of str
        Functions of other libraries that it calls, such as ``pow``.
    machine : bytes
        An object file.
    """

    entry: str
    needs: list[str]
    machine: bytes


class CompileTime(NamedTuple):
    """For how long this process has compiled so far: on the clock, and of a processor, s."""

    wall_s: float
    cpu_s: float


_spent = CompileTime(0.0, 0.0)


def compile_time() -> CompileTime:
    """Return for how long this process has compiled kernels so far, in all its threads."""
    return _spent


@contextmanager
def _compiling() -> Iterator[None]:
    """Count the time within; only one thread at a time compiles."""
    global _spent  # noqa: PLW0603 - a total of the process
    wall_s, cpu_s = time.perf_counter(), time.thread_time()
    try:
        yield
    finally:
        _spent = CompileTime(
            _spent.wall_s + time.perf_counter() - wall_s,
            _spent.cpu_s + time.thread_time() - cpu_s,
        )


#: Versions of LLVM that are known to have the options set here.
_OLDEST_LLVM, _NEWEST_LLVM = 15, 22


def compiles() -> bool:
    """Return whether kernels are compiled; not with ``NUMBA_DISABLE_JIT=1``.

    Raises
    ------
    GreenmorphError
        When the variable is no integer.
    """
    value = os.environ.get("NUMBA_DISABLE_JIT") or "0"
    try:
        return not int(value)
    except ValueError as error:
        raise GreenmorphError(
            explain(
                "NUMBA_DISABLE_JIT is no integer",
                where="environment",
                allowed="0: machine code; 1: plain Python",
                given=repr(value),
            )
        ) from error


@cache
def _llvm() -> Any:
    """LLVM's loader and code generator for this processor."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm


def _set_option(option: str) -> None:
    llvm = _llvm()
    # An option that LLVM does not know would end the process.
    if _OLDEST_LLVM <= llvm.llvm_version_info[0] <= _NEWEST_LLVM:
        llvm.set_option("", option)


@contextmanager
def _two_at_once(applies: bool) -> Iterator[None]:
    """Let loops over long chains of operations work on two vectors in turn.

    One vector's chain leaves the processor waiting, and the compiler, which counts
    registers, does not see it: a step of IF_cond_exp takes 18 instead of 25 ns (AVX-512).
    """
    if applies:
        _set_option("-force-vector-interleave=2")
    try:
        yield
    finally:
        if applies:
            _set_option("-force-vector-interleave=0")


def _target_machine() -> Any:
    """The processor at hand, for code that is loaded into this process."""
    llvm = _llvm()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=3,
        codemodel="jitdefault",
        jit=True,
    )


@cache
def vectors_take_masks() -> bool:
    """Return whether one instruction adds to chosen ones of 64 bytes (AVX-512BW).

    Returns
    -------
    bool
        True also where nothing is compiled: plain Python then does what most machines do.
    """
    return not compiles() or bool(_llvm().get_host_cpu_features().get("avx512bw"))


@cache
def _stamp() -> str:
    """What machine code depends on beside its text: compilers, their settings, processor."""
    llvm = _llvm()
    features = llvm.get_host_cpu_features().flatten()
    words = [importlib.metadata.version(name) for name in ("numba", "llvmlite", "numpy")]
    words += [sys.implementation.cache_tag, Path(__file__).read_text(encoding="utf-8")]
    words += [llvm.get_default_triple(), llvm.get_host_cpu_name(), features]
    # Numba's settings, such as NUMBA_BOUNDSCHECK or NUMBA_OPT.
    words += sorted(
        f"{name}={value}"
        for name, value in os.environ.items()
        if name.startswith("NUMBA_") and name not in ("NUMBA_CACHE_DIR", "NUMBA_DISABLE_JIT")
    )
    return hashlib.sha256("\n".join(words).encode()).hexdigest()[:12]


def _write(path: Path, content: bytes) -> None:
    """Write beside and move: several processes may start at once.

    Where nothing can be written, a line of the log says so, and code is
    compiled in every process.
    """
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(temporary).replace(path)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        _log.warning("machine code cannot be kept, the next process compiles again: %s", error)


def _checksum(entry: str, needs: list[str], machine: bytes) -> str:
    return hashlib.sha256(json.dumps([entry, needs]).encode() + machine).hexdigest()


def _save(path: Path, code: _Code) -> None:
    header = {"entry": code.entry, "needs": code.needs, "sha256": _checksum(*code)}
    _write(path, json.dumps(header).encode() + b"\n" + code.machine)


def _read(path: Path) -> _Code | None:
    """Return what was saved; None where there is nothing, or not what was written."""
    try:
        header, _, machine = path.read_bytes().partition(b"\n")
        fields = json.loads(header)
        code = _Code(fields["entry"], fields["needs"], machine)
        return code if fields["sha256"] == _checksum(*code) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def run_text(path: Path, text: str) -> dict[str, Any]:
    """Write a generated text to a file, for tracebacks, and return the names it defines.

    Parameters
    ----------
    path : pathlib.Path
    text : str

    Returns
    -------
    dict
    """
    if not path.exists() or path.read_bytes() != text.encode():
        _write(path, text.encode())
    names: dict[str, Any] = {"__name__": f"_pynn_greenmorph_kernels.{path.stem}"}
    exec(compile(text, str(path), "exec"), names)  # noqa: S102 - our own text
    return names


def _compiled_entry(path: Path, text: str) -> Any:
    """Let Numba compile a text.

    Ours need no memory of Numba's. A third party's step that makes a list does, and
    is then compiled in every process.
    """
    from numba.core.errors import NumbaError

    try:
        return run_text(path, text)[_ENTRY]
    except NumbaError as error:
        if "NRT required" not in str(error):
            raise
    allocating = path.with_stem(f"{path.stem}_allocating")
    return run_text(allocating, text.replace(", _nrt=False", ""))[_ENTRY]


def _compile(path: Path, text: str, long_chains: bool) -> tuple[_Code, Any]:
    """Compile a text; returns what may be kept, and Numba's function."""
    with _compiling():
        return _compile_text(path, text, long_chains)


def _compile_text(path: Path, text: str, long_chains: bool) -> tuple[_Code, Any]:
    llvm = _llvm()
    with _two_at_once(long_chains):
        function = _compiled_entry(path, text)
    module = llvm.parse_assembly(function.inspect_llvm())
    symbols = [*module.functions, *module.global_variables]
    declared = [one.name for one in symbols if one.is_declaration]
    needs = [name for name in declared if not name.startswith("llvm.")]
    return _Code(function.native_name, needs, _target_machine().emit_object(module)), function


def _link(code: _Code) -> tuple[Any, int] | None:
    """Bring machine code into this process; returns its keeper and the entry's address.

    None when it calls functions that only Numba provides: LLVM would abort.
    """
    llvm = _llvm()
    if not all(llvm.address_of_symbol(name) for name in code.needs):
        return None
    keeper = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _target_machine())
    keeper.add_object_file(llvm.ObjectFileRef.from_data(code.machine))
    keeper.finalize_object()
    address: int = keeper.get_function_address(code.entry)
    return keeper, address


#: Addresses by name and hash, with what keeps the code behind them in memory.
_LOADED: dict[str, tuple[Any, int]] = {}

#: The threads of a run ask for the loop at the same time.
_ONE_AT_A_TIME = threading.Lock()


def load_code(name: str, text: str, what: str, long_chains: bool = False) -> int:
    """Return the address of the C function ``entry`` of a generated text.

    The first time on a computer a line of the logger ``pynn_greenmorph`` says
    that it is compiled: it takes seconds, and Python shows the line on the
    standard error stream.

    Parameters
    ----------
    name : str
        Readable beginning of the file's name.
    text : str
        Source text; all that is compiled into one piece must be in it.
    what : str
        What it is, for the message.
    long_chains : bool
        Whether its loops are long chains of operations, each waiting for the one before.

    Returns
    -------
    int
        It stays valid as long as the process lives.
    """
    module = f"{name}_{hashlib.sha256(text.encode()).hexdigest()[:20]}"
    with _ONE_AT_A_TIME:
        if module not in _LOADED:
            _LOADED[module] = _load(module, text, what, long_chains)
        return _LOADED[module][1]


@cache
def _announce(what: str) -> None:
    """Log that something is compiled, once if it comes in several pieces."""
    _log.warning("compiling for this computer, once ('greenmorph warmup' does it ahead): %s", what)


def _load(module: str, text: str, what: str, long_chains: bool) -> tuple[Any, int]:
    path = kernel_folder() / f"{module}-{_stamp()}.code"
    code, function = _read(path), None
    if code is None:
        _announce(what)
        code, function = _compile(path.with_name(f"{module}.py"), text, long_chains)
        _save(path, code)
    linked = _link(code)
    if linked is None:
        _log.warning(
            "compiling in every process, because it calls %s of Numba: %s",
            ", ".join(code.needs), what,
        )  # fmt: skip
        function = function or _compile(path.with_name(f"{module}.py"), text, long_chains)[1]
        linked = function, function.address
    return linked
