"""A scored run under another splitter: no model is needed, since every token's logprob is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rdpt_core.records import Role, RoleResult, RunClaim, SentenceColumns, UnscoredReason
from rdpt_core.scoring.jobs.identity import make_run_id
from rdpt_core.scoring.jobs.sentence_sums import sentence_columns
from rdpt_core.scoring.jobs.windows import windows
from rdpt_core.scoring.request import RunStore
from rdpt_core.traces import Splitter
from rdpt_core.traces.token_spans import assign_tokens


def resplit_claim(source: RunClaim, splitter: Splitter) -> RunClaim:
    """The identity of `source` with another splitter: that of a run scored with it from the start."""
    identity = {**source.identity, "splitter": [splitter.name, splitter.version]}
    return replace(
        source,
        identity=identity,
        run_id=make_run_id(identity),
        splitter=splitter.name,
        splitter_version=splitter.version,
    )


def resplit_run(source: RunClaim, source_run_no: int, splitter: Splitter, store: RunStore) -> RunClaim:
    """Cut the traces of a run again and store the result as a run of its own, going on where an earlier call stopped.

    A sentence of the new run that holds a token without a logprob is unscored, for the reason stored with the tokens.
    """
    claim = resplit_claim(source, splitter)
    n_sentences = [
        len(splitter.split(trace.response))
        for window in windows(source.n_traces)
        for trace in store.traces(source_run_no, window.start, window.stop)
    ]
    run_no = store.claim_copy(claim, source_run_no, n_sentences)
    roles = [model.role for model in source.models]
    # A trace has its sentences once it has the tokens of every role.
    complete = set.intersection(*(store.scored_trace_nos(run_no, role) for role in roles))
    for window in windows(source.n_traces):
        if not complete.issuperset(window):
            _resplit_window(window, source_run_no, run_no, roles, splitter, store)
    store.finish(run_no)
    return claim


def _resplit_window(
    window: range, source_run_no: int, run_no: int, roles: Sequence[Role], splitter: Splitter, store: RunStore
) -> None:
    traces = store.traces(source_run_no, window.start, window.stop)
    spans = [splitter.split(trace.response) for trace in traces]
    results: dict[Role, list[RoleResult]] = {}
    for role in roles:
        stored = store.tokens(source_run_no, role, window)
        results[role] = []
        for trace_no, trace, cut in zip(window, traces, spans, strict=True):
            tokens, reason = stored[trace_no]
            straddling = assign_tokens(trace.response, cut, tokens).n_straddling
            known = None if reason is None else UnscoredReason(reason)
            results[role].append(RoleResult(trace_no, tokens, straddling, known))
    sentences: list[SentenceColumns] = [
        sentence_columns(trace_no, trace.response, cut, {role: results[role][number] for role in roles})
        for number, (trace_no, trace, cut) in enumerate(zip(window, traces, spans, strict=True))
    ]
    for role in roles:
        store.commit(run_no, role, results[role], sentences if role is roles[-1] else [])
