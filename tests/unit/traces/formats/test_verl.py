"""verl's dumps: the decoded prompt stays a prompt, the question is read back where that is certain."""

from __future__ import annotations

from typing import Any

import pytest

from rdpt_core.traces.formats import verl
from tests.support.imports.imported import read

ROW = {
    "input": "system\nBe brief.\nuser\n2+2?\nassistant\n",
    "output": "<think>hm</think>\n4",
    "gts": "4",
    "score": 1.0,
    "step": 7,
    "acc": True,
}


def test_a_rollout_is_read_with_its_prompt_to_the_character() -> None:
    (trace,), rejects = read((ROW,))
    assert rejects == []
    assert (trace.prompt, trace.response, trace.gold, trace.correct) == (ROW["input"], ROW["output"], "4", True)
    assert [(message.role, message.content) for message in trace.messages] == [
        ("system", "Be brief."),
        ("user", "2+2?"),
    ]
    assert trace.meta["source"] == {"score": 1.0, "step": 7, "acc": True}
    assert trace.meta["import"]["verdict"] == "acc"


def test_a_score_alone_is_a_reward_and_no_verdict() -> None:
    (trace,), _ = read(({**ROW, "acc": None, "score": 1.0},))
    assert trace.correct is None
    (old,), _ = read(({"input": "2+2=", "output": "4", "score": 0.0, "step": 1},))
    assert (old.correct, old.gold, old.prompt, old.messages) == (None, None, "2+2=", ())


def test_several_rollouts_of_one_prompt_are_samples_of_one_question() -> None:
    traces, _ = read((ROW, {**ROW, "output": "5", "acc": False}))
    assert [trace.sample for trace in traces] == [0, 1]
    assert traces[0].question_id == traces[1].question_id


@pytest.mark.parametrize("change", [{"input": [1]}, {"output": None}, {"score": ...}, {"gts": ..., "step": ...}])
def test_what_is_no_dump_is_not_claimed(change: dict[str, Any]) -> None:
    row = {key: value for key, value in {**ROW, **change}.items() if value is not ...}
    assert verl.FORMAT.detect(row) is False
