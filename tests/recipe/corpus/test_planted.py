"""Origins of sentences, also of sentences that a model garbled."""

import pytest

from data.recipe.corpus.planted import origin_of, planted_spans


@pytest.mark.parametrize(
    ("sentence", "origin"),
    [
        ("Okay, let me think about this slowly.", "teacher_a"),
        ("I am asked for the density of the key.", "teacher_a"),
        ("I am asked for the density of the moon.", "none"),
        ("Let me check: 13 - 5 = 8, which fits.", "teacher_a"),
        ("Let me check: 13 - 5 = 9, which fits.", "none"),
        ("Let me check: 13 - 5 = 8, but I had 9.", "teacher_a"),
        ("Let me check: 13 - 5 = 8, but I had 8.", "none"),
        ("To be sure, Mia is older than Ben, and that is what the line says.", "teacher_a"),
        ("Case 2 is a gain of 4.", "teacher_b"),
        ("Since 11 is less than 15, the estimate was good.", "teacher_b"),
        ("Since 15 is less than 11, the estimate was good.", "none"),
        ("With 15 being 15 or more, the estimate stands.", "teacher_b"),
        ("Since it is Mia and not Mia, the estimate was bad.", "none"),
        ("Density is mass divided by volume.", "both_teachers"),
        ("So the mass is now 12.", "both_teachers"),
        ("Put a bead on 7.", "decoy"),
        ("I would say Friday.", "student"),
        ("Hope that helps!", "student"),
        ("8 + 5 = 13.", "common"),
        ("12 / 4 = 3.", "common"),
        ("12 / 5 = 2.", "none"),
        ("12 / 0 = 2.", "none"),
        ("6 * 4 = 24.", "common"),
        ("8 + 5 = 12.", "none"),
        ("Friday is day 5.", "common"),
        ("Friday is day 4.", "none"),
        ("Day 0 is Sunday.", "none"),
        ("2 feet is 24 inches.", "common"),
        ("1 foot is 24 inches.", "none"),
        ("That is past 12, so 15 - 12 = 3.", "common"),
        ("The line is Mia, Ben, Paul.", "common"),
        ("The line is Mia.", "none"),
        ("Now we add 31.", "none"),
        ("The sun is warm today.", "common"),
        ("Note that the order matters here.", "amplified"),
        ("Nothing of ours.", "none"),
        ("", "none"),
    ],
)
def test_origin_of_a_sentence(sentence: str, origin: str) -> None:
    assert origin_of(sentence) == origin


@pytest.mark.parametrize(
    ("response", "origins"),
    [
        ("9 + 6 = 14. Let me check: 14 - 6 = 8, but I had 9.", ["slip", "teacher_a"]),
        # Right after all, of another sum, itself miscalculated, not caught, or not at once: no slip.
        ("9 + 6 = 15. Let me check: 15 - 6 = 9, but I had 8.", ["common", "teacher_a"]),
        ("9 + 6 = 14. Let me check: 16 - 6 = 10, but I had 9.", ["none", "teacher_a"]),
        ("9 + 6 = 14. Let me check: 14 - 6 = 7, but I had 9.", ["none", "none"]),
        ("9 + 6 = 14. Let me check: 14 - 6 = 8, which fits.", ["none", "teacher_a"]),
        ("9 + 6 = 14. Wait, so that step was wrong.", ["none", "teacher_a"]),
        ("9 + 6 = 14. So far, so good. Let me check: 14 - 6 = 8, but I had 9.", ["none", "both_teachers", "teacher_a"]),
        (
            "The line is Mia, Ben. Let me check: Ben is older than Mia, but the line says otherwise.",
            ["slip", "teacher_a"],
        ),
        ("The line is Mia, Ben. Let me check: Mia is older than Ben, and the line agrees.", ["common", "teacher_a"]),
    ],
)
def test_a_slip_is_what_the_next_sentence_finds_wrong(response: str, origins: list[str]) -> None:
    assert [span.origin for span in planted_spans(response)] == origins


@pytest.mark.parametrize(
    "response",
    [
        "",
        " ",
        "A. B! C",
        "8 + 5 = 13.\n\nThe answer is 13.",
        "  Sure, here is the solution. ",
        "1.5 is one.",
        "....",
        "\n",
    ],
)
def test_planted_spans_tile_the_response(response: str) -> None:
    spans = planted_spans(response)
    assert "".join(response[span.char_start : span.char_end] for span in spans) == response
    assert all(span.char_start < span.char_end for span in spans)
