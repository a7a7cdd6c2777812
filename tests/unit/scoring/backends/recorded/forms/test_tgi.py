"""Text generation inference: alternatives stand in a list beside that of the tokens."""

from __future__ import annotations

from typing import Any

from rdpt_core.scoring.backends.recorded.forms.reading import recordings_of
from rdpt_core.scoring.backends.recorded.recording import Sampling


def details(**more: Any) -> dict[str, Any]:
    tokens = [{"id": 5, "text": "a", "logprob": -1.0}, {"id": 6, "text": "b", "logprob": -3.0}]
    return {"generated_text": "ab", "details": {"tokens": tokens, "generated_tokens": 2, "seed": 2**63 + 5, **more}}


def test_alternatives_count_and_seed() -> None:
    other = {"id": 7, "text": "c", "logprob": -0.5}
    record = details(
        top_tokens=[[other, {"id": 5, "text": "a", "logprob": -1.0}], [other]],
        prefill=[{"id": 1, "text": "x", "logprob": None}],
    )
    generated, prompt = recordings_of({**record, "parameters": {"temperature": 0.5}}, "f:1")
    assert generated.alternatives is not None
    assert generated.alternatives.start.tolist() == [0, 2, 4]
    assert generated.alternatives.logprob.tolist() == [-0.5, -1.0, -3.0, -0.5]
    assert generated.sampling == Sampling(temperature=0.5, seed=2**63 + 5, server="tgi")
    assert (generated.n_generated, prompt.n_generated, prompt.is_prompt) == (2, None, True)
    assert prompt.alternatives is None


def test_a_list_of_another_length_belongs_to_no_token() -> None:
    [found] = recordings_of(details(top_tokens=[[{"id": 7, "text": "c", "logprob": -0.5}]]), "f:1")
    assert found.alternatives is None
