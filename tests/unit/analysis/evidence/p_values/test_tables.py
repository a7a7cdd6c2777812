"""Discoveries by label, counted once more by hand."""

import numpy as np
import pytest

from rdpt_core.analysis.evidence.p_values.tables import (
    ALL,
    count_found,
    found_table,
    n_bins,
    placed_table,
    share_found,
)
from rdpt_core.analysis.statistics.intervals import bootstrap_shares

LABELS = ("Teacher", "Shared")
N_TRACES, LENGTH = 40, 6


@pytest.fixture
def drawn():
    rng = np.random.default_rng(0)
    n = N_TRACES * LENGTH
    p = np.where(rng.random(n) < 0.1, np.nan, rng.random(n) ** 3)
    q = np.minimum(1, 2 * p)
    return {
        "codes": rng.integers(0, 3, n).astype(np.uint8),
        "labels": LABELS,
        "start": np.arange(0, n + 1, LENGTH),
        "rows": np.arange(0, N_TRACES, 2),
        "question": np.arange(N_TRACES // 2) // 2,
        "p": p,
        "q": q,
        "q_strict": np.minimum(1, 3 * q),
        "rate": 0.05,
        "bins": 20,
    }


def test_counts_and_shares(drawn) -> None:
    found = count_found(**drawn)
    in_rows = np.repeat(np.arange(N_TRACES) % 2 == 0, LENGTH)
    tested = in_rows & ~np.isnan(drawn["q"])
    assert [row.label for row in found.rows] == [ALL, *LABELS]
    for row, chosen in zip(found.rows, [tested, *(tested & (drawn["codes"] == code) for code in (1, 2))], strict=True):
        is_found = chosen & (drawn["q"] <= 0.05)
        assert (row.n_tested, row.n_found) == (chosen.sum(), is_found.sum())
        assert row.n_strict == (chosen & (drawn["q_strict"] <= 0.05)).sum()
        per_trace = [x.reshape(-1, LENGTH).sum(axis=1)[::2] for x in (is_found, chosen & ~is_found)]
        expected = bootstrap_shares(np.stack(per_trace, axis=1), drawn["question"])
        assert row.intervals.share == pytest.approx(expected.share)
        assert row.intervals.low == pytest.approx(expected.low, nan_ok=True)
    assert found.total.n_strict < found.total.n_found


def test_histograms_hold_their_upper_ends(drawn) -> None:
    in_rows = np.repeat(np.arange(N_TRACES) % 2 == 0, LENGTH)
    p = np.round(drawn["p"] * 20) / 20
    p[p == 0] = 0.05
    found = count_found(**drawn | {"p": p})
    kept = p[in_rows & ~np.isnan(p)]
    assert found.histograms[ALL].tolist() == [int(np.isclose(kept, (k + 1) / 20).sum()) for k in range(20)]
    assert sum(found.histograms[label].sum() for label in LABELS) < found.histograms[ALL].sum() == len(kept)


def test_as_many_parts_as_ranks_can_tell_apart() -> None:
    assert [n_bins(n) for n in (4, 18, 19, 24, 39, 40, 200)] == [20, 20, 20, 25, 40, 20, 20]


def test_the_table_says_what_was_refused(drawn) -> None:
    few = count_found(**drawn | {"question": np.zeros(N_TRACES // 2, np.int64)})
    (row, *_) = found_table(few).to_pylist()
    assert row["low"] is None and "only 1 question" in row["no_interval_because"]
    assert row["n_found"] == few.total.n_found and row["rate_of_false_discoveries"] == 0.05
    (row, *_) = found_table(count_found(**drawn)).to_pylist()
    assert row["low"] < row["share_found"] < row["high"] and row["no_interval_because"] is None


def test_shares_of_controls(drawn) -> None:
    intervals = share_found(*(drawn[name] for name in ("q", "start", "rows", "question", "rate")))
    assert intervals.share[0] == pytest.approx(count_found(**drawn).total.intervals.share[0])
    (row,) = placed_table([("decoy", intervals)]).to_pylist()
    assert (row["control"], row["share_found"]) == ("decoy", pytest.approx(intervals.share[0]))
