"""What a run's further models make of one trace: companions, and whatever a companion stands in for.

These are all models that have scored the run and are seen in no role, variants of its own models apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from rdpt_core.analysis.labels import LabelRule, value_sql, writing_role
from rdpt_core.analysis.which_teacher import OWN
from rdpt_core.records import CompanionKind, CompanionRole, Role
from rdpt_core.store.companions import column
from rdpt_core.store.reader import Reader, Run

GROUPS: dict[CompanionKind, str] = {
    CompanionKind.TEACHER: "teachers",
    CompanionKind.CONTROL: "controls",
    CompanionKind.CHECKPOINT: "checkpoints",
}
"""What models of a kind are called together."""

FINAL = "the finished model"
"""What the distilled model is called beside its checkpoints."""


@dataclass(frozen=True, slots=True)
class Other:
    """A further model of a run.

    Attributes:
        key: its role, a companion's or one of the triple.
        group: one of `GROUPS`.
        name: what the user calls it.
        model: what was loaded.
    """

    key: str
    group: str
    name: str
    model: str


@dataclass(frozen=True, slots=True)
class OtherView:
    """What a further model makes of a trace.

    Attributes:
        sentences: one row a sentence, in order: `value` as the rule compares it, `p`, `logprob_sum` and `n_tokens`;
            NULL where missing.
    """

    model: Other
    sentences: pa.Table


def others_of(run: Run) -> tuple[Other, ...]:
    """The models of a run that are seen in no role, by group."""
    seen_as = dict(run.seen_as)
    found = [
        Other(model.role, GROUPS[CompanionKind.TEACHER], model.name or OWN, model.model)
        if model.role == Role.TEACHER
        else Other(model.role, GROUPS[CompanionKind.CHECKPOINT], FINAL, model.model)
        for model in run.own_models
        if model.role in seen_as
    ]
    for companion in run.companions:
        if companion.is_finished and companion.role not in seen_as.values():
            kind, name = CompanionRole.parse(companion.role)
            if kind in GROUPS:
                found.append(Other(companion.role, GROUPS[kind], name, companion.model.model))
    order = list(GROUPS.values())
    return tuple(sorted(found, key=lambda other: order.index(other.group)))


def load_others(reader: Reader, run: Run, trace_no: int, rule: LabelRule) -> tuple[OtherView, ...]:
    """Read what they make of one trace, whose columns alone are read."""
    others = others_of(run)
    if not others:
        return ()
    counting = writing_role(run.roles)
    # From the table itself: views that stand before it give roles the numbers of others.
    columns = [f"{column('n_tokens', dict(run.seen_as).get(counting, counting))} AS n_tokens_{counting}", "n_bytes"]
    shown = []
    for index, other in enumerate(others):
        columns += [f"{column(stem, other.key)} AS {stem}_other{index}" for stem in ("p", "logprob_sum", "n_tokens")]
        shown.append(f"{value_sql(f'other{index}', rule, run.roles)} AS value_other{index}")
        shown += [f"{stem}_other{index}" for stem in ("p", "logprob_sum", "n_tokens")]
    table = reader.query(
        f"SELECT {', '.join(shown)} FROM (SELECT sentence_index, {', '.join(columns)} "
        f"FROM {reader.stored('sentences')} WHERE run_no = ? AND trace_no = ?) ORDER BY sentence_index",
        [run.run_no, trace_no],
    )
    stems = ("value", "p", "logprob_sum", "n_tokens")
    return tuple(
        OtherView(other, pa.table({stem: table.column(f"{stem}_other{index}") for stem in stems}))
        for index, other in enumerate(others)
    )
