"""When files of traces are refused as a whole, and what is said then."""

from __future__ import annotations

import pytest

from rdpt_core.errors import InputError
from rdpt_core.records import Reject, Trace
from rdpt_core.traces.acceptance import mostly_rejected, refuse_most_rejected
from rdpt_core.traces.canonical.rejects import RejectLog


def log_of(*reasons: str) -> RejectLog:
    log = RejectLog()
    for number, reason in enumerate(reasons, 1):
        log.add(Reject("a.jsonl", number, reason, "{}"))
    return log


@pytest.mark.parametrize(
    ("n_rejected", "n_traces", "refused"), [(0, 0, False), (1, 1, False), (2, 1, True), (1, 0, True)]
)
def test_more_than_half_is_too_much(n_rejected: int, n_traces: int, refused: bool) -> None:
    assert (mostly_rejected(log_of(*["no"] * n_rejected), n_traces) is not None) is refused


def test_reasons_that_differ_in_what_was_found_are_one() -> None:
    reasons = ["expected a string; got 'x'", "expected a string; got 'y'", "expected JSON; got an error at column 7"]
    said = str(mostly_rejected(log_of(*reasons), 1))
    assert "a.jsonl; expected canonical JSON Lines; got 3 of 4 lines rejected: " in said
    assert "2 × expected a string; got 'x' (line 1); 1 × expected JSON; got an error at column 7 (line 3). " in said
    assert "rdpt import" in said and "--accept-rejects" in said


def test_many_and_long_reasons_stay_readable() -> None:
    reasons = [letter * 1000 for letter in "abcde"] * 10
    said = str(mostly_rejected(log_of(*reasons), 0))
    assert "50 of 50 lines rejected: of the first 10, 2 × aaa" in said and "and 2 other reasons" in said
    assert len(said) < 1000


def test_traces_come_through_before_they_are_refused() -> None:
    traces = [Trace("t0", "q0", "Yes."), Trace("t1", "q1", "No.")]
    assert list(refuse_most_rejected(traces, log_of("no", "no"))) == traces
    drawn = refuse_most_rejected(traces, log_of("no", "no", "no"))
    assert [next(drawn), next(drawn)] == traces
    with pytest.raises(InputError, match="3 of 5 lines"):
        next(drawn)
