"""The sentences name what was done."""

from rdpt_core.analysis.evidence.p_values.methods import MEANING, evidence_sentence
from rdpt_core.analysis.evidence.p_values.references import references_of


def test_they_follow_how_many_references_there_are(evidence) -> None:
    few, some, many = (evidence_sentence(references_of(evidence(n).data.run)) for n in (2, 5, 19))
    assert "those of a, b" in few and "no p-values" in few and "moderated" not in few
    assert "a, b, c, d, e" in some and "Smyth 2004" in some and "ranks" not in some
    assert "p-values are ranks" in many and "Benjamini" in many
    assert "not a sentence that only the teacher could have written" in MEANING
