"""The likelihoods that sentences are tested by, held in memory while they are.

`load_evidence` of attribution holds every source relative to the likeliest one, and nothing where any model of the run
has no number. Here only the teacher and the references count, and what must be exact is how far these lie apart; so
they are read anew, relative to the mean of the references.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from rdpt_core.analysis.evidence.p_values.references import References
from rdpt_core.analysis.labels import LabelRule, writing_role
from rdpt_core.analysis.run.gaps.gap_arrays import read_in_order
from rdpt_core.analysis.sentences import sentences_sql
from rdpt_core.arrays import Ints, SmallInts
from rdpt_core.records import Role
from rdpt_core.store.companions import column
from rdpt_core.store.reader import Reader, Run

Halves: TypeAlias = npt.NDArray[np.float16]

MISSING = 65_535
"""Where a sentence has no number under the teacher or under a reference."""
MOST_TOKENS = 8_191
"""A longer sentence is taken to vary as one of so many tokens."""

# The largest number of half precision is 65,504.
_FAR = 60_000.0


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """The sentences of all scored traces of a run, in order of trace and sentence. Ten million take 20 MB a model.

    Attributes:
        trace_no: (n_traces,), ascending.
        start: (n_traces + 1,); the sentences of trace i are `start[i] : start[i + 1]`, as in `Gaps`.
        teacher: (n_sentences,), its logprob sum minus the mean of the references', in nats; NaN where any is missing.
        references: for each reference, the same of its own.
        n_as_high: (n_sentences,), how many references find the sentence at least as likely as the teacher does;
            `MISSING` where any is missing.
        n_tokens: (n_sentences,), of the model that wrote the traces; from 1 to `MOST_TOKENS`.
    """

    trace_no: SmallInts
    start: Ints
    teacher: Halves
    references: tuple[Halves, ...]
    n_as_high: npt.NDArray[np.uint16]
    n_tokens: npt.NDArray[np.uint16]

    @property
    def n_sentences(self) -> int:
        """Scored or not."""
        return len(self.teacher)


def columns_sql(run: Run, references: References) -> dict[str, str]:
    """SQL over rows of `sentences` for the arrays of `Sums`: `teacher`, `r0`, `r1`, …, `n_as_high`, `n_tokens`."""
    teacher = column("logprob_sum", Role.TEACHER)
    others = [column("logprob_sum", role) for role in references.roles]
    scored = " AND ".join(f"{name} IS NOT NULL" for name in (teacher, *others))
    mean = f"(({' + '.join(others)}) / {len(others)})"
    # Half precision ends where no likelihood of a sentence decides anything any more.
    near = f"CASE WHEN {scored} THEN least(greatest({{0}} - {mean}, {-_FAR!r}), {_FAR!r})::FLOAT END".format
    as_high = " + ".join(f"({name} >= {teacher})::INTEGER" for name in others)
    count = column("n_tokens", writing_role(run.roles))
    return {
        "teacher": near(teacher),
        **{f"r{i}": near(name) for i, name in enumerate(others)},
        "n_as_high": f"CASE WHEN {scored} THEN {as_high} ELSE {MISSING} END",
        "n_tokens": f"least(greatest(coalesce({count}, 1), 1), {MOST_TOKENS})",
    }


def load_sums(reader: Reader, run: Run, references: References, *, marks: bool = False) -> Sums:
    """Read the likelihoods of a run as it is seen.

    Args:
        reader: one that was told how the run is seen.
        references: at least one.
        marks: whether marks of format count.
    """
    rule = LabelRule(0.0, 0.0, marks=marks)
    columns = columns_sql(run, references)
    dtypes: dict[str, Any] = dict.fromkeys(columns, np.float16)
    dtypes |= {"n_as_high": np.uint16, "n_tokens": np.uint16}
    read = read_in_order(reader, run, rule, columns, f"SELECT * FROM {sentences_sql(run.run_no, rule)}", dtypes)
    return Sums(
        read.trace_no,
        read.start,
        read.columns["teacher"],
        tuple(read.columns[f"r{i}"] for i in range(len(references))),
        read.columns["n_as_high"],
        read.columns["n_tokens"],
    )
