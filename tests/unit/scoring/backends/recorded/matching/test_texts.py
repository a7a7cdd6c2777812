"""Recordings found by their text: whole, by an end, or by a beginning that a stop string left."""

from __future__ import annotations

from rdpt_core.scoring.backends.recorded.matching.texts import REACH_CHARACTERS, TextIndex, text_key

LONG = "This sentence is long enough to be told from others by its beginning. " * 3


def found(response: str, *recordings: list[str], is_prompt: bool = False) -> list[int]:
    index = TextIndex()
    for number, tokens in enumerate(recordings):
        index.add(number, [token.encode() for token in tokens], is_prompt=is_prompt)
    key = text_key(response)
    return index.whole(key) or index.partly(key)


def test_a_text_is_found_with_and_without_its_last_tokens() -> None:
    tokens = ["The", " sum", ".", "</s>", "\n"]
    assert found("The sum.", tokens) == [0]
    assert found("The sum.", ["The", " sum", ".", "<|im_end|>", "<|endoftext|>", "</s>"]) == [0]
    assert found("Another sum.", tokens) == []
    assert found("The sum.", [], ["x"], tokens) == [2]


def test_marks_do_not_count_on_either_side() -> None:
    tokens = ["<|channel|>", "analysis", "<|message|>", "So", "<|end|>", "<|start|>", "assistant", "<|channel|>",
              "final", "<|message|>", "Yes"]  # fmt: skip
    for response in ("<think>\nSo\n</think>\n\nYes", "[THINK]So[/THINK]Yes", "SoYes", "".join(tokens)):
        assert found(response, tokens) == [0]
        assert found(response, ["So", "Yes"]) == [0]
    # The names of channels count where they are words.
    assert found("So analysis Yes", tokens) == []


def test_a_text_that_a_stop_string_cut_is_found_by_its_beginning() -> None:
    within = "x" * (REACH_CHARACTERS - 2)
    assert found(LONG + "We t", [LONG, "We take", within[:-4]]) == [0]
    assert found(LONG + "We t", [LONG, "We take", within + "more"]) == []
    assert found("We t", ["We take"], ["We do"], ["We take", "x" * 90], ["We talk"]) == [0, 3]
    # Many that begin alike, of which few are of a like length.
    rows = [[LONG, "word" * number] for number in range(200)]
    assert found(LONG + "w", *rows) == [n for n in range(1, 200) if len("word" * n) <= 1 + REACH_CHARACTERS]


def test_a_prompt_is_found_by_its_end() -> None:
    assert found("The sum.", ["What? ", "The", " sum", "."], is_prompt=True) == [0]
    assert found("What", ["What? ", "The", " sum", "."], is_prompt=True) == []
