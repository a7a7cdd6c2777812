"""Models are checked before anything slow starts, nothing is loaded twice, and no setting is dropped in silence."""

from __future__ import annotations

import gc
import json
from pathlib import Path

import pytest

from rdpt_core.config import ModelSet
from rdpt_core.errors import RdptError, UsageError
from rdpt_core.records import ROLES, Message, ModelReference, Role, TemplatePolicy, TemplateSettings, Trace
from rdpt_core.scoring.backends import factory
from rdpt_core.scoring.backends.factory import make_backends, make_live_backend
from rdpt_core.scoring.jobs.identity import make_claim, survey_traces
from rdpt_core.scoring.models.references import ModelFiles, resolve
from rdpt_core.scoring.models.tokenization import RoleTokenizer, load_tokenizer
from rdpt_core.scoring.request import ScoreRequest
from rdpt_core.traces import get_splitter
from tests.support.tiny_models import metaspace_tokenizer, save_model

TEMPLATE = "{% if thinking %}T{% endif %}{{ messages[0].content }}"


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("models")
    save_model(root / "chat", chat_template=TEMPLATE)
    save_model(root / "base", chat_template=None, tokenizer=metaspace_tokenizer())
    return root


def request(folders: Path, policy: TemplatePolicy, **teacher: object) -> ScoreRequest:
    settings = TemplateSettings(arguments=teacher)
    models = {Role.TEACHER: ModelReference(str(folders / "chat"), template=settings)}
    others = {role: ModelReference(str(folders / "base")) for role in (Role.STUDENT, Role.DISTILLED)}
    return ScoreRequest(models=ModelSet({**models, **others}), device="cpu", template_policy=policy)


def test_arguments_reach_the_template(folders: Path) -> None:
    backend = make_backends(request(folders, TemplatePolicy.OWN, thinking=True))[0]
    assert backend.chat_template is not None
    assert backend.chat_template.render([[{"role": "user", "content": "?"}]]) == ["T?"]


@pytest.mark.parametrize("policy", [TemplatePolicy.RAW, TemplatePolicy.DISTILLED])
def test_arguments_that_no_prompt_would_show_are_refused(folders: Path, policy: TemplatePolicy) -> None:
    assert [backend.chat_template for backend in make_backends(request(folders, policy))] == [None] * 3
    with pytest.raises(UsageError, match=f"makes no prompt of this run: teacher .*template_arguments under .*{policy}"):
        make_backends(request(folders, policy, thinking=True))


def test_a_name_that_the_template_does_not_read_is_refused(folders: Path) -> None:
    with pytest.raises(UsageError, match="reads no such argument: teacher .*expected thinking; got thinkng"):
        make_backends(request(folders, TemplatePolicy.OWN, thinkng=True))


def test_a_template_without_arguments_takes_none(tmp_path: Path) -> None:
    save_model(tmp_path / "chat", chat_template="{{ messages[0].content }}")
    save_model(tmp_path / "base", chat_template=None)
    with pytest.raises(UsageError, match="expected no argument, since it reads none; got thinking"):
        make_backends(request(tmp_path, TemplatePolicy.OWN, thinking=True))


def test_a_base_model_takes_no_settings(folders: Path) -> None:
    for settings in (TemplateSettings(arguments={"thinking": True}), TemplateSettings("tool_use")):
        reference = ModelReference(str(folders / "base"), template=settings)
        models = ModelSet({Role.TEACHER: reference, Role.STUDENT: reference})
        with pytest.raises(RdptError, match=r"makes no prompt of this run|no chat template of that name"):
            make_backends(ScoreRequest(models=models, device="cpu"))


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the models whose tokenizers are loaded."""
    names: list[str] = []

    def load(files: ModelFiles, template: TemplateSettings, *, trust_remote_code: bool) -> RoleTokenizer:
        names.append(Path(files.name).name)
        return load_tokenizer(files, template, trust_remote_code=trust_remote_code)

    monkeypatch.setattr(factory, "load_tokenizer", load)
    return names


@pytest.fixture
def folder_of(tmp_path: Path) -> dict[Role, Path]:
    return {role: save_model(tmp_path / role, seed=seed) for seed, role in enumerate(ROLES)}


def request_of(folder_of: dict[Role, Path]) -> ScoreRequest:
    return ScoreRequest(models=ModelSet({role: ModelReference(str(folder_of[role])) for role in ROLES}), device="cpu")


def test_roles_with_the_same_tokenizer_load_it_once(folder_of: dict[Role, Path], loaded: list[str]) -> None:
    backends = factory.make_backends(request_of(folder_of))
    assert loaded == ["teacher"]
    assert len({backend.model.tokenizer_hash for backend in backends}) == 1
    assert [Path(backend.model.model).name for backend in backends] == list(ROLES)


@pytest.mark.parametrize("name", ["tokenizer_config.json", "chat_template.jinja", "config.json"])
def test_what_decides_a_prompt_keeps_them_apart(folder_of: dict[Role, Path], loaded: list[str], name: str) -> None:
    path = folder_of[Role.STUDENT] / name
    if name == "chat_template.jinja":
        path.write_text(path.read_text() + " ")
    else:
        changed = {"model_type": "mistral"} if name == "config.json" else {"add_bos_token": True}
        path.write_text(json.dumps({**json.loads(path.read_text()), **changed}))
    factory.make_backends(request_of(folder_of))
    assert loaded == ["teacher", "student"]


def test_a_shared_tokenizer_goes_by_the_name_of_each_model(folder_of: dict[Role, Path]) -> None:
    files = {role: resolve(ModelReference(str(folder))) for role, folder in folder_of.items()}
    tokenizers = factory._load_tokenizers(files, request_of(folder_of).models.references, trust_remote_code=False)
    assert [tokenizers[role].name for role in ROLES] == [str(folder_of[role]) for role in ROLES]


def test_settings_of_a_recorded_role_are_for_the_model_that_checks_it(folders: Path, tmp_path: Path) -> None:
    """They reach its prompts, and change neither the run's name nor what a recorded role is without it."""
    row = {"trace_id": "t", "token_index": 0, "char_start": 0, "char_end": 2, "logprob": -1.0}
    (tmp_path / "r.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")

    def recorded(settings: TemplateSettings, live: ModelReference | None) -> ScoreRequest:
        files = (str(tmp_path / "r.jsonl"),)
        teacher = ModelReference("", backend="recorded", files=files, template=settings, check_with=live)
        models = {Role.TEACHER: teacher, Role.STUDENT: ModelReference(str(folders / "base"))}
        return ScoreRequest(models=ModelSet(models), device="cpu")

    def named(asked: ScoreRequest) -> str:
        return make_claim(asked, make_backends(asked), survey, get_splitter("sentence")).run_id

    trace = Trace(trace_id="t", question_id="q", response="ab", messages=(Message("user", "?"),))
    survey = survey_traces([trace], TemplatePolicy.OWN)
    thinking, live = TemplateSettings(arguments={"thinking": True}), ModelReference(str(folders / "chat"))
    checked = recorded(thinking, live)
    backend = make_live_backend(checked, Role.TEACHER)
    assert backend.chat_template is not None and backend.model.role is Role.TEACHER
    assert backend.chat_template.render([[{"role": "user", "content": "?"}]]) == ["T?"]
    assert named(checked) == named(recorded(TemplateSettings(), None))
    with pytest.raises(UsageError, match="makes no prompt of this run"):
        make_backends(recorded(thinking, None))
    with pytest.raises(UsageError, match="no model to check these recordings with"):
        make_live_backend(recorded(TemplateSettings(), None), Role.TEACHER)


def test_a_model_that_was_never_loaded_leaves_no_garbage_to_look_for(
    folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    collected: list[str] = []
    monkeypatch.setattr(gc, "collect", lambda: collected.append("once"))
    never, loaded = make_backends(request(folders, TemplatePolicy.OWN))[:2]
    never.close()
    assert not collected
    loaded.load()
    loaded.close()
    assert collected == ["once"]
