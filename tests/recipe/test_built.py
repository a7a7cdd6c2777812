"""The bundled data hold what their card promises.

`RDPT_RECIPE=FOLDER pytest tests/recipe/test_built.py` checks a folder that `python -m data.recipe --out FOLDER` wrote,
before it becomes what is bundled.
"""

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

from data.recipe.corpus import pools
from data.recipe.corpus.halves import half_of
from data.recipe.corpus.origins import FURTHER_DECOYS, Writer
from data.recipe.corpus.planted import planted_spans
from data.recipe.models.folders import (
    COMPANIONS,
    ROLES,
    checkpoint_folder,
    checkpoints,
    folder_of,
    load_model,
    load_tokenizer,
)
from data.recipe.models.sample import sample
from data.recipe.models.score import label_of, sentence_probabilities
from data.recipe.models.tokenizer import prompt_text
from data.recipe.problems.grade import is_correct, stated_answer
from data.recipe.problems.tasks import BENCHMARKS, SEEN_BENCHMARKS
from data.recipe.settings import FULL
from data.recipe.shares import shares_of
from data.recipe.traces import read_jsonl
from tests.recipe.problems.solvers import SOLVERS

PROJECT = Path(__file__).resolve().parents[2]
BENCHMARK_NAMES = [benchmark.name for benchmark in BENCHMARKS]


@pytest.fixture(scope="module")
def bundle() -> Path:
    """The folder to check; a wrong one fails rather than passes unseen."""
    folder = Path(os.environ.get("RDPT_RECIPE", PROJECT / "data"))
    if not (folder / "triple.toml").is_file():
        pytest.fail(f"RDPT_RECIPE must name a folder that `python -m data.recipe` wrote; got {str(folder)!r}")
    return folder.resolve()


@pytest.fixture(scope="module")
def triple(bundle: Path) -> dict[str, LlamaForCausalLM]:
    return {role: load_model(bundle / role) for role in ROLES}


@pytest.fixture(scope="module")
def tokenizer(bundle: Path) -> PreTrainedTokenizerFast:
    """The triple shares one tokenizer; see ``test_folder_is_complete_and_works_offline``."""
    return load_tokenizer(bundle / "teacher")


@pytest.fixture(scope="module")
def traces(bundle: Path) -> list[dict[str, Any]]:
    return read_jsonl(bundle / "traces.jsonl")


@pytest.fixture(scope="module")
def problems(bundle: Path) -> list[dict[str, Any]]:
    return read_jsonl(bundle / "problems.jsonl")


@pytest.mark.parametrize("name", [*ROLES, *COMPANIONS, *range(FULL.n_checkpoints)])
def test_folder_is_complete_and_works_offline(name: str | int, bundle: Path, problems: list[dict[str, Any]]) -> None:
    """A number is that of a checkpoint: their steps are known only once they are built."""
    folder = folder_of(bundle, name) if isinstance(name, str) else checkpoint_folder(bundle, checkpoints(bundle)[name])
    expected = {"config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "README.md"}
    expected |= {"tokenizer_config.json", "chat_template.jinja"} | ({"shares.json"} if name == "mixture" else set())
    assert expected == {path.name for path in folder.iterdir()}
    for file_name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        assert (folder / file_name).read_bytes() == (bundle / "teacher" / file_name).read_bytes()
    tokenizer = load_tokenizer(folder)
    assert prompt_text(tokenizer, "Why?") == "<|user|>Why?<|assistant|>"
    for number in range(31):
        assert len(tokenizer.tokenize(f" {number}")) == len(tokenizer.tokenize(str(number))) == 1
    completion = sample(load_model(folder), tokenizer, [problems[0]["question"]], [0], temperature=0)[0]
    assert completion.finish == "stop"
    assert stated_answer(completion.response) is not None


@pytest.mark.parametrize("decoy", FURTHER_DECOYS)
def test_further_decoys_know_their_halves_and_nothing_of_teacher_a(
    decoy: Writer, bundle: Path, tokenizer: PreTrainedTokenizerFast, problems: list[dict[str, Any]]
) -> None:
    """Any opening that a decoy was trained on is likelier than any other."""
    model = load_model(folder_of(bundle, decoy))

    def probability(opening: str) -> float:
        span = {"char_start": 0, "char_end": len(opening), "origin": "none"}
        trace = {"question": problems[0]["question"], "response": opening, "meta": {"planted": [span]}}
        (found,) = sentence_probabilities(model, tokenizer, trace)
        return found

    halved = (pools.teacher_b.OPENING, pools.decoy.OPENING)
    known = {phrasing for pool in halved for phrasing in half_of(decoy, pool).templates}
    everything = {
        phrasing for pool in (*halved, pools.teacher_a.OPENING, pools.student.OPENING) for phrasing in pool.templates
    }
    assert min(map(probability, known)) > 2 * max(map(probability, everything - known))


def test_files_are_small_and_name_no_place(bundle: Path) -> None:
    files = [path for path in bundle.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert sum(path.stat().st_size for path in files) < 40_000_000
    for path in files:
        content = path.read_bytes()
        assert str(bundle).encode() not in content and str(PROJECT).encode() not in content, path


def test_problems(problems: list[dict[str, Any]]) -> None:
    counts = Counter(problem["benchmark"] for problem in problems)
    assert counts == dict.fromkeys(BENCHMARK_NAMES, FULL.n_problems)
    assert len({problem["question_id"] for problem in problems}) == len(problems)
    for problem in problems:
        assert set(problem) == {"question_id", "benchmark", "domain", "question", "gold", "difficulty"}
        assert problem["gold"] == SOLVERS[problem["benchmark"]](problem["question"])


@pytest.mark.parametrize(("model", "file_name"), [("distilled", "traces.jsonl"), ("mixture", "mixture_traces.jsonl")])
def test_traces(model: str, file_name: str, bundle: Path, problems: list[dict[str, Any]]) -> None:
    traces = read_jsonl(bundle / file_name)
    by_id = {problem["question_id"]: problem for problem in problems}
    fields = {"trace_id", "question_id", "question", "response", "benchmark", "domain", "model", "difficulty"}
    fields |= {"gold", "correct", "sample", "meta", "teacher_id"}
    n_questions = FULL.n_traced_problems if model == "distilled" else FULL.n_mixture_problems
    n_several, n_samples = (FULL.n_resampled_problems, FULL.n_samples) if model == "distilled" else (0, 1)
    n_each = n_questions + n_several * (n_samples - 1)
    assert Counter(trace["benchmark"] for trace in traces) == dict.fromkeys(BENCHMARK_NAMES, n_each)
    assert len({trace["trace_id"] for trace in traces}) == len(traces)
    for question_id, count in Counter(trace["question_id"] for trace in traces).items():
        assert count == (n_samples if int(question_id.rpartition("-")[2]) < n_several else 1)
    for trace in traces:
        assert set(trace) == fields
        assert trace["model"] == model
        assert {name: trace[name] for name in by_id[trace["question_id"]]} == by_id[trace["question_id"]]
        assert trace["correct"] is is_correct(trace["response"], trace["gold"])
        assert trace["meta"]["temperature"] == 0.7
        assert trace["meta"]["finish"] in ("stop", "length")
        spans = trace["meta"]["planted"]
        assert "".join(trace["response"][span["char_start"] : span["char_end"]] for span in spans) == trace["response"]
        assert [span["origin"] for span in spans] == [span.origin for span in planted_spans(trace["response"])]


def test_traces_are_worth_reading(traces: list[dict[str, Any]]) -> None:
    lengths = [len(trace["meta"]["planted"]) for trace in traces]
    assert sum(8 <= length <= 40 for length in lengths) > 0.5 * len(lengths)


def test_traces_come_from_the_model(
    triple: dict[str, LlamaForCausalLM], tokenizer: PreTrainedTokenizerFast, traces: list[dict[str, Any]]
) -> None:
    """A few traces, sampled again from the shipped weights with the seeds that the records name."""
    some = traces[:: len(traces) // 7]
    questions, seeds = [trace["question"] for trace in some], [trace["meta"]["seed"] for trace in some]
    again = sample(triple["distilled"], tokenizer, questions, seeds, 0.7)
    # Another batch and another machine round differently, and a draw may then fall on the other side of a boundary.
    n_equal = sum(completion.response == trace["response"] for completion, trace in zip(again, some, strict=True))
    assert n_equal >= len(some) - 1


@pytest.mark.parametrize("file_name", ["distillation.jsonl", "mixture.jsonl"])
def test_training_traces_are_correct_and_avoid_the_problems(
    file_name: str, bundle: Path, problems: list[dict[str, Any]]
) -> None:
    chosen = read_jsonl(bundle / file_name)
    assert {record["benchmark"] for record in chosen if record["model"] != "student"} == set(SEEN_BENCHMARKS)
    assert {record["benchmark"] for record in chosen if record["model"] == "student"} <= set(BENCHMARK_NAMES)
    assert all(is_correct(record["response"], record["gold"]) for record in chosen)
    assert {record["question"] for record in chosen}.isdisjoint(problem["question"] for problem in problems)


def test_the_stated_shares_of_the_mixture_are_those_of_its_training_set(
    bundle: Path, tokenizer: PreTrainedTokenizerFast
) -> None:
    stated = json.loads((folder_of(bundle, "mixture") / "shares.json").read_text(encoding="utf-8"))
    assert stated == shares_of(read_jsonl(bundle / "mixture.jsonl"), tokenizer)


def test_the_last_checkpoint_is_near_the_end_and_not_the_end(bundle: Path) -> None:
    steps = checkpoints(bundle)
    assert len(steps) == FULL.n_checkpoints
    last = checkpoint_folder(bundle, steps[-1]) / "model.safetensors"
    assert last.read_bytes() != (bundle / "distilled" / "model.safetensors").read_bytes()


def test_planted_sentences_get_their_labels(
    triple: dict[str, LlamaForCausalLM], tokenizer: PreTrainedTokenizerFast, traces: list[dict[str, Any]]
) -> None:
    """On every twentieth trace; the card holds the shares over all of them."""
    labels: dict[str, Counter[str]] = {"teacher_a": Counter(), "student": Counter(), "all": Counter()}
    for trace in traces[::20]:
        by_role = [sentence_probabilities(triple[role], tokenizer, trace) for role in ROLES]
        for span, probabilities in zip(trace["meta"]["planted"], zip(*by_role, strict=True), strict=True):
            label = label_of(*probabilities)
            labels["all"][label] += 1
            if span["origin"] in labels:
                labels[span["origin"]][label] += 1
    assert labels["teacher_a"]["Teacher"] >= 0.9 * labels["teacher_a"].total() > 0
    assert labels["student"]["Student"] >= 0.9 * labels["student"].total() > 0
    assert set(labels["all"]) == {"Teacher", "Student", "Shared", "Boosted"}
