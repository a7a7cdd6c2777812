"""Files that lie beside traces and are none: known, so that the refusal says what they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rdpt_core.traces.formats.fields import GOLD, QUESTION, RESPONSE, pick


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
    if {"prompt", "reward_model"} <= keys and not keys & {*RESPONSE, "responses"}:
        return "questions with reference answers for reinforcement learning, but without a model's responses"
    if keys & {*QUESTION, "problem_id"} and keys & {*GOLD, "solution", "gt_solution"}:
        return "questions with reference answers, but without a model's responses"
    return None


def hint_for(value: Any) -> str:
    """What to do if a record that is known to be no trace holds a response after all.

    Worked solutions may be a model's (LIMO) or people's (NuminaMath, MATH); only the user knows.
    """
    record = value if isinstance(value, dict) else {}
    question, solution = pick(record, QUESTION)[0], pick(record, _SOLUTIONS)[0]
    if question and solution:
        gold = pick(record, [name for name in GOLD if name not in (question, solution)])[0]
        columns = f"question={question},response={solution}" + (f",gold={gold}" if gold else "")
        return f"If a model wrote the solutions, and no person, say so: --map {columns}."
    return "If a column holds a model's responses after all, name it, such as --map response=COLUMN."


_SOLUTIONS = ("solution", "gt_solution")
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
