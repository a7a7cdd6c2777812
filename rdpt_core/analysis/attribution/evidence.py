"""How likely every sentence is under every source, held in memory, from which answers follow for any thresholds.

Sums of logprobs over the same characters compare directly, whatever the tokenizers: nothing is divided by the tokens of
a model of its own. What a source falls short of the distilled model is given per token of the distilled model, one
count for all.

Everything is kept relative to the likeliest named source of its sentence, in half precision: numbers near 0, which
decide, are exact to a thousandth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from rdpt_core.analysis.attribution.rule import SHORTEST
from rdpt_core.analysis.attribution.sources import Source, Sources
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.gaps.gap_arrays import read_in_order
from rdpt_core.analysis.sentences import sentences_sql
from rdpt_core.arrays import Floats, Ints, SmallInts
from rdpt_core.records import Role
from rdpt_core.store.companions import column
from rdpt_core.store.reader import Reader, Run

Halves: TypeAlias = npt.NDArray[np.float16]

# The largest number of half precision is 65,504; no threshold reaches there.
_LOWEST = -60_000.0


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """The sentences of all scored traces of a run, in order of trace and sentence. Ten million take 20 MB a source.

    Attributes:
        sources: whose likelihoods these are.
        trace_no: (n_traces,), ascending.
        start: (n_traces + 1,); the sentences of trace i are `start[i] : start[i + 1]`, as in `Gaps`.
        relative: for each role of `sources.roles`, (n_sentences,): its logprob sum minus that of the likeliest named
            source, in nats; NaN where any of the models has none.
        shortfall: (n_sentences,): by how much the likeliest named source falls short of the distilled model, in nats a
            token; NaN where missing, and everywhere without a distilled model.
        n_tokens: (n_sentences,): what shortfalls are divided by; see `SHORTEST`.
    """

    sources: Sources
    trace_no: SmallInts
    start: Ints
    relative: tuple[Halves, ...]
    shortfall: Halves
    n_tokens: npt.NDArray[np.uint16]

    @property
    def n_sentences(self) -> int:
        """Scored or not."""
        return len(self.shortfall)

    def part(self, piece: slice) -> Part:
        """Some of the sentences in single precision."""
        k = len(self.sources.named)
        relative = np.stack([values[piece] for values in self.relative]).astype(np.float32)
        return Part(relative[:k], _background(relative[k:]), self.shortfall[piece].astype(np.float32))

    def part_in_place(self, control: Source, piece: slice) -> Part:
        """Some of the sentences as they look if this control stands in the place of all teachers."""
        student = self.relative[len(self.sources.named) - 1]
        values = self.relative[self.sources.roles.index(control.role)]
        relative = np.stack([values[piece], student[piece]]).astype(np.float32)
        best = relative.max(axis=0)
        shortfall = self.shortfall[piece] - best / self.n_tokens[piece]
        return Part(relative - best, None, shortfall.astype(np.float32))


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Sentences that are judged together.

    Attributes:
        named: (n_named, n), relative logprob sums in nats; the likeliest is 0, NaN where unscored.
        background: (n,), the same of the controls together: the logarithm of their mean likelihood; None without any.
        shortfall: (n,), nats a token; NaN where not known.
    """

    named: Floats
    background: Floats | None
    shortfall: Floats


def _background(controls: Floats) -> Floats | None:
    if not len(controls):
        return None
    if len(controls) == 1:
        only: Floats = controls[0]
        return only
    highest = controls.max(axis=0)
    mean: Floats = highest + np.log(np.exp(controls - highest).mean(axis=0))
    return mean


def columns_sql(sources: Sources, temperatures: Mapping[str, float]) -> tuple[dict[str, str], str]:
    """SQL over rows of `sentences` for the arrays of `Evidence`, and the source that it needs before it.

    Args:
        temperatures: role → what its logprobs are divided by; 1 for those that are not there.

    Returns:
        Expressions by name: `r0`, `r1`, … for each role, `shortfall`, `n_tokens`; and a select list that stands
        beside `*` in a query over `sentences`, which they refer to.
    """
    sums = [f"({column('logprob_sum', role)} / {temperatures.get(role, 1.0)!r}::DOUBLE)" for role in sources.roles]
    needed = [*sums, *([column("logprob_sum", Role.DISTILLED)] if sources.has_distilled else [])]
    scored = " AND ".join(f"{name} IS NOT NULL" for name in needed)
    named = sums[: len(sources.named)]
    best = f"CASE WHEN {scored} THEN greatest({', '.join(named)}) END AS best_sum"
    count = f"greatest({column('n_tokens', Role.DISTILLED if sources.has_distilled else Role.STUDENT)}, {SHORTEST:d})"
    # greatest() skips NULLs, so what is missing is carried through by a condition of its own.
    expressions = {
        f"r{i}": f"CASE WHEN best_sum IS NOT NULL THEN greatest({total} - best_sum, {_LOWEST!r})::FLOAT END"
        for i, total in enumerate(sums)
    }
    short = f"(({column('logprob_sum', Role.DISTILLED)} - best_sum) / {count})::FLOAT"
    expressions["shortfall"] = short if sources.has_distilled else "NULL::FLOAT"
    expressions["n_tokens"] = f"least(coalesce({count}, {SHORTEST:d}), 65535)"
    return expressions, best


def load_evidence(
    reader: Reader, run: Run, sources: Sources, temperatures: Mapping[str, float] | None = None, *, marks: bool = False
) -> Evidence:
    """Read the likelihoods of a run.

    Args:
        run: as it is; see `sources.own_run`.
        temperatures: role → temperature of its model, where they are brought to one scale.
        marks: whether marks of format count.
    """
    rule = LabelRule(0.0, 0.0, marks=marks)
    columns, best = columns_sql(sources, temperatures or {})
    source = f"(SELECT *, {best} FROM {sentences_sql(run.run_no, rule)})"
    dtypes = {name: np.uint16 if name == "n_tokens" else np.float16 for name in columns}
    read = read_in_order(reader, run, rule, columns, f"SELECT * FROM {source}", dtypes)
    relative = tuple(read.columns[f"r{i}"] for i in range(len(sources.roles)))
    return Evidence(sources, read.trace_no, read.start, relative, read.columns["shortfall"], read.columns["n_tokens"])
