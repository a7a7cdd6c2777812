"""The sentences that matter most, in the order of a plain sort, with their own texts."""

from __future__ import annotations

import numpy as np
import pytest

from rdpt_core.analysis.evidence.importance.data import ImportanceData
from rdpt_core.analysis.evidence.importance.ranked import N_RANKED, most
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.scope import Scope
from tests.unit.analysis.evidence.importance import samples
from tests.unit.analysis.evidence.importance.conftest import TRACES
from tests.unit.analysis.evidence.importance.test_drops import naive


@pytest.mark.parametrize("lowest", [False, True])
@pytest.mark.parametrize("label", [None, "Student"])
def test_rows_are_sorted_and_are_the_sentences_themselves(
    found: ImportanceData, label: str | None, lowest: bool
) -> None:
    rows = found.ranked(LabelRule.make(), Scope(), "deletion", label, lowest=lowest).to_pylist()
    known = {
        (TRACES[t].trace_id, index + 1): (drop, TRACES[t].sentences[index]) for t, index, _, drop, _ in naive(False)
    }
    kinds = {"Student": {"Student"}, None: None}[label]
    chosen = [drop for drop, (_, kind) in known.values() if kind != "unscored" and (kinds is None or kind in kinds)]
    expected = sorted(chosen, reverse=not lowest)[:N_RANKED]
    np.testing.assert_allclose([row["drop"] for row in rows], expected, rtol=1e-6)
    for row in rows:
        drop, (text, _) = known[row["trace_id"], row["sentence"]]
        assert row["text"] == text
        assert row["drop"] == pytest.approx(drop, rel=1e-6)
        assert label in (None, row["label"])


def test_ties_stand_in_the_order_of_traces() -> None:
    n = 3 * N_RANKED
    drop = np.where(np.arange(n) % 3 == 0, 2.0, 1.0)
    sample = samples.make(drop, np.zeros(n, np.int64), np.arange(n))
    first = np.flatnonzero(drop == 2)
    assert most(sample, None, lowest=False).tolist() == first.tolist()
    assert most(sample, None, lowest=True).tolist() == np.flatnonzero(drop == 1)[:N_RANKED].tolist()
    assert len(most(sample, "Student", lowest=False)) == 0


def test_behind_a_summary_stands_the_largest_sentence_of_each_trace(found: ImportanceData) -> None:
    rule, scope = LabelRule.make(), Scope()
    sample = found.sample(rule, scope, "deletion")
    for summary in found.summaries(rule, scope, "deletion", "kind"):
        listed = found.behind(rule, scope, "deletion", "kind", summary)
        best: dict[int, float] = {}
        for place in range(len(sample.drop)):
            kind = sample.names["kind"][sample.group("kind")[place]]
            if (kind, sample.labels[sample.label[place]]) == (summary.group, summary.label):
                trace = int(sample.trace[place])
                best[trace] = max(best.get(trace, -np.inf), float(sample.drop[place]))
        assert listed.n == summary.n_traces == len(best)
        np.testing.assert_allclose(
            listed.numbers["drop (nats)"], sorted(best.values(), reverse=True)[: len(listed.trace_no)], atol=5e-4
        )
        for trace_no, index in zip(listed.trace_no, listed.sentence_index, strict=True):
            assert (trace_no, index) in {(t, i) for t, i, *_ in naive(False)}
