"""Importance on the bundled traces: each number is that of a pass without the sentence, through plain transformers."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

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


def owner(response: str, start: int, end: int, ends: list[int]) -> int:
    """The sentence that holds a token's first visible character, or its first one."""
    place = next((place for place in range(start, end) if not response[place].isspace()), start)
    return sum(last <= place for last in ends)


def ln_p(oracle: Oracle, prompt: list[int], tokens: list[tuple[int, int]], answer: int, without: int | None) -> float:
    """Of the sentence `answer`, after all sentences before it but one. Tokens are given with their sentences."""
    ids = torch.tensor([[*prompt, *(token for token, one in tokens if one <= answer and one != without)]])
    n_answer = sum(one == answer for _, one in tokens)
    with torch.no_grad():
        logits = oracle.model(ids).logits[0, -n_answer - 1 : -1].double()
    return float(logits.log_softmax(-1).gather(-1, ids[0, -n_answer:, None]).sum())


def test_a_deleted_sentence_is_a_pass_without_its_tokens(measured: Path) -> None:
    oracle = Oracle(bundled.DATA / "distilled")
    with open_reader(measured) as reader:
        rows = reader.query(
            "SELECT response, importance.*, list(char_end ORDER BY sentence_index) AS ends FROM importance "
            "JOIN traces USING (run_no, trace_no) JOIN sentences USING (run_no, trace_no) "
            "GROUP BY ALL ORDER BY trace_no"
        ).to_pylist()
        traces = [reader.traces(1, row["trace_no"], row["trace_no"] + 1)[0] for row in rows]
    assert len(rows) >= N_QUESTIONS
    differences = []
    for row, trace in zip(rows, traces, strict=True):
        response, last = row["response"], row["answer_end"]
        assert "The answer is" in response[row["answer_start"] : last]
        messages = [{"role": "user", "content": trace.messages[0].content}]
        text = oracle.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        prompt = oracle.tokenizer(text, add_special_tokens=False)["input_ids"]
        cut = oracle.tokenizer(response, add_special_tokens=False, return_offsets_mapping=True)
        owners = [owner(response, *span, row["ends"]) for span in cut["offset_mapping"]]
        answer = row["ends"].index(last)
        tokens = list(zip(cut["input_ids"], owners, strict=True))
        whole = ln_p(oracle, prompt, tokens, answer, None)
        assert row["answer_logprob"] == pytest.approx(whole, abs=1e-4)
        for number, drop in enumerate(row["logprob_drop"]):
            if drop is not None:
                differences.append(abs(drop - (whole - ln_p(oracle, prompt, tokens, answer, number))))
    assert len(differences) > 50
    assert max(differences) < 1e-4


def test_most_sentences_have_a_number_and_some_matter(measured: Path) -> None:
    with open_reader(measured) as reader:
        drops = reader.query("SELECT unnest(logprob_drop) AS drop FROM importance").column("drop").to_numpy()
    known = drops[np.isfinite(drops)]
    assert len(known) > 0.8 * len(drops)
    assert 0 < (known > 1.0).mean() < 0.9
