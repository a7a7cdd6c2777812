"""Importance on the bundled traces: each number is that of a pass without the sentence, through plain transformers."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import rdpt_core as rdpt
from rdpt_core import bundled
from rdpt_core.store.reader import open_reader
from tests.support.oracle import Oracle

N_QUESTIONS = 6


@pytest.fixture(scope="module")
def measured(bundled_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = Path(shutil.copy(bundled_database, tmp_path_factory.mktemp("importance") / "run.duckdb"))
    result = rdpt.importance(path, questions=N_QUESTIONS, quiet=True)
    assert (result.n_without, result.n_traces) == (0, result.n_measured)
    return path


def test_a_deleted_sentence_is_a_pass_without_it(measured: Path) -> None:
    oracle = Oracle(bundled.DATA / "distilled")
    with open_reader(measured) as reader:
        rows = reader.query(
            "SELECT response, importance.*, list(char_start ORDER BY sentence_index) AS starts, "
            "list(char_end ORDER BY sentence_index) AS ends FROM importance JOIN traces USING (run_no, trace_no) "
            "JOIN sentences USING (run_no, trace_no) GROUP BY ALL ORDER BY trace_no"
        ).to_pylist()
        traces = reader.traces(1, rows[0]["trace_no"], rows[-1]["trace_no"] + 1)
    assert len(rows) >= N_QUESTIONS
    differences = []
    for row in rows:
        question = traces[row["trace_no"] - rows[0]["trace_no"]].messages[0].content
        assert isinstance(question, str)
        response, answer = row["response"], (row["answer_start"], row["answer_end"])
        assert "The answer is" in response[slice(*answer)]

        def ln_p(shortened: str, question: str = question, n_tokens: int = row["answer_n_tokens"]) -> float:
            return float(oracle.logprobs(question, shortened)[1][-n_tokens:].astype(float).sum())

        whole = ln_p(response[: answer[1]])
        assert row["answer_logprob"] == pytest.approx(whole, abs=1e-4)
        for start, end, drop in zip(row["starts"], row["ends"], row["logprob_drop"], strict=True):
            shortened = response[:start] + response[end : answer[1]]
            if drop is None or len(oracle.tokenizer(shortened)["input_ids"]) != _n_tokens(
                oracle, response, start, end, answer[1]
            ):
                continue  # Its neighbours would be cut into other tokens without it.
            differences.append(abs(drop - (whole - ln_p(shortened))))
    assert len(differences) > 50
    assert max(differences) < 1e-4


def _n_tokens(oracle: Oracle, response: str, start: int, end: int, last: int) -> int:
    pieces = (response[:start], response[end:last])
    return sum(len(oracle.tokenizer(piece)["input_ids"]) for piece in pieces)


def test_most_sentences_have_a_number_and_some_matter(measured: Path) -> None:
    with open_reader(measured) as reader:
        drops = reader.query("SELECT unnest(logprob_drop) AS drop FROM importance").column("drop").to_numpy()
    known = drops[np.isfinite(drops)]
    assert len(known) > 0.8 * len(drops)
    assert 0 < (known > 1.0).mean() < 0.9
