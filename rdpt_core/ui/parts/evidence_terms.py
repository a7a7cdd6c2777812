"""Terms of the glossary about the evidence of sentences: name, text and formula, as `glossary.Term` takes them."""

from __future__ import annotations

TERMS: tuple[tuple[str, ...], ...] = (
    (
        "reference",
        "A model that is known not to be the teacher: a control of the run. What a sentence would be like without "
        "a teacher is read from several of them.",
    ),
    (
        "p-value",
        "How often a model that is no teacher would find a sentence this much likelier than the references do, by "
        "chance. Measured on the references themselves: each is held against the others in the same way.",
        r"p = \frac{1 + \#\{\text{references and sentences}: \text{as extreme}\}}{1 + N M}",
    ),
    (
        "q-value",
        "The smallest rate of false discoveries at which a sentence is among the discoveries: of all sentences "
        "with a q-value of 0.05 or less, about one in twenty is expected to be there by chance.",
        r"q_{(k)} = \min_{j \ge k} \frac{m\,p_{(j)}}{j}",
    ),
    (
        "discovery",
        "A sentence that is likelier under the teacher than it would be by chance under models that are none. It "
        "need not be the teacher's only, and it holds as far as the references are like the teacher in size, "
        "family and training.",
    ),
)
