"""Every interval, test and adjustment by name, in one sentence, with its source: for pages, exports and papers."""

from __future__ import annotations

from dataclasses import dataclass

from rdpt_core.analysis.statistics.auc import NEAR_PERCENT
from rdpt_core.analysis.statistics.regression.cross_validation import MAX_DEALS, N_FOLDS
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


ADDED_VALUE = Method(
    "log loss on questions left out",
    "What predictors add is how far they lower the log loss, minus the logarithm of the probability given to what "
    f"happened, on questions left out of a ridge-penalised logistic regression ({N_FOLDS} folds of whole questions, "
    f"dealt up to {MAX_DEALS} times, seed {SEED}) that takes length, mean logprobs and labels as smooth curves; each "
    f"question counts once, and the {LEVEL:.0%} interval (Student's t over questions) takes the fits as they are.",
    "Stone 1974; Hoerl and Kennard 1970",
)
AREA_INTERVAL = Method(
    f"{LEVEL:.0%} interval of the signed area",
    "The signed area is how far the curve of correct traces lies above that of incorrect ones, on average over their "
    f"common positions; its {LEVEL:.0%} interval comes from drawing the questions of both together (expanded "
    "percentiles) and is, by MOVER, never narrower than intervals of the two mean heights imply.",
    "Hesterberg 2015; Newcombe 1998",
)
ATTRIBUTION = Method(
    "set-valued attribution",
    "A sentence is attributed by tempered posteriors over sources of equal weight, with controls as the background, "
    "and may be credited to one source, to several, or to none of them.",
    "Scheirer et al. 2013",
)
AUC_SAME_LENGTH = Method(
    "AUC at about the same length",
    "The AUC at about the same length is the AUC within benchmarks over those pairs of traces in which the longer has "
    f"at most {NEAR_PERCENT}% more sentences than the shorter.",
    "Obuchowski 1997",
)
AUC_WITHIN_BENCHMARKS = Method(
    "AUC within benchmarks",
    "The AUC within benchmarks is the chance that a correct trace has the larger value than an incorrect one of the "
    f"same benchmark, ties counting half; its {LEVEL:.0%} interval has the variance for traces clustered by question, "
    "on the logit scale.",
    "Obuchowski 1997",
)
AUC_WITHIN_QUESTIONS = Method(
    "AUC within questions",
    "The AUC within questions is the mean of the AUCs of single questions that have both correct and incorrect traces, "
    f"each question counting once; its {LEVEL:.0%} interval is that of a mean (Student's t), on the logit scale.",
    "Kawaguchi, Koch and Wang 2011",
)
BETA_INTERVAL = Method(
    f"{LEVEL:.0%} interval of the suggested β",
    "The suggested β is where the density of the gap's size is lowest before its later hump, and its "
    f"{LEVEL:.0%} interval comes from drawing questions again and again (expanded percentiles).",
    "Hesterberg 2015",
)
CORRECTED_SHARE = Method(
    "corrected share",
    "A corrected share π solves observed = (1 − π) · share in the one writer's text + π · share in the other's; its "
    f"{LEVEL:.0%} interval holds every π at which the two sides do not differ, with the variance for sentences "
    "clustered by question, a question of several texts counting once.",
    "Rogan and Gladen 1978; Fieller 1954",
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
DROP_INTERVAL = Method(
    f"{LEVEL:.0%} interval of a drop",
    f"A {LEVEL:.0%} interval of a median or mean drop comes from drawing questions again and again, each with all of "
    "its sentences (expanded percentiles).",
    "Hesterberg 2015",
)
EFFECTIVE_QUESTIONS = Method(
    "effective number of questions",
    "Questions of unequal weight count as fewer equal ones, their effective number: the squared sum of their weights "
    f"over the sum of their squared weights; below {MIN_QUESTIONS} there is no interval.",
    "Kish 1965",
)
FALSE_DISCOVERIES = Method(
    "rate of false discoveries",
    "Sentences are found at a rate of false discoveries: at most this part of them is expected to be found by chance, "
    "if sentences depend on each other positively; in the stricter column, however they depend.",
    "Benjamini and Hochberg 1995; Benjamini and Yekutieli 2001",
)
FIRTH_ESTIMATE = Method(
    "Firth's estimate",
    "Where correct and incorrect traces are separated, so that the usual estimate is infinite, the odds ratio is that "
    f"of Firth's penalised likelihood; its {LEVEL:.0%} interval comes from the profile of that likelihood, widened by "
    "the largest effect that clustering by question can have.",
    "Firth 1993; Heinze and Schemper 2002",
)
GAP_INTERVAL = Method(
    f"{LEVEL:.0%} interval of a mean gap",
    f"A {LEVEL:.0%} interval of a mean gap, or of a part of it, comes from drawing questions again and again, each "
    "with all of its sentences (expanded percentiles).",
    "Hesterberg 2015",
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
LENGTH_CURVE = Method(
    "beside length, curve",
    "Beside a curve means beside a natural cubic spline of the logarithm of the number of sentences (knots at the 5, "
    "35, 65 and 95% points).",
    "Harrell 2015",
)
LENGTH_LINE = Method(
    "beside length, straight line",
    "Beside a straight line means beside the logarithm of the number of sentences; whether the line misfits is tested "
    "by the further terms of the curve in a regression on length alone (Wald's test, clustered by question).",
    "Harrell 2015",
)
MIXTURE_WEIGHTS = Method(
    "mixture weights",
    "Mixture weights of sources are those under which the sets of sources that sentences name are likeliest (EM); "
    f"their {LEVEL:.0%} intervals come from fitting them anew to redrawn questions (BCa bootstrap).",
    "Dempster, Laird and Rubin 1977",
)
ODDS_RATIO = Method(
    "odds ratio",
    "Odds ratios are per standard deviation within benchmarks, from logistic regression with an intercept for each "
    "benchmark; standard errors are clustered by question, and Student's t has the effective number of questions less "
    "one as degrees of freedom.",
    "Liang and Zeger 1986; Carter, Schnepel and Steigerwald 2017",
)
ODDS_RATIO_WITHIN_QUESTIONS = Method(
    "within questions, beside length",
    "Odds ratios within questions come from logistic regression conditional on the question, beside the same curve of "
    "length, so that only responses to the same question are compared; standard errors are clustered by question.",
    "Breslow and Day 1980",
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
STANDARDISED_DIFFERENCE = Method(
    "difference at equal kind and position",
    "At equal kind, and at equal kind and position, labels are compared within strata of such sentences of traces with "
    "the same grade, and the differences averaged with the weights that strata have among the sentences of both "
    f"labels; the {LEVEL:.0%} interval comes from drawing the questions of both together (expanded percentiles).",
    "Kitagawa 1955; Hesterberg 2015",
)
TREND_TEST = Method(
    "trend test",
    "Whether shares fall from seen over half seen to unseen questions was tested by the slope of the questions' shares "
    "on the level, which was shuffled among the questions of each benchmark that holds several levels, or, where every "
    "benchmark has one, among whole benchmarks.",
    "Phipson and Smyth 2010",
)
UNIMODALITY_TEST = Method(
    "dip test",
    "Whether the density has two humps was tested by the dip statistic, whose distribution under one hump came from "
    "resampled questions, each with all of its sentences, under a flat density, the most uneven-looking of the "
    "densities with one hump.",
    "Hartigan and Hartigan 1985",
)
