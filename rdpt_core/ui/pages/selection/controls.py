"""What is compared and under which conditions; every choice lives in the address."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from rdpt_core.analysis.selection.candidates import COLUMNS, TEACHER_COLUMNS
from rdpt_core.analysis.selection.expression import FUNCTIONS
from rdpt_core.analysis.selection.pick import Budget, Guards, tie_rule
from rdpt_core.analysis.selection.side_by_side import ComparisonPlan
from rdpt_core.analysis.selection.strategies import STRATEGIES, Options
from rdpt_core.ui.style import words

_FIRST = ("teacher-count", "teacher-share", "teacher-fewest", "longest", "random", "grape")
_EXAMPLE, _EXAMPLE_WITHOUT_TEACHER = "n_teacher - 0.01 * n_tokens", "logprob_sum_student / n_bytes"


def choose(possible: Mapping[str, str | None], *, has_teacher: bool) -> ComparisonPlan:
    """Draw the controls.

    Args:
        possible: every strategy with the command that it still needs, None if none.
        has_teacher: whether formulas may use the columns that need one.
    """
    able = [name for name, command in possible.items() if command is None]
    # Pills, since the chips of a multiselect are too pale to read in the dark theme.
    picked = st.pills(
        "Strategies to compare",
        able,
        selection_mode="multi",
        default=[name for name in _FIRST if name in able],
        key="strategies",
        bind="query-params",
    )
    # In the order of the registry, whatever was clicked first.
    names = [name for name in able if name in picked]
    expression = _EXAMPLE if has_teacher else _EXAMPLE_WITHOUT_TEACHER
    if "expression" in names:
        title = "Your formula; the largest value wins"
        expression = st.text_input(title, expression, key="formula", bind="query-params")
        with st.expander("What a formula may hold"):
            st.markdown(f"`+ - * / % **`, comparisons, `and or not`, `a if b else c`, {_code(FUNCTIONS)}, and:")
            st.dataframe(
                [
                    {"column": name, "meaning": meaning}
                    for name, meaning in COLUMNS.items()
                    if has_teacher or name not in TEACHER_COLUMNS
                ],
                hide_index=True,
                height=240,
            )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        correct_only = st.checkbox(
            "Correct candidates only", key="correct_only", bind="query-params", help="Not graded counts as not correct."
        )
        equal_tokens = st.checkbox(
            "Equal tokens",
            key="equal_tokens",
            bind="query-params",
            help="Cut every strategy to the tokens of the smallest, in a random order of questions that is the same "
            "for all. A longer pick is more training data: only at equal tokens is the comparison fair.",
        )
    with st.expander("Length, budget and seed"):
        guards, budget, seed = _numbers(bool(correct_only))
    return ComparisonPlan(tuple(names), Options(seed, expression or ""), guards, budget, bool(equal_tokens))


def _numbers(correct_only: bool) -> tuple[Guards, Budget, int]:
    left, middle, right = st.columns(3)
    with left:
        per_question = _whole("Picks per question", "per_question", 1, least=1)
        seed = _whole(
            "Seed", "seed", 0, help_text="Of the strategy random, and of the order in which budgets are filled."
        )
    with middle:
        least = _optional("Shortest candidate, tokens", "min_tokens")
        most = _optional("Longest candidate, tokens", "max_tokens")
    with right:
        samples = _optional("Samples in all, at most", "samples")
        tokens = _optional("Tokens in all, at most", "tokens")
    return Guards(correct_only, least, most), Budget(per_question or 1, samples, tokens), seed or 0


def _whole(label: str, key: str, value: int, *, least: int = 0, help_text: str | None = None) -> int:
    number: int = st.number_input(
        label, min_value=least, max_value=2**31 - 1, value=value, step=1, key=key, bind="query-params", help=help_text
    )
    return number


def _optional(label: str, key: str) -> int | None:
    number: int | None = st.number_input(
        label,
        min_value=1,
        max_value=2**31 - 1,
        value=None,
        step=1,
        key=key,
        bind="query-params",
        placeholder="no limit",
    )
    return number


def explain_strategies(possible: Mapping[str, str | None], *, has_teacher: bool) -> None:
    """Formula, direction and source of every strategy, and what a run needs for those that are not possible yet."""
    with st.popover("What the strategies do", icon=":material/help:"):
        for name, strategy in STRATEGIES.items():
            command = possible[name]
            needs = f" Not possible on this run yet: needs `rdpt {command}`." if command else ""
            ties = words.capitalised(tie_rule(strategy, has_teacher=has_teacher))
            st.markdown(
                f"**{name}** keeps the {strategy.best}: {strategy.formula.replace('|', 'or')}. "
                f"*{strategy.source}*. {ties}.{needs}"
            )
        st.markdown("The place of a response in the file decides nothing.")


def _code(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)
