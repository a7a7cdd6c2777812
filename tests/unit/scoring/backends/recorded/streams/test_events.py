"""Events of the Responses API: the last one counts, and deltas where it is missing."""

from __future__ import annotations

from typing import Any

from rdpt_core.scoring.backends.recorded.recording import Recording
from rdpt_core.scoring.backends.recorded.streams.reader import StreamReader


def entries(*texts: str) -> list[dict[str, Any]]:
    return [{"token": text, "logprob": -0.5, "bytes": list(text.encode()), "top_logprobs": []} for text in texts]


def created(name: str) -> dict[str, Any]:
    return {"type": "response.created", "response": {"id": name, "object": "response", "output": []}}


def delta(item: str, text: str, kind: str = "delta", *more: str) -> dict[str, Any]:
    logprobs = entries(text, *more)
    return {"type": f"response.output_text.{kind}", "item_id": item, "content_index": 0, "logprobs": logprobs}


def completed(name: str, item: str, *texts: str) -> dict[str, Any]:
    content = [{"type": "output_text", "text": "".join(texts), "logprobs": entries(*texts)}]
    output = [{"id": item, "type": "message", "content": content}]
    return {"type": "response.completed", "response": {"id": name, "object": "response", "output": output}}


def read(*records: Any) -> tuple[list[Recording], list[str]]:
    reader = StreamReader()
    for line, record in enumerate(records, 1):
        assert reader.add(record, f"f:{line}")
    reader.finish()
    return reader.finished, reader.silent


def said(recordings: list[Recording]) -> list[tuple[str, tuple[str, ...], str]]:
    return [(one.source, one.keys, "".join(one.texts or [])) for one in recordings]


def test_the_last_event_repeats_everything() -> None:
    records = [created("r1"), delta("m1", "It"), delta("m1", " is"), completed("r1", "m1", "It", " is")]
    assert said(read(*records)[0]) == [("f:1", ("r1",), "It is")]


def test_deltas_serve_where_the_last_event_has_no_logprobs_or_is_missing() -> None:
    deltas = [created("r1"), delta("m1", "It"), delta("m1", " is")]
    assert said(read(*deltas, completed("r1", "m1"))[0]) == [("f:2", ("r1",), "It is")]
    assert said(read(*deltas)[0]) == [("f:2", ("r1",), "It is")]
    # What ends a text repeats it.
    assert said(read(created("r1"), delta("m1", " is"), delta("m1", "It", "done", " is"))[0])[0][2] == "It is"


def test_responses_in_turn_are_kept_apart() -> None:
    records = [created("r1"), created("r2"), delta("m1", "It"), delta("m2", "No"), delta("m1", " is")]
    # Nothing says whose items these are.
    assert said(read(*records)[0]) == [("f:3", (), "It is"), ("f:4", (), "No")]
    assert said(read(*records, completed("r2", "m2", "No"))[0]) == [("f:2", ("r2",), "No"), ("f:3", ("r1",), "It is")]


def test_without_logprobs_it_is_said_where_each_response_began() -> None:
    silent = {"type": "response.output_text.delta", "item_id": "m1", "delta": "It"}
    assert read(created("r1"), silent) == ([], ["f:1"])
    assert read(created("r1"), silent, completed("r1", "m1")) == ([], ["f:3"])
