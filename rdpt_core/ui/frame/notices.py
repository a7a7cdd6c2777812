"""What a reader must know about a run and a rule before believing any label."""

from __future__ import annotations

import streamlit as st

from rdpt_core.analysis.faint import Faint
from rdpt_core.analysis.labels import Unit
from rdpt_core.analysis.schemes import WITHOUT_TEACHER, scheme_of
from rdpt_core.analysis.scope import Scope
from rdpt_core.config.same_models import same_model_notes
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.style import words


def run_notices(page: PageContext, *, brief: bool = False) -> None:
    """What a reader must know about this run and rule before believing any label.

    Args:
        brief: small print instead of boxes, for a page whose first screen belongs to something else.
    """
    run, rule, scheme = page.run, page.rule, scheme_of(page.run.roles)
    if scheme.is_triple and rule.alpha >= rule.beta:
        st.warning(
            f"**α = {rule.alpha:g} is not below β = {rule.beta:g}.** Shared is decided first, so sentences that differ "
            "by more than β but not by more than α are called Shared instead of Teacher or Student.",
            icon=":material/warning:",
        )
    texts = [f"**{words.capitalised(note)}.**" for note in same_model_notes(run.models, run.identity)]
    if scheme is WITHOUT_TEACHER:
        texts.append(words.GAINED_IS_NOT_TEACHER + ("" if brief else f" {words.GAINED_IN_EXAMPLE}"))
    if not run.one_tokenizer:
        texts.append(f"**The models have different tokenizers.** {_TOKENIZER_ADVICE[rule.unit]}")
    plain = [str(model.role) for model in run.models if model.template == "plain"]
    if plain:
        texts.append(
            f"**No chat template: {', '.join(plain)}.** The question was given in a plain rendering instead, which may "
            "change how likely the beginning of a response is."
        )
    texts += [f"**About prompts and recordings.** {words.no_markdown(note, 600)}" for note in run.notes]
    for text in texts:
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


def questions_alike(n: int) -> str:
    """That `n` questions stand under several names, and how they are counted, as Markdown."""
    stand = words.count(n, "question looks", "questions look")
    counts, them = ("It counts", "it") if n == 1 else ("Each counts", "them")
    return (
        f":material/join: **{stand} the same under several ids or benchmarks**: the texts differ at most in case and "
        f"white space. {counts} as one question in every interval, and groups that share {them} are paired."
    )


def writer_notice(page: PageContext) -> None:
    """Say so if all responses of the run were written by one model of it, to calibrate another run."""
    known = page.run.known_writer
    if known is None:
        return
    of = next((run for run in page.database.own_runs() if run.run_no == known.of_run_no), None)
    named = "another run" if of is None else f"the run {words.no_markdown(of.name, 60)}"
    st.info(
        f"**All responses here were written by the {known.role}**: this run shows how labels err where the writer is "
        f"known, and calibrates {named}. None of its shares says anything of a distilled model.",
        icon=":material/balance:",
    )


def questions_notice(page: PageContext, scope: Scope) -> None:
    """Say so if questions of the traces in scope stand under several names."""
    n = page.data.trace_table(scope).n_alike
    if n:
        st.caption(questions_alike(n))


_TOKENIZER_ADVICE = {
    Unit.OWN_TOKEN: (
        "A mean over a model's own tokens favours the one with the finer tokens: compare with the unit “common token”."
    ),
    Unit.COMMON_TOKEN: "The unit “common token”, chosen here, makes their values comparable.",
    Unit.BYTE: "The unit “byte”, chosen here, makes their values comparable.",
}
