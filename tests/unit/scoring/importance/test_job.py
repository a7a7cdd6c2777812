"""Importance in a database, against a loop over an independent model, one pass a sentence."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

import rdpt_core as rdpt
from rdpt_core.cli import main
from rdpt_core.errors import ModelError, UsageError
from rdpt_core.records import DEFAULT_TEMPLATE, ModelReference, Role, RoleResult, Span
from rdpt_core.records.importance import Sampling
from rdpt_core.scoring.importance import job, resampling
from rdpt_core.scoring.importance.cutting import CutTrace, cut_trace
from rdpt_core.scoring.importance.resampling import draw_sentences
from rdpt_core.scoring.jobs.sentence_sums import sentence_columns
from rdpt_core.scoring.models.references import resolve
from rdpt_core.scoring.models.tokenization import load_tokenizer
from rdpt_core.store.evidence.importance import DuckDBImportanceStore
from rdpt_core.store.reader import open_reader
from rdpt_core.store.writer import commit_batch
from rdpt_core.traces import get_splitter
from tests.integration.conftest import make_lines, write_lines
from tests.support.killed import Killed, kill_after
from tests.support.oracle import Oracle
from tests.support.tiny_models import save_model

HOSTILE_ID = "'; DROP TABLE importance; -- \u202e<b>"
ODD: list[dict[str, object]] = [
    {"trace_id": HOSTILE_ID, "question": "Why?\x00", "response": "One 😀. Two.\n\nIt is \\boxed{3}. Done."},
    {"trace_id": "unended", "question": "Why?", "response": "<think>\nOne. Two. The answer is 3."},
    {"trace_id": "long", "question": "Why?", "response": "One more. " * 300},
    {"trace_id": "alone", "question": "Why?", "response": "The answer is 3."},
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("importance")
    for seed, role in enumerate(("student", "distilled")):
        save_model(folder / role, seed=seed, context_length=512)
    traces = write_lines(folder / "t.jsonl", [*make_lines(4), *ODD])
    models = [f"--{role}={folder / role}" for role in ("student", "distilled")]
    command = ["score", "--traces", str(traces), *models, "--roles", "student,distilled", "--quiet"]
    assert main([*command, "--db", str(folder / "scored.duckdb")]) == 3  # One trace is too long.
    return folder


@pytest.fixture
def database(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(folder / "scored.duckdb", tmp_path / "run.duckdb"))


def stored(database: Path, method: str = "deletion") -> list[dict[str, Any]]:
    with open_reader(database) as reader:
        reader.check(reader.run(None), with_texts=True)
        return reader.query(
            "SELECT * FROM importance JOIN traces USING (run_no, trace_no) WHERE method = ? ORDER BY trace_no", [method]
        ).to_pylist()


def naive(oracle: Oracle, cut: CutTrace, number: int | None, ids: Sequence[int] = ()) -> float:
    """ln p(answer) of a whole trace, or with other ids in the place of a sentence."""
    whole = cut.ids if number is None else np.concatenate([cut.before(number), np.array(ids, int), cut.after(number)])
    tensor = torch.from_numpy(whole.astype(np.int64))[None]
    with torch.no_grad():
        logits = oracle.model(tensor).logits[0, -cut.n_answer - 1 : -1].double()
    return float(logits.log_softmax(-1).gather(-1, tensor[0, -cut.n_answer :, None]).sum())


def cuts_of(database: Path, oracle: Oracle) -> dict[int, CutTrace]:
    """The traces that have an answer, each cut by hand after the prompt that the oracle renders."""
    with open_reader(database) as reader:
        run = reader.run(None)
        traces, spans = reader.traces(run.run_no, 0, run.n_traces), reader.spans(run.run_no, 0, run.n_traces)
        tokens = reader.tokens(run.run_no, Role.DISTILLED, range(run.n_traces))
    cuts = {}
    for number, trace in enumerate(traces):
        text = oracle.tokenizer.apply_chat_template(
            [{"role": "user", "content": trace.messages[0].content}], tokenize=False, add_generation_prompt=True
        )
        prompt = oracle.tokenizer(text, add_special_tokens=False)["input_ids"]
        cut = cut_trace(number, trace, spans[number], tokens[number], (text, prompt), 512)
        if isinstance(cut, CutTrace):
            cuts[number] = cut
    return cuts


def test_deletion_is_a_pass_without_the_sentence(folder: Path, database: Path) -> None:
    result = rdpt.importance(database, quiet=True)
    oracle, rows = Oracle(folder / "distilled"), stored(database)
    cuts = cuts_of(database, oracle)
    assert (result.n_traces, result.n_measured, result.n_without) == (8, 8, 2)
    assert [row["unscored_reason"] for row in rows] == [*[None] * 5, "no_answer", "context_length", None]
    assert sorted(cuts) == [number for number, row in enumerate(rows) if row["unscored_reason"] is None]
    n_sentences = 0
    for number, cut in cuts.items():
        row = rows[number]
        whole = naive(oracle, cut, None)
        assert row["answer_logprob"] == pytest.approx(whole, abs=1e-4)
        assert Span(row["answer_start"], row["answer_end"]) == cut.spans[cut.answer]
        assert row["answer_n_tokens"] == cut.n_answer
        for sentence, drop in enumerate(row["logprob_drop"]):
            if sentence in cut.measured:
                assert drop == pytest.approx(whole - naive(oracle, cut, sentence), abs=1e-4)
                n_sentences += 1
            else:
                assert drop is None
    assert result.n_sentences == n_sentences > 20
    hostile = rows[4]
    answer = hostile["response"][hostile["answer_start"] : hostile["answer_end"]]
    assert (hostile["trace_id"], answer) == (HOSTILE_ID, "It is \\boxed{3}. ")
    assert [drop is None for drop in hostile["logprob_drop"]] == [False, False, True, True]
    assert all(drop is None for row in rows[5:7] for drop in row["logprob_drop"])


def test_the_answer_has_the_logprob_that_the_run_gave_it(database: Path) -> None:
    rdpt.importance(database, quiet=True)
    with open_reader(database) as reader:
        pairs = reader.query(
            "SELECT answer_logprob, logprob_sum_distilled FROM importance JOIN sentences USING (run_no, trace_no) "
            "WHERE char_start = answer_start AND char_end = answer_end"
        ).to_pylist()
    assert len(pairs) == 6
    for pair in pairs:
        assert pair["answer_logprob"] == pytest.approx(pair["logprob_sum_distilled"], abs=1e-4)


@pytest.mark.parametrize("n_samples", [1, 2])
def test_replacement_is_a_pass_with_what_was_drawn(
    folder: Path, database: Path, n_samples: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resampling, "MAX_TOKENS", 10)
    result = rdpt.importance(database, method="replacement", samples=n_samples, seed=3, quiet=True)
    oracle, rows = Oracle(folder / "distilled"), stored(database, "replacement")
    cuts = cuts_of(database, oracle)
    model = AutoModelForCausalLM.from_pretrained(folder / "distilled", dtype=torch.float32)
    tokenizer = load_tokenizer(resolve(ModelReference(str(folder / "distilled"))), DEFAULT_TEMPLATE)
    split = get_splitter("sentence").split
    drawn = draw_sentences(model, tokenizer, split, list(cuts.values()), Sampling(n_samples, seed=3), 512)
    assert (result.n_measured, result.n_without, result.n_same) == (8, 2, 0)
    for (number, cut), sentences in zip(cuts.items(), drawn, strict=True):
        whole = naive(oracle, cut, None)
        for sentence, texts in sentences.items():
            assert len(texts) == n_samples
            mean = np.mean([naive(oracle, cut, sentence, ids.tolist()) for ids in texts])
            assert rows[number]["logprob_drop"][sentence] == pytest.approx(whole - mean, abs=2e-4)


def test_a_sentence_that_is_drawn_as_it_stands_takes_nothing_away(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def draw_the_same(*arguments: Any) -> list[dict[int, list[Any]]]:
        cuts = arguments[3]
        return [{number: [cut.sentence(number)] for number in cut.measured} for cut in cuts]

    monkeypatch.setattr("rdpt_core.scoring.importance.resampling.draw_sentences", draw_the_same)
    result = rdpt.importance(database, method="replacement", quiet=True)
    assert result.n_same == result.n_sentences > 20
    assert {drop for row in stored(database, "replacement") for drop in row["logprob_drop"]} == {None, 0.0}


def test_a_sentence_for_which_nothing_can_be_drawn_has_no_number(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def draw_nothing(*arguments: Any) -> list[dict[int, list[Any]]]:
        return [{number: [] for number in cut.measured} for cut in arguments[3]]

    monkeypatch.setattr("rdpt_core.scoring.importance.resampling.draw_sentences", draw_nothing)
    assert rdpt.importance(database, method="replacement", quiet=True).n_sentences == 0


def test_a_killed_pass_goes_on_by_the_same_command(
    folder: Path, database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = Path(shutil.copy(database, tmp_path / "whole.duckdb"))
    assert rdpt.importance(whole, quiet=True).n_measured == 8
    monkeypatch.setattr(job, "_TRACES_PER_COMMIT", 3)
    with monkeypatch.context() as patched, pytest.raises(Killed):
        kill_after(patched, 1, "commit_importance", DuckDBImportanceStore)
        rdpt.importance(database, quiet=True)
    assert main(["importance", "--db", str(database), "--quiet"]) == 0
    assert "5 traces measured by deletion, 3 had been measured so before" in capsys.readouterr().err
    drops = [[row["logprob_drop"] for row in stored(path)] for path in (database, whole)]
    for one, other in zip(*drops, strict=True):
        np.testing.assert_allclose(np.array(one, float), np.array(other, float), atol=1e-4)
    assert main(["importance", "--db", str(database), "--quiet"]) == 0
    assert "0 traces measured by deletion, 8 had been" in capsys.readouterr().err


def test_groups_are_stored_as_they_come(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    groups: list[int] = []
    real = job._Meter.measure

    def measure(meter: Any, cuts: Any) -> Any:
        groups.append(len(cuts))
        return real(meter, cuts)

    monkeypatch.setattr(job._Meter, "measure", measure)
    monkeypatch.setattr(job, "_IDS_PER_COMMIT", 1)
    rdpt.importance(database, quiet=True)
    # A trace each, and with it those before it that have nothing to measure.
    assert sum(groups) == 8
    assert len(groups) > 4


def test_questions_are_drawn_with_all_their_traces_and_more_go_on(database: Path) -> None:
    first = rdpt.importance(database, questions=2, quiet=True)
    kept = {row["question_id"] for row in stored(database)}
    assert len(kept) == 2
    with open_reader(database) as reader:
        traces = reader.query("SELECT question_id FROM traces").column("question_id").to_pylist()
    assert first.n_measured == first.n_traces == sum(name in kept for name in traces)
    more = rdpt.importance(database, questions=3, quiet=True)
    assert more.n_traces - more.n_measured == first.n_traces
    assert kept < {row["question_id"] for row in stored(database)}


def test_other_settings_are_refused_unless_what_is_stored_is_dropped(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resampling, "MAX_TOKENS", 4)
    replacement: dict[str, Any] = {"method": "replacement", "questions": 1, "quiet": True}
    first = rdpt.importance(database, seed=1, **replacement)
    with pytest.raises(UsageError, match="other settings.*seed 1.*seed 2.*--again"):
        rdpt.importance(database, seed=2, **replacement)
    again = rdpt.importance(database, seed=2, again=True, **replacement)
    assert again.n_measured == first.n_measured
    # The other method has none of these settings, and stands beside it.
    assert rdpt.importance(database, seed=7, questions=1, quiet=True).n_measured == first.n_measured
    assert {row["method"] for row in [*stored(database), *stored(database, "replacement")]} == {
        "deletion",
        "replacement",
    }


def test_another_model_and_a_run_without_one_are_refused(folder: Path, database: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="not the model that scored the run.*--distilled"):
        rdpt.importance(database, distilled=folder / "student", quiet=True)
    before = tmp_path / "before.duckdb"
    models = ["--teacher", str(folder / "distilled"), "--student", str(folder / "student")]
    command = ["score", "--traces", str(folder / "t.jsonl"), *models, "--roles", "teacher,student", "--limit", "1"]
    assert main([*command, "--db", str(before), "--quiet"]) == 0
    with pytest.raises(UsageError, match="no distilled model"):
        rdpt.importance(before, quiet=True)


def test_sentences_that_are_stored_anew_lose_their_importance(database: Path) -> None:
    rdpt.importance(database, quiet=True)
    with open_reader(database) as reader:
        run = reader.run(None)
        tokens = reader.tokens(run.run_no, Role.DISTILLED, [0])[0][0]
        spans = reader.spans(run.run_no, 0, 1)[0]
        response = reader.traces(run.run_no, 0, 1)[0].response
    results = {role: RoleResult(0, tokens, 0) for role in (Role.STUDENT, Role.DISTILLED)}
    columns = sentence_columns(0, response, spans, results)
    commit_batch(database, run.key, Role.DISTILLED, [results[Role.DISTILLED]], [columns])
    assert [row["trace_no"] for row in stored(database)] == list(range(1, 8))
    assert rdpt.importance(database, quiet=True).n_measured == 1
