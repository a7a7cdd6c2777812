"""What `demo` makes: two runs with all their models, of which the app opens the one of traces.jsonl."""

from __future__ import annotations

import json
import shutil
import tomllib
from collections import Counter
from pathlib import Path

import pytest

import rdpt_core as rdpt
from rdpt_core import bundled
from rdpt_core.cli import main
from rdpt_core.commands import demo

FILES = {"bundled demo": ("triple.toml", "traces.jsonl"), "bundled mixture": ("mixture.toml", "mixture_traces.jsonl")}
VARIANTS = {
    f"variant:{name}"
    for name in ("teacher-t0.667", "teacher-t1.5", "student-t0.667", "student-t1.5", "teacher-other-question")
}
KINDS = {"teachers": "teacher", "controls": "control", "checkpoints": "checkpoint"}


def named_models(name: str) -> dict[str, str]:
    """By role, the models that a bundled file of models names, as they stand in a database."""
    tables = tomllib.loads((bundled.DATA / name).read_text(encoding="utf-8"))
    models = {role: tables[role]["model"] for role in ("teacher", "student", "distilled")}
    models |= {
        f"{kind}:{own}": table["model"] for group, kind in KINDS.items() for own, table in tables.get(group, {}).items()
    }
    return {role: f"data/{model}" for role, model in models.items()}


def test_both_runs_hold_all_their_models_and_traces(demo_database: Path) -> None:
    runs = {run.info.name: run for run in rdpt.open(demo_database).runs()}
    written = {f"bundled demo, written by the {role}" for role in ("student", "teacher")}
    assert runs.keys() == FILES.keys() | written
    for name, (models, traces) in FILES.items():
        info = runs[name].info
        stored = [*info.models, *(companion.model for companion in info.companions)]
        variants = {model.role for model in stored if model.role.startswith("variant:")}
        assert {model.role: model.model for model in stored if model.role not in variants} == named_models(models)
        assert variants == (VARIANTS if name == "bundled demo" else set())
        assert all(companion.is_finished for companion in info.companions)
        lines = map(json.loads, (bundled.DATA / traces).read_text(encoding="utf-8").splitlines())
        assert runs[name].traces().column("trace_id").to_pylist() == [line["trace_id"] for line in lines]
        assert not any(runs[name].sentences().column("unscored_reason").to_pylist())
    assert rdpt.open(demo_database).run().info.name == "bundled demo"


def test_the_app_opens_on_a_run_that_every_page_has_something_of(demo_database: Path) -> None:
    run = rdpt.open(demo_database).run()
    sentences = run.sentences()
    classes = Counter(sentences.column("training_class").to_pylist())
    assert set(classes) == {"copied", "template", "new"} and None not in classes
    shares = run.shares(by="training").to_pylist()
    assert {row["training"] for row in shares} == set(classes)
    assert "training" in {row["divided_by"] for row in run.importance("training").to_pylist()}
    kinds = run.behaviours().to_pylist()
    assert any(row["is_replicated"] for row in kinds) and all(row["training_new"] is not None for row in kinds)


def test_a_second_demo_scores_nothing(
    demo_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    database = Path(shutil.copy(demo_database, tmp_path / "demo.duckdb"))

    model_s = []
    monkeypatch.setattr(demo, "print_stages", lambda role, stages: model_s.append(stages.model))
    # The models are named from where they lie, wherever the command is given.
    monkeypatch.chdir(tmp_path)
    before = [run.info.run_id for run in rdpt.open(demo_database).runs()]
    assert main(["demo", "--no-app", "--db", "demo.duckdb"]) == 0
    assert [run.info.run_id for run in rdpt.open(database).runs()] == before
    assert not any(model_s)
    n_models = " and ".join(str(len(named_models(models))) for models, _ in reversed(FILES.values()))
    assert f"two runs, of {n_models} models" in capsys.readouterr().err
