"""How the evidence of sentences was found, in words for a methods paragraph."""

from __future__ import annotations

from rdpt_core.analysis.evidence.p_values.references import FEWEST, References

MEANING = (
    "A discovery is a sentence that is likelier under the teacher than it would be by chance under models that are no "
    "teacher. It is not a sentence that only the teacher could have written, and it says no more than the references "
    "do: they must be like the teacher in size, family and training."
)
"""What a discovery is, wherever one is counted."""


def evidence_sentence(references: References) -> str:
    """How sentences were tested, for the `extra` of `methods_paragraph`."""
    names = ", ".join(references.names)
    compared = f"The teacher's logprob sum of each sentence was held against those of {names}"
    if not references.have_p:
        return f"{compared}; these are fewer than {FEWEST}, so there are counts and no p-values."
    calibrated = (
        "moderated t (Smyth 2004, variance by number of tokens), its p-value the part of the references' own such "
        "statistics, each against the others over all sentences, that are as extreme (Phipson and Smyth 2010)"
    )
    rates = (
        "q-values are of Benjamini and Hochberg (1995) over the sentences in scope, and for any dependence of "
        "Benjamini and Yekutieli (2001)"
    )
    if references.are_ranked:
        return f"{compared}; p-values are ranks among them. By {calibrated}, {rates}."
    return f"{compared} by {calibrated}; {rates}."
