"""OpenAI's forms: alternatives beside the tokens, and how many tokens the server counted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rdpt_core.scoring.backends.recorded.forms.openai import of_choices
from rdpt_core.scoring.backends.recorded.recording import Recording


def read(choice: dict[str, Any], **body: Any) -> Recording:
    [found] = of_choices({"choices": [choice], **body}, "f:1", ("k",))
    return found


def lists_of(found: Recording) -> list[list[float]]:
    assert found.alternatives is not None
    cuts = np.split(found.alternatives.logprob, found.alternatives.start[1:-1])
    return [sorted(cut.tolist()) for cut in cuts]


def completion(**more: Any) -> dict[str, Any]:
    return {"text": "ab", "logprobs": {"tokens": ["a", "b"], "token_logprobs": [-1.0, -2.0], **more}}


def test_a_chat_reply_with_alternatives() -> None:
    top = [{"token": "a", "bytes": [97], "logprob": -1.0}, {"token": "c", "bytes": [99], "logprob": -0.5}]
    content = [
        {"token": "a", "bytes": [97], "logprob": -1.0, "top_logprobs": top},
        {"token": "b", "bytes": [98], "logprob": -3.0, "top_logprobs": top},
    ]
    found = read({"logprobs": {"content": content}}, usage={"completion_tokens": 3})
    assert lists_of(found) == [[-1.0, -0.5], [-3.0, -1.0, -0.5]]
    assert found.n_generated == 3 and found.texts == ["a", "b"]


def test_alternatives_of_completions_are_objects_by_text() -> None:
    top: list[Any] = [{"c": -0.5, "a": -1.0}, {"c": -0.5, "d": -0.75, "e": None}]
    assert lists_of(read(completion(top_logprobs=top))) == [[-1.0, -0.5], [-2.0, -0.75, -0.5]]


@pytest.mark.parametrize("top", [None, [], [None, None], [{"a": -1.0}], {"a": -1.0}, [3, "x"]])
def test_lists_that_say_nothing_more_are_left_out(top: Any) -> None:
    assert read(completion(top_logprobs=top)).alternatives is None


def test_placeholders_of_ids_are_names() -> None:
    lists = {
        "tokens": ["token_id:5"],
        "token_logprobs": [-1.0],
        "top_logprobs": [{"token_id:5": -1.0, "token_id:6": -2}],
    }
    assert lists_of(read({"logprobs": lists})) == [[-2.0, -1.0]]


def test_tokens_of_several_choices_are_not_counted_together() -> None:
    body = {"choices": [completion(), completion()], "usage": {"completion_tokens": 4}}
    assert [found.n_generated for found in of_choices(body, "f:1", ())] == [None, None]


def test_an_echoed_prompt_is_not_generated() -> None:
    usage = {"completion_tokens": 1}
    assert read(completion(), usage=usage).n_generated == 1
    assert read(completion(token_logprobs=[None, -2.0]), usage=usage).n_generated is None
    assert read(completion(), usage=usage, prompt="a").n_generated is None


@pytest.mark.parametrize("usage", [None, {}, {"completion_tokens": None}, {"completion_tokens": True}, [], "x"])
def test_no_count(usage: Any) -> None:
    assert read(completion(), usage=usage).n_generated is None


def test_prompt_entries_at_the_top_of_a_reply_whose_choices_have_the_field_empty() -> None:
    entries = [None, {"5": {"logprob": -1.0, "decoded_token": "a"}, "6": {"logprob": -0.5, "decoded_token": "b"}}]
    found = read({"prompt_logprobs": None}, prompt_logprobs=entries, prompt_token_ids=[4, 5])
    assert found.is_prompt and found.token_id.tolist() == [4, 5] and lists_of(found) == [[], [-1.0, -0.5]]


def test_names_of_ids_are_no_texts_and_their_bytes_no_bytes() -> None:
    def named(token_id: int, value: float, data: bytes) -> dict[str, Any]:
        return {"token": f"token_id:{token_id}", "logprob": value, "bytes": list(data)}

    # vLLM gives a chat's token its own bytes, those of the name to what may stand there, and to all in Responses.
    for own, raw in ((b"It", [b"It"]), (b"token_id:5", None)):
        top = [named(5, -0.25, b"token_id:5"), named(6, -2.0, b"token_id:6")]
        entry = {**named(5, -0.25, own), "top_logprobs": top}
        found = read({"logprobs": {"content": [entry]}})
        assert found.raw == raw
        assert found.alternatives is not None and sorted(found.alternatives.logprob.tolist()) == [-2.0, -0.25]


@pytest.mark.parametrize(
    ("counts", "n"),
    [
        ({"usage": {"completion_tokens": 3}, "timings": {"predicted_n": 4}}, 3),
        ({"usage": None, "timings": {"predicted_n": 4}}, 4),
        ({"timings": {"predicted_n": "many"}}, None),
    ],
)
def test_llama_cpp_counts_without_usage(counts: dict[str, Any], n: int | None) -> None:
    assert read({"logprobs": {"content": [{"token": "So", "logprob": -0.5}]}}, **counts).n_generated == n
