"""Files that lie beside traces and are none: known, so that the refusal says what they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rdpt_core.traces.formats.fields import GOLD, QUESTION


def what_it_is(value: Any) -> str | None:
    """What a record is, if it is known to be no trace; None if it is not known."""
    if not isinstance(value, dict):
        return f"{type(value).__name__} values, not objects" if not isinstance(value, list) else "lists, not objects"
    keys = {key for key in value if isinstance(key, str)}
    for needed, what in _KNOWN:
        if needed <= keys:
            return what
    if _is_batch_request(value):
        return "requests of a batch, without answers: give its output file as well"
    if keys and all(key.isdigit() for key in keys) and all(isinstance(part, list) for part in value.values()):
        return "lists keyed by number, such as resampled sentences, not responses"
    if keys & {*QUESTION, "problem_id"} and keys & {*GOLD, "solution", "gt_solution"}:
        return "questions with reference answers, but without a model's responses"
    return None


_KNOWN: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"chunk", "chunk_idx"}), "sentences of a trace with labels, not whole responses"),
    (frozenset({"sentence", "sentence-type"}), "sentences of a trace with labels, not whole responses"),
    (frozenset({"source_chunk_idx", "target_impacts"}), "importance scores between sentences, not responses"),
    (frozenset({"num_chunks", "top_influential_steps"}), "statistics of a trace, not its text"),
    (frozenset({"generated_text", "details"}), "a recording of token log-probabilities without the prompt's text"),
    (frozenset({"scenario_id", "system_prompt"}), "the setting of a question, without a model's response"),
    (frozenset({"problem", "gt_solution"}), "questions with reference answers, but without a model's responses"),
)


def _is_batch_request(value: Mapping[str, Any]) -> bool:
    return "custom_id" in value and ("body" in value or "params" in value) and "response" not in value
