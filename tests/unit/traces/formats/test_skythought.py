"""SkyThought: a response without text stops no other, of its question or of others."""

from __future__ import annotations

from tests.support.imports.imported import read


def test_a_response_without_text_stops_no_other() -> None:
    given = [{"content": "4", "correctness": True}, 3, {"content": "5", "correctness": False}]
    traces, rejects = read({"2+2?": {"responses": {"0.7": given}}, "3+3?": {"responses": {"0.0": {"content": "6"}}}})
    assert [(t.response, t.sample, t.correct) for t in traces] == [("4", 0, True), ("5", 2, False), ("6", 0, None)]
    assert [r.reason for r in rejects] == ["a response must be an object; got a number"]
