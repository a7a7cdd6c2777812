"""What is read of a run for discovery: its labels, those under controls, probabilities and importance, by sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from rdpt_core.analysis.evidence.importance.data import importance_of
from rdpt_core.analysis.evidence.p_values.references import references_of
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.run.gaps.gap_arrays import read_in_order
from rdpt_core.analysis.run.kept import Family, Key
from rdpt_core.analysis.sentences import sentences_sql
from rdpt_core.arrays import Codes, Floats
from rdpt_core.records import Role
from rdpt_core.store.reader import Reader, Run


def own_run(reader: Reader, run: Run) -> Run:
    """The run as it was scored, whatever it is seen with."""
    return reader.run(run.run_id)


def no_teacher(data: RunData) -> RunData | None:
    """The run with the distilled model in the teacher's place; None if it lacks one of the roles, or is seen so."""
    run = data.run
    seen = dict(run.seen_as).get(Role.TEACHER)
    if not {Role.TEACHER, Role.DISTILLED} <= set(run.roles) or seen == Role.DISTILLED:
        return None
    return seen_with(data, Role.DISTILLED)


def decoys(data: RunData) -> tuple[RunData, ...]:
    """The run with each of its finished controls in the teacher's place, but for one that is there already."""
    if Role.TEACHER not in data.run.roles:
        return ()
    return tuple(seen_with(data, key) for key in references_of(data.run).roles)


def seen_with(data: RunData, key: str) -> RunData:
    """The same run with another model as the teacher; what takes memory for every sentence is not kept of it."""
    control = data.ask(own_run).seen(teacher=str(key))

    @contextmanager
    def open_reader(*others: Run) -> Iterator[Reader]:
        with data.open_reader(*others) as reader:
            reader.see(control, *others)
            yield reader

    def keep(family: Family, key: Key, make: Callable[[], Any]) -> Any:
        return make() if family.name in ("_gaps", "codes") else data.keep(family, key, make)

    return replace(data, run=control, open_reader=open_reader, keep=keep)


def label_under(control: RunData, rule: LabelRule, label: str) -> Codes:
    """(n_sentences,), 1 where a sentence has the label under a control, 0 where it has another, 2 where it has none."""
    codes = control.codes(rule)
    found: Codes = (codes == control.labels.index(label) + 1).astype(np.uint8)
    found[codes == 0] = 2
    return found


def load_p(reader: Reader, run: Run, role: str, marks: bool) -> Floats:
    """(n_sentences,), p under a role, NaN where missing. 4 bytes a sentence."""
    rule = LabelRule.make(marks=marks)
    source = sentences_sql(run.run_no, rule)
    found = read_in_order(reader, run, rule, {"p": f"p_{role}::FLOAT"}, source, {"p": np.float32})
    p: Floats = found.columns["p"]
    return p


def load_drops(data: RunData, rule: LabelRule, n_sentences: int) -> Floats | None:
    """(n_sentences,), nats of ln p(answer) that go with a sentence, by the first method that is stored; NaN where not
    known; None if the run has no importance."""
    importance = importance_of(data)
    if not importance.coverage() or not importance.coverage()[0].n_traces:
        return None
    place, drop = importance.places(importance.coverage()[0].method, rule.marks)
    found = np.full(n_sentences, np.nan, np.float32)
    found[place] = drop
    return found
