"""Another family's marks in a response: what stands between them is untouched, and every offset leads back."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rdpt_core.records import Span, TokenLogprobs
from rdpt_core.traces.respelling import Respelled, opened, opened_once, respell
from rdpt_core.traces.thinking import SPELLINGS, TAGS, THINK, Spelling, tags_of
from rdpt_core.traces.token_spans import assign_tokens

BY_FAMILY = {spelling.family: spelling for spelling in SPELLINGS}
HARMONY, MISTRAL, SKY = (BY_FAMILY[name] for name in ("harmony", "mistral", "sky"))

MARKS = sorted(
    {text for spelling in SPELLINGS for text in spelling[1:] if text} | {tag for pair in TAGS for tag in pair}
)
PIECES = st.one_of(st.sampled_from(MARKS), st.text(max_size=12), st.sampled_from(["\n", "\r\n", " ", "<", "é̂", "🙂"]))
RESPONSES = st.lists(PIECES, max_size=12).map("".join)


def tokens_of(text: str, cuts: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Ranges that tile a text, cut at these places."""
    edges = np.unique([0, len(text), *(cut % (len(text) + 1) for cut in cuts)]).astype(np.int32)
    return edges[:-1], edges[1:]


def between(marks: np.ndarray, columns: slice, text: str) -> list[str]:
    """What stands before, between and after the marks."""
    edges = [0, *marks[:, columns].ravel().tolist(), len(text)]
    return [text[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True)]


@settings(max_examples=150)
@given(RESPONSES, st.sampled_from(SPELLINGS), st.lists(st.integers(0, 10_000), max_size=30))
def test_text_outside_of_marks_is_untouched_and_offsets_lead_back(
    response: str, spelling: Spelling, cuts: list[int]
) -> None:
    respelled = respell(response, spelling)
    marks = respelled.marks
    assert between(marks, slice(0, 2), response) == between(marks, slice(2, 4), respelled.text)
    for start, end, own_start, own_end, *_ in marks:
        assert respelled.text[own_start:own_end] in spelling[1:]
        assert response[start:end].strip("\r\n") == response[start:end].strip()

    char_start, char_end = respelled.in_response(*tokens_of(respelled.text, cuts))
    assert np.all(char_start < char_end)
    assert np.all(np.diff(char_start) >= 0)
    assert np.all(np.diff(char_end) >= 0)
    depth = np.zeros(len(response) + 1, dtype=int)
    np.add.at(depth, char_start, 1)
    np.add.at(depth, char_end, -1)
    uncovered = np.flatnonzero(np.cumsum(depth)[:-1] <= 0)
    assert all(response[place].isspace() for place in uncovered)


@settings(max_examples=75)
@given(RESPONSES, st.sampled_from(SPELLINGS))
def test_characters_lead_back_to_themselves_and_marks_to_marks(response: str, spelling: Spelling) -> None:
    respelled = respell(response, spelling)
    start, end = tokens_of(respelled.text, list(range(len(respelled.text))))
    back_start, back_end = respelled.in_response(start, end)
    in_mark = np.full(len(start), -1)
    for number, (_, _, own_start, own_end, *_) in enumerate(respelled.marks):
        in_mark[own_start:own_end] = number
    for place, (first, last) in enumerate(zip(back_start, back_end, strict=True)):
        if in_mark[place] < 0:
            assert response[first:last] == respelled.text[place]
        else:
            assert (first, last) == tuple(respelled.marks[in_mark[place]][:2])


@settings(max_examples=75)
@given(st.lists(st.text("ab .", min_size=1, max_size=8), min_size=1, max_size=4), st.data())
def test_every_family_becomes_every_other_and_comes_back(texts: list[str], data: st.DataObject) -> None:
    writer, own = data.draw(st.sampled_from(SPELLINGS)), data.draw(st.sampled_from(SPELLINGS))
    response = writer.open + writer.close.join(texts)
    assert respell(response, own).text == own.open + own.close.join(texts)
    assert respell(respell(response, own).text, writer).text == response
    assert respell(response, writer).text == response


def test_harmony_for_think() -> None:
    respelled = respell("<think>\nA. B.\n</think>\n\nC.", HARMONY)
    assert respelled.text == (
        "<|channel|>analysis<|message|>A. B.<|end|><|start|>assistant<|channel|>final<|message|>C."
    )
    assert respell(respelled.text, THINK).text == "<think>\nA. B.\n</think>\n\nC."


@pytest.mark.parametrize(
    ("response", "spelling", "seen"),
    [
        ("<think>\n\n</think>\n\n4", MISTRAL, "[THINK][/THINK]4"),
        ("<think>  A", MISTRAL, "[THINK]  A"),
        ("A\n\n\n</think>\r\n\r\n    code", MISTRAL, "A[/THINK]    code"),
        ("A<|channel|>final<|message|>B", THINK, "A\n</think>\n\nB"),
        ("<|channel|>analysis<|message|>A<|channel|>final<|message|>B", HARMONY, None),
        ("<think>A</think>B", THINK, None),
        (f"{SKY.open}A{SKY.close}B{SKY.end}", MISTRAL, f"[THINK]A[/THINK]B{SKY.end}"),
        ("<|begin_of_thought|>A<|end_of_thought|> <|begin_of_solution|>B", THINK, "<think>\nA\n</think>\n\nB"),
        ("no mark at all", HARMONY, None),
        ("", HARMONY, None),
    ],
)
def test_spellings(response: str, spelling: Spelling, seen: str | None) -> None:
    respelled = respell(response, spelling)
    assert respelled.text == (response if seen is None else seen)
    assert len(respelled.marks) == 0 or seen is not None


def spans_of(respelled: Respelled, response: str, tokens: list[str], spans: list[Span]) -> tuple[list[int], int]:
    """Sentence of each token, and how many straddle."""
    assert "".join(tokens) == respelled.text
    ends = np.cumsum([len(token) for token in tokens]).astype(np.int32)
    start, end = respelled.in_response(ends - np.array([len(token) for token in tokens], dtype=np.int32), ends)
    missing = np.full(len(tokens), np.nan, dtype=np.float32)
    assigned = assign_tokens(response, spans, TokenLogprobs(ends, start, end, missing))
    return assigned.sentence_index.tolist(), assigned.n_straddling


def test_tokens_of_a_mark_belong_to_its_span_and_line_breaks_make_no_token_straddle() -> None:
    response = "[THINK]A. B.[/THINK]C."
    spans = [Span(0, 7), Span(7, 10), Span(10, 12), Span(12, 20), Span(20, 22)]
    respelled = respell(response, THINK)
    tokens = ["<", "think", ">", "\n", "A", ". ", "B", ".\n", "</", "think>", "\n", "\nC", "."]
    assert spans_of(respelled, response, tokens, spans) == ([0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 3, 4, 4], 0)
    # What reaches from visible text into a tag belongs to the text, and straddles.
    tokens = ["<think>", "\nA. B", ".\n</", "think>\n\n", "C."]
    assert spans_of(respelled, response, tokens, spans) == ([0, 1, 2, 3, 4], 2)


@pytest.mark.parametrize(
    ("prompt", "response", "seen"),
    [
        # The response opens: the prompt does not, whoever opened it there.
        ("Q<|assistant|>", "<think>\nA", "Q<|assistant|>"),
        ("Q<|assistant|><think>\n", "<think>\nA", "Q<|assistant|>"),
        ("Q<|assistant|>[THINK]", " <think>\nA", "Q<|assistant|>"),
        # It closes what it did not open: the prompt opens it.
        ("Q<|assistant|>", "A</think>B", "Q<|assistant|>[THINK]"),
        ("Q<|assistant|><think>\n", "A</think>B", "Q<|assistant|>[THINK]"),
        ("Q<|assistant|>[THINK]\n", "A</think>B", "Q<|assistant|>[THINK]\n"),
        # It never comes to its end.
        ("Q<|assistant|><think>\n", "A", "Q<|assistant|>[THINK]"),
        # No thinking, no mark; and a tag inside of a question is no opening.
        ("Q <think> Q<|assistant|>", "A", "Q <think> Q<|assistant|>"),
    ],
)
def test_thinking_is_opened_once(prompt: str, response: str, seen: str) -> None:
    assert opened_once(prompt, response, MISTRAL) == seen


@pytest.mark.parametrize(
    ("response", "seen"),
    [("A</think>B", "[THINK]A[/THINK]B"), ("<think>\nA</think>B", "[THINK]A[/THINK]B"), ("A", "A")],
)
def test_thinking_that_began_in_the_prompt_is_opened(response: str, seen: str) -> None:
    assert opened(response, MISTRAL) == seen


def test_long_rows_of_line_breaks_and_tags_take_no_time() -> None:
    for piece in ("\n", "</think>", "<think>\n\n", "<|end_of_thought|>\n", "<|end_of_thought|>" + "\n" * 50):
        response = piece * (200_000 // len(piece)) + "x"
        assert respell(response, HARMONY).text.endswith("x")
        assert response in opened_once(response, response, HARMONY)


def test_every_family_has_both_tags() -> None:
    for spelling in SPELLINGS:
        opening, closing = tags_of(spelling)
        assert (opening, closing) in TAGS, spelling.family
        assert closing in re.sub(r"\s", "", spelling.close)
