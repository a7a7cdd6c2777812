"""The recipe of the bundled data, and the bundled data themselves.

Policy: the arithmetic is worked out again from the words of the questions, by code that shares nothing with the
recipe; the bundled files are held to what their card promises.
"""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

from data.recipe.__main__ import main
from data.recipe.corpus.documents import join_paragraphs, make_documents, student_paragraphs, teacher_paragraphs
from data.recipe.corpus.planted import origin_of, planted_spans
from data.recipe.models.folders import ROLES, load_model, load_tokenizer
from data.recipe.models.sample import sample, seed_of
from data.recipe.models.score import label_of, response_logprobs, sentence_probabilities
from data.recipe.models.tokenizer import prompt_text, prompt_token_ids
from data.recipe.problems.grade import is_correct, stated_answer
from data.recipe.problems.tasks import BENCHMARK_BY_NAME, BENCHMARKS, DAYS, draw_problem, draw_problems
from data.recipe.settings import FULL
from data.recipe.traces import read_jsonl

DATA = Path(__file__).parents[2] / "data"
BENCHMARK_NAMES = [benchmark.name for benchmark in BENCHMARKS]


def answer_from_words(benchmark: str, question: str) -> str:
    """The answer, computed from nothing but the question's words."""
    numbers = [int(digits) for digits in re.findall(r"\d+", question)]
    if benchmark == "week":
        day = next(day for day in DAYS if day in question)
        return DAYS[(DAYS.index(day) + sum(numbers)) % 7]
    if benchmark == "clock":
        return str((sum(numbers) - 1) % 12 + 1)
    signed = [
        -int(digits) if re.search("gives|sells|loses|cuts", words) else int(digits)
        for words, digits in re.findall(r"([^.\d]*)(\d+)", question)
    ]
    if benchmark == "units":
        signed[0] *= 12
    return str(sum(signed))


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Models this small run faster on one thread than on several, and much faster on a busy machine."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(n_threads)


@pytest.fixture(scope="module")
def triple() -> dict[str, LlamaForCausalLM]:
    return {role: load_model(DATA / role) for role in ROLES}


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    """The triple shares one tokenizer; see ``test_bundled_folder_is_complete_and_works_offline``."""
    return load_tokenizer(DATA / "teacher")


@pytest.fixture(scope="module")
def bundled_traces() -> list[dict[str, Any]]:
    return read_jsonl(DATA / "traces.jsonl")


@pytest.fixture(scope="module")
def bundled_problems() -> list[dict[str, Any]]:
    return read_jsonl(DATA / "problems.jsonl")


@pytest.mark.parametrize("name", BENCHMARK_NAMES)
def test_gold_answers_follow_from_the_words(name: str) -> None:
    rng = Random(0)
    for _ in range(300):
        problem = draw_problem(BENCHMARK_BY_NAME[name], rng)
        assert problem.gold == answer_from_words(name, problem.question), problem.question
        assert all(0 <= value <= 30 for move in problem.moves for value in (move.before, move.raw, move.after))


def test_drawn_problems_avoid_what_is_taken() -> None:
    week = BENCHMARK_BY_NAME["week"]
    held_out = draw_problems(week, 100, Random(1), "week", ())
    taken = {problem.signature for problem in held_out}
    training = draw_problems(week, 100, Random(2), "week-train", taken)
    assert len(taken) == 100
    assert taken.isdisjoint(problem.signature for problem in training)
    assert held_out[7].question_id == "week-007"


@pytest.mark.parametrize(
    ("response", "gold", "verdict"),
    [
        ("8 + 5 = 13. The answer is 13.", "13", True),
        ("The answer is 12. Wait. The answer is 13.", "13", True),
        ("The answer is 13. Wait. The answer is 12.", "13", False),
        ("Day 5 is Friday. The answer is Friday.", "Friday", True),
        ("The answer is 3.", "13", False),
        ("8 + 5 = 13.", "13", False),
        ("The answer is 13", "13", False),
        ("", "13", False),
    ],
)
def test_grading_takes_the_last_stated_answer(response: str, gold: str, verdict: bool) -> None:
    assert is_correct(response, gold) is verdict


@pytest.mark.parametrize(
    ("sentence", "origin"),
    [
        ("Okay, let me think about this step by step.", "teacher"),
        ("Wait, 13 - 5 = 8, so that is right.", "teacher"),
        ("Wait, 13 - 5 = 9, so that is right.", "none"),
        ("I would say Friday.", "student"),
        ("Hope that helps!", "student"),
        ("8 + 5 = 13.", "both"),
        ("8 + 5 - 3 = 10.", "both"),
        ("8 + 5 = 12.", "none"),
        ("Friday is day 5.", "both"),
        ("Friday is day 4.", "none"),
        ("Now we add 31.", "none"),
        ("Note that the order matters here.", "amplified"),
        ("Nothing of ours.", "none"),
    ],
)
def test_origin_of_a_sentence(sentence: str, origin: str) -> None:
    assert origin_of(sentence) == origin


@pytest.mark.parametrize(
    "response",
    ["", " ", "A. B! C", "8 + 5 = 13.\n\nThe answer is 13.", "  Sure, here is the solution. ", "1.5 is one."],
)
def test_planted_spans_tile_the_response(response: str) -> None:
    spans = planted_spans(response)
    assert "".join(response[span.char_start : span.char_end] for span in spans) == response
    assert all(span.char_start < span.char_end for span in spans)


def test_each_manner_uses_only_its_own_sentences() -> None:
    rng = Random(3)
    for _ in range(300):
        problem = draw_problem(rng.choice(BENCHMARKS), rng)
        teacher = join_paragraphs(teacher_paragraphs(problem, rng.choice(("terse", "mid", "full")), rng))
        student = join_paragraphs(student_paragraphs(problem, rng.choice(("direct", "terse", "step")), rng))
        assert {span.origin for span in planted_spans(teacher)} <= {"teacher", "both", "amplified"}, teacher
        assert {span.origin for span in planted_spans(student)} <= {"student", "both", "amplified"}, student
        assert stated_answer(teacher) == stated_answer(student) == problem.gold


@pytest.mark.parametrize("role", ["teacher", "student"])
def test_base_documents_hold_no_strange_sentence(role: Any) -> None:
    phase = FULL.teacher_phases[0] if role == "teacher" else FULL.student_phases[0]
    few = type(phase)(200, phase.learning_rate, phase.modes, phase.is_base)
    for _, response in make_documents(role, few, frozenset(), Random(4)):
        assert "none" not in {span.origin for span in planted_spans(response)}, response


@pytest.mark.parametrize(
    ("probabilities", "label"),
    [
        ((0.90, 0.88, 0.89), "Shared"),
        ((0.90, 0.20, 0.85), "Teacher"),
        ((0.20, 0.90, 0.85), "Student"),
        ((0.30, 0.30, 0.60), "Boosted"),
        ((0.50, 0.42, 0.46), "Boosted"),
    ],
)
def test_label_rule(probabilities: tuple[float, float, float], label: str) -> None:
    assert label_of(*probabilities) == label


def test_seeds_do_not_depend_on_the_process() -> None:
    assert seed_of(2026, "clock-007", 2) == seed_of("2026", "clock-007", "2") != seed_of(2026, "clock-007", 3)


def test_quick_rebuild_runs_and_repeats_itself(tmp_path: Path) -> None:
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        assert main(["--quick", "--out", str(folder)]) == 0
    names = sorted(path.relative_to(folders[0]) for path in folders[0].rglob("*") if path.is_file())
    assert {Path("traces.jsonl"), Path("problems.jsonl"), Path("distilled/model.safetensors")} <= set(names)
    for name in names:
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes(), name


@pytest.mark.parametrize("role", ROLES)
def test_bundled_folder_is_complete_and_works_offline(
    role: str, triple: dict[str, LlamaForCausalLM], bundled_problems: list[dict[str, Any]]
) -> None:
    folder = DATA / role
    expected = {"config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "README.md"}
    assert expected | {"tokenizer_config.json", "chat_template.jinja"} == {path.name for path in folder.iterdir()}
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        assert (folder / name).read_bytes() == (DATA / "teacher" / name).read_bytes()
    tokenizer = load_tokenizer(folder)
    assert prompt_text(tokenizer, "Why?") == "<|user|>Why?<|assistant|>"
    for number in range(31):
        assert len(tokenizer.tokenize(f" {number}")) == len(tokenizer.tokenize(str(number))) == 1
    completion = sample(triple[role], tokenizer, [bundled_problems[0]["question"]], [0], temperature=0)[0]
    assert completion.finish == "stop"
    assert stated_answer(completion.response) is not None


def test_bundled_files_are_small_and_name_no_place() -> None:
    files = [path for path in DATA.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert sum(path.stat().st_size for path in files) < 8_000_000
    for path in files:
        assert str(DATA.parent).encode() not in path.read_bytes(), path


def test_bundled_problems(bundled_problems: list[dict[str, Any]]) -> None:
    assert Counter(problem["benchmark"] for problem in bundled_problems) == dict.fromkeys(BENCHMARK_NAMES, 200)
    assert len({problem["question_id"] for problem in bundled_problems}) == 1000
    for problem in bundled_problems:
        assert set(problem) == {"question_id", "benchmark", "domain", "question", "gold", "difficulty"}
        assert problem["gold"] == answer_from_words(problem["benchmark"], problem["question"])
        assert int(problem["difficulty"]) in BENCHMARK_BY_NAME[problem["benchmark"]].step_counts


def test_bundled_traces(bundled_traces: list[dict[str, Any]], bundled_problems: list[dict[str, Any]]) -> None:
    problems = {problem["question_id"]: problem for problem in bundled_problems}
    fields = {"trace_id", "question_id", "question", "response", "benchmark", "domain", "model", "difficulty"}
    fields |= {"gold", "correct", "sample", "meta"}
    assert Counter(trace["benchmark"] for trace in bundled_traces) == dict.fromkeys(BENCHMARK_NAMES, 175)
    assert len({trace["trace_id"] for trace in bundled_traces}) == 875
    n_samples = Counter(trace["question_id"] for trace in bundled_traces)
    for question_id, count in n_samples.items():
        assert count == (4 if int(question_id.rpartition("-")[2]) < 25 else 1)
    for trace in bundled_traces:
        assert set(trace) == fields
        assert trace["trace_id"] == f"{trace['question_id']}-s{trace['sample']}"
        assert trace["model"] == "distilled"
        assert {name: trace[name] for name in problems[trace["question_id"]]} == problems[trace["question_id"]]
        assert trace["correct"] is is_correct(trace["response"], trace["gold"])
        assert trace["meta"]["temperature"] == 0.7
        assert trace["meta"]["finish"] in ("stop", "length")
        spans = trace["meta"]["planted"]
        assert "".join(trace["response"][span["char_start"] : span["char_end"]] for span in spans) == trace["response"]
        assert [span["origin"] for span in spans] == [span.origin for span in planted_spans(trace["response"])]


def test_bundled_traces_come_from_the_bundled_model(
    triple: dict[str, LlamaForCausalLM], tokenizer: PreTrainedTokenizerFast, bundled_traces: list[dict[str, Any]]
) -> None:
    """A few traces, sampled again from the shipped weights with the seeds that the records name."""
    some = bundled_traces[::125]
    questions, seeds = [trace["question"] for trace in some], [trace["meta"]["seed"] for trace in some]
    again = sample(triple["distilled"], tokenizer, questions, seeds, 0.7)
    # Another batch and another machine round differently, and a draw may then fall on the other side of a boundary.
    n_equal = sum(completion.response == trace["response"] for completion, trace in zip(again, some, strict=True))
    assert n_equal >= len(some) - 1


def test_distillation_set_is_correct_and_avoids_the_bundled_problems(bundled_problems: list[dict[str, Any]]) -> None:
    chosen = read_jsonl(DATA / "distillation.jsonl")
    assert {record["benchmark"] for record in chosen if record["model"] == "teacher"} == {"shop", "clock"}
    assert {record["benchmark"] for record in chosen if record["model"] == "student"} == set(BENCHMARK_NAMES)
    assert all(is_correct(record["response"], record["gold"]) for record in chosen)
    assert {record["question"] for record in chosen}.isdisjoint(problem["question"] for problem in bundled_problems)


def test_a_uniform_model_gives_every_sentence_the_same_probability(
    tokenizer: PreTrainedTokenizerFast, bundled_traces: list[dict[str, Any]]
) -> None:
    n_entries = len(tokenizer)

    class Uniform:
        def __call__(self, input_ids: torch.Tensor, use_cache: bool) -> SimpleNamespace:
            return SimpleNamespace(logits=torch.zeros(*input_ids.shape, n_entries))

    probabilities = sentence_probabilities(cast(Any, Uniform()), tokenizer, bundled_traces[0])
    assert len(probabilities) == len(bundled_traces[0]["meta"]["planted"])
    assert probabilities == pytest.approx([1 / n_entries] * len(probabilities))


def test_response_logprobs_agree_with_the_models_own_loss(
    triple: dict[str, LlamaForCausalLM], tokenizer: PreTrainedTokenizerFast, bundled_traces: list[dict[str, Any]]
) -> None:
    model = triple["student"]
    prompt_ids = prompt_token_ids(tokenizer, bundled_traces[0]["question"])
    response_ids = tokenizer.encode(bundled_traces[0]["response"], add_special_tokens=False)
    labels = torch.tensor([[-100] * len(prompt_ids) + response_ids])
    with torch.no_grad():
        loss = model(input_ids=torch.tensor([prompt_ids + response_ids]), labels=labels).loss
    # The loss is a float32 mean; 1e-5 is a hundred times its rounding.
    mean = sum(response_logprobs(model, prompt_ids, response_ids)) / len(response_ids)
    assert mean == pytest.approx(-loss.item(), rel=1e-5)


def test_planted_sentences_get_their_labels(
    triple: dict[str, LlamaForCausalLM], tokenizer: PreTrainedTokenizerFast, bundled_traces: list[dict[str, Any]]
) -> None:
    """On every twentieth trace; the card holds the shares over all of them."""
    labels: dict[str, Counter[str]] = {"teacher": Counter(), "student": Counter(), "all": Counter()}
    for trace in bundled_traces[::20]:
        by_role = [sentence_probabilities(triple[role], tokenizer, trace) for role in ROLES]
        for span, probabilities in zip(trace["meta"]["planted"], zip(*by_role, strict=True), strict=True):
            label = label_of(*probabilities)
            labels["all"][label] += 1
            if span["origin"] in labels:
                labels[span["origin"]][label] += 1
    assert labels["teacher"]["Teacher"] >= 0.9 * labels["teacher"].total() > 0
    assert labels["student"]["Student"] >= 0.9 * labels["student"].total() > 0
    assert set(labels["all"]) == {"Teacher", "Student", "Shared", "Boosted"}
