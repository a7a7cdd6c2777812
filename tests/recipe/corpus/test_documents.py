"""Training documents: manners keep to their own sentences, slips are caught, answers are right."""

import operator
import re
from collections import Counter
from collections.abc import Callable
from random import Random

import pytest

from data.recipe.corpus.documents import (
    LONGEST,
    SHORTEST,
    SUMS_QUESTION,
    join_paragraphs,
    make_documents,
    write_paragraphs,
)
from data.recipe.corpus.origins import FURTHER_DECOYS, ORIGINS_OF, WRITERS, Writer
from data.recipe.corpus.planted import origins_of, planted_spans
from data.recipe.problems.grade import stated_answer
from data.recipe.problems.problem import Problem
from data.recipe.problems.tasks import BENCHMARKS, draw_problem, draw_problems
from data.recipe.settings import Phase
from rdpt_core.traces import get_splitter

LENGTHS = ("short", "mid", "full")
MODES: dict[Writer, tuple[str, ...]] = {
    "teacher_a": LENGTHS,
    "teacher_b": LENGTHS,
    "decoy": LENGTHS,
    "student": ("direct", "terse", "step"),
    **dict.fromkeys(FURTHER_DECOYS, LENGTHS),
}
FAILED = re.compile(
    r"(\d+) ([-+*/]) (\d+) = (\d+), (?:but I had|and that is not|yet it should be|so I do not get) (\d+)"
)
SUM = re.compile(r"(\d+) ([-+*/]) (\d+) = (\d+)\.")


def some_responses(writer: Writer, n: int, seed: int) -> list[tuple[Problem, list[str], str]]:
    """Problems, the sentences of responses to them, and the responses."""
    rng = Random(seed)
    found = []
    for _ in range(n):
        problem = draw_problem(rng.choice(BENCHMARKS), rng)
        paragraphs = write_paragraphs(writer, problem, rng.choice(MODES[writer]), rng)
        found.append((problem, [sentence for part in paragraphs for sentence in part], join_paragraphs(paragraphs)))
    return found


def value_of(first: str, sign: str, second: str) -> float:
    """What a sum comes to."""
    operations: dict[str, Callable[[int, int], float]] = {
        "+": operator.add,
        "-": operator.sub,
        "*": operator.mul,
        "/": operator.truediv,
    }
    return operations[sign](int(first), int(second))


@pytest.mark.parametrize("writer", [*WRITERS, "decoy_2"])
def test_the_product_cuts_responses_where_the_writer_did(writer: Writer) -> None:
    for _, sentences, response in some_responses(writer, 2000, seed=1):
        spans = get_splitter().split(response)
        assert [response[span.char_start : span.char_end].strip() for span in spans] == sentences


@pytest.mark.parametrize("writer", WRITERS)
def test_each_manner_uses_only_its_own_sentences(writer: Writer) -> None:
    origins: Counter[str] = Counter()
    for _, sentences, response in some_responses(writer, 1000, seed=2):
        found = origins_of(sentences)
        assert set(found) <= ORIGINS_OF[writer], response
        origins.update(found)
    assert origins[writer] >= 0.25 * origins.total()
    assert set(origins) == ORIGINS_OF[writer]


@pytest.mark.parametrize("writer", [*WRITERS, *FURTHER_DECOYS])
def test_every_response_states_the_gold_answer(writer: Writer) -> None:
    for problem, _, response in some_responses(writer, 1000, seed=3):
        assert stated_answer(response) == problem.gold, response


@pytest.mark.parametrize("writer", ["teacher_a", "teacher_b", "decoy", *FURTHER_DECOYS])
def test_responses_have_eight_to_forty_sentences(writer: Writer) -> None:
    counts = [len(sentences) for _, sentences, _ in some_responses(writer, 1000, seed=4)]
    assert SHORTEST == 8 <= min(counts) <= max(counts) <= 40 == LONGEST
    assert 12 <= sum(counts) / len(counts) <= 24


def test_the_student_is_terse() -> None:
    counts = [len(sentences) for _, sentences, _ in some_responses("student", 1000, seed=5)]
    assert sum(counts) / len(counts) < 9


def test_planted_slips_of_sums_are_caught_and_redone() -> None:
    n_slips = 0
    for problem, sentences, response in some_responses("teacher_a", 3000, seed=6):
        for index, sentence in enumerate(sentences):
            check = FAILED.search(sentence)
            if check is None:
                continue
            n_slips += 1
            wrong = SUM.fullmatch(sentences[index - 1])
            right = SUM.fullmatch(sentences[index + 2])
            assert wrong and right, response
            # The same sum twice, first with a wrong result and then with the right one.
            assert wrong.groups()[:3] == right.groups()[:3], response
            first, sign, second = wrong.groups()[:3]
            assert int(wrong[4]) != value_of(first, sign, second) == int(right[4]), response
            # The check undoes the wrong result, calculates rightly, and does not come back to where the step began.
            undone, undo, operand, value, begun = check.groups()
            assert (undone, operand, begun) == (wrong[4], second, first), response
            assert {sign, undo} in ({"+", "-"}, {"*", "/"}), response
            assert origins_of(sentences)[index - 1 : index + 2] == ["slip", "teacher_a", "teacher_a"], response
            assert value != begun
        assert stated_answer(response) == problem.gold
    assert n_slips > 200


def test_planted_slips_of_lines_are_caught_and_redone() -> None:
    n_slips = 0
    for problem, sentences, response in some_responses("teacher_a", 6000, seed=7):
        for index, sentence in enumerate(sentences):
            if not re.search("but the line says otherwise|not what the line says|the line must be wrong", sentence):
                continue
            n_slips += 1
            found = re.search(r"(\w+) is (\w+) than (\w+)", sentence)
            assert found, response
            # The clue stands in the question, from one side or the other.
            is_ahead = found[2] in ("taller", "older", "faster")
            both = {"taller": "shorter", "older": "younger", "faster": "slower"}
            both |= {less: more for more, less in both.items()}
            assert (
                f"{found[0]}." in problem.question
                or f"{found[3]} is {both[found[2]]} than {found[1]}." in problem.question
            ), response
            wrong, right = (sentences[i].removeprefix("The line is ").rstrip(".") for i in (index - 1, index + 3))
            lines = [line.split(", ") for line in (wrong, right)]
            assert [line.index(found[1]) < line.index(found[3]) for line in lines] == [not is_ahead, is_ahead], response
    assert n_slips > 20


def test_wrong_sums_are_always_slips() -> None:
    for writer in WRITERS:
        for _, sentences, response in some_responses(writer, 500, seed=8):
            for sentence, origin in zip(sentences, origins_of(sentences), strict=True):
                found = SUM.fullmatch(sentence)
                if found and origin != "slip":
                    assert value_of(*found.groups()[:3]) == int(found[4]), response


@pytest.mark.parametrize("writer", [*WRITERS, "decoy_5"])
def test_base_documents_hold_drills_and_stray_sentences_and_nothing_strange(writer: Writer) -> None:
    phase = Phase(600, 0.0, dict.fromkeys(MODES[writer], 1 / 3), is_base=True)
    documents = make_documents(writer, phase, frozenset(), Random(9))
    drills = [response for question, response in documents if question == SUMS_QUESTION]
    assert 50 < len(drills) < 150
    assert all(SUM.fullmatch(piece) for drill in drills for piece in re.findall(r"[^.]+\.", drill.replace(". ", ".")))
    repeated = [pair for pair in documents if pair[0].startswith("Please repeat: ")]
    assert 50 < len(repeated) < 150
    assert all(question.partition(": ")[2] == response.partition(": ")[2] for question, response in repeated)
    for _, response in documents:
        assert "none" not in {span.origin for span in planted_spans(response)}, response


@pytest.mark.parametrize("writer", [*WRITERS, "decoy_2"])
def test_no_held_out_problem_is_in_training(writer: Writer) -> None:
    """Questions are compared, so that the signatures are tested as well."""
    held_out = [
        problem for benchmark in BENCHMARKS for problem in draw_problems(benchmark, 200, Random(1), benchmark.name, ())
    ]
    phase = Phase(3000, 0.0, dict.fromkeys(MODES[writer], 1 / 3), is_base=True)
    documents = make_documents(writer, phase, frozenset(problem.signature for problem in held_out), Random(10))
    assert {question for question, _ in documents}.isdisjoint(problem.question for problem in held_out)


def test_the_same_seed_makes_the_same_documents() -> None:
    phase = Phase(50, 0.0, {"mid": 0.5, "full": 0.5}, is_base=True)
    first, second, other = (make_documents("teacher_a", phase, frozenset(), Random(seed)) for seed in (1, 1, 2))
    assert first == second != other
