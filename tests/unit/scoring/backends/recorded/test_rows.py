"""Our own rows: impossible values are counted, and columns that say how a text was sampled are read."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rdpt_core.records import Role
from rdpt_core.scoring.backends.recorded.recording import UNKNOWN_ID, Recording, Sampling
from rdpt_core.scoring.backends.recorded.rows import RowReader


def read(*rows: dict[str, Any]) -> list[Recording]:
    reader = RowReader(Role.TEACHER)
    for number, row in enumerate(rows):
        reader.add({"trace_id": "t1", "token": "a", **row}, f"f:{number + 1}")
    reader.finish()
    return reader.finished


def test_impossible_values_are_counted() -> None:
    [found] = read({"logprob": "-inf"}, {"logprob": -9999}, {"logprob": 0.5}, {"logprob": -1.0}, {"logprob": None})
    assert (found.n_impossible, found.n_above_zero) == (2, 1)
    assert np.isnan(found.logprob).tolist() == [True, True, True, False, True]


def test_columns_say_how_a_text_was_sampled() -> None:
    first, second = read(
        {"logprob": -1.0, "temperature": "0.6", "top_p": "", "seed": "7"},
        {"logprob": -2.0},
        {"trace_id": "t2", "logprob": -1.0, "temperature": ""},
    )
    assert first.sampling == Sampling(temperature=0.6, seed=7) and len(first) == 2
    assert second.sampling is None


@pytest.mark.parametrize("value", ["--5", "9" * 5000, "²", 10**400, {}, [1]], ids=lambda value: str(value)[:5])
def test_a_value_that_is_no_number_is_none(value: Any) -> None:
    [found] = read({"logprob": value, "token_id": value}, {"logprob": -1.0, "token_id": "7"})
    assert found.token_id.tolist() == [UNKNOWN_ID, 7]
    assert np.isnan(found.logprob).tolist() == [True, False]


def test_an_index_that_is_no_number_is_not_checked() -> None:
    [found] = read({"logprob": -1.0, "token_index": "--5"})
    assert found.fault is None


def test_an_empty_cell_names_no_role() -> None:
    [found] = read({"logprob": -1.0, "role": None}, {"logprob": -2.0, "role": ""}, {"logprob": -3.0, "role": "student"})
    assert found.logprob.tolist() == [-1.0, -2.0]
