"""The spread of the models' gaps in each group, and reach with it taken out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from rdpt_core.analysis.evidence.transfer.data import ratio_rule
from rdpt_core.analysis.evidence.transfer.reach import ReachTable
from rdpt_core.analysis.evidence.transfer.scale import Spread
from rdpt_core.analysis.labels import LabelRule, Space
from rdpt_core.analysis.schemes import Scheme, letter
from rdpt_core.analysis.statistics.resampling import LEVEL
from rdpt_core.ui.pages.evidence.transfer import figures
from rdpt_core.ui.pages.evidence.transfer.summary import with_interval
from rdpt_core.ui.style import words

_PURPOSE = (
    "A fixed threshold finds more where the models' gaps are wide. They may be wide because the teacher gave much "
    "there, or because the text is surprising to either model."
)


def draw(found: Mapping[Space, Sequence[Spread]], scheme: Scheme) -> bool:
    """The spread by group; returns whether reach is to be shown from standardised log-ratios."""
    st.subheader("How wide the gaps are", anchor=False)
    st.markdown(_PURPOSE)
    names = [spread.name for spread in found[Space.RATIO]]
    upper, lower = (f"p_{letter(role)}" for role in (scheme.upper, scheme.lower))
    columns = {Space.RATIO: f"ln {upper} − ln {lower}, nats", Space.DIFFERENCE: f"{upper} − {lower}"}
    rows = []
    for k, name in enumerate(names):
        row: dict[str, object] = {"group": words.plain(name, 40)}
        for space, spreads in found.items():
            spread, digits = spreads[k], 2 if space is Space.RATIO else 3
            row[f"SD of {columns[space]}"] = _with_interval(spread, digits)
            row[f"robust SD ({'ratio' if space is Space.RATIO else 'difference'})"] = round(spread.robust, digits)
        row |= {"sentences": found[Space.RATIO][k].n_sentences, "questions": found[Space.RATIO][k].n_questions}
        rows.append(row)
    whole = st.column_config.NumberColumn(format="localized")
    st.dataframe(rows, hide_index=True, placeholder="–", column_config={"sentences": whole})
    st.caption(
        f"Standard deviations of all gaps of a group, with {LEVEL:.0%} intervals over questions. The robust "
        "one is 1.4826 times the median absolute deviation and has no interval; far below the other, it says that most "
        "gaps are small and a few very large. That of all groups holds the differences between groups, too."
    )
    return st.toggle(
        "Standardise log-ratios",
        key="standardise",
        bind="query-params",
        help="Divides every log-ratio of a group by the group's SD and multiplies it by that of all groups, before the "
        "rule is applied. Only here: no other number of the app changes.",
    )


def _with_interval(spread: Spread, digits: int) -> str:
    value = f"{spread.sd:.{digits}f}"
    return value if spread.refused else f"{value} ({spread.low:.{digits}f} to {spread.high:.{digits}f})"


def side_by_side(before: ReachTable, after: ReachTable, rule: LabelRule, scheme: Scheme) -> None:
    """Reach in ratio space before and after standardising."""
    ratio = ratio_rule(rule)
    standardised = {(is_level, row.name): row for row, is_level, _ in figures.rows_of(after)}
    rows = []
    for row, is_level, _ in figures.rows_of(before):
        other = standardised.get((is_level, row.name))
        rows.append(
            {
                "group": f"all {row.name}" if is_level else words.plain(row.name, 40),
                "level": row.level,
                "reach": with_interval(row.reach),
                "reach, standardised": None if other is None else with_interval(other.reach),
                f"{scheme.above}": with_interval(row.label),
                f"{scheme.above}, standardised": None if other is None else with_interval(other.label),
            }
        )
    st.dataframe(rows, hide_index=True, placeholder="–")
    same = (
        ""
        if rule.space is Space.RATIO
        else " The rule of this page compares differences, which are bounded and have no scale to take out, so both "
        "columns are those of log-ratios, at the default thresholds."
    )
    st.caption(
        f"Labels of log-ratios at {words.thresholds(before_roles(scheme), ratio)} nats.{same} Standardising is a bound "
        "and no correction: where the teacher reaches far the gaps are wide for that reason, and a part of the reach "
        "goes with the scale."
    )


def before_roles(scheme: Scheme) -> tuple[str, ...]:
    """The roles of a scheme as `words.thresholds` takes them."""
    return tuple(str(role) for role in scheme.roles)
