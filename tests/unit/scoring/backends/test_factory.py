"""What the user gives to a chat template is used, or refused with a reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from rdpt_core.config import ModelSet
from rdpt_core.errors import RdptError, UsageError
from rdpt_core.records import ModelReference, Role, TemplatePolicy, TemplateSettings
from rdpt_core.scoring.backends.factory import make_backends
from rdpt_core.scoring.request import ScoreRequest
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
    with pytest.raises(UsageError, match="reads no such argument: teacher .*expected one of thinking; got thinkng"):
        make_backends(request(folders, TemplatePolicy.OWN, thinkng=True))


def test_a_base_model_takes_no_settings(folders: Path) -> None:
    for settings in (TemplateSettings(arguments={"thinking": True}), TemplateSettings("tool_use")):
        reference = ModelReference(str(folders / "base"), template=settings)
        models = ModelSet({Role.TEACHER: reference, Role.STUDENT: reference})
        with pytest.raises(RdptError, match=r"makes no prompt of this run|no chat template of that name"):
            make_backends(ScoreRequest(models=models, device="cpu"))
