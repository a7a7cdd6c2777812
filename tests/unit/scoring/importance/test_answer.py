"""Where the answer of a response is: the same that grading reads, at its place."""

from __future__ import annotations

import pytest

from rdpt_core.scoring.importance.answer import find_answer
from rdpt_core.traces.grading.answers import find_marked, find_stated, marked_answer, stated_answer

PLACES = {
    "the last box": (r"So \boxed{3}. No: «\boxed{4}». Checked.", ""),
    "the last of two boxes that belong together": (r"It is \boxed{1} and «\boxed{2}».", ""),
    "a tag": ("Well. <answer> «42» </answer>", ""),
    "hashes": ("3 + 4 = 7\n#### «7»", ""),
    "a box without braces": (r"so $\boxed «7»$.", ""),
    "a correction after a box": (r"\boxed{3}. Wait, a mistake. The answer is «4».", ""),
    "a statement in words": ("The answer is 3. No.\nThe final answer is «5». I am sure.", ""),
    "a statement that much follows is none": ("The answer is 3.\n" + "x" * 120 + "«y»\n", ""),
    "the last visible character": ("First. Then 4«2» \n", ""),
    "what follows the thinking": (r"<think>\boxed{1}</think> It is «2»", ""),
    "what follows a thinking that the prompt opened": (r"\boxed{1}</think> It is «2»", "<think>\n"),
}


@pytest.mark.parametrize("name", PLACES)
def test_the_answer_is_at_its_place(name: str) -> None:
    marked, prompt = PLACES[name]
    response = marked.replace("«", "").replace("»", "")
    found = find_answer(response, prompt)
    assert found is not None
    assert found.answer == marked.index("«")
    closing = response.rfind("</think>")
    assert found.first == (0 if closing < 0 else closing + len("</think>"))


@pytest.mark.parametrize(
    ("response", "prompt"),
    [
        ("", ""),
        (" \n", ""),
        ("<think>The answer is 3.", ""),
        ("The answer is 3.", "Question\n<think>\n"),
        ("The answer is 3.</think> \n", ""),
    ],
)
def test_no_answer(response: str, prompt: str) -> None:
    assert find_answer(response, prompt) is None


@pytest.mark.parametrize("name", PLACES)
def test_what_is_found_is_what_grading_takes(name: str) -> None:
    response = PLACES[name][0].replace("«", "").replace("»", "")
    for find, text in ((find_marked, marked_answer), (find_stated, stated_answer)):
        found = find(response)
        assert (None if found is None else found.text) == text(response)
        if found is not None and "," not in found.text:
            place = response[found.start :]
            assert place.startswith(found.text) or (place.startswith(r"\boxed") and found.text in place)
