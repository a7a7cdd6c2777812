"""Which sentences count as the teacher's reach.

    three roles              Teacher, and Boosted with p_D above both others (Boosted, up)
    teacher and student      Teacher
    student and distilled    Gained

Boosted, up says by itself nothing of the teacher: p_T and p_S differ by no more than β there. It is what distillation
raised where teacher and student agree. So a control can only be set beside the label Teacher: with the distilled model
in the teacher's place no sentence can be Boosted, up, since no model lies above itself, and of three roles

    share of Teacher without the teacher = share of sentences with p_D − p_S > β

which holds all that distillation clearly raised, Boosted, up with it.
"""

from __future__ import annotations

import numpy as np

from rdpt_core.analysis.labels import LabelRule, Space, Unit, labels_sql
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.run.gaps.gap_arrays import read_in_order
from rdpt_core.analysis.run.kept import Family
from rdpt_core.analysis.schemes import scheme_of
from rdpt_core.analysis.sentences import sentences_sql
from rdpt_core.arrays import Bools, Codes
from rdpt_core.records import Role

NOT_COUNTED, ABOVE, UP, OTHER = range(4)
"""Codes of sentences: unscored, the label above β, Boosted and up, and all others."""

N_PARTS = 4

_UP = Family("raised_above_both", 2, message="Reading which sentences distillation raised …")


def parts_of(data: RunData, rule: LabelRule) -> Codes:
    """(n_sentences,), one of the four codes above, in the places of `data.gaps(rule)`."""
    scheme = scheme_of(data.run.roles)
    code_of = {label: code for code, label in enumerate(data.labels, 1)}
    part = np.full(len(data.labels) + 1, OTHER, np.uint8)
    part[0] = NOT_COUNTED
    part[code_of[str(scheme.above)]] = ABOVE
    codes = data.codes(rule)
    found: Codes = part[codes]
    if scheme.is_triple:
        found[raised(data, rule) & (codes == code_of[str(scheme.rest)])] = UP
    return found


def raised(data: RunData, rule: LabelRule) -> Bools:
    """(n_sentences,), whether the distilled model finds a sentence likelier than both others do; thresholds play no
    part. FALSE where a number is missing."""
    if (Role.TEACHER, str(Role.DISTILLED)) in data.run.seen_as:
        return np.zeros(len(data.gaps(rule).gap), bool)

    def read() -> Bools:
        return _load(data, rule.unit, rule.space, rule.marks)

    found: Bools = data.keep(_UP, (*data.key, rule.unit, rule.space, rule.marks), read)
    return found


def _load(data: RunData, unit: Unit, space: Space, marks: bool) -> Bools:
    rule = LabelRule(0.0, 0.0, unit, space, marks)
    source = labels_sql(rule, data.run.roles, sentences_sql(data.run.run_no, rule))
    columns = {"is_up": "coalesce(d_sd < 0 AND d_td < 0, FALSE)::UTINYINT"}
    with data.open_reader() as reader:
        found = read_in_order(reader, data.run, rule, columns, source, {"is_up": np.uint8})
    return np.asarray(found.columns["is_up"] > 0)
