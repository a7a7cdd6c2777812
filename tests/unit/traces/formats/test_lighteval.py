"""lighteval: both layouts, one trace a text, and the verdict of a document only where it judges a single text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rdpt_core.traces.canonical.rejects import RejectLog
from rdpt_core.traces.importing.pipeline import import_traces
from tests.support.imports.imported import read


def row(*texts: Any, metric: Any = None, **parts: Any) -> dict[str, Any]:
    return {
        "doc": {"query": "2+2?", "choices": ["3", "4"], "gold_index": 1, "task_name": "lighteval|sums|0", "id": "7",
                "specific": None, **parts.pop("doc", {})},
        "model_response": {"input": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "2+2?"}],
                           "text": list(texts), "reasonings": [None] * len(texts), "logprobs": [], **parts},
        "metric": metric or {"pass@k:k=1": 0.5},
    }  # fmt: skip


def test_every_text_is_a_trace_and_their_common_metric_no_verdict() -> None:
    traces, rejects = read((row("4", "5"),))
    assert rejects == []
    assert [(t.response, t.sample, t.benchmark, t.gold) for t in traces] == [
        ("4", 0, "sums", "4"),
        ("5", 1, "sums", "4"),
    ]
    assert all("verdict" not in t.meta["import"] and t.meta["source"]["metric"] == {"pass@k:k=1": 0.5} for t in traces)
    assert [m.content for m in traces[0].messages] == ["Be brief.", "2+2?"]
    assert "-7" in traces[0].question_id


@pytest.mark.parametrize(
    ("metric", "verdict"),
    [({"extractive_match": 0.0}, False), ({"f1": 1.0, "em": 1}, True), ({"bleu": 0.0}, None), ({"em": 0.5}, None)],
)
def test_the_metric_of_a_single_text_is_its_verdict_if_it_says_right_or_wrong(metric: Any, verdict: Any) -> None:
    (trace,), _ = read((row("so 9", metric=metric, doc={"choices": []}),))
    assert trace.correct is verdict


def test_a_metric_that_says_neither_is_quoted_and_nan_is_a_gap() -> None:
    said = [
        read((row("so 4", metric=metric),))[0][0].meta["import"].get("verdict")
        for metric in ({"em": 0.5}, {"em": {"a": 1}}, {"em": float("nan")}, {"f1": 0.5})
    ]
    assert said == ["metric.em = 0.5 (part mark)", "metric.em = {a, …} (several values)", None, None]


def test_reasoning_is_put_back_and_not_doubled() -> None:
    traces, _ = read((row("4", "<think>\nhm\n</think>\n\n4", reasonings=["hm", "hm"]),))
    assert [t.response for t in traces] == ["<think>\nhm\n</think>\n\n4"] * 2


def test_several_accepted_answers_are_kept() -> None:
    (trace,), _ = read((row("4", doc={"choices": ["four", "4", "5"], "gold_index": [0, 1]}),))
    assert trace.gold is not None
    assert json.loads(trace.gold) == ["four", "4"]


def test_a_rendered_input_is_the_prompt_and_the_query_the_question() -> None:
    traces, _ = read((row("4", input="Add.\n\n2+2?\nAnswer:"), row("4", input=None)))
    assert [(t.prompt, t.messages[0].content) for t in traces] == [("Add.\n\n2+2?\nAnswer:", "2+2?"), (None, "2+2?")]


def test_what_has_no_text_is_rejected_alone() -> None:
    traces, rejects = read((row("4", 3), row()))
    assert [t.response for t in traces] == ["4"]
    assert [r.reason for r in rejects] == [
        "text 1 must be a string; got a number",
        "no generated text: the task compares the likelihood of given answers",
    ]


def flat(**fields: Any) -> dict[str, Any]:
    return {"example": "2+2?", "full_prompt": "Add.\n2+2?", "predictions": ["4"], "gold": ["4"], "metrics": {"qem": 1},
            "input_tokens": [[1]], "cont_tokens": [[2]], "num_asked_few_shots": 0, **fields}  # fmt: skip


def test_the_flat_layout_of_older_versions_is_read() -> None:
    (trace,), rejects = read((flat(),))
    assert rejects == []
    assert (trace.response, trace.prompt, trace.messages[0].content) == ("4", "Add.\n2+2?", "2+2?")
    assert (trace.gold, trace.correct, trace.meta["import"]["verdict"]) == ("4", True, "metric.qem")


@pytest.mark.parametrize("texts", [["4"], ['it\'s "4"\n', "\\boxed{4}", "ü\x00\u2028😀"], ["a, b", "['c']"]])
def test_lists_that_were_printed_are_read_back_to_the_character(texts: list[str]) -> None:
    traces, _ = read((flat(predictions=str(texts), gold=str(["4"]), metrics=str({"qem": 1})),))
    assert [t.response for t in traces] == texts
    assert {t.gold for t in traces} == {"4"}


@pytest.mark.parametrize(
    "printed", ["[-1.5, -2.0]", "['a'", "['a' 'b']", "[f('a')]", r"['\q']", "[" * 5_000 + "]" * 5_000]
)
def test_what_is_no_list_of_texts_is_rejected_and_not_evaluated(printed: str) -> None:
    traces, rejects = read((flat(predictions=printed),))
    assert traces == []
    assert "likelihood" in rejects[0].reason


def test_a_parquet_file_names_its_model_by_its_folders(tmp_path: Path) -> None:
    folder = tmp_path / "details" / "org" / "model-1b" / "2025-01-02T03-04-05.6"
    folder.mkdir(parents=True)
    path = folder / "details_lighteval|sums|0_2025-01-02T03-04-05.6.parquet"
    pq.write_table(pa.Table.from_pylist([flat(), flat(predictions=["5", "6"])]), path)
    traces = list(import_traces([path], rejects=RejectLog()))
    assert [t.response for t in traces] == ["4", "5", "6"]
    assert {(t.model, t.benchmark) for t in traces} == {("org/model-1b", "sums")}
