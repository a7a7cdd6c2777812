"""What discovery says: one `Behaviour` a kind that was tested, and how the tests were made."""

from __future__ import annotations

from dataclasses import dataclass

from rdpt_core.analysis.statistics.methods import Method

ONLY, PREFERRED = "only the {}'s", "preferred by the {}"
"""Verdicts on a kind, of the model that a label credits."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One kind of sentence, tested for one label.

    Shares, lift and excess are of the report half of the questions, on which nothing was chosen; z, p, q and p_family
    are of the half on which kinds are found. Where questions were not split, all are of all questions. None is what is
    not known.

    Attributes:
        family: one of `families.FAMILIES`.
        kind: its name within the family; hostile text.
        n_sentences: labelled sentences of the kind in scope, in both halves.
        n_questions: questions that hold them, in both halves.
        n_effective: how many equally heavy questions those of the report half are worth.
        n_report: labelled sentences of the kind in the report half.
        share: the label's part of them; `low` and `high` are the ends of its interval, None where refused.
        rest_share: the label's part of all other sentences of the same half.
        lift: share / rest_share.
        no_teacher: the share with the distilled model in the teacher's place, of the same sentences; None for runs
            without all three roles, and where the run is seen so already.
        excess: share - no_teacher, over the sentences that are scored both ways.
        place: mean relative position in the trace, 0 the first sentence and 1 the last.
        correct: the part of its sentences of graded traces that stand in correct ones.
        correct_rest: the same of all other sentences.
        importance: median drop of ln p(answer) in nats; None where the run has none.
        training_copied, training_template, training_new: the parts of its sentences that stand in the training texts
            word for word, that stand there with other numbers, names or formulas, and that do not; of those that were
            looked up. None for a run without such texts.
        decoy_share: the label's part of all its sentences with a decoy in the teacher's place, on average over decoys;
            None with fewer than `verdicts.FEWEST_DECOYS`, and for other labels than the teacher's.
        floor: the median p of its sentences under the model that the label does not credit; None where decoys decide.
        z: in the half on which kinds are found.
        p: one-sided.
        q: by Benjamini and Hochberg, among the kinds tested.
        p_family: the chance of a z as large anywhere among the kinds, were labels shuffled within traces.
        p_report: one-sided, in the report half; None where too few questions hold the kind there.
        is_found: q at most `RATE`.
        is_replicated: found, and found again in the report half at the same rate of false discoveries among the found.
        verdict: what the label says of the model it credits: `only the teacher's` or `preferred by the teacher` (or
            the student's); None for other kinds and labels.
        verdict_because: why that verdict, or why there is none.
        refused: why there is no interval of the share; None if there is one.
        examples: (trace_no, sentence_index) of up to three sentences that carry the label, of different questions where
            possible.
    """

    family: str
    kind: str
    n_sentences: int
    n_questions: int
    n_effective: float
    n_report: int
    share: float | None
    low: float | None
    high: float | None
    rest_share: float | None
    lift: float | None
    lift_low: float | None
    lift_high: float | None
    no_teacher: float | None
    excess: float | None
    excess_low: float | None
    excess_high: float | None
    place: float | None
    correct: float | None
    correct_rest: float | None
    importance: float | None
    training_copied: float | None
    training_template: float | None
    training_new: float | None
    decoy_share: float | None
    floor: float | None
    z: float
    p: float
    q: float
    p_family: float
    p_report: float | None
    is_found: bool
    is_replicated: bool
    verdict: str | None
    verdict_because: str
    refused: str | None
    examples: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Behaviours:
    """The kinds that were tested for a label, the surest first.

    Attributes:
        rows: those with the smallest p first.
        label: the label they were tested for.
        n_kinds: kinds of all families, tested or not.
        n_tested: kinds that enough questions of the finding half hold.
        n_found: how many of them were found.
        n_replicated: how many of those replicated.
        n_questions: questions of the half on which kinds are found, and of the report half.
        n_effective: the same, as equally heavy questions.
        n_sentences: labelled sentences in scope.
        seed: what the halves and the null follow from.
        is_split: whether kinds are found on one half and reported on the other; otherwise all is of all questions, and
            shares of kinds that were found are a little too high.
        n_null: how many times labels were shuffled for p_family.
        null: how: `shuffled` within traces, or `signs` of question totals, where shuffling would take too long.
        n_decoys: decoys that verdicts stand on; 0 where p is.
        methods: how everything was made, in words.
        refused: why nothing could be tested; None otherwise.
    """

    rows: tuple[Behaviour, ...]
    label: str
    n_kinds: int
    n_tested: int
    n_found: int
    n_replicated: int
    n_questions: tuple[int, int]
    n_effective: tuple[float, float]
    n_sentences: int
    seed: int
    is_split: bool
    n_null: int
    null: str
    n_decoys: int
    methods: tuple[Method, ...]
    refused: str | None
