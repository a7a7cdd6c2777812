"""What the training page shows for a run without checkpoints: why there is nothing, and how to get some."""

from __future__ import annotations

import shlex

import streamlit as st

from rdpt_core.records import CompanionKind, CompanionRole
from rdpt_core.store.reader import Run
from rdpt_core.ui.frame import settings
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.style import words

_CALLBACK = """\
import rdpt_core as rdpt

trainer.add_callback(rdpt.ProvenanceCallback("heldout.jsonl", "training.duckdb"))
trainer.train()"""


def explain_missing(page: PageContext) -> None:
    """Say it, with commands that fit this file and run."""
    waiting = checkpoints_at_work(page.run)
    if waiting:
        st.info(
            f"**Being scored: {words.listed([words.no_markdown(name) for name in waiting])}.** A checkpoint appears "
            "here once all of its traces are scored. The same command goes on if it was stopped.",
            icon=":material/hourglass_top:",
        )
    else:
        st.info(
            "**This run has no checkpoints.** With some of the distilled model's weights from earlier in its training, "
            "this page shows what each part of the training changed, and when sentences turned.",
            icon=":material/timeline:",
        )
    database = shlex.quote(settings.shown(page.database.path))
    st.markdown("**Add saved checkpoints to this run.** Only they are scored; the name is the step:")
    st.code(
        f"rdpt score --add --db {database} --run {page.run.run_id[:8]} "
        "--checkpoint 400=out/checkpoint-400 --checkpoint 800=out/checkpoint-800",
        language=None,
        wrap_lines=True,
    )
    st.markdown(
        "**Or score while a model trains**, with any trainer built on that of transformers, such as those of TRL. The "
        "callback reads the same traces under the weights of each checkpoint and makes a run of them:"
    )
    st.code(_CALLBACK, language=None)


def checkpoints_at_work(run: Run) -> list[str]:
    """The names of the checkpoints that are not wholly scored yet."""
    roles = [CompanionRole.parse(one.role) for one in run.companions if not one.is_finished]
    return [role.name for role in roles if role.kind is CompanionKind.CHECKPOINT]
