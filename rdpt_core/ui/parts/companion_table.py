"""The further models of a run, as a table: other teachers, controls, checkpoints."""

from __future__ import annotations

import streamlit as st

from rdpt_core.analysis.catalog import companion_progress
from rdpt_core.records import CompanionKind, CompanionRole
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.style import words

KIND_WORDS: dict[CompanionKind, str] = {
    CompanionKind.TEACHER: "another possible teacher",
    CompanionKind.CONTROL: "control: taught nobody",
    CompanionKind.CHECKPOINT: "checkpoint of the distilled model",
    CompanionKind.VARIANT: "the same model at another temperature, or asked another question",
}


def companion_table(page: PageContext) -> None:
    """Draw it; nothing for a run of one triple."""
    run = page.run
    if not run.companions:
        return
    st.subheader("Further models", anchor=False)
    scored = page.data.ask(companion_progress)
    seen = {key: role for role, key in run.seen_as}
    rows = []
    for companion in run.companions:
        kind, name = CompanionRole.parse(companion.role)
        model = companion.model
        n_scored = scored.get(companion.role, 0)
        rows.append(
            {
                "name": words.plain(name),
                "kind": KIND_WORDS[kind],
                "state": "scored"
                if companion.is_finished
                else f"being scored: {n_scored:,} of {run.n_traces:,} traces",
                **({"seen as": seen.get(companion.role)} if seen else {}),
                "model": words.plain(model.model, 200),
                "revision": model.revision,
                "dtype": model.precision,
                "template": model.template,
                "parameters": model.n_parameters,
                "vocabulary": model.vocabulary_size,
                "context": model.context_length,
                "backend": model.backend,
            }
        )
    whole = {
        name: st.column_config.NumberColumn(format="localized") for name in ("parameters", "vocabulary", "context")
    }
    st.dataframe(rows, hide_index=True, column_config=whole, placeholder="–", key="companions")
    if not all(companion.is_finished for companion in run.companions):
        st.caption(
            "A model that is still being scored counts nowhere yet. If its scoring was interrupted, the same "
            "`rdpt score` command goes on with it."
        )
    tokenizers = {model.tokenizer_hash for model in run.models}
    others = [c.model.name or c.role for c in run.companions if c.model.tokenizer_hash not in tokenizers]
    if others:
        st.caption(
            f"With a tokenizer of {'its' if len(others) == 1 else 'their'} own: "
            f"{words.listed([words.no_markdown(name) for name in others])}. Compare such models per common token, or "
            "per byte."
        )
