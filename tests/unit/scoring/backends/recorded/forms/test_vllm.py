"""vLLM's request outputs: alternatives by id, the old flat entries, and tables that give every object every id."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rdpt_core.scoring.backends.recorded.forms.reading import recordings_of
from rdpt_core.scoring.backends.recorded.forms.vllm import of_outputs
from rdpt_core.scoring.backends.recorded.recording import Recording


def read(logprobs: Any, ids: Any = None) -> Recording:
    [found] = of_outputs({"outputs": [{"token_ids": ids, "logprobs": logprobs}]}, "f:1", ())
    return found


def lists_of(found: Recording) -> list[list[float]]:
    assert found.alternatives is not None
    cuts = np.split(found.alternatives.logprob, found.alternatives.start[1:-1])
    return [sorted(cut.tolist()) for cut in cuts]


def test_alternatives_by_id() -> None:
    entries = [
        {"5": {"logprob": -1.0, "decoded_token": "a"}, "6": {"logprob": -0.5, "decoded_token": "b"}},
        {"6": {"logprob": float("-inf"), "decoded_token": "b"}},
    ]
    found = read(entries, [5, 6])
    assert lists_of(found) == [[-1.0, -0.5], [-np.inf]]
    assert found.n_impossible == 1 and np.isnan(found.logprob[1]) and found.texts == ["a", "b"]
    assert found.n_generated is None and found.fault is None


def test_old_entries_are_logprobs_themselves() -> None:
    found = read([{"50": -1.25, "51": -0.5}], [50])
    assert found.logprob.tolist() == [-1.25] and lists_of(found) == [[-1.25, -0.5]] and found.texts is None


def test_ids_that_a_table_added_are_no_tokens() -> None:
    found = read([{"5": {"logprob": -1.0, "decoded_token": "a"}, "6": None}, {"5": None, "6": {"logprob": -2.0}}])
    assert found.fault is None and found.token_id.tolist() == [5, 6] and found.alternatives is None
    assert len(read([{"5": None, "6": None}, {"5": {"logprob": -1.0}, "6": None}])) == 2


def flat(**more: Any) -> dict[str, Any]:
    return {
        "start_indices": [0, 2],
        "end_indices": [2, 3],
        "token_ids": [5, 6, 7],
        "logprobs": [-1.0, -0.5, -2.0],
        "ranks": [2, 1, 1],
        "decoded_tokens": ["a", "b", "c"],
        **more,
    }


def test_flat_logprobs() -> None:
    found = read(flat(), [5, 7])
    assert found.token_id.tolist() == [5, 7] and found.logprob.tolist() == [-1.0, -2.0] and found.texts == ["a", "c"]
    assert lists_of(found) == [[-1.0, -0.5], [-2.0]]


@pytest.mark.parametrize(
    "damage",
    [{"end_indices": [2, 4]}, {"start_indices": [0]}, {"start_indices": [-1, 2]}, {"logprobs": [-1.0]}]
    + [{"token_ids": None}, {"start_indices": [0.0, 2]}, {"start_indices": [0, 1]}],
)
def test_damaged_flat_logprobs_are_no_recording(damage: dict[str, Any]) -> None:
    assert list(of_outputs({"outputs": [{"logprobs": flat(**damage)}]}, "f:1", ())) == []


def test_a_dump_names_its_sampling() -> None:
    record = {"request_id": "r", "sampling_params": {"temperature": 0.6}, "outputs": [{"logprobs": [{"5": -1.0}]}]}
    [found] = recordings_of(record, "f:1")
    assert found.sampling is not None and (found.sampling.temperature, found.sampling.server) == (0.6, "vllm")
