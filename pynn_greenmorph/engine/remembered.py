"""Expressions of a rule that depend only on the time between two spikes.

On the grid this time is a number of steps, so what ``exp(-since_ms / tau_ms)``
is can be looked up: an exponential takes as long as all else that a synapse
does. The values are those that the rule's own text has, bit for bit.
"""

from __future__ import annotations

import ast
import inspect
import math
import re
import textwrap
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .source_text import source_of

__all__ = ["MEMO_STEPS", "Remembering", "is_cheap", "memo_of", "remembering"]

#: Most steps for which values are kept; beyond, they are computed.
MEMO_STEPS = 1 << 13

#: Calls that cost next to nothing and never raise.
_CHEAP = {"abs", "max", "min"}

#: What a rule may use without declaring it.
_MODULES = {"math": math, "np": np}


@dataclass(frozen=True)
class Remembering:
    """A function whose expressions of time are looked up.

    Attributes
    ----------
    function : callable
        As it was.
    source : str
        Two new functions behind those that they call: ``remembering_NAME``, and
        ``quick_NAME``, for times that are remembered only. Both take ``steps_since``
        and ``memo`` too.
    since : str
        Its argument that is a time.
    expressions : tuple of str
        What is looked up.
    """

    function: Callable[..., Any]
    source: str
    since: str
    expressions: tuple[str, ...]


def _names(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


class _Extract(ast.NodeTransformer):
    """Replaces expressions of one argument and constants that hold a call."""

    def __init__(self, since: str, known: Collection[str], first: int) -> None:
        self.since, self.known, self.first = since, known, first
        self.found: list[ast.expr] = []

    def visit(self, node: ast.AST) -> Any:
        """Replace a node, or look into it."""
        if isinstance(node, ast.expr) and self._is_of_time(node):
            self.found.append(node)
            arguments = ["memo", "steps_since", *sorted(_names(node) & set(self.known))]
            name = f"remembered_{self.first + len(self.found) - 1}"
            return ast.parse(f"{name}({', '.join(arguments)})", mode="eval").body
        return self.generic_visit(node)

    def _is_of_time(self, node: ast.expr) -> bool:
        """Whether a node is a number that nothing but the time and constants goes into."""
        if not isinstance(node, ast.BinOp | ast.Call | ast.UnaryOp):
            return False
        calls = [one for one in ast.walk(node) if isinstance(one, ast.Call)]
        names = _names(node) - _MODULES.keys() - _CHEAP
        return (
            self.since in names
            and names <= set(self.known)
            and any(isinstance(one.func, ast.Attribute) for one in calls)
        )


def remembering(
    function: Callable[..., Any], since: str, columns: Collection[str], first: int
) -> Remembering | None:
    """Find the expressions of a function that depend only on a time.

    Parameters
    ----------
    function : callable
        A function of a rule.
    since : str
        Its argument that is a time, ms.
    columns : collection of str
        Arguments that are the same at every call.
    first : int
        Number of the first expression.

    Returns
    -------
    Remembering or None
        None where there are none.
    """
    tree = ast.parse(textwrap.dedent(source_of(function)))
    definition = tree.body[0]
    if not isinstance(definition, ast.FunctionDef) or since not in _arguments(function):
        return None
    stored = {
        one.id
        for one in ast.walk(definition)
        if isinstance(one, ast.Name) and not isinstance(one.ctx, ast.Load)
    }
    known = {since, *(set(_arguments(function)) & set(columns))} - stored
    extract = _Extract(since, known, first)
    definition.body = [extract.visit(statement) for statement in definition.body]
    if not extract.found:
        return None
    definition.name = f"remembering_{function.__name__}"
    definition.args.args += [ast.arg("steps_since"), ast.arg("memo")]
    text = ast.unparse(ast.fix_missing_locations(tree))
    texts = [_look_up(k, one, known) for k, one in enumerate(extract.found, first)]
    quick = re.sub(r"\bremember(ed|ing)_", "quick_", text)
    expressions = tuple(map(ast.unparse, extract.found))
    return Remembering(function, "\n".join([*texts, text, "", quick, ""]), since, expressions)


def _arguments(function: Callable[..., Any]) -> list[str]:
    return list(inspect.signature(function).parameters)


def _look_up(k: int, expression: ast.expr, known: Collection[str]) -> str:
    arguments = ", ".join(["memo", "steps_since", *sorted(_names(expression) & set(known))])
    return (
        f"def quick_{k}({arguments}):\n"
        f"    at = memo.at + {k} * (memo.steps + 1) + np.int64(steps_since)\n"
        "    return peek_apart(memo.values, np.uint64(at))\n\n"
        f"def remembered_{k}({arguments}):\n"
        "    if steps_since < np.float64(memo.steps):\n"
        f"        return quick_{k}({arguments})\n"
        "    if memo.steps > 0 and steps_since == np.inf:\n"
        "        steps_since = np.float64(memo.steps)\n"
        f"        return quick_{k}({arguments})\n"
        f"    return {ast.unparse(expression)}\n"
    )


def memo_of(
    found: Collection[Remembering], values: dict[str, float], dt_ms: float, horizon_ms: float
) -> NDArray[np.float64]:
    """Evaluate what is remembered, up to a time from which on no spike counts, or ``MEMO_STEPS``.

    Parameters
    ----------
    found : collection of Remembering
    values : dict of str to float
        The parameters by column.
    dt_ms, horizon_ms : float, ms

    Returns
    -------
    (k, steps + 1) float64
        See :class:`.Memo`; no steps where an expression has no value for one of them.
    """
    n = sum(len(one.expressions) for one in found)
    steps = int(min(horizon_ms / dt_ms + 2.0, MEMO_STEPS))
    times = [*(step * dt_ms for step in range(steps)), math.inf]
    memo = np.empty((n, len(times)))
    rows = iter(memo)
    for one in found:
        for expression in one.expressions:
            code, row = compile(expression, "<rule>", "eval"), next(rows)
            try:
                for step, time in enumerate(times):
                    row[step] = eval(code, _MODULES, values | {one.since: time})  # noqa: S307
            except (ArithmeticError, ValueError):
                return np.empty((n, 1))
    return memo


def is_cheap(function: Callable[..., Any]) -> bool:
    """Whether it does not matter if a function is called in vain: no jumps, no calls."""
    jumps = (ast.For, ast.While, ast.Raise, ast.Try, ast.Assert)
    for node in ast.walk(ast.parse(textwrap.dedent(source_of(function)))):
        if isinstance(node, jumps):
            return False
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            if name not in _CHEAP:
                return False
    return True
