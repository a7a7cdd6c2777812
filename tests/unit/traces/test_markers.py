"""Marks of format: every family's are spans of their own and known as such, in Python as in the database."""

from __future__ import annotations

import time

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdpt_core.traces import get_splitter
from rdpt_core.traces.markers import IS_MARK_SQL, is_mark
from rdpt_core.traces.thinking import TAGS

TURNS = (
    "<|im_end|>",
    "<|im_start|>assistant",
    "<|end|><|start|>assistant<|channel|>final<|message|>",
    "<|channel|>commentary to=functions.lookup<|constrain|>json<|message|>",
    "<|start_header_id|>assistant<|end_header_id|>",
    "<|eot_id|>",
    "<|endoftext|>",
    "<｜end▁of▁sentence｜>",
    "<｜Assistant｜>",
    "<|channel>thought",
    "<channel|>",
    "<start_of_turn>model",
    "<end_of_turn>",
    "<|START_RESPONSE|>",
    "<mm:think>",
    "</think:opensource>",
    "<|begin|>assistant<|content|>",
    "<|open|>think<|sep|>",
)
DATABASE = duckdb.connect()
# What goes on with a header that the prompt began is no marker by itself.
MARKERS = tuple(dict.fromkeys(tag for tag in (*(tag for pair in TAGS for tag in pair), *TURNS) if tag[0] in "<["))
PROSE = (
    "So x is 2. ",
    "We think > 3.",
    "final",
    "assistant",
    "He wrote <b>bold</b>.",
    "if a<b|c> then",
    "[THINK about it]",
    "<think>So x",
    "x\x1f",
)


def marks(response: str, splitter: str = "sentence") -> list[tuple[str, bool]]:
    spans = get_splitter(splitter).split(response)
    return [(response[start:end], is_mark(response, start, end)) for start, end in spans]


@pytest.mark.parametrize("marker", MARKERS)
@pytest.mark.parametrize("around", ["{}", " {} ", "\n{}\n\n"])
def test_a_marker_is_a_span_of_its_own_wherever_it_stands(marker: str, around: str) -> None:
    if marker.endswith(("assistant", "model", "thought")):
        around = "\n{}\n"  # A header without a closing token ends with its line.
    found = marks("So x is 2." + around.format(marker) + "Then y is 3.")
    assert "".join(text for text, is_a_mark in found if is_a_mark).strip() == marker.strip()
    assert [text.strip() for text, is_a_mark in found if not is_a_mark] == ["So x is 2.", "Then y is 3."]


def test_an_end_of_text_is_a_mark_only_at_the_end() -> None:
    assert marks("It is 2.</s>\n") == [("It is 2.", False), ("</s>\n", True)]
    assert marks("In HTML <s>this</s> is struck out.") == [("In HTML <s>this</s> is struck out.", False)]


@pytest.mark.parametrize("tags", [("<answer>\n", "\n</answer>"), ("<|begin_of_solution|>", "<|end_of_solution|>\n")])
def test_tags_around_a_solution_are_marks(tags: tuple[str, str]) -> None:
    found = marks(f"We add.\n{tags[0]}It is 2.{tags[1]}")
    assert [text.strip() for text, is_a_mark in found if not is_a_mark] == ["We add.", "It is 2."]


def test_a_word_is_a_mark_only_in_a_header() -> None:
    # The spans that version 1 of the splitter made.
    response = "<|channel|>analysis<|message|>We add. final"
    edges = [0, 11, 19, 30, 38, 43]
    assert [is_mark(response, *span) for span in zip(edges, edges[1:], strict=False)] == [True] * 3 + [False] * 2


def test_prose_is_no_mark() -> None:
    assert not any(is_mark(text, 0, len(text)) for text in (*PROSE, "", " "))


def test_a_long_row_of_markers_takes_no_time() -> None:
    response = "<|channel|>analysis<|message|><think>" * 5_000 + "x"
    start = time.perf_counter()
    assert not is_mark(response, 0, len(response))
    assert is_mark(response, 0, len(response) - 1)
    assert time.perf_counter() - start < 1


PIECES = (*MARKERS, *PROSE, " ", "\n", "\u00a0", "<THINK>", "<thin\u212a>", "é")


@given(st.lists(st.sampled_from(PIECES), max_size=6), st.lists(st.integers(0, 150), min_size=2, max_size=8))
def test_the_database_knows_the_same_marks(pieces: list[str], cuts: list[int]) -> None:
    response = "".join(pieces)
    edges = sorted(min(cut, len(response)) for cut in cuts)
    spans = [*zip(edges, edges[1:], strict=False), *get_splitter().split(response)]
    rows = DATABASE.execute(
        f"SELECT {IS_MARK_SQL} FROM (SELECT ? AS response, unnest(?::INTEGER[]) AS char_start, "
        "unnest(?::INTEGER[]) AS char_end)",
        [response, *map(list, zip(*spans, strict=True))],
    ).fetchall()
    assert [is_a_mark for (is_a_mark,) in rows] == [is_mark(response, *span) for span in spans]
