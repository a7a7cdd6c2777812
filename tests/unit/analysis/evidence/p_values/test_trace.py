"""One trace: the same numbers as in the run."""

import numpy as np
import pytest

from rdpt_core.analysis.evidence.p_values.data import RATE
from rdpt_core.analysis.evidence.p_values.sums import MISSING
from rdpt_core.analysis.evidence.p_values.trace import STRONG, WEAK, trace_evidence
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.scope import Scope

RULE = LabelRule.make()


@pytest.mark.parametrize("n", [2, 5, 19])
def test_a_trace_has_the_numbers_of_the_run(evidence, n) -> None:
    own = evidence(n)
    whole, q = own.evidence(RULE), own.q_values(RULE, Scope())
    for place, trace_no in enumerate(whole.trace_no.tolist()):
        found = trace_evidence(own, trace_no, RULE)
        rows = slice(whole.start[place], whole.start[place + 1])
        n_as_high = whole.n_as_high[rows].astype(int)
        assert found.n_as_high.tolist() == np.where(n_as_high == MISSING, -1, n_as_high).tolist()
        assert found.p == pytest.approx(whole.p_values(rows), nan_ok=True)
        assert found.q == pytest.approx(q[rows], nan_ok=True)
        assert (found.n_references, len(found.sentence_index)) == (n, len(n_as_high))
        assert found.has_p == (n >= 4 and bool((n_as_high != MISSING).any()))


def test_steps(evidence) -> None:
    own = evidence(5)
    found = [trace_evidence(own, trace_no, RULE) for trace_no in own.evidence(RULE).trace_no.tolist()]
    codes = np.concatenate([trace.codes() for trace in found])
    p, q = (np.concatenate([getattr(trace, name) for trace in found]) for name in "pq")
    assert {0, 1, 4} <= set(codes.tolist())
    for code, p_of, q_of in zip(codes.tolist(), p.tolist(), q.tolist(), strict=True):
        if np.isnan(q_of):
            assert code == 0
        elif q_of <= RATE:
            assert code == (1 if q_of <= STRONG else 2)
        else:
            assert code == (3 if p_of <= WEAK else 4)


def test_it_is_asked_once_whatever_the_thresholds(evidence) -> None:
    own = evidence(5)
    assert trace_evidence(own, 0, RULE) is trace_evidence(own, 0, LabelRule.make(beta=0.4))
