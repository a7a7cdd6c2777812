"""Which other question a trace is asked."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from dataclasses import replace

import pytest

from rdpt_core.records import Message, TemplatePolicy, Trace, UnscoredReason
from rdpt_core.scoring.jobs.other_questions import OtherQuestions
from rdpt_core.scoring.models.prompts.templates import Unrendered


def make_trace(question: int, sample: int = 0, benchmark: str = "b", text: str | None = None) -> Trace:
    shown = f"What is {question}?" if text is None else text
    return Trace(
        trace_id=f"{benchmark}-{question}-{sample}",
        question_id=f"{benchmark}-q{question}",
        response="4",
        messages=(Message("user", shown),),
        prompt=f"<{shown}>",
        benchmark=benchmark,
        sample=sample,
    )


def question_of(asked: Trace | Unrendered) -> str:
    assert isinstance(asked, Trace)
    return asked.messages[0].content


def test_every_question_is_asked_as_often_as_it_stands_in_the_run_and_never_of_itself() -> None:
    traces = [make_trace(n, sample, benchmark) for benchmark in "bc" for n in range(7) for sample in range(3)]
    others = OtherQuestions(traces, TemplatePolicy.OWN)
    asked = [others.asked(trace) for trace in traces]
    assert all(question_of(one) != trace.messages[0].content for one, trace in zip(asked, traces, strict=True))
    counted = Counter((trace.benchmark, question_of(one)) for one, trace in zip(asked, traces, strict=True))
    assert counted == {(benchmark, f"What is {n}?"): 3 for benchmark in "bc" for n in range(7)}
    for one, trace in zip(asked, traces, strict=True):
        assert isinstance(one, Trace)
        # Only the question is another one.
        assert replace(one, messages=trace.messages, prompt=trace.prompt) == trace
        assert one.prompt == f"<{question_of(one)}>"


def test_neither_the_order_of_the_file_nor_the_process_decides() -> None:
    traces = [make_trace(n) for n in range(20)]
    shuffled = random.Random(3).sample(traces, len(traces))
    one, other = (OtherQuestions(order, TemplatePolicy.OWN) for order in (traces, shuffled))
    assert [one.asked(trace) for trace in traces] == [other.asked(trace) for trace in traces]
    # No seed of a process changes the hash.
    ring = sorted(traces, key=lambda trace: hashlib.sha256(trace.question_id.encode()).hexdigest())
    for trace, following in zip(ring, [*ring[1:], ring[0]], strict=True):
        assert question_of(one.asked(trace)) == following.messages[0].content


def test_ids_that_differ_over_one_text_are_one_question() -> None:
    twins = [make_trace(0), make_trace(1, text=" What is\n0? "), make_trace(2, text="What is 0?")]
    others = OtherQuestions([*twins, make_trace(3)], TemplatePolicy.OWN)
    assert {question_of(others.asked(trace)) for trace in twins} == {"What is 3?"}


@pytest.mark.parametrize("policy", [TemplatePolicy.OWN, TemplatePolicy.RAW])
def test_a_benchmark_of_one_question_has_no_other(policy: TemplatePolicy) -> None:
    traces = [make_trace(0), make_trace(0, 1), make_trace(5, benchmark="c"), make_trace(6, benchmark="c")]
    others = OtherQuestions(traces, policy)
    none = others.asked(traces[0])
    assert isinstance(none, Unrendered) and none.reason is UnscoredReason.NO_OTHER_QUESTION
    assert question_of(others.asked(traces[2])) == "What is 6?"


def test_what_no_prompt_can_be_made_of_is_never_asked() -> None:
    mute = replace(make_trace(0), messages=())
    others = OtherQuestions([mute, make_trace(1), make_trace(2)], TemplatePolicy.OWN)
    lacking = others.asked(mute)
    assert isinstance(lacking, Unrendered) and lacking.reason is UnscoredReason.NO_QUESTION
    assert question_of(others.asked(make_trace(1))) == "What is 2?"
    by_prompt = OtherQuestions([replace(make_trace(1), prompt=None), make_trace(2), mute], TemplatePolicy.RAW)
    asked = by_prompt.asked(make_trace(2))
    assert isinstance(asked, Trace) and asked.prompt == mute.prompt
