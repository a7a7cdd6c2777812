"""Hostile input: whatever the bytes, an import ends with traces, rejects or an error of ours, and alters no text.

The normal run tries a few hundred cases; `-m slow` tries 20,000.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rdpt_core.errors import RdptError
from rdpt_core.records import Reject
from rdpt_core.traces import trace_to_json
from rdpt_core.traces.files.source import Source
from rdpt_core.traces.formats import FORMATS
from rdpt_core.traces.formats.fields import CANDIDATES, CORRECT_LISTS, GOLD, IDENTITY, QUESTION, REASONING, RESPONSE
from rdpt_core.traces.importing.pipeline import import_source

KEYS = sorted({
    *QUESTION, *RESPONSE, *REASONING, *GOLD, *CANDIDATES, *CORRECT_LISTS, *IDENTITY, "messages", "conversations",
    "role",
    "content", "from", "value", "choices", "message", "delta", "text", "type", "object", "custom_id", "error", "body",
    "eval", "samples", "outputs", "results", "completions", "full_model_response", "score", "doc", "doc_id", "resps",
    "arguments", "filter", "metrics", "epoch", "scores", "chosen", "rejected", "trace_id", "question_id", "meta",
    "sample", "code", "gt", "result", "attachments", "is_reasoning_complete", "full_cot", "solution", "finish_reason",
    "categories", "datasets", "parts", "usageMetadata", "thinking", "tool_calls", "model", "system", "target", "input",
    "gen_args_0", "arg_0", "version", "status", "plan", "reasoning_details", "index", "expected_answer",
})  # fmt: skip
WORDS = st.sampled_from(
    ["", "a", "user", "assistant", "system", "human", "gpt", "text", "reasoning", "message", "response.completed",
     "response", "chat.completion.chunk", "length", "attachment://0", "<think>", "</think>", "\x00", "\ud800", "😀",
     "<|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\n", "[{", "\\boxed{4}", "#### 4", "A", "true", "NaN"]
)  # fmt: skip
TEXTS = st.one_of(WORDS, st.text(max_size=20))
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(st.sampled_from(KEYS), TEXTS), inner, max_size=6),
    ),
    max_leaves=25,
)
RECORDS = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=8)


class Log:
    def __init__(self) -> None:
        self.rejects: list[Reject] = []

    def add(self, reject: Reject) -> None:
        self.rejects.append(reject)


def survives(data: bytes, format: str | None = None) -> None:
    log = Log()
    try:
        traces = list(import_source(Source.of_bytes("file", data), log, format=format))
    except RdptError as error:
        assert str(error).strip()
        return
    assert len({trace.trace_id for trace in traces}) == len(traces)
    assert all(reject.reason for reject in log.rejects)
    for trace in traces:
        trace.response.encode()
        assert json.loads(trace_to_json(trace))["response"] == trace.response


def check_lines(records: list[Any]) -> None:
    survives(b"\n".join(json.dumps(record).encode() for record in records))


def check_document(value: Any) -> None:
    survives(json.dumps(value, indent=1).encode())


def check_bytes(data: bytes) -> None:
    survives(data)


def check_forced(format: str, records: list[Any]) -> None:
    survives(b"\n".join(json.dumps(record).encode() for record in records), format)


def check_text(text: str, response: str) -> None:
    """Any text at all comes through unchanged, or is refused for its surrogates."""
    log = Log()
    data = json.dumps({"question": text, "response": response}).encode()
    traces = list(import_source(Source.of_bytes("file", data), log))
    lone = any(0xD800 <= ord(char) <= 0xDFFF for char in text + response)
    assert [trace.response for trace in traces] == ([] if lone else [response])
    assert len(log.rejects) == lone


LINES = st.lists(st.one_of(RECORDS, VALUES), min_size=1, max_size=4)
NAMES = st.sampled_from([known.name for known in FORMATS])
STARTS = st.sampled_from(
    [b"", b"PAR1", b"PK\x03\x04", b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"{", b"[", b"data: ", b"a,b\n", b"\xef\xbb\xbf{"]
)
RAW = st.tuples(STARTS, st.binary(max_size=200)).map(b"".join)

FEW = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
MANY = settings(max_examples=4_000, deadline=None, suppress_health_check=list(HealthCheck))
CHECKS: list[tuple[Any, dict[str, st.SearchStrategy[Any]]]] = [
    (check_lines, {"records": LINES}),
    (check_document, {"value": st.one_of(RECORDS, VALUES)}),
    (check_bytes, {"data": RAW}),
    (check_forced, {"format": NAMES, "records": LINES}),
    (check_text, {"text": st.text(st.characters()), "response": st.text(st.characters(codec=None))}),
]


@pytest.mark.parametrize(("check", "arguments"), CHECKS)
def test_hostile_input_ends_well(check: Any, arguments: Any) -> None:
    FEW(given(**arguments)(check))()


@pytest.mark.slow
@pytest.mark.parametrize(("check", "arguments"), CHECKS)
def test_hostile_input_ends_well_twenty_thousand_times(check: Any, arguments: Any) -> None:
    MANY(given(**arguments)(check))()
