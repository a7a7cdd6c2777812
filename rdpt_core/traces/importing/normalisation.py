"""From drafts to traces: ids, truncation, the grade, the benchmark and where the trace came from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rdpt_core.records import Message, Trace
from rdpt_core.traces.canonical.sentence_tags import NOT_PLACED, SENTENCE_TAGS, place_tags
from rdpt_core.traces.formats.base import Context, Draft
from rdpt_core.traces.formats.reasoning import NOT_KNOWN, TOOL_CALL, as_cut
from rdpt_core.traces.grading.first_use import GraderOnFirstUse
from rdpt_core.traces.importing.conversations import account_for
from rdpt_core.traces.importing.ids import IdRegistry
from rdpt_core.traces.importing.prefill import join_last_turn
from rdpt_core.traces.importing.recognition import OpenedFile
from rdpt_core.traces.importing.report import FileReport
from rdpt_core.traces.thinking import is_cut_off, truncation

if TYPE_CHECKING:
    from rdpt_core.traces.grading.rules import Grade

_BENCHMARKS = re.compile(
    r"(?:^|[^a-z0-9])(aime[-_]?(?:20)?2[0-9]|math[-_]?500|hendrycks_math_500|gsm8k|olympiad[-_]?bench|mmlu[-_]?pro|mmlu|gpqa"
    r"|amc[-_]?23|minerva[-_]?math|humaneval|mbpp|livecodebench|arc[-_]challenge|bbh|drop|hellaswag)(?![a-z0-9])"
)

# Servers that see no closing tag call all of a response thinking, the answer included.
_NOT_GRADABLE = {
    NOT_KNOWN: "the source shows thinking only, and not whether the answer is part of it",
    TOOL_CALL: "the turn ends with a tool call and says nothing after the thinking",
}
"""By why the closing tag of a thinking is missing: why a response that holds nothing else has no grade."""


class Normaliser:
    """Finishes the drafts of one import. Ids are unique across its files.

    Args:
        defaults: what the user said for traces whose source does not say it, by the trace's field; `question` too.
        grader: grades where there is a gold answer and no verdict; None leaves `correct` as the source has it.
        checker: grades what has a verdict of the source as well, and leaves that verdict as it is; None does not.
        ids: gives the ids.
    """

    def __init__(
        self,
        defaults: Mapping[str, str],
        grader: GraderOnFirstUse | None,
        checker: GraderOnFirstUse | None,
        ids: IdRegistry,
    ) -> None:
        self._defaults = defaults
        self._grader = grader
        self._checker = checker
        self._ids = ids

    def trace(self, draft: Draft, line: int, file: OpenedFile) -> Trace:
        """The trace of a draft that stands on a line of a file, whose report counts what was found on the way.

        Raises:
            RecordError: the conversation ends with a turn of the assistant that the response does not continue.
            CopyError: the trace is a copy of an earlier one.
        """
        if draft.canonical is not None:
            return self._ids.keep(self._with_check(draft.canonical, file.report), file.report)
        entry = file.report
        about: dict[str, Any] = {"format": entry.format, "file": entry.name, "line": line}
        if draft.verdict is not None:
            about["verdict"] = draft.verdict
        if draft.truncated or is_cut_off(draft.finish_reason):
            draft.response, draft.reasoning = as_cut(draft.response, draft.reasoning)
        draft.prompt = draft.prompt or None
        messages = self._messages(draft, about, entry)
        if messages and messages[-1].role == "assistant":
            messages, prefill = join_last_turn(draft, messages)
            if prefill is not None:
                about["prefill"] = prefill
                entry.n_prefilled += 1
        if draft.reasoning is not None:
            about["reasoning"] = draft.reasoning
        response = draft.response.text
        meta: dict[str, Any] = {"import": about}
        if draft.meta:
            meta["source"] = draft.meta
        if draft.tagged:
            meta |= place_tags(response, draft.tagged)
            entry.n_tagged += len(meta.get(SENTENCE_TAGS, ()))
            entry.n_tags_not_placed += meta.get(NOT_PLACED, 0)
        closing = (draft.reasoning or {}).get("closing")
        cut = truncation(
            response,
            draft.prompt,
            draft.finish_reason,
            draft.truncated,
            file.closes_thinking,
            may_be_closed=closing in _NOT_GRADABLE,
        )
        if draft.finish_reason is not None:
            about["finish_reason"] = draft.finish_reason
        if cut is not None:
            meta["truncated"] = cut
            entry.n_truncated += 1
        correct = draft.correct
        by = self._checker if correct is not None else self._grader if draft.verdict is None else None
        if draft.gold is not None and by is not None:
            question = messages[-1].content if messages else draft.prompt or ""
            reason, choices = _NOT_GRADABLE.get(closing or ""), draft.candidates
            if reason is not None:
                grade = by.none(draft.gold, question=question, candidates=choices, reason=reason)
            else:
                grade = by.grade(response, draft.gold, question=question, candidates=choices, prompt=draft.prompt)
            if correct is None:
                correct, meta["grading"] = grade.correct, grade.to_meta()
                entry.n_graded += 1
            else:
                meta["grading"] = _check(correct, grade, entry)
        conversation = account_for(messages, entry)
        if conversation:
            about["conversation"] = conversation
        trace = Trace(
            trace_id="",
            question_id="",
            response=response,
            messages=messages,
            prompt=draft.prompt,
            benchmark=self._benchmark(draft, file.context, about),
            domain=draft.domain or self._defaults.get("domain"),
            model=draft.model or self._defaults.get("model"),
            difficulty=draft.difficulty or self._defaults.get("difficulty"),
            teacher_id=draft.teacher_id,
            gold=draft.gold,
            correct=correct,
            sample=draft.sample or 0,
            meta=meta,
        )
        return self._ids.give(trace, draft, entry)

    def _with_check(self, trace: Trace, entry: FileReport) -> Trace:
        """A canonical trace whose verdict is checked, unless that verdict came from our grade."""
        if self._checker is None or trace.correct is None or trace.gold is None or "grading" in trace.meta:
            return trace
        question = trace.messages[-1].content if trace.messages else trace.prompt or ""
        grade = self._checker.grade(trace.response, trace.gold, question=question, prompt=trace.prompt)
        return replace(trace, meta={**trace.meta, "grading": _check(trace.correct, grade, entry)})

    def _messages(self, draft: Draft, about: dict[str, Any], entry: FileReport) -> tuple[Message, ...]:
        if draft.messages or draft.prompt is not None:
            return draft.messages
        question = self._defaults.get("question")
        about["question"] = "missing" if question is None else "default"
        if question is None:
            entry.n_without_question += 1
        return (Message("user", question or ""),)

    def _benchmark(self, draft: Draft, context: Context, about: dict[str, Any]) -> str:
        given = draft.benchmark or self._defaults.get("benchmark")
        if given is not None:
            return given
        for part in (Path(context.name).name, context.folder(1), context.folder(2)):
            match = _BENCHMARKS.search(part.lower())
            if match is not None:
                about["benchmark"] = f"from the name {part!r}"
                plain = match[1].replace("-", "").replace("_", "")
                return plain.removeprefix("hendrycks").replace("aime20", "aime")
        return "unknown"


def _check(correct: bool, grade: Grade, entry: FileReport) -> dict[str, Any]:
    """Our grade beside the source's verdict, for `meta["grading"]`, where its `correct` tells it from a verdict."""
    entry.n_checked += 1
    entry.n_agreed += grade.correct is correct
    entry.n_disputed += grade.correct is (not correct)
    return {**grade.to_meta(), "correct": grade.correct}
