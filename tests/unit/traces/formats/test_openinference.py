"""OpenInference: the same call in each form in which spans are exported."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.imports.imported import read

FLAT = {
    "openinference.span.kind": "LLM", "llm.model_name": "m",
    "llm.input_messages.0.message.role": "user", "llm.input_messages.0.message.content": "2+2?",
    "llm.output_messages.0.message.role": "assistant", "llm.output_messages.0.message.content": "4",
}  # fmt: skip
NESTED = {
    "openinference": {"span": {"kind": "LLM"}},
    "llm": {"model_name": "m", "input_messages": [{"message": {"role": "user", "content": "2+2?"}}],
            "output_messages": [{"message": {"role": "assistant", "content": "4"}}]},
}  # fmt: skip
COLUMNS = {
    "context.span_id": "s1", "span_kind": "LLM", "name": "call", "attributes.llm.model_name": "m",
    "attributes.llm.input_messages": [{"message.role": "user", "message.content": "2+2?"}],
    "attributes.llm.output_messages": [{"message.role": "assistant", "message.content": "4"}],
}  # fmt: skip
OTLP = {"resourceSpans": [{"scopeSpans": [{"spans": [
    {"spanId": "s1", "attributes": [{"key": key, "value": {"stringValue": value}} for key, value in FLAT.items()]}
]}]}]}  # fmt: skip
PARTS = {
    "llm.model_name": "m", "llm.input_messages.0.message.role": "user",
    "llm.input_messages.0.message.contents.0.message_content.type": "text",
    "llm.input_messages.0.message.contents.0.message_content.text": "2+2?",
    "llm.output_messages": [{"message.role": "assistant", "message.contents": [
        {"message_content.type": "text", "message_content.text": "4"}]}],
}  # fmt: skip


@pytest.mark.parametrize(
    "content", [({"attributes": FLAT, "context": {"span_id": "s1"}},), ({"attributes": NESTED},), (COLUMNS,), OTLP,
                ({"attributes": PARTS},)]
)  # fmt: skip
def test_every_form_gives_the_same_trace(content: Any) -> None:
    (trace,), rejects = read(content)
    assert rejects == []
    assert (trace.response, trace.model, trace.messages[0].content) == ("4", "m", "2+2?")


def test_other_spans_are_no_rejects_and_a_call_without_an_answer_is_one() -> None:
    chain = {"attributes": {"openinference.span.kind": "CHAIN", "input.value": "2+2?"}}
    empty = {"attributes": {"openinference.span.kind": "LLM"}}
    traces, rejects = read((chain, {"attributes": FLAT}, empty))
    assert len(traces) == 1
    assert [r.reason for r in rejects] == ["the span holds no output message"]
