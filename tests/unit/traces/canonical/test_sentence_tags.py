"""Tags stand on the sentences that they cover, and what cannot be placed is counted, never guessed."""

from __future__ import annotations

import random
from typing import Any

import pytest

from rdpt_core.records import Span
from rdpt_core.traces.canonical.sentence_tags import (
    MOST_ENTRIES,
    NOT_PLACED,
    TaggedSpan,
    place_tags,
    read_tags,
    tagged_sentences,
)

RESPONSE = "One fish.\n\nTwo  fish. So. Red fish, blue fish. So. The end."
TEXTS = ("One fish.\n\n", "Two  fish. ", "So. ", "Red fish, blue fish. ", "So. ", "The end.")
SENTENCES = [Span(sum(map(len, TEXTS[:i])), sum(map(len, TEXTS[: i + 1]))) for i in range(len(TEXTS))]


def read(*entries: Any) -> tuple[list[tuple[str, tuple[str, ...]]], int]:
    spans, n_bad = read_tags({"sentence_tags": list(entries)}, RESPONSE)
    return [(RESPONSE[span.char_start : span.char_end], span.tags) for span in spans], n_bad


def test_entries_name_their_stretch_by_characters_or_by_text() -> None:
    found = read(
        {"char_start": 0, "char_end": 9, "tags": ["count", "count", " two  words "]},
        {"text": "Two fish.", "tags": "count"},
        {"text": "So.", "tags": ["hinge"]},
        {"text": "Redfish,blue fish.", "tags": ["colour"]},
        {"text": "So.", "tags": ["hinge"]},
    )
    assert found == (
        [
            ("One fish.", ("count", "two words")),
            ("Two  fish.", ("count",)),
            ("So.", ("hinge",)),
            ("Red fish, blue fish.", ("colour",)),
            ("So.", ("hinge",)),
        ],
        0,
    )
    spans, _ = read_tags({"sentence_tags": [{"text": "So.", "tags": ["a"]}] * 3}, RESPONSE)
    # The third stands behind nothing, and the text is there twice.
    assert [span.char_start for span in spans] == [SENTENCES[2].char_start, SENTENCES[4].char_start]


def test_a_text_out_of_order_is_taken_only_if_it_is_there_once() -> None:
    assert read({"text": "The end.", "tags": ["a"]}, {"text": "One fish.", "tags": ["b"]}) == (
        [("The end.", ("a",)), ("One fish.", ("b",))],
        0,
    )
    assert read({"text": "The end.", "tags": ["a"]}, {"text": "So.", "tags": ["b"]}) == ([("The end.", ("a",))], 1)


@pytest.mark.parametrize(
    "entry",
    [
        None,
        "text",
        [],
        {},
        {"text": "One fish."},
        {"text": "One fish.", "tags": []},
        {"text": "One fish.", "tags": ["a", 1]},
        {"text": "One fish.", "tags": ["x" * 61]},
        {"text": "One fish.", "tags": [str(i) for i in range(21)]},
        {"text": "Three fish.", "tags": ["a"]},
        {"text": " \n", "tags": ["a"]},
        {"text": 3, "tags": ["a"]},
        {"char_start": 0, "tags": ["a"]},
        {"char_start": 3, "char_end": 3, "tags": ["a"]},
        {"char_start": -1, "char_end": 3, "tags": ["a"]},
        {"char_start": True, "char_end": 3, "tags": ["a"]},
        {"char_start": 0.0, "char_end": 3.0, "tags": ["a"]},
        {"char_start": 0, "char_end": len(RESPONSE) + 1, "tags": ["a"]},
        {"char_start": 0, "char_end": 10**30, "tags": ["a"]},
    ],
)
def test_a_bad_entry_is_counted_and_tags_nothing(entry: Any) -> None:
    assert read(entry) == ([], 1)
    assert read(entry, {"text": "The end.", "tags": ["a"]}) == ([("The end.", ("a",))], 1)


def test_what_is_no_list_is_one_bad_entry_and_a_list_has_an_end() -> None:
    assert read_tags({}, RESPONSE) == ((), 0)
    assert read_tags({"sentence_tags": {"text": "One fish.", "tags": ["a"]}}, RESPONSE) == ((), 1)
    many = [{"char_start": 0, "char_end": 1, "tags": ["a"]}] * (MOST_ENTRIES + 2)
    spans, n_bad = read_tags({"sentence_tags": many}, RESPONSE)
    assert (len(spans), n_bad) == (MOST_ENTRIES, 2)


def test_an_import_places_each_series_from_the_beginning_and_counts_what_it_could_not() -> None:
    first = [("One fish.", ["a"]), ("So.", ["b"]), ("not there", ["c"]), ("The end.", None)]
    second = [("So.", "d"), ("So.", "d")]
    placed = place_tags(RESPONSE, [first, second])
    assert placed[NOT_PLACED] == 1
    texts = [(RESPONSE[e["char_start"] : e["char_end"]], e["tags"]) for e in placed["sentence_tags"]]
    assert texts == [("One fish.", ["a"]), ("So.", ["b"]), ("So.", ["d"]), ("So.", ["d"])]
    assert placed["sentence_tags"][1]["char_start"] == placed["sentence_tags"][2]["char_start"]
    assert read_tags(placed, RESPONSE) == (tuple(TaggedSpan(e["char_start"], e["char_end"], tuple(e["tags"]))
                                                 for e in placed["sentence_tags"]), 0)  # fmt: skip
    assert place_tags(RESPONSE, [[("One fish.", [])], []]) == {}


def test_a_tag_belongs_to_the_sentences_of_which_it_covers_more_than_half() -> None:
    half = TaggedSpan(0, 4, ("a",))  # 4 of the 9 characters of "One fish."
    more = TaggedSpan(4, 5, ("a",))
    assert tagged_sentences([half], SENTENCES, RESPONSE) == {}
    assert {tag: places.tolist() for tag, places in tagged_sentences([half, more], SENTENCES, RESPONSE).items()} == {
        "a": [0]
    }


def test_sentences_of_tags_equal_the_naive_count() -> None:
    rng = random.Random(3)
    for _ in range(200):
        spans = []
        for _ in range(rng.randrange(1, 7)):
            start, end = sorted(rng.sample(range(len(RESPONSE) + 1), 2))
            spans.append(TaggedSpan(start, end, tuple(rng.sample("abc", rng.randrange(1, 3)))))
        expected: dict[str, list[int]] = {}
        for tag in "abc":
            covered = {i for span in spans if tag in span.tags for i in range(span.char_start, span.char_end)}
            for place, sentence in enumerate(SENTENCES):
                text = RESPONSE[sentence.char_start : sentence.char_end]
                inside = range(sentence.char_start, sentence.char_start + len(text.rstrip()))
                if 2 * len(covered & set(inside)) > len(inside):
                    expected.setdefault(tag, []).append(place)
        found = tagged_sentences(spans, SENTENCES, RESPONSE)
        assert {tag: places.tolist() for tag, places in found.items()} == expected


def test_white_space_alone_has_no_tag() -> None:
    assert tagged_sentences([TaggedSpan(0, 3, ("a",))], [Span(0, 3)], "   ") == {}
