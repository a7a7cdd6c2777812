"""Rotary embeddings that change with the length of what they see.

`dynamic` and `longrope` turn all positions of a pass by factors that depend on its longest position. Traces of one pack
would therefore change each other. Moreover transformers (5.24) keeps the factors of the longest pass so far under
`dynamic`: a trace longer than the original context but shorter than an earlier one is rotated as that one was, so its
logprobs depend on what was scored before.
"""

from __future__ import annotations

from typing import Any

import torch

_BY_LENGTH = {"dynamic", "longrope"}


def rotates_by_length(config: Any) -> bool:
    """Whether a text configuration has such an embedding, for all layers or for one type of layer."""
    parameters = getattr(config, "rope_parameters", None) or {}
    several = [parameters, *(part for part in parameters.values() if isinstance(part, dict))]
    return any(part.get("rope_type") in _BY_LENGTH for part in several)


def forget_lengths(model: Any) -> None:
    """Bring rotary embeddings back to where they were before their first pass, as a pass of one token does."""
    for module in model.modules():
        if hasattr(module, "max_seq_len_cached") and hasattr(module, "original_max_seq_len"):
            one = torch.zeros(1, 1, device=next(module.buffers()).device)
            types = list(module.rope_type) if isinstance(module.rope_type, dict) else []
            for arguments in [{"layer_type": name} for name in types] or [{}]:
                module(one, one.long(), **arguments)
