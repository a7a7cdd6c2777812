"""How behaviours were found, in words for a methods paragraph."""

from __future__ import annotations

from rdpt_core.analysis.behaviours.discovery.chance import SHUFFLED
from rdpt_core.analysis.behaviours.discovery.pairs import MIN_IN_HALF, MIN_QUESTIONS
from rdpt_core.analysis.behaviours.discovery.testing import RATE
from rdpt_core.analysis.behaviours.discovery.verdicts import FLOOR, LEAST_SHARE, MOST_UNDER_DECOYS, Credit
from rdpt_core.analysis.statistics.methods import EFFECTIVE_QUESTIONS, Method
from rdpt_core.analysis.statistics.resampling import LEVEL

_EXCESS = Method(
    "test of a kind",
    "A kind of sentence is tested for carrying a label more often than the traces that hold it, in two ways of which "
    "the less sure one counts: labels shuffled within traces (a distribution with their three moments, mid-p), and "
    "Student's t of the mean excess of a sentence with questions as clusters; both one-sided.",
    "Mielke and Berry 2007; Lancaster 1961",
)
_SHARE = Method(
    f"{LEVEL:.0%} interval of a kind's share",
    f"The {LEVEL:.0%} interval of a kind's share is Clopper and Pearson's on the effective number of sentences, with "
    "questions as clusters.",
    "Korn and Graubard 1998",
)
_LIFT = Method(
    f"{LEVEL:.0%} interval of lift and excess",
    "Lift is a kind's share over the share in all other sentences, and excess is its share minus that with the "
    f"distilled model in the teacher's place; their {LEVEL:.0%} intervals join those of both sides (MOVER, for lift on "
    "the scale of logarithms) with their correlation over questions.",
    "Newcombe 1998; Zou and Donner 2008",
)


def methods_of(*, is_split: bool, n_tested: int, null: str, n_null: int, credit: Credit | None) -> tuple[Method, ...]:
    """The methods of a table."""
    tests = (_halves(is_split), _EXCESS, _discoveries(n_tested), _family(null, n_null))
    return (*tests, _SHARE, _LIFT, *_verdicts(credit), EFFECTIVE_QUESTIONS)


def _halves(is_split: bool) -> Method:
    if is_split:
        sentence = (
            "Kinds are found on one half of the questions, chosen by a hash of their texts, and their rates are read "
            f"on the other; a kind is tested if {MIN_QUESTIONS} questions hold it, {MIN_IN_HALF} of them in each half."
        )
    else:
        sentence = (
            "Kinds are found and reported on the same questions, so that the rates of those that are found are a "
            f"little too high; a kind is tested if {MIN_QUESTIONS} questions hold it."
        )
    return Method("halves of the questions", sentence, "Cox 1975")


def _discoveries(n_tested: int) -> Method:
    return Method(
        "rate of false discoveries",
        f"Kinds count as found at a rate of false discoveries of {RATE:.0%} among all {n_tested:,} that were tested "
        "for the label, whatever their family, and as found again at the same rate among the found.",
        "Benjamini and Hochberg 1995",
    )


def _family(null: str, n_null: int) -> Method:
    how = "labels are shuffled within traces" if null == SHUFFLED else "the excesses of whole questions change signs"
    return Method(
        "family-wise p",
        f"The family-wise p is the chance that the largest z of all kinds is as large if {how}, from {n_null:,} draws.",
        "Westfall and Young 1993; Phipson and Smyth 2010",
    )


def _verdicts(credit: Credit | None) -> tuple[Method, ...]:
    if credit is None:
        return ()
    if credit.by_decoys:
        rule = (
            f"decoys in the teacher's place are credited with at most {MOST_UNDER_DECOYS:.0%} of its sentences, on "
            "average over decoys"
        )
    else:
        rule = f"the median p of its sentences under the {credit.other} is at most {FLOOR:g}"
    return (
        Method(
            "verdict",
            f"A kind that was found is only the {credit.role}'s if at least {LEAST_SHARE:.0%} of its sentences carry "
            f"the label and {rule}; otherwise it is preferred by the {credit.role}.",
            "this program",
        ),
    )
