"""vLLM's request outputs: an output without text stops no other."""

from __future__ import annotations

from tests.support.imports.imported import read


def test_an_output_without_text_stops_no_other() -> None:
    outputs = [{"text": "4", "finish_reason": "stop"}, {"text": None}, {"text": "6", "finish_reason": "length"}]
    traces, rejects = read(({"prompt": "2+2=", "outputs": outputs},))
    assert [(t.response, t.sample, t.prompt) for t in traces] == [("4", 0, "2+2="), ("6", 2, "2+2=")]
    assert traces[1].meta["truncated"] == "stopped at the token limit"
    assert [r.reason for r in rejects] == ["output 1 has no text; got null"]
