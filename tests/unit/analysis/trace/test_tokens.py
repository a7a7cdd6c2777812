"""The tokens of one sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.trace.tokens import SentenceTokens, load_trace_tokens, strip_of
from rdpt_core.analysis.trace.view import TraceView, load_trace_view
from rdpt_core.store.reader import open_reader
from tests.support import synthetic


def view_of(path: Path, texts: list[str]) -> TraceView:
    synthetic.build(path, [synthetic.Sketch("t-0", "t", [(text, "Teacher") for text in texts])])
    with open_reader(path) as reader:
        return load_trace_view(reader, reader.run(None), 0, LabelRule.make())


def test_a_sentence_gets_the_tokens_that_were_counted_for_it(tmp_path: Path) -> None:
    path = tmp_path / "t.duckdb"
    texts = ["One two three. ", "\n\n", "四五。 ", "End."]
    view = view_of(path, texts)
    with open_reader(path) as reader:
        tokens = load_trace_tokens(reader, reader.run(None), view)
    rows = view.sentences.to_pylist()
    for index, row in enumerate(rows):
        strip = strip_of(tokens, row["char_start"], row["char_end"], index)
        assert set(strip) == set(view.roles)
        for role, role_strip in strip.items():
            assert all(0 <= start <= end <= len(texts[index]) for start, end, _ in role_strip)
            assert sum(p for _, _, p in role_strip if p is not None) == pytest.approx(
                len(role_strip) * np.log(row[f"p_{role}"]), abs=1e-3
            )
    n_tokens = sum(len(strip_of(tokens, r["char_start"], r["char_end"], i)["teacher"]) for i, r in enumerate(rows))
    assert n_tokens == len(tokens["teacher"].logprob)


def test_a_token_over_the_edge_is_cut_and_a_missing_logprob_stays_missing() -> None:
    tokens = SentenceTokens(
        char_start=np.array([3, 6], np.int32),
        char_end=np.array([7, 12], np.int32),
        logprob=np.array([-0.5, np.nan], np.float32),
        sentence_index=np.array([1, 1], np.int32),
    )
    assert strip_of({"teacher": tokens}, 4, 10, 1) == {"teacher": [(0, 3, -0.5), (2, 6, None)]}
    assert strip_of({"teacher": tokens}, 4, 10, 0) == {"teacher": []}
