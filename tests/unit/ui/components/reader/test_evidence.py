"""The evidence of a trace as the reader takes it."""

from __future__ import annotations

import numpy as np
import pytest

from rdpt_core.analysis.evidence.p_values.trace import TraceEvidence
from rdpt_core.ui.components.reader.evidence import evidence_payload, sentence_evidence

N = np.array([0, 3, 20, -1])


def found(p: list[float], n_references: int = 20) -> TraceEvidence:
    values = np.array(p)
    return TraceEvidence(np.array([0, 2, 3, 4]), N, n_references, values, np.minimum(1, 2 * values))


def test_the_card_says_in_how_many_references_a_sentence_is_as_high() -> None:
    evidence = sentence_evidence(found([0.0004, 4 / 21, 1.0, np.nan]), 5)
    assert evidence.words == [
        "in 0 of 20 references as high (p < 0.001, q < 0.001)",
        None,
        "in 3 of 20 references as high (p = 0.190, q = 0.381)",
        "in 20 of 20 references as high (p = 1.000, q = 1.000)",
        None,
    ]
    assert evidence.codes is not None and evidence.codes.tolist() == [1, 0, 4, 4, 0]
    payload = evidence_payload(evidence)
    assert payload["tint"]["codes"] == [1, 0, 4, 4, 0]
    assert [step["name"] for step in payload["tint"]["list"]] == [
        *("found at 1%", "found at 5%", "p ≤ 0.05, not found", "no evidence")
    ]


@pytest.mark.parametrize(
    ("n_references", "said"), [(1, "in 0 of 1 reference as high"), (3, "in 0 of 3 references as high")]
)
def test_too_few_references_give_counts_and_no_tint(n_references: int, said: str) -> None:
    evidence = sentence_evidence(found([np.nan] * 4, n_references), 5)
    assert evidence.words[0] == said and evidence.codes is None
    assert evidence_payload(evidence)["tint"] is None
