"""What an entry of the glossary is, and the entries on how much a label proves."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Term:
    """One entry. Texts are Markdown with formulas, our own, never from data.

    Attributes:
        name: the word as pages write it.
        text: one to three sentences.
        formula: LaTeX without dollar signs; empty if words suffice.
    """

    name: str
    text: str
    formula: str = ""


EVIDENCE: tuple[Term, ...] = (
    Term(
        "no teacher",
        "The control in which the distilled model stands in the teacher's place, so that nothing of the teacher is "
        "left. What is still labelled Teacher is what distillation made clearly likelier, whoever it came from.",
    ),
    Term(
        "excess",
        "A label's share with the teacher minus its share under a control. Above 0 the label is more frequent with "
        "the teacher; at 0 or below, its share alone is no evidence for the teacher.",
    ),
    Term(
        "rejected",
        "Of the sentences that carry a label under a control, those that carry another one with the teacher.",
    ),
)
