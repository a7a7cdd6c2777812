"""The files of models that a build writes score its traces, wherever the built folder stands."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

import pytest

import rdpt_core as rdpt
from data.recipe.models.folders import checkpoints
from data.recipe.problems.tasks import BENCHMARKS
from data.recipe.settings import QUICK
from data.recipe.traces import read_jsonl
from rdpt_core.store.reader import open_reader

# Builds and stages in processes of their own take a minute.
pytestmark = pytest.mark.slow

ALWAYS = {"teacher", "student", "distilled", "teacher:B", "teacher:sibling", "control:decoy"}
# The mixture learned from teacher B, and these know half of what B says.
FURTHER_DECOYS = {f"control:decoy_{number}" for number in (2, 3, 4, 5)}


@pytest.mark.parametrize(
    ("triple", "traces", "distilled"),
    [("triple.toml", "traces.jsonl", "distilled"), ("mixture.toml", "mixture_traces.jsonl", "companions/mixture")],
)
def test_the_traces_are_scored_by_the_models_of_their_run(
    built: Path, tmp_path: Path, triple: str, traces: str, distilled: str
) -> None:
    moved = shutil.copytree(built, tmp_path / "moved")
    assert str(built) not in (moved / triple).read_text(encoding="utf-8")
    assert tomllib.loads((moved / triple).read_text(encoding="utf-8"))["distilled"] == {"model": distilled}
    result = rdpt.score(moved / traces, tmp_path / "scored.duckdb", triple=moved / triple, quiet=True)
    records = read_jsonl(moved / traces)
    assert result.n_traces == len(records) >= len(BENCHMARKS) * QUICK.n_mixture_problems

    with open_reader(tmp_path / "scored.duckdb") as reader:
        (run,) = reader.runs()
    more = {f"checkpoint:{step}" for step in checkpoints(moved)} | FURTHER_DECOYS if triple == "triple.toml" else set()
    models = [*run.models, *(companion.model for companion in run.companions)]
    assert {model.role for model in models} == ALWAYS | more
    assert all(companion.is_finished for companion in run.companions)
    teachers = {model.name for model in models if model.role.partition(":")[0] == "teacher"}
    assert teachers == {"A", "B", "sibling"}
    assert {record["teacher_id"] for record in records} == {"A", "B"}
