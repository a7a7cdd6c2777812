"""What only the reader of a trace asks for."""

from __future__ import annotations

from typing import Any

from rdpt_core.analysis.attribution.data import attribution_of
from rdpt_core.analysis.attribution.rule import AttributionRule
from rdpt_core.analysis.evidence.context import load_short_gaps
from rdpt_core.analysis.evidence.importance.columns import load_trace_importance
from rdpt_core.analysis.evidence.overlap.data import overlap_of
from rdpt_core.analysis.evidence.p_values.data import evidence_of
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.run.kept import Family
from rdpt_core.analysis.trace.others import OtherView, load_others
from rdpt_core.analysis.trace.tokens import Strip, strip_of
from rdpt_core.analysis.trace.view import TraceView
from rdpt_core.analysis.which_teacher import teacher_name
from rdpt_core.arrays import Doubles
from rdpt_core.records import Role
from rdpt_core.store.reader import Run
from rdpt_core.ui.components.reader.answers import SentenceAnswers, sentence_answers
from rdpt_core.ui.components.reader.evidence import SentenceEvidence, evidence_of_trace
from rdpt_core.ui.components.reader.formulas import formulas_payload
from rdpt_core.ui.components.reader.payload import Extras
from rdpt_core.ui.components.reader.training import SentenceTraining
from rdpt_core.ui.data.cache import DatabaseSnapshot

_FORMULAS = Family("formulas", 4, is_small=True)


def strip(data: RunData, view: TraceView, index: int | None) -> Strip | None:
    """The tokens of a sentence under every model; None without a sentence."""
    if index is None or not view.is_scored:
        return None
    row = view.sentences.slice(index, 1).select(["char_start", "char_end"]).to_pylist()[0]
    return strip_of(data.trace_tokens(view), row["char_start"], row["char_end"], index)


def reader_key(run: Run, trace_no: int) -> str:
    """What tells the reader's messages from those about another trace, or about another teacher."""
    teacher = dict(run.seen_as).get(Role.TEACHER)
    return f"{run.run_id}/{trace_no}" + ("" if teacher is None else f"/{teacher}")


def extras(data: RunData, view: TraceView, attribution: AttributionRule | None) -> Extras:
    """What a run with several teachers, with further models, with importance, or with training texts shows of a trace.

    Args:
        attribution: how sentences are attributed; None where they cannot be.
    """
    found = None if attribution is None else answers(data, view, attribution)
    short = data.ask(load_short_gaps, view.trace_no, view.rule.without_thresholds()) if view.is_scored else None
    return Extras(
        teacher_name(data.run),
        others(data, view),
        found,
        evidence(data, view),
        importance(data, view),
        short,
        training(data, view),
    )


def training(data: RunData, view: TraceView) -> SentenceTraining:
    """How far each sentence stands in the training texts; empty where it was not looked up."""
    found = overlap_of(data) if view.is_scored else None
    return () if found is None else found.trace(view.trace_no)


def others(data: RunData, view: TraceView) -> tuple[OtherView, ...]:
    """What the run's further models make of a trace, whatever the thresholds."""
    if not (view.is_scored and data.run.companions):
        return ()
    return data.ask(load_others, view.trace_no, view.rule.without_thresholds())


def importance(data: RunData, view: TraceView) -> dict[str, Doubles]:
    """How much the answer depends on each sentence, by every method that is stored."""
    return data.ask(load_trace_importance, view.trace_no) if view.is_scored else {}


def answers(data: RunData, view: TraceView, attribution: AttributionRule) -> SentenceAnswers | None:
    """Whose the sentences of a trace are by attribution; None where none is scored."""
    if not view.is_scored:
        return None
    found = attribution_of(data).trace(view.trace_no, view.rule, attribution)
    return sentence_answers(found, view.sentences.num_rows)


def evidence(data: RunData, view: TraceView) -> SentenceEvidence | None:
    """How surely the sentences of a trace are likelier under the teacher than under references; None without any."""
    return evidence_of_trace(evidence_of(data), view)


def formulas(database: DatabaseSnapshot, view: TraceView, key: str, name: str = "main") -> dict[str, Any]:
    """The formulas of a trace, as the reader takes them."""
    payload: dict[str, Any] = database.keep(_FORMULAS, (key, name), lambda: formulas_payload(view.texts(), name, key))
    return payload
