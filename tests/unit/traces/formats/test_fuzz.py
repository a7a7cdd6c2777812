"""Hostile input: whatever the bytes, an import ends with traces, rejects or an error of ours, and alters no text.

The normal run tries a few hundred cases; `-m slow` tries 20,000. For another number, name it:
`RDPT_EXAMPLES=20000 pytest tests/unit/traces/formats/test_fuzz.py`.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rdpt_core.errors import RdptError
from rdpt_core.traces import trace_to_json
from rdpt_core.traces.formats import FORMATS
from rdpt_core.traces.formats.fields import CANDIDATES, CORRECT_LISTS, GOLD, IDENTITY, QUESTION, REASONING, RESPONSE
from rdpt_core.traces.importing.pipeline import import_traces
from rdpt_core.traces.importing.report import ImportReport
from tests.support.imports.imported import Log, read
from tests.support.one_of_each import one_of_each

NAMES = [known.name for known in FORMATS]
KEYS = sorted({
    *QUESTION, *RESPONSE, *REASONING, *GOLD, *CANDIDATES, *CORRECT_LISTS, *IDENTITY, "messages", "conversations",
    "role",
    "content", "from", "value", "choices", "message", "delta", "text", "type", "object", "custom_id", "error", "body",
    "eval", "samples", "outputs", "results", "completions", "full_model_response", "score", "doc", "doc_id", "resps",
    "arguments", "filter", "metrics", "epoch", "scores", "chosen", "rejected", "trace_id", "question_id", "meta",
    "sample", "code", "gt", "result", "attachments", "is_reasoning_complete", "full_cot", "solution", "finish_reason",
    "categories", "datasets", "parts", "usageMetadata", "thinking", "tool_calls", "model", "system", "target", "input",
    "gen_args_0", "arg_0", "version", "status", "plan", "reasoning_details", "index", "expected_answer", "data", "rows",
    "row", "schema", "columns", "request", "response", "name", "function", "tool_call_id", "observations", "spans",
    "attributes", "fields", "generations", "kwargs", "limit",
})  # fmt: skip
WORDS = st.sampled_from(
    ["", "a", "user", "assistant", "system", "human", "gpt", "text", "reasoning", "message", "response.completed",
     "response", "chat.completion.chunk", "length", "attachment://0", "<think>", "</think>", "\x00", "\ud800", "😀",
     "<|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\n", "[{", "\\boxed{4}", "#### 4", "A", "true", "NaN",
     "tool", "tool_use", "image_url", '[{"role": "user", "content": "q"}]', "user\nq\nassistant\n", "P", "on",
     "GENERATION"]
)  # fmt: skip
TEXTS = st.one_of(WORDS, st.text(max_size=20))
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(st.sampled_from(KEYS), TEXTS), inner, max_size=6),
    ),
    max_leaves=25,
)
RECORDS = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=8)


# ── What holds for every input ───────────────────────────────────────────────────────────────────────────────────


def survives(data: bytes, folder: Path, format: str | None = None) -> tuple[list[str], int] | None:
    """Import some bytes; the responses and the number of rejects, or None if the file was refused."""
    path = folder / "file"
    path.write_bytes(data)
    log, report = Log(), ImportReport()
    try:
        traces = list(import_traces([path], format=format, grade=False, rejects=log, report=report))
    except RdptError as error:
        assert str(error).strip()
        return None
    assert len({trace.trace_id for trace in traces}) == len(traces) == report.n_traces
    assert all(reject.reason for reject in log.rejects)
    assert report.is_unaltered
    for trace in traces:
        trace.response.encode()
        assert json.loads(trace_to_json(trace))["response"] == trace.response
    return [trace.response for trace in traces], len(log.rejects)


def as_lines(records: list[Any]) -> bytes:
    return b"\n".join(json.dumps(record).encode() for record in records)


def check_lines(records: list[Any], folder: Path) -> None:
    survives(as_lines(records), folder)


def check_document(value: Any, folder: Path) -> None:
    survives(json.dumps(value, indent=1).encode(), folder)


def check_bytes(data: bytes, folder: Path) -> None:
    survives(data, folder)


def check_forced(format: str, records: list[Any], folder: Path) -> None:
    survives(as_lines(records), folder, format)


# ── Text of every format ─────────────────────────────────────────────────────────────────────────────────────────


def variants(name: str, text: str) -> Iterator[list[Any]]:
    """The records of files of one format, each of which holds one response."""
    records = one_of_each(text)[name]
    yield from [records] if name == "openai-stream" else [[record] for record in records]


def fingerprint(texts: list[str]) -> list[str]:
    return sorted(hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() for text in texts)


def check_verbatim(name: str, text: str, folder: Path) -> None:
    """Characters in are characters out, or the record is rejected with its reason: for lone surrogates, or as empty."""
    for records in variants(name, text):
        found = survives(as_lines(records), folder)
        assert found is not None, records
        responses, n_rejects = found
        if any(0xD800 <= ord(char) <= 0xDFFF for char in text) or (not text and n_rejects):
            assert (responses, n_rejects) == ([], 1), records
        else:
            assert fingerprint(responses) == fingerprint([text]), records
            assert n_rejects == 0, records


def check_table(rows: list[tuple[str, str]], folder: Path) -> None:
    """The same rows as CSV and as Parquet. An empty cell is a missing response, and CSV knows no zero bytes."""
    question, responses = [row[0] or "q" for row in rows], [row[1] for row in rows]
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerows([["question", "response", "n"], *zip(question, responses, range(len(rows)), strict=True)])
    parquet = io.BytesIO()
    pq.write_table(pa.table({"question": question, "response": responses}), parquet)
    for data in (file.getvalue().encode(), parquet.getvalue()):
        found = survives(data, folder)
        assert found is not None
        assert fingerprint(found[0]) == fingerprint(responses)


# ── Valid records with something wrong in them ───────────────────────────────────────────────────────────────────


def places(value: Any, depth: int = 0) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) inside of a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(items):
        yield value, key
        if depth < 12:
            yield from places(inner, depth + 1)


def changed(records: list[Any], seed: int, junk: list[Any]) -> list[Any]:
    """A copy in which each piece of junk has found a place, or something is gone, twice there or deeper."""
    # By way of JSON, so that no object stands in two places.
    rng, (records, junk) = random.Random(seed), json.loads(json.dumps([records, junk]))
    for value in junk:
        # An empty record has no places left.
        found = [place for record in records for place in places(record)]
        if not found:
            break
        container, key = rng.choice(found)
        match rng.randrange(6):
            case 0 if isinstance(container, dict):
                del container[key]
            case 1 if isinstance(container, dict):
                container[rng.choice(KEYS)] = value
            case 2:
                container[key] = [container[key]]
            case 3:
                container[key] = {rng.choice(KEYS): container[key]}
            case 4 if isinstance(container, list):
                container.insert(rng.randrange(len(container) + 1), value)
            case _:
                container[key] = value
    return records


def check_changed(name: str, seed: int, junk: list[Any], folder: Path) -> None:
    """A damaged record costs itself, its neighbours stay: the whole one behind it is read where the format is known."""
    for records in variants(name, "4"):
        damaged = changed(records, seed, junk)
        survives(as_lines(damaged), folder)
        survives(as_lines(damaged), folder, name)
        if name == "openai-stream":
            continue
        whole = one_of_each("so this one stays")[name][:1]
        found = survives(as_lines([*damaged, *whole]), folder, name)
        # A line of a stream may have lost its end, and is then continued.
        assert found is None or any("so this one stays" in response for response in found[0]), damaged


LINES = st.lists(st.one_of(RECORDS, VALUES), min_size=1, max_size=4)
FORMAT_NAMES = st.sampled_from(NAMES)
STARTS = st.sampled_from(
    [b"", b"PAR1", b"PK\x03\x04", b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"{", b"[", b"data: ", b"a,b\n", b"\xef\xbb\xbf{",
     b"ARROW1\x00\x00", b"\xff\xff\xff\xff", b"FEA1", b"BZh9", b"\xfd7zXZ\x00", b"ustar"]
)  # fmt: skip
RAW = st.tuples(STARTS, st.binary(max_size=200)).map(b"".join)
ANY_TEXT = st.text(st.characters(codec=None))
CLEAN_TEXT = st.one_of(
    st.text(), st.sampled_from(["4", " 4\r\n", "<think>\nhm\n</think>\n\n4", "<think>hm", "hm</think>4", "[{"])
)
CELL = st.text(st.characters(codec="utf-8", exclude_characters="\x00"))

CHECKS: list[tuple[Any, dict[str, st.SearchStrategy[Any]]]] = [
    (check_lines, {"records": LINES}),
    (check_document, {"value": st.one_of(RECORDS, VALUES)}),
    (check_bytes, {"data": RAW}),
    (check_forced, {"format": FORMAT_NAMES, "records": LINES}),
    (check_verbatim, {"name": FORMAT_NAMES, "text": st.one_of(ANY_TEXT, CLEAN_TEXT)}),
    (check_table, {"rows": st.lists(st.tuples(CELL, CELL.filter(bool)), min_size=1, max_size=4)}),
    (
        check_changed,
        {"name": FORMAT_NAMES, "seed": st.integers(0, 2**32), "junk": st.lists(VALUES, min_size=1, max_size=4)},
    ),
]
EXAMPLES = int(os.environ.get("RDPT_EXAMPLES", "500"))
"""How many cases the normal run tries, over all checks."""


def run(check: Any, arguments: dict[str, st.SearchStrategy[Any]], folder: Path, examples: int) -> None:
    number = -(-examples // len(CHECKS))
    tried = settings(max_examples=number, deadline=None, suppress_health_check=list(HealthCheck))
    tried(given(**arguments, folder=st.just(folder))(check))()


@pytest.mark.parametrize(("check", "arguments"), CHECKS)
def test_hostile_input_ends_well(check: Any, arguments: Any, tmp_path: Path) -> None:
    run(check, arguments, tmp_path, EXAMPLES)


@pytest.mark.slow
@pytest.mark.parametrize(("check", "arguments"), CHECKS)
def test_hostile_input_ends_well_twenty_thousand_times(check: Any, arguments: Any, tmp_path: Path) -> None:
    run(check, arguments, tmp_path, 20_000)


@pytest.mark.parametrize("name", NAMES)
def test_there_is_a_record_of_every_format_that_no_other_claims(name: str) -> None:
    for records in variants(name, "so 4"):
        traces, rejects = read(tuple(records))
        assert [reject.reason for reject in rejects] == []
        assert [trace.response for trace in traces] == ["so 4"]
        assert name == "canonical" or traces[0].meta["import"]["format"] == name
