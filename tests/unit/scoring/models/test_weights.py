"""Headers of weight files that are cut, damaged or made up: one clear line each, and no tensor is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from rdpt_core.errors import ModelError
from rdpt_core.scoring.models.references import ModelFiles
from rdpt_core.scoring.models.weights import count_parameters, read_tensors


def written(folder: Path, header: Any, n_data_bytes: int = 24, length: int | None = None) -> ModelFiles:
    """A file with this header, as JSON unless it is text, and so many bytes of data."""
    text = header.encode() if isinstance(header, str) else json.dumps(header).encode()
    n_header_bytes = len(text) if length is None else length
    (folder / "model.safetensors").write_bytes(n_header_bytes.to_bytes(8, "little") + text + bytes(n_data_bytes))
    return ModelFiles("m", folder, "sha256:0")


def two(**changes: Any) -> dict[str, Any]:
    """A good header of two tensors, with changes to the first."""
    first = {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16], **changes}
    return {
        "__metadata__": {"format": "pt"},
        "a": first,
        "b": {"dtype": "BF16", "shape": [4], "data_offsets": [16, 24]},
    }


def test_a_good_file_is_read_by_its_header(tmp_path: Path) -> None:
    save_file({"a": torch.zeros(2, 3), "b": torch.zeros(5, dtype=torch.float16)}, tmp_path / "model.safetensors")
    tensors = read_tensors(ModelFiles("m", tmp_path, "sha256:0"))
    assert {name: entry.shape for name, entry in tensors.items()} == {"a": (2, 3), "b": (5,)}
    assert count_parameters(tensors) == 11
    assert count_parameters(read_tensors(written(tmp_path, two()))) == 8


@pytest.mark.parametrize(
    ("header", "told"),
    [
        (two(data_offsets=["0", "16"]), "two numbers for the data_offsets of 'a'; got a list of 2"),
        (two(data_offsets=[0, 16, 24]), "two numbers for the data_offsets of 'a'"),
        (two(data_offsets=[-16, 0]), "two numbers for the data_offsets of 'a'"),
        (two(data_offsets=[16, 0]), "'a' in the bytes that F32 of shape [2, 2] takes; got 16 to 0"),
        (two(data_offsets=[0, 10**15]), "takes; got 0 to 1000000000000000"),
        (two(data_offsets=[8, 24]), "a at byte 0 of the data, after the tensor before it; got byte 8"),
        (two(shape="2 2"), "whole numbers for the shape of 'a'; got the string '2 2'"),
        (two(shape=[2, -2]), "whole numbers for the shape of 'a'"),
        (two(shape=[2, True]), "whole numbers for the shape of 'a'"),
        (two(shape=[2**62, 2**62]), "takes; got 0 to 16"),
        (two(shape=[1] * 10**5, data_offsets=[0, 4]), "b at byte 4 of the data"),
        (two(dtype="F31"), "a known dtype of 'a'; got the string 'F31'"),
        (two(dtype=["F32"]), "a known dtype of 'a'; got a list of 1"),
        ({**two(), "b": 7}, "a known dtype of 'b'"),
        ({**two(), "c": {"dtype": "F32", "shape": [1], "data_offsets": [24, 28]}}, "28 bytes after the header; got 24"),
        ({"__metadata__": {}}, "a header that names tensors; got none"),
        ([1, 2], "a header that names tensors; got a list of 2"),
        ("[" * 100_000, "a header in JSON; got maximum recursion depth"),
        ('{"a": ', "a header in JSON"),
    ],
)
def test_an_odd_header_is_one_clear_line(tmp_path: Path, header: Any, told: str) -> None:
    with pytest.raises(ModelError, match="the weights are not a whole safetensors file") as caught:
        read_tensors(written(tmp_path, header))
    line = str(caught.value)
    assert told in line and str(tmp_path / "model.safetensors") in line and len(line) < 600


def test_a_header_beyond_the_file_or_beyond_reason(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=f"expected a header of {2**60} bytes"):
        read_tensors(written(tmp_path, two(), length=2**60))
    (tmp_path / "model.safetensors").write_bytes(b"vers")
    with pytest.raises(ModelError, match="not a whole safetensors file"):
        read_tensors(ModelFiles("m", tmp_path, "sha256:0"))


@pytest.mark.parametrize(
    ("index", "told"),
    [
        ({"weight_map": {"a": "../other/model.safetensors"}}, "leads out of the model's folder"),
        ({"weight_map": {"a": "/etc/passwd"}}, "leads out of the model's folder"),
        ({"weight_map": {"a": "..\\model.safetensors"}}, "leads out of the model's folder"),
        ({"weight_map": {"a": ".."}}, "leads out of the model's folder"),
        ({"weight_map": {"a": "model-00002-of-00002.safetensors"}}, "a file of weights is missing"),
        ({"weight_map": ["a"]}, "the index of the weights cannot be used"),
        ({"weight_map": {"a": None}}, "the index of the weights cannot be used"),
        ({}, "the index of the weights cannot be used"),
        (["a"], "model.safetensors.index.json of this model cannot be read"),
    ],
)
def test_an_odd_index_of_several_files(tmp_path: Path, index: Any, told: str) -> None:
    written(tmp_path, two())
    (tmp_path / "model.safetensors").rename(tmp_path / "model-00001-of-00002.safetensors")
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(ModelError, match=told):
        read_tensors(ModelFiles("m", tmp_path, "sha256:0"))


def test_a_file_that_is_no_gguf_is_told_without_the_package(tmp_path: Path) -> None:
    (tmp_path / "m.gguf").write_bytes(b"<!DOCTYPE html>")
    with pytest.raises(ModelError, match="this is not a GGUF file"):
        read_tensors(ModelFiles("m", tmp_path, "sha256:0", gguf="m.gguf"))
