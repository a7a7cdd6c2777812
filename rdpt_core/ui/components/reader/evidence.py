"""How sure it is that each sentence is likelier under the teacher than under models that are none, for the reader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rdpt_core.analysis.evidence.p_values.data import EvidenceData
from rdpt_core.analysis.evidence.p_values.trace import STEPS, TraceEvidence, trace_evidence
from rdpt_core.analysis.trace.view import TraceView
from rdpt_core.arrays import Codes
from rdpt_core.ui.style import evidence as looks
from rdpt_core.ui.style import words


@dataclass(frozen=True, slots=True)
class SentenceEvidence:
    """The evidence of a trace's sentences.

    Attributes:
        codes: (n_sentences,), the step of each, 0 where there is none; None with too few references for steps.
        words: (n_sentences,), such as `in 3 of 20 references as high (p = 0.190, q = 0.512)`; None where there is none.
    """

    codes: Codes | None
    words: Sequence[str | None]


def evidence_of_trace(own: EvidenceData, view: TraceView) -> SentenceEvidence | None:
    """How surely the sentences of a trace are likelier under the teacher; None where none is scored, and without
    references."""
    if not (view.is_scored and own.is_possible):
        return None
    return sentence_evidence(trace_evidence(own, view.trace_no, view.rule), view.sentences.num_rows)


def sentence_evidence(found: TraceEvidence, n_sentences: int) -> SentenceEvidence:
    """The evidence of a trace, with places also for sentences that it says nothing about."""
    codes: Codes = np.zeros(n_sentences, np.uint8)
    codes[found.sentence_index] = found.codes()
    said: list[str | None] = [None] * n_sentences
    for place, index in enumerate(found.sentence_index.tolist()):
        said[index] = _in_words(found, place)
    return SentenceEvidence(codes if found.has_p else None, said)


def _in_words(found: TraceEvidence, place: int) -> str | None:
    n = int(found.n_as_high[place])
    if n < 0:
        return None
    as_high = f"in {n} of {words.count(found.n_references, 'reference')} as high"
    p, q = float(found.p[place]), float(found.q[place])
    return as_high if np.isnan(p) else f"{as_high} (p {_equals(p)}, q {_equals(q)})"


def _equals(value: float) -> str:
    text = words.p_value(value)
    return text if text.startswith("<") else f"= {text}"


def evidence_payload(evidence: SentenceEvidence) -> dict[str, Any]:
    """What the text part holds under `evidence`."""
    tint = None
    if evidence.codes is not None:
        steps = [(looks.key(step), looks.STEPS[step]) for step in STEPS]
        tint = {
            "list": [{"name": step.name, "key": key, "letter": step.letter} for key, step in steps],
            "codes": evidence.codes.tolist(),
        }
    return {"words": list(evidence.words), "tint": tint}
