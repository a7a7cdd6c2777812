"""What a server's list says of a model."""

from __future__ import annotations

from typing import Any

import pytest

from rdpt_core.records import Role
from rdpt_core.scoring.backends.served.backend import hint_without_logprobs, stated_context_length


@pytest.mark.parametrize(
    ("entry", "n_tokens"),
    [
        ({"max_model_len": 512}, 512),
        ({"meta": {"n_ctx": 256, "n_ctx_train": 8192}}, 256),
        # What a model was trained with is not what is served.
        ({"meta": {"n_ctx_train": 8192}}, None),
        ({"max_model_len": 512, "meta": {"n_ctx": 256}}, 512),
        ({}, None),
        ({"max_model_len": True, "meta": None}, None),
        ({"max_model_len": "512", "meta": {"n_ctx": -1}}, None),
    ],
)
def test_the_context_that_a_server_states(entry: dict[str, Any], n_tokens: int | None) -> None:
    assert stated_context_length(entry) == n_tokens


def test_llama_cpp_is_told_by_its_file_or_its_owner() -> None:
    for entry in ({"id": "m/Model-Q4.GGUF"}, {"id": "m", "owned_by": "llamacpp"}):
        assert "--student model.gguf" in hint_without_logprobs(Role.STUDENT, entry)
    assert hint_without_logprobs(Role.STUDENT, {"id": "m", "owned_by": "vllm"}) == ""
