"""What a model answered, in every shape in which a tool may copy it."""

from __future__ import annotations

from typing import Any

import pytest

from rdpt_core.traces.formats.answered import answers_of
from rdpt_core.traces.formats.base import Context, Draft, RecordError

TURN = {"role": "assistant", "content": "4"}


def texts(output: Any) -> list[str]:
    made = list(answers_of(output, "m", Context("file"), 1))
    assert all(isinstance(draft, Draft) and draft.model == "m" for draft in made)
    return [draft.response.text for draft in made if isinstance(draft, Draft)]


@pytest.mark.parametrize(
    "output",
    ["4", TURN, [{"role": "user", "content": "2+2?"}, TURN], {"message": TURN}, [{"message": TURN}], {"text": "4"},
     {"completion": "4"}, {"content": [{"type": "text", "text": "4"}]}, {"choices": [{"message": TURN}]}],
)  # fmt: skip
def test_every_shape_is_read(output: Any) -> None:
    assert texts(output) == ["4"]


@pytest.mark.parametrize("output", [None, 4, {}, [], ["4"], {"answer": "4"}, [{"role": "user", "content": "2+2?"}]])
def test_what_is_no_answer_is_refused(output: Any) -> None:
    with pytest.raises(RecordError):
        texts(output)
