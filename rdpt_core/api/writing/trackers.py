"""A line to the tracker in which a training is followed: Trackio or Weights & Biases, if one of them is at work.

A tracker is at work if the process has imported it and begun a run with it, as `report_to` has the trainer do. Nothing
is imported or begun here, and nothing is sent that the tracker does not send by itself.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rdpt_core.analysis.labels import LabelRule, apply_rule
from rdpt_core.analysis.schemes import TRIPLE, WITHOUT_TEACHER
from rdpt_core.analysis.statistics.intervals import bootstrap_shares
from rdpt_core.arrays import Ints
from rdpt_core.records import Role, SentenceColumns

_LOGGER = logging.getLogger(__name__)


def log_line(metrics: Mapping[str, float], step: int) -> list[str]:
    """Send numbers to each tracker that is at work, under the step of the training; returns the trackers' names."""
    line = {**metrics, "train/global_step": step}
    sent = []
    for name, module in (("trackio", _trackio()), ("wandb", _wandb())):
        if module is None:
            continue
        try:
            module.log(dict(line))
        except Exception as error:  # Whatever a tracker raises, a training goes on without its line.
            _LOGGER.warning("%s did not take the label shares of step %d: %s", name, step, error)
        else:
            sent.append(name)
    return sent


def _trackio() -> Any | None:
    module: Any = sys.modules.get("trackio")
    current = getattr(getattr(module, "context_vars", None), "current_run", None)
    return module if current is not None and current.get(None) is not None else None


def _wandb() -> Any | None:
    module: Any = sys.modules.get("wandb")
    return module if getattr(module, "run", None) is not None else None


def label_metrics(sentences: Sequence[SentenceColumns], question: Ints) -> dict[str, float]:
    """Label shares at the default thresholds with their intervals, and how many questions these are over.

    Against the student always, such as `provenance/gained`, with `provenance/gained_low` and `_high` where there are
    questions enough for an interval; against the teacher too, if there is one.

    Args:
        sentences: of every trace, with the columns of the student, of the distilled model for that of the moment, and
            of the teacher, if any.
        question: (n_traces,), equal for traces of the same question.
    """
    metrics: dict[str, float] = {}
    for scheme in (WITHOUT_TEACHER, TRIPLE):
        if Role.TEACHER in scheme.roles and Role.TEACHER not in sentences[0].p:
            continue
        rule = LabelRule.make()
        counts = np.zeros((len(sentences), len(scheme.labels)), np.int64)
        for row, trace in enumerate(sentences):
            kept = ~trace.is_mark
            labels = apply_rule(rule.alpha, rule.beta, {role: trace.p[role][kept] for role in scheme.roles}).label
            counts[row] = [(labels == label).sum() for label in scheme.labels]
        shares = bootstrap_shares(counts, question)
        for k, label in enumerate(scheme.labels):
            name = f"provenance/{label.lower()}"
            numbers = {name: shares.share[k], f"{name}_low": shares.low[k], f"{name}_high": shares.high[k]}
            metrics |= {key: float(value) for key, value in numbers.items() if np.isfinite(value)}
        # A teacher may lack sentences that the others have.
        with_teacher = "_with_teacher" if Role.TEACHER in scheme.roles else ""
        metrics[f"provenance/n_questions{with_teacher}"] = float(shares.n_questions)
    return metrics
