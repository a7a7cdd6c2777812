"""simple-evals: the conversations of a document."""

from __future__ import annotations

from typing import Any

from tests.support.imports.imported import read


def results(*convos: Any, about: Any = None) -> dict[str, Any]:
    return {"score": 0.5, "metrics": {}, "htmls": ["<p>"] * len(convos), "convos": list(convos),
            "metadata": {"example_level_metadata": about}}  # fmt: skip


def test_the_last_turn_is_the_response() -> None:
    convo = [{"role": "user", "content": "2+2?"}, {"role": "assistant", "content": "4"}]
    traces, rejects = read(results(convo, convo, about=[{"score": 0.25}, None]))
    assert rejects == []
    assert [(t.response, t.messages[0].content) for t in traces] == [("4", "2+2?")] * 2
    assert traces[0].meta["source"] == {"score": 0.25}
    assert traces[0].correct is None


def test_conversations_without_an_answer_are_rejected_alone() -> None:
    asked = {"role": "user", "content": "2+2?"}
    traces, rejects = read(results([asked, {"role": "assistant", "content": "4"}], None, [asked]))
    assert len(traces) == 1
    assert [r.reason for r in rejects] == [
        "the example keeps no conversation",
        "the conversation ends with a turn of user after 0 others, not with an answer",
    ]
