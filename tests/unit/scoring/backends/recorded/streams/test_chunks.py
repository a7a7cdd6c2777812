"""Chunks of completions: joined by id and choice, to what the reply would have been."""

from __future__ import annotations

from typing import Any

import pytest

from rdpt_core.scoring.backends.recorded.recording import Recording
from rdpt_core.scoring.backends.recorded.streams.reader import MAX_WAITING, StreamReader


def chunk(stream: str, text: str | None, value: float = -0.5, *, index: int = 0, ended: bool = False) -> dict[str, Any]:
    entries = None if text is None else {"content": [{"token": text, "logprob": value, "bytes": list(text.encode())}]}
    choice = {
        "index": index,
        "delta": {} if text is None else {"content": text},
        "logprobs": entries,
        "finish_reason": "stop" if ended else None,
    }
    return {"id": stream, "object": "chat.completion.chunk", "model": "m", "choices": [choice]}


def usage(stream: str, n: int) -> dict[str, Any]:
    return {"id": stream, "object": "chat.completion.chunk", "choices": [], "usage": {"completion_tokens": n}}


def read(*records: Any) -> tuple[list[Recording], list[str]]:
    reader = StreamReader()
    for line, record in enumerate(records, 1):
        assert reader.add(record, f"f:{line}")
    reader.finish()
    return reader.finished, reader.silent


def said(recordings: list[Recording]) -> list[tuple[str, str, list[float]]]:
    return [(one.source, "".join(one.texts or []), one.logprob.tolist()) for one in recordings]


def test_chunks_of_one_stream_are_one_recording() -> None:
    found, silent = read(chunk("a", None), chunk("a", "It"), chunk("a", " is", -0.25), chunk("a", None, ended=True))
    assert said(found) == [("f:1", "It is", [-0.5, -0.25])] and found[0].keys == ("a",) and not silent
    assert found[0].raw == [b"It", b" is"]


def test_streams_in_turn_are_kept_apart() -> None:
    records = [chunk("a", "It"), chunk("b", "No", -1.0), chunk("a", " is", ended=True), chunk("b", "!", ended=True)]
    found, _ = read(*records, usage("b", 2), usage("a", 2))
    assert sorted(said(found)) == [("f:1", "It is", [-0.5, -0.5]), ("f:2", "No!", [-1.0, -0.5])]


def test_choices_are_kept_apart() -> None:
    records = [chunk("a", "It"), chunk("a", "No", index=1), chunk("a", "!", index=1, ended=True), chunk("a", " is")]
    found, _ = read(*records)
    assert said(found) == [("f:1", "It is", [-0.5, -0.5]), ("f:1", "No!", [-0.5, -0.5])]


def test_a_cut_stream_is_a_recording_up_to_where_it_goes() -> None:
    assert said(read(chunk("a", "It"), chunk("a", " is"))[0]) == [("f:1", "It is", [-0.5, -0.5])]


def test_an_id_that_comes_again_is_another_stream() -> None:
    found, _ = read(chunk("", "It", ended=True), chunk("", "No"), chunk("", "!", ended=True))
    assert said(found) == [("f:1", "It", [-0.5]), ("f:2", "No!", [-0.5, -0.5])]


def test_many_ended_streams_do_not_pile_up() -> None:
    reader = StreamReader()
    for number in range(MAX_WAITING + 10):
        assert reader.add(chunk(f"s{number}", "It", ended=True), f"f:{number}")
    assert [one.source for one in reader.finished] == [f"f:{number}" for number in range(10)]
    assert reader.add(usage("s0", 1), "f:late")
    reader.finish()
    assert len(reader.finished) == MAX_WAITING + 10 and not reader.silent


def test_a_stream_without_logprobs_is_said_once() -> None:
    silent = [{**chunk("a", None), "choices": [{"index": 0, "delta": {"content": text}}]} for text in ("It", " is")]
    assert read(*silent) == ([], ["f:1"])


def test_a_list_of_chunks_in_one_record() -> None:
    assert said(read([chunk("a", "It"), chunk("a", " is", ended=True)])[0]) == [("f:1", "It is", [-0.5, -0.5])]


def test_ids_beside_the_chunk_and_around_it() -> None:
    found, _ = read({"trace_id": "t1", **chunk("a", "It")}, {"trace_id": "t2", **chunk("a", "No")})
    assert [(one.keys, one.texts) for one in found] == [(("t1", "a"), ["It"]), (("t2", "a"), ["No"])]
    wrapped = [{"custom_id": "t1", "response": chunk("a", text)} for text in ("It", " is")]
    (found_wrapped,) = read(*wrapped)[0]
    assert found_wrapped.texts == ["It", " is"] and "t1" in found_wrapped.keys


def test_the_reasoning_of_deepseek_comes_before_its_answer() -> None:
    def deepseek(name: str, text: str) -> dict[str, Any]:
        lists = {"content": None, "reasoning_content": None, name: [{"token": text, "logprob": -0.5, "bytes": None}]}
        return {**chunk("a", None), "choices": [{"index": 0, "delta": {name: text}, "logprobs": lists}]}

    (found,) = read(*(deepseek("reasoning_content", text) for text in ("I", " add")), deepseek("content", "4"))[0]
    assert found.texts == ["I", " add", "4"] and found.seams == (2,)


def text_chunk(text: str, lists: dict[str, Any] | None, finish_reason: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "text": text, "logprobs": lists, "finish_reason": finish_reason}
    return {"id": "cmpl-1", "object": "text_completion", "choices": [choice]}


def test_chunks_of_text_completions() -> None:
    first = {"tokens": ["It"], "token_logprobs": [-0.5], "top_logprobs": None, "text_offset": [0]}
    second = {"tokens": [" is", " 4"], "token_logprobs": [-0.25, None], "top_logprobs": [{" is": -0.25}, None]}
    (found,) = read(text_chunk("It", first), text_chunk(" is 4", second), text_chunk("", None, "stop"))[0]
    assert found.texts == ["It", " is", " 4"]
    assert found.logprob[:2].tolist() == [-0.5, -0.25] and found.logprob[2] != found.logprob[2]


@pytest.mark.parametrize(
    "record",
    [
        text_chunk("It", {"tokens": ["It"], "token_logprobs": [-0.5]}, "stop"),
        {"object": "chat.completion", "choices": [{"index": 0, "message": {"content": "It"}, "finish_reason": "stop"}]},
        {"choices": [{"text": "It", "logprobs": {"tokens": ["It"], "token_logprobs": [-0.5]}}]},
        {"token_ids": [1], "logprobs": [-0.5]},
        ["It"],
        [],
        None,
    ],
)
def test_what_came_whole_is_no_stream(record: Any) -> None:
    assert not StreamReader().add(record, "f:1")


def test_a_number_for_the_token_of_each_delta() -> None:
    def together(text: str, token_id: int, value: float) -> dict[str, Any]:
        choice = {"index": 0, "delta": {"content": text, "token_id": token_id}, "logprobs": value}
        return {**chunk("a", None), "choices": [choice]}

    (found,) = read(together("It", 5, -0.5), together(" is", 6, 0))[0]
    assert (found.texts, found.token_id.tolist(), found.logprob.tolist()) == (["It", " is"], [5, 6], [-0.5, 0.0])
