"""Grading: is the answer of a response the reference answer?

Multiple choice is compared by the chosen letters, plain numbers exactly, other mathematics by math-verify with checks
of its own, everything else by normalised text; what is spelt alike is right without any of them. Only the answer is
looked at: what stands after the thinking, and in it what is marked as final. A grade that could not be reached is None
with the reason; it is never False. A response without an answer, because it was cut off, says that it has none or holds
none that math-verify finds, is False: that is a verdict, and its reason says so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rdpt_core.traces.grading.answers import (
    MAX_ANSWER_CHARS,
    TAIL_CHARS,
    accepted_answers,
    bare_gold,
    every_box,
    marked_answer,
    stated_answer,
    without_refusals,
)
from rdpt_core.traces.grading.choices import choice_of_gold, options_of, same_letters
from rdpt_core.traces.grading.math_worker import MathWorker
from rdpt_core.traces.grading.notation import both_signs, canonical, clean, without_words_of_other_scripts
from rdpt_core.traces.grading.quantities import compare, read
from rdpt_core.traces.grading.rules import Grade, grade_choice, grade_text, is_structure, same_text
from rdpt_core.traces.thinking import split_thinking
from rdpt_core.traces.worker_process import WorkerError

__all__ = ["LIMIT_S", "MAX_FAILURES", "Grade", "Grader", "method_for"]

LIMIT_S = 10.0
"""Hard limit for one comparison. Ordinary ones take milliseconds."""

MAX_FAILURES = 20
"""After so many processes that hung or died, the rest of the import is left ungraded, each with this reason."""

MAX_COMPARED = 12
"""So many accepted answers of one question are compared as mathematics; further ones as text only."""

_LATEX_COMMAND = re.compile(r"\\[A-Za-z]+")
_LIST = re.compile(r",|\band\b|\bor\b")
_WORD = re.compile(r"[^\W\d_]{2,}")


def method_for(gold: str, question: str = "", candidates: Sequence[str] = ()) -> str:
    """How a gold answer is compared.

    Letters are a choice only if there is something to choose from; elsewhere they are names of variables.
    """
    options = options_of(question, candidates)
    if options and choice_of_gold(gold, options) is not None:
        return "choice"
    if is_structure(gold):
        return "text"
    if read(bare_gold(gold)) is not None:
        return "math-verify"
    bare = _LATEX_COMMAND.sub("", bare_gold(gold))
    words = _WORD.findall(bare)
    has_sign = any(char.isdigit() for char in bare) or "\\" in bare or (not words and bare.strip() != "")
    is_formula = has_sign or bool(_LATEX_COMMAND.search(clean(bare_gold(gold))))
    return "math-verify" if is_formula and len(words) <= 3 else "text"


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
            gold: the reference answer, also as GSM8K writes it (`… #### 18`) or in boxes; a JSON array with texts
                holds several answers, of which each is right.
            question: is looked at for options to choose from.
            candidates: the options, where the source gives them apart.
            prompt: the rendered prompt, which may have opened the thinking.

        Raises:
            MissingPackageError: math-verify is needed and not installed.
        """
        answer = split_thinking(response, prompt)[1]
        if answer is None or not answer.strip():
            why = "the thinking never ends" if answer is None else "there is nothing after the thinking"
            return Grade(False, method_for(gold, question, candidates), reason=f"no answer: {why}")
        accepted = accepted_answers(gold)
        if len(accepted) == 1:
            return self._grade_one(answer, accepted[0], question, candidates)
        whole = same_text(answer, gold)
        if whole is not None:
            return whole
        return self._grade_any(answer, accepted, question, candidates)

    def _grade_any(self, answer: str, accepted: list[str], question: str, candidates: Sequence[str]) -> Grade:
        """The grade by the first accepted answer that is met; False only if every one of them is surely missed."""
        stated = marked_answer(answer) or stated_answer(answer) or answer
        if is_structure(stated):
            return Grade(
                None, "text", stated[:MAX_ANSWER_CHARS], "a list was given where one of several answers is asked"
            )
        for gold in accepted:
            spelt_alike = same_text(answer, bare_gold(gold))
            if spelt_alike is not None:
                return spelt_alike
        grades: list[Grade] = []
        n_compared = 0
        for gold in accepted:
            needs_mathematics = method_for(gold, question, candidates) == "math-verify"
            n_compared += needs_mathematics
            if needs_mathematics and n_compared > MAX_COMPARED:
                grades.append(Grade(None, "math-verify", reason=f"more than {MAX_COMPARED} answers are mathematics"))
                continue
            grades.append(self._grade_one(answer, gold, question, candidates))
            if grades[-1].correct:
                return grades[-1]
        return next((grade for grade in grades if grade.correct is None), grades[0])

    def _grade_one(self, answer: str, gold: str, question: str, candidates: Sequence[str]) -> Grade:
        method = method_for(gold, question, candidates)
        if method == "choice":
            options = options_of(question, candidates)
            return grade_choice(answer, choice_of_gold(gold, options) or gold, options)
        bare = bare_gold(gold)
        spelt_alike = same_text(answer, bare)
        if spelt_alike is not None:
            return spelt_alike
        marked = marked_answer(answer)
        if marked is not None and same_letters(bare, marked):
            return Grade(True, "choice", marked)
        if method == "text":
            return grade_text(answer, gold)
        grade = self._grade_math(answer, bare)
        # Several answers may each stand in a box of their own, with text between them.
        boxes = None if grade.correct or not _LIST.search(bare) else every_box(answer)
        if boxes is not None and boxes != marked:
            together = self._grade_math(rf"\boxed{{{boxes}}}", bare)
            return together if together.correct else grade
        return grade

    def _grade_math(self, answer: str, gold: str) -> Grade:
        marked = marked_answer(answer)
        if marked is not None and len(marked) > MAX_ANSWER_CHARS:
            return Grade(None, "math-verify", marked[:100], f"the marked answer has {len(marked)} characters")
        if len(gold) > 4 * MAX_ANSWER_CHARS:
            return Grade(None, "math-verify", reason=f"the reference answer has {len(gold)} characters")
        stated = marked if marked is not None else _closing_statement(answer)
        verdict = compare(gold, stated) if stated is not None else None
        if verdict is not None:
            return Grade(verdict, "number", stated)
        if marked is not None:
            plain = clean(marked)
            spellings = [plain, marked, both_signs(plain)]
            return self._ask(gold, [rf"\boxed{{{spelt}}}" for spelt in spellings], marked)
        rest, refuses = without_refusals(answer)
        if refuses and not any(char.isdigit() for char in rest):
            return Grade(False, "text", reason="no answer: the response says that it has none")
        grade = self._ask(gold, [without_words_of_other_scripts(rest), rest], None)
        if refuses and grade.correct:
            return Grade(None, grade.method, grade.extracted, "the response says in the end that it has no answer")
        return grade

    def _ask(self, gold: str, answers: list[str], marked: str | None) -> Grade:
        if self._n_failures >= MAX_FAILURES:
            return Grade(None, "math-verify", reason=f"grading was given up after {MAX_FAILURES} failures")
        try:
            if self._worker is None:
                self._worker = MathWorker()
            question = {"golds": _distinct([clean(gold), gold, both_signs(clean(gold))]), "answers": _distinct(answers)}
            reply = self._worker.query(question, self._limit_s)
        except WorkerError as error:
            self._n_failures += 1
            self.close()
            return Grade(None, "math-verify", marked, str(error))
        extracted = marked if marked is not None else reply.get("extracted")
        if reply.get("reason") is not None:
            return Grade(None, "math-verify", extracted, str(reply["reason"]))
        if extracted is None:
            return Grade(False, "math-verify", reason="no answer was found")
        return Grade(bool(reply.get("correct")), "math-verify", extracted)


def _closing_statement(answer: str) -> str | None:
    """What an answer says in words to be its answer, if nothing of weight follows; a bare number says so itself."""
    if len(answer) <= TAIL_CHARS and read(canonical(answer)) is not None:
        return answer.strip()
    stated = stated_answer(answer)
    if stated is None or len(answer) - answer.rfind(stated) - len(stated) > 100:
        return None
    return stated


def _distinct(texts: list[str]) -> list[str]:
    return list(dict.fromkeys(texts))
