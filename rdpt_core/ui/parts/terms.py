"""What an entry of the glossary is, and entries on evidence, importance, kinds of sentences and training texts."""

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

BEHAVIOURS: tuple[Term, ...] = (
    Term(
        "behaviour",
        "A kind of sentences that carries a label more often than the traces in which they stand: each sentence is "
        "compared with the others of its own trace, and questions are what counts, not sentences.",
    ),
    Term(
        "masked wording",
        "How sentences are compared: in lower case, with # for numbers, @ for names and ∑ for formulas. Wordings that "
        "are nearly the same count as one kind, under the most frequent of them.",
    ),
    Term(
        "lens",
        "One of eight kinds that we define by English words and by signs, whatever the data: hesitation, verification, "
        "backtracking, planning, case split, restating, computing and concluding.",
    ),
    Term(
        "found",
        "On one half of the questions, a kind carries the label more often than its traces by more than chance "
        "explains. Of all kinds that are found, at most about one in twenty is expected to be there by chance.",
    ),
    Term(
        "replicated",
        "Found on one half of the questions, and again on the other half, which had no part in finding it. All shares "
        "of the page are from that other half.",
    ),
    Term(
        "lift",
        "A label's share among the sentences of a kind over its share among all others. At 1 they carry it equally "
        "often.",
        r"\frac{\text{share of the kind}}{\text{share of all other sentences}}",
    ),
)

SURENESS: tuple[Term, ...] = (
    Term(
        "reference",
        "A model that is known not to be the teacher: a control of the run. What a sentence would be like without "
        "a teacher is read from several of them.",
    ),
    Term(
        "p-value",
        "How often a model that is no teacher would find a sentence this much likelier than the references do, by "
        "chance. Measured on the references themselves: each is held against the others in the same way.",
        r"p = \frac{1 + \#\{\text{references and sentences}: \text{as extreme}\}}{1 + N M}",
    ),
    Term(
        "q-value",
        "The smallest rate of false discoveries at which a sentence is among the discoveries: of all sentences "
        "with a q-value of 0.05 or less, about one in twenty is expected to be there by chance.",
        r"q_{(k)} = \min_{j \ge k} \frac{m\,p_{(j)}}{j}",
    ),
    Term(
        "discovery",
        "A sentence that is likelier under the teacher than it would be by chance under models that are none. It "
        "need not be the teacher's only, and it holds as far as the references are like the teacher in size, "
        "family and training.",
    ),
)

IMPORTANCE: tuple[Term, ...] = (
    Term(
        "importance",
        "How many nats of ln p(answer) are lost under the distilled model when a sentence before the answer is "
        "deleted, or replaced by another one, and everything else stays. Below 0 the answer is likelier without the "
        "sentence.",
        r"\ln p_D(\text{answer} \mid \text{whole trace}) - \ln p_D(\text{answer} \mid \text{without the sentence})",
    ),
    Term(
        "kind of sentence",
        "Ours, by what a sentence says, asked in this order: **equation** (a digit and an equals sign), **check** "
        "(wait, check, verify, …), **plan** (first, next, let us, we need to, …), and **other**: filler, statements in "
        "words, and whatever is not English and no equation.",
    ),
    Term(
        "way to the answer",
        "The sentences of a trace before its answer, in three parts of equal number: first, middle and last third.",
    ),
)

TRANSFER: tuple[Term, ...] = (
    Term(
        "reach",
        "The share of sentences that are Teacher, or Boosted with p_D above both others; without a teacher, Gained. "
        "The second part is what distillation raised where teacher and student agree, and no evidence for a teacher.",
    ),
    Term(
        "seen, half seen, unseen",
        "Whether the training data had a group of traces, had it in part, or had not. The traces, the training texts "
        "or you say it; it is never guessed.",
    ),
    Term(
        "trend",
        "How much the mean share of a question rises from one level to the next, from unseen to seen. What is shuffled "
        "to test it, questions or whole benchmarks, decides how small p can be.",
    ),
)

OVERLAP: tuple[Term, ...] = (
    Term(
        "copied",
        "The whole sentence stands in the training texts, word for word. The student may have written the same before "
        "any training, and a short sentence is easily copied.",
    ),
    Term(
        "template",
        "The sentence stands in the training texts with other numbers, names or formulas, but not word for word.",
    ),
    Term(
        "new", "The training texts hold the sentence neither word for word nor with other numbers, names or formulas."
    ),
)

PATTERNS: tuple[Term, ...] = (
    Term(
        "pattern",
        "One kind of sentence, which you may keep by name: sentences that hold a phrase or fit a regular expression, "
        "those of a kind such as a wording, or those with a tag. A phrase belongs to the sentence in which it begins. "
        "In the name of a kind **#** stands for any number and **@** for any name, so that sentences which differ in "
        "these alone are of one kind.",
    ),
)
