"""What is said of a file in no known format: its keys, the nearest formats, and a map that reads it."""

from __future__ import annotations

from typing import Any

import pytest

from rdpt_core.errors import InputError
from rdpt_core.traces.files.record import Record
from rdpt_core.traces.formats import FORMATS
from rdpt_core.traces.formats.unrecognised import nearest, shape_of
from tests.support.imports.imported import read


def said_of(*lines: Any) -> str:
    with pytest.raises(InputError) as caught:
        read(lines)
    return str(caught.value)


def test_the_message_shows_keys_and_stays_short() -> None:
    said = said_of({"foo": 1, "bar": {"one": 1, "two": {"deep": 1}}, "baz": [{"three": 3}]}, {"foo": 2})
    assert "got JSON Lines with foo, bar{one, two}, baz[{three}]. " in said
    assert "`rdpt import --list-formats`" in said
    assert "--map question=COLUMN,response=COLUMN" in said and "nearest" not in said
    many = said_of({f"column {number}" * 20: {f"inner {inner}" * 20: 1 for inner in range(99)} for number in range(99)})
    assert "and 89 more" in many and len(many) < 4000


def test_keys_that_do_not_print_are_escaped() -> None:
    assert shape_of({"a\x1b[2Jb\nc": 1}) == r"a\x1b[2Jb\nc"
    assert (shape_of({}), shape_of([1]), shape_of({"a": []})) == ("an empty object", "a list", "a")


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ({"outputs": [{"token_ids": [1]}], "prompt": None}, "vllm"),
        ({"doc_id": 1, "doc": {}, "arguments": {}}, "lm-eval"),
        ({"results": [{"completion": 1}], "categories": []}, "reasoning-gym"),
        ({"question": "2+2?", "gold": "4"}, "pairs"),
        ({"trace_id": "t", "question_id": "q"}, "canonical"),
    ],
)
def test_the_nearest_formats_have_fields_in_common(value: Any, name: str) -> None:
    assert name in [known.name for known in nearest([Record(1, value, "")], FORMATS)]


def test_every_format_can_be_near() -> None:
    assert nearest([Record(1, {"foo": 1}, "")], FORMATS) == []
    for known in FORMATS:
        names = known.looks_for.replace("(", " ").replace(")", " ").replace(",", " ").split()
        assert nearest([Record(1, dict.fromkeys(names), "")], [known]) == [known]


def test_a_map_is_named_only_with_what_it_depends_on() -> None:
    said = said_of({"prompt": "2+2?", "reply": "It is 4.", "target": "4"})
    assert "If reply is the model's response, this reads the first record: " in said
    assert said.endswith("--map question=prompt,response=reply,gold=target")
    assert "a question (question, problem, instruction, …)" in said


def test_questions_with_answers_are_called_that_and_no_answer_becomes_a_response() -> None:
    for line in (
        {"question": "2+2?", "answer": "4"},
        {"problem": "2+2?", "expected_answer": "4", "generation_model": "R1"},
    ):
        said = said_of(line)
        assert "a file holds no traces" in said and "--map response=COLUMN" in said
    said = said_of({"problem": "2+2?", "solution": "We add. So 4.", "answer": "4"})
    assert "a file holds no traces" in said
    assert "If a model wrote the solutions, and no person, say so: --map question=problem,response=solution" in said
    said = said_of({"problem": "2+2?", "generated_text_r1": "<think>\nhm\n</think>\n\n4", "expected_answer": "4"})
    assert "--map question=problem,response=generated_text_r1,gold=expected_answer" in said
