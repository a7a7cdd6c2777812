"""The scored traces of a run as small numbers: the keys that statistics group and resample by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from rdpt_core.analysis.catalog import GRADES
from rdpt_core.analysis.questions import Name, load_names, n_alike, number_questions
from rdpt_core.analysis.scope import Scope, in_natural_order
from rdpt_core.arrays import Ints, SmallInts
from rdpt_core.store.reader import Reader, Run

NONE = "(none)"
"""The name of the group of traces for which the file gives no value."""


# What a trace may be grouped by, beside its run; the grade is made of `correct`.
ATTRIBUTES = ("benchmark", "domain", "model", "difficulty", "teacher_id")


@dataclass(frozen=True, slots=True, eq=False)
class TraceTable:
    """The scored traces of a run that are in scope, in order.

    Attributes:
        trace_no: (n_traces,), ascending.
        question: (n_traces,), numbers of questions from 0: one id in one benchmark, or one text (see `questions`).
        question_keys: benchmark and id of each question; the first of them, where it has several.
        codes: for each dimension, (n_traces,) numbers of its values.
        names: for each dimension, the names of its values in the order in which they are shown.
        correct: (n_traces,), 1, 0, or -1 where unknown.
        question_names: all that each question goes by, so that questions can be matched between runs; where they are
            not given, its key alone.
    """

    trace_no: SmallInts
    question: Ints
    question_keys: tuple[tuple[str, str], ...]
    codes: dict[str, Ints]
    names: dict[str, tuple[str, ...]]
    correct: npt.NDArray[np.int8]
    question_names: tuple[tuple[Name, ...], ...] = ()

    def __post_init__(self) -> None:
        if not self.question_names:
            object.__setattr__(self, "question_names", tuple((key,) for key in self.question_keys))

    @property
    def n_questions(self) -> int:
        """Questions with at least one of these traces."""
        return len(self.question_keys)

    @property
    def samples(self) -> tuple[int, int]:
        """The fewest and the most traces of a question; 0 of both where there are none."""
        n = np.bincount(self.question)
        held = n[n > 0]
        return (int(held.min()), int(held.max())) if len(held) else (0, 0)

    @property
    def n_alike(self) -> int:
        """Questions that stand under more than one id or benchmark."""
        return n_alike(self.question_names)

    @property
    def is_graded_both_ways(self) -> bool:
        """Whether some of these traces are correct and some are incorrect."""
        return bool((self.correct == 1).any() and (self.correct == 0).any())

    def question_by_text(self) -> Ints:
        """(n_traces,), numbers of questions in the order of their benchmarks and ids as plain text.

        The order in which questions are drawn for resamples wherever a query of the database numbers them.
        """
        order = sorted(range(self.n_questions), key=self.question_keys.__getitem__)
        rank = np.empty(self.n_questions, np.int64)
        rank[order] = np.arange(self.n_questions)
        return rank[self.question]


def load_trace_table(reader: Reader, run: Run, scope: Scope) -> TraceTable:
    """Read the scored traces in scope."""
    condition, parameters = scope.where("t")
    traces = (
        f"traces AS t WHERE run_no = {run.run_no:d} "
        f"AND trace_no IN (SELECT trace_no FROM sentences WHERE run_no = {run.run_no:d}) AND {condition}"
    )
    table = reader.query(
        f"SELECT trace_no, question_id, {', '.join(ATTRIBUTES)}, correct FROM {traces} ORDER BY trace_no", parameters
    )
    codes, names = {}, {}
    for name in ATTRIBUTES:
        codes[name], names[name] = _encode(table.column(name))
    correct = pc.fill_null(table.column("correct").cast(pa.int8()), pa.scalar(-1, pa.int8())).to_numpy()
    codes["correctness"], names["correctness"] = _grades(correct)
    ids, id_names = _encode(table.column("question_id"))
    pair, key_no = np.unique(codes["benchmark"] * max(1, len(id_names)) + ids, return_inverse=True)
    keys = [
        (names["benchmark"][code // max(1, len(id_names))], id_names[code % max(1, len(id_names))]) for code in pair
    ]
    stored = load_names(reader, traces, parameters)
    names_of_keys = [stored[key] for key in keys]
    question_of_key = number_questions(names_of_keys)
    members: list[list[int]] = [[] for _ in range(int(question_of_key.max(initial=-1)) + 1)]
    for index, number in enumerate(question_of_key.tolist()):
        members[number].append(index)
    return TraceTable(
        table.column("trace_no").to_numpy(),
        question_of_key[key_no.astype(np.int64)],
        tuple(keys[indices[0]] for indices in members),
        codes,
        names,
        correct.astype(np.int8),
        tuple(tuple(dict.fromkeys(n for index in indices for n in names_of_keys[index])) for indices in members),
    )


def _encode(column: pa.ChunkedArray) -> tuple[Ints, tuple[str, ...]]:
    """Numbers of the values in the order in which they are shown, and their names; missing values come last."""
    encoded = column.combine_chunks().dictionary_encode()
    values = encoded.dictionary.to_pylist()
    shown = in_natural_order(values)
    number_of = {value: number for number, value in enumerate(shown)}
    # One number more: the last is taken by index -1, which stands for missing.
    numbers = np.array([*(number_of[value] for value in values), len(shown)], np.int64)
    index = pc.fill_null(encoded.indices, pa.scalar(-1, pa.int32())).to_numpy()
    missing = bool(encoded.null_count)
    return numbers[index], (*shown, NONE) if missing else tuple(shown)


def _grades(correct: npt.NDArray[np.int8]) -> tuple[Ints, tuple[str, ...]]:
    grade = np.select([correct == 1, correct == 0], [0, 1], 2)
    present = [code for code in range(3) if (grade == code).any()]
    numbers = np.zeros(3, np.int64)
    numbers[present] = np.arange(len(present))
    return numbers[grade], tuple(GRADES[code] for code in present)
