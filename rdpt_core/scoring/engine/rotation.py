"""Rotary embeddings that change with the length of what they see.

`dynamic` and `longrope` turn all positions of a pass by factors that depend on its longest position. Traces of one pack
would therefore change each other. Moreover transformers (5.24) keeps the factors of the longest pass so far under
`dynamic`: a trace longer than the original context but shorter than an earlier one is rotated as that one was, so its
logprobs depend on what was scored before.
"""

from __future__ import annotations

from typing import Any

import torch

STEADY = frozenset({"default", "linear", "llama3", "ntk_alpha", "proportional", "yarn"})
"""Types that turn a position by itself alone. One that is not listed may do anything."""


def unsteady_rotation(model: Any) -> str | None:
    """The first type of a model's rotary embeddings that is not `STEADY`; None if there is no such.

    Its modules are asked first: what a configuration calls `dynamic`, some models turn by constant factors.
    """
    named = [module.rope_type for module in model.get_decoder().modules() if hasattr(module, "rope_type")]
    types = {one for name in named for one in (name.values() if isinstance(name, dict) else [name])}
    unsteady = (types or _configured(model.config.get_text_config())) - STEADY
    return min(unsteady, default=None)


def _configured(config: Any) -> set[str]:
    """For all layers, or for each type of layer."""
    parameters = getattr(config, "rope_parameters", None) or {}
    several = [parameters, *(part for part in parameters.values() if isinstance(part, dict))]
    return {str(part["rope_type"]) for part in several if part.get("rope_type")}


def forget_lengths(model: Any) -> None:
    """Bring rotary embeddings back to where they were before their first pass, as a pass of one token does."""
    for module in model.modules():
        if hasattr(module, "max_seq_len_cached") and hasattr(module, "original_max_seq_len"):
            one = torch.zeros(1, 1, device=next(module.buffers()).device)
            types = list(module.rope_type) if isinstance(module.rope_type, dict) else []
            for arguments in [{"layer_type": name} for name in types] or [{}]:
                module(one, one.long(), **arguments)
