"""Recorded tokens over responses, by hand: what fits byte by byte, what is allowed to differ, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdpt_core.scoring.backends.recorded.alignment import Aligned, Misaligned, ResponseBytes, align


def places(response: str, tokens: list[bytes | None], first: int = 0) -> list[tuple[int, int]] | str:
    outcome = align(ResponseBytes(response), tokens, first)
    if isinstance(outcome, Misaligned):
        return outcome.detail
    return list(zip(outcome.char_start.tolist(), outcome.char_end.tolist(), strict=True))


def test_bytes_of_one_character_share_it() -> None:
    assert places("a数b", [b"a", b"\xe6", b"\x95\xb0", b"b"]) == [(0, 1), (1, 2), (1, 2), (2, 3)]


def test_a_lost_leading_space_belongs_to_its_token() -> None:
    assert places("What is it", [b"What", b"is", b"it"]) == [(0, 4), (4, 7), (7, 10)]


def test_a_leading_space_that_the_response_lacks() -> None:
    assert places("So it", [b" So", b" it"]) == [(0, 2), (2, 5)]


def test_an_empty_token_is_a_lone_space_or_shares_what_follows() -> None:
    assert places("a b ", [b"a", b"", b"b", b""]) == [(0, 1), (1, 2), (2, 3), (3, 4)]
    assert places("a 数", [b"a", b"", "数".encode()]) == [(0, 1), (1, 2), (2, 3)]
    assert places("a 数", [b"a", b"", " 数".encode()]) == [(0, 1), (1, 2), (1, 3)]


def test_unreadable_tokens_cover_what_is_between_readable_ones() -> None:
    assert places("a数b", [b"a", None, None, None, b"b"]) == [(0, 1), (1, 2), (1, 2), (1, 2), (2, 3)]
    # A byte each, over several characters.
    assert places("é数", [None] * 5) == [(0, 1), (0, 1), (1, 2), (1, 2), (1, 2)]
    shared = align(ResponseBytes("数学"), [None, None], 0)
    assert isinstance(shared, Aligned) and [tuple(span) for span in shared.shared] == [(0, 2)]
    assert "unreadable" in str(places("ab", [None, None]))


def test_what_comes_before_and_after_is_not_of_the_response() -> None:
    assert places("b", [b"a", b"b", b"</s>"], first=1) == [(0, 1)]


@pytest.mark.parametrize(
    ("response", "tokens", "said"),
    [
        ("The sum", [b"The", b" sun"], "token 1 is ' sun', where the response has ' sum' (character 3)"),
        ("The sum is", [b"The", b" sum"], "the recording ends after 2 tokens"),
        ("The", [b"There"], "token 0 is 'There'"),
        ("a  b", [b"a", b"b"], "token 1 is 'b'"),
    ],
)
def test_anything_else_says_where(response: str, tokens: list[bytes | None], said: str) -> None:
    assert said in str(places(response, tokens))


@given(st.text(max_size=60), st.lists(st.integers(1, 5), max_size=80))
def test_any_cut_of_any_text_into_bytes_aligns_and_covers_it(text: str, widths: list[int]) -> None:
    data = text.encode("utf-8", "surrogatepass")
    cuts = sorted({min(sum(widths[: n + 1]), len(data)) for n in range(len(widths))} | {0, len(data)})
    tokens: list[bytes | None] = [data[a:b] for a, b in zip(cuts, cuts[1:], strict=False)]
    found = places(text, tokens)
    assert isinstance(found, list)
    assert len(found) == len(tokens)
    assert {char for start, end in found for char in range(start, end)} == set(range(len(text)))
    assert found == sorted(found)
