"""Before anything is scored, it is known how every role's prompts begin, and whose tokens are not what one expects."""

from __future__ import annotations

import logging

import pytest

from rdpt_core.config import ModelSet
from rdpt_core.records import Message, ModelReference, Role, TemplatePolicy, TooLong, Trace
from rdpt_core.scoring.backends.base import Prompting, preview_traces
from rdpt_core.scoring.backends.factory import make_backends
from rdpt_core.scoring.jobs.previews import preview_roles
from rdpt_core.scoring.models.references import resolve
from rdpt_core.scoring.models.tokenization import load_tokenizer
from rdpt_core.scoring.request import ScoreRequest
from rdpt_core.traces.thinking import Spelling
from tests.support.tiny_models import save_model, split_tokenizer

TRACES = [
    Trace("a", "a", "It is 123456.", messages=(Message("user", "What?"),), prompt="What? "),
    Trace("b", "b", "Yes.", messages=(Message("user", "Is it?"),), prompt="Is it? "),
]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> ModelSet:
    folder = tmp_path_factory.mktemp("models")
    rebuilt = save_model(folder / "rebuilt", model_type="qwen2", tokenizer=split_tokenizer())
    plain = save_model(folder / "plain", chat_template=None)
    references = {Role.TEACHER: ModelReference(str(rebuilt)), Role.STUDENT: ModelReference(str(plain))}
    return ModelSet(references)


def test_the_first_token_of_each_role_is_found(models: ModelSet) -> None:
    backends = make_backends(ScoreRequest(models=models, device="cpu"))
    assert preview_roles(backends, TRACES) == {
        "teacher": {"first_id": 0, "first_token": "<s>"},
        "student": {"first_id": None, "first_token": None},
    }
    student = backends[1].preview(TRACES[:1])
    assert student is not None and student.first_token == "W"


def test_other_tokens_than_the_library_s_are_told_with_an_example(
    models: ModelSet, caplog: pytest.LogCaptureFixture
) -> None:
    backends = make_backends(ScoreRequest(models=models, device="cpu", template_policy=TemplatePolicy.RAW))
    with caplog.at_level(logging.WARNING):
        preview_roles(backends, TRACES)
    (record,) = caplog.records
    (token,) = split_tokenizer().encode("123").ids
    digits = ", ".join(str(split_tokenizer().token_to_id(digit)) for digit in "123")
    assert record.getMessage().startswith(
        f"teacher: tokens are cut as tokenizer.json says, as by transformers before version 5: '123' is [{token}]."
    )
    assert record.getMessage().endswith(f"to which it is [{digits}]")


def test_the_role_s_own_marks_are_looked_at_in_place_of_the_writer_s(models: ModelSet) -> None:
    tokenizer = load_tokenizer(resolve(models.references[Role.TEACHER]))
    traces = [Trace("a", "a", "<think>\nSo.\n</think>\n\nYes.", messages=(Message("user", "Is it?"),))]
    own = Prompting(TemplatePolicy.OWN, TooLong.PREFIX, Spelling("numbers", "1234", "5678"))
    found = preview_traces(traces, tokenizer, None, own).difference
    assert found is not None and "123" in found.text
    assert preview_traces(traces, tokenizer, None, Prompting(TemplatePolicy.OWN, TooLong.PREFIX)).difference is None
