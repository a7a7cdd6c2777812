"""How well a label tells correct from incorrect traces, with the teacher and under a control.

Both sides count the same sentences, as in `control_shares`, so they rest on the same traces and their difference is
paired by question.
"""

from __future__ import annotations

from dataclasses import dataclass

from rdpt_core.analysis.evidence.control_shares import ControlledRun
from rdpt_core.analysis.evidence.controls import Control
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.kept import Family
from rdpt_core.analysis.run.predict.graded import graded_of
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.statistics.auc import Auc, AucGap, auc_gap, auc_within

_COMPARED = Family("auc_under_control", 16)


@dataclass(frozen=True, slots=True)
class AucUnderControl:
    """The AUC of the first label within benchmarks.

    Attributes:
        label: its name.
        true: with the teacher.
        control: under the control.
        gap: how much farther from 0.5 `true` is than `control`, over the same pairs.
    """

    label: str
    true: Auc
    control: Auc
    gap: AucGap


def auc_under(
    controlled: ControlledRun, control: Control, rule: LabelRule, scope: Scope, measure: str
) -> AucUnderControl:
    """The first label against correctness, with the teacher and under a control.

    Args:
        measure: one of `predict.graded.MEASURES`.
    """
    data = controlled.data

    def answer() -> AucUnderControl:
        joint, traces = controlled.joint(control, rule)[data.rows(rule, scope)], data.trace_table(scope)
        label = data.labels[0]
        sides = [graded_of(traces, joint.sum(axis=axis), data.labels, measure) for axis in (2, 1)]
        true, other = (side.scores()[label] for side in sides)
        # Both sides hold the same traces.
        correct, benchmark, question = sides[0].correct, sides[0].benchmark, sides[0].question
        return AucUnderControl(
            label,
            auc_within(true, correct, benchmark, question),
            auc_within(other, correct, benchmark, question),
            auc_gap(true, other, correct, benchmark, question),
        )

    found: AucUnderControl = data.keep(_COMPARED, (*data.key, control.key, rule, scope, measure), answer)
    return found
