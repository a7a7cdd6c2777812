"""Runs with an adapter in a role."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoTokenizer

from rdpt_core.cli import main
from rdpt_core.scoring.models import merging
from tests.integration.conftest import export
from tests.support.tiny_adapters import save_adapter, unmerged

DATA = Path(__file__).resolve().parents[3] / "data"
STUDENT = DATA / "student"
N_TRACES = 6


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_adapter(tmp_path_factory.mktemp("adapters") / "tuned", STUDENT)


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The dtype of every model that is loaded from files."""
    load, calls = merging.load_model, []

    def load_and_count(*files: Any, **how: Any) -> Any:
        calls.append(how["dtype"])
        return load(*files, **how)

    monkeypatch.setattr(merging, "load_model", load_and_count)
    return calls


def score(database: Path, models: dict[str, object], *options: str) -> list[dict[str, Any]]:
    """The tokens of a run."""
    flags = [part for role, model in models.items() for part in (f"--{role}", str(model))]
    traces = ["--traces", str(DATA / "traces.jsonl"), "--limit", str(N_TRACES)]
    roles = ["--roles", ",".join(models)]
    assert main(["score", *traces, *flags, *roles, "--db", str(database), "--quiet", *options]) == 0
    return export(database, "tokens", database.with_suffix(".jsonl"))


def logprobs(tokens: Sequence[dict[str, Any]], role: str) -> list[float]:
    return [row["logprob"] for row in tokens if row["role"] == role]


def test_an_adapter_has_the_numbers_of_the_merged_model_and_its_base_is_loaded_once(
    adapter: Path, tmp_path: Path, loaded: list[str]
) -> None:
    folder = tmp_path / "merged"
    unmerged(STUDENT, adapter).merge_and_unload().save_pretrained(folder)
    AutoTokenizer.from_pretrained(STUDENT).save_pretrained(folder)
    base_and_adapter = f"base={STUDENT},adapter={adapter}"
    triple = {"teacher": DATA / "teacher", "student": STUDENT}
    mine = score(tmp_path / "a.duckdb", {**triple, "distilled": base_and_adapter})
    assert len(loaded) == 2
    theirs = score(tmp_path / "b.duckdb", {**triple, "distilled": folder})
    assert len(loaded) == 5
    alone = score(tmp_path / "c.duckdb", {"teacher": base_and_adapter, "student": STUDENT})
    assert len(loaded) == 7
    distilled, student = logprobs(mine, "distilled"), logprobs(mine, "student")
    assert len(distilled) > 200
    assert max(abs(a - b) for a, b in zip(distilled, logprobs(theirs, "distilled"), strict=True)) < 1e-5
    assert max(abs(a - b) for a, b in zip(distilled, student, strict=True)) > 1e-2
    # Whether the base was in memory changes no bit of either.
    assert student == logprobs(theirs, "student") == logprobs(alone, "student")
    assert distilled == logprobs(alone, "teacher")


def test_a_base_waits_for_the_next_role_only(adapter: Path, tmp_path: Path, loaded: list[str]) -> None:
    base_and_adapter = f"base={STUDENT},adapter={adapter}"
    models = {"teacher": STUDENT, "student": DATA / "distilled", "distilled": base_and_adapter}
    score(tmp_path / "a.duckdb", models)
    assert len(loaded) == 3
    # Files in bfloat16 hold the base as such a run has it.
    score(tmp_path / "b.duckdb", {"teacher": STUDENT, "student": base_and_adapter}, "--dtype", "bfloat16")
    assert loaded[3:] == ["bfloat16"]


def test_two_roles_with_one_model_are_noted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    score(tmp_path / "a.duckdb", {"teacher": STUDENT, "student": STUDENT})
    assert "note: teacher and student are the same model" in capsys.readouterr().err


def test_local_scores_find_an_adapter_again(adapter: Path, tmp_path: Path) -> None:
    database = tmp_path / "a.duckdb"
    score(database, {"teacher": DATA / "teacher", "student": f"base={STUDENT},adapter={adapter}"})
    assert main(["local", "--db", str(database), "--quiet"]) == 0
