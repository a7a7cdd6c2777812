"""Everything about a pattern, counted once more from the sentences themselves."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

import rdpt_core as rdpt
from rdpt_core.analysis.behaviours.families import LENS, OPENING
from rdpt_core.analysis.behaviours.patterns import view as patterns_view
from rdpt_core.analysis.behaviours.patterns.pattern import Pattern
from rdpt_core.analysis.behaviours.patterns.shapes import Against, Neighbours
from rdpt_core.analysis.behaviours.patterns.view import pattern_view, share_bar
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.run.group_shares import RunCounts, cross_tabulate, difference
from rdpt_core.analysis.scope import Scope
from rdpt_core.records import Role
from tests.support import synthetic
from tests.unit.analysis.behaviours.patterns.conftest import RULE, flat, is_of

EQUALS = Pattern("equations", "text", "=")
LABELS = ("Teacher", "Shared", "Student", "Boosted")

Row = tuple[synthetic.Sketch, int, str, str]


def shares(rows: Sequence[Row]) -> list[float]:
    counts = Counter(label for _, _, _, label in rows)
    n = sum(counts[label] for label in LABELS)
    return [counts[label] / n for label in LABELS]


def check(found: Against, rows: Sequence[Row], is_own: Callable[[Row], bool]) -> None:
    """Both sides and their difference, and what they are worth."""
    sides = [[row for row in rows if is_own(row)], [row for row in rows if not is_own(row)]]
    for intervals, side in zip((found.pattern, found.rest), sides, strict=True):
        labelled = [row for row in side if row[3] in LABELS]
        assert intervals.n_counted == len(labelled)
        assert intervals.n_questions == len({row[0].question_id for row in labelled})
        assert intervals.n_traces == len({row[0].trace_id for row in labelled})
        if labelled:
            np.testing.assert_allclose(intervals.share, shares(labelled), atol=1e-12)
    np.testing.assert_allclose(found.difference.value, found.pattern.share - found.rest.share, atol=1e-12)


def is_equation(row: Row) -> bool:
    return "=" in row[2]


def beside(rows: Sequence[Row], step: int) -> list[tuple[bool, Row]]:
    """Each neighbour with whether it stands beside an equation."""
    at = {(row[0].trace_id, row[1]): row for row in rows}
    places = [((row[0].trace_id, row[1] + step), row) for row in rows]
    return [(is_equation(row), at[place]) for place, row in places if place in at]


def test_shares_of_the_pattern_and_of_the_rest(data: RunData) -> None:
    view = pattern_view(data, RULE, Scope(), EQUALS)
    rows, own = flat(), [row for row in flat() if is_equation(row)]
    assert view.labels == LABELS
    assert (view.n_sentences, view.n_all) == (len(own), len(rows))
    assert view.n_traces == len({row[0].trace_id for row in own})
    assert view.n_questions == len({row[0].question_id for row in own})
    check(view.shares, rows, is_equation)
    assert view.shares.difference.refused is None
    assert (view.shares.pattern.low <= view.shares.pattern.share).all()
    for found, attribute in ((view.by_benchmark, "benchmark"), (view.by_correctness, "correct")):
        for one in found:
            value = {"correct": True, "incorrect": False, "not graded": None}.get(one.group, one.group)
            check(one, [row for row in rows if getattr(row[0], attribute) == value], is_equation)
    assert {one.group for one in view.by_benchmark} == {row[0].benchmark for row in own}
    assert len(view.by_correctness) == 3


def test_the_bar_is_the_view_and_both_are_a_cross_table(data: RunData) -> None:
    """The same numbers as from `cross_tabulate`, to the last resample."""
    view, bar = pattern_view(data, RULE, Scope(), EQUALS), share_bar(data, RULE, Scope(), EQUALS)
    traces, everything = data.trace_table(Scope()), data.counts(RULE)[:, 1:]
    inside = np.zeros_like(everything)
    number = {trace_id: i for i, trace_id in enumerate(dict.fromkeys(row[0].trace_id for row in flat()))}
    for row in flat():
        if is_equation(row) and row[3] in LABELS:
            inside[number[row[0].trace_id], LABELS.index(row[3])] += 1
    runs = [
        RunCounts(name, traces, counts, counts.sum(axis=1).astype(np.int64))
        for name, counts in (("pattern", inside), ("rest", everything - inside))
    ]
    table = cross_tabulate(runs, LABELS, "run", None)
    expected = difference(table, 0, 1)
    for found in (view.shares, bar):
        for name in ("share", "low", "high"):
            np.testing.assert_array_equal(getattr(found.pattern, name), getattr(table.cells[0].intervals, name))
            np.testing.assert_array_equal(getattr(found.rest, name), getattr(table.cells[1].intervals, name))
        for name in ("value", "low", "high"):
            np.testing.assert_array_equal(getattr(found.difference, name), getattr(expected, name))
        assert found.difference.n_questions == expected.n_questions
    by_benchmark = cross_tabulate(runs, LABELS, "run", "benchmark")
    cells = {(cell.row, cell.column): i for i, cell in enumerate(by_benchmark.cells)}
    for one in view.by_benchmark:
        apart = difference(by_benchmark, cells["pattern", one.group], cells["rest", one.group])
        np.testing.assert_array_equal(one.difference.low, apart.low)


def test_without_the_teacher(run: rdpt.ScoredRun, data: RunData) -> None:
    """The distilled model in the teacher's place, by the definition of labels; and the difference of differences."""
    found = pattern_view(data, RULE, Scope(), EQUALS).without_teacher
    assert found is not None

    def label(kind: str) -> str:
        _, student, distilled = synthetic.PROBABILITIES[kind]
        gap = distilled - student
        if math.isnan(gap):
            return "unscored"
        return "Shared" if abs(gap) <= 0.05 else "Teacher" if gap > 0.1 else "Student" if gap < -0.1 else "Boosted"

    rows, controlled = flat(), []
    kinds = [kind for sketch in dict.fromkeys(id(row[0]) for row in rows) for kind in _kinds_of(sketch, rows)]
    for row, kind in zip(rows, kinds, strict=True):
        controlled.append((*row[:3], label(kind)))
    check(found.shares, controlled, is_equation)
    own, rest = (shares([row for row in rows if is_equation(row) is side]) for side in (True, False))
    expected = np.array(own) - rest - found.shares.difference.value
    np.testing.assert_allclose(found.excess.value, expected, atol=1e-12)
    assert (found.excess.low <= found.excess.value).all() and (found.excess.value <= found.excess.high).all()
    # No narrower than what the pattern's own part of it says.
    assert (found.excess.high - found.excess.low > 0).all()


def _kinds_of(sketch_id: int, rows: Sequence[Row]) -> list[str]:
    sketch = next(row[0] for row in rows if id(row[0]) == sketch_id)
    return [kind for text, kind in sketch.sentences if text.strip() not in ("<think>", "</think>")]


def test_two_roles_have_no_control(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns_view, "kinds_of", lambda data, marks: ())
    path = tmp_path / "pair.duckdb"
    synthetic.build(path, synthetic.sketches(3), roles=(Role.STUDENT, Role.DISTILLED))
    data = rdpt.open(path).run()._data()
    assert pattern_view(data, RULE, Scope(), EQUALS).without_teacher is None


def test_how_often_it_occurs_in_correct_traces(data: RunData) -> None:
    view = pattern_view(data, RULE, Scope(), EQUALS)
    parts = []
    for found, correct in zip(view.frequency, (True, False), strict=True):
        graded = [row for row in flat() if row[0].correct is correct]
        n = sum(map(is_equation, graded))
        assert (found.n_sentences, found.n_all) == (n, len(graded))
        assert found.share.share[0] == pytest.approx(n / len(graded), abs=1e-12)
        parts.append(n / len(graded))
    assert view.more_often_correct is not None
    assert view.more_often_correct.value[0] == pytest.approx(parts[0] - parts[1], abs=1e-12)
    one_kind = pattern_view(data, RULE, Scope(grade="correct"), EQUALS)
    assert (one_kind.frequency, one_kind.more_often_correct) == ((), None)


def test_where_it_stands(data: RunData) -> None:
    places = pattern_view(data, RULE, Scope(), EQUALS).places
    rows = flat()
    length = Counter(row[0].trace_id for row in rows)
    tenth = [10 * row[1] // length[row[0].trace_id] for row in rows]
    relative = [row[1] / max(1, length[row[0].trace_id] - 1) for row in rows]
    for side, found, mean in ((True, places.pattern, places.mean), (False, places.rest, places.rest_mean)):
        chosen = [k for k, row in enumerate(rows) if is_equation(row) is side]
        counts = Counter(tenth[k] for k in chosen)
        np.testing.assert_allclose(found.share, [counts[t] / len(chosen) for t in range(10)], atol=1e-12)
        assert mean == pytest.approx(np.mean([relative[k] for k in chosen]), abs=1e-12)
    for number, one in enumerate(places.labels):
        check(one, [row for row, t in zip(rows, tenth, strict=True) if t == number], is_equation)


@pytest.mark.parametrize(("side", "step"), [("after", 1), ("before", -1)])
def test_what_stands_beside_it(data: RunData, side: str, step: int) -> None:
    found: Neighbours = getattr(pattern_view(data, RULE, Scope(), EQUALS), side)
    pairs = beside(flat(), step)
    for is_own, intervals in ((True, found.labels.pattern), (False, found.labels.rest)):
        neighbours = [row for of_own, row in pairs if of_own is is_own]
        np.testing.assert_allclose(intervals.share, shares(neighbours), atol=1e-12)
        assert intervals.n_counted == sum(row[3] in LABELS for row in neighbours)
    for family, kinds in ((OPENING, found.openings), (LENS, found.lenses)):
        assert kinds
        assert [kind.n for kind in kinds] == sorted((kind.n for kind in kinds), reverse=True)
        for kind in kinds:
            parts = []
            for is_own in (True, False):
                neighbours = [row for of_own, row in pairs if of_own is is_own]
                n = sum(is_of(row[2], family, kind.kind) for row in neighbours)
                parts.append(n / len(neighbours))
                if is_own:
                    assert kind.n == n
            assert (kind.share, kind.rest_share) == pytest.approx(tuple(parts), abs=1e-12)
            assert kind.difference == pytest.approx(parts[0] - parts[1], abs=1e-12)
            assert kind.low <= kind.difference <= kind.high
            assert kind.lift == pytest.approx(parts[0] / parts[1] if parts[1] else np.inf)


def test_only_what_is_in_scope_counts(data: RunData) -> None:
    scope = Scope(benchmark="clock")
    view = pattern_view(data, RULE, scope, EQUALS)
    rows = [row for row in flat() if row[0].benchmark == "clock"]
    assert view.n_all == len(rows)
    check(view.shares, rows, is_equation)
    pairs = beside(rows, 1)
    assert view.after.labels.rest.n_counted == sum(not own and row[3] in LABELS for own, row in pairs)
    own = [row for of_own, row in pairs if of_own]
    for kind in view.after.openings:
        assert kind.n == sum(is_of(row[2], OPENING, kind.kind) for row in own)


def test_a_pattern_of_nothing_has_no_shares(data: RunData) -> None:
    view = pattern_view(data, RULE, Scope(), Pattern("", "text", "these words stand nowhere"))
    assert (view.n_sentences, view.n_traces, view.n_questions) == (0, 0, 0)
    assert np.isnan(view.shares.pattern.share).all() and np.isnan(view.shares.difference.low).all()
    assert view.shares.difference.refused == "only 0 questions; an interval needs 8"
    assert (view.by_benchmark, view.by_correctness) == ((), ())
    assert np.isnan(view.places.mean) and view.after.openings == ()
    np.testing.assert_allclose(view.shares.rest.share, shares(flat()), atol=1e-12)
