"""Parallel lists: every key, ids or texts, and what does not fit together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rdpt_core.records import Role
from rdpt_core.scoring.backends.recorded.forms.reading import recordings_of
from rdpt_core.scoring.backends.recorded.library import read_library
from rdpt_core.scoring.backends.recorded.recording import UNKNOWN_ID, Recording

VOCABULARY = {5: "It", 6: "Ġis", 7: "Ġ4", 8: "<|end|>"}


def one(value: dict[str, Any]) -> Recording:
    (found,) = recordings_of(value, "f.jsonl:1")
    return found


@pytest.mark.parametrize("key", ["sample_uuid", "uuid", "trace_id", "id", "custom_id", "request_id"])
def test_a_row_is_a_recording_under_any_of_its_keys(key: str) -> None:
    found = one({key: "a-1", "token_ids": [5, 6, 7, 8], "logprobs": [-0.5, 0.0, -1.25, None], "domain": "math"})
    assert found.keys == ("a-1",)
    assert found.token_id.tolist() == [5, 6, 7, 8] and found.token_id.dtype == np.int32
    assert found.logprob[:3].tolist() == [-0.5, 0.0, -1.25] and np.isnan(found.logprob[3])
    assert found.texts is None and found.fault is None


def test_texts_may_stand_in_place_of_ids_or_beside_them() -> None:
    texts = one({"tokens": ["It", " is"], "logprobs": [-1, -2]})
    assert texts.texts == ["It", " is"] and texts.token_id.tolist() == [UNKNOWN_ID] * 2
    both = one({"tokens": ["It", " is"], "token_ids": [5, 6], "logprobs": [-1, -2]})
    assert both.texts == ["It", " is"] and both.token_id.tolist() == [5, 6]
    named_tokens = one({"tokens": [5, 6], "token_logprobs": [-1, -2]})
    assert named_tokens.texts is None and named_tokens.token_id.tolist() == [5, 6]


def test_lists_of_unequal_length_are_a_fault_with_both_lengths() -> None:
    found = one({"uuid": "a", "token_ids": [5, 6, 7], "logprobs": [-1.0, -2.0]})
    assert found.fault == "the lists of the recording differ in length: 3 of token_ids, 2 of logprobs"
    assert found.keys == ("a",)


@pytest.mark.parametrize(
    "value",
    [
        {"token_ids": [5, 6]},
        {"logprobs": [-1.0, -2.0]},
        {"token_ids": "5 6", "logprobs": "-1 -2"},
        {"token_ids": [[5], [6]], "logprobs": [-1.0, -2.0]},
        {"token_ids": [5], "logprobs": [{"5": -1.0}]},
        {"token_ids": [], "logprobs": []},
        {"tokens": {"a": 1}, "logprobs": {"tokens": []}},
    ],
)
def test_anything_else_is_no_recording(value: dict[str, Any]) -> None:
    assert recordings_of(value, "f.jsonl:1") == []


def test_parquet_and_text_in_tables_give_the_same(tmp_path: Path) -> None:
    rows = {"sample_uuid": ["a", "b"], "token_ids": [[5, 6], [7]], "logprobs": [[-0.5, -1.5], [-2.5]]}
    pq.write_table(pa.table(rows), tmp_path / "rows.parquet")
    (tmp_path / "rows.csv").write_text('sample_uuid,token_ids,logprobs\na,"[5, 6]","[-0.5, -1.5]"\nb,[7],[-2.5]\n')
    for name in ("rows.parquet", "rows.csv"):
        found = read_library(Role.TEACHER, [str(tmp_path / name)], VOCABULARY).recordings
        assert [(one.keys, one.token_id.tolist(), one.logprob.tolist()) for one in found] == [
            (("a",), [5, 6], [-0.5, -1.5]),
            (("b",), [7], [-2.5]),
        ]
