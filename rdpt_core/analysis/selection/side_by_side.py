"""What the selection page shows: strategies side by side, and the candidates of one question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.selection.candidates import Candidates, load_candidates, local_contexts
from rdpt_core.analysis.selection.comparison import Overlap, Summary, overlap, summarise
from rdpt_core.analysis.selection.pick import Budget, Guards, Selection, same_score, select_each
from rdpt_core.analysis.selection.strategies import STRATEGIES, Options
from rdpt_core.analysis.selection.training import training_text
from rdpt_core.records import Role
from rdpt_core.store.reader import Reader, Run


@dataclass(frozen=True, slots=True)
class ComparisonPlan:
    """Which strategies are compared, and under which conditions.

    Attributes:
        names: the strategies, in the order in which they are shown.
        equal_tokens: cut all of them to the tokens of the smallest.
    """

    names: tuple[str, ...]
    options: Options
    guards: Guards
    budget: Budget
    equal_tokens: bool


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Strategies over one run.

    Attributes:
        contested: numbers of the questions with at least two scored candidates within the guards, ascending.
        disagreed: those of them on which not all strategies have the same first choice.
    """

    candidates: Candidates
    selections: tuple[Selection, ...]
    overlap: Overlap
    summaries: tuple[Summary, ...]
    contested: tuple[int, ...]
    disagreed: tuple[int, ...]


def possible_strategies(reader: Reader, run: Run) -> dict[str, str | None]:
    """Every strategy by name, with the command that it still needs; None if it is possible."""
    ranks = "SELECT 1 FROM sentences WHERE run_no = ? AND rank_sum_student IS NOT NULL LIMIT 1"
    present = {
        "rank_sum_student": reader.query(ranks, [run.run_no]).num_rows > 0,
        "local_step_mean": bool(local_contexts(reader, run)),
    }
    has_teacher = Role.TEACHER in run.roles
    return {
        name: strategy.missing(present.__getitem__, has_teacher=has_teacher) for name, strategy in STRATEGIES.items()
    }


def compare_strategies(reader: Reader, run: Run, rule: LabelRule, plan: ComparisonPlan) -> SideBySide:
    """Everything that the page shows of the run as a whole.

    Raises:
        UsageError: a strategy cannot be used on this run, or the expression is none.
    """
    candidates = load_candidates(reader, run, rule)
    strategies = [STRATEGIES[name] for name in plan.names]
    selections = select_each(
        candidates, strategies, plan.options, plan.guards, plan.budget, equal_tokens=plan.equal_tokens
    )
    is_fit = candidates.is_scored & plan.guards.passes(candidates)
    n_fit = np.bincount(candidates.question[is_fit], minlength=candidates.n_questions)
    contested = np.flatnonzero(n_fit >= 2)
    best = np.array([selection.best for selection in selections]).reshape(len(selections), candidates.n_questions)
    is_disagreed = (best != best[:1]).any(axis=0) if len(selections) else np.zeros(candidates.n_questions, dtype=bool)
    return SideBySide(
        candidates=candidates,
        selections=tuple(selections),
        overlap=overlap(candidates, selections),
        summaries=tuple(summarise(candidates, selections)),
        contested=tuple(contested.tolist()),
        disagreed=tuple(contested[is_disagreed[contested]].tolist()),
    )


def question_list(reader: Reader, run: Run) -> list[tuple[str, str]]:
    """Benchmark and id of every question, in order of first appearance: the numbers of `Candidates.question`."""
    rows = reader.query(
        "SELECT benchmark, question_id FROM traces WHERE run_no = ? "
        "GROUP BY benchmark, question_id ORDER BY min(trace_no)",
        [run.run_no],
    )
    return list(zip(rows.column("benchmark").to_pylist(), rows.column("question_id").to_pylist(), strict=True))


def candidate_rows(reader: Reader, run: Run, trace_nos: tuple[int, ...]) -> list[dict[str, Any]]:
    """trace_no, trace_id, sample, correct, model, question, and the beginning of the response, of traces in order."""
    rows: list[dict[str, Any]] = reader.query(
        "SELECT trace_no, trace_id, sample, correct, model, left(response, 200) AS beginning, "
        "coalesce(CASE WHEN json_valid(messages) THEN json_extract_string(messages, '$[#-1].content') END, prompt) "
        "AS question FROM traces WHERE run_no = ? AND trace_no IN (SELECT unnest(?::INTEGER[])) ORDER BY trace_no",
        [run.run_no, list(trace_nos)],
    ).to_pylist()
    return rows


def positions_of(reader: Reader, run: Run, trace_ids: Sequence[str]) -> dict[str, int]:
    """Trace numbers by id, of those that the run holds: the positions of these candidates."""
    rows = reader.query(
        "SELECT trace_id, trace_no FROM traces WHERE run_no = ? AND trace_id IN (SELECT unnest(?::VARCHAR[]))",
        [run.run_no, list(trace_ids)],
    ).to_pylist()
    return {row["trace_id"]: row["trace_no"] for row in rows}


def picked_text(reader: Reader, run: Run, trace_nos: tuple[int, ...], format_name: str) -> str:
    """The training file of some traces.

    Raises:
        InputError: a trace does not fit the format.
    """
    return training_text(reader, run, np.array(trace_nos, dtype=np.int64), format_name)


def explain_choice(candidates: Candidates, selection: Selection, members: Sequence[int], names: Sequence[str]) -> str:
    """Why a strategy keeps what it keeps of one question, in a sentence without markup.

    Args:
        members: positions of the question's candidates.
        names: how the page calls them, in the same order.
    """
    name_of = dict(zip(members, names, strict=True))
    eligible = [member for member in members if selection.eligible[member]]
    if not eligible:
        return "keeps none: no candidate is scored and within the guards."
    first = int(selection.best[candidates.question[members[0]]])
    score = selection.score[first]
    if len(eligible) == 1:
        return f"keeps {name_of[first]}, the only candidate that is scored and within the guards."
    others = sorted(
        (member for member in eligible if member != first),
        key=lambda member: abs(selection.score[member] - score),
    )
    tied = [member for member in others if same_score(selection.score[member], score)]
    if tied:
        have = f"{', '.join(name_of[member] for member in tied)} {'has' if len(tied) == 1 else 'have'} the same"
        if all(candidates.response_hash[member] == candidates.response_hash[first] != 0 for member in tied):
            return f"keeps {name_of[first]} with {score:.4g}; {have}, being the same response."
        if any(selection.tie_score[member] == selection.tie_score[first] for member in tied):
            return f"keeps {name_of[first]} with {score:.4g}; {have}, and a hash of the response decides."
        return f"keeps {name_of[first]} with {score:.4g}; {have}, and this one has {selection.strategy.ties.formula}."
    return (
        f"keeps {name_of[first]} with the {selection.strategy.best} score, {score:.4g}; "
        f"next is {name_of[others[0]]} with {selection.score[others[0]]:.4g}."
    )
