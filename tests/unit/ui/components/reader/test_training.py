"""What the reader is told of training texts."""

from __future__ import annotations

from pathlib import Path

import pytest

from rdpt_core.analysis.evidence.overlap.stored import SentenceOverlap, TrainingSentence
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.trace.view import load_trace_view
from rdpt_core.records import Span
from rdpt_core.store.reader import open_reader
from rdpt_core.ui.components.reader.training import in_words, training_payload, where
from tests.support import synthetic


@pytest.mark.parametrize(
    ("name", "n_verbatim", "n_template", "told"),
    [
        ("copied", 3, 12, "seen 12 times in training, 3 in this wording"),
        ("copied", 1, 1, "seen 1 time in training, in this wording"),
        # A template may mask a sentence whole, so that it has none.
        ("copied", 2, 0, "seen 2 times in training, in this wording"),
        ("template", 0, 1200, "seen 1,200 times in training, never in this wording"),
        ("new", 0, 0, "not seen in training, with any numbers, names or formulas"),
    ],
)
def test_counts_in_words(name: str, n_verbatim: int, n_template: int, told: str) -> None:
    assert in_words(SentenceOverlap(name, n_verbatim, n_template, None, None, None)) == told


def test_a_training_sentence_says_where_it_stands() -> None:
    assert where(TrainingSentence(0, None, 4, 1, "x")) == "record 1, sentence 5"
    assert where(TrainingSentence(1233, "a\u202eb", 0, 2, "x")).startswith("record 1,234 (a")
    assert "\u202e" not in where(TrainingSentence(1, "a\u202eb", 0, 2, "x"))
    assert where(TrainingSentence(1, None, 0, 20, "x")).endswith("; 20 times in all")


def test_a_payload_holds_each_training_sentence_once_and_spans_within_their_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    synthetic.build(
        path, [synthetic.Sketch("t", "q", [("One two. ", "Shared"), ("Three.", "Shared"), ("4", "Shared")])]
    )
    with open_reader(path) as reader:
        view = load_trace_view(reader, reader.run(None), 0, LabelRule.make())
    long, other = TrainingSentence(3, None, 1, 1, "x" * 5000), TrainingSentence(3, None, 2, 1, "Three four.")
    found = [
        SentenceOverlap("template", 0, 2, Span(4, 8), long, other),
        SentenceOverlap("new", 0, 0, Span(9, 15), other, other),
        None,
    ]
    payload = training_payload(found, view)
    assert payload["codes"] == [2, 3, 0] and payload["words"][2] is None
    assert payload["spans"] == [[4, 8], [0, 6], None]
    assert (payload["spanIn"], payload["nearest"]) == ([0, 1, None], [1, 1, None])
    assert [len(text["text"]) for text in payload["texts"]] == [2002, 11]
