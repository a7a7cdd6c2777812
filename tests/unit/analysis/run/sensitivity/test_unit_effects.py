"""What the unit does, against loops over the sentences: every unit, rule and missing logprob."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import duckdb
import numpy as np
import pytest

from rdpt_core.analysis.labels import LabelRule, label_order
from rdpt_core.analysis.run.sensitivity.unit_effects import UnitEffects, load_unit_effects, unit_table
from rdpt_core.analysis.run.trace_table import load_trace_table
from rdpt_core.analysis.scope import Scope
from rdpt_core.records import Role
from rdpt_core.store.reader import open_reader
from tests.support import synthetic

TRIPLE = ("teacher", "student", "distilled")
RULES = [
    LabelRule.make(),
    LabelRule.make(unit="common_token"),
    LabelRule.make(space="ratio"),
    LabelRule.make(unit="common_token", space="ratio"),
]
Row = dict[str, float | None]


@pytest.fixture(scope="module", params=[TRIPLE, TRIPLE[:2]], ids=["triple", "pair"])
def path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random logprobs in place of the sketched ones, which are alike within a sentence, and some missing."""
    path = tmp_path_factory.mktemp("units") / "units.duckdb"
    roles = [Role(name) for name in request.param]
    synthetic.build(path, [*synthetic.sketches(9), synthetic.unscored_sketch()], roles=roles)
    rng = np.random.default_rng(0)
    with duckdb.connect(str(path)) as connection:
        keys = connection.execute(
            "SELECT trace_no, sentence_index FROM sentences WHERE p_teacher IS NOT NULL"
        ).fetchall()
        for number, key in enumerate(keys):
            for role in roles:
                n = int(rng.integers(1, 6))
                logprobs = -rng.exponential(0.5, n)
                first = None if number % 11 == 5 else float(np.float32(logprobs[0]))
                total = float(logprobs.sum())
                connection.execute(
                    f"UPDATE sentences SET n_tokens_{role} = ?, logprob_sum_{role} = ?, first_logprob_{role} = ?, "
                    f"p_{role} = ? WHERE trace_no = ? AND sentence_index = ?",
                    [n, total, first, math.exp(total / n), *key],
                )
    return path


def load(path: Path, rule: LabelRule, scope: Scope) -> tuple[UnitEffects, list[Row], tuple[str, ...]]:
    with open_reader(path) as reader:
        run = reader.run(None)
        effects = load_unit_effects(reader, run, rule, scope, load_trace_table(reader, run, scope))
        where = "" if scope.benchmark is None else f"WHERE benchmark = '{scope.benchmark}'"
        rows = reader.query(
            f"SELECT s.*, t.question_id FROM sentences AS s JOIN traces AS t USING (trace_no) {where} "
            "ORDER BY trace_no, sentence_index"
        ).to_pylist()
        return effects, rows, run.roles


def values(row: Row, rule: LabelRule, roles: tuple[str, ...]) -> list[float] | None:
    """What is compared, in the order of the roles; None if one is missing."""
    found = []
    for role in roles:
        total, n = row[f"logprob_sum_{role}"], row[f"n_tokens_{role if rule.unit == 'own_token' else roles[-1]}"]
        if total is None or not n:
            return None
        found.append(total / n if rule.space == "ratio" else math.exp(total / n))
    return found


def label(row: Row, rule: LabelRule, roles: tuple[str, ...]) -> str | None:
    found = values(row, rule, roles)
    if found is None:
        return None
    gap = found[0] - found[1]
    if len(found) == 3 and max(found) - min(found) <= rule.alpha:
        return "Shared"
    if abs(gap) > rule.beta:
        return "Teacher" if gap > 0 else "Student"
    return "Boosted" if len(found) == 3 else "Common"


def without_first(row: Row, roles: tuple[str, ...]) -> Row:
    rest = dict(row)
    for role in roles:
        total, first, n = (row[f"{name}_{role}"] for name in ("logprob_sum", "first_logprob", "n_tokens"))
        rest[f"logprob_sum_{role}"] = None if total is None or first is None else total - first
        rest[f"n_tokens_{role}"] = None if n is None else n - 1
    return rest


def joined(rows: list[Row], n_joined: int | None, roles: tuple[str, ...]) -> list[Row]:
    groups: dict[tuple[float | None, int], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["trace_no"], int(row["sentence_index"] or 0) // (n_joined or 10**9)), []).append(row)
    found = []
    for members in groups.values():
        sums: Row = {}
        for role in roles:
            totals = [row[f"logprob_sum_{role}"] for row in members if row[f"n_tokens_{role}"]]
            sums[f"logprob_sum_{role}"] = None if not totals or None in totals else sum(filter(None, totals))
            sums[f"n_tokens_{role}"] = sum(row[f"n_tokens_{role}"] or 0 for row in members)
        found.append(sums)
    return found


@pytest.mark.parametrize("scope", [Scope(), Scope(benchmark="clock")], ids=Scope.words)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.unit}-{rule.space}")
def test_labels_of_every_unit_are_those_of_a_loop(path: Path, rule: LabelRule, scope: Scope) -> None:
    effects, rows, roles = load(path, rule, scope)
    units = [rows, [without_first(row, roles) for row in rows], *(joined(rows, n, roles) for n in (2, 5, None))]
    assert len(effects.units) == len(units)
    for unit, its_rows in zip(effects.units, units, strict=True):
        counts = Counter(label(row, rule, roles) for row in its_rows)
        n = sum(counts.values()) - counts[None]
        assert unit.shares.n_counted == n > 0, unit.name
        assert unit.n_unscored == counts[None], unit.name
        assert unit.shares.share == pytest.approx([counts[str(name)] / n for name in effects.labels]), unit.name


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.unit}-{rule.space}")
def test_gaps_split_into_choice_and_wording(path: Path, rule: LabelRule) -> None:
    effects, rows, roles = load(path, rule, Scope())
    has_first = [row for row in rows if all(row[f"first_logprob_{role}"] is not None for role in roles)]
    assert 0 < len(has_first) < len(rows)
    for part in effects.parts:
        mine = [row for row in has_first if label(row, rule, roles) == part.label]
        gaps, choices = [], []
        for row in mine:
            teacher, student = (values(row, rule, roles) or [])[:2]
            gaps.append(teacher - student)
            choices.append(choice(row, rule, roles))
        assert part.n_sentences == len(mine) > 0
        sizes = np.array(list(Counter(row["question_id"] for row in mine).values()))
        assert part.n_questions == len(sizes)
        assert part.n_effective == pytest.approx(sizes.sum() ** 2 / (sizes**2).sum())
        assert part.mean == pytest.approx(np.mean(gaps))
        assert part.choice == pytest.approx(np.mean(choices))
        assert part.choice + part.wording == pytest.approx(part.mean)
        rest = [label(without_first(row, roles), rule, roles) for row in mine]
        assert (part.n_rest, part.n_kept) == (len(rest) - rest.count(None), rest.count(str(part.label)))
        assert part.refused is not None or part.low < part.choice < part.high
    labelled = [row for row in rows if label(row, rule, roles) is not None]
    assert effects.n_lacking == sum(row not in has_first for row in labelled)
    single = [row for row in labelled if row in has_first and 1 in [row[f"n_tokens_{role}"] for role in roles]]
    assert effects.n_single == len(single)


def choice(row: Row, rule: LabelRule, roles: tuple[str, ...]) -> float:
    """By its definition: what changing the first token from the student's to the teacher's adds, on average."""
    parts = {}
    for role in roles[:2]:
        n = row[f"n_tokens_{role if rule.unit == 'own_token' else roles[-1]}"]
        first, total = row[f"first_logprob_{role}"], row[f"logprob_sum_{role}"]
        assert n and first is not None and total is not None
        parts[role] = (first / n, (total - first) / n)
    (t_first, t_rest), (s_first, s_rest) = parts["teacher"], parts["student"]

    def value(first: float, rest: float) -> float:
        return first + rest if rule.space == "ratio" else math.exp(first + rest)

    before = value(t_first, s_rest) - value(s_first, s_rest)
    after = value(t_first, t_rest) - value(s_first, t_rest)
    return (before + after) / 2


def test_bytes_leave_first_tokens_out_and_say_why(path: Path) -> None:
    effects, _, roles = load(path, LabelRule.make(unit="byte", space="ratio"), Scope())
    assert effects.refused is not None and "bytes" in effects.refused
    assert effects.parts == () and [unit.name for unit in effects.units][0] == "sentences"
    assert len(effects.units) == 4
    assert unit_table(effects).num_rows == 4 * len(label_order(roles))


def test_nothing_in_scope_is_no_error(path: Path) -> None:
    effects, _, _ = load(path, LabelRule.make(), Scope(benchmark="nowhere"))
    assert all(unit.shares.n_counted == 0 for unit in effects.units)
    assert all(math.isnan(part.mean) and part.refused is not None for part in effects.parts)
    assert set(unit_table(effects).column("share").to_pylist()) == {None}
