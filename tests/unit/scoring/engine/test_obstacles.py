"""Why a model is slower, in words for its user."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from transformers.configuration_utils import ALLOWED_ATTN_LAYER_TYPES

from rdpt_core.scoring.engine.attention import NotPackable
from rdpt_core.scoring.engine.obstacles import obstacle_of, static_obstacle

PACKED = {"full_attention", "sliding_attention"}
# Of images, of experts, and of one model for scanned pages: no layer that a trace passes through goes by these alone.
UNNAMED = {"window_attention", "moe", "reference_sliding_attention"}


def model(**fields: Any) -> Any:
    config = SimpleNamespace(**fields)
    config.get_text_config = lambda: config
    return SimpleNamespace(config=config, get_decoder=lambda: torch.nn.Linear(1, 1))


@pytest.mark.parametrize("layer_type", ALLOWED_ATTN_LAYER_TYPES)
def test_every_type_of_layer_that_the_library_knows_is_packed_or_has_words(layer_type: str) -> None:
    obstacle = static_obstacle(model(layer_types=["full_attention", layer_type]))
    assert (obstacle is None) == (layer_type in PACKED)
    assert ("layers of type" in str(obstacle)) == (layer_type in UNNAMED)


def test_what_a_configuration_tells_of_length() -> None:
    assert static_obstacle(model()) is None
    assert static_obstacle(model(attention_chunk_size=8192)) == "has attention in chunks"
    assert "`rope_type` dynamic" in str(static_obstacle(model(rope_parameters={"rope_type": "dynamic"})))


def test_an_error_is_one_line() -> None:
    assert obstacle_of(NotPackable("has attention masks of its own")) == "has attention masks of its own"
    assert obstacle_of(ValueError("bad\nshape")) == "does not run in packs (ValueError: bad)"
