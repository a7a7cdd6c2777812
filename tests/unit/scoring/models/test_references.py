"""The three checks that keep a wrong model from costing minutes, and what identifies a model."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from rdpt_core.errors import MissingPackageError, ModelError
from rdpt_core.records import ModelReference
from rdpt_core.scoring.models.references import resolve, resolve_tokenizer, tokenizer_key
from tests.support.tiny_models import save_model


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(tmp_path_factory.mktemp("models") / "one", seed=1)


def refused(reference: str) -> str:
    started_s = time.monotonic()
    with pytest.raises(ModelError) as caught:
        resolve(ModelReference(reference))
    assert time.monotonic() - started_s < 1.5
    return str(caught.value)


def test_a_missing_hub_model_fails_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rdpt_core.scoring.models.references._reachable", lambda endpoint: False)
    said = refused("no-such-org/no-such-model")
    assert "no-such-org/no-such-model" in said
    assert "connection" in said


def test_a_wrong_path_is_called_a_path(tmp_path: Path) -> None:
    for wrong in (tmp_path / "nothing" / "here", "./nothing-here", "a/b/c"):
        said = refused(str(wrong))
        assert "no model folder at this path" in said
        assert "nearest folder that exists" in said


def test_incomplete_folders_say_what_is_missing(folder: Path, tmp_path: Path) -> None:
    for missing, said in (
        ("config.json", "no configuration"),
        ("model.safetensors", "no safetensors weights"),
        ("tokenizer.json", "no tokenizer"),
    ):
        copy = tmp_path / missing
        shutil.copytree(folder, copy)
        (copy / missing).unlink()
        assert said in refused(str(copy))
    (tmp_path / "model.safetensors" / "pytorch_model.bin").write_bytes(b"x")
    assert "can run code" in refused(str(tmp_path / "model.safetensors"))
    assert "this file is not a model" in refused(str(folder / "config.json"))


def test_a_local_folder_has_no_revisions_and_a_model_has_a_name(folder: Path) -> None:
    with pytest.raises(ModelError, match="no revisions"):
        resolve(ModelReference(str(folder), revision="v1"))
    assert "no name" in refused("")


def test_a_folder_is_known_by_its_contents(folder: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere"
    shutil.copytree(folder, moved)
    assert resolve(ModelReference(str(moved))).revision == resolve(ModelReference(str(folder))).revision
    other = save_model(tmp_path / "retrained", seed=2)
    assert resolve(ModelReference(str(other))).revision != resolve(ModelReference(str(folder))).revision
    (moved / "chat_template.jinja").write_text("{{ messages }}")
    assert resolve(ModelReference(str(moved))).revision != resolve(ModelReference(str(folder))).revision


@pytest.mark.parametrize(
    "name",
    [
        "special_tokens_map.json",
        "added_tokens.json",
        "model.safetensors.index.json",
        "additional_chat_templates/tool_use.jinja",
    ],
)
def test_files_that_change_prompts_or_choose_weights_are_contents_too(folder: Path, tmp_path: Path, name: str) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    file = copy / name
    file.parent.mkdir(exist_ok=True)
    found = {resolve(ModelReference(str(copy))).revision}
    for text in ("{}", '{"bos_token": "<s>"}'):
        file.write_text(text)
        found.add(resolve(ModelReference(str(copy))).revision)
    assert len(found) == 3


def test_a_gguf_file_names_the_packages_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "model.gguf"
    file.write_bytes(b"GGUF")
    monkeypatch.setattr("rdpt_core.scoring.models.references.find_spec", lambda name: None)
    with pytest.raises(MissingPackageError, match="pip install gguf accelerate"):
        resolve(ModelReference(str(file)))
    monkeypatch.setattr("rdpt_core.scoring.models.references.find_spec", lambda name: object())
    assert resolve(ModelReference(str(file))).gguf == "model.gguf"


def test_a_gguf_file_lends_its_tokenizer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "model.gguf"
    file.write_bytes(b"GGUF")
    monkeypatch.setattr("rdpt_core.scoring.models.references.find_spec", lambda name: None)
    with pytest.raises(MissingPackageError, match="tokenizer in a GGUF file.*`pip install gguf`"):
        resolve_tokenizer(str(file))
    monkeypatch.setattr("rdpt_core.scoring.models.references.find_spec", lambda name: object())
    found = resolve_tokenizer(str(file))
    assert (found.folder, found.gguf, found.name) == (tmp_path, "model.gguf", str(file))
    other = tmp_path / "other.gguf"
    other.write_bytes(b"GGUF")
    assert tokenizer_key(found) != tokenizer_key(resolve_tokenizer(str(other)))
    with pytest.raises(ModelError, match=r"no tokenizer folder at this path.*\.gguf file"):
        resolve_tokenizer(str(tmp_path / "none.gguf"))
