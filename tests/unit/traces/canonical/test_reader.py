"""Policy of the reader: a bad line costs itself only, says why, and is kept; a file that is no JSON Lines raises."""

from __future__ import annotations

import gzip
import hashlib
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from rdpt_core.errors import InputError, UsageError
from rdpt_core.records import Message, Reject, ToolCall, Trace
from rdpt_core.traces.canonical import reader
from rdpt_core.traces.canonical.reader import iter_traces
from rdpt_core.traces.canonical.rejects import RejectLog

GOOD = b'{"question": "1 + 1?", "response": "2."}'
CALLING = {"role": "assistant", "content": None}


class Reader:
    """Writes bytes to a file and reads it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "traces.jsonl"

    def __call__(self, content: bytes, limit: int | None = None) -> tuple[list[Trace], tuple[Reject, ...]]:
        self.path.write_bytes(content)
        log = RejectLog()
        return list(iter_traces([self.path], rejects=log, limit=limit)), log.first


@pytest.fixture
def read(tmp_path: Path) -> Reader:
    return Reader(tmp_path)


def line(**fields: Any) -> bytes:
    return json.dumps({"question": "1 + 1?", "response": "2."} | fields).encode()


def nested(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels):
        value = {"a": value}
    return value


# ── What is accepted ───────────────────────────────────────────────────────────────────────────────────────────────


def test_the_least_that_a_line_needs(read: Reader) -> None:
    (trace,), rejects = read(GOOD)
    assert rejects == ()
    assert (trace.response, trace.messages, trace.prompt) == ("2.", (Message("user", "1 + 1?"),), None)
    assert (trace.benchmark, trace.sample, trace.correct, trace.model, trace.meta) == ("unknown", 0, None, None, {})
    assert trace.trace_id.startswith("t-") and len(trace.trace_id) == 18
    assert trace.question_id.startswith("q-") and len(trace.question_id) == 18


def test_every_field(read: Reader) -> None:
    fields = {
        "trace_id": "a", "question_id": "b", "response": "r\n", "prompt": "<|user|>q", "benchmark": "AIME",
        "messages": [{"role": "system", "content": ""}, {"role": "user", "content": "q"}], "question": "q",
        "domain": "algebra", "model": "m", "difficulty": "5", "gold": "7", "correct": False, "sample": 3,
        "meta": {"k": [1, None]},
    }  # fmt: skip
    (trace,), _ = read(json.dumps(fields).encode())
    assert trace == Trace(
        trace_id="a",
        question_id="b",
        response="r\n",
        messages=(Message("system", ""), Message("user", "q")),
        prompt="<|user|>q",
        benchmark="AIME",
        domain="algebra",
        model="m",
        difficulty="5",
        gold="7",
        correct=False,
        sample=3,
        meta={"k": [1, None]},
    )


def test_a_prompt_is_enough(read: Reader) -> None:
    (trace,), _ = read(b'{"prompt": "Q: 1 + 1?\\nA:", "response": " 2"}')
    assert (trace.messages, trace.prompt, trace.response) == ((), "Q: 1 + 1?\nA:", " 2")


def test_null_is_absent_for_optional_fields(read: Reader) -> None:
    names = ["trace_id", "question_id", "messages", "prompt", "benchmark", "domain", "model", "difficulty", "gold"]
    (trace,), rejects = read(line(**dict.fromkeys([*names, "correct", "sample", "meta"])))
    assert rejects == ()
    assert trace == read(GOOD)[0][0]


@pytest.mark.parametrize(
    "response", ["", " \n", "a\x00b", "\u2028\x85\x0c", "👨\u200d👩\u200d👧 e\u0301 \ufffd \ufeff", "\U0010ffff"]
)
def test_responses_are_kept_verbatim(read: Reader, response: str) -> None:
    for text in (
        line(response=response),
        json.dumps({"question": "q", "response": response}, ensure_ascii=False).encode(),
    ):
        (trace,), rejects = read(text)
        assert rejects == ()
        assert trace.response == response


def test_blank_lines_bom_and_crlf(read: Reader) -> None:
    traces, rejects = read(b"\xef\xbb\xbf\r\n" + GOOD + b"\r\n\n  \t\r\n" + line(sample=1))
    assert [trace.sample for trace in traces] == [0, 1]
    assert rejects == ()


def test_unknown_fields_move_into_meta(read: Reader) -> None:
    messages = [{"role": "user", "content": "q", "weight": 1}]
    (trace,), rejects = read(
        json.dumps({"messages": messages, "response": "r", "tokens": 7, "meta": {"a": 1}}).encode()
    )
    assert rejects == ()
    assert trace.meta == {"a": 1, "extra": {"tokens": 7, "messages[0].weight": 1}}


def talk(*turns: dict[str, Any], **fields: Any) -> bytes:
    return json.dumps({"messages": [{"role": "user", "content": "q"}, *turns], "response": "r", **fields}).encode()


def test_tool_calls_are_fields_of_a_message(read: Reader) -> None:
    calls = [
        {"id": "c1", "type": "function", "function": {"name": "f", "arguments": {"a": "é"}}},
        {"function": {"name": "g", "arguments": "now", "strict": True}, "index": 1},
        {"id": None, "type": None, "function": {"name": "h"}},
    ]
    result = {"role": "tool", "content": "2", "tool_call_id": "c1", "name": "f"}
    (trace,), rejects = read(talk({"role": "assistant", "content": None, "tool_calls": calls}, result))
    assert rejects == ()
    called = (ToolCall("f", '{"a": "é"}', "c1"), ToolCall("g", "now"), ToolCall("h", "{}"))
    assert trace.messages[1:] == (Message("assistant", "", called), Message("tool", "2", (), "c1", "f"))
    extra = {"messages[1].tool_calls[1].index": 1, "messages[1].tool_calls[1].function.strict": True}
    assert trace.meta == {"extra": extra}


def test_ids_know_tool_calls_and_are_as_before_without(read: Reader) -> None:
    result = {"role": "tool", "content": "2"}
    calls = [[], *([{"function": {"name": name, "arguments": "{}"}}] for name in "fg")]
    lines = [talk({"role": "assistant", "content": "", "tool_calls": call or None}, result) for call in calls]
    lines.append(talk({"role": "assistant", "content": ""}, {**result, "name": "", "tool_call_id": None}, sample=1))
    lines.append(talk({"role": "assistant", "content": ""}, {**result, "tool_call_id": "c1"}))
    traces, rejects = read(b"\n".join(lines))
    assert rejects == ()
    first, f, g, again, answer = (trace.question_id for trace in traces)
    assert again == first == "q-" + digest([["user", "q"], ["assistant", ""], ["tool", "2"]], "unknown")
    assert len({first, f, g, answer}) == 4


def digest(*content: Any) -> str:
    text = json.dumps(list(content), separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def test_unknown_fields_never_overwrite(read: Reader) -> None:
    traces, _ = read(line(tokens=7, meta={"extra": {"a": 1}}) + b"\n" + line(sample=1))
    assert traces[0].meta == {"extra": {"a": 1, "tokens": 7}}
    _, rejects = read(line(tokens=7, meta={"extra": {"tokens": 1}}) + b"\n" + GOOD)
    assert rejects[0].reason == "expected only known fields, or room for others in `meta.extra`; got `tokens`"


def test_huge_integers_survive_in_meta(read: Reader) -> None:
    (trace,), _ = read(line(meta={"n": 10**400}))
    assert trace.meta == {"n": 10**400}


def test_limit_counts_traces_and_stops_there(read: Reader) -> None:
    content = b"\n".join([GOOD, b"[1]", line(sample=1), b"{", line(sample=2)])
    traces, rejects = read(content, limit=2)
    assert [trace.sample for trace in traces] == [0, 1]
    assert [reject.line for reject in rejects] == [2]
    assert read(content, limit=0) == ([], ())


# ── Identities ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_made_ids_depend_on_the_content_they_name(read: Reader) -> None:
    base = read(GOOD)[0][0]
    as_messages = read(b'{"messages": [{"role": "user", "content": "1 + 1?"}], "response": "2.", "meta": {"a": 1}}')[0][
        0
    ]
    assert (as_messages.question_id, as_messages.trace_id) == (base.question_id, base.trace_id)
    for change in ({"response": "3."}, {"sample": 1}, {"model": "m"}):
        other = read(line(**change))[0][0]
        assert other.question_id == base.question_id
        assert other.trace_id != base.trace_id
    for change in ({"question": "1 + 2?"}, {"benchmark": "AIME"}):
        other = read(line(**change))[0][0]
        assert other.question_id != base.question_id
        assert other.trace_id != base.trace_id


def test_made_ids_do_not_change_between_releases(read: Reader) -> None:
    # A changed id would part stored runs from their traces.
    trace = read(GOOD)[0][0]
    assert (trace.question_id, trace.trace_id) == ("q-76a80c964084dd91", "t-aa038fe04e152066")


def test_a_repeated_id_names_both_lines(read: Reader, tmp_path: Path) -> None:
    traces, rejects = read(line(trace_id="x") + b"\n\n" + line(trace_id="x", sample=1))
    assert len(traces) == 1
    place = f"{read.path}:3"
    assert rejects[0].line == 3
    assert rejects[0].reason == f"`trace_id`: expected a new one; got 'x' at {place}, used at {read.path}:1"


def test_identical_lines_are_said_to_be_identical(read: Reader) -> None:
    _, rejects = read(GOOD + b"\n" + GOOD)
    assert rejects[0].reason.startswith(f"identical to {read.path}:1: expected a `trace_id` or `sample`")


def test_a_repeated_id_is_found_across_files(read: Reader, tmp_path: Path) -> None:
    other = tmp_path / "other.jsonl"
    other.write_bytes(line(trace_id="x"))
    read.path.write_bytes(line(trace_id="x"))
    log = RejectLog()
    assert len(list(iter_traces([other, read.path], rejects=log))) == 1
    assert f"used at {other}:1" in log.first[0].reason


# ── What is rejected ───────────────────────────────────────────────────────────────────────────────────────────────

BAD = {
    "not JSON": (b'{"question": "q", }', "expected JSON; got an error at column 19: "),
    "cut off": (b'{"question": "q", "resp', "expected JSON; got an error at column 19: "),
    "two objects": (GOOD + b" {}", "expected JSON; got an error at column 42: Extra data"),
    "raw control character": (b'{"question": "a\tb", "response": ""}', "expected JSON; got an error at column 16: "),
    "not an object": (b"[1, 2]", "expected an object; got a list of 2"),
    "null": (b"null", "expected an object; got null"),
    "string": (b'"x"', "expected an object; got the string 'x'"),
    "NaN": (line(meta={"a": float("nan")}), "expected JSON; got NaN"),
    "Infinity": (line(meta={"a": float("-inf")}), "expected JSON; got -Infinity"),
    "overflow": (b'{"question": "q", "response": "r", "meta": {"a": 1e999}}', "expected finite numbers; got 1e999"),
    "lone surrogate": (line(response="\ud83d"), "`response`: expected text; got the lone surrogate U+D83D"),
    "surrogate in meta": (line(meta={"\udc00": 1}), "`meta`: expected text; got the lone surrogate U+DC00"),
    "not UTF-8": (b'{"question": "\xe9", "response": ""}', "expected UTF-8; got the byte 0xe9 at byte 15 of the line"),
    "deep": (b'{"meta": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "expected at most 100 levels of nesting; got more"),
    "a bit deep": (line(meta=json.loads("[" * 101 + "]" * 101)), "expected at most 100 levels of nesting; got"),
    "repeated key": (b'{"response": "a", "response": "b"}', "expected each key once in an object; got 'response'"),
    "endless integer": (b'{"meta": ' + b"1" * 5000 + b"}", "expected numbers of at most 4300 digits"),
    "no response": (b'{"question": "q"}', "`response`: expected a string; got nothing"),
    "null response": (line(response=None), "`response`: expected a string; got null"),
    "no question": (b'{"response": "r"}', "expected one of `question`, `messages` and `prompt`; got none of them"),
    "empty question": (line(question=""), "`question`: expected a string that is not empty; got an empty string"),
    "correct as text": (line(correct="yes"), "`correct`: expected true, false or null; got the string 'yes'"),
    "correct as number": (line(correct=1), "`correct`: expected true, false or null; got the number 1"),
    "sample below 0": (line(sample=-1), "`sample`: expected an integer from 0 to 2147483647; got the number -1"),
    "sample as bool": (line(sample=True), "`sample`: expected an integer from 0 to 2147483647; got true"),
    "sample as float": (line(sample=1.0), "`sample`: expected an integer from 0 to 2147483647; got the number 1.0"),
    "sample too large": (line(sample=2**31), "`sample`: expected an integer from 0 to 2147483647; got the number 21"),
    "difficulty as true": (line(difficulty=True), "`difficulty`: expected a string, a number or null; got true"),
    "meta as list": (line(meta=[]), "`meta`: expected an object; got an empty list"),
    "no messages": (line(question=None, messages=[]), "`messages`: expected a list of {role, content} with at"),
    "message as text": (line(messages=["q"]), "`messages[0]`: expected an object with role and content; got the"),
    "message without content": (line(messages=[{"role": "user"}]), "`messages[0].content`: expected a string, or null"),
    "nothing said or called": (
        line(messages=[{"role": "assistant", "content": None, "tool_calls": []}]),
        "`messages[0].content`: expected a string, or null beside `tool_calls`; got null",
    ),
    "tool calls as text": (
        line(messages=[{**CALLING, "tool_calls": "f()"}]),
        "`messages[0].tool_calls`: expected a list of {id,",
    ),
    "tool call as text": (
        line(messages=[{**CALLING, "tool_calls": ["f()"]}]),
        "`messages[0].tool_calls[0]`: expected an object with id, type and function; got the string",
    ),
    "tool call without a name": (
        line(messages=[{**CALLING, "tool_calls": [{"function": {"arguments": "{}"}}]}]),
        "`messages[0].tool_calls[0].function.name`: expected a string that is not empty; got nothing",
    ),
    "arguments as a list": (
        line(messages=[{**CALLING, "tool_calls": [{"function": {"name": "f", "arguments": [1]}}]}]),
        "`messages[0].tool_calls[0].function.arguments`: expected an object, or its JSON as a string; got a list of 1",
    ),
    "arguments nested beyond reason": (
        line(messages=[{**CALLING, "tool_calls": [{"function": {"name": "f", "arguments": nested(100)}}]}]),
        "expected at most 100 levels of nesting; got more",
    ),
    "another kind of tool call": (
        line(messages=[{**CALLING, "tool_calls": [{"type": "custom", "function": {"name": "f"}}]}]),
        "`messages[0].tool_calls[0].type`: expected `function`; got the string 'custom'",
    ),
    "content in parts": (
        line(messages=[{"role": "user", "content": [{"type": "text"}]}]),
        "`messages[0].content`: expected a string; got a list of 1",
    ),
    "answer among messages": (
        line(question=None, messages=[{"role": "user", "content": "q"}, {"role": "assistant", "content": "r"}]),
        "`messages`: expected the conversation before the response; got one that ends with an assistant message",
    ),
    "two questions": (
        line(messages=[{"role": "user", "content": "2 + 2?"}]),
        "`question`: expected the last user message of `messages`, or only one of the two fields; "
        "got the string '1 + 1?' beside the string '2 + 2?'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_line_costs_itself_only(read: Reader, name: str) -> None:
    bad, reason = BAD[name]
    traces, (reject,) = read(GOOD + b"\n" + bad + b"\n" + line(sample=1))
    assert [trace.sample for trace in traces] == [0, 1]
    assert reject.reason.startswith(reason)
    assert (reject.file, reject.line) == (str(read.path), 2)
    assert reject.text == bad.decode("utf-8", "backslashreplace")


def test_every_problem_of_a_line_is_told(read: Reader) -> None:
    _, (reject,) = read(GOOD + b"\n" + line(correct="yes", sample="1"))
    assert reject.reason == (
        "`correct`: expected true, false or null; got the string 'yes'; "
        "`sample`: expected an integer from 0 to 2147483647; got the string '1'"
    )


def test_an_overlong_line_is_not_loaded(read: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_LINE_BYTES", 1 << 20)
    content = GOOD + b"\n" + line(response="x" * (32 << 20)) + b"\n" + line(sample=1)
    read.path.write_bytes(content)
    log = RejectLog()
    tracemalloc.start()
    traces = list(iter_traces([read.path], rejects=log))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [trace.sample for trace in traces] == [0, 1]
    assert (log.first[0].line, len(log.first[0].text)) == (2, reader.KEPT_OF_A_LONG_LINE)
    assert log.first[0].reason == "expected a line of at most 1048576 bytes; got a longer one, kept by its beginning"
    assert peak < 8 << 20


def test_a_line_of_exactly_the_limit_is_read(read: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_LINE_BYTES", len(GOOD))
    assert len(read(GOOD + b"\n")[0]) == 1
    assert len(read(GOOD)[0]) == 1


# ── Files that cannot be used ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "got an empty file"),
        (b"\xef\xbb\xbf \n", "got an empty file"),
        (gzip.compress(GOOD, mtime=0), "got gzip data. Convert it first: rdpt import SOURCE --out FILE.jsonl"),
        (b"PAR1\x15", "got a Parquet file"),
        (b"PK\x03\x04", "got a zip archive"),
        (GOOD.decode().encode("utf-16"), "got UTF-16 text"),
        (b"[\n" + GOOD + b"\n]", "got a JSON array"),
        (b"[" + GOOD + b"]", "got a JSON array"),
        (b'{\n  "question": "q"\n}', "got one JSON object over several lines"),
        (
            b"question,response\nq,r\n",
            "there is not one trace: .*got 2 rejected lines, the first at .*:1: expected JSON",
        ),
        (b'{"input": "q", "output": "r"}', "got one rejected line, the first at .*`response`: expected a string"),
        (b" " * (1 << 17) + b"\n", "got blank lines only"),
    ],
)
def test_a_file_that_is_no_json_lines_raises(read: Reader, content: bytes, message: str) -> None:
    if content.isspace():
        message = "got .*(blank lines only|white space)"
    with pytest.raises(InputError, match=message):
        read(content)


def test_missing_files_and_folders_raise_before_anything_is_read(read: Reader, tmp_path: Path) -> None:
    read.path.write_bytes(GOOD)
    with pytest.raises(InputError, match="no such file of traces.*expected a file of JSON Lines"):
        iter_traces([read.path, tmp_path / "nowhere.jsonl"], rejects=RejectLog())
    with pytest.raises(InputError, match="a folder was given"):
        iter_traces([tmp_path], rejects=RejectLog())


def test_wrong_arguments() -> None:
    with pytest.raises(UsageError, match="expected at least one file"):
        iter_traces([], rejects=RejectLog())
    with pytest.raises(UsageError, match="expected 0 or more; got -1"):
        iter_traces([Path("x")], rejects=RejectLog(), limit=-1)
