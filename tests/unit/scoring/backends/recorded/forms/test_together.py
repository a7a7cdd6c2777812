"""Together: the echoed prompt, whose end the response may be, and ids beside the tokens of a chat."""

from __future__ import annotations

import numpy as np

from rdpt_core.scoring.backends.recorded.forms.reading import recordings_of

LISTS = {"tokens": ["What?", " It", " is"], "token_logprobs": [None, -0.5, -0.25], "token_ids": [4, 5, 6]}


def test_the_prompt_is_a_recording_of_its_own() -> None:
    value = {"id": "x", "prompt": [{"text": "What? It is", "logprobs": LISTS}], "choices": [{"text": " 4"}]}
    (found,) = recordings_of(value, "f:1")
    assert found.is_prompt and found.keys == ("x",)
    assert found.texts == ["What?", " It", " is"] and found.token_id.tolist() == [4, 5, 6]
    assert np.isnan(found.logprob[0]) and found.logprob[1:].tolist() == [-0.5, -0.25]


def test_ids_of_a_chat_stand_among_its_lists() -> None:
    (found,) = recordings_of({"choices": [{"message": {"content": "…"}, "logprobs": LISTS}]}, "f:1")
    assert found.token_id.tolist() == [4, 5, 6] and not found.is_prompt


def test_lists_that_do_not_fit_are_none() -> None:
    assert recordings_of({"prompt": [{"text": "a", "logprobs": {**LISTS, "tokens": ["a"]}}]}, "f:1") == []
