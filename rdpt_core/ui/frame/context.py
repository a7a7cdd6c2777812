"""What every page starts from: the open file, the chosen run and the label rule."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import streamlit as st

from rdpt_core.analysis.faint import Faint
from rdpt_core.analysis.labels import LabelRule, Unit
from rdpt_core.analysis.run.data import RunData
from rdpt_core.store.reader import Run
from rdpt_core.ui.data.cache import Source
from rdpt_core.ui.style import words
from rdpt_core.ui.style.theme import Mode

_KEY = "page_context"


@dataclass(frozen=True, slots=True)
class PageContext:
    """Handed from the shell to the page that it runs."""

    source: Source
    run: Run
    rule: LabelRule

    @property
    def data(self) -> RunData:
        """Every number of the run."""
        return self.source.data(self.run)


@contextmanager
def around(page: PageContext) -> Iterator[None]:
    """The context of whatever the shell draws inside; it does not outlive the run, so no page can meet an old one."""
    st.session_state[_KEY] = page
    try:
        yield
    finally:
        del st.session_state[_KEY]


def current() -> PageContext | None:
    """Called by a page; None if the page runs without its shell."""
    page: PageContext | None = st.session_state.get(_KEY)
    return page


def mode() -> Mode:
    """Whether the browser shows the light or the dark theme."""
    return "dark" if st.context.theme.type == "dark" else "light"


def notices(page: PageContext, *, brief: bool = False) -> None:
    """What a reader must know about this run and rule before believing any label.

    Args:
        brief: small print instead of boxes, for a page whose first screen belongs to something else.
    """
    run, rule = page.run, page.rule
    if run.has_distilled and rule.alpha >= rule.beta:
        st.warning(
            f"**α = {rule.alpha:g} is not below β = {rule.beta:g}.** Shared is decided first, so sentences that differ "
            "by more than β but not by more than α are called Shared instead of Teacher or Student.",
            icon=":material/warning:",
        )
    found = []
    if not run.one_tokenizer:
        found.append(f"**The models have different tokenizers.** {_TOKENIZER_ADVICE[rule.unit]}")
    plain = [str(model.role) for model in run.models if model.template == "plain"]
    if plain:
        found.append(
            f"**No chat template: {', '.join(plain)}.** The question was given in a plain rendering instead, which may "
            "change how likely the beginning of a response is."
        )
    for text in found:
        if brief:
            st.caption(f":material/info: {text}")
        else:
            st.info(text, icon=":material/info:")


def faint_notice(faint: Faint | None, *, brief: bool = False) -> None:
    """Say so if many labels follow from small probabilities alone.

    Args:
        brief: small print instead of a box, as for `notices`.
    """
    if faint is None or not faint.is_notable:
        return
    text = (
        f"**{faint.n_faint:,} of {words.count(faint.n_label, f'{faint.label} sentence')} "
        f"{'is' if faint.n_faint == 1 else 'are'} so unlikely under every model that differences cannot tell the "
        f"models apart** (every p ≤ {faint.symbol}). Look at Space = ratio, and check models and template."
    )
    if brief:
        st.caption(f":material/warning: {text}")
    else:
        st.warning(text, icon=":material/warning:")


_TOKENIZER_ADVICE = {
    Unit.OWN_TOKEN: (
        "A mean over a model's own tokens favours the one with the finer tokens: compare with the unit “common token”."
    ),
    Unit.COMMON_TOKEN: "The unit “common token”, chosen here, makes their values comparable.",
    Unit.BYTE: "The unit “byte”, chosen here, makes their values comparable.",
}
