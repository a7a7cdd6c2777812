"""Which texts hold some bytes: what Python finds in each, whatever stands beside it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from rdpt_core.traces.wording.text_bytes import TextBytes

_TEXTS = st.lists(st.none() | st.text(st.sampled_from("@ -#é"), max_size=5), max_size=8)


@given(_TEXTS, st.integers(0, 3), st.sampled_from(["@", "-#", "@ @", "é"]))
def test_texts_that_hold_characters(texts: list[str | None], before: int, characters: str) -> None:
    found = TextBytes(pa.array(["@ @-#é"] * before + texts, pa.string()).slice(before)).rows_with(characters)
    assert found.tolist() == [text is not None and characters in text for text in texts]


@given(_TEXTS)
def test_bytes_are_those_of_the_texts(texts: list[str | None]) -> None:
    read = TextBytes(pa.array(texts, pa.string()))
    cut = [bytes(read.data[a:b]).decode() for a, b in zip(read.start[:-1], read.start[1:], strict=True)]
    assert cut == [text or "" for text in texts]
    assert read.rows(lambda data: np.ones(len(data), bool)).tolist() == [bool(text) for text in texts]
