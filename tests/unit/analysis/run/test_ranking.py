"""Rankings over a synthetic database, against numpy."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rdpt_core.analysis.labels import LabelRule, Unit
from rdpt_core.analysis.run import ranking
from rdpt_core.analysis.run.ranking import Order
from rdpt_core.analysis.scope import Scope
from rdpt_core.store.reader import Reader, Run, open_reader
from tests.support import synthetic
from tests.unit.analysis.conftest import NO_TEACHER, TRACES, TRIPLE

RULE = LabelRule.make()


BEST = {
    Order.TEACHER: "Teacher",
    Order.STUDENT: "Student",
    Order.BOOSTED: "Boosted",
    Order.LOWERED: "Boosted",
    Order.GAINED: "Gained",
    Order.LOST: "Lost",
}


@pytest.mark.parametrize("order", Order)
def test_rankings_begin_with_the_most_extreme(path: Path, order: Order) -> None:
    with open_reader(path) as reader:
        run = reader.run(TRIPLE)
        if order not in ranking.orders(run):
            run = reader.run(NO_TEACHER)
        assert order in ranking.orders(run)
        rows = ranking.load_ranked(reader, run, RULE, Scope(), order, 1, None).to_pylist()
    assert rows
    assert rows[0]["label"] == BEST[order]
    values = [row["by"] for row in rows]
    assert values == sorted(values, reverse=True)
    t, s, d = (np.array([row.get(f"p_{role}", np.nan) for row in rows]) for role in ("teacher", "student", "distilled"))
    by = {
        Order.TEACHER: t - s,
        Order.STUDENT: s - t,
        Order.BOOSTED: d - np.maximum(t, s),
        Order.LOWERED: np.minimum(t, s) - d,
        Order.GAINED: d - s,
        Order.LOST: s - d,
    }[order]
    assert values == pytest.approx(by.tolist())
    texts = {(sketch.trace_id, i + 1): text for sketch in TRACES for i, (text, _) in enumerate(sketch.sentences)}
    assert all(row["text"] == texts[row["trace_id"], row["sentence"]] for row in rows)


def test_short_sentences_can_be_left_out(triple: tuple[Reader, Run]) -> None:
    rows = ranking.load_ranked(*triple, RULE, Scope(), Order.TEACHER, 7, None).to_pylist()
    assert rows and all(row["n_tokens"] >= 7 for row in rows)


def test_traces_are_ordered_by_their_mean_gap(triple: tuple[Reader, Run]) -> None:
    rule = replace(RULE, unit=Unit.COMMON_TOKEN)
    order = ranking.load_trace_order(*triple, rule, Scope(benchmark="shop")).to_pylist()
    gap = {kind: teacher - student for kind, (teacher, student, _) in synthetic.PROBABILITIES.items()}
    want = {}
    for sketch in TRACES:
        if sketch.benchmark == "shop":
            gaps = [gap[kind] for _, kind in sketch.sentences if kind != "unscored"]
            want[sketch.trace_id] = sum(gaps) / len(gaps)
    assert {row["trace_id"]: row["mean"] for row in order} == pytest.approx(want)
    assert [row["mean"] for row in order] == pytest.approx(sorted(want.values(), reverse=True))
    strip = ranking.load_strip(*triple, rule, (order[0]["trace_no"],)).to_pylist()
    assert len(strip) == len(next(s for s in TRACES if s.trace_id == order[0]["trace_id"]).sentences)
