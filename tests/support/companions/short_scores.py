"""Local scores with the prompt in view, for databases of `synthetic`: known numbers, no model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rdpt_core.arrays import Doubles
from rdpt_core.records import ROLES, LocalScores, Role, RunKey
from rdpt_core.store import writer
from tests.support import synthetic


def short_p(trace_no: int, sketch: synthetic.Sketch, role: Role) -> Doubles:
    """(n_sentences,), what a model makes of each sentence with little in view; NaN where it has no number."""
    rng = np.random.default_rng([trace_no, ROLES.index(role)])
    p = rng.uniform(0.02, 0.98, len(sketch.sentences))
    p[rng.random(len(p)) < 0.05] = np.nan
    return p


def add(
    path: Path,
    run: RunKey,
    traces: Sequence[synthetic.Sketch],
    roles: Sequence[Role],
    *,
    n_context: int = 1,
    with_prompt: bool = True,
) -> None:
    """Commit a pass of these roles."""
    for role in roles:
        scores = []
        for trace_no, sketch in enumerate(traces):
            n_tokens = np.array([synthetic.n_tokens_of(text) for text, _ in sketch.sentences])
            scores.append(LocalScores(trace_no, n_tokens * np.log(short_p(trace_no, sketch, role)), None))
        writer.commit_local(path, run, role, n_context, scores, with_prompt=with_prompt)
