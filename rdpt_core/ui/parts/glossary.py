"""Every term and every number of the interface, explained once: pages show the entries that they use."""

from __future__ import annotations

import streamlit as st

from rdpt_core.analysis.labels import UNCERTAIN_PART
from rdpt_core.analysis.statistics.methods import (
    ADDED_VALUE,
    AREA_INTERVAL,
    AUC_SAME_LENGTH,
    AUC_WITHIN_BENCHMARKS,
    AUC_WITHIN_QUESTIONS,
    CORRECTED_SHARE,
    CURVE_BAND,
    DIFFERENCE_INTERVAL,
    EFFECTIVE_QUESTIONS,
    FIRTH_ESTIMATE,
    KAPPA_INTERVAL,
    LENGTH_CURVE,
    LENGTH_LINE,
    ODDS_RATIO,
    ODDS_RATIO_WITHIN_QUESTIONS,
    PERMUTATION_TEST,
    RESAMPLES,
    SHARE_INTERVAL,
    UNIMODALITY_TEST,
    cited,
)
from rdpt_core.records import Label
from rdpt_core.ui.parts.terms import BEHAVIOURS, EVIDENCE, IMPORTANCE, OVERLAP, PATTERNS, SURENESS, TRANSFER, Term
from rdpt_core.ui.style import words


def _label(label: Label) -> Term:
    return Term(str(label), words.capitalised(words.LABELS[label]))


_ENTRIES: dict[str, tuple[Term, ...]] = {
    "What is looked at": (
        Term(
            "question", "One item of a benchmark. Questions, not sentences, are what a statistic samples: they count."
        ),
        Term("trace", "One response to one question. A question may have several traces, told apart by their sample."),
        Term(
            "sentence",
            "One piece of a trace. The sentences of a trace, joined, are its response, character by character.",
        ),
        Term(
            "mark of format",
            "Text by which a template tells thinking, answer and turns apart, such as the tag that opens the thinking "
            "or the token that ends a turn. It stands between sentences, is scored like one, and carries no label "
            "unless the label rule counts marks.",
        ),
        Term("token", "One piece of text as one model's tokenizer cuts it. Each model has its own tokens."),
        Term("benchmark", "The set that a question comes from, as the file of traces names it."),
        Term("domain", "The field of a question, as the file of traces names it."),
        Term(
            "difficulty", "How hard a question is, in the words of the file of traces; never interpreted as a number."
        ),
        Term("correct", "Whether the trace's answer is right, as its file says or grading found. Unknown is neither."),
        Term(
            "accuracy",
            "The share of correct answers among the graded traces of a question, on average over questions: each "
            "weighs the same, however often it was asked.",
        ),
        Term("run", "A set of traces scored by one triple of models under one splitter and one template policy."),
        Term(
            "triple",
            "The three models of a run: teacher, student before distillation, and distilled model. A run may lack the "
            "distilled model (before training) or the teacher.",
        ),
        Term("role", "The part that a model plays: teacher, student (before distillation) or distilled."),
        Term(
            "template policy",
            "How each model sees the question: **own** through its own chat template, **distilled** through the "
            "distilled model's, **raw** as the prompt field stands.",
        ),
        Term(
            "marks of thinking",
            "The text that tells thinking from the answer, such as `[THINK]`. Each model sees those of the **writer**, "
            "as they stand in the response, or its **own** family's in their place.",
        ),
        Term("splitter", "The rule that cuts a response into sentences. Another splitter makes another run."),
    ),
    "Probabilities": (
        Term("logprob", "Natural logarithm of a token's probability, in nats; never above 0."),
        Term(
            "p",
            "How likely a model finds a sentence: the geometric mean of its token probabilities, between 0 and 1. "
            "$p_T$, $p_S$ and $p_D$ are those of teacher, student and distilled model.",
            r"p_r = \exp\left(\frac{1}{n_r}\sum_{i=1}^{n_r} \ln p_r(\text{token}_i)\right)",
        ),
        Term(
            "unit",
            "What a sentence's summed logprob is divided by: the model's **own tokens** (the paper's), the **common "
            "tokens** of the distilled model, or its **bytes**. The last two are fair when tokenizers differ.",
        ),
        Term(
            "space",
            "What is compared: **differences** of probabilities (the paper's), or **log-ratios** in nats, which do not "
            "shrink when all probabilities are small.",
        ),
        Term(
            "gap",
            "How far two models differ on a sentence. In difference space $d_{TS} = p_T - p_S$; in ratio space "
            r"$d_{TS} = \ln p_T - \ln p_S$; without a teacher, $d_{DS}$ in the same way. The **largest gap** is the "
            "largest of the three, without sign.",
            r"\text{largest gap} = \max(|d_{TS}|, |d_{SD}|, |d_{TD}|)",
        ),
        Term("log-ratio", "Difference of two logprobs, in nats: 0.69 nats is twice as likely, 2.3 nats ten times."),
        Term(
            "bits per byte",
            "Surprise that does not depend on the tokenizer.",
            r"-\frac{\text{logprob sum}}{\ln 2 \cdot \text{bytes}}",
        ),
        Term(
            "unscored",
            "A sentence for which some model gave no probability. It has no label and is never counted as one.",
        ),
        Term(
            "faint",
            "A sentence to which no model gives a probability above the threshold, so no difference can exceed it. "
            "Its label then says nothing about the models.",
        ),
        Term(
            "straddling token", "A token whose characters fall in two sentences. It counts for the one where it begins."
        ),
    ),
    "Labels": (
        Term(
            "label",
            "Which model a sentence suits, by the rule of this page: Teacher, Shared, Student or Boosted; before "
            "training Teacher, Common or Student; without a teacher Gained, Kept or Lost.",
        ),
        *(_label(label) for label in Label),
        Term(
            "direction",
            "Where $p_D$ lies for a Boosted sentence: **up** above both others, **down** below both, **between** them.",
        ),
        Term("α", "The largest gap that still counts as Shared. It must be below β. With two models it plays no part."),
        Term(
            "β",
            "The gap between teacher and student above which a sentence is labelled after one of them; without a "
            "teacher, that between distilled model and student above which training changed it.",
        ),
        Term("margin", "The smallest change of a threshold comparison that would turn the label of a sentence."),
        Term(
            "uncertain",
            f"A label whose margin is below {UNCERTAIN_PART:g} β: a slightly different threshold would turn it.",
        ),
        Term("flip", "A sentence whose label under one setting differs from its label under another."),
        Term(
            "by itself",
            "A Teacher or Student sentence whose gap exceeds β also where only the prompt and the sentence before are "
            "in view; the others are so by context. It says what a label rests on, not who wrote the sentence.",
        ),
        Term(
            "antimode",
            "The emptiest place between two humps of a distribution. A threshold there turns as few labels as possible "
            "when it is moved a little.",
        ),
        Term(
            "dip test",
            "Asks whether a distribution has more than one hump. Its p-value is how often a distribution with one hump "
            "looks at least as uneven by chance. " + cited(UNIMODALITY_TEST),
        ),
        Term(
            "first token",
            "The token that begins a sentence. It is the hardest to predict, since it decides which kind of sentence "
            "comes next.",
        ),
        Term(
            "choice and wording",
            "Ours: the gap between the two models that β compares, in two parts that add up. Choice is what the first "
            "token of the sentence makes, wording what all other tokens make. For probabilities, which multiply, each "
            "part is an average over which of the two is changed first.",
        ),
        Term(
            "suggested β",
            r"Ours, not the paper's: the antimode of $|d_{TS}|$ (without a teacher $|d_{DS}|$) between the hump of "
            "sentences on which the two models agree and the hump on which they do not. Undefined when the "
            "distribution has no second hump.",
        ),
    ),
    "Shares and intervals": (
        Term("share", "A label's part of the scored sentences, or of their tokens where a page weights by tokens."),
        Term(
            "n", "How many were counted. Wherever a number stands, its questions, traces and sentences stand beside it."
        ),
        Term(
            "effective n",
            "How many equally heavy questions the unequal ones are worth. Shown where it differs from their number. "
            + cited(EFFECTIVE_QUESTIONS),
        ),
        Term(
            "corrected share",
            "The part of the sentences that are like the one writer's, if all are like the teacher's or like the "
            "student's own. " + cited(CORRECTED_SHARE),
        ),
        Term(
            "95% interval",
            "Where the number would plausibly lie had other questions been asked. "
            + cited(SHARE_INTERVAL, DIFFERENCE_INTERVAL),
        ),
        Term(
            "bootstrap",
            "Computing the number anew from redrawn questions: its spread is the uncertainty. " + cited(RESAMPLES),
        ),
        Term("BCa interval", "A bootstrap interval corrected for bias and skew; better than percentiles near 0 and 1."),
        Term(
            "exact interval",
            "All shares under which so few, or so many, would not be surprising. It has a width even where all answers "
            "are alike: of 8 correct answers to 8 questions, it reaches from 63% to 100%.",
        ),
        Term(
            "paired interval",
            "An interval of a difference in which both sides draw the same questions, so that what the sides have in "
            "common cancels.",
        ),
        Term(
            "simultaneous band",
            cited(CURVE_BAND),
        ),
        Term(
            "clustering",
            "Sentences of one question resemble each other. Intervals that ignore this are far too narrow.",
        ),
    ),
    "Positions and correctness": (
        Term(
            "position",
            "The place of a sentence in its trace, from 1; **relative position** divides by the trace's length.",
        ),
        Term("position curve", "At each position, a label's share among the sentences that stand there."),
        Term(
            "same traces",
            "The dotted curve: only traces that reach its last position, so that no part of its course comes from "
            "other traces joining or leaving.",
        ),
        Term(
            "signed area",
            "0 if the curves are even. " + cited(AREA_INTERVAL),
        ),
        Term(
            PERMUTATION_TEST.name,
            cited(PERMUTATION_TEST) + " It needs questions with both correct and incorrect traces.",
        ),
        Term(
            "AUC",
            "Chance that a correct trace has a larger value than an incorrect one, ties counting half. 0.5 is chance. "
            + cited(AUC_WITHIN_BENCHMARKS, AUC_SAME_LENGTH, AUC_WITHIN_QUESTIONS),
        ),
        Term(
            "odds ratio",
            "By which factor the odds of a correct answer change when the predictor grows by one standard deviation "
            "while the others stay. " + cited(ODDS_RATIO, ODDS_RATIO_WITHIN_QUESTIONS, FIRTH_ESTIMATE),
        ),
        Term(
            "length",
            "Number of sentences or tokens of a trace. Longer traces hold more of every label: a confound. "
            + cited(LENGTH_CURVE, LENGTH_LINE),
        ),
        Term(
            "log loss",
            "How surprising what happened was to a prediction, on average: 0 if it was certain and right, 0.693 for a "
            "tossed coin. " + cited(ADDED_VALUE),
        ),
        Term(
            "first-token effect",
            "The first token of a sentence is hard to predict, so short sentences look less likely than long ones.",
        ),
    ),
    "Importance": IMPORTANCE,
    "Verdicts": (
        Term(
            "verdict",
            "Whether an answer is correct, as the source of the traces said it or, where that said nothing, as the "
            "import graded it.",
        ),
        Term(
            "our grade",
            "What the import finds by comparing the answer with the reference answer. Where it cannot tell, there is "
            "no grade.",
        ),
        Term("disputed", "A verdict of the source from which our grade differs. Either may be right: read it."),
    ),
    "Comparing runs": (
        Term("agreement", "Share of matched sentences that carry the same label in both runs."),
        Term(
            "Cohen's κ",
            "1 is perfect, 0 is chance. " + cited(KAPPA_INTERVAL),
            r"\kappa = \frac{p_o - p_e}{1 - p_e}",
        ),
        Term("transition", "From which label in one run to which label in the other the same sentence went."),
        Term(
            "matched sentence",
            "The same characters of the same trace in two runs. Where splitters differ, the two sentences that share "
            "most characters, and more than half of each.",
        ),
    ),
    "Several teachers": (
        Term("companion", "A further model of a run beside its triple: a possible teacher, a control or a checkpoint."),
        Term(
            "attribution",
            "Whose a sentence is among the teachers of a run and the student: one of them where that is sure, several "
            "where it is not, or none of these.",
        ),
        Term("routed teacher", "The teacher that a trace was meant for, as its file says in `teacher_id`."),
        Term("several", "No source is sure, and more than one is possible. Sentences that everybody writes end here."),
        Term(
            "none of these",
            "Even the best source finds the sentence much less likely than the distilled model that wrote it, or no "
            "likelier than models that taught nothing: its origin is not in this run.",
        ),
        Term("control", "A model that surely taught nothing here. What it is credited with is credited by mistake."),
        Term(
            "mixture weight",
            "The part that a source must play so that all sources together make the sentences as likely as possible.",
            r"\pi_k \leftarrow \operatorname{mean}\;\frac{\pi_k\,e^{\lambda \ell_k}}{\sum_j \pi_j\,e^{\lambda \ell_j}}",
        ),
    ),
    "How much a label proves": EVIDENCE,
    "Behaviours": BEHAVIOURS,
    "How sure a sentence is": SURENESS,
    "Kinds of sentences": PATTERNS,
    "Where the teacher reaches": TRANSFER,
    "Training texts": OVERLAP,
    "Along a training": (
        Term(
            "checkpoint",
            "The distilled model as it was earlier in its training, scored on the same traces. The **start** is the "
            "student before any training, **final** the distilled model of the run.",
        ),
        Term(
            "turn",
            "A sentence turns at a checkpoint if its label there is another one than before. It has come to the label "
            "that it keeps at the first checkpoint since which that label never changed.",
        ),
    ),
    "Choosing training data": (
        Term("candidate", "One of several responses to the same question, from which training data are chosen."),
        Term(
            "equal tokens",
            "Every strategy cut to as many training tokens as the smallest one picks. Without it a strategy that likes "
            "long responses simply trains on more.",
        ),
        Term(
            "teacher count", "Number of Teacher sentences of a candidate response; the paper keeps the one with most."
        ),
        Term("GRAPE", "Keeps the candidate that the student finds likeliest: the highest mean logprob per token."),
    ),
}

SECTIONS: dict[str, tuple[str, ...]] = {title: tuple(t.name for t in terms) for title, terms in _ENTRIES.items()}
TERMS: dict[str, Term] = {term.name: term for terms in _ENTRIES.values() for term in terms}


def entry(name: str) -> str:
    """One term as Markdown.

    Raises:
        KeyError: no such term; pages name terms of this file only, and a test opens every page.
    """
    term = TERMS[name]
    return f"**{term.name}**: {term.text}" + (f"\n\n$$\n{term.formula}\n$$" if term.formula else "")


def explain(*names: str, key: str | None = None) -> None:
    """A small button that opens the explanations of these terms.

    Args:
        key: needed for the second one of a page with the same terms.
    """
    with st.popover("What is this?", icon=":material/help:", type="tertiary", key=key):
        for name in names:
            st.markdown(entry(name))


def explained_heading(title: str, *names: str, key: str | None = None) -> None:
    """The heading of a part of a page, with `explain` at its right."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.subheader(title, anchor=False, width="content")
        explain(*names, key=key)


def short(name: str) -> str:
    """A term's text without its formula, for the help of a control or a column."""
    return TERMS[name].text


def whole() -> None:
    """All terms, by section."""
    for title, names in SECTIONS.items():
        st.markdown(f"#### {title}")
        st.markdown("\n\n".join(entry(name) for name in names))
