"""Results of LiveCodeBench: a problem, the outputs that were sampled for it, and whether their code passed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rdpt_core.traces.files.record import Bad, Record
from rdpt_core.traces.formats.base import Context, Draft, Format, RecordError, Response, each_part
from rdpt_core.traces.formats.fields import kind_of, messages_for, rest_of, short_text, text_of
from rdpt_core.traces.formats.verdicts import verdict_in

_USED = frozenset({"question_content", "question_id", "platform", "difficulty", "output_list", "code_list",
                   "graded_list", "metadata", "pass@1"})  # fmt: skip


def _detect(value: Any) -> bool:
    if not isinstance(value, dict) or not {"question_content", "code_list"} <= value.keys():
        return False
    # Outputs of a repair answer another question than the problem.
    return isinstance(value.get("output_list"), list) and "original_code_list" not in value


def _read(record: Record, context: Context) -> Iterator[Draft | Bad]:
    value = record.value
    if not _detect(value) or not isinstance(value["question_content"], str):
        raise RecordError(f"expected question_content, output_list and code_list; got {kind_of(value)}")
    outputs, verdicts = value["output_list"], value.get("graded_list")
    if not outputs:
        raise RecordError("output_list is empty: there is no response to this question")
    graded = isinstance(verdicts, list) and len(verdicts) == len(outputs)

    def draft_of(numbered: tuple[int, Any]) -> Iterator[Draft]:
        index, output = numbered
        draft = Draft(Response.verbatim(text_of(output, f"output {index}")))
        draft.messages = messages_for(_question(value["question_content"], value.get("starter_code")))
        draft.source_id = short_text(value.get("question_id"))
        draft.sample = index if len(outputs) > 1 else None
        draft.benchmark = "livecodebench"
        draft.domain, draft.difficulty = short_text(value.get("platform")), short_text(value.get("difficulty"))
        draft.correct, draft.verdict = verdict_in("graded_list", verdicts[index] if graded else None)
        draft.meta = rest_of(value, _USED)
        yield draft

    yield from each_part(list(enumerate(outputs)), record.line, draft_of)


def _question(content: str, starter: Any) -> str:
    """The problem, and behind it the code that the solution starts from, as the benchmark's prompts have them."""
    return f"{content}\n\n{starter}" if isinstance(starter, str) and starter.strip() else content


FORMAT = Format(
    name="livecodebench",
    title="LiveCodeBench outputs and evaluations",
    looks_for="question_content, output_list and code_list",
    detect=_detect,
    read=_read,
)
