"""What a model answered, in the shapes in which tools that record calls copy it: text, a turn, turns, a completion."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rdpt_core.traces.files.record import Bad
from rdpt_core.traces.formats.base import Context, Draft, RecordError, Response
from rdpt_core.traces.formats.conversation import is_conversation, turns_of
from rdpt_core.traces.formats.fields import kind_of, short_text
from rdpt_core.traces.formats.openai_chat import completion_drafts, is_completion
from rdpt_core.traces.formats.turn import build


def logged_response(value: Any) -> Any:
    """A server's answer: the response of a logged request, or the record itself."""
    inner = value.get("response") if isinstance(value, dict) else None
    return inner if isinstance(inner, dict) else value


def answers_of(output: Any, model: str | None, context: Context, line: int) -> Iterator[Draft | Bad]:
    """Drafts of an answer, without what was asked.

    Args:
        output: what the tool recorded.
        model: the model's name, if the tool says it beside the answer.
        context: where the file is.
        line: where the record stands.

    Raises:
        RecordError: there is no answer in it.
    """
    if isinstance(output, list) and output and all(isinstance(one, dict) and "message" in one for one in output):
        output = {"choices": output}
    if is_completion(output) and output["choices"]:
        yield from completion_drafts(output, {"model": model}, context, line)
        return
    yield _draft(output, model)


def _draft(output: Any, model: str | None) -> Draft:
    if isinstance(output, str):
        return Draft(Response.verbatim(output), model=model)
    if is_conversation(output):
        role, output = turns_of(output)[-1]
        if role != "assistant":
            raise RecordError(f"the answer ends with a turn of {role}, not with the model's")
    if isinstance(output, dict) and isinstance(output.get("message"), dict):
        output = output["message"]
    if isinstance(output, dict) and (output.get("content") is not None or output.get("tool_calls")):
        draft = build(output, model or short_text(output.get("model")))
        draft.finish_reason = short_text(output.get("stop_reason", output.get("finish_reason")))
        return draft
    for name in ("text", "completion"):
        if isinstance(output, dict) and isinstance(output.get(name), str):
            return Draft(Response.verbatim(output[name]), model=model)
    raise RecordError(f"there is no answer of a model; got {kind_of(output)}")
