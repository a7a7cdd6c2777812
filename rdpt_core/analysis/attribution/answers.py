"""Answers: one source, several, or none, for every sentence by itself.

With ℓ_k the logprob sum of a sentence under source k, all sources weighing the same beforehand:

    posterior_k = exp(λ ℓ_k) / Σ_j exp(λ ℓ_j)          j over teachers, student and background

    none       if the likeliest named source falls short of the distilled model by more than `shortfall` a token,
               or the background's posterior is at least `sure`
    k          else if the posterior of k is at least `sure`
    several    else: all whose posterior is at least `several` of the largest, and never fewer than two; the
               background among them reads "or none of these"

Sources weigh the same, and not as much as they account for in the run: what is common to all of them would otherwise go
to whoever wrote most of the rest. So an answer depends on the sentence alone, not on its company.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from rdpt_core.analysis.attribution.evidence import Evidence, Part
from rdpt_core.analysis.attribution.rule import AttributionRule
from rdpt_core.analysis.attribution.sources import NONE_OF_THESE, Source, Sources
from rdpt_core.analysis.run.gaps.gap_arrays import UNSCORED, count_by_trace
from rdpt_core.analysis.statistics.parallel import in_parallel
from rdpt_core.arrays import Codes, Doubles, Floats, Ints, SmallInts

Members: TypeAlias = npt.NDArray[Any]
"""Bits of whole numbers: bit k for named source k, and the one after the last for none of these; 0 where unscored."""

_PASS = 65_536


class Judged(NamedTuple):
    """Answers about n sentences.

    Attributes:
        codes: (n,), 0 unscored, from 1 as `Sources.answers`.
        members: (n,), the sources that the answer names.
        posterior: (n_named + 1, n), of the named sources and last of the background; NaN where unscored.
    """

    codes: Codes
    members: Members
    posterior: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Answers about all sentences of a run, in the order of `Evidence`.

    Attributes:
        codes: (n_sentences,), 0 unscored, from 1 as `Sources.answers`.
        members: (n_sentences,), the sources that each answer names, as bits.
    """

    sources: Sources
    trace_no: SmallInts
    start: Ints
    codes: Codes
    members: Members

    def counts(self) -> Doubles:
        """(n_traces, 1 + n_answers), sentences of every trace by their code."""
        return count_by_trace(self.start, self.codes, len(self.sources.answers) + 1)

    def sets(self) -> tuple[Ints, Doubles]:
        """The different sets of sources that answers name, (n_sets,) as bits and ascending, and how many sentences of
        each trace name each of them, (n_traces, n_sets); unscored sentences are left out."""
        if self.members.dtype.itemsize < 4:
            present = np.flatnonzero(np.bincount(self.members, minlength=1))
        else:
            present = np.unique(self.members).astype(np.int64)
        number = np.searchsorted(present, self.members)
        counts = count_by_trace(self.start, number, max(1, len(present)))
        scored = present > 0
        return present[scored], counts[:, : len(present)][:, scored]


def member_type(sources: Sources) -> type[np.unsignedinteger[Any]]:
    """The smallest numbers that have a bit for each answer."""
    n_bits = len(sources.named) + 1
    return np.uint8 if n_bits <= 8 else np.uint16 if n_bits <= 16 else np.uint32


def judge(part: Part, rule: AttributionRule) -> Judged:
    """The answers about some sentences."""
    n_named, n = part.named.shape
    weight = np.zeros((n_named + 1, n), np.float32)
    np.exp(np.float32(rule.temper) * part.named, out=weight[:-1])
    if part.background is not None:
        np.exp(np.float32(rule.temper) * part.background, out=weight[-1])
    top = weight.max(axis=0)
    posterior = weight / weight.sum(axis=0)
    possible = weight >= np.float32(rule.several) * top
    # Two at least: a source that is not sure has a rival.
    alone = possible.sum(axis=0) == 1
    if alone.any():
        rest = np.where(possible[:, alone], np.float32(-1), weight[:, alone])
        possible[rest.argmax(axis=0), np.flatnonzero(alone)] = True
    likeliest = weight.argmax(axis=0)
    is_sure = posterior.max(axis=0) >= np.float32(rule.sure)
    none = is_sure & (likeliest == n_named)
    none |= part.shortfall > np.float32(rule.shortfall)
    bits = (1 << np.arange(n_named + 1)).astype(np.uint32)
    members = (possible * bits[:, None]).sum(axis=0, dtype=np.uint32)
    members[is_sure] = bits[likeliest[is_sure]]
    members[none] = bits[-1]
    codes = np.full(n, n_named + 1, np.uint8)
    codes[is_sure] = likeliest[is_sure] + 1
    codes[none] = n_named + 2
    unscored = np.isnan(top)
    codes[unscored], members[unscored] = UNSCORED, 0
    return Judged(codes, members, posterior)


def answer_all(evidence: Evidence, rule: AttributionRule) -> Answers:
    """The answers about all sentences of a run."""
    return _answer(evidence, evidence.sources, rule, evidence.part)


def answer_in_place(evidence: Evidence, control: Source, rule: AttributionRule) -> Answers:
    """The answers if a control stood in the place of all teachers: whatever is credited to it is an error."""
    sources = evidence.sources.in_place_of_teachers(control)
    return _answer(evidence, sources, rule, lambda piece: evidence.part_in_place(control, piece))


def _answer(evidence: Evidence, sources: Sources, rule: AttributionRule, part: Callable[[slice], Part]) -> Answers:
    codes = np.empty(evidence.n_sentences, np.uint8)
    members = np.empty(evidence.n_sentences, member_type(sources))

    def answer(first: int) -> None:
        piece = slice(first, first + _PASS)
        judged = judge(part(piece), rule)
        codes[piece], members[piece] = judged.codes, judged.members

    in_parallel(answer, range(0, evidence.n_sentences, _PASS))
    return Answers(sources, evidence.trace_no, evidence.start, codes, members)


def members_words(members: int, sources: Sources) -> str:
    """Who a sentence may come from: `A`, `A or student`, `none of these`; empty where unscored."""
    names = [source.name for k, source in enumerate(sources.named) if members >> k & 1]
    if members >> len(sources.named) & 1:
        names.append(f"{NONE_OF_THESE} of these")
    return ", ".join(names[:-1]) + " or " + names[-1] if len(names) > 1 else "".join(names)
