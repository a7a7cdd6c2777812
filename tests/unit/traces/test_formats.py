"""Each format by a small file of our own: recognised by content, read to the character, refused with a reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rdpt_core.errors import InputError, UsageError
from rdpt_core.traces.formats import FORMATS, format_named
from rdpt_core.traces.importing.pipeline import list_formats
from tests.support.imports.imported import read
from tests.support.one_of_each import one_of_each


def chat(content: Any, **message: Any) -> dict[str, Any]:
    return {
        "id": "c1",
        "object": "chat.completion",
        "model": "deepseek-reasoner",
        "choices": [
            {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content, **message}}
        ],
    }


def chunk(**delta: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": delta.pop("finish", None)}
    return {"id": "s1", "object": "chat.completion.chunk", "model": "qwen3", "choices": [choice]}


SAMPLE = {
    "id": "a",
    "epoch": 2,
    "input": "2+2?",
    "target": "4",
    "messages": [{"role": "system", "content": "attachment://0"}, {"role": "user", "content": "2+2?"},
                 {"role": "assistant", "content": "4"}],
    "output": {"model": "qwen3", "choices": [{"stop_reason": "stop", "message": {"role": "assistant", "content": [
        {"type": "reasoning", "reasoning": "two and two"}, {"type": "text", "text": "4"}]}}]},
    "scores": {"match": {"value": "C"}},
    "attachments": {"0": "Be brief."},
}  # fmt: skip
THOUGHT = "<think>\ntwo and two\n</think>\n\n4"
CASES: list[tuple[str, Any, list[str]]] = [
    ("canonical", ({"trace_id": "t", "question_id": "q", "question": "2+2?", "response": "4"},), ["4"]),
    ("inspect", {"version": 2, "eval": {"task": "sums"}, "samples": [SAMPLE]}, [THOUGHT]),
    ("openai-stream", (chunk(reasoning_content="two "), chunk(reasoning_content="and two"),
                       chunk(content="4", finish="stop")), [THOUGHT]),
    ("openai-responses", {"id": "r", "object": "response", "model": "qwen3", "output": [
        {"type": "reasoning", "content": [{"type": "reasoning_text", "text": "two and two"}]},
        {"type": "message", "content": [{"type": "output_text", "text": "4"}]}]}, [THOUGHT]),
    ("anthropic", {"type": "message", "model": "qwen3", "role": "assistant", "stop_reason": "end_turn", "content": [
        {"type": "thinking", "thinking": "two and two"}, {"type": "text", "text": "4"}]}, [THOUGHT]),
    ("openai", chat("4", reasoning_content="two and two"), [THOUGHT]),
    ("openai", ({"custom_id": "x", "error": None, "response": {"body": chat("4")}},), ["4"]),
    ("openai", {"object": "text_completion", "choices": [{"text": " 4", "index": 0},
                                                          {"text": "5", "index": 1}]}, [" 4", "5"]),
    ("gemini", {"modelVersion": "g", "candidates": [{"content": {"parts": [
        {"text": "two and two", "thought": True}, {"text": "4"}]}}]}, [THOUGHT]),
    ("vllm", ({"prompt": "2+2?", "outputs": [{"text": "4"}, {"text": "5"}]},), ["4", "5"]),
    ("math-eval", ({"idx": 0, "question": "2+2?", "gt": "4", "code": ["4", "5"], "score": [True, False]},), ["4", "5"]),
    ("skythought", {"2+2?": {"id": 1, "responses": {"0.0": {"content": "4", "correctness": True}}}}, ["4"]),
    ("reasoning-gym", {"name": "sums", "results": [{"question": "2+2?", "expected_answer": "4", "completions": [
        {"full_model_response": "4", "score": 1.0}, {"full_model_response": "", "score": 0.01}]}]}, ["4", ""]),
    ("thought-anchors", {"prompt": "2+2?<think>\n", "solution": "hm\n</think>\n4", "full_cot": "all"},
     ["hm\n</think>\n4"]),
    ("result-object", ({"user_message": "2+2?", "result": {"content": "4", "reasoning_trace": "two and two"}},),
     [THOUGHT]),
    ("candidates", ({"problem": "2+2?", "answer": "4", "generations": ["4", "5"],
                     "correctness_math_verify": [True, False]},), ["4", "5"]),
    ("messages", ({"messages": [{"role": "user", "content": "2+2?"}, {"role": "assistant", "content": "4"}]},), ["4"]),
    ("messages", [{"conversations": [{"from": "human", "value": "2+2?"}, {"from": "gpt", "value": "4"}]}], ["4"]),
    ("messages", ({"prompt": "2+2?", "chosen": [{"role": "assistant", "content": "4"}],
                   "rejected": [{"role": "assistant", "content": "5"}]},), ["4"]),
    ("pairs", ({"instruction": "add", "input": "2 2", "output": " 4\r\n"},), [" 4\r\n"]),
    ("pairs", b'question,response\n2+2?,"4,\n""so"""\n', ['4,\n"so"']),
    ("pairs", b"\xef\xbb\xbfquestion\tresponse\r\n2+2?\t4\r\n", ["4"]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "responses"), CASES)
def test_a_format_is_recognised_and_read(name: str, content: Any, responses: list[str]) -> None:
    traces, rejects = read(content)
    assert rejects == []
    assert [trace.response for trace in traces] == responses
    for trace in traces:
        assert trace.messages or trace.prompt
        assert name == "canonical" or trace.meta["import"]["format"] == name


def test_every_format_has_a_case_and_a_name_of_its_own() -> None:
    own_files = (Path(__file__).parent / "formats").glob("test_*.py")
    tried = {name for name, _, _ in CASES} | {path.stem.removeprefix("test_").replace("_", "-") for path in own_files}
    assert {known.name for known in FORMATS} <= tried | {"lm-eval"}
    assert len({known.name for known in FORMATS}) == len(FORMATS) == len(list_formats())
    assert all((known.read is None) != (known.gather is None) for known in FORMATS)


def test_no_detector_raises_or_claims_what_is_not_its_own() -> None:
    for known in FORMATS:
        for value in (None, 1, "text", [], [1], {}, {"a": None}, {"choices": 3}, {"messages": [3]}, {"results": {}}):
            assert known.detect(value) is False, (known.name, value)


def claims(value: Any) -> list[str]:
    return [known.name for known in FORMATS if known.detect(value)]


@pytest.mark.parametrize("name", [known.name for known in FORMATS])
def test_a_record_is_claimed_by_its_own_format_first(name: str) -> None:
    more: list[dict[str, Any]] = [{}]
    if name not in (
        "canonical",
        "skythought",
        "llama-factory",
    ):  # which have a fixed set of fields, or questions as keys
        more += [
            {"gold": "4", "benchmark": "b", "model": "m", "id": "1"},
            {"question": "2+2?", "text": "t"},
            {"step": 1},
        ]
    for record in one_of_each("so 4")[name]:
        for fields in more:
            assert claims({**fields, **record})[:1] == [name], (fields, record)


def test_few_records_are_claimed_by_two_formats() -> None:
    """More claims than these would mean that a detector is not sure and that the order decides."""
    found = {(name, *claims(record)[1:]) for name, records in one_of_each("so 4").items() for record in records}
    assert {claim for claim in found if len(claim) > 1} == {
        ("canonical", "pairs"),
        ("vllm", "candidates"),
        ("datasets", "pairs"),
        ("nemo-skills", "pairs"),
        ("verl", "pairs"),
        ("thinkarm", "pairs"),
    }


# ── What single formats promise ──────────────────────────────────────────────────────────────────────────────────


def lm_eval_line(doc_id: int, filter_name: str, score: float, response: str = "so 4") -> dict[str, Any]:
    return {
        "doc_id": doc_id,
        "doc": {"question": "2+2?"},
        "target": "#### 4",
        "arguments": {"gen_args_0": {"arg_0": "Question: 2+2?\nAnswer:", "arg_1": {}}},
        "resps": [[response]],
        "filtered_resps": ["4"],
        "filter": filter_name,
        "metrics": ["exact_match"],
        "exact_match": score,
    }


def test_lm_eval_gives_one_trace_a_document_and_not_one_a_filter() -> None:
    lines = tuple(
        lm_eval_line(doc, name, float(name == "flexible")) for name in ("strict", "flexible") for doc in (0, 1)
    )
    traces, _ = read(lines)
    assert [trace.response for trace in traces] == ["so 4", "so 4"]
    assert all(trace.correct is True and trace.prompt == "Question: 2+2?\nAnswer:" for trace in traces)
    assert set(traces[0].meta["source"]["filters"]) == {"strict", "flexible"}


def test_lm_eval_without_generated_text_is_rejected_with_the_reason() -> None:
    line = {**lm_eval_line(0, "none", 1.0), "resps": [[[-1.5, False]]]}
    traces, rejects = read((line,))
    assert traces == []
    assert "log-likelihoods" in rejects[0].reason


def test_lm_eval_with_two_logs_in_one_file_keeps_both() -> None:
    traces, _ = read((lm_eval_line(0, "strict", 1.0), lm_eval_line(0, "strict", 1.0)))
    assert len({trace.trace_id for trace in traces}) == 2


def test_inspect_puts_attachments_back_and_counts_epochs_from_zero() -> None:
    (trace,), _ = read({"version": 2, "eval": {"task": "sums"}, "samples": [SAMPLE]})
    assert [message.content for message in trace.messages] == ["Be brief.", "2+2?"]
    assert (trace.sample, trace.correct, trace.benchmark, trace.gold) == (1, True, "sums", "4")


def test_a_failed_inspect_sample_stops_no_other() -> None:
    failed = {"id": "b", "epoch": 1, "error": {"message": "out of money"}, "output": {"choices": []}}
    traces, rejects = read({"version": 2, "eval": {}, "samples": [failed, SAMPLE]})
    assert len(traces) == 1
    assert "out of money" in rejects[0].reason


def test_batch_failures_are_rejected_with_the_servers_words() -> None:
    failed = {
        "custom_id": "x",
        "response": {"status_code": 429, "body": {"error": {"message": "slow down"}}},
        "error": None,
    }
    good = {"custom_id": "y", "response": {"body": chat("4")}, "error": None}
    traces, rejects = read((failed, good))
    assert len(traces) == 1
    assert "slow down" in rejects[0].reason


def test_server_sent_events_are_read_like_lines() -> None:
    lines = [b"data: " + json.dumps(part).encode() for part in (chunk(content="4"), chunk(content="2", finish="stop"))]
    traces, rejects = read(b"\n\n".join([b": keep-alive", *lines, b"data: [DONE]\n"]))
    assert [trace.response for trace in traces] == ["42"]
    assert rejects == []


def test_a_stream_that_breaks_off_is_flagged() -> None:
    (trace,), _ = read((chunk(content="4"), chunk(content="2")))
    assert trace.meta["truncated"]


def test_a_bare_tool_call_is_rejected() -> None:
    traces, rejects = read((chat(None, tool_calls=[{"id": "1"}]),))
    assert traces == []
    assert "tool call" in rejects[0].reason


def test_the_rejected_half_of_a_preference_pair_is_kept_in_meta() -> None:
    (trace,), _ = read(({"prompt": "q", "chosen": [{"role": "assistant", "content": "a"}],
                         "rejected": [{"role": "assistant", "content": "b"}]},))  # fmt: skip
    assert trace.meta["source"]["rejected"] == "b"


def test_a_rendered_prompt_is_kept_and_read_back_into_turns() -> None:
    rendered = "<|im_start|>user\n2+2?<|im_end|>\n<|im_start|>assistant\n<think>\n"
    (trace,), _ = read(({"input": rendered, "output": "hm\n</think>\n4"},))
    assert trace.prompt == rendered
    assert [(message.role, message.content) for message in trace.messages] == [("user", "2+2?")]


def test_gaps_of_one_checker_are_filled_by_the_next() -> None:
    traces, _ = read(({"problem": "q", "generations": ["a", "b"], "correctness_math_verify": [None, True],
                       "correctness_llama": [False, False], "is_reasoning_complete": [True, False]},))  # fmt: skip
    assert [trace.correct for trace in traces] == [False, True]
    assert [trace.meta.get("truncated") for trace in traces] == [None, "the source says that it is incomplete"]


def test_long_fields_are_named_and_not_copied() -> None:
    (trace,), _ = read(({"question": "q", "response": "a", "short": 1, "long": "x" * 9_000},))
    assert trace.meta["source"] == {"short": 1, "left_out": ["long"]}


def test_a_forced_format_is_used_without_a_look(tmp_path: Path) -> None:
    traces, rejects = read(({"question": "q", "response": "a"},), format="openai")
    assert traces == []
    assert len(rejects) == 1
    with pytest.raises(UsageError, match="pairs"):
        format_named("parquet")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ([{"chunk": "So.", "chunk_idx": 0}], "sentences of a trace"),
        ({"problem": "2+2?", "gt_solution": "4", "gt_answer": "4"}, "without a model's responses"),
        ({"generated_text": "4", "details": {"tokens": []}}, "log-probabilities"),
        ({"0": ["a", "b"]}, "keyed by number"),
        (b"# Notes\n\nNothing here.\n", "not a file of traces"),
        (b"", "empty"),
        ("q,r".encode("utf-16"), "UTF-16"),
        (b"%PDF-1.7", "a PDF"),
    ],
)
def test_what_is_no_trace_file_is_refused_by_name(content: Any, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        read(content)


def parquet(path: Path, columns: dict[str, Any], **options: Any) -> bytes:
    pq.write_table(pa.table(columns), path, **options)
    return path.read_bytes()


def test_parquet_rows_are_records(tmp_path: Path) -> None:
    data = parquet(
        tmp_path / "a.parquet", {"problem": ["q"] * 50, "generations": [["a", "b"]] * 50}, compression="zstd"
    )
    traces, _ = read(data)
    assert [trace.response for trace in traces] == ["a", "b"] * 50


def test_a_file_that_begins_inside_the_thinking_must_close_it() -> None:
    lines = tuple({"question": f"q{i}", "response": "hm\n</think>\n4" if i else "hm, well"} for i in range(6))
    traces, _ = read(lines)
    assert ["truncated" in trace.meta for trace in traces] == [True] + [False] * 5


def test_the_example_in_the_registrys_docstring_works(monkeypatch: pytest.MonkeyPatch) -> None:
    import rdpt_core.traces.formats as registry

    text = registry.__doc__ or ""
    code = text.split("can:\n\n" if "can:\n\n" in text else "cannot:\n\n")[1].split("The response goes in")[0]
    code = "\n".join(line.removeprefix("       ") for line in code.splitlines())
    names: dict[str, Any] = {}
    preface = (
        "from collections.abc import Iterator\nfrom typing import Any\n"
        "from rdpt_core.traces.formats.base import *\nfrom rdpt_core.traces.formats.fields import *\n"
    )
    exec(preface + code, names)  # the example is ours
    made: Callable[..., Any] = names["FORMAT"].read
    from rdpt_core.traces.files.record import Record
    from rdpt_core.traces.formats.base import Context

    (draft,) = made(Record(1, {"ask": "q", "reply": "a"}, ""), Context("f"))
    assert draft.response.text == "a"
