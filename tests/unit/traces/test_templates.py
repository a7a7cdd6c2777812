"""Masks: what a template keeps of a sentence, whichever way it is computed."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rdpt_core.traces import templates as module
from rdpt_core.traces.templates import names_in, templates

NAMES = frozenset({"Lucy", "Élodie"})


def one(text: str, names: frozenset[str] = NAMES) -> str:
    (made,) = templates(pa.array([text]), names).to_pylist()
    return str(made)


@pytest.mark.parametrize(
    ("text", "template"),
    [
        ("Lucy has 13 apples. ", "@ has # apples."),
        ("Lucy's apples are gone.", "@'s apples are gone."),
        ("Tom has one.", "tom has #."),  # not among the names
        ("Then Tom Smith, Ann and I go.", "then @, @ and i go."),
        ("Lucy Smith has O'Brien's car.", "@ has @'s car."),
        ("Now II and Ivy, but I'm here", "now @ and @, but i'm here"),
        ("Note: The sum is 3. It fits", "note: the sum is #. it fits"),
        ("On Monday, in march, by June", "on @, in march, by @"),
        ("you may go on mondays in july", "you may go on @ in @"),
        ("1,234.5 and 3/4 and 50% and 2nd", "# and # and # and #"),
        ("-2 or (-3) but 3 - 2 and x-2", "# or (#) but # - # and x-#"),
        ("Twenty-one is ninety, a stone is eighth", "# is #, a stone is eighth"),
        ("So $x^2 + 1$ and $$a$$ and \\(b\\) and \\[c\nd\\]", "so ∑ and ∑ and ∑ and ∑"),
        ("It costs $5 and $6 now", "it costs $# and $# now"),
        ("Thus \\boxed{\\frac{1}{2}}.", "thus ∑."),
        ("  two\u00a0 spaces\tand\x00here\n", "# spaces and here"),
        ("“It’s −5 – or ½”", '"it\'s # - or #"'),
        ("Élodie rief Änne an, ٣ mal", "@ rief @ an, # mal"),
        ("等等，答案是 12。", "等等，答案是 #。"),
        ("weighted someone often", "weighted someone often"),
        ("", ""),
        (" \n ", ""),
    ],
)
def test_a_template_keeps_everything_but_numbers_names_and_formulas(text: str, template: str) -> None:
    assert one(text) == template


_CHARACTERS = st.characters(exclude_categories=["Cs"])
_SPECIAL = st.sampled_from("$$$\\()[]{}boxed∑#@%-,./' \n\"AaBIiÉé½٣1205ℂ𝐀İ’—\u200b\x00")
_HOSTILE = st.text(_SPECIAL | _CHARACTERS, max_size=40)
_PIECES = st.lists(
    st.sampled_from(["\\boxed{", "}", "$", "$$", "\\(", "\\)", "one", "-", "5", "Tom", " ", "Lucy", "∑", "th", "é"]),
    max_size=14,
).map("".join)


@settings(max_examples=30, deadline=None)
@given(st.lists(_HOSTILE | _PIECES, min_size=10, max_size=40))
@example(["$x \\boxed{ $ } y$", "\\boxed{\\boxed{{{a}}}}", "$a$$b$", "$5-$6", "one1", "-five", "a $$b$"])
def test_a_template_is_its_own_template(texts: list[str]) -> None:
    once = templates(pa.array(texts, pa.string()), NAMES)
    assert templates(once, NAMES).to_pylist() == once.to_pylist()


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.text(st.characters(max_codepoint=127), max_size=40) | _PIECES.filter(str.isascii), min_size=10, max_size=40
    )
)
def test_texts_in_ascii_are_masked_as_all_others(texts: list[str]) -> None:
    array = pa.array(texts, pa.string())
    assert module._masked_ascii(array, NAMES).to_pylist() == module._masked(array, NAMES).to_pylist()


def test_order_nulls_slices_and_chunks() -> None:
    texts = ["Lucy é 1", None, "a 2", "é 3", "b", None, "ü 4"]
    expected = [None if text is None else one(text) for text in texts]
    array = pa.array(texts)
    assert templates(array, NAMES).to_pylist() == expected
    assert templates(array.slice(2, 3), NAMES).to_pylist() == expected[2:5]
    assert templates(pa.chunked_array([array, array.slice(1, 2)]), NAMES).to_pylist() == expected + expected[1:3]
    assert templates(pa.chunked_array([], pa.string()), NAMES).to_pylist() == []
    assert templates(pa.array([], pa.string()), NAMES).type == pa.string()


def test_long_rows_of_openings_take_time_in_proportion() -> None:
    # Each of these would take hours if every opening looked for its end anew.
    for piece in ("\\(", "$a", "\\boxed{", "$$ ", "A ", "1,", "- "):
        assert one(piece * 100_000)


def test_names_stand_capitalised_inside_sentences() -> None:
    texts = (
        ["Then Lucy goes home."] * 3
        + ["And Tom's dog barks."] * 2  # too rarely
        + ["In March it rains.", "So we March on, you March off."]
        + ["They march and march."] * 2  # too often in lower case
        + ["Hmm, But Wait, But Wait, But no."]  # words that only begin sentences
        + ["Here: Paul. Paul! Paul"]  # after a colon or a full stop every word has a capital
        + ["with Élodie, Élodie and Élodie."]
        + ["triangle ABC and ABC and ABC"]  # capitals alone are no name of a person
    )
    assert names_in(pa.array(texts)) == {"Lucy", "Élodie"}
    assert names_in(pa.chunked_array([texts[:4], texts[4:]])) == {"Lucy", "Élodie"}
    assert names_in(pa.array([None, "", " "], pa.string())) == frozenset()


def test_names_are_sought_in_texts_evenly_spaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_TEXTS_FOR_NAMES", 10)
    texts = ["nothing here"] * 90 + ["with Lucy, Lucy and Lucy"] * 10
    assert names_in(pa.array(texts)) == {"Lucy"}
    assert names_in(pa.array(texts[:85] + ["with Lucy, Lucy and Lucy"] + texts[:14])) == frozenset()


def test_templates_merge_sentences_that_differ_in_numbers_and_names() -> None:
    texts = [f"Then {name} has {n} apples." for name in ("Tom", "Ann Lee", "Bo") for n in (3, "12", "1,000", "seven")]
    assert Counter(templates(pa.array(texts), frozenset()).to_pylist()) == {"then @ has # apples.": 12}
