"""Grading: which method, which answer, which verdict, and no verdict where none can be had."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

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
        ("[1, 2]", "", "math-verify"),
    ],
)
def test_the_method_follows_the_gold_answer(gold: str, question: str, expected: str) -> None:
    assert method_for(gold, question) == expected


@pytest.mark.parametrize(
    ("response", "gold", "expected"),
    [
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
    assert (grade.correct, grade.method) == (expected, "math-verify")


@pytest.mark.parametrize(
    ("response", "expected", "extracted"),
    [
        ("FINAL ANSWER: B", True, "B"),
        ("I think the answer is (B) because A is wrong.", True, "B"),
        (r"\boxed{\text{B}}", True, "B"),
        ("hm A</think>\n\n**C**", False, "C"),
        ("ANSWER: C", False, "C"),
        ("Nobody knows.", False, None),
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
        grades = [grader.grade("4", "4") for _ in range(grader_module.MAX_FAILURES + 5)]
    assert all(grade.correct is None and grade.reason for grade in grades)
    assert len(started) == grader_module.MAX_FAILURES
    assert "given up" in str(grades[-1].reason)


def test_text_and_choice_need_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grader_module, "MathWorker", None)
    with Grader() as grader:
        assert grader.grade("Answer: B", "B", question=OPTIONS).correct is True


def test_a_grade_in_meta_is_plain_json(grader: Grader) -> None:
    meta = grader.grade(r"\boxed{18}", "18").to_meta()
    assert json.loads(json.dumps(meta)) == {"method": "math-verify", "extracted": "18"}
