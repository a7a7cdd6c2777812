"""A grader that is loaded when a first answer is graded: compiling its rules takes longer than a small import."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rdpt_core.traces.grading.grader import Grader
    from rdpt_core.traces.grading.rules import Grade


class GraderOnFirstUse:
    """A `Grader` in the making. Use it as a context manager, too."""

    def __init__(self) -> None:
        self._grader: Grader | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._grader is not None:
            self._grader.close()

    def grade(
        self, response: str, gold: str, *, question: str, candidates: Sequence[str] = (), prompt: str | None = None
    ) -> Grade:
        """Grade a response: see `Grader.grade`."""
        if self._grader is None:
            from rdpt_core.traces.grading.grader import Grader

            self._grader = Grader()
        return self._grader.grade(response, gold, question=question, candidates=candidates, prompt=prompt)

    def none(self, gold: str, *, question: str, candidates: Sequence[str], reason: str) -> Grade:
        """No grade, for a reason that the response itself does not show."""
        from rdpt_core.traces.grading.grader import Grade, method_for

        return Grade(None, method_for(gold, question, candidates), reason=reason)
