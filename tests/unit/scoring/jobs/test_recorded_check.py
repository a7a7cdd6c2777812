"""Recordings against the model itself: what is compared, what passes, what is chosen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from rdpt_core.records import Role, RoleResult, Span, TokenLogprobs, Trace
from rdpt_core.scoring.backends.base import PreparedTrace, ScoringItem
from rdpt_core.scoring.jobs import recorded_check
from rdpt_core.scoring.jobs.recorded_check import RECORDED_CHECKS, TEMPERATURES, RecordedCheck, with_checks
from rdpt_core.scoring.models.tokenization import Encoding

ONE = TEMPERATURES.index(1.0)
TEXT = "Ab cd. Ef."
SPANS = [Span(0, 7), Span(7, 10)]
CHECK = RecordedCheck(Role.TEACHER, "./big", "sha256:1", "float32", 3, 40, 0, 0.02, 0.3, 1.0, 0.02)


def tokens_of(cuts: list[int], logprob: list[float]) -> TokenLogprobs:
    edges = np.array([0, *cuts], dtype=np.int32)
    return TokenLogprobs(np.arange(len(cuts), dtype=np.int32), edges[:-1], edges[1:], np.float32(logprob))


def compare(recorded: TokenLogprobs, cuts: list[int], live: list[float]) -> Any:
    """Live logprobs are the same at every temperature, and twice as large at the first."""
    tokens = tokens_of(cuts, [0.0] * len(cuts))
    item = ScoringItem(0, Trace(trace_id="t", question_id="q", response=TEXT), SPANS)
    prepared = PreparedTrace(item, [1], Encoding(tokens.token_id, tokens.char_start, tokens.char_end), len(live), None)
    scored = np.tile(np.float32(live), (len(TEMPERATURES), 1))
    scored[0] *= 2
    return recorded_check._compare(recorded_check._Found(item, recorded), prepared, scored)


def test_sentences_cut_alike_are_compared_token_by_token() -> None:
    found = compare(tokens_of([3, 7, 10], [-1, -2, np.nan]), [3, 7, 10], [-1.5, -2, -3])
    assert found.tokens[ONE].tolist() == [0.5, 0.0]
    assert found.tokens[0].tolist() == [2.0, 2.0]
    assert found.sentences.shape == (len(TEMPERATURES), 0) and found.n_otherwise == 0


def test_a_sentence_cut_otherwise_is_compared_by_its_sum() -> None:
    found = compare(tokens_of([7, 10], [-4, -1]), [3, 7, 10], [-1, -2, -1.25])
    assert found.tokens[ONE].tolist() == [0.25]
    assert found.sentences[ONE].tolist() == [0.5] and found.n_otherwise == 2


def test_what_one_of_both_has_not_is_not_compared() -> None:
    found = compare(tokens_of([7, 10], [np.nan, -1]), [3, 7, 10], [-1, -2])
    assert found.tokens.shape[1] == found.sentences.shape[1] == 0


@pytest.mark.parametrize(
    ("changes", "agrees"),
    [
        ({}, True),
        ({"mean_nats": 0.1, "mean_nats_there": 0.1}, True),
        ({"mean_nats": 0.11, "mean_nats_there": 0.11}, False),
        ({"temperature": 0.6, "mean_nats_there": 0.009}, False),
        # Not far better: noise of another dtype may favour any temperature a little.
        ({"temperature": 0.9, "mean_nats_there": 0.011}, True),
        # Too small to matter.
        ({"temperature": 0.9, "mean_nats": 0.009, "mean_nats_there": 0.001}, True),
    ],
)
def test_the_limits(changes: dict[str, float], agrees: bool) -> None:
    assert replace(CHECK, **changes).agrees is agrees


class Recordings:
    """Has logprobs of some traces only."""

    def __init__(self, known: set[int]) -> None:
        self.known = known
        self.asked: list[int] = []

    def look_up(self, item: ScoringItem) -> RoleResult:
        self.asked.append(item.trace_no)
        value = -1.0 if item.trace_no in self.known else np.nan
        return RoleResult(item.trace_no, tokens_of([10], [value]), 0, None)


class Whole:
    """One sentence a text."""

    name, version = "whole", "1"

    def split(self, text: str) -> list[Span]:
        return [Span(0, len(text))]


def test_traces_are_spread_over_the_file_and_none_is_looked_up_in_vain() -> None:
    traces = [Trace(trace_id=f"t{number}", question_id="q", response=TEXT) for number in range(10)]
    every, some = Recordings(set(range(10))), Recordings({1, 9})
    recorded: Any = {Role.TEACHER: every, Role.STUDENT: some}
    chosen = recorded_check._chosen(recorded, traces, 10, 3, Whole())
    numbers = {role: [found.item.trace_no for found in founds] for role, founds in chosen.items()}
    assert numbers == {Role.TEACHER: [0, 4, 7], Role.STUDENT: [1, 9]}
    assert every.asked == [0, 4, 7]


def test_what_is_found_goes_into_the_environment() -> None:
    before = {"device": "cpu", "notes": ["one"]}
    found = with_checks(before, [CHECK])
    assert found["device"] == "cpu"
    assert found["notes"][0] == "one" and "0.02" in found["notes"][1]
    assert found[RECORDED_CHECKS]["teacher"] == {
        "model": "./big", "revision": "sha256:1", "dtype": "float32", "n_traces": 3, "n_tokens": 40, "n_sentences": 0,
        "mean_nats": 0.02, "max_nats": 0.3, "mean_nats_there": 0.02, "temperature": 1.0,
    }  # fmt: skip
    assert before["notes"] == ["one"]
    assert with_checks(before, []) is before
