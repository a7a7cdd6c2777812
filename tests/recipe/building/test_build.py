"""The whole build at toy size: complete, repeatable whatever the number of processes, and true to what it says."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest
import torch

from data.recipe.__main__ import main
from data.recipe.building.candidates import answering_teacher, teacher_problems
from data.recipe.building.held_out import draw_held_out
from data.recipe.building.school import common_part
from data.recipe.building.tune import checkpoint_steps
from data.recipe.corpus.documents import make_documents
from data.recipe.corpus.planted import planted_spans
from data.recipe.models.folders import COMPANIONS, ROLES, checkpoints, folder_of, load_model, load_tokenizer
from data.recipe.models.train import count_steps
from data.recipe.problems.tasks import BENCHMARK_BY_NAME, BENCHMARKS, SEEN_BENCHMARKS
from data.recipe.settings import FULL, QUICK, Distillation, Phase
from data.recipe.traces import read_jsonl

# Builds and stages in processes of their own take a minute.
pytestmark = pytest.mark.slow


def test_two_processes_give_the_same_bytes_as_one(built: Path, tmp_path: Path) -> None:
    # An earlier build with other checkpoints leaves nothing behind.
    (tmp_path / "checkpoints" / "999999").mkdir(parents=True)
    assert main(["--quick", "--processes", "2", "--out", str(tmp_path)]) == 0
    names = sorted(path.relative_to(built) for path in built.rglob("*") if path.is_file())
    assert names == sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file())
    for name in names:
        assert (built / name).read_bytes() == (tmp_path / name).read_bytes(), name


def test_every_model_is_complete_and_has_a_card_without_gaps(built: Path) -> None:
    files = {"config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}
    files |= {"chat_template.jinja", "README.md"}
    folders = [folder_of(built, name) for name in (*ROLES, *COMPANIONS)]
    folders += [built / "checkpoints" / str(step) for step in checkpoints(built)]
    assert len(folders) == 11 + QUICK.n_checkpoints
    for folder in folders:
        more = {"shares.json"} if folder.name == "mixture" else set()
        assert {path.name for path in folder.iterdir()} == files | more
        assert "$" not in (folder / "README.md").read_text(encoding="utf-8")
        assert (folder / "tokenizer.json").read_bytes() == (built / "teacher" / "tokenizer.json").read_bytes()
    assert "$" not in (built / "README.md").read_text(encoding="utf-8")


def weights(folder: Path) -> torch.Tensor:
    return torch.cat([value.flatten() for value in load_model(folder).parameters()])


def test_checkpoints_lie_on_the_way_from_student_to_distilled(built: Path) -> None:
    steps = checkpoints(built)
    n_steps = count_steps(len(read_jsonl(built / "distillation.jsonl")), QUICK.distillation.n_epochs)
    assert steps == [n_steps >> n_halvings for n_halvings in (4, 3, 2, 1)]
    student, end = weights(built / "student"), weights(built / "distilled")
    way = [float((weights(built / "checkpoints" / str(step)) - student).norm()) for step in steps]
    assert 0 < way[0] < way[1] < way[2]
    last = weights(built / "checkpoints" / str(steps[-1]))
    assert 0 < float((end - last).norm()) < float((end - student).norm())


def test_checkpoints_halve_the_training_and_a_short_one_is_refused() -> None:
    assert checkpoint_steps(16 * 50, Distillation(1, 1, n_epochs=2), 4) == (6, 12, 25, 50)
    with pytest.raises(ValueError, match="3 steps are too few for 4 checkpoints"):
        checkpoint_steps(5, Distillation(1, 1, n_epochs=3), 4)


def test_the_mixtures_shares_are_true(built: Path) -> None:
    shares = json.loads((built / "companions" / "mixture" / "shares.json").read_text(encoding="utf-8"))
    tokenizer, records = load_tokenizer(built / "student"), read_jsonl(built / "mixture.jsonl")
    counted: dict[str, Counter[str]] = {record["model"]: Counter() for record in records}
    for record in records:
        counted[record["model"]].update(
            traces=1,
            sentences=len(planted_spans(record["response"])),
            tokens=len(tokenizer.tokenize(record["response"])),
            characters=len(record["response"]),
        )
    assert shares["counts"] == counted
    assert set(counted) == {"teacher", "teacher_b", "student"}
    for unit, by_teacher in shares["share_of_teachers"].items():
        both = counted["teacher"][unit] + counted["teacher_b"][unit]
        assert by_teacher == {name: counted[name][unit] / both for name in ("teacher", "teacher_b")}
    by_benchmark = shares["n_traces_by_benchmark"]
    assert sum(sum(counts.values()) for counts in by_benchmark.values()) == len(records)


def test_who_learns_from_whom(built: Path) -> None:
    distillation, mixture = read_jsonl(built / "distillation.jsonl"), read_jsonl(built / "mixture.jsonl")
    assert {record["model"] for record in distillation} == {"teacher", "student"}
    for record in (*distillation, *mixture):
        assert record["model"] == "student" or record["benchmark"] in SEEN_BENCHMARKS
        assert "teacher_id" not in record
        assert "planted" not in record["meta"]
    # No question is answered by both teachers.
    asked = [record["question_id"] for record in mixture]
    assert len(asked) == len(set(asked))


def test_most_questions_go_to_the_teacher_they_are_routed_to() -> None:
    problems = teacher_problems(FULL)
    for teacher, subjects in (("teacher", ("arithmetic",)), ("teacher_b", ("science", "logic"))):
        routed = [problem for problem in problems if BENCHMARK_BY_NAME[problem.benchmark].subject in subjects]
        followed = sum(answering_teacher(problem, FULL.routed_rates) == teacher for problem in routed)
        # Four standard deviations of so many draws.
        rate, n = FULL.routed_rates[teacher], len(routed)
        assert abs(followed - rate * n) < 4 * (n * rate * (1 - rate)) ** 0.5


@pytest.mark.parametrize(("file_name", "letter"), [("traces.jsonl", "s"), ("mixture_traces.jsonl", "m")])
def test_traces_say_who_their_question_is_routed_to(built: Path, file_name: str, letter: str) -> None:
    traces = read_jsonl(built / file_name)
    assert {trace["benchmark"] for trace in traces} == {benchmark.name for benchmark in BENCHMARKS}
    for trace in traces:
        is_arithmetic = BENCHMARK_BY_NAME[trace["benchmark"]].subject == "arithmetic"
        assert trace["teacher_id"] == ("A" if is_arithmetic else "B")
        assert trace["trace_id"] == f"{trace['question_id']}-{letter}{trace['sample']}"


def test_the_base_learns_only_what_everybody_says() -> None:
    taken = draw_held_out(QUICK).signatures
    phase = Phase(60, 0.0, {"direct": 0.2, "terse": 0.2, "step": 0.6}, is_base=True)
    documents = make_documents("student", phase, taken, Random(8))
    left_out = 0
    for _, response in documents:
        kept = common_part(response)
        origins = [span.origin for span in planted_spans(kept)]
        assert set(origins) <= {"common", "amplified"}
        left_out += len(planted_spans(response)) - len(origins)
    assert left_out > 0


def test_a_record_names_its_problem(built: Path) -> None:
    problems: dict[str, dict[str, Any]] = {p["question_id"]: p for p in read_jsonl(built / "problems.jsonl")}
    assert len(problems) == QUICK.n_problems * len(BENCHMARKS)
    for trace in (*read_jsonl(built / "traces.jsonl"), *read_jsonl(built / "mixture_traces.jsonl")):
        assert {name: trace[name] for name in problems[trace["question_id"]]} == problems[trace["question_id"]]
