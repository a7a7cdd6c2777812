"""Every form is read alike from a JSON document and from a table, which has every field in every row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rdpt_core.scoring.backends.recorded.forms.reading import recordings_of, why_none
from rdpt_core.scoring.backends.recorded.recording import Recording, Sampling
from rdpt_core.traces.files.containers import open_container
from rdpt_core.traces.files.record import Bad
from rdpt_core.traces.files.source import Source


def top(*pairs: tuple[str, float]) -> list[dict[str, Any]]:
    return [{"token": text, "logprob": value, "bytes": list(text.encode())} for text, value in pairs]


def chat(n: int) -> dict[str, Any]:
    content = [{**top(("a", -1.0 - n))[0], "top_logprobs": top(("a", -1.0 - n), ("b", -0.5))}]
    body: dict[str, Any] = {"choices": [{"message": {"content": "a"}, "logprobs": {"content": content}}]}
    body |= {"usage": {"completion_tokens": 2}, "system_fingerprint": "vllm-0.32.0-f5e792d9"}
    return {"custom_id": f"t{n}", "request": {"body": {"temperature": 0.5 + n}}, "response": {"body": body}}


def completions(n: int) -> dict[str, Any]:
    lists = {
        "tokens": ["a", f"n{n}"],
        "token_logprobs": [None, -1.0],
        "top_logprobs": [None, {f"n{n}": -1.0, "b": -2.0}],
    }
    return {"id": f"t{n}", "temperature": 0.5, "choices": [{"text": "an", "logprobs": lists}]}


def vllm(n: int) -> dict[str, Any]:
    entries = [
        {str(5 + n): {"logprob": -1.0, "decoded_token": "a"}, str(90 + n): {"logprob": -0.5, "decoded_token": "b"}},
        {str(7 + n): {"logprob": -2.0, "decoded_token": "c"}},
    ]
    output = {"token_ids": [5 + n, 7 + n], "logprobs": entries}
    return {"request_id": f"t{n}", "sampling_params": {"temperature": 0.6, "seed": n}, "outputs": [output]}


def tgi(n: int) -> dict[str, Any]:
    token = {"id": 5 + n, "text": "a", "logprob": -1.0}
    tops = [[token, {"id": 50, "text": "b", "logprob": -0.5}]]
    return {"id": n, "details": {"tokens": [token], "top_tokens": tops, "seed": 2**63 - 1, "generated_tokens": 1}}


def told(found: Recording) -> list[Any]:
    others = found.alternatives
    return [
        (found.keys, found.token_id.tolist(), np.nan_to_num(found.logprob, nan=1.0).tolist(), found.texts, found.raw),
        (found.prompt, found.is_prompt, found.n_generated, found.n_impossible, found.n_above_zero, found.fault),
        None if others is None else (others.start.tolist(), sorted(others.logprob.tolist())),
        found.sampling,
    ]


@pytest.mark.parametrize("form", [chat, completions, vllm, tgi])
def test_a_table_gives_what_json_gives(form: Any, tmp_path: Path) -> None:
    records = [form(0), form(1)]
    pq.write_table(pa.Table.from_pylist(records), tmp_path / "r.parquet")
    rows = list(open_container(Source("r.parquet", tmp_path / "r.parquet")).records())
    expected = [found for record in records for found in recordings_of(record, "r")]
    read = [found for row in rows if not isinstance(row, Bad) for found in recordings_of(row.value, "r")]
    assert len(read) == 2
    assert all(found.fault is None and found.alternatives is not None and found.sampling for found in read)
    assert [told(found) for found in read] == [told(found) for found in expected]


def test_a_table_of_maps_gives_what_json_gives(tmp_path: Path) -> None:
    entry = pa.map_(pa.string(), pa.struct([("logprob", pa.float64()), ("decoded_token", pa.string())]))
    output = pa.struct([("token_ids", pa.list_(pa.int64())), ("logprobs", pa.list_(entry))])
    record = vllm(0)
    dumped = {"token_ids": [5, 7], "logprobs": [list(places.items()) for places in record["outputs"][0]["logprobs"]]}
    table = pa.table({"request_id": ["t0"], "outputs": pa.array([[dumped]], pa.list_(output))})
    pq.write_table(table, tmp_path / "r.parquet")
    [row] = open_container(Source("r.parquet", tmp_path / "r.parquet")).records()
    assert not isinstance(row, Bad)
    [found], [expected] = recordings_of(row.value, "r"), recordings_of(record, "r")
    assert told(found)[:3] == told(expected)[:3]


def test_a_request_beside_a_reply_says_how_it_was_sampled() -> None:
    [found] = recordings_of(chat(0), "f:1")
    assert found.sampling == Sampling(temperature=0.5, server="vllm") and found.keys == ("t0",)
    bare = {"request": {"temperature": 0.25}, "response": {"choices": chat(0)["response"]["body"]["choices"]}}
    [found] = recordings_of(bare, "f:1")
    assert found.sampling == Sampling(temperature=0.25)


@pytest.mark.parametrize(
    "record",
    [
        {"outputs": [{"text": "a", "logprobs": {"token_ids": [], "token_logprobs": []}}]},
        {"choices": [{"message": {"content": "a"}, "logprobs": None}]},
        {"response": {"body": {"choices": [{"message": {}}]}}},
    ],
)
def test_an_answer_without_logprobs_is_called_that(record: dict[str, Any]) -> None:
    assert recordings_of(record, "f:1") == []
    assert "without logprobs" in why_none(record)


@pytest.mark.parametrize(
    "record", [{"question": "a"}, {"choices": [{"logprobs": {"odd": [1]}}]}, {"choices": 3}, 7, []]
)
def test_an_unknown_form_is_called_that(record: Any) -> None:
    assert recordings_of(record, "f:1") == []
    assert why_none(record) == "no logprobs in a form that is known"
