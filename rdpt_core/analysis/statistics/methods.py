"""Every interval, test and adjustment by name, in one sentence, with its source: for pages, exports and papers."""

from __future__ import annotations

from dataclasses import dataclass

from rdpt_core.analysis.statistics.resampling import LEVEL, MIN_QUESTIONS, SEED, resamples_for


@dataclass(frozen=True, slots=True)
class Method:
    """How a number was made.

    Attributes:
        name: a few words, as they stand beside a number.
        sentence: one whole sentence for a methods paragraph.
        source: author and year of the publication.
    """

    name: str
    sentence: str
    source: str


def cited(*methods: Method) -> str:
    """The sentences of these methods, each with its source."""
    return " ".join(f"{method.sentence.removesuffix('.')} ({method.source})." for method in methods)


AREA_INTERVAL = Method(
    f"{LEVEL:.0%} interval of the signed area",
    "The signed area is how far the curve of correct traces lies above that of incorrect ones, on average over their "
    f"common positions; its {LEVEL:.0%} interval comes from drawing the questions of both together (expanded "
    "percentiles) and is, by MOVER, never narrower than intervals of the two mean heights imply.",
    "Hesterberg 2015; Newcombe 1998",
)
CURVE_BAND = Method(
    f"{LEVEL:.0%} band",
    f"A {LEVEL:.0%} band holds a whole curve, not one point: it is as wide as curves of redrawn questions stray "
    "anywhere (max-|t|), wider for few questions (Student's t), and reaches as far as the exact interval where a share "
    "is 0 or 1.",
    "Montiel Olea and Plagborg-Møller 2019",
)
DIFFERENCE_INTERVAL = Method(
    f"{LEVEL:.0%} interval of the difference",
    f"A {LEVEL:.0%} interval of a difference comes from drawing the questions of both sides together (expanded "
    "percentiles) and is, by MOVER, never narrower than the intervals of the two shares imply.",
    "Hesterberg 2015; Newcombe 1998",
)
EFFECTIVE_QUESTIONS = Method(
    "effective",
    "Questions of unequal weight count as fewer equal ones, their effective number: the squared sum of their weights "
    f"over the sum of their squared weights; below {MIN_QUESTIONS} there is no interval.",
    "Kish 1965",
)
HOLM = Method(
    "p, Holm",
    "P-values that stand together are also given as adjusted by Holm's method, which keeps the chance of one or more "
    "false findings among all of them at the level of a single test.",
    "Holm 1979",
)
KAPPA_INTERVAL = Method(
    f"{LEVEL:.0%} interval of κ",
    "Cohen's κ is agreement beyond that of two runs with the same label shares by chance; its "
    f"{LEVEL:.0%} interval comes from drawing questions again and again (expanded percentiles) and is never narrower "
    "than the interval of agreement implies.",
    "Cohen 1960; Hesterberg 2015",
)
PERMUTATION_TEST = Method(
    "permutation p-value",
    "The permutation p-value is how often a difference at least as large arises when correctness is shuffled among the "
    "traces of each question, so that hard questions cannot pass for an effect.",
    "Phipson and Smyth 2010",
)
RESAMPLES = Method(
    "redrawn questions",
    "As many questions as there are were drawn with replacement, each with all of its traces, "
    f"{resamples_for(1):,} times, or {resamples_for(10**6):,} above 1,000 questions and for curves, with seed {SEED}.",
    "Field and Welsh 2007",
)
SHARE_INTERVAL = Method(
    f"{LEVEL:.0%} interval",
    f"A {LEVEL:.0%} interval of a share comes from drawing questions again and again, each with all of its traces (BCa "
    "bootstrap), and is never narrower than the exact Clopper–Pearson interval on the effective number of answers.",
    "Efron 1987; Korn and Graubard 1998",
)
UNIMODALITY_TEST = Method(
    "dip test",
    "Whether the density has two humps was tested by the dip statistic, whose distribution under one hump came from "
    "resampled questions, each with all of its sentences, under a flat density, the most uneven-looking of the "
    "densities with one hump.",
    "Hartigan and Hartigan 1985",
)
