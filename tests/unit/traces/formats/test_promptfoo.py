"""promptfoo: documents of both depths and JSON Lines."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.imports.imported import read


def row(output: Any = "4", **fields: Any) -> dict[str, Any]:
    return {"promptIdx": 0, "testIdx": 2, "success": True, "score": 1, "provider": {"id": "openai:m", "label": ""},
            "prompt": {"raw": "2+2?", "label": "p"}, "vars": {"q": "2+2"}, "response": {"output": output},
            "gradingResult": {"pass": True, "reason": "All assertions passed"}, **fields}  # fmt: skip


@pytest.mark.parametrize(
    "wrap",
    [
        lambda rows: {"evalId": "e", "results": {"version": 3, "results": rows}},
        lambda rows: {"version": 3, "results": rows},
        lambda rows: tuple(rows),
    ],
)
def test_every_shape_is_read(wrap: Any) -> None:
    traces, rejects = read(wrap([row(), row("5", success=False)]))
    assert rejects == []
    assert [(t.response, t.correct, t.model) for t in traces] == [("4", True, "openai:m"), ("5", False, "openai:m")]
    assert traces[0].meta["source"]["vars"] == {"q": "2+2"}


def test_a_prompt_of_chat_turns_is_a_conversation() -> None:
    raw = '[{"role": "system", "content": "Add."}, {"role": "user", "content": "2+2?"}]'
    (trace,), _ = read((row(prompt={"raw": raw}),))
    assert [(m.role, m.content) for m in trace.messages] == [("system", "Add."), ("user", "2+2?")]


def test_success_without_an_assertion_is_no_verdict() -> None:
    traces, _ = read((row(gradingResult={"pass": True, "reason": "No assertions"}), row(gradingResult=None)))
    assert [t.correct for t in traces] == [None, None]


def test_rows_without_text_say_why() -> None:
    failed = row(response={"error": "429 slow down"})
    traces, rejects = read({"results": {"results": [failed, row({"a": 1}), row(response=None), row(), 3]}})
    assert len(traces) == 1
    assert [r.reason for r in rejects] == [
        "the request failed: 429 slow down",
        "the output was parsed, so that its text is not known; got an object with a",
        "the row holds no output of the provider",
        "expected a result with promptIdx, testIdx and success; got a number",
    ]
