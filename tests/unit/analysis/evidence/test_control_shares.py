"""Labels with the teacher and under a control, counted naively from the sentences' probabilities."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import rdpt_core as rdpt
from rdpt_core.analysis.evidence.control_shares import Compared, ControlledRun, control_rows
from rdpt_core.analysis.evidence.controls import NO_TEACHER, STUDENT, Control
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.statistics.intervals import bootstrap_shares
from rdpt_core.errors import UsageError
from tests.support import companions, synthetic

TRACES = [*synthetic.sketches(), synthetic.unscored_sketch()]
RULE = LabelRule.make()
# The student, but unlike it at some sentences; and not scored where it says so.
VARIANT = "variant:student-t0.667"
P_VARIANT = {
    "Teacher": 0.4,
    "Student": 0.74,
    "Shared": 0.9,
    "Boosted": 0.28,
    "Boosted-down": 0.9,
    "Boosted-between": 0.53,
    "Uncertain": 0.6,
}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("db") / "controls.duckdb"
    run = companions.build(path, TRACES, ("teacher:code", "control:decoy"))
    companions.add(path, run, TRACES, VARIANT, probabilities=P_VARIANT)
    return path


@pytest.fixture
def controlled(path: Path) -> ControlledRun:
    run = rdpt.open(path).run()
    return ControlledRun(run._data(), lambda key: run._data(control=key))


def p_of(key: str, kind: str) -> float:
    own = dict(zip(("teacher", "student", "distilled"), synthetic.PROBABILITIES[kind], strict=True))
    if key in own:
        return own[key]
    return P_VARIANT[kind] if key == VARIANT else companions.probability(key, kind)


def label(teacher: float, student: float, distilled: float, alpha: float = 0.05, beta: float = 0.1) -> str:
    gaps = (teacher - student, student - distilled, teacher - distilled)
    if max(map(abs, gaps)) <= alpha:
        return "Shared"
    return "Teacher" if gaps[0] > beta else "Student" if gaps[0] < -beta else "Boosted"


def pairs(key: str, benchmark: str | None = None) -> Counter[tuple[str, str]]:
    """Label with the teacher and under the control → sentences."""
    found: Counter[tuple[str, str]] = Counter()
    for sketch in TRACES:
        for _, kind in sketch.sentences:
            if kind != "unscored" and benchmark in (None, sketch.benchmark):
                student, distilled = p_of("student", kind), p_of("distilled", kind)
                before = label(p_of("teacher", kind), student, distilled)
                found[before, label(p_of(key, kind), student, distilled)] += 1
    return found


def control_of(controlled: ControlledRun, key: str) -> Control:
    return next(control for control in controlled.controls if control.key == key)


KEYS = ("distilled", "student", VARIANT, "control:decoy")


@pytest.mark.parametrize("key", KEYS)
def test_every_pair_of_labels_is_counted(controlled: ControlledRun, key: str) -> None:
    (found,) = controlled.compare(control_of(controlled, key), RULE, Scope())
    expected = pairs(key)
    counted = found.counts.sum(axis=0)
    for i, before in enumerate(found.labels):
        for j, after in enumerate(found.labels):
            assert counted[i, j] == expected[before, after], (before, after)
    assert found.n_sentences == expected.total()
    for i, name in enumerate(found.labels):
        n_before = sum(n for pair, n in expected.items() if pair[0] == name)
        n_after = sum(n for pair, n in expected.items() if pair[1] == name)
        assert found.true.share[i] == pytest.approx(n_before / expected.total())
        assert found.control.share[i] == pytest.approx(n_after / expected.total())
        assert found.excess.value[i] == pytest.approx((n_before - n_after) / expected.total(), abs=1e-12)
        assert found.excess.low[i] <= found.excess.value[i] + 1e-12
        assert found.excess.high[i] >= found.excess.value[i] - 1e-12
        kept = expected[name, name]
        stays, rejected = found.fates.stays[i].share[0], found.fates.rejected[i].share[0]
        assert np.isnan(stays) if not n_before else stays == pytest.approx(kept / n_before)
        assert np.isnan(rejected) if not n_after else rejected == pytest.approx(1 - kept / n_after)
    same = sum(n for pair, n in expected.items() if pair[0] == pair[1])
    assert found.fates.agreement.share[0] == pytest.approx(same / expected.total())


def test_parts_have_the_intervals_of_shares(controlled: ControlledRun) -> None:
    (found,) = controlled.compare(control_of(controlled, "control:decoy"), RULE, Scope())
    same = np.trace(found.counts, axis1=1, axis2=2)
    alone = bootstrap_shares(np.stack([same, found.counts.sum(axis=(1, 2)) - same], axis=1), found.question)
    agreement = found.fates.agreement
    assert (agreement.low[0], agreement.high[0]) == pytest.approx((alone.low[0], alone.high[0]))
    assert (agreement.n_questions, agreement.n_traces, agreement.n_counted) == (
        alone.n_questions,
        alone.n_traces,
        alone.n_counted,
    )
    stays = found.fates.stays[found.labels.index("Student")]
    assert stays.n_counted == sum(n for (before, _), n in pairs("control:decoy").items() if before == "Student")


def test_the_student_is_never_its_own_teacher(controlled: ControlledRun) -> None:
    (found,) = controlled.compare(STUDENT, RULE, Scope())
    shares = dict(zip(found.labels, found.control.share, strict=True))
    assert shares["Teacher"] == shares["Student"] == 0
    assert shares["Boosted"] > 0


def test_groups_add_up_and_the_scope_holds(controlled: ControlledRun) -> None:
    (whole,) = controlled.compare(NO_TEACHER, RULE, Scope())
    groups = controlled.compare(NO_TEACHER, RULE, Scope(), "benchmark")
    assert [group.group for group in groups] == ["clock", "shop", "week"]
    assert sum(group.n_sentences for group in groups) == whole.n_sentences
    (shop,) = controlled.compare(NO_TEACHER, RULE, Scope(benchmark="shop"))
    in_groups = next(group for group in groups if group.group == "shop")
    expected = pairs("distilled", "shop")
    teacher = shop.labels.index("Teacher")
    assert shop.counts.sum() == in_groups.counts.sum() == expected.total()
    under = sum(n for pair, n in expected.items() if pair[1] == "Teacher") / expected.total()
    assert shop.control.share[teacher] == in_groups.control.share[teacher] == pytest.approx(under)
    with pytest.raises(UsageError, match="unknown value"):
        controlled.compare(NO_TEACHER, RULE, Scope(), "run")


def test_the_difference_is_paired_by_question(controlled: ControlledRun) -> None:
    (found,) = controlled.compare(NO_TEACHER, RULE, Scope())
    assert found.excess.is_paired
    assert found.excess.n_shared == found.true.n_questions == len({sketch.question_id for sketch in TRACES})
    k = found.labels.index("Boosted")
    assert found.excess.low[k] < found.excess.value[k] < found.excess.high[k]


def test_only_sentences_that_are_scored_both_ways_count(tmp_path: Path) -> None:
    path = tmp_path / "part.duckdb"
    key = companions.build(path, TRACES, ())
    lacking = [sketch if i else synthetic.unscored_sketch() for i, sketch in enumerate(TRACES)]
    lacking[0] = type(TRACES[0])(
        TRACES[0].trace_id, TRACES[0].question_id, [(text, "unscored") for text, _ in TRACES[0].sentences]
    )
    companions.add(path, key, lacking, "control:decoy")
    run = rdpt.open(path).run()
    controlled = ControlledRun(run._data(), lambda key: run._data(control=key))
    (found,) = controlled.compare(control_of(controlled, "control:decoy"), RULE, Scope())
    n_all = controlled.compare(NO_TEACHER, RULE, Scope())[0].n_sentences
    assert found.n_sentences == n_all - sum(kind != "unscored" for _, kind in TRACES[0].sentences)
    assert found.n_sentences == int(found.counts.sum())


def test_rows_have_their_columns_with_and_without_controls(controlled: ControlledRun) -> None:
    found: list[tuple[Control, Compared]] = [
        (control, one) for control in controlled.controls for one in controlled.compare(control, RULE, Scope())
    ]
    rows, none = control_rows(found), control_rows([])
    assert rows.schema == none.schema
    assert (rows.num_rows, none.num_rows) == (4 * len(KEYS), 0)
    assert list(dict.fromkeys(rows.column("key").to_pylist())) == list(KEYS)
    row = next(row for row in rows.to_pylist() if (row["key"], row["label"]) == ("student", "Teacher"))
    assert row["rejected"] is None
    assert row["stays"] == 0
    assert row["excess"] == pytest.approx(row["share_true"] - row["share_control"])
    assert "benchmark" in control_rows([], "benchmark").column_names


def test_the_api_gives_the_same_rows(path: Path, controlled: ControlledRun) -> None:
    run = rdpt.open(path).run()
    (one,) = controlled.compare(NO_TEACHER, LabelRule.make(beta=0.3), Scope(benchmark="shop"))
    rows = run.controls(beta=0.3, benchmark="shop").to_pylist()
    assert rows[:4] == control_rows([(NO_TEACHER, one)]).to_pylist()
    grouped = run.controls("benchmark").to_pylist()
    assert [row["benchmark"] for row in grouped[::4][:3]] == ["clock", "shop", "week"]
    # Another teacher than its own has its own share.
    code = run.controls(teacher="code").to_pylist()
    teacher = next(row for row in code if (row["key"], row["label"]) == ("distilled", "Teacher"))
    shares = run.shares(teacher="code").to_pylist()
    n = sum(row["n_sentences"] * row["share_of_sentences"] for row in shares if row["label"] == "Teacher")
    assert teacher["share_true"] * teacher["n_sentences"] == pytest.approx(n)
