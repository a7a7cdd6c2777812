"""Which adapters are taken, and what the others are told."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from safetensors.numpy import save_file

from rdpt_core.errors import MissingPackageError, ModelError
from rdpt_core.records import ModelReference
from rdpt_core.scoring.models import references
from rdpt_core.scoring.models.references import ModelFiles, resolve
from rdpt_core.scoring.models.tokenization import load_tokenizer
from tests.support.tiny_models import byte_level_tokenizer, save_model

SETTINGS: dict[str, Any] = {
    "peft_type": "LORA",
    "base_model_name_or_path": "org/base",
    "r": 4,
    "target_modules": ["q_proj"],
    "lora_dropout": 0.1,
    "megatron_core": "megatron.core",
    "layer_replication": None,
}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(tmp_path_factory.mktemp("models") / "base")


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    folder = tmp_path / "adapter"
    folder.mkdir()
    save_file({}, folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text(json.dumps(SETTINGS))
    return folder


def adapted(base: Path, adapter: Path) -> ModelFiles:
    return resolve(ModelReference(str(base), adapter=str(adapter)))


def refused(base: Path, adapter: Path) -> str:
    with pytest.raises(ModelError) as caught:
        adapted(base, adapter)
    return str(caught.value)


def test_only_what_decides_the_weights_reaches_peft(base: Path, adapter: Path) -> None:
    files = adapted(base, adapter)
    assert files.adapter is not None
    assert files.adapter.settings == {"r": 4, "target_modules": ["q_proj"]}
    assert files.adapter.trained_on == "org/base"


@pytest.mark.parametrize(
    "setting",
    [
        {"peft_type": "IA3"},
        {"peft_type": None},
        {"init_lora_weights": "pissa_niter_4"},
        {"layer_replication": [[0, 4]]},
        {"lora_bias": True},
        {"megatron_config": {"a": 1}},
        {"of_a_later_version": 0.5},
    ],
)
def test_other_kinds_of_adapters_are_refused(base: Path, adapter: Path, setting: dict[str, Any]) -> None:
    (adapter / "adapter_config.json").write_text(json.dumps({**SETTINGS, **setting}))
    said = refused(base, adapter)
    assert "this kind of adapter is not merged here" in said and "adapter_config.json" in said
    assert not any(name.startswith("megatron") for name in sys.modules)


def test_incomplete_folders_say_what_is_missing(base: Path, adapter: Path) -> None:
    assert "no adapter folder at this path" in refused(base, adapter / "nowhere" / "here")
    assert "this folder holds no adapter" in refused(base, base)
    (adapter / "adapter_model.safetensors").rename(adapter / "adapter_model.bin")
    assert "adapter_model.bin, which can run code when loaded" in refused(base, adapter)


def test_an_adapter_given_as_a_model_is_told_what_to_write(base: Path, adapter: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        resolve(ModelReference(str(adapter)))
    assert f"Write `base=org/base,adapter={adapter}`" in str(caught.value)
    # What the library loads of such a folder depends on whether peft is installed.
    both = Path(shutil.copytree(base, tmp_path / "both"))
    shutil.copytree(adapter, both, dirs_exist_ok=True)
    for reference in (ModelReference(str(both)), ModelReference(str(both), adapter=str(adapter))):
        with pytest.raises(ModelError, match="holds a model and an adapter"):
            resolve(reference)


def test_a_missing_package_is_named(base: Path, adapter: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(references, "find_spec", lambda name: None)
    with pytest.raises(MissingPackageError, match=r"Run `pip install 'peft>=0\.21,<1'`"):
        adapted(base, adapter)


def test_a_gguf_file_is_no_base(adapter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(references, "find_spec", lambda name: object())
    file = tmp_path / "base.gguf"
    file.write_bytes(b"GGUF")
    assert "not merged into a GGUF file" in refused(file, adapter)


def test_an_adapter_and_its_base_are_known_by_their_contents(base: Path, adapter: Path, tmp_path: Path) -> None:
    revision = adapted(base, adapter).revision
    assert revision.endswith(f" on {resolve(ModelReference(str(base))).revision}")
    moved = Path(shutil.copytree(adapter, tmp_path / "moved"))
    assert adapted(base, moved).revision == revision
    save_file({}, moved / "adapter_model.safetensors", metadata={"step": "2"})
    assert adapted(base, moved).revision != revision
    assert adapted(save_model(tmp_path / "other", seed=2), adapter).revision != revision


def test_an_adapter_that_changed_meanwhile_is_refused(base: Path, adapter: Path) -> None:
    files = adapted(base, adapter)
    files.check_unchanged()
    save_file({}, adapter / "adapter_model.safetensors", metadata={"step": "2"})
    with pytest.raises(ModelError, match=r"changed after the run was named.*adapter_model\.safetensors"):
        files.check_unchanged()


def test_the_tokenizer_of_the_training_is_the_adapters(base: Path, adapter: Path, tmp_path: Path) -> None:
    assert load_tokenizer(adapted(base, adapter)).hash == load_tokenizer(resolve(ModelReference(str(base)))).hash
    revision = adapted(base, adapter).revision
    other = save_model(tmp_path / "other", tokenizer=byte_level_tokenizer(300), chat_template="{{ messages }}")
    for file in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        shutil.copy(other / file, adapter)
    tokenizer = load_tokenizer(adapted(base, adapter))
    assert tokenizer.hash == load_tokenizer(resolve(ModelReference(str(other)))).hash
    assert tokenizer.chat_template is not None and tokenizer.chat_template.source == "{{ messages }}"
    assert adapted(base, adapter).revision != revision
