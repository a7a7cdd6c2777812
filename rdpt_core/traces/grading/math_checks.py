"""What math-verify says, and whether it may be believed: known false equalities are caught by independent arithmetic.

Runs in the grader's process only, which has limits on time and memory: sympy may take for ever.
"""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import product
from typing import Any

import sympy

_DOTS = re.compile(r"\\(?:l|c|d|v)?dots[cbmio]?(?![A-Za-z])|\.{3}|…")
_QUANTIFIER = re.compile(r"\\(?:forall|exists)(?![A-Za-z])|[∀∃]|\bfor\s+(?:all|every|each|any)\b", re.I)

_CHECK_S = 2.0
"""For one independent calculation."""

_SPELLINGS_S = 3.0
"""After so long, no further spelling of the answer is tried."""

_DIGITS = 50
_POINTS = (
    ("0.731", "2.417", "1.163", "3.911"),
    ("5.309", "0.217", "4.871", "0.619"),
    ("-1.373", "2.953", "-0.447", "1.879"),
    ("-3.127", "-0.823", "2.311", "-4.057"),
    ("17.93", "11.41", "23.17", "7.883"),
    ("0.0371", "-6.113", "0.571", "0.0923"),
)
"""Values for up to four unknowns. Two different formulas that agree at all of them are not met by chance."""


def compare(library: Any, golds: Sequence[str], answers: Sequence[str], limit: int | None) -> dict[str, Any]:
    """The verdict on an answer, given in one or two spellings, as the reply to the process that asks.

    Args:
        library: math-verify.
        golds: the reference answer, without a box.
        answers: texts with the answer; a marked one is in a box.
        limit: for its own alarms, in seconds.
    """
    reply: dict[str, Any] = {"correct": False, "extracted": None}
    error: BaseException | None = None
    has_gold = False
    started = time.monotonic()
    for index, (gold_text, answer_text) in enumerate(product(golds, answers)):
        if index and time.monotonic() - started > _SPELLINGS_S:
            break
        try:
            gold = library.parse(rf"\boxed{{{gold_text}}}", parsing_timeout=limit, raise_on_error=True)
            answer = library.parse(answer_text, parsing_timeout=limit, raise_on_error=True)
            has_gold = has_gold or bool(gold)
            if answer and reply["extracted"] is None:
                reply["extracted"] = str(answer[-1])[:300]
            if not gold or not answer:
                continue
            verdict, reason = _verdict(library, gold, answer, gold_text, answer_text, limit)
        except (
            ArithmeticError,
            AttributeError,
            LookupError,
            RuntimeError,
            SyntaxError,
            TypeError,
            ValueError,
        ) as raised:
            error = error or raised
            continue
        if verdict is None or verdict:
            return {**reply, "correct": verdict, "reason": reason}
        if index == 0 and reason == "sure":
            return {**reply, "correct": False}
    if error is not None:
        return {**reply, "reason": f"math-verify failed: {type(error).__name__}: {str(error)[:200]}"}
    return reply if has_gold else {**reply, "reason": "the reference answer could not be parsed"}


@contextmanager
def _limited() -> Iterator[None]:
    """Raises TimeoutError if what is inside takes too long, where the system has alarms."""

    def ring(number: int, frame: object) -> None:
        raise TimeoutError

    if not hasattr(signal, "SIGALRM"):
        yield
        return
    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, _CHECK_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _verdict(
    library: Any, gold: list[Any], answer: list[Any], gold_text: str, answer_text: str, limit: int | None
) -> tuple[bool | None, str | None]:
    first, second = _expression(gold), _expression(answer)
    proportional = _in_time(_same_line, first, second)
    if proportional is not None:
        return proportional, None if proportional else "sure"
    if not library.verify(gold, answer, timeout_seconds=limit, raise_on_error=True):
        is_swapped = isinstance(first, sympy.Set) and isinstance(second, sympy.core.relational.Relational)
        if is_swapped and library.verify(answer, gold, timeout_seconds=limit, raise_on_error=True):
            return True, None  # an interval for an inequality is taken, an inequality for an interval is not
        return (True, None) if _in_time(_agrees_everywhere, first, second) else (False, None)
    if bool(_DOTS.search(gold_text)) or bool(_DOTS.search(answer_text)):
        return _same_sequence(library, gold_text, _inside(answer_text), limit)
    if bool(_QUANTIFIER.search(gold_text)) != bool(_QUANTIFIER.search(answer_text)):
        return None, "one answer holds for all values of something and the other does not say so"
    confirmed = _in_time(_confirmed, first, second)
    if confirmed is None:
        return None, "math-verify calls them equal, and an independent calculation could not confirm it"
    return confirmed, None if confirmed else "sure"


def _in_time(check: Callable[[Any, Any], bool | None], first: Any, second: Any) -> bool | None:
    """What a check says; None if it takes too long."""
    try:
        with _limited():
            return check(first, second)
    except TimeoutError:
        return None


def _expression(parsed: Iterable[Any]) -> Any:
    return next((item for item in parsed if not isinstance(item, str)), None)


def _inside(text: str) -> str:
    return text.removeprefix(r"\boxed{").removesuffix("}") if text.startswith(r"\boxed{") else text


def _confirmed(first: Any, second: Any) -> bool | None:
    """Whether two parsed answers that math-verify calls equal are so in exact or precise arithmetic.

    What has unknowns, or is no number, was compared by rules that are not distrusted here.
    """
    if isinstance(first, sympy.Eq) and not isinstance(second, sympy.Eq):
        first = first.rhs
    if isinstance(second, sympy.Eq) and not isinstance(first, sympy.Eq):
        second = second.rhs
    if _is_collection(first) and _is_collection(second) and len(first.args) == len(second.args):
        return _confirmed_members(list(first.args), list(second.args), isinstance(first, sympy.Tuple))
    if not (_is_number(first) and _is_number(second)):
        return True
    return _equal_numbers(first, second)


def _confirmed_members(firsts: list[Any], seconds: list[Any], is_ordered: bool) -> bool | None:
    if len(firsts) > 20:
        return True
    if is_ordered:
        verdicts = [_confirmed(a, b) for a, b in zip(firsts, seconds, strict=True)]
        return False if False in verdicts else None if None in verdicts else True
    for member in firsts:
        partner = next((other for other in seconds if _confirmed(member, other) is True), None)
        if partner is None:
            return None
        seconds.remove(partner)
    return True


def _is_collection(value: Any) -> bool:
    return isinstance(value, sympy.FiniteSet | sympy.Tuple)


def _is_number(value: Any) -> bool:
    return isinstance(value, sympy.Expr) and not value.free_symbols and not value.has(sympy.oo, sympy.zoo, sympy.nan)


def _equal_numbers(first: Any, second: Any) -> bool | None:
    """Equality of two numbers: exact for rational ones, else to 40 digits; to 6 places where one is a decimal."""
    # The library keeps a percentage as a product that is not worked out.
    is_percent = first.has(sympy.UnevaluatedExpr) or second.has(sympy.UnevaluatedExpr)
    first, second = (item.replace(sympy.UnevaluatedExpr, lambda inner: inner) for item in (first, second))
    is_rounded = first.has(sympy.Float) or second.has(sympy.Float)
    a, b = first.evalf(_DIGITS), second.evalf(_DIGITS)
    if not (a.is_number and b.is_number and a.is_finite and b.is_finite):
        return None
    scale = max(abs(a), abs(b))
    if scale == 0:
        return True
    distance = abs(a - b)
    if is_rounded:
        return bool(distance <= scale * sympy.Float("1e-5"))
    if distance > scale * sympy.Float("1e-30"):
        # A percentage and its number are equal by convention.
        return bool(is_percent and _near(a, b, 100))
    if first.is_Rational and second.is_Rational:
        return bool(first == second)
    exact = _exact(first), _exact(second)
    return exact[0] == exact[1] if None not in exact else True


def _near(a: Any, b: Any, factor: int) -> bool:
    return any(abs(x * factor - y) <= abs(y) * sympy.Float("1e-20") for x, y in ((a, b), (b, a)))


def _exact(value: Any) -> Any:
    """A number as an exact rational, if it is one and not too long to be written down; None elsewhere."""
    for power in value.atoms(sympy.Pow):
        if not power.base.is_Rational or not power.exp.is_Integer or abs(int(power.exp)) > 20_000:
            return None
    if any(not item.args[0].is_Integer or int(item.args[0]) > 3_000 for item in value.atoms(sympy.factorial)):
        return None
    done = value.doit()
    return done if done.is_Rational else None


def _same_line(first: Any, second: Any) -> bool | None:
    """Whether two linear equations have the same solutions; None if they are something else."""
    if not (isinstance(first, sympy.Eq) and isinstance(second, sympy.Eq)):
        return None
    if not all(isinstance(side, sympy.Expr) for side in (first.lhs, first.rhs, second.lhs, second.rhs)):
        return None  # n = 1, 2, 3 is an equation with a set
    left, right = first.lhs - first.rhs, second.lhs - second.rhs
    names = sorted(left.free_symbols | right.free_symbols, key=str)
    if not 2 <= len(names) <= 4 or left.free_symbols != right.free_symbols:
        return None
    if not (left.is_polynomial(*names) and right.is_polynomial(*names)):
        return None
    polynomials = sympy.Poly(left, *names), sympy.Poly(right, *names)
    if any(item.total_degree() != 1 or not item.domain.is_Exact for item in polynomials):
        return None
    vectors = [[item.coeff_monomial(name) for name in (*names, 1)] for item in polynomials]
    return all(
        sympy.simplify(a * d - b * c) == 0
        for (a, b), (c, d) in product(zip(*vectors, strict=True), zip(*vectors, strict=True))
    )


def _agrees_everywhere(first: Any, second: Any) -> bool:
    """Whether two formulas agree to many digits wherever both are real, and are real at the same points.

    That tells √(1/n) = 1/√n, which math-verify denies, from |x| = x, which holds for half of all numbers.
    """
    if not (isinstance(first, sympy.Expr) and isinstance(second, sympy.Expr)):
        return False
    if any(item.has(sympy.Float, sympy.UnevaluatedExpr, sympy.oo, sympy.zoo, sympy.nan) for item in (first, second)):
        return False
    if _is_number(first) and _is_number(second):
        return _equal_numbers(first, second) is True
    names = sorted(first.free_symbols, key=str)
    if not 1 <= len(names) <= 4 or first.free_symbols != second.free_symbols:
        return False
    n_agreed = 0
    for point in _POINTS:
        values = {name: sympy.Rational(value) for name, value in zip(names, point, strict=False)}
        a, b = first.subs(values).evalf(_DIGITS), second.subs(values).evalf(_DIGITS)
        if not (a.is_number and b.is_number and a.is_finite and b.is_finite):
            return False
        if bool(a.is_real) != bool(b.is_real):
            return False
        if a.is_real:
            if abs(a - b) > max(abs(a), abs(b)) * sympy.Float("1e-30"):
                return False
            n_agreed += 1
    return n_agreed >= 3


def _same_sequence(library: Any, gold: str, answer: str, limit: int | None) -> tuple[bool | None, str | None]:
    """Sequences with dots, member by member: math-verify drops the dots and what they stand for."""
    members = [[part.strip(" $") for part in text.split(",")] for text in (gold, answer)]
    if any(len(parts) < 2 or len(parts) > 30 for parts in members):
        return None, "dots stand for what is left out, and that cannot be compared"
    if len(members[0]) == len(members[1]):
        pairs = list(zip(*members, strict=True))
    else:
        pairs = [(members[0][0], members[1][0]), (members[0][-1], members[1][-1])]
    verdicts = []
    for one, other in pairs:
        if _DOTS.search(one) or _DOTS.search(other) or one == other:
            verdicts.append(one == other or bool(_DOTS.search(one)) and bool(_DOTS.search(other)))
            continue
        parsed = [
            library.parse(rf"\boxed{{{part}}}", parsing_timeout=limit, raise_on_error=True) for part in (one, other)
        ]
        same = all(parsed) and library.verify(*parsed, timeout_seconds=limit, raise_on_error=True)
        verdicts.append(bool(same))
    if all(verdicts):
        is_whole = len(members[0]) == len(members[1])
        return (True, None) if is_whole else (None, "dots stand for what is left out, and that cannot be compared")
    return False, "sure"
