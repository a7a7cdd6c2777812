"""Grading: which method, which answer, which verdict, and no verdict where none can be had."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rdpt_core.traces.grading import grader as grader_module
from rdpt_core.traces.grading.grader import Grader, method_for
from rdpt_core.traces.worker_process import WorkerError


@pytest.fixture(scope="module")
def grader() -> Iterator[Grader]:
    with Grader() as made:
        yield made


OPTIONS = "Which?\nA. red\nB. blue\nC. green\n"


@pytest.mark.parametrize(
    ("gold", "question", "expected"),
    [
        ("18", "", "math-verify"),
        (r"\frac{1}{2}", "", "math-verify"),
        ("so it is\n#### 18", "", "math-verify"),
        ("B", OPTIONS, "choice"),
        ("(B)", OPTIONS, "choice"),
        ("B", "Solve for B", "math-verify"),
        ("x", "", "math-verify"),
        ("Evelyn", "", "text"),
        ("the 3 little pigs went home in 1996", "", "text"),
        ("_ Q\nQ _", "", "text"),
        ('["a", 1]', "", "text"),
        ("A, C", OPTIONS, "choice"),
        ("A, C", "", "math-verify"),
        ("30 miles per hour", "", "math-verify"),
        ("[1, 2]", "", "math-verify"),
    ],
)
def test_the_method_follows_the_gold_answer(gold: str, question: str, expected: str) -> None:
    assert method_for(gold, question) == expected


@pytest.mark.parametrize(
    ("response", "gold", "expected"),
    [
        (r"So \boxed{x + 1}.", "1 + x", True),
        (r"So \boxed{18}.", "18", True),
        (r"So \boxed{\frac{2}{4}}.", r"\frac12", True),
        (r"<think>\boxed{5}</think> It is \boxed{18}.", "18", True),
        (r"\boxed{18} no, \boxed{19}", "18", False),
        ("She makes $18 a day.\n#### 18", "6 * 3 = 18\n#### 18", True),
        ("The answer is 1,000.", "1000", True),
        ("<answer> 7 </answer>", "7", True),
        (r"<think>\boxed{18}", "18", False),
        ("hm</think>", "18", False),
    ],
)
def test_mathematics(grader: Grader, response: str, gold: str, expected: bool) -> None:
    grade = grader.grade(response, gold)
    assert grade.correct is expected


@pytest.mark.parametrize(
    ("response", "expected", "extracted"),
    [
        ("FINAL ANSWER: B", True, "B"),
        ("I think the answer is (B) because A is wrong.", True, "B"),
        (r"\boxed{\text{B}}", True, "B"),
        ("hm A</think>\n\n**C**", False, "C"),
        ("ANSWER: C", False, "C"),
        ("Nobody knows.", None, None),
    ],
)
def test_multiple_choice(grader: Grader, response: str, expected: bool, extracted: str | None) -> None:
    grade = grader.grade(response, "B", question=OPTIONS)
    assert (grade.correct, grade.extracted, grade.method) == (expected, extracted, "choice")


def test_a_choice_given_by_its_text_is_its_letter(grader: Grader) -> None:
    assert grader.grade("Answer: B", "blue", candidates=("red", "Blue", "green")).correct is True


@pytest.mark.parametrize(
    ("response", "gold", "expected"),
    [
        ("ANSWER: Bathtub.", "bathtub", True),
        ("The final answer is **Evelyn**", "evelyn", True),
        ("Final answer: Carla", "Evelyn", False),
        ("Evelyn", "evelyn", True),
        ("It was, I would say, Evelyn who ran.", "Evelyn", None),
        ("Answer: container in the cellar", "container", None),
        ('Answer: ["b", "a"]', '["a", "b"]', None),
        ("Answer: a", '["a", "b"]', True),
        ("Answer: Blue", '["red", "blue"]', True),
    ],
)
def test_text_has_a_verdict_only_where_it_is_certain(
    grader: Grader, response: str, gold: str, expected: bool | None
) -> None:
    grade = grader.grade(response, gold)
    assert (grade.correct, grade.method) == (expected, "text")
    assert expected is not None or grade.reason


def test_works_outside_the_main_thread(grader: Grader) -> None:
    found: list[bool | None] = []
    thread = threading.Thread(target=lambda: found.append(grader.grade(r"\boxed{4}", "4").correct))
    thread.start()
    thread.join()
    assert found == [True]


def test_a_comparison_that_hangs_leaves_null_and_the_next_one_works() -> None:
    with Grader(limit_s=1.0) as grader:
        assert grader.grade(r"\boxed{4}", "4").correct is True
        # A tower of powers: an exact integer that no computer can write down, inside one call that no alarm ends.
        grade = grader.grade(r"\boxed{9^{9^{9^{9}}} - 1}", "7")
        assert grade.correct is not True
        assert grade.correct is False or grade.reason
        assert grader.grade(r"\boxed{4}", "4").correct is True


def test_a_process_that_dies_leaves_null_and_is_given_up_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    started = []

    class Dead:
        def __init__(self) -> None:
            started.append(1)

        def query(self, question: object, limit_s: float) -> object:
            raise WorkerError("the grader's process died")

        def kill(self) -> None: ...

    monkeypatch.setattr(grader_module, "MathWorker", Dead)
    with Grader() as grader:
        grades = [grader.grade("x", "y") for _ in range(grader_module.MAX_FAILURES + 5)]
    assert all(grade.correct is None and grade.reason for grade in grades)
    assert len(started) == grader_module.MAX_FAILURES
    assert "given up" in str(grades[-1].reason)


def test_text_and_choice_need_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grader_module, "MathWorker", None)
    with Grader() as grader:
        assert grader.grade("Answer: B", "B", question=OPTIONS).correct is True


def test_a_grade_in_meta_is_plain_json(grader: Grader) -> None:
    meta = grader.grade(r"\boxed{x+1}", "1+x").to_meta()
    assert json.loads(json.dumps(meta)) == {"method": "math-verify", "extracted": "x+1"}


@pytest.mark.parametrize(
    ("response", "expected", "reason"),
    [
        ("I cannot solve this problem, even after 42 tries.", False, "no answer: the response says that it has none"),
        ("I cannot determine it.", False, "no answer: the response says that it has none"),
        ("I could not find a shorter way. So x = 42.", True, None),
        ("It may be 42. But I cannot determine it.", None, "the response says in the end that it has no answer"),
    ],
)
def test_who_gives_up_has_no_answer(grader: Grader, response: str, expected: bool | None, reason: str | None) -> None:
    grade = grader.grade(response, "42")
    assert (grade.correct, grade.reason) == (expected, reason)


def test_plain_numbers_and_equal_texts_need_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grader_module, "MathWorker", None)
    with Grader() as grader:
        assert grader.grade(r"\boxed{\frac{1}{2}}", "0.5").method == "number"
        assert grader.grade(r"\boxed{x+1}", "x + 1").method == "text"


def test_many_accepted_answers_are_compared_as_mathematics_only_so_far() -> None:
    asked = []

    class Counting:
        def query(self, question: object, limit_s: float) -> object:
            asked.append(question)
            return {"correct": False, "extracted": "z"}

        def kill(self) -> None: ...

    with pytest.MonkeyPatch.context() as patch, Grader() as grader:
        patch.setattr(grader_module, "MathWorker", Counting)
        grade = grader.grade(r"\boxed{z}", json.dumps([f"x^{{{n}}}" for n in range(50)]))
    assert len(asked) == grader_module.MAX_COMPARED
    assert grade.correct is None


PAIRS = Path(__file__).with_name("pairs.jsonl")
REVIEWED = Path(__file__).resolve().parents[5] / "shared" / "review" / "cases" / "grading"


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def missed(grader: Grader, pairs: list[dict[str, Any]]) -> list[str]:
    """The pairs on which the grader and the verdict by hand differ, without those that are debatable."""
    found = []
    for pair in pairs:
        grade = grader.grade(
            pair["response"], pair["gold"], question=pair.get("question", ""), candidates=pair.get("candidates", ())
        )
        if grade.correct is not pair["expected"] and "note" not in pair:
            found.append(f"{pair['gold']!r}, {pair['response']!r}: {grade}, by hand {pair['expected']}")
    return found


def test_verdicts_by_hand(grader: Grader) -> None:
    pairs = lines(PAIRS)
    assert len(pairs) > 400
    assert missed(grader, pairs) == []


@pytest.mark.skipif(not REVIEWED.is_dir(), reason=f"the pairs of others are not here: {REVIEWED}")
@pytest.mark.parametrize("name", ["pairs", "library_issue_pairs"])
def test_verdicts_of_others_by_hand(grader: Grader, name: str) -> None:
    verdicts = {item["id"]: item for item in lines(REVIEWED / f"{name}_expected.jsonl")}
    pairs = [{**pair, **verdicts[pair["id"]]} for pair in lines(REVIEWED / f"{name}.jsonl")]
    assert len(missed(grader, pairs)) <= 5
