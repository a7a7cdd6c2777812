"""The terms of importance for the glossary: name, text and formula of each."""

from __future__ import annotations

ENTRIES: tuple[tuple[str, str, str], ...] = (
    (
        "importance",
        "How many nats of ln p(answer) are lost under the distilled model when a sentence before the answer is "
        "deleted, or replaced by another one, and everything else stays. Below 0 the answer is likelier without the "
        "sentence.",
        r"\ln p_D(\text{answer} \mid \text{whole trace}) - \ln p_D(\text{answer} \mid \text{without the sentence})",
    ),
    (
        "kind of sentence",
        "Ours, by what a sentence says, asked in this order: **equation** (a digit and an equals sign), **check** "
        "(wait, check, verify, …), **plan** (first, next, let us, we need to, …), and **other**: filler, statements in "
        "words, and whatever is not English and no equation.",
        "",
    ),
    (
        "way to the answer",
        "The sentences of a trace before its answer, in three parts of equal number: first, middle and last third.",
        "",
    ),
)
