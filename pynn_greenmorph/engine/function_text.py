"""Source texts of plain-Python functions, with the numbers they use, for one generated file.

A function may name its arguments, helpers of the model, a few modules and numeric
constants of its own module, which are written out: so the hash of the text covers
all that the machine code is made of.
"""

from __future__ import annotations

import ast
import builtins
import math
import textwrap
from collections.abc import Callable, Sequence
from types import CodeType
from typing import Any

import numpy as np

from ..arithmetic import fused
from ..errors import GreenmorphError, explain
from .source_text import source_of

__all__ = ["function_sources", "may_raise"]

#: What functions of a step may name beside each other and numeric constants.
_KNOWN = {"math": math, "np": np, "fused": fused}


def _code_names(code: CodeType) -> set[str]:
    """Global names and attributes in a piece of code and in those nested in it."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):  # a comprehension
            names |= _code_names(constant)
    return names


def _loaded_names(trees: Sequence[ast.AST]) -> set[str]:
    nodes = (node for tree in trees for node in ast.walk(tree))
    return {node.id for node in nodes if isinstance(node, ast.Name)}


def _global_names(function: Callable[..., Any]) -> set[str]:
    """Names that a function takes from its module (not builtins)."""
    definition = ast.parse(textwrap.dedent(source_of(function))).body[0]
    # co_names holds attributes too; only names that are loaded count.
    names = _code_names(function.__code__) & _loaded_names([definition])
    if isinstance(definition, ast.FunctionDef):
        names |= _loaded_names(definition.args.defaults)
    return {name for name in names if not hasattr(builtins, name)}


def _check_same(name: str, functions: Sequence[Callable[..., Any]], *meanings: Any) -> None:
    """Raise when a name means different things in functions of one generated file."""
    if any(meaning is not meanings[0] and meaning != meanings[0] for meaning in meanings):
        raise GreenmorphError(
            explain(
                f"the name {name!r} has several meanings",
                where=", ".join(f"{one.__module__}.{one.__qualname__}" for one in functions),
                allowed="one meaning of a name in a step and its helpers",
                todo="Rename one of them",
            )
        )


def _constants(functions: Sequence[Callable[..., Any]], single: bool) -> str:
    """Source lines for the numeric module constants that the functions use."""
    known: dict[str, Any] = dict(_KNOWN)
    for function in functions:
        _check_same(
            function.__name__, functions, known.setdefault(function.__name__, function), function
        )
    values: dict[str, Any] = {}
    for function in functions:
        for name in sorted(_global_names(function)):
            value = function.__globals__.get(name)
            if name in known:
                _check_same(name, functions, known[name], value)
                continue
            if not isinstance(value, int | float):
                raise GreenmorphError(
                    explain(
                        f"the function uses the name {name!r}, which cannot be compiled",
                        where=f"{function.__module__}.{function.__qualname__}",
                        allowed="arguments, math, np, fused, the model's helpers, numbers",
                        todo="Pass it as an argument, or declare it as a helper of the model",
                    )
                )
            _check_same(name, functions, values.setdefault(name, value), value)
    lines = [f"{name} = {_literal(value)}" for name, value in values.items()]
    if single:
        lines = [
            f"{name} = np.float32({_literal(value)})" if isinstance(value, float) else line
            for line, (name, value) in zip(lines, values.items(), strict=True)
        ]
    return "\n".join(lines)


def _literal(value: float) -> str:
    """Source text of a number; ``repr`` of infinity and not-a-number is none."""
    return repr(value) if math.isfinite(value) else f"float({str(value)!r})"


class _Single(ast.NodeTransformer):
    """Makes every fraction in a function a float32: one float64 would make all of it float64."""

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        """Write ``np.float32(0.5)`` for ``0.5``."""
        return self._made(node) if isinstance(node.value, float) else node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """Write ``np.float32(math.e)`` for ``math.e``."""
        self.generic_visit(node)
        module = _KNOWN.get(node.value.id) if isinstance(node.value, ast.Name) else None
        return self._made(node) if isinstance(getattr(module, node.attr, None), float) else node

    @staticmethod
    def _made(node: ast.expr) -> ast.Call:
        kind = ast.Attribute(ast.Name("np", ast.Load()), "float32", ast.Load())
        return ast.Call(kind, [node], [])


def _in_single(source: str) -> str:
    return ast.unparse(ast.fix_missing_locations(_Single().visit(ast.parse(source))))


def function_sources(
    functions: Sequence[Callable[..., Any]], options: str = "", single: bool = False
) -> str:
    """Return the source text of functions, and of the numeric constants that they use.

    Parameters
    ----------
    functions : sequence of callable
        Each after those that it calls.
    options : str
        Further options of the compiler.
    single : bool
        Whether to write fractions as float32.

    Returns
    -------
    str

    Raises
    ------
    GreenmorphError
        When a function uses a name that cannot be compiled, or two mean
        different things by one name.
    """
    parts = [_constants(functions, single)]
    for function in functions:
        source = textwrap.dedent(source_of(function))
        source = _in_single(source) if single else source
        parts.append(f'@njit(error_model="numpy", forceinline=True{options})\n{source}')
    return "\n\n".join(parts)


def may_raise(function: Callable[..., Any]) -> bool:
    """Whether a function has a ``raise`` or an ``assert``: errors that a step is known to use.

    Parameters
    ----------
    function : callable

    Returns
    -------
    bool
    """
    tree = ast.parse(textwrap.dedent(source_of(function)))
    return any(isinstance(node, ast.Raise | ast.Assert) for node in ast.walk(tree))
