"""The controls that every page shares: which run, and the label rule.

They are drawn outside the pages, and so keep their values from page to page.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from rdpt_core.analysis.labels import LabelRule, Space, Unit, default_thresholds
from rdpt_core.analysis.schemes import WITHOUT_TEACHER, Scheme
from rdpt_core.errors import UsageError
from rdpt_core.store.reader import Run, default_run
from rdpt_core.ui.frame import links
from rdpt_core.ui.style import words

UNIT_BY_NAME = {"own token": Unit.OWN_TOKEN, "common token": Unit.COMMON_TOKEN, "byte": Unit.BYTE}
SPACE_BY_NAME = {"difference": Space.DIFFERENCE, "ratio": Space.RATIO}

_UNIT_HELP = """What each model's summed logprob of a sentence is divided by.

- **own token**: its own tokens. The paper's choice.
- **common token**: the distilled model's tokens, for every model. Fair when tokenizers differ.
- **byte**: UTF-8 bytes. Goes with ratios only."""

_SPACE_HELP = """What is compared with α and β.

- **difference**: differences of probabilities, such as p_T − p_S. The paper's choice.
- **ratio**: differences of log-probabilities, in nats. They do not shrink when all probabilities are small."""

_MARKS_HELP = """Label and count marks of format like sentences: tags around thinking or a solution, channels, turns.

They are no reasoning, and who finds them likely says only whose format they are. So they carry no label, and no share,
curve or test knows them, unless this is on."""

_ALPHA_HELP = "A sentence is Shared if no two of the three values differ by more than α. α must be below β."
_NO_ALPHA = "With two models α plays no part: Shared needs teacher, student and distilled model."
_BETA_HELP = (
    "A sentence is {above} if the value of the {upper} exceeds that of the {lower} by more than β, and {below} the "
    "other way round."
)


def choose_run(runs: Sequence[Run]) -> Run | None:
    """The run of the address, else the one chosen before, else the default; None if the address asks for another."""
    by_id = {run.run_id: run for run in runs}
    wanted = links.requested("run")
    if wanted in by_id:
        st.session_state["run_id"] = wanted
    # The trace page writes its own ids afterwards; an unknown run stays in the address until another is chosen.
    unknown = wanted is not None and wanted not in by_id
    if st.session_state.get("run_id") not in by_id:
        st.session_state["run_id"] = default_run(runs).run_id
    names = words.run_names(runs)
    st.session_state["run_pick"] = None if unknown else st.session_state["run_id"]
    st.selectbox(
        "Run",
        [run.run_id for run in reversed(runs)],
        key="run_pick",
        format_func=lambda run_id: names[run_id],
        on_change=_run_changed,
        placeholder="Choose a run",
        help="A run is a set of traces scored by one triple of models. The newest comes first.",
    )
    if unknown:
        return None
    links.publish("run", st.session_state["run_id"])
    return by_id[st.session_state["run_id"]]


def use_run(run_id: str) -> None:
    """Go over to another run of the file, in a callback."""
    st.session_state["run_id"] = run_id
    links.publish("run", run_id)


def open_run(run_id: str) -> None:
    """Go over to another run of the file and stay on the page, in a callback."""
    use_run(run_id)
    # The same trace of another run, if it is there; if not, that is no stale link.
    links.publish("trace", None)


def _run_changed() -> None:
    chosen = st.session_state["run_pick"]
    if chosen is not None:
        open_run(chosen)


def choose_rule(scheme: Scheme) -> LabelRule | None:
    """Thresholds, unit, space and marks; None, with an explanation on the page, if unit and space do not go together.

    Args:
        scheme: that of the run; with two roles α decides nothing, and keeps its value for the runs with three.
    """
    st.markdown("**Label rule**")
    thresholds = st.container(gap="small")
    with st.expander("Unit, space and marks"):
        unit_name = st.selectbox(
            "Unit", list(UNIT_BY_NAME), key="unit", bind="query-params", help=_UNIT_HELP, on_change=_reset
        )
        space_name = st.selectbox(
            "Space", list(SPACE_BY_NAME), key="space", bind="query-params", help=_SPACE_HELP, on_change=_reset
        )
        marks = st.checkbox("Count marks of format", key="with_marks", bind="query-params", help=_MARKS_HELP)
    unit, space = UNIT_BY_NAME[unit_name], SPACE_BY_NAME[space_name]
    try:
        default_alpha, default_beta = default_thresholds(unit, space)
    except UsageError:
        return None
    with thresholds:
        alpha_help = _ALPHA_HELP if scheme.is_triple else _NO_ALPHA
        alpha = _threshold("alpha", "α", default_alpha, default_beta, alpha_help, disabled=not scheme.is_triple)
        upper, lower = words.NOUNS[scheme.upper], words.NOUNS[scheme.lower]
        beta_help = _BETA_HELP.format(above=scheme.above, below=scheme.below, upper=upper, lower=lower)
        beta = _threshold("beta", "β", default_beta, default_beta, beta_help)
        if space is Space.DIFFERENCE and beta >= 1:
            st.caption(
                "No two probabilities differ by more than 1, so with β ≥ 1 no sentence is "
                f"{scheme.above} or {scheme.below}."
            )
        _reset_button((unit, space), scheme, (alpha, beta), (default_alpha, default_beta))
    return LabelRule.make(alpha, beta, unit, space, bool(marks))


def _reset_button(
    unit_and_space: tuple[Unit, Space], scheme: Scheme, chosen: tuple[float, float], default: tuple[float, float]
) -> None:
    name = words.defaults_name(*unit_and_space, scheme)
    origin = "β is the paper's; it prints no α, so that one is ours." if "Paper" in name else "Both are ours, in nats."
    if unit_and_space == (Unit.COMMON_TOKEN, Space.DIFFERENCE):
        origin = "The same as for own tokens."
    elif scheme is WITHOUT_TEACHER and unit_and_space[1] is Space.DIFFERENCE:
        origin = "The paper's β, taken over for the gap between distilled model and student."
    st.button(
        name,
        on_click=_reset,
        width="stretch",
        disabled=chosen == default,
        help=f"α = {default[0]:g}, β = {default[1]:g}. {origin}",
    )


def _threshold(
    key: str, symbol: str, default: float, default_beta: float, help_text: str, *, disabled: bool = False
) -> float:
    """A number, bound to the address, with a slider as its handle. A number beyond the slider's range extends it."""
    maximum, step = 5 * default_beta, default_beta / 20
    slider_key = f"{key}_slider"
    left, right = st.columns([3, 2], vertical_alignment="bottom")

    def moved() -> None:
        st.session_state[key] = round(st.session_state[slider_key], 6)

    with right:
        number = st.number_input(
            f"{symbol}, exact",
            min_value=0.0,
            value=default,
            step=step,
            format="%.4g",
            key=key,
            bind="query-params",
            label_visibility="collapsed",
            disabled=disabled,
        )
    with left:
        maximum = max(maximum, float(number))
        st.session_state[slider_key] = max(float(number), 0.0)
        st.slider(
            symbol,
            0.0,
            maximum,
            step=step,
            format="%.4g",
            key=slider_key,
            on_change=moved,
            help=help_text,
            disabled=disabled,
        )
    return float(number)


def set_thresholds(alpha: float, beta: float) -> None:
    """What dragging a handle elsewhere does, in a callback. The number boxes and the address follow."""
    st.session_state["alpha"], st.session_state["beta"] = round(alpha, 6), round(beta, 6)


def _reset() -> None:
    """Thresholds of one unit mean nothing in another, so a change of unit or space starts from the defaults."""
    unit, space = UNIT_BY_NAME[st.session_state["unit"]], SPACE_BY_NAME[st.session_state["space"]]
    try:
        st.session_state["alpha"], st.session_state["beta"] = default_thresholds(unit, space)
    except UsageError:
        return


def use_ratio() -> None:
    """Leave the combination that no threshold fits."""
    st.session_state["space"] = "ratio"
    _reset()


def explain_bad_rule() -> None:
    """Shown instead of a page while the unit is bytes and the space is differences."""
    st.warning(
        "**Bytes go with ratios only.** A probability per byte lies near 1 for every sentence, so differences of such "
        "probabilities say nothing. Choose another unit, or compare log-ratios."
    )
    st.button("Compare ratios", on_click=use_ratio, type="primary")
