"""config.json is held against the headers of the weights before anything is built."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from rdpt_core.errors import ModelError
from rdpt_core.scoring.models.configuration import read_config
from rdpt_core.scoring.models.references import ModelFiles
from rdpt_core.scoring.models.weights import read_tensors
from tests.support.tiny_models import save_model


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(tmp_path_factory.mktemp("model") / "whole", model_type="qwen2")


def read(whole: Path, folder: Path, changes: dict[str, Any] | str) -> Any:
    """The configuration of a copy of the model whose config.json has these changes, or is this text."""
    shutil.copytree(whole, folder, dirs_exist_ok=True)
    path = folder / "config.json"
    text = changes if isinstance(changes, str) else json.dumps({**json.loads(path.read_text()), **changes})
    path.write_text(text)
    files = ModelFiles("m", folder, "sha256:0")
    return read_config(files, read_tensors(files), trust_remote_code=False)


def test_a_good_configuration_is_read(whole: Path, tmp_path: Path) -> None:
    assert read(whole, tmp_path, {}).vocab_size == 356


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"vocab_size": 10_000_000}, r"number 10000000: .*at most 356, as lm_head\.weight has in model\.safet"),
        ({"num_hidden_layers": 10**9}, "`num_hidden_layers` is the number 1000000000"),
        ({"num_attention_heads": 10**12}, "`num_attention_heads` is the number"),
        ({"text_config": {"num_experts": 10**9}}, "`num_experts` is the number"),
        ({"vocab_size": "many"}, "Validation error for field 'vocab_size'"),
        ({"hidden_size": [32]}, "Validation error for field 'hidden_size'"),
        ({"vocab_size": None}, "vocab_size"),
        ({"vocab_size": -1}, "vocab_size"),
        ({"max_position_embeddings": 0}, "unusable `max_position_embeddings`"),
        ({"hidden_size": 10**15}, "configuration of this model cannot be used"),
        ({"hidden_size": 0}, "config"),
        ({"hidden_act": "none of these"}, "KeyError: .none of these"),
        ({"model_type": "none of these"}, "none of these"),
        ({"attn_implementation": "someone/kernel"}, "asks for code from elsewhere: `attn_implementation`"),
        ("[1]", "config.json of this model cannot be read.* got a list of 1"),
        ("[" * 100_000, "config.json of this model cannot be read.* nested too deep"),
        ('{"a": ', "config.json of this model cannot be read"),
    ],
)
def test_an_odd_configuration_is_one_clear_line(
    whole: Path, tmp_path: Path, changes: dict[str, Any] | str, told: str
) -> None:
    with pytest.raises(ModelError, match=told) as caught:
        read(whole, tmp_path, changes)
    assert len(str(caught.value)) < 700


@pytest.mark.parametrize(
    ("changes", "tensor", "expected", "got"),
    [
        ({"vocab_size": 300}, "lm_head.weight (and 1 other tensors)", "shape [300, 32]", "shape [356, 32]"),
        ({"intermediate_size": 48}, "model.layers.0.mlp.down_proj.weight", "shape [32, 48]", "shape [32, 64]"),
    ],
)
def test_a_tensor_of_another_shape_is_named_with_both(
    whole: Path, tmp_path: Path, changes: dict[str, Any], tensor: str, expected: str, got: str
) -> None:
    with pytest.raises(ModelError) as caught:
        read(whole, tmp_path, changes)
    line = str(caught.value)
    assert tensor in line and f"expected {expected}, by config.json; got {got}" in line
    assert str(tmp_path / "model.safetensors") in line
