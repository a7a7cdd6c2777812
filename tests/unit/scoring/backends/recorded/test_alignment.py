"""Recorded tokens over responses, by hand: what fits byte by byte, what is allowed to differ, and what is refused."""

from __future__ import annotations

import re
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdpt_core.scoring.backends.recorded.alignment import Aligned, Misaligned, ResponseBytes, align
from rdpt_core.scoring.backends.recorded.matching.seams import MARK

RESPONSE = "<think>\nA b. C.\n</think>\n\nThe 4."
THOUGHT, ANSWER = ["A", " b", ".", " C", "."], ["The", " 4", "."]
HEADER = ["<|channel|>", "analysis", "<|message|>"]
TURN = ["<|end|>", "<|start|>", "assistant", "<|channel|>", "final", "<|message|>"]


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
        ("The", [b"This"], "token 0 is 'This'"),
        ("a  b", [b"a", b"b"], "token 1 is 'b'"),
    ],
)
def test_anything_else_says_where(response: str, tokens: list[bytes | None], said: str) -> None:
    assert said in str(places(response, tokens))


def laid(response: str, tokens: list[str], seams: tuple[int, ...] = ()) -> list[tuple[str, str]] | str:
    """Each token that counts, with what it is laid over."""
    outcome = align(ResponseBytes(response), [token.encode() for token in tokens], 0, seams)
    if isinstance(outcome, Misaligned):
        return outcome.detail
    spans = zip(outcome.number.tolist(), outcome.char_start.tolist(), outcome.char_end.tolist(), strict=True)
    return [(tokens[number], response[start:end]) for number, start, end in spans]


def same(tokens: list[str]) -> list[tuple[str, str]]:
    return [(token, token) for token in tokens]


@pytest.mark.parametrize("lead", [[], ["\n"], ["\n", "\n"]], ids=["as it is", "a line", "two lines"])
def test_thinking_that_the_template_opened(lead: list[str]) -> None:
    rest = [*THOUGHT, "\n", "</think>", "\n\n", *ANSWER]
    assert laid(RESPONSE, [*lead, *rest]) == same(rest)
    # A token like the first sign of the mark does not lead astray.
    assert laid("<think>\n<b>\n</think>\n\nX", ["<", "b", ">", "\n", "</think>", "\n\n", "X"]) == same(
        ["<", "b", ">", "\n", "</think>", "\n\n", "X"]
    )


def test_thinking_and_answer_that_were_recorded_apart() -> None:
    assert laid(RESPONSE, [*THOUGHT, *ANSWER], seams=(5,)) == same([*THOUGHT, *ANSWER])
    # Blank space before the seam is before the mark; behind a mark that no token spells, it is the mark's.
    assert laid(RESPONSE, [*THOUGHT, "\n", "\n", *ANSWER], seams=(6,)) == same([*THOUGHT, "\n", *ANSWER])
    assert laid(RESPONSE, [*THOUGHT, "\n\n", *ANSWER], seams=(5,)) == same([*THOUGHT, *ANSWER])
    assert laid(RESPONSE, [*THOUGHT, " The", *ANSWER[1:]], seams=(5,)) == [
        *same(THOUGHT),
        (" The", "The"),
        *same(ANSWER[1:]),
    ]
    # Nothing says that something is missing here.
    assert "token 5 is 'The'" in laid(RESPONSE, [*THOUGHT, *ANSWER])
    assert "token 5 is 'The'" in laid(RESPONSE, [*THOUGHT, *ANSWER], seams=(4,))


def test_channels_in_place_of_marks_of_thinking() -> None:
    assert laid(RESPONSE, [*HEADER, *THOUGHT, *TURN, *ANSWER, "<|return|>"]) == same([*THOUGHT, *ANSWER])
    assert laid(RESPONSE, ["[THINK]", *THOUGHT, "[/THINK]", *ANSWER]) == same([*THOUGHT, *ANSWER])
    # Where the response has them as well, they count.
    spelled = [*HEADER, *THOUGHT, *TURN, *ANSWER]
    assert laid("".join(spelled), spelled) == same(spelled)
    # In the middle of a text nothing is passed over.
    assert "token 1 is '<|end|>'" in laid("A b", ["A", "<|end|>", " b"])
    # What is between a token that opens a header and the next one is passed over only if it is a header's.
    assert isinstance(laid(RESPONSE, [*THOUGHT, "<|start|>", "surely", "<|message|>", *ANSWER]), str)


def test_blank_space_beside_a_mark_may_be_stripped() -> None:
    tokens = [*THOUGHT[:-1], ".\n\n", "</think>", "\n\n", *ANSWER]
    found = laid(RESPONSE, ["<think>", "\n", *tokens])
    assert found == [*same(["<think>", "\n", *THOUGHT[:-1]]), (".\n\n", ".\n"), *same(tokens[5:])]
    assert laid("A.</think>B", ["A", ".\n", "\n", "<|end|>", "\n", "B"]) == [("A", "A"), (".\n", "."), ("B", "B")]
    # Elsewhere it may not.
    assert "token 1 is ' b'" in laid("A\n b", ["A", " b"])
    assert "ends after 1 tokens" in laid("A\n", ["A"])


def test_a_mark_at_the_end_that_the_recording_lacks() -> None:
    assert laid("A b. C.\n</Output>", THOUGHT) == same(THOUGHT)
    assert "token 5 is 'The'" in laid("A b. C.\n</Output>", [*THOUGHT, "The"])


def test_unreadable_tokens_before_a_mark() -> None:
    outcome = align(ResponseBytes("<think>数</think>B"), [b"<|a|>", None, None, None, b"<|b|>", b"B"], 0)
    assert isinstance(outcome, Aligned)
    assert outcome.number.tolist() == [1, 2, 3, 5]
    assert outcome.char_start.tolist() == [7, 7, 7, 16]


def test_a_text_that_is_cut_inside_its_last_token() -> None:
    for response, tokens, place in (
        (" let ", [" let", " me", " work"], (4, 5)),
        ("It is 4.", ["It", " is", " 4", ".\n\n"], (7, 8)),
        ("We t", ["We", "take", "it"], (2, 4)),
    ):
        outcome = align(ResponseBytes(response), [token.encode() for token in tokens], 0)
        assert isinstance(outcome, Aligned) and outcome.is_cut and not outcome.is_exact
        assert (outcome.char_start[-1], outcome.char_end[-1]) == place
    whole = align(ResponseBytes(" let me"), [b" let", b" me", b" work"], 0)
    assert isinstance(whole, Aligned) and whole.is_exact
    # A blank that nothing spells is no beginning of a token that came without its own.
    assert "token 1 is 'b'" in laid("a ", ["a", "b"])


def test_marks_without_end_take_no_time() -> None:
    response = "<think>" * 5_000 + "".join(f"{n}. </think>\n" for n in range(5_000))
    tokens = [token for n in range(5_000) for token in (f"{n}", ".", "<|end|>")]
    started = time.process_time()
    found = laid(response, tokens)
    assert isinstance(found, list) and len(found) == 10_000
    assert time.process_time() - started < 5
    blank = "\n" * 50_000
    assert laid(f"A{blank}</think>B", ["A", "\n", blank, "<|end|>", "B"]) is not None


TEXTS = st.text(st.sampled_from("ab .\n数é"), min_size=1, max_size=12).map(lambda text: f"x{text}x")
OPENINGS = st.sampled_from(["", "<think>\n", "<|channel|>analysis<|message|>", "[THINK]", "\n<thought> "])
BORDERS = re.compile(f"{MARK.pattern}|</s>")
CLOSINGS = st.sampled_from(["\n</think>\n\n", "[/THINK]", "<|end|><|start|>assistant<|channel|>final<|message|>"])


@st.composite
def recordings(draw: st.DrawFn) -> tuple[str, list[bytes], tuple[int, ...]]:
    """A response, tokens that spell it but for the marks, and their seams. A mark has tokens of its own."""
    thought, answer = draw(TEXTS), draw(TEXTS)
    response = draw(OPENINGS) + thought + draw(CLOSINGS) + answer
    closing = draw(st.sampled_from(["", "</think>", "\n\n<|end|>\n"]))
    tokens: list[bytes] = []
    seams: tuple[int, ...] = ()
    for number, text in enumerate((draw(OPENINGS) + thought, closing + answer + draw(st.sampled_from(["", "</s>"])))):
        borders = {len(text[:place].encode()) for match in BORDERS.finditer(text) for place in match.span()}
        data = text.encode()
        cuts = sorted({0, len(data), *borders, *draw(st.lists(st.integers(0, len(data)), max_size=12))})
        seams = (len(tokens),) if number and not closing else ()
        tokens += [data[a:b] for a, b in zip(cuts, cuts[1:], strict=False)]
    return response, tokens, seams


def text_places(response: str) -> list[int]:
    """The visible characters that are of no mark."""
    marks = {place for match in MARK.finditer(response) for place in range(*match.span())}
    return [place for place, sign in enumerate(response) if not sign.isspace() and place not in marks]


@given(recordings())
def test_marks_that_differ_leave_the_text_between_them_whole(case: tuple[str, list[bytes], tuple[int, ...]]) -> None:
    response, tokens, seams = case
    outcome = align(ResponseBytes(response), tokens, 0, seams)
    assert isinstance(outcome, Aligned), outcome
    assert (np.diff(outcome.number) > 0).all() and (np.diff(outcome.char_start) >= 0).all()
    covered: list[int] = []
    for number, start, end in zip(outcome.number, outcome.char_start, outcome.char_end, strict=True):
        # Nothing visible that the token does not spell, but for the rest of a character that it is a piece of.
        own, under = b"".join(tokens[number].split()), "".join(response[start:end].split()).encode()
        assert own in under and len(under) - len(own) < 6
        assert own == under or any(byte >= 0x80 for byte in under)
        covered += range(start, end)
    assert set(text_places(response)) <= set(covered)
    shown = [place for place in covered if response[place] in "xab."]
    assert len(shown) == len(set(shown))


@given(recordings(), st.data())
def test_a_changed_character_never_aligns_whole(
    case: tuple[str, list[bytes], tuple[int, ...]], data: st.DataObject
) -> None:
    response, tokens, seams = case
    place = data.draw(st.sampled_from(text_places(response)))
    damaged = response[:place] + data.draw(st.sampled_from("Qß字")) + response[place + 1 :]
    assert isinstance(align(ResponseBytes(damaged), tokens, 0, seams), Misaligned)


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
