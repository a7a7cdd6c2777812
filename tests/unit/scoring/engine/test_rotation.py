"""Every type of rotary embedding that transformers knows is known here for what it does."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

from rdpt_core.scoring.engine.rotation import STEADY, unsteady_rotation

LIMIT = 64
SHAPE = {
    "hidden_size": 32,
    "intermediate_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "head_dim": 16,
    "vocab_size": 99,
    "pad_token_id": 1,
}
PARAMETERS: dict[str, dict[str, Any]] = {
    "default": {},
    "linear": {"factor": 4.0},
    "dynamic": {"factor": 4.0},
    "yarn": {"factor": 4.0, "original_max_position_embeddings": LIMIT},
    "longrope": {
        "factor": 4.0,
        "short_factor": [1.0] * 8,
        "long_factor": [3.0] * 8,
        "original_max_position_embeddings": LIMIT,
    },
    "llama3": {
        "factor": 4.0,
        "original_max_position_embeddings": LIMIT,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
    },
    "proportional": {"partial_rotary_factor": 0.5},
}


def configured(rope_type: str, model_type: str = "llama", **more: Any) -> Any:
    rope = {"rope_type": rope_type, "rope_theta": 10_000.0, **PARAMETERS[rope_type], **more}
    return AutoConfig.for_model(model_type, **SHAPE, max_position_embeddings=LIMIT, rope_parameters=rope)


def test_every_type_of_the_library_is_tried_here() -> None:
    """A new one belongs into `PARAMETERS`; the test below then says whether it is steady."""
    assert set(PARAMETERS) == {"default", *ROPE_INIT_FUNCTIONS}


@pytest.mark.parametrize("rope_type", PARAMETERS)
def test_a_steady_type_turns_a_position_whatever_else_is_in_the_pass(rope_type: str) -> None:
    states = torch.zeros(1, 1)
    alone = LlamaRotaryEmbedding(configured(rope_type))(states, torch.tensor([[0, 1, 9]]))
    beside = LlamaRotaryEmbedding(configured(rope_type))(states, torch.tensor([[0, 1, 9, 20 * LIMIT]]))
    same = all(torch.equal(one, other[:, :3]) for one, other in zip(alone, beside, strict=True))
    assert same == (rope_type in STEADY)


@pytest.mark.parametrize("rope_type", PARAMETERS)
def test_a_model_is_known_by_its_modules(rope_type: str) -> None:
    model = AutoModelForCausalLM.from_config(configured(rope_type))
    assert unsteady_rotation(model) == (None if rope_type in STEADY else rope_type)


def test_a_model_that_turns_by_constant_factors_is_steady_whatever_its_configuration_says() -> None:
    model = AutoModelForCausalLM.from_config(configured("dynamic", "hunyuan_v1_dense", alpha=1000.0))
    assert model.config.rope_parameters["rope_type"] == "dynamic"
    assert unsteady_rotation(model) is None


@pytest.mark.parametrize("nested", [False, True])
def test_a_type_that_nobody_knows_is_not_steady(nested: bool) -> None:
    rope: Any = {"rope_type": "stretched", "factor": 2.0}
    config = SimpleNamespace(rope_parameters={"full_attention": rope} if nested else rope)
    config.get_text_config = lambda: config
    plain = torch.nn.Linear(1, 1)
    assert unsteady_rotation(SimpleNamespace(get_decoder=lambda: plain, config=config)) == "stretched"
