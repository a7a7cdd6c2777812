"""Every sentence has one kind, by rules that are asked in order; sentences are cut from responses without a copy."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from rdpt_core.analysis.evidence.importance.kinds import KINDS, cut, kinds_of
from rdpt_core.errors import StoreError

SENTENCES = {
    "equation": [
        "7 + 5 = 12. ",
        "x ≈ 3.2",
        r"so \(a \approx 2\)",
        "\uff13 \uff1d \uff13",
        "Wait, 12 - 5 = 7, so that is right. ",
        "First we compute 2x = 4.",
        "\u0663 = \u0663",
    ],
    "check": [
        "Wait, that is wrong.",
        "HMM, what is going on here?",
        "Let me double-check this. ",
        "We verify the result first.",
        "Is that right?",
        "I made a mistake.",
        "Let me make sure that I understand.",
    ],
    "plan": [
        "Okay, let me think about this step by step.\n\n",
        "First, find the total.",
        "We need to add 5. ",
        "Let’s see the second part.",
        "I'll begin with the cost.",
        "Next we add 7.",
    ],
    "other": [
        "We start with 7. ",
        "Everything is fine here.",
        "这一步没有问题。",
        "Überprüfen wir das.",
        "a = b",
        "There are 12 of them.",
        "A waiter checkmates nobody.",
        "firstborn",
        "",
        " \n",
        "<b>ab</b>",
    ],
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_sentence_is_of_the_first_kind_that_fits(kind: str) -> None:
    codes = kinds_of(pa.array(SENTENCES[kind]))
    assert [KINDS[code] for code in codes] == [kind] * len(codes)


def test_sentences_are_cut_where_their_bytes_end() -> None:
    traces = [["a = 1. ", "Übel \U0001f600. "], [], ["这", "", "end"]]
    lengths = np.array([len(text.encode()) for trace in traces for text in trace], np.int32)
    responses = pa.chunked_array([pa.array(["no part of it"]), pa.array(["".join(trace) for trace in traces])]).slice(1)
    sentences = cut(responses, lengths, np.array([2, 0, 3]))
    assert sentences.to_pylist() == [text for trace in traces for text in trace]
    assert [KINDS[code] for code in kinds_of(sentences)] == ["equation", "other", "other", "other", "other"]


def test_sentences_that_do_not_tile_are_damage() -> None:
    with pytest.raises(StoreError, match="damaged"):
        cut(pa.chunked_array([["abc", "de"]]), np.array([3, 3], np.int32), np.array([1, 1]))
    # The same sum of another division.
    with pytest.raises(StoreError, match="damaged"):
        cut(pa.chunked_array([["abc", "de"]]), np.array([2, 3], np.int32), np.array([1, 1]))
