"""How far each sentence stands in the training texts, for the reader: a colour of the text, and texts to compare."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rdpt_core.analysis.evidence.overlap.classes import CLASSES
from rdpt_core.analysis.evidence.overlap.stored import SentenceOverlap, TrainingSentence
from rdpt_core.analysis.trace.view import TraceView
from rdpt_core.records.overlap import COPIED, NEW
from rdpt_core.ui.style import training as looks
from rdpt_core.ui.style import words

SentenceTraining = Sequence[SentenceOverlap | None]
"""What `OverlapData.trace` says of a trace; empty where it was not looked up."""

_TEXT_CHARS = 2_000
"""Of a training sentence; the rest of a longer one is left out, which three dots say."""


def training_payload(found: SentenceTraining, view: TraceView) -> dict[str, Any]:
    """What the text part holds under `training`; spans are offsets in the sentence, texts stand there once each."""
    starts = view.column("char_start")
    texts: dict[tuple[int, int], int] = {}
    shown: list[dict[str, str]] = []

    def place(sentence: TrainingSentence | None) -> int | None:
        if sentence is None:
            return None
        key = (sentence.record_no, sentence.sentence_index)
        if key not in texts:
            texts[key] = len(shown)
            shown.append({"text": _cut(sentence.text), "where": where(sentence)})
        return texts[key]

    return {
        "list": [{"name": name, "key": looks.key(name), "letter": looks.CLASSES[name].letter} for name in CLASSES],
        "codes": [0 if one is None else CLASSES.index(one.training_class) + 1 for one in found],
        "words": [None if one is None else in_words(one) for one in found],
        "spans": [
            None if one is None or one.span is None else [one.span.char_start - start, one.span.char_end - start]
            for one, start in zip(found, starts, strict=True)
        ],
        "spanIn": [None if one is None else place(one.span_in) for one in found],
        "nearest": [None if one is None else place(one.nearest) for one in found],
        "texts": shown,
    }


def in_words(found: SentenceOverlap) -> str:
    """How often the training texts hold a sentence: `seen 12 times in training, 3 in this wording`."""
    if found.training_class == NEW:
        return "not seen in training, with any numbers, names or formulas"
    # One that is copied is seen at least as often as it is copied, whatever its template.
    seen = f"seen {words.count(max(found.n_template, found.n_verbatim), 'time')} in training"
    if found.training_class != COPIED:
        return f"{seen}, never in this wording"
    if found.n_verbatim >= found.n_template:
        return f"{seen}, in this wording"
    return f"{seen}, {found.n_verbatim:,} in this wording"


def where(sentence: TrainingSentence) -> str:
    """Where a training sentence stands, counted from 1."""
    name = f" ({words.plain(sentence.record_id, 60)})" if sentence.record_id else ""
    times = f"; {words.count(sentence.n_times, 'time')} in all" if sentence.n_times > 1 else ""
    return f"record {sentence.record_no + 1:,}{name}, sentence {sentence.sentence_index + 1:,}{times}"


def _cut(text: str) -> str:
    return text if len(text) <= _TEXT_CHARS else f"{text[:_TEXT_CHARS]} …"
