"""What a run decides of a model that is added to it, and which runs take none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rdpt_core.config import ModelSet
from rdpt_core.errors import ModelError, UsageError
from rdpt_core.records import MarksPolicy, ModelReference, Role, RunClaim, ScoredModel, TemplatePolicy, TooLong
from rdpt_core.scoring.adding import as_scored
from rdpt_core.scoring.jobs.identity import SCORING_VERSION
from rdpt_core.scoring.models.prompts.chat_template import TEMPLATE_DATE
from rdpt_core.scoring.models.references import resolve
from rdpt_core.scoring.models.tokenization import load_tokenizer
from rdpt_core.scoring.request import ScoreRequest
from rdpt_core.traces import get_splitter
from tests.support.tiny_models import save_model

CODE = {"teacher:code": ModelReference("org/code")}
REQUEST = ScoreRequest(ModelSet({}, CODE), device="cpu", dtype="float32", quiet=True)


def run_of(
    policy: str = "own", splitter: str = "step", distilled: ScoredModel | None = None, **changes: Any
) -> RunClaim:
    identity = {
        "scoring_version": SCORING_VERSION,
        "template_date": TEMPLATE_DATE.isoformat(),
        "too_long": "refuse",
        "models": {"distilled": {"prompt_hash": "unknown"}},
        **changes,
    }
    version = changes.get("splitter_version", get_splitter(splitter).version)
    models = () if distilled is None else (distilled,)
    return RunClaim("0123456789abcdef", "mine", identity, {}, models, policy, splitter, version, "beef", 3)


def scored(**known: Any) -> ScoredModel:
    model = {"role": Role.DISTILLED, "model": "org/d", "revision": "r", "backend": "openai", "dtype": "served",
             "template": "distilled", "vocabulary_size": None, "n_parameters": None, "context_length": None,
             "tokenizer_hash": "t"}  # fmt: skip
    return ScoredModel(**{**model, **known})


def test_what_decides_a_number_is_the_run_s_and_how_it_is_computed_the_caller_s() -> None:
    request = as_scored(REQUEST, run_of("raw"), None, has_own_marks=True)
    assert (request.template_policy, request.marks_policy) == (TemplatePolicy.RAW, MarksPolicy.OWN)
    assert (request.too_long, request.splitter) == (TooLong.REFUSE, "step")
    assert (request.device, request.dtype, request.quiet) == ("cpu", "float32", True)
    assert request.models == REQUEST.models


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"scoring_version": "5"},
            f"another version.*scored the run.*expected scoring_version {SCORING_VERSION}; got 5",
        ),
        ({"template_date": "2020-01-01"}, "another version.*expected template_date"),
        ({"splitter_version": "0"}, "another version.*into sentences.*got version 0"),
        ({"too_long": None}, "long traces.*expected prefix or refuse; got None"),
    ],
)
def test_a_run_of_another_version_takes_no_further_model(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        as_scored(REQUEST, run_of(**changes), None, has_own_marks=False)


def test_the_distilled_model_is_asked_for_only_where_it_makes_the_prompts() -> None:
    with pytest.raises(UsageError, match="no prompt of this run.*policy `own`"):
        as_scored(REQUEST, run_of(), ModelReference("x"), has_own_marks=False)
    with pytest.raises(UsageError, match="does not say where its tokenizer is.*--distilled FOLDER"):
        as_scored(REQUEST, run_of("distilled", distilled=scored()), None, has_own_marks=False)


def test_a_served_distilled_model_lends_its_template_by_a_folder_with_its_tokenizer(tmp_path: Path) -> None:
    reference = ModelReference(str(save_model(tmp_path / "d", seed=1)))
    tokenizer = load_tokenizer(resolve(reference))
    models = {"distilled": {"prompt_hash": tokenizer.prompt_hash()}}
    run = run_of("distilled", distilled=scored(tokenizer_hash=tokenizer.hash), models=models)
    lent = as_scored(REQUEST, run, reference, has_own_marks=False).models
    assert lent.keys == ("distilled", "teacher:code")
    assert lent.reference("distilled").tokenizer == reference.model
    for other in (scored(tokenizer_hash="another"), scored(tokenizer_hash=tokenizer.hash)):
        with pytest.raises(ModelError, match="not the distilled model of the run"):
            as_scored(REQUEST, run_of("distilled", distilled=other), reference, has_own_marks=False)
