"""The label rule: SQL, numpy and a scalar reference written from the method's text agree everywhere."""

from __future__ import annotations

import itertools
import math
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdpt_core.analysis.labels import Labelled, LabelRule, Space, Unit, apply_rule, label_order, labels_sql
from rdpt_core.analysis.schemes import BEFORE_TRAINING, SCHEMES, WITHOUT_TEACHER, common_scheme
from rdpt_core.errors import UsageError
from rdpt_core.records import ROLE_SETS

TRIPLE = ("teacher", "student", "distilled")
PAIR = ("teacher", "student")
NO_TEACHER = ("student", "distilled")
PAPER = LabelRule.make()


def labelled_as(alpha: float, beta: float, *values: Any, roles: tuple[str, ...] = TRIPLE) -> Labelled:
    """`apply_rule` of one array or list for each role."""
    return apply_rule(alpha, beta, {role: np.array(v) for role, v in zip(roles, values, strict=True)})


def reference_label(alpha: float, beta: float, teacher: float, student: float, distilled: float | None) -> str:
    """The rule as the method writes it, one sentence at a time."""
    gap = teacher - student
    if distilled is not None:
        d_sd, d_td = student - distilled, teacher - distilled
        if abs(d_sd) <= alpha and abs(d_td) <= alpha and abs(gap) <= alpha:
            return "Shared"
    if gap > beta:
        return "Teacher"
    if gap < -beta:
        return "Student"
    return "Common" if distilled is None else "Boosted"


def sql_labels(rule: LabelRule, roles: tuple[str, ...], columns: dict[str, object]) -> pa.Table:
    connection = duckdb.connect()
    connection.register("rows", pa.table(columns))
    source = "(SELECT *, FALSE AS is_mark FROM rows)"
    return connection.sql(labels_sql(rule, roles, source)).to_arrow_table()


def boundary_values(alpha: float, beta: float) -> list[float]:
    """Values whose differences hit every threshold, its neighbours, and zero."""
    base = 0.5
    steps = [0.0, alpha, beta, alpha + beta]
    exact = [base + sign * step for step in steps for sign in (-1, 1)]
    return sorted({math.nextafter(value, side) for value in exact for side in (0.0, 1.0)} | set(exact))


def test_sql_numpy_and_reference_agree_on_a_million_random_rows() -> None:
    generator = np.random.default_rng(20260101)
    teacher, student, distilled = generator.random((3, 1_000_000)) ** 2
    columns = {"p_teacher": teacher, "p_student": student, "p_distilled": distilled}
    from_sql = sql_labels(PAPER, TRIPLE, columns)
    from_numpy = labelled_as(PAPER.alpha, PAPER.beta, teacher, student, distilled)
    assert np.array_equal(from_sql["label"].to_numpy(zero_copy_only=False), from_numpy.label)
    assert np.array_equal(from_sql["margin"].to_numpy(), from_numpy.margin)
    directions = from_sql["direction"].fill_null("").to_numpy(zero_copy_only=False)
    assert np.array_equal(directions, from_numpy.direction)
    for row in range(0, 1_000_000, 50):
        expected = reference_label(PAPER.alpha, PAPER.beta, teacher[row], student[row], distilled[row])
        assert from_numpy.label[row] == expected


@pytest.mark.parametrize(("alpha", "beta"), [(0.05, 0.1), (0.05, 0.05), (0.0, 0.0), (0.1, 0.05), (0.05, 0.15)])
def test_every_boundary(alpha: float, beta: float) -> None:
    values = boundary_values(alpha, beta)
    rows = np.array(list(itertools.product(values, repeat=3)))
    rule = LabelRule.make(alpha, beta)
    columns = {f"p_{role}": rows[:, number] for number, role in enumerate(TRIPLE)}
    expected = [reference_label(alpha, beta, *row) for row in rows]
    assert sql_labels(rule, TRIPLE, columns)["label"].to_pylist() == expected
    assert labelled_as(alpha, beta, *rows.T).label.tolist() == expected


def test_a_gap_of_exactly_beta_is_boosted() -> None:
    # 0.75 − 0.5 is exact in binary, so this is equality and not a near miss.
    labelled = labelled_as(0.05, 0.25, [0.75], [0.5], [0.9])
    assert labelled.label.tolist() == ["Boosted"]
    assert labelled.margin.tolist() == [0.0]


@pytest.mark.parametrize(
    ("roles", "upper", "names"),
    [
        (PAIR, 0, {"Teacher": "Teacher", "Student": "Student", "Common": "Common"}),
        (NO_TEACHER, 1, {"Teacher": "Gained", "Student": "Lost", "Common": "Kept"}),
    ],
)
def test_two_roles_at_their_boundaries(roles: tuple[str, ...], upper: int, names: dict[str, str]) -> None:
    values = boundary_values(0.05, 0.1)
    rows = np.array(list(itertools.product(values, repeat=2)))
    # Without a teacher the distilled model stands in its place, against the same student.
    expected = [names[reference_label(0.05, 0.1, row[upper], row[1 - upper], None)] for row in rows]
    columns = {f"p_{role}": rows[:, number] for number, role in enumerate(roles)}
    table, labelled = sql_labels(PAPER, roles, columns), labelled_as(0.05, 0.1, *rows.T, roles=roles)
    assert table["label"].to_pylist() == expected == labelled.label.tolist()
    assert table["margin"].to_pylist() == labelled.margin.tolist()
    assert table["direction"].null_count == len(rows) and set(labelled.direction) == {""}
    assert set(expected) == set(names.values()) == {str(label) for label in label_order(roles)}


def test_every_set_of_roles_is_labelled() -> None:
    assert tuple(SCHEMES) == ROLE_SETS
    for scheme in SCHEMES.values():
        named = {scheme.above, scheme.below, scheme.rest, scheme.alike} - {None}
        assert set(scheme.labels) == named and len(named) == len(scheme.labels)
        assert {scheme.upper, scheme.lower} <= set(scheme.roles)


def test_runs_share_the_roles_that_both_have() -> None:
    assert common_scheme(TRIPLE, NO_TEACHER) is WITHOUT_TEACHER
    assert common_scheme(PAIR, TRIPLE) is BEFORE_TRAINING
    assert common_scheme(PAIR, NO_TEACHER) is None


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 0.5), st.floats(0, 0.5))
def test_any_thresholds_give_exactly_one_label(t: float, s: float, d: float, alpha: float, beta: float) -> None:
    labelled = labelled_as(alpha, beta, [t], [s], [d])
    assert labelled.label[0] in {"Shared", "Teacher", "Student", "Boosted"}
    assert labelled.margin[0] >= 0
    assert (labelled.direction[0] != "") == (labelled.label[0] == "Boosted")


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_margin_is_the_smallest_threshold_change_that_flips(t: float, s: float, d: float) -> None:
    alpha, beta = 0.05, 0.1
    values = (np.array([t]), np.array([s]), np.array([d]))
    labelled = labelled_as(alpha, beta, *values)
    label, margin = labelled.label[0], float(labelled.margin[0])
    inside = margin * 0.999 - 1e-12
    if inside > 0:
        for change_alpha, change_beta in ((inside, 0), (-inside, 0), (0, inside), (0, -inside)):
            if alpha + change_alpha >= 0 and beta + change_beta >= 0:
                assert labelled_as(alpha + change_alpha, beta + change_beta, *values).label[0] == label
    outside = margin * 1.001 + 1e-12
    flipped = {
        labelled_as(alpha + a, beta + b, *values).label[0]
        for a, b in ((outside, 0), (-outside, 0), (0, outside), (0, -outside))
    }
    assert flipped != {label}


def test_missing_is_no_label_in_sql_and_numpy() -> None:
    columns = {
        "p_teacher": pa.array([0.9, None, 0.9, 0.9]),
        "p_student": pa.array([0.1, 0.1, None, 0.1]),
        "p_distilled": pa.array([0.5, 0.5, 0.5, None]),
    }
    table = sql_labels(PAPER, TRIPLE, columns)
    assert table["label"].to_pylist() == ["Teacher", None, None, None]
    assert table["margin"].null_count == 3
    nan = math.nan
    labelled = labelled_as(0.05, 0.1, [0.9, nan, 0.9, 0.9], [0.1, 0.1, nan, 0.1], [0.5, 0.5, 0.5, nan])
    assert labelled.label.tolist() == ["Teacher", "", "", ""]


def test_directions_of_boosted() -> None:
    t, s = np.array([0.5, 0.5, 0.5]), np.array([0.45, 0.45, 0.45])
    d = np.array([0.9, 0.1, 0.47])
    labelled = labelled_as(0.01, 0.1, t, s, d)
    assert labelled.label.tolist() == ["Boosted"] * 3
    assert labelled.direction.tolist() == ["up", "down", "between"]


@pytest.mark.parametrize(
    ("unit", "space", "expected"),
    [
        (Unit.OWN_TOKEN, Space.DIFFERENCE, lambda x, n, c, b: math.exp(x / n)),
        (Unit.COMMON_TOKEN, Space.DIFFERENCE, lambda x, n, c, b: math.exp(x / c)),
        (Unit.OWN_TOKEN, Space.RATIO, lambda x, n, c, b: x / n),
        (Unit.COMMON_TOKEN, Space.RATIO, lambda x, n, c, b: x / c),
        (Unit.BYTE, Space.RATIO, lambda x, n, c, b: x / b),
    ],
)
def test_units_and_spaces_follow_from_sums_and_counts(unit: str, space: str, expected: object) -> None:
    sums, counts, n_bytes = (-4.0, -9.0, -2.0), (4, 6, 2), 20
    columns: dict[str, object] = {"n_bytes": [n_bytes]}
    for role, total, count in zip(TRIPLE, sums, counts, strict=True):
        columns |= {
            f"logprob_sum_{role}": [total],
            f"n_tokens_{role}": [count],
            f"p_{role}": [math.exp(total / count)],
        }
    row = sql_labels(LabelRule.make(unit=unit, space=space), TRIPLE, columns).to_pylist()[0]
    for role, total, count in zip(TRIPLE, sums, counts, strict=True):
        assert callable(expected)
        assert row[f"v_{role}"] == pytest.approx(expected(total, count, counts[2], n_bytes), rel=1e-15)


def test_common_unit_restores_labels_when_the_student_has_finer_tokens() -> None:
    # The same text at the same total logprob, but the student needs three times as many tokens.
    columns: dict[str, object] = {"n_bytes": [30]}
    for role, total, count in zip(TRIPLE, (-6.0, -6.0, -6.0), (4, 12, 4), strict=True):
        columns |= {
            f"logprob_sum_{role}": [total],
            f"n_tokens_{role}": [count],
            f"p_{role}": [math.exp(total / count)],
        }
    assert sql_labels(PAPER, TRIPLE, columns)["label"].to_pylist() == ["Student"]
    common = LabelRule.make(unit="common_token")
    assert sql_labels(common, TRIPLE, columns)["label"].to_pylist() == ["Shared"]


@pytest.mark.parametrize(
    "arguments",
    [{"alpha": -0.1}, {"beta": math.nan}, {"beta": math.inf}, {"unit": "word"}, {"space": "log"}, {"unit": "byte"}],
)
def test_wrong_rules_are_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        LabelRule.make(**arguments)
