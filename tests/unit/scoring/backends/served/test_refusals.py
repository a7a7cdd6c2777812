"""How servers say no, word for word."""

from __future__ import annotations

import json

import pytest

from rdpt_core.records import UnscoredReason
from rdpt_core.scoring.backends.served.refusals import (
    TooLongForServer,
    advice,
    is_switched_off,
    too_long,
    unknown_fields,
    why_refused,
)


def openai(message: str, **more: object) -> str:
    return json.dumps({"error": {"message": message, **more}})


VLLM = openai(
    "This model's maximum context length is 512 tokens. However, you requested 1 output tokens and your prompt "
    "contains 600 input tokens, for a total of 601 tokens. Please reduce the length of the input prompt or the number "
    "of requested output tokens. (parameter=input_tokens, value=600)",
    param="input_tokens",
)
NAMED = {
    "vllm": VLLM,
    "vllm counts no further": openai(
        "This model's maximum context length is 512 tokens. However, your prompt contains at least 513 input tokens."
    ),
    "vllm engine": openai(
        "The decoder prompt (length 600) plus the number of requested output tokens (at least 1) is longer than the "
        "maximum model length of 512. Make sure that `max_model_len` is no smaller than the number of text tokens."
    ),
    "vllm engine, prompt alone": openai(
        "The decoder prompt (length 600) is longer than the maximum model length of 512."
    ),
    "vllm scoring": openai(
        "prompt_logprob_token_ids has 590 rows, but a prompt has at most 511 scored rows (max_model_len - 1). "
        "(parameter=prompt_logprob_token_ids, value=590)"
    ),
    "llama.cpp": json.dumps(
        {
            "error": {
                "code": 400,
                "message": "the request exceeds the available context size, try increasing it",
                "type": "exceed_context_size_error",
                "n_prompt_tokens": 600,
                "n_ctx": 512,
            }
        }
    ),
    "llama.cpp in words": openai(
        "request (600 tokens) exceeds the available context size (512 tokens), try increasing it"
    ),
    "llama-cpp-python": openai("Requested tokens (600) exceed context window of 512"),
    "openai": openai(
        "This model's maximum context length is 512 tokens, however you requested 601 tokens (600 in your prompt; 1 "
        "for the completion). Please reduce your prompt; or completion length.",
        code="context_length_exceeded",
    ),
    "sglang": openai("The input (600 tokens) is longer than the model's context length (512 tokens)."),
    "sglang, both": openai(
        "Requested token count exceeds the model's maximum context length of 512 tokens. You requested a total of 601 "
        "tokens: 600 tokens from the input messages and 1 tokens for the completion."
    ),
    "sglang scheduler": openai("Input length (600 tokens) exceeds the maximum allowed length (512 tokens)."),
    "tgi": json.dumps(
        {
            "error": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 512. Given: 600 `inputs` "
            "tokens and 1 `max_new_tokens`",
            "error_type": "validation",
        }
    ),
    "tgi, escaped": '{"error":"`inputs` tokens + `max_new_tokens` must be \\u003c= 512. Given: 600"}',
    "tgi, input": json.dumps({"error": "`inputs` must have less than 512 tokens. Given: 600"}),
    "tensorrt-llm": openai("default_max_tokens (-88) = max_seq_len (512) - splited_prompt_len (600)"),
    "mistral": openai("Prompt contains 600 tokens, too large for model with 512 maximum context length"),
    "litellm": openai(
        f"litellm.ContextWindowExceededError: litellm.BadRequestError: Hosted_vllmException - {VLLM}", code="400"
    ),
    "litellm, llama.cpp": openai('ContextWindowExceededError: OpenAIException - {"error":{"n_ctx": 512}}'),
}


@pytest.mark.parametrize("said", NAMED.values(), ids=NAMED)
def test_limits_that_refusals_name(said: str) -> None:
    assert too_long(said, 600, max_tokens=1) == TooLongForServer(512)
    # Whatever this is about, the request is within that limit.
    found = too_long(said, 300, max_tokens=1)
    assert found is None or found.context_length is None


def test_thousands_and_lengths_of_prompts() -> None:
    assert too_long("maximum context length is 131,072 tokens", 200_000, max_tokens=1) == TooLongForServer(131_072)
    assert too_long("maximum prompt length is 500 but", 600, max_tokens=1) == TooLongForServer(501)


def test_no_room_for_the_token_that_must_be_generated() -> None:
    said = openai("max_tokens must be at least 1, got 0. (parameter=max_tokens, value=0)")
    assert too_long(said, 512, max_tokens=1) == TooLongForServer(512)
    # It may have been taken at its word.
    assert too_long(said, 512, max_tokens=0) is None


@pytest.mark.parametrize(
    "said",
    [
        openai("Your input exceeds the context window of this model", code="context_length_exceeded"),
        openai("the request exceeds the available context size, try increasing it"),
        openai("Please reduce the length of the messages or completion"),
        openai("invalid params, context window exceeds limit"),
        openai("input length too long"),
    ],
)
def test_refusals_for_length_that_name_no_limit(said: str) -> None:
    assert too_long(said, 600, max_tokens=1) == TooLongForServer(None)
    found = why_refused(400, "shown", said, {"max_tokens": 1}, 600)
    assert (found.reason, found.context_length) == (UnscoredReason.CONTEXT_LENGTH, None)
    assert "shown" in found.detail and "`context_length`" in found.detail


@pytest.mark.parametrize(
    "said",
    [
        "",
        openai("refused by policy"),
        openai("Token id 99999 is out of vocabulary"),
        openai("Requested prompt logprobs of 726 exceeds max allowed: 20"),
        openai("prompt_logprob_token_ids has 26 rows, but the prompt has 25 scored rows (prompt_len - 1 - start)."),
        "<html><title>413 Request Entity Too Large</title></html>",
        "the model has 512 experts",
    ],
)
def test_other_refusals(said: str) -> None:
    assert too_long(said, 600, max_tokens=1) is None
    found = why_refused(400, "shown", said, {}, 600)
    assert (found.reason, found.detail) == (UnscoredReason.SERVER_REFUSED, "shown")


def test_a_body_that_is_too_large_names_the_key_that_helps() -> None:
    found = why_refused(413, "HTTP 413", "<html>", {}, 600)
    assert found.reason is UnscoredReason.SERVER_REFUSED
    assert "`context_length`" in found.detail


def test_a_refusal_that_repeats_much_is_read_in_no_time() -> None:
    assert too_long("context " * 1_000_000 + "maximum context length is 5 tokens", 600, max_tokens=1) is None


FIELDS = {"return_token_ids", "top_k", "min_p"}


@pytest.mark.parametrize(
    ("said", "unknown"),
    [
        ("Unexpected fields in the request: {'return_token_ids'}", {"return_token_ids"}),
        (json.dumps({"detail": [{"type": "extra_forbidden", "loc": ["body", "top_k"]}]}), {"top_k"}),
        ("unknown field `min_p`, expected one of `model`, `top_k`", {"min_p"}),
        ("{'loc': ('body', 'return_token_ids')}, {'loc': ('body', 'min_p')}", {"return_token_ids", "min_p"}),
        ("my_top_k2 is unknown", set()),
        ("refused by policy", set()),
    ],
)
def test_fields_that_a_refusal_names(said: str, unknown: set[str]) -> None:
    assert unknown_fields(said, FIELDS) == unknown


def test_advice() -> None:
    assert "transformers serve" in advice(["HTTP 422: Unexpected fields in the request: {'echo'}"])
    assert "vLLM or SGLang" in advice(["HTTP 404: Not Found"])
    assert is_switched_off("Restart vllm serve with --enable-scale-out to enable them.")
    assert not is_switched_off("Forbidden")
