"""Completions that repeat their prompt, read by hand."""

from __future__ import annotations

from typing import Any

import pytest

from rdpt_core.scoring.backends.served.dialects.base import BadReplyError, OtherTokensError, Sent
from rdpt_core.scoring.backends.served.dialects.echo import EchoDialect

SENT = Sent([7, 8, 9, 10], 2)


def reply(tokens: list[Any], **choice: Any) -> dict[str, Any]:
    values = [None, *(-float(number) for number in range(1, len(tokens)))]
    return {"choices": [{"logprobs": {"tokens": tokens, "token_logprobs": values}, **choice}]}


def test_what_was_generated_is_dropped() -> None:
    answer = EchoDialect(1).read(reply(["a", "b", "c", "d", "e"]), SENT)
    assert answer.logprob.tolist() == [-2.0, -3.0]
    assert answer.texts == ["c", "d"]
    with pytest.raises(BadReplyError, match="expected 4 token_logprobs, got 5"):
        EchoDialect(0).read(reply(["a", "b", "c", "d", "e"]), SENT)
    with pytest.raises(BadReplyError, match="no logprobs"):
        EchoDialect(0).read({"choices": [{}]}, SENT)


def test_ids_in_place_of_texts_are_compared() -> None:
    spelt = [f"token_id:{one}" for one in SENT.ids]
    answer = EchoDialect(1).read(reply([*spelt, "token_id:3"]), SENT)
    assert (answer.logprob.tolist(), answer.texts) == ([-2.0, -3.0], ["", ""])
    with pytest.raises(OtherTokensError, match="token 1 .* sent id 8, the server scored 5"):
        EchoDialect(0).read(reply([spelt[0], "token_id:5", *spelt[2:]]), SENT)
    # A text may begin like that.
    assert EchoDialect(0).read(reply(["token_id:7", "b", "c", "d"]), SENT).texts == ["c", "d"]


def test_ids_beside_the_texts_are_compared_too() -> None:
    with pytest.raises(OtherTokensError, match="token 0"):
        EchoDialect(0).read(reply(["a", "b", "c", "d"], prompt_token_ids=[1, 8, 9, 10]), SENT)
