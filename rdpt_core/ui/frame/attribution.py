"""The thresholds of attribution: chosen on the page Teachers, they hold in the reader, too, and stand in the address.

There they are one parameter, `attribution=0.95,0.3,1`, with `,scaled` if models are brought to one scale; the defaults
need none.
"""

from __future__ import annotations

import streamlit as st

from rdpt_core.analysis.attribution.rule import AttributionRule
from rdpt_core.errors import UsageError
from rdpt_core.ui.frame import links

_PARAMETER = "attribution"
_CHOSEN = "attribution_rule"
_SCALED = "scaled"


def chosen_rule() -> AttributionRule:
    """The rule of the address, else the one chosen before, else the default one; says so if the address has none."""
    wanted = links.requested(_PARAMETER)
    if wanted is not None:
        parsed = _parse(wanted)
        if parsed is None:
            st.warning(
                "**The address names thresholds of attribution that cannot be read.** Those used before hold.",
                icon=":material/link_off:",
            )
        else:
            st.session_state[_CHOSEN] = parsed
    rule: AttributionRule = st.session_state.get(_CHOSEN, AttributionRule.make())
    choose(rule)
    return rule


def choose(rule: AttributionRule) -> None:
    """Keep a rule for all pages of this session, and in the address."""
    st.session_state[_CHOSEN] = rule
    links.publish(_PARAMETER, None if rule == AttributionRule.make() else _text(rule))


def _text(rule: AttributionRule) -> str:
    numbers = ",".join(f"{value:.10g}" for value in (rule.sure, rule.several, rule.shortfall))
    return f"{numbers},{_SCALED}" if rule.calibrated else numbers


def _parse(text: str) -> AttributionRule | None:
    numbers, is_scaled = text.removesuffix(f",{_SCALED}"), text.endswith(f",{_SCALED}")
    try:
        sure, several, shortfall = map(float, numbers.split(","))
        return AttributionRule.make(sure, several, shortfall, calibrated=is_scaled)
    except (ValueError, UsageError):
        return None
