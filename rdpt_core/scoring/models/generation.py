"""Settings of transformers' `generate`, with nothing but what is given here."""

from __future__ import annotations

from typing import Any


def generation_settings(**settings: Any) -> Any:
    """The library's settings of generation; what a model's files say of it is no part of them."""
    from transformers import GenerationConfig

    make: Any = GenerationConfig
    return make(**settings)
