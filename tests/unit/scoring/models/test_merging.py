"""Adapters in their bases: the numbers of peft itself, and nothing of an adapter left out in silence."""

from __future__ import annotations

import json
import logging
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from rdpt_core.errors import ModelError
from rdpt_core.records import ModelReference
from rdpt_core.scoring.models.merging import check_adapter, holds_base, load_merged
from rdpt_core.scoring.models.references import ModelFiles, resolve
from tests.support.architectures import N_VOCABULARY, make_model
from tests.support.tiny_adapters import load_base, save_adapter, unmerged
from tests.support.tiny_models import save_model

STUDENT = Path(__file__).resolve().parents[4] / "data" / "student"
VOCABULARY_SIZE = json.loads((STUDENT / "config.json").read_text(encoding="utf-8"))["vocab_size"]
IDS = torch.arange(1, 60)[None]
N_ROWS = VOCABULARY_SIZE + 4
KINDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "rank and alpha by module": {"rank_pattern": {"q_proj": 8}, "alpha_pattern": {"layers.1.mlp.up_proj": 32}},
    "rank-stabilised": {"use_rslora": True, "r": 8},
    "DoRA": {"use_dora": True},
    "some layers": {"layers_to_transform": [1, 2]},
    "head saved": {"modules_to_save": ["lm_head"]},
    "embedding saved": {"modules_to_save": ["embed_tokens"]},
    "embedding adapted": {"target_modules": ["q_proj", "embed_tokens"]},
    "some tokens trained": {"trainable_token_indices": [3, 5]},
    "more tokens": {"n_rows": N_ROWS},
}


def adapted(base: Path, adapter: Path) -> ModelFiles:
    return resolve(ModelReference(str(base), adapter=str(adapter)))


def merged(base: Path, adapter: Path, dtype: str = "float32") -> Any:
    return load_merged(adapted(base, adapter), device="cpu", dtype=dtype, trust_remote_code=False)


def logprobs(model: Any) -> torch.Tensor:
    """In float64, so that what differs is the weights."""
    with torch.no_grad():
        found: torch.Tensor = model.double()(input_ids=IDS).logits.log_softmax(-1)
    return found


def refused(base: Path, adapter: Path) -> str:
    """What is said before any weight is loaded."""
    with pytest.raises(ModelError) as caught:
        files = adapted(base, adapter)
        assert files.adapter is not None
        check_adapter(files, files.adapter, False)
    return str(caught.value)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_adapter(tmp_path_factory.mktemp("adapters") / "plain", STUDENT)


@pytest.fixture(scope="module")
def of_student() -> torch.Tensor:
    return logprobs(load_base(STUDENT))


@pytest.fixture
def copied(plain: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(plain, tmp_path / "copy"))


def change_settings(folder: Path, **settings: Any) -> None:
    path = folder / "adapter_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **settings}))


@pytest.mark.parametrize("kind", KINDS)
def test_a_merged_model_has_the_numbers_of_the_unmerged_one(
    tmp_path: Path, kind: str, of_student: torch.Tensor
) -> None:
    adapter = save_adapter(tmp_path / "adapter", STUDENT, **KINDS[kind])
    files = adapted(STUDENT, adapter)
    assert files.adapter is not None
    n_rows = KINDS[kind].get("n_rows")
    assert check_adapter(files, files.adapter, False) == (n_rows or VOCABULARY_SIZE)
    expected = logprobs(unmerged(STUDENT, adapter, n_rows))
    assert float((logprobs(merged(STUDENT, adapter)) - expected).abs().max()) < 1e-5
    assert float((expected[..., :VOCABULARY_SIZE] - of_student).abs().max()) > 1e-2


@pytest.mark.parametrize("kind", ["mistral3", "qwen2_5_vl"])
def test_a_base_that_also_sees_has_its_text_half_adapted(tmp_path: Path, kind: str) -> None:
    """The adapter may change the encoder, too, which is dropped: no text reaches it."""
    base = tmp_path / "base"
    make_model(kind).save_pretrained(base)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(STUDENT / name, base)
    adapter = save_adapter(tmp_path / "adapter", base, target_modules="all-linear", scale=0.05)
    assert any("visual" in name or "vision" in name for name in load_file(adapter / "adapter_model.safetensors"))
    files = adapted(base, adapter)
    assert files.adapter is not None and check_adapter(files, files.adapter, False) == N_VOCABULARY
    exact = unmerged(base, adapter)
    assert float((logprobs(merged(base, adapter)) - logprobs(exact)).abs().max()) < 1e-5
    rounded = dict(merged(base, adapter, "bfloat16").named_parameters())
    weights = exact.float().merge_and_unload().named_parameters()
    assert all(rounded[name].is_meta or torch.equal(rounded[name], weight.bfloat16()) for name, weight in weights)


@pytest.mark.parametrize("stored", ["float32", "bfloat16"])
def test_weights_are_rounded_once(tmp_path: Path, stored: str) -> None:
    """To the dtype of the run, whatever the files of the base hold."""
    base = save_model(tmp_path / "base", tie_word_embeddings=False)
    file = base / "model.safetensors"
    tensors = {name: tensor.to(getattr(torch, stored)) for name, tensor in load_file(file).items()}
    save_file(tensors, file, metadata={"format": "pt"})
    adapter = save_adapter(tmp_path / "adapter", base)
    assert holds_base(adapted(base, adapter), "bfloat16") == (stored == "bfloat16")
    exact = unmerged(base, adapter).merge_and_unload().state_dict()
    got = merged(base, adapter, "bfloat16")
    assert got.model.rotary_emb.inv_freq.dtype is torch.float32
    for name, tensor in got.state_dict().items():
        assert torch.equal(tensor, exact[name].to(torch.bfloat16)), name


def test_a_base_in_memory_gives_the_same_weights_and_its_file_stays(plain: Path) -> None:
    content = (STUDENT / "model.safetensors").read_bytes()
    files = adapted(STUDENT, plain)
    base = load_merged(replace(files, adapter=None), device="cpu", dtype="float32", trust_remote_code=False)
    taken = load_merged(files, device="cpu", dtype="float32", trust_remote_code=False, base=base)
    assert taken is base
    fresh = merged(STUDENT, plain).state_dict()
    assert all(torch.equal(tensor, fresh[name]) for name, tensor in taken.state_dict().items())
    assert (STUDENT / "model.safetensors").read_bytes() == content


def test_what_does_not_fit_is_refused(plain: Path, tmp_path: Path) -> None:
    narrower = save_model(tmp_path / "narrower", num_hidden_layers=4)
    said = refused(narrower, plain)
    assert "the adapter does not fit its base: model.layers.0." in said and "Give the base of its training" in said
    assert "the adapter has 28 tensors without a place" in refused(save_model(tmp_path / "flatter"), plain)
    other = save_model(tmp_path / "other", model_type="gpt2", n_embd=32, n_head=4, n_layer=2)
    assert "not found in the base model" in refused(other, plain)


def test_no_tensor_is_left_out_or_made_up(copied: Path) -> None:
    file = copied / "adapter_model.safetensors"
    tensors = load_file(file)
    name = "base_model.model.model.layers.0.mlp.up_proj.lora_A.weight"
    save_file({**tensors, name.replace("up_proj", "left_proj"): tensors[name].clone()}, file)
    assert "the adapter has 1 tensor without a place in its base" in refused(STUDENT, copied)
    save_file({key: tensor for key, tensor in tensors.items() if key != name}, file)
    assert "the adapter has 1 tensor missing from its weights" in refused(STUDENT, copied)
    save_file({**tensors, name: tensors[name] * float("nan")}, file)
    with pytest.raises(ModelError, match="1 tensor with values that are no finite numbers"):
        merged(STUDENT, copied)


@pytest.mark.parametrize(
    "settings",
    [
        {"r": 10**12},
        {"r": "four"},
        {"r": 8},
        {"lora_alpha": "much"},
        {"target_modules": 5},
        {"target_modules": "(["},
        {"rank_pattern": ["q_proj"]},
        {"modules_to_save": {"lm_head": 1}},
        {"trainable_token_indices": [10**6]},
        {"layers_to_transform": "all"},
    ],
    ids=str,
)
def test_odd_settings_are_refused_in_one_line(copied: Path, settings: dict[str, Any]) -> None:
    change_settings(copied, **settings)
    said = refused(STUDENT, copied)
    assert "adapter" in said and len(said) < 1000


def test_a_library_that_cannot_be_imported_is_told_in_one_line(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As one that was made for another version of transformers."""
    files = adapted(STUDENT, plain)
    assert files.adapter is not None
    monkeypatch.setitem(sys.modules, "peft", ModuleType("peft"))
    with pytest.raises(ModelError, match="the adapter cannot be merged into its base: .*cannot import name"):
        check_adapter(files, files.adapter, False)


def test_experts_that_are_stored_one_by_one_are_not_dropped(tmp_path: Path) -> None:
    """Adapters of that form come from transformers 4, and peft finds no place for them without saying so."""
    sizes = {"num_experts": 4, "moe_intermediate_size": 16, "num_experts_per_tok": 2}
    base = save_model(
        tmp_path / "base", model_type="qwen2_moe", shared_expert_intermediate_size=16, decoder_sparse_step=1, **sizes
    )
    adapter = save_adapter(tmp_path / "adapter", base, target_modules=["gate_proj", "up_proj", "down_proj"])
    tensors = load_file(adapter / "adapter_model.safetensors")
    for part, (n_in, n_out) in {"gate_proj": (32, 16), "up_proj": (32, 16), "down_proj": (16, 32)}.items():
        for expert in range(8):
            path = f"base_model.model.model.layers.{expert // 4}.mlp.experts.{expert % 4}.{part}"
            tensors[f"{path}.lora_A.weight"] = torch.randn(4, n_in)
            tensors[f"{path}.lora_B.weight"] = torch.randn(n_out, 4)
    save_file(tensors, adapter / "adapter_model.safetensors")
    assert "without a place in its base" in refused(base, adapter)


def test_a_vocabulary_of_another_size_needs_both_embeddings(tmp_path: Path) -> None:
    adapter = save_adapter(tmp_path / "adapter", STUDENT, n_rows=N_ROWS)
    file = adapter / "adapter_model.safetensors"
    save_file({name: tensor for name, tensor in load_file(file).items() if "lm_head" not in name}, file)
    assert "for one embedding only" in refused(STUDENT, adapter)


def test_what_a_reader_must_know_is_noted(
    plain: Path, copied: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "rdpt_core")
    files = adapted(STUDENT, plain)
    assert files.adapter is not None
    check_adapter(files, files.adapter, False)
    assert not caplog.messages
    change_settings(copied, base_model_name_or_path="org/another")
    files = adapted(STUDENT, copied)
    assert files.adapter is not None
    check_adapter(files, files.adapter, False)
    assert f"names org/another as its base; it is merged into {STUDENT}" in caplog.messages[0]
    merged(STUDENT, save_adapter(tmp_path / "empty", STUDENT, scale=0.0))
    assert "changes no weight of its base" in caplog.messages[1]
