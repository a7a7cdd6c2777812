"""SGLang: native responses, with the request in or around them."""

from __future__ import annotations

from typing import Any

from tests.support.imports.imported import read


def output(text: Any = "4", reason: Any = None, **fields: Any) -> dict[str, Any]:
    about = {"id": "x", "finish_reason": reason or {"type": "stop", "matched": 1}, "completion_tokens": 1}
    return {"text": text, "output_ids": [1], "meta_info": about, **fields}


def test_prompts_beside_and_in_requests_are_found() -> None:
    requests: list[Any] = [{"text": "2+2="}, {"messages": [{"role": "user", "content": "2+2="}]}]
    lines = (output(prompt="2+2="), *({"request": request, "response": output()} for request in requests))
    traces, rejects = read(lines)
    assert rejects == []
    assert [t.prompt for t in traces] == ["2+2=", "2+2=", None]
    assert {t.messages[0].content for t in traces} == {"2+2="}


def test_a_list_of_answers_without_prompts_has_no_question() -> None:
    traces, _ = read([output(), output("5", {"type": "length", "length": 9})])
    assert [t.response for t in traces] == ["4", "5"]
    assert [t.meta["import"].get("question") for t in traces] == ["missing"] * 2
    assert traces[1].meta["truncated"] == "stopped at the token limit"


def test_aborted_requests_are_rejected_or_marked() -> None:
    aborted = {"type": "abort", "message": "too long"}
    traces, rejects = read((output("", aborted), output("4", aborted), output(None)))
    assert [(t.response, bool(t.meta["truncated"])) for t in traces] == [("4", True)]
    assert [r.reason for r in rejects] == [
        "the request was aborted: too long",
        "expected text and meta_info; got an object with text, output_ids, meta_info",
    ]


def test_a_question_beside_the_prompt_is_kept() -> None:
    about = {"text": "4", "meta_info": {"finish_reason": {"type": "stop"}}, "question": "2+2?"}
    (trace,), _ = read([{**about, "prompt": "Add: 2+2="}])
    assert trace.meta["source"] == {"question": "2+2?"}
    (trace,), _ = read([about])
    assert trace.messages[-1].content == "2+2?" and "source" not in trace.meta
