"""The numbers of a summary, by hand."""

from __future__ import annotations

import json

from rdpt_core.records import Message, Reject, TemplatePolicy, Trace
from rdpt_core.traces.canonical.rejects import RejectLog
from rdpt_core.traces.splitters import get_splitter
from rdpt_core.traces.summary import Spread, summarise


def traces() -> list[Trace]:
    lengths = [0, 10, 20, 30]
    made = [
        Trace(f"t{n}", "q1" if n < 3 else "q2", "ab. " * (length // 4) + "x" * (length % 4), sample=n)
        for n, length in enumerate(lengths)
    ]
    return [
        *made,
        Trace("t4", "q3", "One. Two.", benchmark="AIME", correct=True, meta={"extra": {"seed": 1}, "kept": 2}),
        Trace("t5", "q3", "No", benchmark="AIME", correct=False, meta={"extra": {"seed": 2, "cost": 3}}),
    ]


def test_counts_and_spreads() -> None:
    log = RejectLog()
    log.add(Reject("a.jsonl", 3, "expected JSON", "{"))
    summary = summarise(iter(traces()), log)
    assert (summary.n_traces, summary.n_questions, summary.n_rejected) == (6, 3, 1)
    assert dict(summary.benchmarks) == {"unknown": 4, "AIME": 2}
    assert (summary.n_correct, summary.n_incorrect, summary.n_unknown) == (1, 1, 4)
    assert summary.samples_per_question == Spread(1, 2.0, 3, 3)
    assert summary.response_chars == Spread(0, 9.5, 30, 30)
    assert summary.n_empty_responses == 1
    assert dict(summary.extra_fields) == {"seed": 2, "cost": 1}
    assert (summary.splitter, summary.n_sentences, summary.sentences_per_trace) == (None, None, None)


def test_p95_is_the_nearest_rank() -> None:
    many = [Trace(f"t{n}", "q", "x" * n) for n in range(1, 101)]
    assert summarise(many, RejectLog()).response_chars == Spread(1, 50.5, 95, 100)


def test_sentences_are_counted_if_a_splitter_is_given() -> None:
    summary = summarise(traces()[4:], RejectLog(), get_splitter())
    assert (summary.splitter, summary.n_sentences) == ("sentence/2", 3)
    assert summary.sentences_per_trace == Spread(1, 1.5, 2, 2)


def test_nothing_at_all() -> None:
    summary = summarise([], RejectLog(), get_splitter())
    assert (summary.n_traces, summary.response_chars, summary.n_sentences) == (0, None, 0)
    assert "benchmarks:           none" in summary.to_text()


def test_traces_that_a_template_policy_cannot_render_are_counted() -> None:
    asked = Trace("t0", "q0", "Yes.", messages=(Message("user", "Is it?"),))
    bare = Trace("t1", "q1", "Yes.", prompt="Is it?")
    mixed = summarise([asked, bare, asked], RejectLog())
    assert (mixed.n_without_question, mixed.n_without_prompt, mixed.fits_a_policy) == (1, 2, False)
    assert (
        "unscored:             1 without a question; under `--template raw`, the 2 without `prompt`" in mixed.to_text()
    )
    raw = summarise([asked, bare, asked], RejectLog(), template=TemplatePolicy.RAW)
    assert (mixed.n_unrendered, raw.n_unrendered, mixed.stop, raw.stop) == (1, 2, None, None)
    assert "unscored:             2 without `prompt`; under `--template own`, the 1 without a question" in raw.to_text()
    assert summarise([asked], RejectLog()).fits_a_policy and summarise([bare], RejectLog()).fits_a_policy
    assert "unscored" not in summarise([asked], RejectLog()).to_text()


def test_what_would_stop_scoring_is_said() -> None:
    asked = Trace("t0", "q0", "Yes.", messages=(Message("user", "Is it?"),))
    assert summarise([asked], RejectLog()).stop is None
    assert "can render no trace" in (summarise([asked], RejectLog(), template=TemplatePolicy.RAW).stop or "")
    log = RejectLog()
    log.add(Reject("a.jsonl", 1, "expected JSON", "{"))
    assert summarise([asked], log).stop is None
    log.add(Reject("a.jsonl", 2, "expected JSON", "{"))
    assert "2 of 3 lines rejected: 2 × expected JSON (line 1)" in (summarise([asked], log).stop or "")


def test_json_and_text() -> None:
    log = RejectLog()
    for line in range(12):
        log.add(Reject("a.jsonl", line, "expected JSON", "{"))
    summary = summarise(traces(), log, get_splitter())
    document = json.loads(json.dumps(summary.to_dict(), allow_nan=False))
    assert document["response_chars"] == {"min": 0, "median": 9.5, "p95": 30, "max": 30}
    assert document["benchmarks"] == {"unknown": 4, "AIME": 2}
    assert document["first_rejects"][0] == {"file": "a.jsonl", "line": 0, "reason": "expected JSON", "text": "{"}
    text = summary.to_text()
    assert "response characters:  min 0, median 9.5, p95 30, max 30" in text
    assert "fields kept as extra: seed 2, cost 1" in text
    assert text.endswith("rejected a.jsonl:9: expected JSON\nand 2 more")


def test_tags_of_sentences_are_counted_and_so_are_those_that_tag_nothing() -> None:
    tags = [{"text": "One.", "tags": ["a"]}, {"char_start": 5, "char_end": 9, "tags": ["b"]}, {"text": "x", "tags": []}]
    tagged = Trace("t6", "q4", "One. Two.", meta={"sentence_tags": tags})
    summary = summarise([*traces(), tagged], RejectLog())
    assert (summary.n_tagged, summary.n_bad_tags) == (2, 1)
    assert "tagged stretches:     2; entries that tag nothing in their response: 1" in summary.to_text()
    assert "tagged stretches" not in summarise(traces(), RejectLog()).to_text()
