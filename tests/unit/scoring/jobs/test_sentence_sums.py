"""Tokens to sentences: the rule for every kind of token, and sums that add up."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdpt_core.records import Role, RoleResult, Span, TokenLogprobs, UnscoredReason
from rdpt_core.scoring.jobs.sentence_sums import sentence_columns
from rdpt_core.traces.token_spans import assign_tokens


def tokens_of(offsets: list[tuple[int, int]], logprobs: list[float] | None = None) -> TokenLogprobs:
    starts, ends = np.array(offsets, dtype=np.int32).reshape(-1, 2).T
    values = [-1.0] * len(offsets) if logprobs is None else logprobs
    return TokenLogprobs(
        np.arange(len(offsets), dtype=np.int32), starts.copy(), ends.copy(), np.array(values, dtype=np.float32)
    )


@pytest.mark.parametrize(
    ("response", "spans", "offsets", "expected", "n_straddling"),
    [
        pytest.param("A.\n\nB.", [(0, 4), (4, 6)], [(0, 1), (1, 4), (4, 5), (5, 6)], [0, 0, 1, 1], 0, id="stop+breaks"),
        pytest.param("Hi. Wait", [(0, 4), (4, 8)], [(0, 2), (2, 3), (3, 8)], [0, 0, 1], 0, id="leading space"),
        pytest.param("A. B", [(0, 3), (3, 4)], [(0, 2), (2, 3), (3, 4)], [0, 0, 1], 0, id="space token"),
        pytest.param("A.B.", [(0, 2), (2, 4)], [(0, 1), (1, 3), (3, 4)], [0, 0, 1], 1, id="straddling"),
        pytest.param("A.\nB", [(0, 3), (3, 4)], [(0, 1), (1, 4)], [0, 0], 1, id="straddling over whitespace"),
        pytest.param(
            "😀. B", [(0, 3), (3, 4)], [(0, 1), (0, 1), (0, 1), (1, 2), (2, 4)], [0, 0, 0, 0, 1], 0, id="bytes"
        ),
        pytest.param("  \n", [(0, 3)], [(0, 2), (2, 3)], [0, 0], 0, id="whitespace only"),
        pytest.param("A\u00a0B", [(0, 2), (2, 3)], [(0, 1), (1, 3)], [0, 1], 0, id="no-break space"),
    ],
)
def test_token_to_sentence(
    response: str,
    spans: list[tuple[int, int]],
    offsets: list[tuple[int, int]],
    expected: list[int],
    n_straddling: int,
) -> None:
    found = assign_tokens(response, [Span(*span) for span in spans], tokens_of(offsets))
    assert found.sentence_index.tolist() == expected
    assert found.n_straddling == n_straddling


def test_marks_of_format_are_scored_and_known() -> None:
    response, spans = "<think>\nAn x.", [Span(0, 8), Span(8, 13)]
    result = RoleResult(0, tokens_of([(0, 8), (8, 10), (10, 13)]), 0)
    columns = sentence_columns(0, response, spans, {Role.TEACHER: result})
    assert columns.is_mark.tolist() == [True, False]
    assert columns.logprob_sum[Role.TEACHER].tolist() == [-1.0, -2.0]


def test_p_is_the_geometric_mean_over_tokens() -> None:
    tokens = tokens_of([(0, 1), (1, 2), (2, 3)], [math.log(0.5), math.log(0.125), math.log(0.25)])
    columns = sentence_columns(7, "ab.", [Span(0, 3)], {Role.TEACHER: RoleResult(7, tokens, 0)})
    assert columns.p[Role.TEACHER][0] == pytest.approx((0.5 * 0.125 * 0.25) ** (1 / 3), rel=1e-7)
    assert columns.first_logprob[Role.TEACHER][0] == pytest.approx(math.log(0.5))
    assert columns.n_tokens[Role.TEACHER].tolist() == [3]
    assert columns.unscored_reason == [None]


def test_missing_is_not_zero() -> None:
    spans = [Span(0, 2), Span(2, 4), Span(4, 6)]
    tokens = tokens_of([(0, 2), (2, 4)], [-0.5, math.nan])
    columns = sentence_columns(0, "A.B.C.", spans, {Role.STUDENT: RoleResult(0, tokens, 0)})
    assert columns.unscored_reason == [None, "non_finite", "no_tokens"]
    assert np.isnan(columns.p[Role.STUDENT][1:]).all()
    assert np.isnan(columns.logprob_sum[Role.STUDENT][1:]).all()
    cut = RoleResult(0, tokens, 0, UnscoredReason.CONTEXT_LENGTH)
    assert sentence_columns(0, "A.B.C.", spans, {Role.STUDENT: cut}).unscored_reason[1] == "context_length"


def test_a_certain_sentence_has_probability_one_and_an_impossible_one_is_above_zero() -> None:
    certain = sentence_columns(0, "A", [Span(0, 1)], {Role.TEACHER: RoleResult(0, tokens_of([(0, 1)], [0.0]), 0)})
    assert certain.p[Role.TEACHER][0] == 1.0
    hopeless = sentence_columns(0, "A", [Span(0, 1)], {Role.TEACHER: RoleResult(0, tokens_of([(0, 1)], [-9e3]), 0)})
    assert 0 < hopeless.p[Role.TEACHER][0] < 1e-300


@given(st.data())
def test_sentences_add_up_to_the_response(data: st.DataObject) -> None:
    """Counts and sums of the sentences equal the response's, whatever the text, the tokens and the spans."""
    response = data.draw(st.text(alphabet="ab. \n。😀", min_size=1, max_size=60))
    n = len(response)
    cuts = sorted({0, n, *data.draw(st.lists(st.integers(0, n), max_size=8))})
    spans = [Span(a, b) for a, b in zip(cuts, cuts[1:], strict=False)]
    token_cuts = sorted({0, n, *data.draw(st.lists(st.integers(0, n), max_size=20))})
    offsets = list(zip(token_cuts, token_cuts[1:], strict=False))
    logprobs = data.draw(st.lists(st.floats(-20, 0, width=32), min_size=len(offsets), max_size=len(offsets)))
    tokens = tokens_of(offsets, logprobs)
    columns = sentence_columns(0, response, spans, {Role.TEACHER: RoleResult(0, tokens, 0)})
    assert columns.n_tokens[Role.TEACHER].sum() == len(tokens)
    assert np.nansum(columns.logprob_sum[Role.TEACHER]) == pytest.approx(
        float(np.sum(tokens.logprob, dtype=np.float64))
    )
    index = assign_tokens(response, spans, tokens).sentence_index
    assert (np.diff(index) >= 0).all()
    for token, sentence in enumerate(index):
        start, end = offsets[token]
        seen = [position for position in range(start, end) if not response[position].isspace()]
        anchor = seen[0] if seen else start
        assert spans[sentence].char_start <= anchor < spans[sentence].char_end
    assert columns.n_bytes.sum() == len(response.encode())
