"""Tiny random models of many architectures, and what the plainest way of scoring gives for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForImageTextToText

from rdpt_core.scoring.engine.packing import TokenSequence

VOCABULARY = 1_003
WINDOW, LIMIT = 24, 64
"""Tokens: of sliding windows and chunks, and of contexts before a stretched one. Sequences lie on both sides of both."""
_LENGTHS = ((9, 7), (9, 12), (30, 2), (30, 60), (9, 118), (30, 1), (9, 300))
"""Tokens of prompt and response; equal prompts are the same."""

_SHAPE: dict[str, Any] = {
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "vocab_size": VOCABULARY,
    "max_position_embeddings": 512,
    "bos_token_id": 0,
    "eos_token_id": 1,
    "pad_token_id": 1,
}
_EXPERTS = {"num_experts": 4, "num_local_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 32}
_LATENT = {"q_lora_rank": 24, "kv_lora_rank": 16, "qk_rope_head_dim": 8, "qk_nope_head_dim": 16, "v_head_dim": 16}
_DEEPSEEK = {
    **_LATENT,
    "num_key_value_heads": 4,
    "n_routed_experts": 4,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 32,
    "n_group": 2,
    "topk_group": 1,
    "first_k_dense_replace": 1,
}
_MAMBA = {"mamba_n_heads": 8, "mamba_d_head": 16, "mamba_d_state": 8, "mamba_n_groups": 2, "mamba_chunk_size": 16}
_LINEAR = {"linear_num_key_heads": 2, "linear_num_value_heads": 4, "linear_key_head_dim": 16, "linear_value_head_dim": 16}
_VISION = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "patch_size": 8,
    "image_size": 16,
}


def _rope(rope_type: str, **more: Any) -> dict[str, Any]:
    return {"rope_parameters": {"rope_type": rope_type, "rope_theta": 10_000.0, **more}}


_LONGROPE = _rope(
    "longrope",
    short_factor=[1.0] * 8,
    long_factor=[1.0 + 3.0 * step for step in range(8)],
    original_max_position_embeddings=LIMIT,
    factor=8.0,
)


@dataclass(frozen=True)
class Architecture:
    """A kind of model, and what its configuration has beside the usual shape."""

    model_type: str
    config: dict[str, Any] = field(default_factory=dict)
    vision: dict[str, Any] | None = None
