"""What becomes of a draft: when it is graded, and why a response counts as truncated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.imports.import_reports import imported

ASKED = [{"role": "user", "content": "Where is the Louvre?"}]
CALLS = [{"id": "c", "function": {"name": "f", "arguments": "{}"}}]


def completion(finish: str | None, model: str = "qwen3", **message: Any) -> dict[str, Any]:
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", **message}}
    return {"object": "chat.completion", "model": model, "choices": [choice], "messages": ASKED, "gold": "Paris"}


@pytest.mark.parametrize(
    ("finish", "message", "correct", "truncated", "reason"),
    [
        ("length", {"reasoning": "R"}, False, "stopped at the token limit", "the thinking never ends"),
        ("stop", {"reasoning": "R"}, None, "no answer after the thinking", "the source shows thinking only"),
        (None, {"reasoning": "R"}, None, "no answer after the thinking", "the source shows thinking only"),
        ("tool_calls", {"reasoning": "R", "tool_calls": CALLS}, None, "no answer after the thinking", "a tool call"),
        ("content_filter", {"content": "Par"}, None, "broken off (content_filter)", None),
        ("stop", {"content": "Paris", "reasoning": "R"}, True, None, None),
    ],
)
def test_thinking_alone_is_graded_only_if_it_was_cut(
    tmp_path: Path,
    finish: str | None,
    message: dict[str, Any],
    correct: bool | None,
    truncated: str,
    reason: str | None,
) -> None:
    (trace,) = imported(tmp_path, (completion(finish, **{"content": None, **message}),)).traces
    assert trace.correct is correct
    assert trace.meta.get("truncated") == truncated
    assert reason is None or reason in trace.meta["grading"]["reason"]


def test_an_answer_that_was_cut_gets_no_mark_of_its_end(tmp_path: Path) -> None:
    lines = tuple(completion(end, "marco-o1", content="Paris", reasoning="R") for end in ("stop", "length"))
    whole, cut = (trace.response for trace in imported(tmp_path, lines).traces)
    assert whole == "<Thought>\nR\n</Thought>\n<Output>\nParis\n</Output>"
    assert cut == "<Thought>\nR\n</Thought>\n<Output>\nParis"


@pytest.mark.parametrize("verdict", [0.5, "unsure", {"a": 1}])
def test_the_sources_own_word_is_not_graded_over(tmp_path: Path, verdict: Any) -> None:
    (trace,) = imported(tmp_path, ({**completion("stop", content="Paris"), "correct": verdict},)).traces
    assert (trace.correct, "grading" in trace.meta) == (None, False)
    assert trace.meta["import"]["verdict"].startswith("correct = ")
