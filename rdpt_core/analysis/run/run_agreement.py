"""Two runs of one file, sentence by sentence: which carry the same label, and which moved.

Traces are the same under one id, if their responses are the same text; and where no id of the other run fits, under one
response to one question, found by its text (see `questions`). Sentences of the same trace are matched by characters:
two sentences match if they share more than half of the characters of either. Each then has at most one partner, since
the sentences of a run do not overlap; with one splitter partners have the same span. To share more than half of its
characters a partner must hold the character in its middle, so there is one candidate for each sentence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from rdpt_core.analysis.labels import LabelRule, labels_sql
from rdpt_core.analysis.questions import load_numbers, text_hash_sql
from rdpt_core.analysis.schemes import Scheme, common_scheme
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.sentences import sentences_sql
from rdpt_core.analysis.statistics.exact import correlation, effective_number, mover
from rdpt_core.analysis.statistics.intervals import none_if_nan, refusal, share_ends
from rdpt_core.analysis.statistics.resampling import percentile_interval, resample_sums
from rdpt_core.arrays import Doubles, Floats, Ints
from rdpt_core.errors import UsageError
from rdpt_core.records import Label
from rdpt_core.store.own_marks import seen_marks
from rdpt_core.store.reader import Reader, Run

N_MOVED = 200
"""Rows of the list of sentences that moved."""

_TEXT_CHARS = 400
# Above this agreement by chance, κ divides by next to nothing.
_CERTAIN = 1 - 1e-12


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its 95% interval over resamples of questions; no ends where there are too few of them."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class RunAgreement:
    """What two runs say about the same sentences. The first run's labels are the rows of `joint`.

    Attributes:
        labels: (k,) labels that both runs can have.
        joint: (k, k) matched sentences by their label in the first and in the second run.
        agreement: share of the diagonal.
        kappa: Cohen's κ of the labels.
        shift: (k,), share of each label in the second run minus that in the first, among the matched sentences.
        n_matched: sentences that both runs hold and label.
        n_unscored: matched sentences that either run could not score.
        n_unmatched: sentences of either run without a partner in the other.
        n_traces: traces with a matched sentence.
        n_questions: their questions.
        n_effective: how many equally heavy questions these are worth.
        n_traces_only: traces that only the first, and only the second run holds.
        n_other_text: traces that both hold, with another response.
        n_by_text: traces with other ids that are the same by question and response.
        refused: why there are no intervals; None if there are.
    """

    labels: tuple[Label, ...]
    joint: Ints
    agreement: Estimate
    kappa: Estimate
    shift: tuple[Estimate, ...]
    n_matched: int
    n_unscored: int
    n_unmatched: tuple[int, int]
    n_traces: int
    n_questions: int
    n_effective: float
    n_traces_only: tuple[int, int]
    n_other_text: int
    n_by_text: int
    refused: str | None


def shared_scheme(first: Run, second: Run) -> Scheme:
    """The scheme by which both are labelled: that of the roles that they share.

    Raises:
        UsageError: they share the student alone.
    """
    scheme = common_scheme(first.roles, second.roles)
    if scheme is None:
        raise UsageError(
            "these runs cannot be compared by labels",
            expected="two roles in common, or three",
            got=f"{', '.join(first.roles)} and {', '.join(second.roles)}",
        )
    return scheme


def _same_traces(first: Run, second: Run, scope: Scope) -> tuple[str, list[object]]:
    """The common table expression `same`: traces that both runs hold, with one response; and the parameters.

    Copies of one response to one question are paired in their order.
    """
    condition, parameters = scope.where("a")
    runs = f"a.run_no = {first.run_no:d} AND b.run_no = {second.run_no:d}"
    sides = []
    for name, run, wanted in (("a", first, condition), ("b", second, "TRUE")):
        sides.append(
            f"{name}_rest AS (SELECT *, row_number() OVER (PARTITION BY text, response ORDER BY trace_no) AS copy FROM "
            f"(SELECT *, {text_hash_sql(name)} AS text FROM traces AS {name} WHERE run_no = {run.run_no:d} "
            f"AND {wanted} AND trace_no NOT IN (SELECT {name}_no FROM one_id)))"
        )
    columns = "a.trace_no AS a_no, b.trace_no AS b_no, a.trace_id, b.trace_id AS b_trace_id, a.benchmark, a.question_id"
    same = (
        "one_id AS (SELECT a.trace_no AS a_no, b.trace_no AS b_no FROM traces AS a JOIN traces AS b USING (trace_id) "
        f"WHERE {runs}), {', '.join(sides)}, "
        f"same AS (SELECT {columns}, a.response, FALSE AS by_text FROM one_id JOIN traces AS a ON a.trace_no = a_no "
        f"JOIN traces AS b ON b.trace_no = b_no WHERE {runs} AND a.response = b.response AND {condition} "
        f"UNION ALL SELECT {columns}, a.response, TRUE FROM a_rest AS a JOIN b_rest AS b USING (text, response, copy))"
    )
    return same, [*parameters, *parameters]


def _sides(first: Run, second: Run, rule: LabelRule, scope: Scope) -> tuple[str, list[object]]:
    """Common table expressions: `same` (traces of both with one text), `a` and `b` (their labelled sentences)."""
    same, parameters = _same_traces(first, second, scope)
    tables = [same]
    for name, run in (("a", first), ("b", second)):
        source = sentences_sql(run.run_no, rule, f"trace_no IN (SELECT {name}_no FROM same)")
        labels = labels_sql(rule, shared_scheme(first, second).roles, source)
        tables.append(
            f"{name} AS (SELECT same.a_no, l.sentence_index, l.char_start, l.char_end, l.label, l.gap "
            f"FROM ({labels}) AS l JOIN same ON l.trace_no = same.{name}_no)"
        )
    return ", ".join(tables), parameters


# The partner of a sentence is the one that holds its middle character, if both share more than half with the other.
_MATCHED = """matched AS (
    SELECT a.a_no, a.sentence_index AS a_index, b.sentence_index AS b_index, a.char_start, a.char_end,
        a.label AS a_label, b.label AS b_label, a.gap AS a_gap, b.gap AS b_gap
    FROM a ASOF JOIN b ON a.a_no = b.a_no AND (a.char_start + a.char_end) // 2 >= b.char_start
    WHERE 2 * (least(a.char_end, b.char_end) - greatest(a.char_start, b.char_start))
        > greatest(a.char_end - a.char_start, b.char_end - b.char_start))"""


def load_agreement(reader: Reader, first: Run, second: Run, rule: LabelRule, scope: Scope) -> RunAgreement:
    """The agreement of two runs on the sentences that both hold.

    Cohen's κ: `(agreement − chance) / (1 − chance)`, chance being the sum over labels of the product of both shares
    (Educ. Psychol. Meas. 20, 1960). `_estimates` tells how intervals are made.

    Args:
        scope: chooses traces by what the first run says about them.
    """
    sides, parameters = _sides(first, second, rule, scope)
    rows = reader.query(
        f"WITH {sides}, {_MATCHED} "
        "SELECT benchmark, question_id, a_no, a_label, b_label, n "
        "FROM (SELECT a_no, a_label, b_label, count(*) AS n FROM matched GROUP BY ALL) JOIN same USING (a_no)",
        parameters,
    )
    (sizes,) = reader.query(
        f"WITH {sides} SELECT (SELECT count(*) FROM a) AS n_a, (SELECT count(*) FROM b) AS n_b", parameters
    ).to_pylist()
    scored = rows.filter(pc.is_valid(rows.column("a_label"))) if rows.num_rows else rows
    scored = scored.filter(pc.is_valid(scored.column("b_label"))) if scored.num_rows else scored
    n_all = sum(rows.column("n").to_pylist())
    labels = shared_scheme(first, second).labels
    per_question = _per_question(scored, load_numbers(reader, first), labels)
    agreement, kappa, shift, refused = _estimates(per_question)
    only, n_other_text, n_by_text = _traces_apart(reader, first, second, scope)
    joint = per_question.sum(axis=0).astype(np.int64)
    return RunAgreement(
        labels,
        joint,
        agreement,
        kappa,
        shift,
        int(joint.sum()),
        n_all - int(joint.sum()),
        (sizes["n_a"] - n_all, sizes["n_b"] - n_all),
        len(set(scored.column("a_no").to_pylist())),
        len(per_question),
        float(effective_number(per_question.sum(axis=(1, 2)))),
        only,
        n_other_text,
        n_by_text,
        refused,
    )


def _per_question(rows: pa.Table, numbers: Mapping[tuple[str, str], int], labels: Sequence[Label]) -> Doubles:
    """Shape (n_questions, k, k): matched sentences of each question by both labels.

    Args:
        numbers: benchmark and id to the number of the question.
    """
    index_of = {str(label): index for index, label in enumerate(labels)}
    keys = zip(rows.column("benchmark").to_pylist(), rows.column("question_id").to_pylist(), strict=True)
    _, question = np.unique(np.array([numbers[key] for key in keys], np.int64), return_inverse=True)
    first, second = (
        np.array([index_of[name] for name in rows.column(side).to_pylist()], dtype=np.int64)
        for side in ("a_label", "b_label")
    )
    counts = np.zeros((int(question.max(initial=-1)) + 1, len(labels), len(labels)))
    np.add.at(counts, (question, first, second), rows.column("n").to_numpy())
    return counts


def _estimates(per_question: Doubles) -> tuple[Estimate, Estimate, tuple[Estimate, ...], str | None]:
    """Agreement, κ and the shift of every share. Both runs draw the same questions, so intervals are paired.

    Agreement is a share like any other. The other intervals are, at either end, the wider of expanded percentiles
    (Hesterberg 2015) and of what follows from shares: for κ the ends of agreement, at the chance agreement observed;
    for a shift MOVER (Newcombe 1998) from the sentences that came to the label and those that left it.
    """
    n_effective = float(effective_number(per_question.sum(axis=(1, 2))))
    joint, refused = per_question.sum(axis=0)[None], refusal(len(per_question), n_effective)
    point = _statistics(joint)[0]
    low = high = np.full(point.shape, np.nan)
    if refused is None:
        drawn = resample_sums(per_question, np.zeros(len(per_question), np.int64))
        low, high = percentile_interval(_statistics(drawn), n_effective)
        low_end, high_end = _ends_from_shares(per_question, drawn)
        low, high = np.minimum(low, low_end), np.maximum(high, high_end)
        low[0], high[0] = low_end[0], high_end[0]
    agreement, kappa, *shifts = (
        Estimate(float(value), none_if_nan(low_end), none_if_nan(high_end))
        for value, low_end, high_end in zip(point, low, high, strict=True)
    )
    return agreement, kappa, tuple(shifts), refused


def _ends_from_shares(per_question: Doubles, drawn: Floats) -> tuple[Doubles, Doubles]:
    """Ends for the statistics of `_statistics`, (2 + k,), that follow from shares of the matched sentences."""
    groups, groups_drawn = _kept_or_moved(per_question).astype(np.float64), _kept_or_moved(drawn)
    groups_drawn = groups_drawn / groups_drawn.sum(axis=2, keepdims=True)
    share, low, high = share_ends(groups, groups_drawn, np.full(groups.shape[1], int(per_question.sum())))
    came, left = ((share[1:, side], low[1:, side], high[1:, side]) for side in (0, 1))
    shift = mover(came, left, correlation(groups_drawn[:, 1:, 0], groups_drawn[:, 1:, 1]))
    (chance,) = _chance(per_question.sum(axis=0)[None] / per_question.sum())
    low_end, high_end = (
        [agreement, 1 - (1 - agreement) / (1 - chance) if chance < _CERTAIN else np.nan, *of_shift]
        for agreement, of_shift in zip((low[0, 0], high[0, 0]), shift, strict=True)
    )
    return np.array(low_end), np.array(high_end)


def _kept_or_moved(joint: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """Shapes: (m, k, k) to (m, 1 + k, 3): sentences that kept their label, that moved, and none; then for each label
    those that came to it, that left it, and the rest."""
    kept, total = np.diagonal(joint, axis1=1, axis2=2), joint.sum(axis=(1, 2))
    groups = np.zeros((len(joint), 1 + joint.shape[1], 3), joint.dtype)
    groups[:, 0, 0] = kept.sum(axis=1)
    groups[:, 0, 1] = total - groups[:, 0, 0]
    groups[:, 1:, 0] = joint.sum(axis=1) - kept
    groups[:, 1:, 1] = joint.sum(axis=2) - kept
    groups[:, 1:, 2] = total[:, None] - groups[:, 1:, 0] - groups[:, 1:, 1]
    return groups


def _statistics(joint: npt.NDArray[np.floating]) -> Doubles:
    """Shapes: (m, k, k) to (m, 2 + k): agreement, κ, shift of every share. κ is NaN if chance alone would agree."""
    share = joint.astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = share / share.sum(axis=(1, 2), keepdims=True)
        agreement, chance = np.trace(share, axis1=1, axis2=2), _chance(share)
        kappa = np.where(chance < _CERTAIN, (agreement - chance) / (1 - chance), np.nan)
    return np.column_stack([agreement, kappa, share.sum(axis=1) - share.sum(axis=2)])


def _chance(share: Doubles) -> Doubles:
    """Shapes: (m, k, k) to (m,): how often two runs with these label shares would agree by chance."""
    chance: Doubles = (share.sum(axis=2) * share.sum(axis=1)).sum(axis=1)
    return chance


def _traces_apart(reader: Reader, first: Run, second: Run, scope: Scope) -> tuple[tuple[int, int], int, int]:
    """Traces that only the first, and only the second run holds; whose text differs; and found by their text."""
    same, parameters = _same_traces(first, second, scope)
    condition, own = scope.where()
    counts = [
        f"(SELECT count(*) FROM traces WHERE run_no = {run.run_no:d} AND {condition} "
        f"AND trace_no NOT IN (SELECT {name}_no FROM one_id UNION ALL SELECT {name}_no FROM same)) AS {name}"
        for name, run in (("a", first), ("b", second))
    ]
    other_text = (
        "(SELECT count(*) FROM one_id JOIN traces AS a ON a.trace_no = a_no JOIN traces AS b ON b.trace_no = b_no "
        f"WHERE a.run_no = {first.run_no:d} AND b.run_no = {second.run_no:d} AND a.response <> b.response "
        f"AND {scope.where('a')[0]}) AS n_other_text"
    )
    by_text = "(SELECT count(*) FROM same WHERE by_text) AS n_by_text"
    (row,) = reader.query(
        f"WITH {same} SELECT {', '.join([*counts, other_text, by_text])}", [*parameters, *own, *own, *own]
    ).to_pylist()
    return (row["a"], row["b"]), row["n_other_text"], row["n_by_text"]


def load_moved(
    reader: Reader,
    first: Run,
    second: Run,
    rule: LabelRule,
    scope: Scope,
    labels: tuple[str, str] | None,
) -> pa.Table:
    """Matched sentences whose label differs, those first whose gap changed most; at most `N_MOVED`.

    Columns: text (cut), first_label, second_label, first_gap, second_gap, benchmark, question_id, trace_id and
    second_trace_id (one in each run), first_sentence, second_sentence (both from 1).

    Args:
        labels: only sentences with the first label in the first run and the second in the second.
    """
    sides, parameters = _sides(first, second, rule, scope)
    wanted = "a_label <> b_label"
    if labels is not None:
        wanted = "a_label = ? AND b_label = ?"
        parameters += list(labels)
    return reader.query(
        f"WITH {sides}, {_MATCHED} "
        f"SELECT substring(same.response, char_start + 1, least(char_end - char_start, {_TEXT_CHARS})) AS text, "
        "a_label AS first_label, b_label AS second_label, a_gap AS first_gap, b_gap AS second_gap, "
        "benchmark, question_id, trace_id, b_trace_id AS second_trace_id, a_index + 1 AS first_sentence, "
        "b_index + 1 AS second_sentence "
        f"FROM matched JOIN same USING (a_no) WHERE {wanted} "
        f"ORDER BY abs(a_gap - b_gap) DESC, a_no, a_index LIMIT {N_MOVED}",
        parameters,
    )


def differences(first: Run, second: Run) -> list[str]:
    """What was done differently, in words; equal runs are one run, so something always was."""
    changes = []
    for name in ("template_policy", "splitter", "splitter_version"):
        before, after = getattr(first, name), getattr(second, name)
        if before != after:
            changes.append(f"{name.replace('_', ' ')} {before} → {after}")
    if first.traces_hash != second.traces_hash:
        changes.append("traces")
    changes += _marks_changes(first, second)
    models = {str(model.role): model for model in second.models}
    for model in first.models:
        partner = models.pop(str(model.role), None)
        if partner is None:
            changes.append(f"no {model.role}")
        elif (model.model, model.revision) != (partner.model, partner.revision):
            changes.append(f"{model.role} {model.model} → {partner.model}")
        elif model.dtype != partner.dtype:
            changes.append(f"{model.role} {model.dtype} → {partner.dtype}")
        elif model.template != partner.template:
            changes.append(f"{model.role} template {model.template} → {partner.template}")
        before, after = (str(run.template_settings(model.role)) or "none" for run in (first, second))
        if partner is not None and before != after:
            changes.append(f"settings of the {model.role}'s template: {before} → {after}")
    changes += [f"with {role}" for role in models]
    # Runs that differ in their own teachers alone may be seen with one and the same companion.
    return changes or ["nothing that is looked at: both are seen with the same teacher"]


def _marks_changes(first: Run, second: Run) -> list[str]:
    """In whose marks the roles saw the responses, where that differs."""
    before, after = seen_marks(first.identity), seen_marks(second.identity)
    changes = [f"marks of thinking {before.policy} → {after.policy}"] if before.policy is not after.policy else []
    for role in second.roles:
        families = before.family(role) or "writer", after.family(role) or "writer"
        if families[0] != families[1]:
            changes.append(f"{role} marks {families[0]} → {families[1]}")
    return changes
