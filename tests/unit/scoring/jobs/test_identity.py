"""What a run remembers of the served models that scored it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rdpt_core.errors import ModelError
from rdpt_core.scoring.backends.served.greeting import TOLERANCE_NATS, ServedAs
from rdpt_core.scoring.jobs.identity import check_served

MET = ServedAs("http://127.0.0.1:1", "vllm", (-1.0, -2.0))
STEP_NATS = TOLERANCE_NATS * 0.6


PLACE = "run 0123456789abcdef"


def environment_of(**served: ServedAs) -> dict[str, Any]:
    return {"device": "cpu", "served": {role: one.to_json() for role, one in served.items()}}


def moved(n_steps: int) -> ServedAs:
    return replace(MET, logprobs=tuple(value - n_steps * STEP_NATS for value in (-1.0, -2.0)))


def test_small_steps_lead_nowhere() -> None:
    stored = [environment_of(teacher=MET)]
    stored.append(check_served(environment_of(teacher=moved(1)), PLACE, stored, {"teacher"}))
    # Nothing new is known of the run, so nothing is to be written.
    assert stored[1] == stored[0]
    with pytest.raises(ModelError, match="answers otherwise"):
        check_served(environment_of(teacher=moved(2)), PLACE, stored, {"teacher"})


def test_a_new_address_and_a_role_without_scores_are_taken_down() -> None:
    stored = [environment_of(teacher=MET, student=MET)]
    now = replace(moved(1), address="http://127.0.0.1:2")
    found: dict[str, Any] = check_served(environment_of(teacher=now, student=moved(9)), PLACE, stored, {"teacher"})
    assert found["device"] == "cpu"
    assert found["served"]["teacher"] == replace(MET, address=now.address).to_json()
    assert found["served"]["student"] == moved(9).to_json()
