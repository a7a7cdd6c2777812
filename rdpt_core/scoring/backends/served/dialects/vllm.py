"""vLLM's interface for teachers, and its `prompt_logprobs`."""

from __future__ import annotations

import base64
import binascii
import io
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from rdpt_core.scoring.backends.served.dialects.base import (
    BEYOND_OPENAI,
    NEUTRAL,
    Answer,
    BadReplyError,
    Sent,
    UnknownToServerError,
    as_object,
    check_ids,
    checked,
    first_choice,
    list_of,
    make_answer,
    other_tokens,
)

_LONGEST_HEADER = 1024
"""Bytes of a .npy before its values: 128 for an array of two dimensions."""


class ScoringDialect:
    """Token ids scored from a start position, without alternatives: one value a response token, as a binary array.

    vLLM has it since 0.32, if it was started with `--enable-scale-out`.
    """

    name = "scoring"
    path = "/inference/v1/generate"
    n_generated = 1
    optional: frozenset[str] = frozenset()

    def request(self, model: str, sent: Sent) -> dict[str, Any]:
        """Row i of what is asked for scores token `start` + i + 1."""
        return {
            "model": model,
            "token_ids": sent.ids,
            "sampling_params": {
                "max_tokens": 1,
                **NEUTRAL,
                "prompt_logprob_start": sent.n_prompt - 1,
                "prompt_logprob_token_ids": [[one] for one in sent.response],
            },
            "return_token_ids": True,
        }

    def read(self, reply: Any, sent: Sent) -> Answer:
        """A base64 text of a .npy of shape (n_response, 1)."""
        fields = as_object(reply)
        if "prompt_token_id_logprobs" not in fields:
            raise UnknownToServerError("the reply has no prompt_token_id_logprobs")
        check_ids(fields.get("prompt_token_ids"), sent.ids)
        values = _array(fields["prompt_token_id_logprobs"], len(sent.response))
        return Answer(checked(values), [""] * len(values))


class VllmDialect:
    """vLLM's `prompt_logprobs`, with the ids of the tokens that it scored."""

    name = "vllm"
    path = "/v1/completions"
    n_generated = 1
    optional = BEYOND_OPENAI

    def request(self, model: str, sent: Sent) -> dict[str, Any]:
        """`prompt_logprobs` 0 asks for the token that is there and no alternative to it."""
        return {
            "model": model,
            "prompt": sent.ids,
            "max_tokens": 1,
            "prompt_logprobs": 0,
            "return_token_ids": True,
            **NEUTRAL,
        }

    def read(self, reply: Any, sent: Sent) -> Answer:
        """Take from every entry the one that has the sent token's id."""
        choice = first_choice(reply)
        check_ids(choice.get("prompt_token_ids"), sent.ids)
        entries = list_of(
            choice.get("prompt_logprobs", as_object(reply).get("prompt_logprobs")), len(sent.ids), "prompt_logprobs"
        )
        logprobs, texts = [], []
        for position in range(sent.n_prompt, len(sent.ids)):
            entry = entries[position]
            if not isinstance(entry, Mapping):
                raise BadReplyError(f"prompt_logprobs[{position}] is no object")
            token = entry.get(str(sent.ids[position]))
            if isinstance(token, Mapping):
                logprobs.append(token.get("logprob"))
                texts.append(token.get("decoded_token"))
            elif isinstance(token, int | float):
                # The form of early versions: the number alone.
                logprobs.append(token)
                texts.append("")
            else:
                raise other_tokens(position, sent.ids[position], ", ".join(map(str, list(entry)[:3])))
        return make_answer(logprobs, texts)


def _array(text: Any, n: int) -> np.ndarray[Any, np.dtype[np.floating[Any]]]:
    """Values of a .npy of shape (n, 1). What the file says of itself is checked before anything is made of it.

    Raises:
        BadReplyError: it is none, or of another shape.
    """
    if not isinstance(text, str):
        raise BadReplyError(f"prompt_token_id_logprobs is {'null' if text is None else 'no text'}")
    if len(text) > 4 * math.ceil((_LONGEST_HEADER + 8 * n) / 3):
        raise BadReplyError(f"expected {n} values, got {len(text):,} characters of base64")
    try:
        data = base64.b64decode(text, validate=True)
        stream = io.BytesIO(data)
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[np.lib.format.read_magic(stream)]
        shape, _, dtype = read_header(stream)
    except (binascii.Error, ValueError, KeyError, SyntaxError, TypeError, RecursionError):
        raise BadReplyError("prompt_token_id_logprobs is no base64 of a .npy") from None
    if shape != (n, 1) or dtype.kind != "f" or len(data) - stream.tell() != n * dtype.itemsize:
        raise BadReplyError(f"expected an array of shape ({n}, 1), got {shape} of {dtype}, {len(data):,} bytes in all")
    return np.frombuffer(data, dtype=dtype, offset=stream.tell())
