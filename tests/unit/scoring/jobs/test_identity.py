"""What a run remembers of the served models that scored it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rdpt_core.errors import ModelError
from rdpt_core.records import RunClaim
from rdpt_core.scoring.backends.served.greeting import TOLERANCE_NATS, ServedAs
from rdpt_core.scoring.jobs.identity import check_served

MET = ServedAs("http://127.0.0.1:1", "vllm", (-1.0, -2.0))
STEP_NATS = TOLERANCE_NATS * 0.6


def claim_of(**served: ServedAs) -> RunClaim:
    environment = {"device": "cpu", "served": {role: one.to_json() for role, one in served.items()}}
    return RunClaim("0123456789abcdef", "", {}, environment, (), "own", "sentence", "1", "beef", 1)


def moved(n_steps: int) -> ServedAs:
    return replace(MET, logprobs=tuple(value - n_steps * STEP_NATS for value in (-1.0, -2.0)))


def test_small_steps_lead_nowhere() -> None:
    stored = [claim_of(teacher=MET).environment]
    stored.append(check_served(claim_of(teacher=moved(1)), stored, {"teacher"}))
    # Nothing new is known of the run, so nothing is to be written.
    assert stored[1] == stored[0]
    with pytest.raises(ModelError, match="answers otherwise"):
        check_served(claim_of(teacher=moved(2)), stored, {"teacher"})


def test_a_new_address_and_a_role_without_scores_are_taken_down() -> None:
    stored = [claim_of(teacher=MET, student=MET).environment]
    now = replace(moved(1), address="http://127.0.0.1:2")
    found: dict[str, Any] = check_served(claim_of(teacher=now, student=moved(9)), stored, {"teacher"})
    assert found["device"] == "cpu"
    assert found["served"]["teacher"] == replace(MET, address=now.address).to_json()
    assert found["served"]["student"] == moved(9).to_json()
