"""Sentences cut out of responses are those that Python cuts, in the places of the arrays of labels."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rdpt_core.analysis.behaviours.kinds import texts as module
from rdpt_core.analysis.behaviours.kinds.texts import blocks, cut, load_spans
from rdpt_core.errors import StoreError
from rdpt_core.store.reader import open_reader
from tests.support import synthetic

_TEXT = st.text(st.sampled_from("ab é€𝐀\n\x00"), max_size=12)


@st.composite
def cut_responses(draw: st.DrawFn) -> tuple[list[str], list[list[tuple[int, int]]]]:
    responses = draw(st.lists(_TEXT, max_size=5))
    spans = []
    for response in responses:
        edges = sorted(draw(st.lists(st.integers(0, len(response)), max_size=6)))
        spans.append(list(zip(edges[::2], edges[1::2], strict=False)))
    return responses, spans


@settings(max_examples=150, deadline=None)
@given(cut_responses(), st.integers(0, 2))
def test_cuts_are_those_of_python(drawn: tuple[list[str], list[list[tuple[int, int]]]], before: int) -> None:
    responses, spans = drawn
    array = pa.array(["é"] * before + responses, pa.string()).slice(before)
    starts, ends = (np.array([span[k] for span in chain(*spans)], np.int32) for k in (0, 1))
    made = cut(array, np.array([len(own) for own in spans], np.int64), starts, ends)
    expected = [text[a:b] for text, own in zip(responses, spans, strict=True) for a, b in own]
    assert made.to_pylist() == expected


def test_sentences_that_lie_side_by_side_are_not_copied() -> None:
    responses = pa.array(["One. Two. ", "Three."])
    made = cut(responses, np.array([2, 1]), np.array([0, 5, 0], np.int32), np.array([5, 10, 6], np.int32))
    assert made.to_pylist() == ["One. ", "Two. ", "Three."]
    assert made.buffers()[2].address == responses.buffers()[2].address


@pytest.mark.parametrize("spans", [[(0, 11)], [(3, 2)], [(0, 4), (3, 6)]])
def test_spans_that_cannot_be_are_damage(spans: list[tuple[int, int]]) -> None:
    starts, ends = (np.array([span[k] for span in spans], np.int32) for k in (0, 1))
    with pytest.raises(StoreError, match="damaged"):
        cut(pa.array(["0123456789"]), np.array([len(spans)]), starts, ends)


SENTENCES = [("<think>\n", "Shared"), ("Wait é. ", "Teacher"), ("So 12. ", "Student"), ("End.", "unscored")]


@pytest.mark.parametrize("characters", [1, 50, 1_000_000])
@pytest.mark.parametrize("marks", [False, True])
def test_all_sentences_in_order_whatever_the_size_of_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, characters: int, marks: bool
) -> None:
    monkeypatch.setattr(module, "BLOCK_CHARACTERS", characters)
    monkeypatch.setattr(module, "PIECE_CHARACTERS", max(1, characters // 2))
    sketches = [synthetic.Sketch(f"t{n}", f"q{n}", SENTENCES) for n in range(5)]
    synthetic.build(tmp_path / "a.duckdb", sketches)
    with open_reader(tmp_path / "a.duckdb") as reader:
        run = reader.run(None)
        spans = load_spans(reader, run, marks)
        pieces = list(chain(*blocks(reader, run, spans)))
    texts = [text for text, _ in SENTENCES[0 if marks else 1 :]]
    assert list(chain(*(piece.texts.to_pylist() for piece in pieces))) == texts * 5
    assert [piece.first for piece in pieces] == np.cumsum([0, *(len(p.texts) for p in pieces)])[:-1].tolist()
