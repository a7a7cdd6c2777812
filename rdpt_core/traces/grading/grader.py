"""Grading: is the answer of a response the reference answer?

Mathematics is compared by math-verify, multiple choice by the chosen letter, everything else by normalised text. Only
the answer is looked at: what stands after the thinking, and in it what is marked as final. A grade that could not be
reached is None with the reason; it is never False.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rdpt_core.traces.grading.answers import MAX_ANSWER_CHARS, bare_gold, marked_answer
from rdpt_core.traces.grading.math_worker import MathWorker
from rdpt_core.traces.grading.rules import TAIL_CHARS, Grade, choice_of_gold, grade_choice, grade_text, is_structure
from rdpt_core.traces.thinking import split_thinking
from rdpt_core.traces.worker_process import WorkerError

__all__ = ["LIMIT_S", "MAX_FAILURES", "Grade", "Grader", "method_for"]

LIMIT_S = 10.0
"""Hard limit for one comparison. Ordinary ones take milliseconds."""

MAX_FAILURES = 20
"""After so many processes that hung or died, the rest of the import is left ungraded, each with this reason."""

_OPTION = re.compile(r"^\s*[\(\[]?([A-J])[\)\].:]\s+\S", re.M)
_LATEX_COMMAND = re.compile(r"\\[A-Za-z]+")
_WORD = re.compile(r"[A-Za-z]{2,}")


def method_for(gold: str, question: str = "", candidates: Sequence[str] = ()) -> str:
    """How a gold answer is compared.

    A single letter is a choice only if there is something to choose from; elsewhere it is a variable's name.
    """
    if choice_of_gold(gold, candidates) is not None and (candidates or len(set(_OPTION.findall(question))) >= 2):
        return "choice"
    if is_structure(gold):
        return "text"
    bare = _LATEX_COMMAND.sub("", bare_gold(gold))
    words = _WORD.findall(bare)
    has_sign = any(char.isdigit() for char in bare) or "\\" in gold or (not words and bare.strip() != "")
    return "math-verify" if has_sign and len(words) <= 3 else "text"


class Grader:
    """Grades one response after the other. Use it as a context manager, so that its process ends with it.

    Args:
        limit_s: hard limit for one mathematical comparison.
    """

    def __init__(self, limit_s: float = LIMIT_S) -> None:
        self._limit_s = limit_s
        self._worker: MathWorker | None = None
        self._n_failures = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process, if there is one. Safe to call twice."""
        if self._worker is not None:
            self._worker.kill()
            self._worker = None

    def grade(
        self,
        response: str,
        gold: str,
        *,
        question: str = "",
        candidates: Sequence[str] = (),
        prompt: str | None = None,
    ) -> Grade:
        """Grade a response.

        Args:
            response: the whole response, thinking included.
            gold: the reference answer, also as GSM8K writes it (`… #### 18`) or in a box.
            question: is looked at for options to choose from.
            candidates: the options, where the source gives them apart.
            prompt: the rendered prompt, which may have opened the thinking.

        Raises:
            MissingPackageError: math-verify is needed and not installed.
        """
        method = method_for(gold, question, candidates)
        answer = split_thinking(response, prompt)[1]
        if answer is None:
            return Grade(False, method, reason="no answer: the thinking never ends")
        if not answer.strip():
            return Grade(False, method, reason="no answer: there is nothing after the thinking")
        if method == "choice":
            return grade_choice(answer, choice_of_gold(gold, candidates) or gold)
        if method == "text":
            return grade_text(answer, gold)
        return self._grade_math(answer, gold)

    def _grade_math(self, answer: str, gold: str) -> Grade:
        marked = marked_answer(answer)
        looked_at = rf"\boxed{{{marked}}}" if marked is not None else answer[-TAIL_CHARS:]
        if marked is not None and len(marked) > MAX_ANSWER_CHARS:
            return Grade(None, "math-verify", marked[:100], f"the marked answer has {len(marked)} characters")
        if len(gold) > 4 * MAX_ANSWER_CHARS:
            return Grade(None, "math-verify", reason=f"the reference answer has {len(gold)} characters")
        if self._n_failures >= MAX_FAILURES:
            return Grade(None, "math-verify", reason=f"grading was given up after {MAX_FAILURES} failures")
        try:
            if self._worker is None:
                self._worker = MathWorker()
            reply = self._worker.query({"gold": bare_gold(gold), "answer": looked_at}, self._limit_s)
        except WorkerError as error:
            self._n_failures += 1
            self.close()
            return Grade(None, "math-verify", marked, str(error))
        if reply.get("reason") is not None:
            return Grade(None, "math-verify", marked, str(reply["reason"]))
        extracted = marked if marked is not None else reply.get("extracted")
        if extracted is None:
            return Grade(False, "math-verify", reason="no answer was found")
        return Grade(bool(reply.get("correct")), "math-verify", extracted)
