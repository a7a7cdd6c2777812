"""Why a model cannot be scored in packs, in words for its user: each goes on after "this model …"."""

from __future__ import annotations

from typing import Any

from rdpt_core.scoring.engine.attention import NotPackable
from rdpt_core.scoring.engine.rotation import unsteady_rotation

_PACKED_LAYERS = {"full_attention", "sliding_attention"}
_LAYERS = {
    "chunked_attention": "attention in chunks",
    "compressed_sparse_attention": "attention to compressed tokens",
    "conv": "layers with convolutions",
    "heavily_compressed_attention": "attention to compressed tokens",
    "hybrid": "layers with a state (Mamba) beside their attention",
    "hybrid_sliding": "layers with a state beside their attention",
    "indexed_attention": "indexed attention (each token looks at a chosen few)",
    "linear_attention": "layers with a state (Mamba or linear attention)",
    "minimax_m3_sparse": "sparse attention (each token looks at a chosen few)",
}


def static_obstacle(model: Any) -> str | None:
    """What a few tokens may not show, by the configuration and the kinds of modules; None if nothing is known."""
    config = model.config.get_text_config()
    rotation = unsteady_rotation(model)
    if rotation is not None:
        return f"rotates positions by the length of the trace (`rope_type` {rotation})"
    if getattr(config, "attention_chunk_size", None):
        return f"has {_LAYERS['chunked_attention']}"
    unusual = sorted(set(getattr(config, "layer_types", None) or ()) - _PACKED_LAYERS)
    return f"has {_LAYERS.get(unusual[0], f'layers of type {unusual[0]}')}" if unusual else None


def obstacle_of(error: Exception) -> str:
    """What an error means that came up when the model was tried in a pack."""
    if isinstance(error, NotPackable):
        return str(error)
    return f"does not run in packs ({type(error).__name__}: {error}".splitlines()[0][:200] + ")"
