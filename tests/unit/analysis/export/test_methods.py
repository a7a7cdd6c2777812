"""The methods paragraph names everything that a reader of a paper would ask for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rdpt_core import __version__
from rdpt_core.analysis.export.methods import methods_paragraph
from rdpt_core.analysis.labels import LabelRule, Space, Unit
from rdpt_core.analysis.statistics.methods import EFFECTIVE_QUESTIONS, SHARE_INTERVAL
from rdpt_core.records import Role
from rdpt_core.store.reader import Run, open_reader
from tests.support import synthetic


def run_of(path: Path, **settings: object) -> Run:
    synthetic.build(path, synthetic.sketches(2), **settings)
    with open_reader(path) as reader:
        return reader.run(None)


def test_it_names_run_models_rule_scope_and_versions(tmp_path: Path) -> None:
    run = run_of(tmp_path / "db.duckdb")
    text = methods_paragraph(run, LabelRule.make(0.02, 0.07), "benchmark = shop", ["Intervals were drawn."])
    for model in run.models:
        assert f"{model.role} = {model.model}, revision {model.revision}" in text
    for phrase in (run.run_id, run.traces_hash, "alpha = 0.02", "v_T - v_S > 0.07", "own_token", "difference"):
        assert phrase in text
    for phrase in ("benchmark = shop", "Intervals were drawn.", f"RDPT Explorer {__version__}", "splitter synthetic"):
        assert phrase in text


def test_it_names_what_was_given_to_chat_templates(tmp_path: Path) -> None:
    run = run_of(tmp_path / "db.duckdb")
    assert "Settings of chat templates" not in methods_paragraph(run, LabelRule.make(), "all traces")
    models = {"teacher": {"template_name": "tool_use", "template_arguments": {"enable_thinking": True}}}
    text = methods_paragraph(replace(run, identity={"models": models}), LabelRule.make(), "all traces")
    assert "Settings of chat templates: teacher named tool_use, enable_thinking = true." in text
    # A database may hold anything.
    for odd in ([], {"teacher": 1}, {"teacher": {"template_name": 1, "template_arguments": [1]}}):
        assert str(replace(run, identity={"models": odd}).template_settings(Role.TEACHER)) == ""


@pytest.mark.parametrize(
    ("unit", "words"), [(Unit.BYTE, "UTF-8 bytes"), (Unit.COMMON_TOKEN, "distilled model's tokens")]
)
def test_it_says_what_was_compared(tmp_path: Path, unit: Unit, words: str) -> None:
    rule = LabelRule.make(unit=unit, space=Space.RATIO)
    text = methods_paragraph(run_of(tmp_path / "db.duckdb"), rule, "all traces")
    assert words in text
    assert "in nats" in text


def test_it_says_whose_marks_the_models_saw(tmp_path: Path) -> None:
    text = methods_paragraph(
        run_of(tmp_path / "a.duckdb", identity=synthetic.OWN_MARKS), LabelRule.make(), "all traces"
    )
    assert "own family marks it: teacher harmony, student as written, distilled as written." in text
    assert "own family" not in methods_paragraph(run_of(tmp_path / "b.duckdb"), LabelRule.make(), "all traces")


def test_without_a_distilled_model_there_is_no_alpha(tmp_path: Path) -> None:
    models = [synthetic.model(Role.TEACHER), synthetic.model(Role.STUDENT, template="plain")]
    run = run_of(tmp_path / "db.duckdb", roles=(Role.TEACHER, Role.STUDENT), models=models, finish=False)
    text = methods_paragraph(run, LabelRule.make(), "all traces")
    assert "else Common" in text and "alpha" not in text
    assert "plain rendering: student" in text
    assert "not finished" in text


def test_it_begins_with_two_sentences_for_a_paper_and_cites_every_method(tmp_path: Path) -> None:
    run = run_of(tmp_path / "db.duckdb")
    methods = [SHARE_INTERVAL, "Shares are of tokens.", EFFECTIVE_QUESTIONS]
    text = methods_paragraph(run, LabelRule.make(), "all traces", methods)
    first, second = text.split(" Details: ")[0].split("2512.20908). ")
    assert all(model.model in first for model in run.models) and "alpha = 0.05, beta = 0.1" in first
    for method in (SHARE_INTERVAL, EFFECTIVE_QUESTIONS):
        assert f"{method.name} ({method.source})" in second
        assert f"{method.sentence[:-1]} ({method.source})." in text
    assert "Shares are of tokens." in text and "Shares are of tokens." not in second
    plain = methods_paragraph(run, LabelRule.make(), "all traces")
    assert "without intervals or tests. Details:" in plain
