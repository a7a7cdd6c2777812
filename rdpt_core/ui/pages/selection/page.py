"""The whole page, from the controls to what is taken away."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import streamlit as st

from rdpt_core.analysis.export.methods import methods_paragraph
from rdpt_core.analysis.schemes import BEFORE_TRAINING
from rdpt_core.analysis.selection.comparison import Summary
from rdpt_core.analysis.selection.pick import tie_rule
from rdpt_core.analysis.selection.side_by_side import (
    ComparisonPlan,
    SideBySide,
    compare_strategies,
    possible_strategies,
)
from rdpt_core.analysis.selection.strategies import STRATEGIES, WITH_TEACHER
from rdpt_core.analysis.statistics.methods import EFFECTIVE_QUESTIONS, RESAMPLES, SHARE_INTERVAL, Method, cited
from rdpt_core.errors import UsageError
from rdpt_core.records import Role
from rdpt_core.ui.frame import context, notices
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.pages.selection import basket, controls, download, figures, question
from rdpt_core.ui.parts import export_panel, glossary
from rdpt_core.ui.parts.chart import chart
from rdpt_core.ui.style import words

_PURPOSE = (
    "Which of several responses to a question is worth training on? Every strategy keeps one, judged by teacher and "
    "student alone, before any training. The paper keeps the one with the most Teacher sentences. Length goes along "
    "with almost every score, so it stands beside each of them."
)


def draw(page: PageContext) -> None:
    """The whole page."""
    st.header("Choose training data", anchor=False)
    st.markdown(_PURPOSE)
    possible = page.data.ask(possible_strategies)
    notices.run_notices(page, brief=True)
    notices.faint_notice(page.data.faint(page.rule), brief=True)
    has_teacher = Role.TEACHER in page.run.roles
    if not has_teacher:
        barred = words.listed([f"`{name}`" for name, command in possible.items() if command == WITH_TEACHER])
        st.info(
            f"**This run has no teacher**, so {barred} cannot choose here; the other strategies look at the student "
            f"alone. For all of them, score the candidates with a teacher: `rdpt {WITH_TEACHER}`.",
            icon=":material/person_off:",
        )
    plan = controls.choose(possible, has_teacher=has_teacher)
    with st.container(horizontal=True):
        controls.explain_strategies(possible, has_teacher=has_teacher)
        glossary.explain(
            "candidate", "teacher count", "equal tokens", *map(str, BEFORE_TRAINING.labels), "95% interval"
        )
    try:
        side_by_side = page.data.ask(compare_strategies, page.rule, plan)
    except UsageError as error:
        st.warning(f"**{words.capitalised(error.what)}.** Expected: {words.no_markdown(error.expected or '', 300)}")
        st.code(words.plain(error.got or "", 300), language=None)
        return
    _counts(page, side_by_side)
    if not side_by_side.candidates.is_scored.any():
        st.info(
            "No candidate is scored yet, so there is nothing to choose from.",
            icon=":material/hourglass_empty:",
        )
        return
    if not plan.names:
        st.info("Choose at least one strategy above.", icon=":material/checklist:")
        return
    _compare(page, plan, side_by_side)
    items = basket.items(page)
    question.draw(page, side_by_side, items)
    basket.draw(page, items)
    download.draw(page, plan, side_by_side, items)


def _counts(page: PageContext, side_by_side: SideBySide) -> None:
    candidates = side_by_side.candidates
    scored = candidates.question[candidates.is_scored]
    n_unscored = candidates.n_questions - len(set(scored.tolist()))
    values = {
        "Questions": candidates.n_questions,
        "Candidates": len(candidates),
        "To decide": len(side_by_side.contested),
        "Unscored": n_unscored,
    }
    helps = {
        "To decide": "Questions with at least two scored candidates that pass the guards. Only these can tell "
        "strategies apart.",
        "Unscored": "Questions none of whose candidates is fully scored. No strategy can "
        "pick for them; they are reported in the manifest.",
    }
    for column, (name, value) in zip(st.columns(4), values.items(), strict=True):
        column.metric(name, f"{value:,}", border=True, help=helps.get(name))
    if candidates.n_alike:
        st.caption(f"{notices.questions_alike(candidates.n_alike)} Picks are made for every id.")
    if candidates.is_scored.any() and not side_by_side.contested:
        st.info(
            "**No question has two candidates to choose from.** Draw several responses to each question, four or more, "
            "and score them with `--roles teacher,student`; or loosen the guards.",
            icon=":material/filter_1:",
        )


def _compare(page: PageContext, plan: ComparisonPlan, side_by_side: SideBySide) -> None:
    st.subheader("Side by side", anchor=False)
    names = list(plan.names)
    drawn = {"picks": figures.picks_figure(side_by_side.summaries, context.mode())}
    st.dataframe(
        _rows(side_by_side.summaries),
        hide_index=True,
        height=40 + 35 * len(names),
        column_config=_columns(),
        placeholder="–",
    )
    st.caption(
        f"{cited(SHARE_INTERVAL)} In “correct” every question weighs the same. “Same as longest”: on how many of the "
        "questions with a choice the first choice is a longest candidate. “Score and length” is their correlation "
        "within questions, +1 if the longer always scores better. Correctness of the picks says nothing yet about what "
        f"training on them gives.{_ties(side_by_side)}"
    )
    chart(
        drawn["picks"],
        "picks",
        "What the picks of every strategy are like; the same numbers are in the table",
        clickable=False,
    )
    if side_by_side.contested and len(names) > 1:
        st.subheader("Who picks the same", anchor=False)
        drawn["overlap"] = figures.overlap_figure(side_by_side.overlap, names, context.mode())
        chart(
            drawn["overlap"],
            "overlap",
            "Share of questions on which two strategies keep the same candidate",
            clickable=False,
        )
        n_contested = len(side_by_side.contested)
        st.caption(
            f"Share of the {words.count(n_contested, 'question')} with a choice on which two strategies keep "
            f"the same candidate first. They all agree on {n_contested - len(side_by_side.disagreed):,}."
        )
    export_panel.offer(
        page, "selection", pa.Table.from_pylist(_rows(side_by_side.summaries)), drawn, _methods(page, plan)
    )


def _ties(side_by_side: SideBySide) -> str:
    """Whether picks depend on ties, in a sentence."""
    most = max(side_by_side.summaries, key=lambda summary: summary.n_tied)
    if not most.n_tied:
        return ""
    return (
        f" **Ties**: {most.name} depends on them most, on {most.n_tied:,} of "
        f"{words.count(most.n_contested, 'question')} with a choice; what its score counts then decides in its "
        f"continuous form, and on {most.n_by_hash:,} a hash of the response. The order of the file never does."
    )


def _rows(summaries: Sequence[Summary]) -> list[dict[str, Any]]:
    return [
        {
            "strategy": summary.name,
            "picks": summary.n_picked,
            "questions": summary.n_questions,
            "tokens": summary.n_tokens,
            "tokens a pick": _number(summary.mean_tokens),
            "same as longest": _percent(summary.same_as_longest),
            "score and length": _number(summary.length_correlation),
            "correct": _percent(float(summary.correct.share[0])),
            "correct, 95%": _interval(summary),
            "graded": summary.n_graded,
            "questions graded": summary.correct.n_questions,
            **({"Teacher share": _percent(float(summary.teacher.share[0]))} if summary.teacher.n_counted else {}),
            "ties": summary.n_tied,
            "by hash": summary.n_by_hash,
        }
        for summary in summaries
    ]


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def _percent(value: float) -> float | None:
    return None if math.isnan(value) else 100 * value


def _interval(summary: Summary) -> str:
    correct = summary.correct
    if correct.refused is not None:
        return "–"
    return f"{words.percent(float(correct.low[0]))} to {words.percent(float(correct.high[0]))}"


def _columns() -> dict[str, Any]:
    number = st.column_config.NumberColumn
    percent = {name: number(format="%.0f%%") for name in ("same as longest", "correct", "Teacher share")}
    helps = {
        "questions": "Questions that the picks answer: at equal tokens, a strategy that likes long responses trains on "
        "fewer of them.",
        "ties": "Questions whose picks depend on a tie: the last candidate that is kept has the same score as another "
        "response that is not. What the score counts then decides in its continuous form, such as by how much the "
        "teacher finds each sentence likelier.",
        "by hash": "Ties that are equal in that, too, so that a hash of the response decides; never the place in the "
        "file.",
    }
    names = ("picks", "questions", "tokens", "graded", "ties", "by hash")
    whole = {name: number(format="localized", help=helps.get(name)) for name in names}
    return {**percent, **whole, "tokens a pick": number(format="%.1f"), "score and length": number(format="%+.2f")}


def _yes(flag: bool) -> str:
    return "yes" if flag else "no"


def _methods(page: PageContext, plan: ComparisonPlan) -> str:
    guards, budget, has_teacher = plan.guards, plan.budget, Role.TEACHER in page.run.roles
    three = "three labels apply: Teacher, Student, Common" if has_teacher else "no label applies without a teacher"
    tie_rules = "; ".join(f"{name}: {tie_rule(STRATEGIES[name], has_teacher=has_teacher)}" for name in plan.names)
    formulas = "; ".join(
        f"{name} keeps the {STRATEGIES[name].best} of "
        f"{plan.options.expression if name == 'expression' else STRATEGIES[name].formula} ({STRATEGIES[name].source})"
        for name in plan.names
    )
    extra: list[str | Method] = [
        f"Candidates were judged as before training, so {three}. Strategies: {formulas}; seed {plan.options.seed}.",
        f"Between equal scores: {tie_rules}.",
        f"Picks per question: {budget.per_question}. Correct candidates only: {_yes(guards.correct_only)}. Tokens of a "
        f"candidate: from {guards.min_tokens or 0} to {guards.max_tokens or 'any'}. In all at most "
        f"{budget.max_samples or 'any'} samples and {budget.max_tokens or 'any'} tokens. Every strategy cut to the "
        f"tokens of the smallest: {_yes(plan.equal_tokens)}.",
        "The share of correct picks is a mean over questions.",
        *(SHARE_INTERVAL, EFFECTIVE_QUESTIONS, RESAMPLES),
    ]
    return methods_paragraph(page.run, page.rule, "all traces", extra)
