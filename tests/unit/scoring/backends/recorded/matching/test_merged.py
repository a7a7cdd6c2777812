"""llama.cpp's entries for characters of several tokens: seen by their ids, or else by how many tokens are missing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rdpt_core.scoring.backends.recorded.matching.merged import merged_tokens
from rdpt_core.scoring.backends.recorded.recording import Recording, Sampling

VOCABULARY = {1: "So", 2: "Ġis", 3: "ðŁ", 4: "Į", 5: "³", 6: "Ã©", 7: "<|end|>"}
"""Byte-level: 3, 4 and 5 spell 🌳 together, 6 is é."""
ENTRIES = ["So", " é", "🌳", ""]
LLAMA = Sampling(server="llama.cpp")


def recorded(entries: list[str], ids: list[int] | None = None, **more: Any) -> Recording:
    token_id = np.array(ids if ids is not None else [-1] * len(entries), dtype=np.int32)
    logprob = np.full(len(entries), -1.0, dtype=np.float32)
    more.setdefault("raw", [entry.encode() for entry in entries])
    return Recording("r.jsonl:1", (), token_id, logprob, texts=entries, **more)


def short(recording: Recording, vocabulary: dict[int, str] | None = None) -> list[int]:
    merged = merged_tokens(recording, vocabulary)
    return [] if merged is None else np.flatnonzero(merged.is_short).tolist()


def test_ids_tell_which_entries_are_more_than_one_token() -> None:
    ids = [1, 6, 5, 7]
    assert short(recorded(ENTRIES, ids, sampling=LLAMA, n_generated=6), VOCABULARY) == [2]
    # Also where the server counts nothing, or does not say who it is.
    assert short(recorded(ENTRIES, ids), VOCABULARY) == [2]
    merged = merged_tokens(recorded(ENTRIES, ids, n_generated=6), VOCABULARY)
    assert merged is not None
    assert "6 tokens were made, 4 are recorded: llama.cpp" in merged.detail and "token 2, '🌳'" in merged.detail
    # A whole row of pieces, and a vocabulary of sentence pieces.
    assert short(recorded(["🌳"], [9]), {9: "<0xB3>"}) == [0]
    assert short(recorded(["So", "🌳"], [1, 5], sampling=LLAMA), {1: "▁So", 5: "<0xB3>"}) == [1]


def test_ids_of_another_tokenizer_tell_nothing() -> None:
    other = {number: f"x{number}" for number in VOCABULARY}
    assert short(recorded(ENTRIES, [1, 6, 5, 7]), other) == []
    assert short(recorded(ENTRIES, [1, 6, 5, 7], sampling=LLAMA, n_generated=6), other) == [1, 2]


@pytest.mark.parametrize(
    ("n_generated", "found"), [(None, [1, 2]), (3, []), (4, []), (5, [1, 2]), (6, [1, 2]), (40, [1, 2])]
)
def test_without_ids_the_count_tells_that_tokens_are_missing(n_generated: int | None, found: list[int]) -> None:
    assert short(recorded(ENTRIES, sampling=LLAMA, n_generated=n_generated)) == found
    assert short(recorded(ENTRIES, raw=None, sampling=LLAMA, n_generated=n_generated)) == found


def test_a_lost_count_is_said_and_is_doubt_of_llama_cpp_alone() -> None:
    merged = merged_tokens(recorded(ENTRIES, sampling=LLAMA), None)
    assert merged is not None and "an unknown number of tokens were made, 4 are recorded" in merged.detail
    assert short(recorded(ENTRIES, [1, 6, 5, 7])) == []


def test_plain_text_is_never_short() -> None:
    assert short(recorded(["So", " is"], sampling=LLAMA, n_generated=9)) == []


def test_other_servers_count_what_they_hide() -> None:
    # OpenAI counts the token that ends a reply and hidden reasoning, and gives no ids.
    assert short(recorded(["So", " é"], n_generated=3)) == []
    assert short(recorded(["So", " é"], n_generated=600)) == []
    assert short(recorded(ENTRIES, [1, 6, 5, 7], sampling=Sampling(server="vllm"), n_generated=6)) == []
    # With ids it may be a llama.cpp that does not say so, as long as merging explains the count.
    assert short(recorded(ENTRIES, [1, 6, 5, 7], n_generated=6)) == [1, 2]
    assert short(recorded(ENTRIES, [1, 6, 5, 7], n_generated=600)) == []
    # Who writes the pieces of a character apart merges none.
    pieces = [b"So", b"\xc3\xa9", b"\xf0\x9f", b"\x8c", b"\xb3"]
    assert short(recorded(["So", "é", "", "", ""], [1, 6, 3, 4, 5], raw=pieces, n_generated=6)) == []
