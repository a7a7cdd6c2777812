"""Files that hold no responses say so, and what is suggested never takes the reference for the response."""

from __future__ import annotations

from typing import Any

import pytest

from rdpt_core.errors import InputError
from tests.support.imports.imported import read


@pytest.mark.parametrize(
    ("row", "hint"),
    [
        ({"problem": "q", "solution": "so 4", "answer": "4"}, "--map question=problem,response=solution,gold=answer"),
        ({"question": "q", "solution": "so 4"}, "--map question=question,response=solution."),
        (
            {"problem": "q", "gt_solution": "so", "gt_answer": "4"},
            "question=problem,response=gt_solution,gold=gt_answer",
        ),
        ({"question": "q", "answer": "4"}, "response=COLUMN"),
        (
            {"data_source": "x", "prompt": [{"role": "user", "content": "q"}], "reward_model": {"ground_truth": "4"}},
            "response=COLUMN",
        ),
    ],
)
def test_questions_with_reference_answers_are_refused_with_a_way_out(row: dict[str, Any], hint: str) -> None:
    with pytest.raises(InputError, match="without a model's responses") as caught:
        read((row,))
    assert hint in str(caught.value)
    assert "response=answer" not in str(caught.value)
