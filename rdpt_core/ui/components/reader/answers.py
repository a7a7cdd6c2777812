"""Whose each sentence is by attribution, as the reader takes it: a second way to colour the text, beside labels."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rdpt_core.analysis.attribution.trace import TraceAttribution
from rdpt_core.arrays import Codes, Doubles
from rdpt_core.ui.style import sources, words
from rdpt_core.ui.style.theme import Mode

# In the reader `none` is what carries no label, so the answer of that name goes by another one there.
_NOBODY = "nobody"
_KEYS = {sources.NONE: _NOBODY}

MOST_ANSWERS = 24
"""Answers that the style sheet can isolate."""


@dataclass(frozen=True, slots=True)
class SentenceAnswers:
    """The attribution of a trace's sentences.

    Attributes:
        names: the answers, in the order of their codes from 1.
        keys: how each is drawn, one of `sources.KEYS`.
        letters: one or two characters for each, all different.
        codes: (n_sentences,), 0 where a sentence has no answer.
        words: (n_sentences,), each answer in words, such as `A or student`; None where there is none.
        posterior_names: (k,), whose the columns of `posterior` are.
        posterior: (n_sentences, k), NaN where a sentence has no answer; None if it is not shown.
    """

    names: tuple[str, ...]
    keys: tuple[str, ...]
    letters: tuple[str, ...]
    codes: Codes
    words: Sequence[str | None]
    posterior_names: tuple[str, ...] = ()
    posterior: Doubles | None = None


def sentence_answers(found: TraceAttribution, n_sentences: int) -> SentenceAnswers:
    """The attribution of a trace, with places also for sentences that it has no answer about."""
    looks = sources.AnswerLooks(tuple(source.name for source in found.sources.teachers))
    codes: Codes = np.zeros(n_sentences, np.uint8)
    codes[found.sentence_index] = found.code
    posterior = np.full((n_sentences, len(found.names)), np.nan)
    posterior[found.sentence_index] = found.posterior
    said: list[str | None] = [None] * n_sentences
    for place, index in enumerate(found.sentence_index.tolist()):
        said[index] = found.words(place) or None
    letters = looks.letters()
    return SentenceAnswers(
        found.answers,
        tuple(map(looks.key, found.answers)),
        tuple(letters[name] for name in found.answers),
        codes,
        said,
        found.names,
        posterior,
    )


def answers_payload(answers: SentenceAnswers) -> dict[str, Any]:
    """What the text part holds under `answers`."""
    posterior = None
    if answers.posterior is not None:
        raw = np.ascontiguousarray(answers.posterior, dtype="<f8").tobytes()
        names = [words.plain(name, 40) for name in answers.posterior_names]
        posterior = {"names": names, "values": base64.b64encode(raw).decode("ascii")}
    return {
        "list": [
            {"name": words.plain(name, 40), "key": _KEYS.get(key, key), "letter": letter}
            for name, key, letter in zip(answers.names, answers.keys, answers.letters, strict=True)
        ],
        "codes": [int(code) for code in answers.codes],
        "words": list(answers.words),
        "posterior": posterior,
    }


def answers_css() -> str:
    """How the text and the legend draw answers; colours come from the variables of `colours_css`."""
    rules = []
    for key in sources.KEYS:
        name = _KEYS.get(key, key)
        rules.append(f".a-{name} {{ --tint: var(--tint-{name}); --ink: var(--ink-{name}); }}")
        rules.append(f".s.a-{name} {{ text-decoration-style: {sources.UNDERLINES[key]}; }}")
    rules.append(".s.by-answer::before { content: attr(data-letter); }")
    isolated = ", ".join(f".only-c{code} .s.c-{code}" for code in range(1, MOST_ANSWERS + 1))
    return "\n".join([*rules, f"{isolated} {{ opacity: 1 !important; }}"])


def colours_css(mode: Mode) -> str:
    """The colours of all answers as CSS declarations, for one mode."""
    return "\n".join(
        f"--tint-{_KEYS.get(key, key)}: {tone.tint}; --ink-{_KEYS.get(key, key)}: {tone.ink};"
        for key in sources.KEYS
        for tone in [sources.source_tone(key, mode)]
        if key != sources.STUDENT
    )
