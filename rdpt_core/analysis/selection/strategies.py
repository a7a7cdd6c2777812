"""The strategies: each a pure function from candidates to a score, with its formula, its source and its direction.

A score is compared between candidates of one question only. NaN means that the strategy cannot judge the candidate.
T and S below are teacher and student; logprobs are nats.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rdpt_core.analysis.selection.candidates import DAS_GAP, TEACHER_COLUMNS, Candidates
from rdpt_core.analysis.selection.expression import evaluate
from rdpt_core.analysis.selection.place_free import uniform
from rdpt_core.arrays import Doubles
from rdpt_core.errors import UsageError

Best = Literal["largest", "smallest"]


@dataclass(frozen=True, slots=True)
class Options:
    """What some strategies ask of the user: a seed for `random`, a formula for `expression`."""

    seed: int = 0
    expression: str = ""


ScoreFunction = Callable[[Candidates, Options], Doubles]


@dataclass(frozen=True, slots=True)
class TieBreak:
    """What decides between equal scores: the continuous form of what the score counts.

    Attributes:
        formula: what the winner has, for manifest and page.
        worth: from candidates to (n_candidates,), the larger the better.
    """

    formula: str
    worth: Callable[[Candidates], Doubles]


def _evidence(candidates: Candidates) -> Doubles:
    return candidates["teacher_evidence"]


def _evidence_from_below(candidates: Candidates) -> Doubles:
    return -candidates["teacher_evidence"]


def _evidence_a_sentence(candidates: Candidates) -> Doubles:
    return _ratio(candidates["teacher_evidence"], candidates["n_sentences"])


def _apart_a_token(candidates: Candidates) -> Doubles:
    return _ratio(candidates["apart_evidence"], candidates["n_tokens"])


def _bytes(candidates: Candidates) -> Doubles:
    return candidates["n_bytes"]


def _bytes_from_below(candidates: Candidates) -> Doubles:
    return -candidates["n_bytes"]


MORE_EVIDENCE = TieBreak("the larger Σ max(0, p_T − p_S − β)", _evidence)
LESS_EVIDENCE = TieBreak("the smaller Σ max(0, p_T − p_S − β)", _evidence_from_below)
DENSER_EVIDENCE = TieBreak("the larger Σ max(0, p_T − p_S − β) / sentences", _evidence_a_sentence)
FARTHER_APART = TieBreak(f"the larger Σ tokens · max(0, p_T − p_S − {DAS_GAP:g}) / tokens", _apart_a_token)
MORE_BYTES = TieBreak("more UTF-8 bytes", _bytes)
FEWER_BYTES = TieBreak("fewer UTF-8 bytes", _bytes_from_below)


WITH_TEACHER = "score … --roles teacher,student"
"""The command that makes a run by which strategies with a teacher can choose."""


@dataclass(frozen=True, slots=True)
class Strategy:
    """A way to choose.

    Attributes:
        best: which end of its scores it keeps.
        formula: of the score, for manifest and page.
        source: where the formula is from.
        score: from candidates and options to (n_candidates,) scores, NaN where the strategy cannot judge.
        version: raised whenever the same candidates would get other scores.
        needs: a column that a run may lack, and the command that fills it.
        needs_teacher: whether it compares the student with a teacher.
        ties: what decides between equal scores; a hash of the response decides what is equal there, too.
    """

    name: str
    best: Best
    formula: str
    source: str
    score: ScoreFunction
    version: int = 1
    needs: tuple[str, str] | None = None
    ties: TieBreak = MORE_EVIDENCE
    needs_teacher: bool = False

    def missing(self, has_column: Callable[[str], bool], *, has_teacher: bool) -> str | None:
        """The command that would make this strategy possible; None if it is possible already.

        Args:
            has_column: whether any candidate has a number in a column.
            has_teacher: whether the run has a teacher.
        """
        if self.needs_teacher and not has_teacher:
            return WITH_TEACHER
        return None if self.needs is None or has_column(self.needs[0]) else self.needs[1]

    def worth(self, candidates: Candidates, options: Options) -> Doubles:
        """The scores turned so that larger is better; NaN where the candidate has none. Shape: (n_candidates,).
        Raises:
            UsageError: the run lacks what the strategy needs, or the expression cannot be used.
        """
        command = self.missing(candidates.has, has_teacher=candidates.has_teacher)
        if command is not None:
            lacks_teacher = command == WITH_TEACHER
            raise UsageError(
                f"the run lacks what the strategy `{self.name}` needs",
                where="--strategy",
                expected="a teacher" if lacks_teacher else f"the column `{self.needs[0] if self.needs else ''}`",
                got="a run without one" if lacks_teacher else "no candidate with it",
                hint=f"Run `rdpt {command}` first.",
            )
        score = self.score(candidates, options)
        return score if self.best == "largest" else -score


STRATEGIES: dict[str, Strategy] = {}


def strategy(
    name: str,
    best: Best,
    formula: str,
    source: str,
    *,
    version: int = 1,
    needs: tuple[str, str] | None = None,
    ties: TieBreak = MORE_EVIDENCE,
    needs_teacher: bool = False,
) -> Callable[[ScoreFunction], ScoreFunction]:
    """Register a function under its name; the order of registration is the order of every list."""

    def register(function: ScoreFunction) -> ScoreFunction:
        STRATEGIES[name] = Strategy(name, best, formula, source, function, version, needs, ties, needs_teacher)
        return function

    return register


def find_strategy(name: str) -> Strategy:
    """The strategy of a name.

    Raises:
        UsageError: there is none of this name.
    """
    if name not in STRATEGIES:
        raise UsageError("unknown strategy", where="--strategy", expected=", ".join(STRATEGIES), got=name)
    return STRATEGIES[name]


def _ratio(above: Doubles, below: Doubles) -> Doubles:
    """NaN where there is nothing to divide by."""
    result: Doubles = np.divide(above, below, out=np.full(len(above), np.nan), where=below != 0)
    return result


@strategy("teacher-count", "largest", "number of sentences with p_T − p_S > β", "arXiv 2512.20908", needs_teacher=True)
def teacher_count(candidates: Candidates, options: Options) -> Doubles:
    """#{sentences with p_T − p_S > β}, largest. Teacher-guided selection as the paper (arXiv 2512.20908) has it."""
    return candidates["n_teacher"]


@strategy(
    "teacher-share",
    "largest",
    "share of sentences with p_T − p_S > β",
    "arXiv 2512.20908, a baseline",
    ties=DENSER_EVIDENCE,
    needs_teacher=True,
)
def teacher_share(candidates: Candidates, options: Options) -> Doubles:
    """#{Teacher sentences} / #{labelled sentences}, largest. A baseline of arXiv 2512.20908."""
    return _ratio(candidates["n_teacher"], candidates["n_sentences"])


@strategy(
    "teacher-fewest",
    "smallest",
    "number of sentences with p_T − p_S > β",
    "arXiv 2512.20908, a baseline",
    ties=LESS_EVIDENCE,
    needs_teacher=True,
)
def teacher_fewest(candidates: Candidates, options: Options) -> Doubles:
    """#{Teacher sentences}, smallest. The opposite of teacher-count, a baseline of arXiv 2512.20908."""
    return candidates["n_teacher"]


@strategy("longest", "largest", "number of the student's tokens", "arXiv 2512.20908, a baseline", ties=MORE_BYTES)
def longest(candidates: Candidates, options: Options) -> Doubles:
    """Tokens of the student, largest. A baseline of arXiv 2512.20908, and a confounder of most others."""
    return candidates["n_tokens"]


@strategy("shortest", "smallest", "number of the student's tokens", "ours, the opposite of longest", ties=FEWER_BYTES)
def shortest(candidates: Candidates, options: Options) -> Doubles:
    """Tokens of the student, smallest. **Ours**: the opposite of longest."""
    return candidates["n_tokens"]


@strategy(
    "random",
    "largest",
    "a uniform number from the seed and a hash of the trace's id",
    "arXiv 2512.20908, a baseline",
    version=2,
)
def random(candidates: Candidates, options: Options) -> Doubles:
    """A number from the trace's id, largest: neither what is filtered out nor the order of the file shifts anything."""
    return uniform(candidates.id_hash, options.seed)


@strategy("grape", "largest", "Σ ln p_S(token) / tokens", "arXiv 2502.04194")
def grape(candidates: Candidates, options: Options) -> Doubles:
    """Mean logprob of the student per token of the response, largest (GRAPE, arXiv 2502.04194)."""
    return _ratio(candidates["logprob_sum_student"], candidates["n_tokens"])


@strategy(
    "lalp",
    "largest",
    "mean over sentences of the student's mean ln p(token | the few sentences before)",
    "arXiv 2510.03988",
    needs=("local_step_mean", "local"),
)
def lalp(candidates: Candidates, options: Options) -> Doubles:
    """Mean over steps of the student's mean logprob with local context only, largest (LALP, arXiv 2510.03988).

    Steps are the run's sentences; `scoring/local_context.py` tells what is in view of each.
    """
    return candidates["local_step_mean"]


@strategy("step-drop", "largest", "Σ ln p_S(token) / tokens, without each sentence's first token", "arXiv 2604.06834")
def step_drop(candidates: Candidates, options: Options) -> Doubles:
    """Mean logprob of the student over all tokens but the first of each step, largest (ASLEC-drop, arXiv 2604.06834).

    First tokens are hard to predict, so a plain mean favours few long steps. Steps are the run's sentences.
    """
    rest = candidates["logprob_sum_student"] - candidates["first_logprob_sum_student"]
    return _ratio(rest, candidates["n_tokens"] - candidates["n_steps"])


@strategy(
    "rsr",
    "smallest",
    "Σ min(rank_S, 100) / Σ −ln p_S(token)",
    "arXiv 2601.14249",
    needs=("rank_sum_student", "score … --ranks"),
)
def rsr(candidates: Candidates, options: Options) -> Doubles:
    """Rank–surprisal ratio of the student, smallest (arXiv 2601.14249).

    Low for a response that is unlikely as a whole and yet made of tokens that the student ranks high.
    """
    return _ratio(candidates["rank_sum_student"], -candidates["logprob_sum_student"])


@strategy(
    "das",
    "largest",
    f"share of the student's tokens in sentences with p_T − p_S > {DAS_GAP:g}",
    f"after arXiv 2601.09088; the threshold {DAS_GAP:g} is ours",
    ties=FARTHER_APART,
    needs_teacher=True,
)
def das(candidates: Candidates, options: Options) -> Doubles:
    """Share of tokens in sentences that are much more likely under the teacher, largest.

    After divergence-aware sampling (arXiv 2601.09088), which prefers sentences with p_T ≫ p_S. **Ours**: "much" is a
    difference above `DAS_GAP`, in probabilities over own tokens, whatever rule labels the sentences.
    """
    return _ratio(candidates["n_tokens_apart"], candidates["n_tokens"])


@strategy("expression", "largest", "the formula that you give", "yours")
def expression(candidates: Candidates, options: Options) -> Doubles:
    """The user's own formula over the columns of a candidate, largest; put a minus before it for the smallest."""
    columns = candidates.columns
    if not candidates.has_teacher:
        columns = {name: values for name, values in columns.items() if name not in TEACHER_COLUMNS}
    return evaluate(options.expression, columns)
