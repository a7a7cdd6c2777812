"""The answer that a response marks."""

from __future__ import annotations

from rdpt_core.traces.grading.answers import marked_answer


def test_boxes_that_never_close_cost_no_square() -> None:
    assert marked_answer("\\boxed{" * 100_000) is None
    assert marked_answer(r"\boxed{a{b}c} and \boxed{d") == "a{b}c"
