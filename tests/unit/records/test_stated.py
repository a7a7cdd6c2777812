"""What is stored of how recordings were sampled, in words, whatever a database holds."""

from __future__ import annotations

import pytest

from rdpt_core.records.stated import words_of


@pytest.mark.parametrize(
    "stored",
    [None, 7, [], {"temperature": None}, {"temperature": {"values": 3}}, {"temperature": {"values": [7, [1]]}}],
)
def test_what_is_stored_badly_has_no_words(stored: object) -> None:
    assert words_of(stored) == ""


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.6, "0.6"),
        (1, "1"),
        (10**400, "1" + "0" * 39),
        ("\x1b[2Jevil\n" + "x" * 99, f" [2Jevil {'x' * 31}"),
        (["a"], "['a']"),
    ],
    ids=["float", "int", "huge", "text", "list"],
)
def test_a_value_from_a_record_is_short_and_cannot_command_a_terminal(value: object, shown: str) -> None:
    assert words_of({"server": {"values": [[value, 1]]}}) == f"server {shown}"


def test_others_and_silent_records_are_told() -> None:
    entry = {"values": [[number, 1] for number in range(5)], "n_others": 2, "n_silent": 3}
    assert words_of({"top_k": entry}) == "top_k 0 or 1 or 2 or 3 or others or not stated"
