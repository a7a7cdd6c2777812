"""The flag of sentences that have their label by themselves, against a loop over sentences."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

import rdpt_core as rdpt
from rdpt_core.analysis.evidence import context as module
from rdpt_core.analysis.evidence.context import (
    ShortContext,
    context_rows,
    flags_sql,
    load_context_shares,
    load_short_gaps,
    short_context,
)
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.group_shares import CrossTable
from rdpt_core.analysis.scope import Scope
from rdpt_core.records import ROLES, Role
from rdpt_core.store.reader import Reader, Run, open_reader
from tests.support import companions, synthetic

TRACES = [
    *synthetic.sketches(),
    synthetic.unscored_sketch(),
    # A mark of format is in view like a sentence, and has no label.
    synthetic.Sketch("m", "m", [("<think>\n", "Shared"), *[("One more. ", "Teacher")] * 3, ("</think>", "Shared")]),
]
RULES = [
    LabelRule.make(),
    LabelRule.make(beta=0.3, marks=True),
    LabelRule.make(space="ratio", unit="common_token"),
    LabelRule.make(space="ratio", unit="byte"),
]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("db") / "short.duckdb"
    run = synthetic.build(path, TRACES)
    synthetic.add_short_scores(path, run, TRACES, ROLES)
    synthetic.add_short_scores(path, run, TRACES, (Role.STUDENT,), n_context=4, with_prompt=False)
    return path


@pytest.fixture
def opened(database: Path) -> Iterator[tuple[Reader, Run]]:
    with open_reader(database) as reader:
        yield reader, reader.run(None)


def value(rule: LabelRule, p: float, n_tokens: int, n_bytes: int) -> float:
    """What a rule compares, of a sentence with so many tokens under every model."""
    mean = n_tokens * math.log(p) / (n_bytes if rule.unit == "byte" else n_tokens)
    return mean if rule.space == "ratio" else math.exp(mean)


def naive_flags(reader: Reader, run: Run, rule: LabelRule, upper: Role = Role.TEACHER) -> list[bool | None]:
    """Sentence by sentence, in order of traces; `upper` stands in the teacher's place both times."""
    flags: list[bool | None] = []
    for trace_no, sketch in enumerate(TRACES):
        short = {role: synthetic.short_p(trace_no, sketch, role) for role in ROLES}
        for index, (text, kind) in enumerate(sketch.sentences):
            ps = dict(zip(ROLES, synthetic.PROBABILITIES[kind], strict=True))
            size = synthetic.n_tokens_of(text), len(text.encode())
            is_mark = text.strip() in ("<think>", "</think>")
            if index <= 1 or math.isnan(ps[upper]) or (is_mark and not rule.marks):
                flags.append(None)
                continue
            v = {role: value(rule, ps[upper if role is Role.TEACHER else role], *size) for role in ROLES}
            gap, others = v[Role.TEACHER] - v[Role.STUDENT], [v[role] - v[Role.DISTILLED] for role in ROLES[:2]]
            alike = max(abs(gap), *map(abs, others)) <= rule.alpha
            both = [short[upper][index], short[Role.STUDENT][index]]
            if alike or abs(gap) <= rule.beta or np.isnan(both).any():
                flags.append(None)
                continue
            short_gap = value(rule, both[0], *size) - value(rule, both[1], *size)
            flags.append(short_gap > rule.beta if gap > 0 else short_gap < -rule.beta)
    return flags


@pytest.mark.parametrize("without_teacher", [False, True])
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.space}-{rule.unit}-{rule.beta}")
def test_flags_are_those_of_a_loop(opened: tuple[Reader, Run], rule: LabelRule, without_teacher: bool) -> None:
    reader, run = opened
    query = flags_sql(run, rule, ShortContext(1, ROLES), without_teacher=without_teacher)
    rows = reader.query(f"SELECT by_itself FROM ({query}) ORDER BY trace_no, sentence_index")
    expected = naive_flags(reader, run, rule, Role.DISTILLED if without_teacher else Role.TEACHER)
    assert rows.column("by_itself").to_pylist() == expected
    assert {True, False, None} == set(expected)


def counts_of(table: CrossTable) -> dict[str, tuple[int, int]]:
    """How many are by themselves, and of how many."""
    return {c.row: (round(float(c.intervals.share[0]) * c.n_sentences), c.n_sentences) for c in table.cells}


def test_shares_are_counted_flags_by_label_and_benchmark(opened: tuple[Reader, Run], database: Path) -> None:
    reader, run = opened
    shares = load_context_shares(reader, run, LabelRule.make(), Scope())
    assert shares is not None
    rows = rdpt.open(database).run().sentences().select(["label", "benchmark", "by_itself"]).to_pylist()
    for k, label in enumerate(("Teacher", "Student")):
        tally = Counter(
            (r["benchmark"], r["by_itself"]) for r in rows if r["label"] == label and r["by_itself"] is not None
        )
        expected = {name: (tally[name, True], tally[name, True] + tally[name, False]) for name, _ in tally}
        assert counts_of(shares.by_benchmark[k]) == expected
        assert counts_of(shares.whole[k]) == {label: (sum(n for n, _ in expected.values()), tally.total())}
        n_labelled = sum(r["label"] == label for r in rows)
        assert n_labelled == tally.total() + shares.n_same[k] + shares.n_missing[k]
        assert shares.n_missing[k] > 0
    table = context_rows(shares)
    assert table.num_rows == sum(len(t.cells) for t in (*shares.by_benchmark, *shares.whole))
    assert table.filter([name == "all" for name in table.column("benchmark").to_pylist()]).num_rows == 2


def test_the_control_is_the_distilled_model_in_the_teachers_place(opened: tuple[Reader, Run]) -> None:
    reader, run = opened
    rule = LabelRule.make()
    shares = load_context_shares(reader, run, rule, Scope())
    assert shares is not None and shares.excess is not None
    scored, control = shares.of_all.cells
    for cell, upper in ((scored, Role.TEACHER), (control, Role.DISTILLED)):
        query = flags_sql(run, rule, ShortContext(1, ROLES), without_teacher=upper is Role.DISTILLED)
        labels = (
            reader.query(f"SELECT label FROM ({query}) ORDER BY trace_no, sentence_index").column("label").to_pylist()
        )
        flags = naive_flags(reader, run, rule, upper)
        n = sum(label == "Teacher" and flag is True for label, flag in zip(labels, flags, strict=True))
        assert cell.intervals.share[0] * cell.n_sentences == pytest.approx(n)
    assert shares.excess.value[0] == pytest.approx(scored.intervals.share[0] - control.intervals.share[0])
    assert shares.excess.is_paired or shares.excess.n_shared >= 12


def test_only_what_is_in_scope_is_counted(opened: tuple[Reader, Run]) -> None:
    reader, run = opened
    shares = load_context_shares(reader, run, LabelRule.make(), Scope(benchmark="clock"))
    whole = load_context_shares(reader, run, LabelRule.make(), Scope())
    assert shares is not None and whole is not None
    assert counts_of(shares.by_benchmark[0]) == {"clock": counts_of(whole.by_benchmark[0])["clock"]}
    nothing = load_context_shares(reader, run, LabelRule.make(), Scope(benchmark="none such"))
    assert nothing is not None and not nothing.whole[0].cells and nothing.excess is None


def test_the_gaps_of_a_trace(opened: tuple[Reader, Run]) -> None:
    found = load_short_gaps(*opened, 3, LabelRule.make())
    assert found is not None
    p = {role: synthetic.short_p(3, TRACES[3], role) for role in ROLES}
    gaps = np.array(found.gap, dtype=float)
    np.testing.assert_allclose(gaps, p[Role.TEACHER] - p[Role.STUDENT], atol=1e-12)
    assert (found.n_sentences, found.sees_all) == (1, (0, 1))


@pytest.mark.parametrize(
    ("roles", "n_traces", "expected"),
    [
        ((), None, None),
        ((Role.STUDENT,), None, None),
        ((Role.TEACHER, Role.STUDENT), -1, None),
        ((Role.TEACHER, Role.STUDENT), None, ShortContext(1, ROLES[:2])),
    ],
)
def test_a_pass_counts_when_it_covers_the_run_under_both_models(
    tmp_path: Path, roles: Sequence[Role], n_traces: int | None, expected: ShortContext | None
) -> None:
    path = tmp_path / "a.duckdb"
    traces = TRACES[:4]
    run = synthetic.build(path, traces)
    synthetic.add_short_scores(path, run, traces, ROLES, with_prompt=False)
    synthetic.add_short_scores(path, run, traces[:n_traces], roles)
    with open_reader(path) as reader:
        stored = reader.run(None)
        assert short_context(reader, stored) == expected
        shares = load_context_shares(reader, stored, LabelRule.make(), Scope())
        # Without the distilled model's pass there is no control, and everything else.
        assert (shares is None) == (expected is None)
        assert shares is None or shares.excess is None
    assert (module.FLAG in rdpt.open(path).run().sentences().column_names) == (expected is not None)


def test_the_narrowest_pass_counts(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    run = synthetic.build(path, TRACES[:4])
    for n_context in (3, 2):
        synthetic.add_short_scores(path, run, TRACES[:4], ROLES, n_context=n_context)
    with open_reader(path) as reader:
        assert short_context(reader, reader.run(None)) == ShortContext(2, ROLES)


def test_another_teacher_has_no_flags(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    traces = synthetic.sketches(4)
    companions.build(path, traces, ("teacher:code",))
    with open_reader(path) as reader:
        run = reader.run(None)
    synthetic.add_short_scores(path, run.key, traces, ROLES)
    with open_reader(path) as reader:
        run = reader.run(None)
        assert short_context(reader, run) is not None
        seen = run.seen(teacher="teacher:code")
        reader.see(seen)
        assert short_context(reader, seen) is None
        assert load_short_gaps(reader, seen, 0, LabelRule.make()) is None


@pytest.mark.parametrize("roles", [(Role.TEACHER, Role.STUDENT), (Role.STUDENT, Role.DISTILLED)])
def test_two_models_have_the_flag_too(tmp_path: Path, roles: tuple[Role, ...]) -> None:
    path = tmp_path / "a.duckdb"
    traces = synthetic.sketches(4)
    run = synthetic.build(path, traces, roles=roles)
    synthetic.add_short_scores(path, run, traces, roles)
    with open_reader(path) as reader:
        shares = load_context_shares(reader, reader.run(None), LabelRule.make(), Scope())
    assert shares is not None and shares.excess is None
    assert shares.labels == (("Teacher", "Student") if Role.TEACHER in roles else ("Gained", "Lost"))
    assert all(table.cells for table in shares.whole)
