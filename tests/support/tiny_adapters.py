"""LoRA adapters with random weights over a small model, as peft saves them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForImageTextToText

ALL_PROJECTIONS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def load_base(base: Path) -> Any:
    """A model in float32, without our code."""
    sees = hasattr(AutoConfig.from_pretrained(base), "vision_config")
    models: Any = AutoModelForImageTextToText if sees else AutoModelForCausalLM
    model = models.from_pretrained(base, dtype=torch.float32)
    model.train(False)
    return model


def save_adapter(
    folder: Path, base: Path, *, seed: int = 0, scale: float = 0.02, n_rows: int | None = None, **settings: Any
) -> Path:
    """Write an adapter's folder; extra arguments go into its configuration.

    Args:
        scale: of the random numbers that are added to all that is trained; 0 for an adapter that changes nothing.
        n_rows: the vocabulary of the training, if that is another one than the base's.
    """
    model = load_base(base)
    if n_rows is not None:
        model.resize_token_embeddings(n_rows)
    config = LoraConfig(
        **{"r": 4, "lora_alpha": 8, "target_modules": ALL_PROJECTIONS, "task_type": "CAUSAL_LM", **settings}
    )
    adapted = get_peft_model(model, config)
    generator = torch.Generator().manual_seed(seed)
    for parameter in adapted.parameters():
        if parameter.requires_grad:
            parameter.data += scale * torch.randn(parameter.shape, generator=generator)
    adapted.save_pretrained(str(folder))
    return folder


def unmerged(base: Path, adapter: Path, n_rows: int | None = None) -> Any:
    """The adapted model as peft runs it beside its base, in float32."""
    model = load_base(base)
    if n_rows is not None:
        model.resize_token_embeddings(n_rows)
    adapted = PeftModel.from_pretrained(model, str(adapter))
    adapted.train(False)
    return adapted
