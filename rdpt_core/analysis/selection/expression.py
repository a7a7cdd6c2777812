"""A user's own formula over the columns of a candidate, for example `n_teacher - 0.01 * n_tokens`.

The text is parsed with `ast` and walked node by node; whatever is not on the list below is refused. Nothing is ever
compiled or evaluated as Python. Every number is a double, so no result can grow beyond its array.

    columns       the names of `candidates.COLUMNS`
    numbers       3, 0.5, 1e-3
    arithmetic    + − * / % **, unary minus
    comparisons   < <= > >= == !=, also chained; they give 1 or 0
    logic         and, or, not, `a if condition else b`
    functions     log, exp, sqrt, abs, min and max of two or more, missing(x): 1 where x is missing

Where a formula has no finite value (a division by zero, the log of a negative number, a missing column) the candidate
has no score.
"""

from __future__ import annotations

import ast
import functools
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from rdpt_core.arrays import Doubles
from rdpt_core.errors import UsageError

MAX_CHARACTERS = 1000
MAX_NODES = 200
MAX_DEPTH = 40

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Mod: np.mod,
    ast.Pow: np.power,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_ONE_ARGUMENT: dict[str, Callable[[Any], Any]] = {"log": np.log, "exp": np.exp, "sqrt": np.sqrt, "abs": np.abs}
_SEVERAL: dict[str, Callable[[Any, Any], Any]] = {"min": np.minimum, "max": np.maximum}
FUNCTIONS = (*_ONE_ARGUMENT, *_SEVERAL, "missing")


def evaluate(text: str, columns: Mapping[str, Doubles]) -> Doubles:
    """The value of a formula for every candidate; NaN where it is not finite. Shape: (n_candidates,).

    Args:
        columns: arrays of doubles of one length, by name.
    Raises:
        UsageError: the text is no formula, or uses a name, a function or syntax that is not on the list.
    """
    tree = _parse(text)
    n = len(next(iter(columns.values())))
    with np.errstate(all="ignore"):
        value = np.broadcast_to(_Evaluator(text, columns).value(tree), n).astype(np.float64)
    return np.where(np.isfinite(value), value, np.nan)


def check(text: str, names: Mapping[str, object]) -> None:
    """Refuse a formula that `evaluate` would refuse, without any data.

    Raises:
        UsageError: as `evaluate`.
    """
    evaluate(text, {name: np.ones(1) for name in names})


def _refusal(text: str, what: str, expected: str) -> UsageError:
    return UsageError(what, where="--expression", expected=expected, got=text[:80] or "nothing")


def _parse(text: str) -> ast.expr:
    if len(text) > MAX_CHARACTERS:
        raise _refusal(text, "the expression is too long", f"at most {MAX_CHARACTERS:,} characters")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise _refusal(text, "the expression cannot be read", "a formula such as `n_teacher / n_sentences`") from error
    if sum(1 for _ in ast.walk(tree)) > MAX_NODES or _depth(tree) > MAX_DEPTH:
        raise _refusal(text, "the expression is too large", f"at most {MAX_NODES} parts, nested {MAX_DEPTH} deep")
    return tree


def _depth(node: ast.AST) -> int:
    depth, level = 0, [node]
    while level:
        depth, level = depth + 1, [child for parent in level for child in ast.iter_child_nodes(parent)]
    return depth


class _Evaluator:
    """Values of the nodes on the list; anything else is refused by name."""

    def __init__(self, text: str, columns: Mapping[str, Doubles]) -> None:
        self._text, self._columns = text, columns

    def value(self, node: ast.expr) -> Any:
        """An array, or a number where no column takes part."""
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is None:
            raise _refusal(
                self._text, f"the expression holds a {type(node).__name__}", "columns, numbers and operators"
            )
        return method(node)

    def _constant(self, node: ast.Constant) -> np.float64:
        if not isinstance(node.value, int | float) or isinstance(node.value, bool):
            raise _refusal(self._text, f"the expression holds {node.value!r:.40}", "numbers")
        try:
            return np.float64(node.value)
        except OverflowError:
            raise _refusal(self._text, "a number in the expression is too large", "numbers below 1e308") from None

    def _name(self, node: ast.Name) -> Doubles:
        if node.id not in self._columns:
            raise _refusal(self._text, f"the expression names `{node.id}`", ", ".join(self._columns))
        return self._columns[node.id]

    def _binop(self, node: ast.BinOp) -> Any:
        function = _BINARY.get(type(node.op))
        if function is None:
            raise _refusal(self._text, f"the expression uses {type(node.op).__name__}", "+ - * / % **")
        return function(self.value(node.left), self.value(node.right))

    def _unaryop(self, node: ast.UnaryOp) -> Any:
        value = self.value(node.operand)
        if isinstance(node.op, ast.Not):
            return _known(np.where(_true(value), 0.0, 1.0), value)
        if isinstance(node.op, ast.Invert):
            raise _refusal(self._text, "the expression uses ~", "`not`")
        return np.negative(value) if isinstance(node.op, ast.USub) else value

    def _compare(self, node: ast.Compare) -> Any:
        values = [self.value(operand) for operand in (node.left, *node.comparators)]
        result: Any = True
        for index, comparison in enumerate(node.ops):
            function = _COMPARISONS.get(type(comparison))
            if function is None:
                raise _refusal(self._text, f"the expression uses {type(comparison).__name__}", "< <= > >= == !=")
            result = np.logical_and(result, function(values[index], values[index + 1]))
        return _known(np.where(result, 1.0, 0.0), *values)

    def _boolop(self, node: ast.BoolOp) -> Any:
        values = [self.value(operand) for operand in node.values]
        combine = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
        result = functools.reduce(combine, [_true(value) for value in values])
        return _known(np.where(result, 1.0, 0.0), *values)

    def _ifexp(self, node: ast.IfExp) -> Any:
        condition = self.value(node.test)
        chosen = np.where(_true(condition), self.value(node.body), self.value(node.orelse))
        return _known(chosen, condition)

    def _call(self, node: ast.Call) -> Any:
        name = node.func.id if isinstance(node.func, ast.Name) else None
        if name not in FUNCTIONS or node.keywords or any(isinstance(argument, ast.Starred) for argument in node.args):
            raise _refusal(self._text, "the expression calls something other than a function", ", ".join(FUNCTIONS))
        n_expected = "two or more" if name in _SEVERAL else "one"
        if len(node.args) < 2 if name in _SEVERAL else len(node.args) != 1:
            raise _refusal(self._text, f"`{name}` has {len(node.args)} arguments", n_expected)
        arguments = [self.value(argument) for argument in node.args]
        if name == "missing":
            return np.where(np.isnan(arguments[0]), 1.0, 0.0)
        if name in _SEVERAL:
            return functools.reduce(_SEVERAL[name], arguments)
        return _ONE_ARGUMENT[str(name)](arguments[0])


def _true(value: Any) -> Any:
    return np.not_equal(value, 0.0)


def _known(result: Any, *inputs: Any) -> Any:
    """NaN where an input is: a comparison with what is missing has no answer."""
    missing = functools.reduce(np.logical_or, [np.isnan(value) for value in inputs])
    return np.where(missing, np.nan, result)
