"""reasoning-gym: a completion without text stops no other of its question."""

from __future__ import annotations

from tests.support.imports.imported import read


def test_a_completion_without_text_stops_no_other() -> None:
    given = [{"full_model_response": "4", "score": 1.0}, {"score": 0.0}, {"full_model_response": "5", "score": 0.01}]
    report = {"name": "sums", "results": [{"question": "2+2?", "expected_answer": "4", "completions": given}]}
    traces, rejects = read(report)
    assert [(t.response, t.sample, t.correct) for t in traces] == [("4", 0, True), ("5", 2, False)]
    assert [r.reason for r in rejects] == ["completion 1 has no full_model_response; got null"]


def test_nan_is_no_mark_and_no_number_is_too_large() -> None:
    given = [{"full_model_response": "4", "score": score} for score in (float("nan"), 10**400, None)]
    report = {"name": "sums", "results": [{"question": "2+2?", "completions": given}]}
    traces, rejects = read(report)
    assert rejects == []
    assert [(t.correct, t.meta["import"].get("verdict")) for t in traces] == [
        (None, None),
        (True, "score"),
        (None, None),
    ]
