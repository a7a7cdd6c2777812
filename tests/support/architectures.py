"""Tiny random models of many architectures, each scored as the product does and as plainly as can be.

`python -m tests.support.architectures` prints the table of docs/models.md.
"""

from __future__ import annotations

import copy
import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from transformers import AutoConfig

from rdpt_core.arrays import Floats
from rdpt_core.errors import ModelError
from rdpt_core.scoring.engine.kernel import CausalKernel
from rdpt_core.scoring.engine.packing import TokenSequence
from rdpt_core.scoring.models.kinds import text_class

N_VOCABULARY = 1_003
WINDOW, ORIGINAL = 24, 64
"""Tokens: of sliding windows, chunks and indices, and of contexts that are stretched."""
LENGTHS = ((9, 7), (9, 12), (30, 2), (30, 60), (9, 118), (30, 1), (9, 300))
"""Tokens of prompt and response: traces lie on both sides of every limit, and share prompts."""

SHAPE: dict[str, Any] = {
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "vocab_size": N_VOCABULARY,
    "max_position_embeddings": 512,
    "bos_token_id": 0,
    "eos_token_id": 1,
    "pad_token_id": 1,
}
NAMED_OTHERWISE = {"n_head": 4, "n_layer": 3, "n_embd": 64, "n_positions": 512}
WINDOWED = {"sliding_window": WINDOW}
ROUTED = {"num_experts": 4, "num_local_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 32}
SHARED_EXPERT = {**ROUTED, "shared_expert_intermediate_size": 32}
LATENT = {
    "head_dim": None,
    "num_key_value_heads": 4,
    "q_lora_rank": 24,
    "kv_lora_rank": 16,
    "qk_rope_head_dim": 8,
    "qk_nope_head_dim": 16,
    "v_head_dim": 16,
}
GROUPED = {
    "n_routed_experts": 4,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 32,
    "n_group": 2,
    "topk_group": 1,
    "first_k_dense_replace": 1,
}
DEEPSEEK = {**LATENT, **GROUPED}
INDEXED = {"index_topk": WINDOW, "index_n_heads": 2, "index_head_dim": 16}
CHUNKED = {
    **ROUTED,
    "attention_chunk_size": WINDOW,
    "intermediate_size_mlp": 96,
    "interleave_moe_layer_step": 2,
}
MAMBA = {"mamba_n_heads": 8, "mamba_d_head": 16, "mamba_d_state": 8, "mamba_n_groups": 2, "mamba_chunk_size": 16}
DELTA = {
    "num_hidden_layers": 4,
    "linear_num_key_heads": 2,
    "linear_num_value_heads": 4,
    "linear_key_head_dim": 16,
    "linear_value_head_dim": 16,
}
GEMMA4 = {**WINDOWED, "global_head_dim": 16, "vocab_size_per_layer_input": N_VOCABULARY}
STRETCHED = {"factor": 8.0, "original_max_position_embeddings": ORIGINAL}
MROPE = {"rope_parameters": {"rope_type": "default", "rope_theta": 1e4, "mrope_section": [2, 3, 3]}}
SEEING = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "patch_size": 8,
    "image_size": 16,
}
QWEN_SEEING = {"depth": 1, "num_heads": 2, "out_hidden_size": 64}
DEEPSTACK = {**QWEN_SEEING, "deepstack_visual_indexes": [0], "num_position_embeddings": 4}


def _rope(rope_type: str, **more: Any) -> dict[str, Any]:
    return {"rope_parameters": {"rope_type": rope_type, "rope_theta": 10_000.0, **more}}


def _wrapped(text: dict[str, Any], vision: dict[str, Any], **outside: Any) -> dict[str, Any]:
    """A model that also sees."""
    return {"text_config": {**SHAPE, **text}, "vision_config": {**SEEING, **vision}, **outside}


KINDS: dict[str, dict[str, Any]] = {
    "apertus": {},
    "arcee": {},
    "biogpt": {},
    "bitnet": {},
    "cohere": {},
    "cohere2": WINDOWED,
    "ernie4_5": {},
    "exaone": {},
    "exaone4": {**WINDOWED, "sliding_window_pattern": 2},
    "falcon": {"head_dim": None},
    "gemma": {},
    "gemma2": {**WINDOWED, "query_pre_attn_scalar": 16},
    "gemma3_text": WINDOWED,
    "gemma4_text": GEMMA4,
    "glm4": {},
    "gpt2": NAMED_OTHERWISE,
    "gpt_bigcode": NAMED_OTHERWISE,
    "gpt_neox": {},
    "gptj": {**NAMED_OTHERWISE, "rotary_dim": 8},
    "granite": {"logits_scaling": 8.0},
    "helium": {},
    "hunyuan_v1_dense": _rope("dynamic", factor=1.0, alpha=1000.0),
    "internlm3": {},
    "llama": {},
    "llama, linear": _rope("linear", factor=8.0),
    "llama, llama3": _rope("llama3", low_freq_factor=1.0, high_freq_factor=4.0, **STRETCHED),
    "llama, yarn": _rope("yarn", **STRETCHED),
    "llama, dynamic": {**_rope("dynamic", factor=8.0), "max_position_embeddings": ORIGINAL},
    "minicpm3": LATENT,
    "ministral3": {},
    "mistral": WINDOWED,
    "nemotron": {},
    "olmo2": {},
    "olmo3": WINDOWED,
    "opt": {"ffn_dim": 96, "word_embed_proj_dim": 64},
    "persimmon": {},
    "phi": {},
    "phi3": {},
    "phi3, longrope": {
        **_rope("longrope", short_factor=[1.0] * 8, long_factor=[1.0 + 3.0 * k for k in range(8)], **STRETCHED),
        "original_max_position_embeddings": ORIGINAL,
    },
    "qwen2": {},
    "qwen2, window": {**WINDOWED, "use_sliding_window": True, "max_window_layers": 1},
    "qwen3": {},
    "seed_oss": {},
    "smollm3": {},
    "stablelm": {},
    "starcoder2": WINDOWED,
    "aya_vision": _wrapped({**WINDOWED, "model_type": "cohere2"}, {"model_type": "siglip_vision_model"}),
    "gemma3": _wrapped(WINDOWED, {}, mm_tokens_per_image=4),
    "gemma4": _wrapped(GEMMA4, {"head_dim": 16, "global_head_dim": 16, "num_key_value_heads": 2}),
    "glm4v": _wrapped(MROPE, QWEN_SEEING),
    "internvl": _wrapped({"model_type": "qwen2"}, {"image_size": [16, 16], "patch_size": [8, 8]}),
    "llava": _wrapped({"model_type": "llama"}, {"model_type": "clip_vision_model", "projection_dim": 32}),
    "mistral3": _wrapped({"model_type": "ministral3"}, {"head_dim": 16}),
    "paligemma": _wrapped({"model_type": "gemma"}, {"model_type": "siglip_vision_model", "projection_dim": 64}),
    "qwen2_vl": _wrapped(MROPE, {"depth": 1, "embed_dim": 32, "num_heads": 2}),
    "qwen2_5_vl": _wrapped(MROPE, {**QWEN_SEEING, "fullatt_block_indexes": [0]}),
    "qwen3_vl": _wrapped(MROPE, DEEPSTACK),
    "qwen3_vl_moe": _wrapped({**MROPE, **ROUTED}, DEEPSTACK),
    "smolvlm": _wrapped({"model_type": "llama"}, {}),
    "deepseek_v2": {**DEEPSEEK, "topk_method": "greedy"},
    "deepseek_v3": DEEPSEEK,
    "dots1": {**GROUPED, "n_shared_experts": 1},
    "ernie4_5_moe": {**ROUTED, "moe_num_experts": 4, "moe_k": 2},
    "glm4_moe": {**GROUPED, "n_group": 1},
    "gpt_oss": {**ROUTED, **WINDOWED},
    "granitemoe": ROUTED,
    "hunyuan_v1_moe": ROUTED,
    "kimi_k25": _wrapped({**DEEPSEEK, "head_dim": 8, "model_type": "deepseek_v3"}, {}),
    "minimax_m2": ROUTED,
    "mixtral": {**ROUTED, **WINDOWED},
    "olmoe": ROUTED,
    "phimoe": {**ROUTED, **WINDOWED},
    "qwen2_moe": SHARED_EXPERT,
    "qwen3_moe": ROUTED,
    "bamba": {**MAMBA, "attn_layer_indices": [1]},
    "bloom": {"n_head": 4, "n_layer": 3},
    "deepseek_v32": {**DEEPSEEK, **INDEXED},
    "deepseek_v4": {**DEEPSEEK, "head_dim": 16},
    "diffllama": {},
    "falcon_h1": {**MAMBA, "mamba_d_ssm": 128},
    "granitemoehybrid": {
        **ROUTED,
        **MAMBA,
        "layer_types": ["mamba", "attention", "mamba"],
        "shared_intermediate_size": 32,
    },
    "jamba": {
        **ROUTED,
        "mamba_d_state": 8,
        "mamba_dt_rank": 4,
        "attn_layer_period": 2,
        "attn_layer_offset": 1,
        "use_mamba_kernels": False,
    },
    "kimi_linear": {**DEEPSEEK, "head_dim": 16},
    "lfm2": {"full_attn_idxs": [1]},
    "lfm2_moe": {**ROUTED, "layer_types": ["conv", "full_attention", "conv"], "num_dense_layers": 1},
    "llama4": _wrapped(CHUNKED, {}),
    "llama4_text": CHUNKED,
    "mamba": {"state_size": 8},
    "mamba2": {"num_heads": 8, "head_dim": 16, "state_size": 8, "n_groups": 2, "chunk_size": 16},
    "minimax": {**ROUTED, "block_size": 16},
    "mpt": {"n_heads": 4, "n_layers": 3, "d_model": 64, "max_seq_len": 512},
    "nemotron_h": {
        "layers_block_type": ["mamba", "attention", "mlp"],
        "mamba_num_heads": 8,
        "mamba_head_dim": 16,
        "ssm_state_size": 8,
        "n_groups": 2,
        "chunk_size": 16,
    },
    "olmo_hybrid": DELTA,
    "qwen3_5": _wrapped(DELTA, {**QWEN_SEEING, "num_position_embeddings": 4}),
    "qwen3_5_moe_text": {**DELTA, **SHARED_EXPERT},
    "qwen3_next": {**DELTA, **SHARED_EXPERT},
    "recurrent_gemma": {**WINDOWED, "attention_window_size": WINDOW, "lru_width": 64},
    "rwkv": {"attention_hidden_size": 64, "context_length": 512},
    "xlstm": {"num_heads": 4},
}
"""What a configuration has beside `SHAPE`, or without it where the value is None; after the comma, a variant."""


@dataclass(frozen=True)
class Outcome:
    """How an architecture was scored, and how far from the oracle, at most, in nats; None where it is refused."""

    path: str
    difference: float | None
    note: str


def make_model(kind: str) -> Any:
    """In float32, with weights large enough that a wrong mask or position shows."""
    fields = KINDS[kind]
    if "text_config" not in fields:
        fields = {name: value for name, value in {**SHAPE, **fields}.items() if value is not None}
    config = AutoConfig.for_model(kind.partition(",")[0], **fields)
    torch.manual_seed(1)
    model = text_class(config, kind).from_config(config)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.mul_(4.0)
    return model.float().train(False).requires_grad_(False)


def make_sequences() -> list[TokenSequence]:
    """Of `LENGTHS`."""
    draw = np.random.default_rng(7)
    prompts = {n: draw.integers(3, N_VOCABULARY, n).tolist() for n in {n for n, _ in LENGTHS}}
    return [TokenSequence(prompts[n], draw.integers(3, N_VOCABULARY, m).astype(np.int32)) for n, m in LENGTHS]


def oracle(model: Any, sequence: TokenSequence) -> Floats:
    """One sequence, full logits, a fresh model."""
    ids = torch.tensor([[*sequence.prompt, *sequence.response.tolist()]])
    with torch.inference_mode():
        logprobs = copy.deepcopy(model)(input_ids=ids, use_cache=False).logits[0].float().log_softmax(-1)
    first = len(sequence.prompt)
    found: Floats = logprobs[first - 1 : -1].gather(-1, ids[0, first:, None])[:, 0].numpy()
    return found


def outcome_of(kind: str) -> Outcome:
    """One architecture, its traces scored in one call."""
    model, sequences = make_model(kind), make_sequences()
    expected = [oracle(model, sequence) for sequence in sequences]
    try:
        kernel = CausalKernel(model)
    except ModelError as error:
        return Outcome("refused", None, error.what)
    scored = kernel.score(sequences)
    difference = max(float(np.abs(ours - own).max()) for ours, own in zip(scored, expected, strict=True))
    path = "plain" if kernel.plain else "packed, shared" if kernel.shares else "packed, one at a time"
    return Outcome(path, difference, "".join(kernel.findings.notes).partition(": it takes")[0])


def main() -> None:
    """Print the table."""
    logging.disable(logging.WARNING)
    print("| architecture | path | worst difference | because |\n|---|---|---|---|")
    for kind in KINDS:
        outcome = outcome_of(kind)
        note = outcome.note.removeprefix("this model ").removesuffix(": traces are scored one at a time")
        difference = "" if outcome.difference is None else f"{outcome.difference:.0e}"
        print(f"| {kind} | {outcome.path} | {difference} | {note} |", flush=True)


if __name__ == "__main__":
    main()
