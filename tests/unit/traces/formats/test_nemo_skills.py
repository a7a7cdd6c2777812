"""NeMo-Skills outputs: seeds, verdicts, and thinking that was parsed off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rdpt_core.traces.formats import nemo_skills
from rdpt_core.traces.importing.pipeline import import_traces
from tests.support.imports.imported import Log, read

ROW = {
    "problem": "2+2?",
    "expected_answer": "4",
    "id": "sums-0",
    "generation": "<think>\nhm\n</think>\n\n\\boxed{4}",
    "num_generated_tokens": 20,
    "predicted_answer": "4",
    "symbolic_correct": True,
    "finish_reason": "stop",
}


def test_an_output_is_read() -> None:
    (trace,), rejects = read((ROW,))
    assert rejects == []
    assert (trace.response, trace.gold, trace.correct) == (ROW["generation"], "4", True)
    about = trace.meta["import"]
    assert (about["format"], about["verdict"], about["finish_reason"]) == ("nemo-skills", "symbolic_correct", "stop")


@pytest.mark.parametrize(
    ("judgement", "symbolic", "correct", "verdict"),
    [
        ("Reasoning: same.\nJudgement: Yes", False, True, "judgement"),
        ("Judgement: **No**", True, False, "judgement"),
        ("Judgment: no", None, False, "judgement"),
        ("I cannot say", True, True, "symbolic_correct"),
        (None, None, None, None),
    ],
)
def test_the_judges_word_goes_before_the_symbolic_check(
    judgement: str | None, symbolic: bool | None, correct: bool | None, verdict: str | None
) -> None:
    (trace,), _ = read(({**ROW, "judgement": judgement, "symbolic_correct": symbolic},))
    assert trace.correct is correct
    assert trace.meta["import"].get("verdict") == verdict


def test_reasoning_that_is_apart_is_put_back_once() -> None:
    (trace,), _ = read(({**ROW, "generation": "4", "reasoning_content": "hm"},))
    assert trace.response == "<think>\nhm\n</think>\n\n4"
    (trace,), _ = read(({**ROW, "reasoning_content": "hm"},))
    assert trace.response == ROW["generation"]
    assert trace.meta["source"]["reasoning_content"] == "hm"


def test_the_whole_generation_is_taken_where_the_thinking_was_parsed_off() -> None:
    whole = "<think>\nhm\n</think>\n\n\\boxed{4}\n"
    (trace,), _ = read(({**ROW, "generation": "\\boxed{4}", "_full_generation": whole},))
    assert trace.response == whole
    (trace,), _ = read(({**ROW, "generation": "5", "_full_generation": whole},))
    assert trace.response == "5"


def test_the_seed_in_the_files_name_is_the_sample(tmp_path: Path) -> None:
    import json

    for seed in (0, 3):
        (tmp_path / f"output-rs{seed}.jsonl").write_text(json.dumps({**ROW, "generation": f"try {seed}"}) + "\n")
    traces = list(import_traces([tmp_path], rejects=Log(), grade=False))
    assert [(trace.response, trace.sample) for trace in traces] == [("try 0", 0), ("try 3", 3)]
    assert traces[0].question_id == traces[1].question_id


@pytest.mark.parametrize(
    "change",
    [
        {"generation": ["4"]},
        {"problem": None},
        {"expected_answer": ...},
        {"predicted_answer": ..., "symbolic_correct": ...},
    ],
)
def test_other_rows_are_not_claimed(change: dict[str, Any]) -> None:
    row = {key: value for key, value in {**ROW, **change}.items() if value is not ...}
    assert nemo_skills.FORMAT.detect(row) is False
