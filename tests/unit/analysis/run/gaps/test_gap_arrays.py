"""Labels from gaps held in single precision: the same as the database's, to the last tie."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pytest

from rdpt_core.analysis.labels import LabelRule, Space, Unit, label_order
from rdpt_core.analysis.run.gaps import gap_arrays
from rdpt_core.analysis.run.gaps.gap_arrays import (
    UNSCORED,
    count_codes,
    exact_codes,
    label_codes,
    load_gaps,
    load_token_counts,
)
from rdpt_core.analysis.run.shares import count_faint, label_counts
from rdpt_core.records import Role
from rdpt_core.store.reader import Reader, Run, open_reader
from tests.support import synthetic

RULES = [
    LabelRule.make(),
    LabelRule.make(0.0, 0.0),
    LabelRule.make(0.02, 0.61),
    LabelRule.make(0.3, 0.1),
    LabelRule.make(unit="common_token"),
    LabelRule.make(space="ratio"),
    LabelRule.make(unit="byte", space="ratio"),
]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("db") / "gaps.duckdb"
    traces = [*synthetic.sketches(), synthetic.unscored_sketch(), synthetic.hostile_sketch()]
    synthetic.build(path, traces, run_id="aaaa")
    synthetic.build(path, traces, run_id="bbbb", roles=(Role.TEACHER, Role.STUDENT))
    return path


@pytest.fixture(params=[0, 1], ids=["triple", "pair"])
def opened(request: pytest.FixtureRequest, database: Path) -> Iterator[tuple[Reader, Run]]:
    with open_reader(database) as reader:
        yield reader, reader.runs()[request.param]


def counts_of(reader: Reader, run: Run, rule: LabelRule) -> np.ndarray:
    gaps = load_gaps(reader, run, rule.unit, rule.space)
    return count_codes(gaps, label_codes(gaps, rule, lambda nos: exact_codes(reader, run, rule, nos)))


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_counts_are_those_of_the_database(opened: tuple[Reader, Run], rule: LabelRule) -> None:
    reader, run = opened
    truth = label_counts(reader, run, rule)
    names = ["unscored", *map(str, label_order(run.roles))]
    assert np.array_equal(counts_of(reader, run, rule), np.column_stack([truth.column(n).to_numpy() for n in names]))


def rewrite(path: Path, values: np.ndarray) -> None:
    """Give the sentences other probabilities; shape (n, 3)."""
    with duckdb.connect(str(path)) as connection:
        for row_no, (teacher, student, distilled) in enumerate(values):
            connection.execute(
                "UPDATE sentences SET p_teacher = ?, p_student = ?, p_distilled = ? "
                "WHERE rowid = (SELECT rowid FROM sentences ORDER BY rowid LIMIT 1 OFFSET ?)",
                [teacher, student, distilled, row_no],
            )


def test_a_threshold_is_decided_in_double_precision(tmp_path: Path) -> None:
    path = tmp_path / "ties.duckdb"
    synthetic.build(path, synthetic.sketches(2))
    beta = 0.1
    above, below = np.nextafter(0.5 + beta, 1), np.nextafter(0.5 + beta, 0)
    # All of these gaps are the same number in single precision.
    rewrite(path, np.array([[above, 0.5, 0.5], [0.5 + beta, 0.5, 0.5], [below, 0.5, 0.5], [0.5, above, 0.5]]))
    with open_reader(path) as reader:
        run = reader.run(None)
        asked: list[np.ndarray] = []

        def exact(nos: np.ndarray) -> np.ndarray:
            asked.append(nos)
            return exact_codes(reader, run, rule, nos)

        for value in (above - 0.5, beta, below - 0.5):
            rule = LabelRule(0.05, float(value))
            gaps = load_gaps(reader, run, rule.unit, rule.space)
            codes = label_codes(gaps, rule, exact)
            assert np.array_equal(codes, exact_codes(reader, run, rule, gaps.trace_no))
        assert len(asked) == 3 and all(len(nos) < len(gaps.trace_no) for nos in asked)


def test_unscored_sentences_have_their_own_code(opened: tuple[Reader, Run]) -> None:
    reader, run = opened
    assert counts_of(reader, run, LabelRule.make())[:, UNSCORED].sum() == 1


def test_token_weights_add_up_to_the_database(opened: tuple[Reader, Run]) -> None:
    reader, run = opened
    rule = LabelRule.make()
    gaps = load_gaps(reader, run, rule.unit, rule.space)
    codes = label_codes(gaps, rule, lambda nos: exact_codes(reader, run, rule, nos))
    tokens = load_token_counts(reader, run)
    column = f"n_tokens_{'distilled' if 'distilled' in run.roles else 'student'}"
    total = reader.query(f"SELECT sum({column})::BIGINT FROM sentences WHERE run_no = ?", [run.run_no])
    assert count_codes(gaps, codes, tokens).sum() == total.column(0)[0].as_py()


def test_batches_committed_out_of_order_are_put_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "order.duckdb"
    traces = synthetic.sketches(4)
    key = synthetic.build(path, traces, n_scored=0)
    synthetic.score(path, key, traces[5:], first=5)
    synthetic.score(path, key, traces[:5])
    monkeypatch.setattr(gap_arrays, "_BATCH_ROWS", 2048)
    with open_reader(path) as reader:
        run = reader.run(None)
        gaps = load_gaps(reader, run, Unit.OWN_TOKEN, Space.DIFFERENCE)
        assert gaps.trace_no.tolist() == list(range(len(traces)))
        assert gaps.length.tolist() == [len(trace.sentences) for trace in traces]
        order = reader.query("SELECT (p_teacher - p_student)::FLOAT FROM sentences ORDER BY trace_no, sentence_index")
        assert np.array_equal(gaps.gap, order.column(0).to_numpy())


def test_leaving_out_first_tokens(opened: tuple[Reader, Run]) -> None:
    reader, run = opened
    rule = LabelRule.make()
    gaps = load_gaps(reader, run, rule.unit, rule.space, without_first=True)
    rows = reader.query(
        "SELECT * FROM sentences WHERE run_no = ? ORDER BY trace_no, sentence_index", [run.run_no]
    ).to_pylist()

    def p(row: dict[str, float], role: str) -> float:
        if row[f"logprob_sum_{role}"] is None or row[f"n_tokens_{role}"] == 1:
            return float("nan")
        total = row[f"logprob_sum_{role}"] - row[f"first_logprob_{role}"]
        return float(np.exp(total / (row[f"n_tokens_{role}"] - 1)))

    truth = [p(row, "teacher") - p(row, "student") for row in rows]
    assert gaps.gap == pytest.approx(np.array(truth), abs=1e-6, nan_ok=True)
    assert np.isnan(truth).sum() > 1


def test_faint_sentences_are_notable_from_where_the_count_says(opened: tuple[Reader, Run]) -> None:
    reader, run = opened
    gaps = load_gaps(reader, run, Unit.OWN_TOKEN, Space.DIFFERENCE)
    edge = gaps.notable_from
    # They are counted in steps of less than one percent.
    for alpha, notable in ((edge * 1.01, True), (edge - 1e-6, False)):
        rule = LabelRule(alpha, alpha)
        faint = count_faint(label_counts(reader, run, rule), rule, run.roles)
        assert faint is not None and faint.is_notable == notable


def test_a_run_without_sentences(tmp_path: Path) -> None:
    path = tmp_path / "none.duckdb"
    synthetic.build(path, synthetic.sketches(2), n_scored=0, finish=False)
    with open_reader(path) as reader:
        assert counts_of(reader, reader.run(None), LabelRule.make()).shape == (0, 5)
