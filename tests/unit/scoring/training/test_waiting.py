"""Results that wait: whole or not there, of one training only, and given to the pipeline as they were."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rdpt_core.errors import InputError, UsageError
from rdpt_core.records import Role, RoleResult, Span, TokenLogprobs, Trace, UnscoredReason
from rdpt_core.scoring.backends.base import ScoringItem
from rdpt_core.scoring.training.finishing import settle_final
from rdpt_core.scoring.training.waiting import HeldBackend, WaitingResults, checkpoint_role, folder_of, step_of
from tests.support import companions, synthetic

SETTINGS = {"traces": "t" * 8, "splitter": ["sentence", "1"]}


def result(trace_no: int, logprob: float, reason: UnscoredReason | None = None) -> RoleResult:
    one = np.array([0, 1], np.int32)
    tokens = TokenLogprobs(one, one, one + 1, np.array([logprob, np.nan], np.float32))
    return RoleResult(trace_no, tokens, 1, reason, None if reason is None else "too long")


RESULTS = [result(0, -0.5), result(1, -2.0, UnscoredReason.CONTEXT_LENGTH)]


def filled(folder: Path, *steps: int) -> WaitingResults:
    waiting = WaitingResults(folder, SETTINGS)
    waiting.put(synthetic.model(Role.STUDENT), RESULTS)
    for step in steps:
        waiting.put(companions.model(checkpoint_role(step)), RESULTS)
    return waiting


def test_what_was_put_comes_back(tmp_path: Path) -> None:
    filled(tmp_path / "w", 100, 20)
    again = WaitingResults(tmp_path / "w", SETTINGS)
    assert list(again.models()) == ["student", "checkpoint:20", "checkpoint:100"]
    assert again.models()["checkpoint:20"] == companions.model("checkpoint:20")
    for mine, theirs in zip(RESULTS, again.results("checkpoint:20", 2), strict=True):
        assert (mine.trace_no, mine.n_straddling, mine.unscored_reason, mine.detail) == (
            theirs.trace_no,
            theirs.n_straddling,
            theirs.unscored_reason,
            theirs.detail,
        )
        np.testing.assert_array_equal(mine.tokens.logprob, theirs.tokens.logprob)


def test_what_is_not_whole_is_not_there(tmp_path: Path) -> None:
    waiting = filled(tmp_path / "w", 20)
    (tmp_path / "w/checkpoint-20/model.json").unlink()
    assert list(waiting.models()) == ["student"]
    with pytest.raises(InputError, match="results of a training cannot be read"):
        waiting.results("checkpoint:40", 2)


def test_another_training_is_refused_by_what_differs(tmp_path: Path) -> None:
    filled(tmp_path / "w", 20)
    with pytest.raises(UsageError, match="another splitter"):
        WaitingResults(tmp_path / "w", {**SETTINGS, "splitter": ["line", "1"]})


def test_nothing_is_left_of_what_was_removed(tmp_path: Path) -> None:
    waiting = filled(tmp_path / "w", 20)
    waiting.remove()
    assert not (tmp_path / "w").exists()
    waiting = filled(tmp_path / "w", 20)
    (tmp_path / "w/notes.txt").write_text("mine")
    waiting.remove()
    assert (tmp_path / "w/notes.txt").exists()


def test_the_last_checkpoint_becomes_the_distilled_model(tmp_path: Path) -> None:
    waiting = filled(tmp_path / "w", 20, 100)
    settle_final(waiting, 2)
    assert list(waiting.models()) == ["distilled", "student", "checkpoint:20"]
    assert waiting.models()["distilled"].revision == companions.model("checkpoint:100").revision
    alone = WaitingResults(tmp_path / "alone", SETTINGS)
    alone.put(synthetic.model(Role.STUDENT), RESULTS)
    with pytest.raises(UsageError, match="at least one checkpoint"):
        settle_final(alone, 2)


def test_the_pipeline_gets_the_results_by_trace() -> None:
    backend = HeldBackend(synthetic.model(Role.STUDENT), reversed(RESULTS))
    items = [ScoringItem(no, Trace("t", "q", "ab"), [Span(0, 2)]) for no in (1, 0)]
    assert [one for some in backend.score(backend.prepare(items)) for one in some] == [RESULTS[1], RESULTS[0]]


def test_names_tell_folders_apart(tmp_path: Path) -> None:
    database = tmp_path / "runs.duckdb"
    assert folder_of(database, "a") != folder_of(database, "b")
    assert folder_of(database, "a").parent == tmp_path
    assert step_of("student") == -1 and step_of(checkpoint_role(40)) == 40
