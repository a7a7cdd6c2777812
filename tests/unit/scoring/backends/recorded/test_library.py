"""Which recordings may hold a trace: by id, by the name it had before its import, by text; and those without any."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rdpt_core.errors import InputError
from rdpt_core.records import ModelReference, Role, Span, Trace, UnscoredReason
from rdpt_core.scoring.backends.base import ScoringItem
from rdpt_core.scoring.backends.recorded.backend import RecordedBackend
from rdpt_core.scoring.backends.recorded.forms.reading import recordings_of
from rdpt_core.scoring.backends.recorded.library import Library, read_library
from tests.support.imports.imported import read

VOCABULARY = {5: "It", 6: "Ġis", 7: "Ġ4", 8: "Ġ5"}


def library(*rows: dict[str, Any]) -> Library:
    found = [one for number, row in enumerate(rows) for one in recordings_of(row, f"f:{number}")]
    return Library(found, VOCABULARY)


def row(key: str, *ids: int) -> dict[str, Any]:
    return {"sample_uuid": key, "token_ids": list(ids), "logprobs": [-0.5] * len(ids)}


def test_a_name_of_the_source_finds_the_trace_that_import_made_of_it() -> None:
    lines = [
        {"uuid": uuid, "input": "What?", "output": response, "domain": "math", "meta": {}}
        for uuid, response in (("ab/1", "Another text."), ("ab/2", "One more."))
    ]
    traces, _ = read(tuple(lines))
    assert [trace.trace_id for trace in traces] == ["unknown-ab-1-s0", "unknown-ab-2-s1"]
    known = library(row("ab/2", 5, 6), row("ab/1", 5, 7))
    assert [known.candidates(trace) for trace in traces] == [[1], [0]]


def trace(trace_id: str, response: str = "Another text.", **more: Any) -> Trace:
    return Trace(**{"trace_id": trace_id, "question_id": "q", "response": response, **more})


@pytest.mark.parametrize(
    "found",
    [
        trace("math-7-s2", benchmark="math", sample=2),
        trace("x", question_id="math-7", benchmark="math"),
        trace("x", question_id="7"),
        trace("7-s1", sample=1),
    ],
)
def test_ids_are_compared_without_benchmark_and_sample(found: Trace) -> None:
    assert library(row("6", 5), row("7", 5, 6)).candidates(found) == [1]


def test_a_sample_has_a_name_of_its_own() -> None:
    known = library(row("7-s0", 5), row("7-s1", 5, 6))
    assert known.candidates(trace("math-7-s1", benchmark="math", sample=1)) == [1]
    assert known.candidates(trace("math-7-s2", benchmark="math", sample=2)) == []


def test_an_id_goes_before_text_and_text_before_names_which_choose_among_equal_texts() -> None:
    known = library(row("t", 5, 6), row("a", 5, 7), row("b", 5, 7))
    assert known.candidates(trace("t", "It 4")) == [0]
    assert known.candidates(trace("other", "It 4")) == [1, 2]
    assert known.candidates(trace("unknown-b-s0", "It 4")) == [2]
    assert known.candidates(trace("unknown-t-s0", "It 4")) == [1, 2]
    assert known.candidates(trace("unknown-t-s0", "Nothing like it.")) == [0]


def write(path: Path, *records: Any) -> str:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return str(path)


UNSPELLED: list[dict[str, Any]] = [
    {"id": "s", "text": "It is", "meta_info": {"output_token_logprobs": [[-0.5, 5, None], [-0.25, 6, None]]}},
    {"sample_uuid": "s", "token_ids": [5, 6], "logprobs": [-0.5, -0.25]},
    {"choices": [{"logprobs": {"tokens": ["token_id:5", "token_id:6"], "token_logprobs": [-0.5, -0.25]}}]},
]


@pytest.mark.parametrize("record", UNSPELLED, ids=["sglang", "lists", "placeholders"])
def test_ids_that_nothing_spells_are_refused_with_the_cure(tmp_path: Path, record: dict[str, Any]) -> None:
    path = write(tmp_path / "r.jsonl", record)
    with pytest.raises(InputError, match=r"r\.jsonl:1.*ids alone.*tokenizer=") as caught:
        read_library(Role.TEACHER, [path], None)
    assert "nothing says which text the recorded tokens stand for" in str(caught.value)
    spelled = read_library(Role.TEACHER, [path], VOCABULARY)
    assert spelled.unspelled == [] and spelled.candidates(trace("t", "It is")) == [0]


def test_a_name_of_endless_digits_is_no_id(tmp_path: Path) -> None:
    tokens = [{"token": f"token_id:{'9' * 5000}", "logprob": -0.5}]
    name = write(tmp_path / "r.jsonl", {"choices": [{"logprobs": {"content": tokens}}]})
    assert read_library(Role.TEACHER, [name], {5: "a"}).unspelled == []


def test_recordings_that_nothing_spells_are_not_called_absent(tmp_path: Path) -> None:
    spelled = {"choices": [{"logprobs": {"tokens": ["No"], "token_logprobs": [-0.5]}}]}
    reference = ModelReference("", backend="recorded", files=(write(tmp_path / "r.jsonl", UNSPELLED[0], spelled),))
    backend = RecordedBackend(Role.TEACHER, reference, None)
    items = [ScoringItem(0, trace("t", "It is"), [Span(0, 5)]), ScoringItem(1, trace("s", "It is"), [Span(0, 5)])]
    ((by_text, by_id),) = list(backend.score(backend.prepare(items)))
    assert by_text.unscored_reason is UnscoredReason.NOT_RECORDED
    assert (
        by_text.detail is not None
        and "of 1 only the token ids are known, which `tokenizer` would spell" in by_text.detail
    )
    assert by_id.unscored_reason is UnscoredReason.NOT_ALIGNED
    assert by_id.detail is not None and "r.jsonl:1" in by_id.detail and "with `tokenizer`" in by_id.detail


@pytest.mark.parametrize(
    ("texts", "is_told"),
    [(["It", "Ġis", "Ġ4"], False), (["It", " is", " 4"], False), (["Yes", " no", " 4"], True), (None, False)],
)
def test_ids_of_another_tokenizer_are_told(
    texts: list[str] | None, is_told: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    more = {} if texts is None else {"tokens": texts}
    path = write(tmp_path / "r.jsonl", {"uuid": "a", "token_ids": [5, 6, 7], "logprobs": [-0.5] * 3, **more})
    read_library(Role.TEACHER, [path], VOCABULARY)
    told = [record.getMessage() for record in caplog.records]
    assert is_told == any("2 of 3 recorded tokens are other texts than `tokenizer` has" in text for text in told)
    assert is_told or not told
    caplog.clear()
    if texts is not None:
        read_library(Role.TEACHER, [path], None)
    assert not caplog.records
