"""Models are checked before anything slow starts, and nothing is loaded twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rdpt_core.config import ModelSet
from rdpt_core.records import ROLES, ModelReference, Role
from rdpt_core.scoring.backends import factory
from rdpt_core.scoring.models.references import ModelFiles, resolve
from rdpt_core.scoring.models.tokenization import RoleTokenizer, load_tokenizer
from rdpt_core.scoring.request import ScoreRequest
from tests.support.tiny_models import save_model


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the models whose tokenizers are loaded."""
    names: list[str] = []

    def load(files: ModelFiles, *, trust_remote_code: bool) -> RoleTokenizer:
        names.append(Path(files.name).name)
        return load_tokenizer(files, trust_remote_code=trust_remote_code)

    monkeypatch.setattr(factory, "load_tokenizer", load)
    return names


@pytest.fixture
def folders(tmp_path: Path) -> dict[Role, Path]:
    return {role: save_model(tmp_path / role, seed=seed) for seed, role in enumerate(ROLES)}


def request(folders: dict[Role, Path]) -> ScoreRequest:
    return ScoreRequest(models=ModelSet({role: ModelReference(str(folders[role])) for role in ROLES}), device="cpu")


def test_roles_with_the_same_tokenizer_load_it_once(folders: dict[Role, Path], loaded: list[str]) -> None:
    backends = factory.make_backends(request(folders))
    assert loaded == ["teacher"]
    assert len({backend.model.tokenizer_hash for backend in backends}) == 1
    assert [Path(backend.model.model).name for backend in backends] == list(ROLES)


@pytest.mark.parametrize("name", ["tokenizer_config.json", "chat_template.jinja", "config.json"])
def test_what_decides_a_prompt_keeps_them_apart(folders: dict[Role, Path], loaded: list[str], name: str) -> None:
    path = folders[Role.STUDENT] / name
    if name == "chat_template.jinja":
        path.write_text(path.read_text() + " ")
    else:
        changed = {"model_type": "mistral"} if name == "config.json" else {"add_bos_token": True}
        path.write_text(json.dumps({**json.loads(path.read_text()), **changed}))
    factory.make_backends(request(folders))
    assert loaded == ["teacher", "student"]


def test_a_shared_tokenizer_goes_by_the_name_of_each_model(folders: dict[Role, Path]) -> None:
    files = {role: resolve(ModelReference(str(folder))) for role, folder in folders.items()}
    tokenizers = factory._load_tokenizers(files, trust_remote_code=False)
    assert [tokenizers[role].name for role in ROLES] == [str(folders[role]) for role in ROLES]
