"""Which questions are asked: a part of every benchmark, chosen by seed and name."""

from __future__ import annotations

from collections import Counter

from rdpt_core.records import Message, TemplatePolicy, Trace
from rdpt_core.scoring.known_writers.questions import choose_questions, questions_of


def traces(**sizes: int) -> list[Trace]:
    return [
        Trace(
            trace_id=f"{benchmark}-{number}-{sample}",
            question_id=f"q{number}",
            response="Said by the distilled model.",
            messages=(Message("user", f"{benchmark} {number}?"),),
            benchmark=benchmark,
            model="distilled",
            correct=True,
            sample=sample,
            gold="12",
            meta={"origin": "teacher"},
        )
        for benchmark, n in sizes.items()
        for number in range(n)
        for sample in range(2)
    ]


def test_a_question_is_asked_once_and_nothing_of_its_response_is_kept() -> None:
    found = questions_of(traces(a=3), TemplatePolicy.OWN)
    assert list(found) == [("a", "q0"), ("a", "q1"), ("a", "q2")]
    one = found["a", "q1"]
    assert (one.response, one.model, one.correct, one.sample, dict(one.meta)) == ("", None, None, 0, {})
    assert (one.messages[0].content, one.gold) == ("a 1?", "12")
    assert not questions_of(traces(a=3), TemplatePolicy.RAW), "no trace has a prompt"


def test_every_benchmark_has_its_part() -> None:
    questions = questions_of(traces(a=60, b=30, c=10), TemplatePolicy.OWN)
    for n, parts in ((10, (6, 3, 1)), (50, (30, 15, 5)), (7, (4, 2, 1)), (500, (60, 30, 10))):
        chosen = choose_questions(questions, n, seed=0)
        assert tuple(Counter(trace.benchmark for trace in chosen).values()) == parts
        assert len({(trace.benchmark, trace.question_id) for trace in chosen}) == sum(parts)


def test_the_seed_decides_and_the_order_of_traces_does_not() -> None:
    given = traces(a=40, b=40)
    chosen, again, other = (
        [
            (trace.benchmark, trace.question_id)
            for trace in choose_questions(questions_of(some, TemplatePolicy.OWN), 20, seed)
        ]
        for some, seed in ((given, 1), (given[::-1], 1), (given, 2))
    )
    assert chosen == again
    assert chosen != other
    more = choose_questions(questions_of(given, TemplatePolicy.OWN), 40, 1)
    assert set(chosen) <= {(trace.benchmark, trace.question_id) for trace in more}
