"""Names of traces and questions in the picker."""

from __future__ import annotations

import pytest

from rdpt_core.ui.frame.trace_picker import option_names, question_name
from rdpt_core.ui.style import words


def test_equal_names_stay_different_options() -> None:
    assert list(option_names(["a", "a\u200b", "b"], words.plain).values()) == ["a", "a (2)", "b"]


@pytest.mark.parametrize(
    ("question_id", "want"),
    [
        ("clock-012", "clock-012"),
        ("q-0123456789abcdef", "q-0123456789abcdef · How many?"),
        ("0a1b2c3d4e5f", "0a1b2c3d4e5f · How many?"),
        ("deadbeef", "deadbeef"),
    ],
)
def test_an_id_that_is_a_hash_goes_with_the_question(question_id: str, want: str) -> None:
    assert question_name(question_id, "How\n many?") == want
    assert question_name(question_id, None) == question_id
